"""Two real nodes mediate: from registration to an agreement in force, over a link that is cut, two gates at once."""

import asyncio
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from adapters.clock import SystemClock
from schemas.base import BEIJING, InformationClass
from schemas.errors import InvariantError, RequestError
from services.cli.captured import captured
from services.demo.cast import AGREEMENT_ID, Part
from services.demo.ceremony import set_hub_url
from tests import case_contents as written
from tests import printed
from tests.cases import DUSHAN, NANDAN
from tests.counties import Link, World, report
from tests.interop.verifier import PROGRAM, node

PAIR = (Part(NANDAN, "南丹县联络办", "0778-7210110"), Part(DUSHAN, "独山县联络办", "0854-3220110"))
BEACON_SECONDS = 3
DIFFERENT_CHARACTERS = 40
LEAST_INK = 0.03
LEAST_VARIETY = 0.15
BUSY = {"case.late", "case.link_split", "case.entries_missing"}
"""Codes after which one looks again, and tries again."""


@dataclass
class Mediation:
    """The two offices at their desks."""

    world: World
    link: Link
    today: date

    async def case(self, county: str, case_id: str) -> dict[str, Any]:
        """Return a case as one county tells it."""
        async with self.world.client(county) as client:
            found: dict[str, Any] = json.loads(await client.get(f"/cases/{case_id}"))
        return found

    async def register(self) -> str:
        """Let 南丹 register a case and wait until 独山 has it; return its id."""
        draft = {
            "type": written.wire("registered"),
            "agreement": AGREEMENT_ID,
            "to": [DUSHAN],
            "content": written.registration(self.today),
        }
        async with self.world.client(NANDAN) as client:
            answer = json.loads(await client.post("/events", json.dumps(draft).encode(), idempotency_key=None))
        case_id = str(answer["envelope_id"])
        await self.until(DUSHAN, case_id, bool)
        return case_id

    async def write(self, county: str, case_id: str, name: str, *contents: dict[str, Any]) -> list[str]:
        """Write entries as soon as the case lets them be written; return their ids."""
        return [await self._write(county, case_id, name, one) for one in contents]

    async def _write(self, county: str, case_id: str, name: str, content: dict[str, Any]) -> str:
        async with asyncio.timeout(30):
            while True:
                try:
                    return await self.attempt(county, case_id, name, content)
                except RequestError as refused:
                    if refused.fault.code not in BUSY:
                        raise
                await asyncio.sleep(0.1)

    async def attempt(self, county: str, case_id: str, name: str, content: dict[str, Any]) -> str:
        """Write an entry behind what is here now, once."""
        heads = (await self.case(county, case_id))["heads"]
        draft = {"type": written.wire(name), "last_seen": heads, "content": content}
        async with self.world.client(county) as client:
            body = json.dumps(draft).encode()
            answer = json.loads(await client.post(f"/cases/{case_id}/events", body, idempotency_key=None))
        return str(answer["envelope_id"])

    async def refused(self, county: str, case_id: str, name: str, content: dict[str, Any]) -> str:
        """Return the code by which an entry is refused."""
        with pytest.raises(RequestError) as refused:
            await self.attempt(county, case_id, name, content)
        return refused.value.fault.code

    async def until(self, county: str, case_id: str, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until something is true of a case as one county tells it."""
        async with asyncio.timeout(30):
            while True:
                try:
                    found = await self.case(county, case_id)
                except RequestError:
                    found = {}
                if found and true(found):
                    return found
                self.world.troupe.check()
                await asyncio.sleep(0.05)

    async def meet(self, case_id: str) -> dict[str, Any]:
        """Wait until both tell the same; return it."""
        ours = await self.case(NANDAN, case_id)
        theirs = await self.case(DUSHAN, case_id)
        async with asyncio.timeout(30):
            while _told(ours) != _told(theirs) or ours["waiting"]:
                await asyncio.sleep(0.05)
                ours, theirs = await self.case(NANDAN, case_id), await self.case(DUSHAN, case_id)
        return ours

    async def agree(self, case_id: str, matter: str) -> None:
        """Let both parties agree, each before its own office."""
        await self.write(NANDAN, case_id, "consent_given", written.consent("p1", matter, self.today))
        await self.meet(case_id)
        await self.write(DUSHAN, case_id, "consent_given", written.consent("p2", matter, self.today))
        await self.meet(case_id)


def _told(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What must be the same at both ends."""
    entries = [(one["envelope_id"], one["counts"], one["fault"], one["stage"]) for one in found["entries"]]
    return [*entries, (found["case"]["stage"], found["case"]["lead"], found["heads"])]


@pytest.mark.timeout(300)
def test_two_counties_mediate_a_dispute(tmp_path: Path) -> None:
    """Two gates at once, a split link, hand-over, agreement, both answers of a court, breach; refusal, withdrawal."""
    world = World.prepared(tmp_path, PAIR, class_ceiling=InformationClass.PERSONAL)
    for part in PAIR:
        settings = world.stage.county(part.code) / "county.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(f"{text}[bus]\nbeacon_seconds = {BEACON_SECONDS}\n", encoding="utf-8")
    case_id = asyncio.run(_play(world, tmp_path))
    _verify(world, tmp_path / "case.jsonl", case_id)


async def _play(world: World, folder: Path) -> str:
    async with Link(world.ports.hub).opened() as link:
        set_hub_url(world.stage, DUSHAN, link.port)
        async with world.running():
            await world.keyed(30)
            today = SystemClock().now().astimezone(BEIJING).date()
            desk = Mediation(world, link, today)
            case_id = await desk.register()
            await _two_gates_at_once(desk, case_id)
            await _split_link(desk, case_id)
            await _agreement(desk, case_id)
            await _confirmed(desk, case_id)
            await _afterwards(desk, case_id)
            await _not_confirmed(desk)
            await _refusal(desk)
            await _withdrawal(desk)
            await asyncio.to_thread(_at_the_desk, world, case_id, folder)
    return case_id


async def _two_gates_at_once(desk: Mediation, case_id: str) -> None:
    await desk.agree(case_id, "mediation")
    await desk.until(NANDAN, case_id, lambda found: found["heard"])
    shown = await desk.until(DUSHAN, case_id, lambda found: found["heard"])
    content = {"accepted_on": str(desk.today), "due_on": shown["proposed_due_on"]}
    desk.link.cut()
    both = [await desk.attempt(one, case_id, "accepted", content) for one in (NANDAN, DUSHAN)]
    assert [(await desk.case(one, case_id))["case"]["stage"] for one in (NANDAN, DUSHAN)] == ["accepted"] * 2
    desk.link.heal()

    for county in (NANDAN, DUSHAN):
        await desk.until(county, case_id, lambda found: set(both) <= {one["envelope_id"] for one in found["entries"]})
    found = await desk.meet(case_id)
    verdicts = {one["envelope_id"]: one["fault"] for one in found["entries"]}
    assert verdicts[both[0]] is None, "the leading county's gate counts"
    assert verdicts[both[1]]["code"] == "case.gate_taken"
    assert found["case"]["stage"] == "accepted"


async def _split_link(desk: Mediation, case_id: str) -> None:
    await desk.write(DUSHAN, case_id, "panel_set", {"mediators": written.mediators(), "set_on": str(desk.today)})
    await desk.meet(case_id)
    desk.link.cut()
    for number, county in enumerate((NANDAN, DUSHAN), 1):
        proof = {"title": f"照片{number}", "evidence_kind": "picture", "sha256": f"{number}" * 64}
        await desk.write(county, case_id, "evidence_added", proof | {"added_on": str(desk.today)})
    await desk.until(NANDAN, case_id, lambda found: not found["heard"])
    assert await desk.refused(NANDAN, case_id, "lead_handed", {"taken_from": DUSHAN}) == "case.link_split"
    desk.link.heal()
    await desk.until(NANDAN, case_id, lambda found: len(found["heads"]) == 2)
    found = await desk.meet(case_id)
    assert [one["counts"] for one in found["entries"][-2:]] == [True, True]

    await desk.write(NANDAN, case_id, "lead_offered", {"to": DUSHAN, "reason": "现场在独山一侧"})
    await desk.meet(case_id)
    await desk.write(DUSHAN, case_id, "lead_handed", {"taken_from": NANDAN})
    assert (await desk.meet(case_id))["case"]["lead"] == DUSHAN


async def _agreement(desk: Mediation, case_id: str) -> None:
    today = str(desk.today)
    await desk.agree(case_id, "mediators")
    told = {"matter": "rights_and_duties", "parties": ["p1", "p2"], "means": "signed", "given_on": today}
    await desk.write(DUSHAN, case_id, "notice_given", told)
    session = {"session_no": 1, "place": "镇人民调解委员会", "open_to_public": False}
    await desk.write(DUSHAN, case_id, "session_set", session | {"starts_at": f"{today}T09:00:00+08:00"})
    held = {"session_no": 1, "held_on": today, "parties": ["p1", "p2"], "mediators": ["m1", "m2"]}
    await desk.write(
        DUSHAN, case_id, "session_held", held | {"open_to_public": False, "record": "双方陈述了各自意见，愿意协商。"}
    )
    document = written.agreement(desk.today)
    digest = written.digest_of(document)
    await desk.until(DUSHAN, case_id, lambda now: now["heard"])
    await asyncio.to_thread(_draft_at_the_desk, desk.world, case_id, document)
    assert (await desk.meet(case_id))["agreement_digest"] == digest
    shown = await desk.case(NANDAN, case_id)
    force = {"sha256": digest, "in_force_on": today, "confirm_by": shown["proposed_confirm_by"]}
    force |= {"courts": list(written.COURTS), "copies_to": ["p1", "p2"]}
    await desk.write(NANDAN, case_id, "agreement_signed", *written.signatures(digest, NANDAN, desk.today))
    found = await desk.meet(case_id)
    assert found["signatures_missing"] == ["p2", "m2", f"county:{DUSHAN}", "stamp"]
    await desk.until(NANDAN, case_id, lambda now: now["heard"])
    assert await desk.refused(NANDAN, case_id, "in_force", force) == "case.unsigned"
    await desk.write(DUSHAN, case_id, "agreement_signed", *written.signatures(digest, DUSHAN, desk.today))
    stamp = {"sha256": digest, "committee": "两县联合人民调解委员会", "stamped_on": today}
    await desk.write(DUSHAN, case_id, "stamped", stamp)
    await desk.meet(case_id)
    await desk.write(NANDAN, case_id, "in_force", force)
    assert (await desk.meet(case_id))["case"]["stage"] == "in_force"
    assert await desk.refused(NANDAN, case_id, "confirmation_result", _said(desk, "confirmed")) == "case.not_now"
    filed = {"court": written.COURTS[0], "parties": ["p1", "p2"], "filed_on": today}
    await desk.write(DUSHAN, case_id, "confirmation_filed", filed)
    assert (await desk.meet(case_id))["case"]["confirmation"] == "filed"


def _said(desk: Mediation, result: str) -> dict[str, Any]:
    """What the court said, as an office writes it."""
    number = {"doc_no": "（2026）桂1221民特1号"} if result == "confirmed" else {}
    return {"result": result, "decided_on": str(desk.today), **number}


async def _confirmed(desk: Mediation, case_id: str) -> None:
    """A court takes the case and confirms; an answer that says otherwise at the same moment counts at neither end."""
    await desk.write(NANDAN, case_id, "confirmation_result", _said(desk, "accepted"))
    assert (await desk.meet(case_id))["case"]["confirmation"] == "court_accepted"
    desk.link.cut()
    wrong = await desk.attempt(NANDAN, case_id, "confirmation_result", _said(desk, "refused"))
    right = await desk.attempt(DUSHAN, case_id, "confirmation_result", _said(desk, "confirmed"))
    desk.link.heal()
    both = {wrong, right}
    for county in (NANDAN, DUSHAN):
        await desk.until(county, case_id, lambda found: both <= {one["envelope_id"] for one in found["entries"]})
    found = await desk.meet(case_id)
    verdicts = {one["envelope_id"]: one["fault"] for one in found["entries"]}
    assert verdicts[right] is None, "the leading county's answer counts"
    assert verdicts[wrong]["code"] == "case.not_now"
    assert (found["case"]["confirmation"], found["case"]["stage"]) == ("confirmed", "in_force")
    for county in (NANDAN, DUSHAN):
        assert await desk.refused(county, case_id, "confirmation_result", _said(desk, "refused")) == "case.not_now"


async def _not_confirmed(desk: Mediation) -> None:
    """A court that does not confirm opens the way to advice at once, and both ends see it."""
    case_id = await desk.register()
    await desk.agree(case_id, "mediation")
    accepted = {"accepted_on": str(desk.today), "due_on": (await desk.case(DUSHAN, case_id))["proposed_due_on"]}
    await desk.write(DUSHAN, case_id, "accepted", accepted)
    await desk.write(DUSHAN, case_id, "panel_set", {"mediators": written.mediators(), "set_on": str(desk.today)})
    await desk.meet(case_id)
    await _agreement(desk, case_id)
    advice = {"reason": "confirmation_refused", "courts": list(written.COURTS), "advised_on": str(desk.today)}
    await desk.until(DUSHAN, case_id, lambda now: now["heard"])
    assert await desk.refused(DUSHAN, case_id, "court_advised", advice) == "case.not_now"
    await desk.write(NANDAN, case_id, "confirmation_result", _said(desk, "refused"))
    found = await desk.meet(case_id)
    assert (found["case"]["confirmation"], found["case"]["stage"]) == ("refused", "in_force")
    await desk.write(DUSHAN, case_id, "court_advised", advice)
    assert (await desk.meet(case_id))["case"]["stage"] == "advised_court"


def _draft_at_the_desk(world: World, case_id: str, document: dict[str, Any]) -> None:
    """The command computes the digest that everybody will sign."""
    home = world.stage.county(DUSHAN)
    file = home / "draft.json"
    file.write_text(json.dumps({"form": "written", "document": document}, ensure_ascii=False), encoding="utf-8")
    captured("case", "add", case_id[:8], "case_agreement_drafted", str(file), "--dir", str(home))


async def _afterwards(desk: Mediation, case_id: str) -> None:
    later = str(desk.today + timedelta(days=2))
    await desk.write(DUSHAN, case_id, "performance_due", written.due(desk.today))
    await desk.write(DUSHAN, case_id, "breached", written.breach(desk.today))
    await desk.write(DUSHAN, case_id, "urged", {"party": "p1", "urged_on": later})
    advice = {"reason": "breach", "courts": list(written.COURTS), "advised_on": later}
    await desk.write(DUSHAN, case_id, "court_advised", advice)
    await desk.meet(case_id)
    await desk.write(NANDAN, case_id, "closed", {"outcome": "court", "closed_on": later, "summary": "已告知诉讼途径。"})
    assert (await desk.meet(case_id))["case"]["stage"] == "closed"


async def _refusal(desk: Mediation) -> None:
    case_id = await desk.register()
    refusal = {"party": "p2", "matter": "mediation", "refused_on": str(desk.today)}
    await desk.write(DUSHAN, case_id, "consent_refused", refusal)
    found = await desk.meet(case_id)
    assert found["case"]["stage"] == "not_accepted"
    await desk.until(NANDAN, case_id, lambda now: now["heard"])
    accepted = {"accepted_on": str(desk.today), "due_on": found["proposed_due_on"]}
    assert await desk.refused(NANDAN, case_id, "accepted", accepted) == "case.not_now"


async def _withdrawal(desk: Mediation) -> None:
    case_id = await desk.register()
    await desk.agree(case_id, "mediation")
    shown = await desk.case(DUSHAN, case_id)
    accepted = {"accepted_on": str(desk.today), "due_on": shown["proposed_due_on"]}
    await desk.write(DUSHAN, case_id, "accepted", accepted)
    await desk.meet(case_id)
    await desk.write(NANDAN, case_id, "withdrawn", {"party": "p1", "withdrawn_on": str(desk.today)})
    assert (await desk.meet(case_id))["case"]["stage"] == "withdrawn"


def _at_the_desk(world: World, case_id: str, folder: Path) -> None:
    home = str(world.stage.county(NANDAN))
    listed = json.loads(captured("case", "list", "--all", "--json", "--dir", home))["cases"]
    assert [one["stage"] for one in listed] == ["withdrawn", "not_accepted", "advised_court", "closed"]
    assert [one["confirmation"] for one in listed] == ["none", "none", "refused", "confirmed"]
    shown = captured("case", "show", case_id[:8], "--dir", home)
    assert "已结案" in shown
    assert "不计入" in shown
    assert written.FIRST not in shown, "no name is shown without a reason"
    options = json.loads(captured("case", "next", case_id, "--json", "--dir", home))
    assert {one["act"] for one in options if one["allowed"]} == set(), "the other county leads, and archives"
    _print(case_id, home, folder)
    captured("case", "evidence", case_id, "--why", "review", "-o", str(folder / "case.jsonl"), "--dir", home)


def _print(case_id: str, home: str, folder: Path) -> None:
    """The agreement and the whole file, with every name, for a reason that is written down."""
    with pytest.raises(InvariantError, match=r"access\.no_reason"):
        captured("case", "print", case_id, "-o", str(folder / "file.pdf"), "--dir", home)
    try:
        for what in ("agreement", "file"):
            file = folder / f"{what}.pdf"
            captured("case", "print", case_id, "--what", what, "--why", "handling", "-o", str(file), "--dir", home)
            text = "".join(page.extract_text() for page in PdfReader(file).pages)
            assert written.FIRST in "".join(text.split())
            _look(file)
    except InvariantError as exc:
        if not any(reason in str(exc) for reason in ("Pango", "no font")):
            raise  # a machine without Pango or a font with Chinese prints nothing, and says so


def _look(file: Path) -> None:
    """As poppler draws and reads what the node printed: whole sentences, and every character a different picture."""
    if not printed.has_poppler():
        report("poppler is not installed: nobody looked at the printed pages")
        return
    text = printed.text_of(file)
    for sentence in (*written.agreement(date(2026, 1, 1))["terms"], written.agreement(date(2026, 1, 1))["performance"]):
        assert sentence in text, sentence
    characters = list(printed.drawn(file))
    assert len({one.character for one in characters}) > DIFFERENT_CHARACTERS, "too little was looked at"
    assert min(printed.ink_of(one) for one in characters) > LEAST_INK, "a character is not there"
    assert printed.variety(characters) > LEAST_VARIETY, "boxes instead of characters"


def _verify(world: World, file: Path, case_id: str) -> None:
    registry = str(world.stage.documents / "registry-1.json")
    anchor = json.loads(captured("registry", "show", registry, "--json"))["digest"]
    said = json.loads(captured("verify", str(file), "--anchor", anchor, "--json"))
    assert (said["outcome"], said["case_id"], said["stage"]) == ("holds", case_id, "closed")
    second = subprocess.run(
        [node(), str(PROGRAM), str(file), "--anchor", anchor, "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert second.returncode == 0, second.stdout + second.stderr
    assert json.loads(second.stdout)["outcome"] == "holds"
