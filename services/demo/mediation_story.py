"""The story of a dispute over a hillside between 南丹 and 荔波: from its registration to an agreement in force.

By word of mouth, as most are: noted by one county, confirmed by both. Everybody is a role.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.errors import RequestError
from schemas.governance.mediation import CASE_PREFIX
from schemas.governance.mediation_parts import AgreementText, agreement_digest
from services.demo.cast import PEOPLE_ID
from services.demo.scene import LIBO, NANDAN, Scene, Story

_BOTH: Final = (NANDAN, LIBO)
_PARTIES: Final = [
    {"ref": "p1", "county": NANDAN, "kind": "village_group", "name": "甲村民小组", "represented_by": "组长甲"},
    {"ref": "p2", "county": LIBO, "kind": "village_group", "name": "乙村民小组", "represented_by": "组长乙"},
]
_MEDIATORS: Final = [
    {"ref": "m1", "county": NANDAN, "name": "调解员甲", "office": "镇人民调解委员会"},
    {"ref": "m2", "county": LIBO, "name": "调解员乙", "office": "乡人民调解委员会"},
]
_QUESTIONS: Final = ("boundary_line", "ownership", "criminal", "in_court", "labour_procedure")
_BUSY: Final = frozenset({"case.late", "case.link_split", "case.entries_missing"})
"""The other county has just written, or may have: look again."""
_AGAIN_SECONDS: Final = 0.1


@dataclass(slots=True)
class _Case:
    """The case at both desks; ``written`` entries are out so far."""

    scene: Scene
    id: str
    written: int = 1

    async def write(self, *entries: tuple[str, str, Mapping[str, Any]]) -> None:
        """Let counties write entries that do not wait for each other, once they have all that was written before.

        Args:
            entries: County, name of the type, content.
        """
        by_county = {county: [one[1:] for one in entries if one[0] == county] for county, *_ in entries}
        await asyncio.gather(*(self._write(county, some) for county, some in by_county.items()))
        self.written += len(entries)

    async def _write(self, county: str, entries: list[Any]) -> None:
        await self.shown(county)
        for name, content in entries:
            await self._once_it_may(county, {"type": f"{CASE_PREFIX}{name}.v1", "content": content})

    async def _once_it_may(self, county: str, draft: Mapping[str, Any]) -> None:
        async with asyncio.timeout(30):
            while True:
                heads = (await self.scene.desks[county].get(f"/cases/{self.id}"))["heads"]
                try:
                    await self.scene.post(county, f"/cases/{self.id}/events", {**draft, "last_seen": heads})
                except RequestError as refused:
                    if refused.fault.code not in _BUSY:
                        raise
                else:
                    return
                await asyncio.sleep(_AGAIN_SECONDS)

    async def shown(self, county: str) -> dict[str, Any]:
        """Return the case as a county tells it, once it holds every entry."""
        return await self.scene.desks[county].until(
            f"/cases/{self.id}", lambda found: len(found["entries"]) >= self.written
        )

    async def stage(self) -> str:
        """Return where the case stands, as both tell it."""
        told = [(await self.shown(county))["case"]["stage"] for county in _BOTH]
        return str(told[0]) if len(set(told)) == 1 else " / ".join(told)


async def _play(scene: Scene) -> str:
    today = f"{scene.begin:%Y-%m-%d}"
    case_no = f"南荔联调{scene.mark}号"
    sent = await scene.send(
        NANDAN, "governance.case_registered", _registration(case_no, today), [LIBO], agreement=PEOPLE_ID
    )
    scene.tell("南丹登记：交界山场林木使用与补偿纠纷，牵头县南丹 registered")
    case = _Case(scene, sent["envelope_id"])
    await case.write(*_consents("mediation", today))
    proposed = await case.shown(LIBO)
    await case.write((LIBO, "accepted", {"accepted_on": today, "due_on": proposed["proposed_due_on"]}))
    scene.tell("双方当事人同意，荔波受理 both parties agree, accepted")
    await case.write((LIBO, "panel_set", {"mediators": _MEDIATORS, "set_on": today}))
    told = {"matter": "rights_and_duties", "parties": ["p1", "p2"], "means": "signed", "given_on": today}
    session = {"session_no": 1, "place": "镇人民调解委员会", "open_to_public": False}
    called = session | {"starts_at": f"{today}T09:00:00.000+08:00"}
    await case.write(*_consents("mediators", today), (LIBO, "notice_given", told), (NANDAN, "session_set", called))
    held = {"session_no": 1, "held_on": today, "parties": ["p1", "p2"], "mediators": ["m1", "m2"]}
    held |= {"open_to_public": False, "record": "双方陈述意见后达成一致。"}
    await case.write((LIBO, "session_held", held))
    await _agree(case, _text(case_no, today), today)
    stage = await case.stage()
    scene.tell("口头协议由两县确认，协议生效 agreed, in force at both")
    return stage


async def _agree(case: _Case, document: Mapping[str, Any], today: str) -> None:
    digest = agreement_digest(AgreementText.model_validate_json(json.dumps(document)))
    drafted = {"form": "oral", "document": document, "sha256": digest, "agreed_by": ["p1", "p2"]}
    await case.write((NANDAN, "agreement_drafted", drafted))
    signed = {"sha256": digest, "signatory": "county", "means": "sealed", "signed_on": today}
    await case.write(*((county, "agreement_signed", signed) for county in _BOTH))
    shown = await case.shown(NANDAN)
    force = {"sha256": digest, "in_force_on": today, "confirm_by": shown["proposed_confirm_by"]}
    courts = {"courts": ["南丹县人民法院", "荔波县人民法院"], "copies_to": ["p1", "p2"]}
    await case.write((NANDAN, "in_force", force | courts))


def _consents(matter: str, today: str) -> list[tuple[str, str, Mapping[str, Any]]]:
    given = {"matter": matter, "means": "signed", "given_on": today}
    return [(one["county"], "consent_given", given | {"party": one["ref"]}) for one in _PARTIES]


def _registration(case_no: str, today: str) -> dict[str, Any]:
    return {
        "case_no": case_no,
        "title": "交界山场林木使用与补偿纠纷",
        "dispute_kind": "forest",
        "place": "两县交界的山场",
        "summary": "双方对山场的使用范围和林木补偿有分歧，山林权属没有争议。",
        "parties": _PARTIES,
        "applied_by": ["p1", "p2"],
        "lead": NANDAN,
        "registered_on": today,
        "screening": dict.fromkeys(_QUESTIONS, False),
    }


def _text(case_no: str, today: str) -> dict[str, Any]:
    return {
        "case_no": case_no,
        "title": "关于交界山场林木使用与补偿的调解协议",
        "parties": _PARTIES,
        "mediators": _MEDIATORS,
        "facts": "双方村民小组长期共同使用交界山场，对去年采伐的补偿意见不一。",
        "terms": ["山场按现场指认的山脊线分别使用。", "采伐一方补偿另一方人民币壹万贰仟元。"],
        "performance": "补偿款于十日内在镇人民调解委员会当面付清。",
        "drawn_on": today,
        "drawn_at": "镇人民调解委员会",
    }


MEDIATION: Final = Story("mediation", "联合调解", "in_force", _play)
