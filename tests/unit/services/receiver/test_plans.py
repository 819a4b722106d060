"""Plans and drills beside what came before them, at both ends."""

import json
from typing import Any

import pytest

from schemas.errors import RequestError
from services.domain.reading import content_of
from tests import papers
from tests.coursework import three_counties
from tests.papers import ALERT, HUANJIANG, LIBO
from tests.plans import DRILL, PLAN, drill, plan
from tests.world import World


@pytest.fixture
async def world() -> World:
    """荔波 and 环江."""
    return await three_counties()


async def sent(world: World, wire_type: str, content: dict[str, Any], **draft: Any) -> str:  # noqa: ANN401
    """Let 荔波 send something; return its id."""
    made = {"type": wire_type, "agreement": papers.AGREEMENT, "to": [HUANJIANG], "content": content} | draft
    return (await world[LIBO].send(made)).envelope_id


async def refused(world: World, wire_type: str, content: dict[str, Any]) -> str:
    """Return why 荔波 may not send it."""
    with pytest.raises(RequestError) as refusal:
        await sent(world, wire_type, content)
    return refusal.value.fault.code


async def test_a_version_follows_on_another_plan(world: World) -> None:
    """The one before, of the same plan, one lower."""
    first = await sent(world, PLAN, plan())
    assert await refused(world, PLAN, plan(version=2, supersedes="0" * 64)) == "plan.unknown"
    assert await refused(world, PLAN, plan(version=3, supersedes=first)) == "plan.version"
    assert await refused(world, PLAN, plan(version=2, supersedes=first, plan_id="4" * 32)) == "plan.other"
    await sent(world, PLAN, plan(version=2, supersedes=first))
    await world.carry()
    page = await world[HUANJIANG].store.read(lambda s: s.events(direction=None, wire_type=PLAN, since=0, limit=9))
    assert len(page.rows) == 2


async def test_a_drill_counts_a_real_alert(world: World) -> None:
    """What was real is never made an exercise afterwards."""
    real = await sent(world, ALERT, papers.alert_content())
    exercise = await sent(
        world, ALERT, papers.alert_content(alert_id="52272241600000_20260304074500_2"), status="exercise"
    )
    assert await refused(world, DRILL, drill(alerts=[real])) == "drill.not_exercise"
    assert await refused(world, DRILL, drill(alerts=["0" * 64])) == "drill.unknown_alert"
    await sent(world, DRILL, drill(alerts=[exercise]))
    await world.carry()
    page = await world[HUANJIANG].store.read(lambda s: s.events(direction=None, wire_type=DRILL, since=0, limit=9))
    assert len(page.rows) == 1
    assert json.loads(await _content(world, page.rows[0].envelope_id))["alerts"] == [exercise]


async def test_a_version_that_never_came_stops_the_next(world: World) -> None:
    """Who was told of the second version alone takes it: it says nothing wrong."""
    first = await sent(world, PLAN, plan())
    await world[LIBO].take_waiting()  # and it gets lost with its channel
    await sent(world, PLAN, plan(version=2, supersedes=first), to=[papers.NANDAN])
    await world.carry()
    page = await world[papers.NANDAN].store.read(lambda s: s.events(direction=None, wire_type=PLAN, since=0, limit=9))
    assert len(page.rows) == 1


async def _content(world: World, envelope_id: str) -> bytes:
    event = await world[HUANJIANG].store.read(lambda s: s.event(envelope_id))
    assert event is not None
    return content_of(event)
