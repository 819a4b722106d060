"""Requests across provinces over real nodes' code: through a supplement and a transfer, with what each end is told."""

import json
from typing import Any, Final

import pytest

from schemas.catalogue import parse_new
from schemas.course_drafts import ServiceMove
from schemas.courses import CourseKind
from schemas.drafts import EventDraft
from schemas.errors import RequestError
from schemas.notices import NoticeKind
from services.domain.course_drafts import service_draft
from services.domain.drafting import Outgoing, complete
from services.domain.service_requests import Stage
from tests import papers
from tests.coursework import (
    HALL,
    POLICE,
    REQUEST,
    TRUST,
    every_weekday,
    looked,
    request_at,
    requested,
    stepped,
    three_counties,
)
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
        matters = await world[code].store.read(lambda s: s.ledger.matters(papers.NOW, papers.later(days=9)))
        assert [(one.family, one.kind, one.outcome, one.partner, one.count) for one in matters] == [
            ("service", "collect", "granted", county, 1) for county in ("", *sorted(COUNTIES))
        ]


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


async def test_a_step_comes_before_the_one_that_it_names(world: World) -> None:
    """From another county, over another channel: it waits, and both count once the other is there."""
    await requested(world)
    await world.carry()
    await stepped(world[HUANJIANG], ServiceMove.RECEIVE)
    await world.carry()
    await stepped(world[HUANJIANG], ServiceMove.TRANSFER, to_office=ELSEWHERE, reason="registered_elsewhere")
    handed_over = await world[HUANJIANG].take_waiting()
    await world[NANDAN].receive(handed_over)
    await stepped(world[NANDAN], ServiceMove.RECEIVE)
    taken = await world[NANDAN].take_waiting()
    await world[LIBO].receive([one for one in taken if "service_received" in one.subject or "epoch" in one.subject])
    early = await request_at(world[LIBO])
    assert (early.step_no, early.responsible.name) == (2, POLICE["name"]), "what it says cannot be judged yet"
    kept = await world[LIBO].store.read(lambda s: s.steps_of(CourseKind.SERVICE, REQUEST))
    assert len(kept) == 3
    await world[LIBO].receive(handed_over)
    late = await request_at(world[LIBO])
    assert (late.step_no, late.responsible.name) == (4, ELSEWHERE["name"])
    assert late.head == (await request_at(world[NANDAN])).head


async def test_a_step_that_breaks_the_rules_counts(world: World) -> None:
    """A partner decides what it has not taken: rejected, and told to it; nothing has moved."""
    await requested(world)
    await world.carry()
    view, huanjiang = await request_at(world[HUANJIANG]), world[HUANJIANG]
    now = world.clock.now()
    draft = service_draft(
        view,
        ServiceMove.DECIDE,
        {"decision": "granted", "reason": "conditions_met"},
        HUANJIANG,
        now=now,
        is_workday=every_weekday,
    )
    assert isinstance(draft, dict)
    event = parse_new(draft["type"], draft["content"])
    assert not isinstance(event, tuple)
    body = papers.as_bytes(draft["content"])
    asked = EventDraft.model_validate_json(json.dumps(draft))
    made = complete(asked, event, content=body, trust=TRUST, county=HUANJIANG, now=now)
    assert isinstance(made, Outgoing)
    posted = await huanjiang.store.write(lambda tx: huanjiang.posting.post(tx, made, now))
    await world.carry()
    deliveries = await huanjiang.store.read(lambda s: s.deliveries(posted.envelope_id))
    assert [one.refused_code for one in deliveries] == ["service.not_now"]
    for code in (LIBO, HUANJIANG):
        assert (await request_at(world[code])).step_no == 1
