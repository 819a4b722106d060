"""Requests across provinces over real nodes' code: through a supplement and a transfer, with what each end is told."""

from typing import Any, Final

import pytest

from schemas.course_drafts import ServiceMove
from schemas.courses import CourseKind
from schemas.errors import RequestError
from schemas.records import NoticeKind
from services.domain.service_requests import Stage
from tests.casework import HALL, POLICE, REQUEST, looked, request_at, requested, stepped, three_counties
from tests.papers import COUNTIES, HUANJIANG, LIBO, NANDAN
from tests.world import World

DAY: Final = 24 * 3600.0
ELSEWHERE: Final = {"adcode": NANDAN, "name": "南丹县公安局户政窗口"}
ASKED: Final[dict[str, Any]] = {"wanted": ["household"], "answer_by": "2026-03-09T00:00:00.000+08:00"}


@pytest.fixture
async def world() -> World:
    """荔波 receives, 环江 decides, 南丹 is drawn in."""
    return await three_counties()


async def told(world: World, code: Any) -> list[NoticeKind]:  # noqa: ANN401 - a county
    """Return what a county's officer is told."""
    return [one.kind for one in await world[code].store.read(lambda s: s.notices(open_only=True, limit=50))]


async def responsible(world: World, *codes: Any) -> set[str]:  # noqa: ANN401 - counties
    """Return whom these counties take for responsible."""
    return {(await request_at(world[code])).responsible.name for code in codes}


async def test_a_request_goes_through_a_supplement_and_a_transfer(world: World) -> None:
    """One office after the other, and each county says the same once it has heard."""
    await requested(world)
    assert await responsible(world, LIBO) == {HALL["name"]}
    await world.carry()
    assert await responsible(world, LIBO, HUANJIANG) == {HALL["name"]}, "handed over is not taken"
    await stepped(world[HUANJIANG], ServiceMove.RECEIVE)
    assert await responsible(world, HUANJIANG) == {POLICE["name"]}
    await world.carry()
    await stepped(world[HUANJIANG], ServiceMove.ASK, **ASKED)
    await world.carry()
    assert (await request_at(world[LIBO])).stage is Stage.SUPPLEMENT
    world.clock.jump(DAY)
    await stepped(world[LIBO], ServiceMove.SUPPLEMENT, materials=[{"kind": "household", "sha256": "0e" * 32}])
    await world.carry()
    await stepped(world[HUANJIANG], ServiceMove.TRANSFER, to_office=ELSEWHERE, reason="registered_elsewhere")
    await world.carry()
    assert await responsible(world, *COUNTIES) == {POLICE["name"]}
    for move, said in ((ServiceMove.DECIDE, "service.not_your_turn"), (ServiceMove.ASK, "service.not_your_turn")):
        content = ASKED if move is ServiceMove.ASK else {"decision": "granted", "reason": "conditions_met"}
        with pytest.raises(RequestError) as refusal:
            await stepped(world[HUANJIANG], move, **content)
        assert refusal.value.fault.code == said, "who has given it away does not decide it any more"
    await stepped(world[NANDAN], ServiceMove.RECEIVE)
    await world.carry()
    assert await responsible(world, *COUNTIES) == {ELSEWHERE["name"]}
    await stepped(world[NANDAN], ServiceMove.DECIDE, decision="granted", reason="conditions_met")
    await world.carry()
    await stepped(world[LIBO], ServiceMove.DELIVER, way="desk")
    await stepped(world[LIBO], ServiceMove.CLOSE, outcome="completed")
    await world.carry()
    for code in COUNTIES:
        view = await request_at(world[code])
        assert (view.stage, view.turn, view.responsible.name) == (Stage.CLOSED, None, ELSEWHERE["name"])
        assert await told(world, code) == []
        rows = await world[code].store.read(lambda s: s.courses(CourseKind.SERVICE, open_only=True, limit=9))
        assert rows == []


async def test_a_transfer_that_is_not_wanted_comes_back(world: World) -> None:
    """The office it was offered to sends it back; the one that is responsible goes on."""
    await requested(world)
    await world.carry()
    await stepped(world[HUANJIANG], ServiceMove.TRANSFER, to_office=HALL, reason="sent_back")
    await world.carry()
    for code in (LIBO, HUANJIANG):
        view = await request_at(world[code])
        assert (view.stage, view.responsible.name) == (Stage.AT_WORK, HALL["name"])
        assert view.turn == view.responsible
    assert (await request_at(world[LIBO])).acts(LIBO)


async def test_nobody_hears_that_it_waits(world: World) -> None:
    """Not taken for three days, not decided in time, papers that do not come: each is told to whoever must move."""
    await requested(world, promised_days=2)
    await world.carry()
    world.clock.jump(3 * DAY)
    await looked(world[LIBO], world[HUANJIANG])
    assert (await told(world, LIBO), await told(world, HUANJIANG)) == ([NoticeKind.SERVICE_OVERDUE], [])
    await stepped(world[HUANJIANG], ServiceMove.RECEIVE)
    await world.carry()
    assert await told(world, LIBO) == []
    world.clock.jump(5 * DAY)
    await looked(world[LIBO], world[HUANJIANG])
    assert (await told(world, LIBO), await told(world, HUANJIANG)) == ([], [NoticeKind.SERVICE_OVERDUE])
    await stepped(world[HUANJIANG], ServiceMove.ASK, wanted=["photograph"], answer_by="2026-03-14T00:00:00.000+08:00")
    await world.carry()
    assert await told(world, HUANJIANG) == []
    world.clock.jump(5 * DAY)
    await looked(world[LIBO], world[HUANJIANG])
    assert (await told(world, LIBO), await told(world, HUANJIANG)) == ([NoticeKind.SERVICE_OVERDUE], [])


async def test_a_step_that_was_overtaken_is_refused(world: World) -> None:
    """Somebody else was quicker: the draft was made of what stood here before."""
    await requested(world)
    await world.carry()
    await stepped(world[HUANJIANG], ServiceMove.RECEIVE)
    with pytest.raises(RequestError) as refusal:
        await stepped(world[HUANJIANG], ServiceMove.RECEIVE)
    assert refusal.value.fault.code == "service.not_now"
    assert (await request_at(world[HUANJIANG], REQUEST)).step_no == 2
