"""A case of joint mediation at every stage at which its parties can do something, all before one office."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from schemas.governance.mediation import CASE_PURPOSE
from schemas.information.attachments import AttachmentShared
from schemas.officers import Role
from tests import case_contents as written
from tests.browser.scenes import Scene, Stage, staged
from tests.filing import FileRooms
from tests.mediating import TODAY, Bench, mediating
from tests.papers import LIBO, NANDAN

BOTH: Final = (NANDAN, LIBO)
LATER: Final = "2026-04-20"
_ENDS: Final = 5
"""Ways in which a case that has just begun can end or rest: each takes one away from the others."""
_DAY: Final = 24 * 3600.0
_ON: Final = str(TODAY)


async def _agreed_to(bench: Bench, case_id: str, matter: str, **more: str) -> None:
    for ref, county in zip(("p1", "p2"), BOTH, strict=True):
        await bench.written(county, case_id, "consent_given", **written.consent(ref, matter, TODAY), **more)


async def _accepted(bench: Bench, **changes: Any) -> str:  # noqa: ANN401 - any field of the registration
    case_id = await bench.register(**changes)
    await bench.agreed(case_id)
    await bench.written(LIBO, case_id, "accepted", accepted_on=_ON, due_on="2026-04-04")
    await _agreed_to(bench, case_id, "longer_term", until=LATER)
    return case_id


async def _seated(bench: Bench) -> str:
    case_id = await _accepted(bench)
    await bench.written(NANDAN, case_id, "panel_set", mediators=written.mediators(BOTH), set_on=_ON)
    return case_id


async def _drafted(bench: Bench) -> tuple[str, str]:
    case_id = await _seated(bench)
    await _agreed_to(bench, case_id, "mediators")
    told = {"matter": "rights_and_duties", "parties": ["p1", "p2"], "means": "signed", "given_on": _ON}
    await bench.written(NANDAN, case_id, "notice_given", **told)
    begun = {"session_no": 1, "open_to_public": False}
    at = "2026-03-04T10:00:00.000+08:00"
    await bench.written(NANDAN, case_id, "session_set", starts_at=at, place="调委会", **begun)
    sat = {"parties": ["p1", "p2"], "mediators": ["m1", "m2"], "record": "各方到场。", "held_on": _ON}
    await bench.written(NANDAN, case_id, "session_held", **begun, **sat)
    text = written.agreement(TODAY, BOTH)
    digest = written.digest_of(text)
    await bench.written(NANDAN, case_id, "agreement_drafted", form="written", document=text, sha256=digest)
    return case_id, digest


async def _signed(bench: Bench) -> tuple[str, str]:
    case_id, digest = await _drafted(bench)
    for county in BOTH:
        for said in written.signatures(digest, county, TODAY):
            await bench.written(county, case_id, "agreement_signed", **said)
    stamp = {"sha256": digest, "committee": "镇人民调解委员会", "stamped_on": _ON}
    await bench.written(NANDAN, case_id, "stamped", **stamp)
    return case_id, digest


async def _in_force(bench: Bench) -> str:
    case_id, digest = await _signed(bench)
    said = {"sha256": digest, "in_force_on": _ON, "confirm_by": "2026-04-03", "copies_to": ["p1", "p2"]}
    await bench.written(NANDAN, case_id, "in_force", **said, courts=["南丹县人民法院", "荔波县人民法院"])
    return case_id


async def _before_court(bench: Bench) -> str:
    case_id = await _in_force(bench)
    said = {"court": written.COURTS[0], "parties": ["p1", "p2"], "filed_on": _ON}
    await bench.written(NANDAN, case_id, "confirmation_filed", **said)
    return case_id


async def _owed(bench: Bench) -> str:
    case_id = await _in_force(bench)
    await bench.written(NANDAN, case_id, "performance_due", **written.due(TODAY))
    return case_id


async def _registered(bench: Bench) -> None:
    """Some just begun, one to which everybody has agreed, one whose lead is offered to us."""
    for _ in range(_ENDS):
        await bench.register()
    await bench.agreed(await bench.register())
    content = written.registration(TODAY, (LIBO, NANDAN))
    answer = await bench.post(LIBO, "/events", type=written.wire("registered"), to=[NANDAN], content=content)
    assert answer.status == 202, answer.body
    await bench.world.carry()
    said = {"to": NANDAN, "reason": "现场在南丹一侧"}
    await bench.written(LIBO, str(answer.body["envelope_id"]), "lead_offered", **said)


async def _talked_about(bench: Bench) -> None:
    """One with a panel and evidence of ours that may take longer, one that rests, one that was given up."""
    case_id = await _seated(bench)
    proof = {"title": "照片", "evidence_kind": "picture", "sha256": "a" * 64, "added_on": _ON}
    await bench.written(NANDAN, case_id, "evidence_added", **proof)
    rests = await _accepted(bench)
    await bench.written(NANDAN, rests, "suspended", suspended_on=_ON, reason="一方外出")
    over = await bench.register()
    await bench.written(NANDAN, over, "withdrawn", party="p1", withdrawn_on=_ON)


async def _bound(bench: Bench) -> None:
    """To be signed, signed, in force, before a court, refused there, owed, and not met: one each."""
    await _drafted(bench)
    await _signed(bench)
    await _in_force(bench)
    await _before_court(bench)
    refused = await _before_court(bench)
    for result in ("accepted", "refused"):
        await bench.written(NANDAN, refused, "confirmation_result", result=result, decided_on=_ON)
    await _owed(bench)
    late = await _owed(bench)
    await bench.world.clock.move(_DAY)
    await bench.hear()
    await bench.written(LIBO, late, "breached", **written.breach(TODAY))
    await bench.written(LIBO, late, "urged", party="p1", urged_on="2026-03-05")


@asynccontextmanager
async def mediated() -> AsyncIterator[Stage]:
    """All of them, from 南丹."""
    async with mediating() as bench:
        await _registered(bench)
        await _talked_about(bench)
        await _bound(bench)
        async with staged(bench.world[NANDAN], roles=(Role.MEDIATOR,)) as stage:
            yield stage


@asynccontextmanager
async def filed() -> AsyncIterator[Stage]:
    """A case with a file among its evidence."""
    async with mediating(AttachmentShared.wire_type) as bench:
        personal = {"class": "personal", "purpose": CASE_PURPOSE, "to": [LIBO]}
        file = await FileRooms(bench.world[NANDAN]).sent(b"%PDF-1.7 of nobody", **personal)
        case_id = await bench.register()
        proof = {"title": "照片", "evidence_kind": "picture", "sha256": "a" * 64, "added_on": _ON}
        body = {"type": written.wire("evidence_added"), "last_seen": [case_id], "content": proof}
        answer = await bench.post(NANDAN, f"/cases/{case_id}/events", **body, evidence=[file.envelope_id])
        assert answer.status == 202, answer.body
        async with staged(bench.world[NANDAN], roles=(Role.MEDIATOR,)) as stage:
            yield stage


CASE_SCENES: Final = (
    Scene("mediated", mediated, ("/cases",), most=24),
    Scene("filed", filed, ("/cases",)),
)
