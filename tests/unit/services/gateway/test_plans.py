"""Joint plans over the API: the newest version of each, with what was drilled and checked."""

import pytest

from schemas.access import Scope
from tests import papers
from tests.caller import calling
from tests.papers import HUANJIANG, LIBO
from tests.unit.schemas.test_plans import CHECK, DRILL, PLAN, check, drill, plan
from tests.world import World

NUMBER = "3" * 32


@pytest.fixture
async def world() -> World:
    """荔波 has published two versions of one plan and one of another, a drill and a check."""
    world = World()
    first = await sent(world, PLAN, plan())
    await sent(world, PLAN, plan(version=2, supersedes=first, title="修订"))
    await sent(world, PLAN, plan(plan_id="4" * 32, title="另一个"))
    await sent(world, DRILL, drill(alerts=[]))
    await sent(world, CHECK, check(plan_id=NUMBER))
    await world.carry()
    return world


async def sent(world: World, wire_type: str, content: dict[str, object]) -> str:
    """Send from 荔波; return the id."""
    posted = await world[LIBO].send({"type": wire_type, "agreement": papers.AGREEMENT, "content": content})
    return posted.envelope_id


async def test_a_list_names_an_old_version_or_leaves_a_drill_out(world: World) -> None:
    """What a county system draws must be what the console shows."""
    async with calling(world[HUANJIANG], world[HUANJIANG].let_in("desk", Scope.EVENTS_READ)) as caller:
        found = (await caller.get("/plans")).body
        one = (await caller.get("/plans?limit=1")).body

    assert [(line["title"], line["version"]) for line in found["plans"]] == [("另一个", 1), ("修订", 2)]
    assert found["plans"][0]["counties"] == [LIBO, HUANJIANG]
    assert [(line["done"], line["in_time"], line["plan_id"]) for line in found["drills"]] == [(1, 1, NUMBER)]
    assert [line["findings"][0]["risk"] for line in found["checks"]] == ["larger"]
    assert [len(one[name]) for name in ("plans", "drills", "checks")] == [1, 1, 1]


async def test_one_plan_is_whole_and_another_is_not_found(world: World) -> None:
    """Its newest text, every version, and only what belongs to it."""
    async with calling(world[HUANJIANG], world[HUANJIANG].let_in("desk", Scope.EVENTS_READ)) as caller:
        found = (await caller.get(f"/plans/{NUMBER}")).body
        other = (await caller.get(f"/plans/{'4' * 32}")).body
        gone = await caller.get(f"/plans/{'9' * 32}")

    assert found["plan"]["title"] == "修订"
    assert [line["version"] for line in found["versions"]] == [2, 1]
    assert (len(found["drills"]), len(found["checks"])) == (1, 1)
    assert (other["drills"], other["checks"]) == ([], [])
    assert (gone.status, gone.body["code"]) == (404, "request.not_found")
