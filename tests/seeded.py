"""A border on which everything has happened once: what pages show when they are not empty, seen from 环江."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

from schemas.base import format_time
from schemas.development.projects import ProjectJoined, ProjectProposed
from schemas.development.resources import ResourceAnswered, ResourceOffered
from schemas.errors import RequestError
from schemas.governance.mediation import CASE_PREFIX
from schemas.officers import Role
from schemas.outreach.campaigns import CampaignAnnounced, CampaignAnswered
from services.demo.sampling import sample
from services.gateway.submit import Submitter
from services.posting import Posted
from tests import case_contents, coursework, joint, papers, plans
from tests.caller import calling
from tests.duties import Telling
from tests.filing import FileRooms
from tests.papers import HUANJIANG, LIBO, NANDAN, NOW
from tests.releasing import SCOPES, drafted, officer_at
from tests.rosters import PLAN
from tests.world import County, World, alert_draft, policy_draft

LONG: Final = "环江毛南族自治县与荔波县、南丹县交界地带樟江流域下游沿河村屯" * 3
_WORK: Final = "work_bulletin"
_FLOW: Final = "population_flow"
_UID: Final = "451226-fenlong-2026@sihu"


Change = Callable[[str, dict[str, Any]], dict[str, Any]]
"""From a wire type and a content to another content."""


class Changing(Submitter):
    """A submitter that sends other contents than it is given, where they fit."""

    def __init__(self, real: Submitter, change: Change) -> None:
        """Wrap the real one."""
        self._real, self._change = real, change

    async def submit(self, body: bytes, **how: Any) -> Posted:  # noqa: ANN401 - passed on
        """Send the changed content, or else the given one."""
        draft = json.loads(body)
        changed = draft | {"content": self._change(draft["type"], draft["content"])}
        try:
            return await self._real.submit(json.dumps(changed, ensure_ascii=False).encode(), **how)
        except RequestError:
            return await self._real.submit(body, **how)


async def seeded(change: Change | None = None) -> World:
    """Return the world; everything has been carried.

    Args:
        change: Makes other contents of those here; what then does not fit any more is sent as it was.
    """
    world = await coursework.three_counties()
    if change is not None:
        for county in world.counties.values():
            county.submitter = Changing(county.submitter, change)
    for county in world.counties.values():
        county.directory.shelf = coursework.PAPERS
    await _alerts(world)
    await _papers(world)
    await _mediation(world[HUANJIANG])
    await coursework.offered(world)
    await coursework.requested(world)
    await world.carry()
    await _joint(world)
    await world.carry()
    await _files(world[HUANJIANG])
    await _files(world[LIBO])
    await world.carry()
    await _drafts(world[HUANJIANG])
    await Telling(world, plan=PLAN if change else PLAN.replace("值班员甲", LONG[:40])).tell()
    return world


async def _alerts(world: World) -> None:
    for level in (1, 2, 3, 4):
        content = papers.alert_content(
            alert_id=f"52272241600000_2026030407450{level}_1",
            warning_level=level,
            headline=f"荔波县气象台发布{level}级暴雨预警",
        )
        await world[LIBO].send(alert_draft(content=content) | ({"status": "exercise"} if level == 3 else {}))
    long = papers.alert_content(alert_id="45122141600000_20260304074500_1", headline=LONG[:60], description=LONG)
    await world[NANDAN].send(alert_draft(content=long | {"areas": [{"desc": LONG[:60], "adcodes": ["451221"]}]}))
    own = papers.alert_content(alert_id="45122641600000_20260304074500_1", headline="环江县气象台发布暴雨红色预警")
    await world[HUANJIANG].send(alert_draft(content=own | {"areas": [{"desc": "环江县", "adcodes": ["451226"]}]}))


async def _papers(world: World) -> None:
    for county in (LIBO, HUANJIANG):
        await world[county].send(policy_draft())
        for name in (_WORK, _FLOW):
            one = sample(name, begin=NOW)
            if name == _FLOW and county != one.source:
                continue
            await world[county].send({"type": one.wire_type, "agreement": papers.AGREEMENT, "content": one.content})


async def _mediation(county: County) -> None:
    today = date(2026, 3, 4)
    registration = case_contents.registration(today, (HUANJIANG, LIBO))
    await county.send(
        {"type": f"{CASE_PREFIX}registered.v1", "agreement": papers.AGREEMENT, "to": [LIBO], "content": registration}
    )


async def _joint(world: World) -> None:
    soon = NOW + timedelta(days=12)
    partners = [
        {"county": NANDAN, "office": "南丹县联络办", "role": "co_host"},
        {"county": LIBO, "office": "荔波县联络办", "role": "guest"},
    ]
    plan = joint.campaign(
        partners=partners, starts=format_time(soon), ends=format_time(soon + timedelta(hours=8)), ics_uid=_UID
    )
    await world[HUANJIANG].send(joint.draft(CampaignAnnounced, plan))
    await world[HUANJIANG].send(joint.draft(ResourceOffered, joint.offer()))
    await world[HUANJIANG].send(joint.draft(ProjectProposed, joint.project()))
    await world[HUANJIANG].send({"type": plans.PLAN, "agreement": papers.AGREEMENT, "content": plans.plan()})
    await world[HUANJIANG].send({"type": plans.CHECK, "agreement": papers.AGREEMENT, "content": plans.check()})
    await world.carry()
    await world[LIBO].send(joint.draft(CampaignAnswered, joint.answer(ics_uid=_UID)))
    await world[LIBO].send(joint.draft(ResourceAnswered, joint.turn(1, "question")))
    await world[LIBO].send(joint.draft(ProjectJoined, joint.joined()))


async def _files(county: County) -> None:
    await FileRooms(county).sent()


async def _drafts(county: County) -> None:
    """One that waits for a reviewer, one that is kept, one that was sent back."""
    async with calling(county, county.let_in("drafting", *SCOPES, officer="duty-a")) as caller:
        author = officer_at(county, caller, "duty-b", Role.DUTY)
        content = papers.alert_content(alert_id="45122641600000_20260304074500_7", areas=[{"desc": "环江县"}])
        await drafted(author, alert_draft(content=content))
        answer = await author.post("/drafts", json=policy_draft())
        assert answer.status == 201, answer.body
