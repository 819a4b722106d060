"""Submitting what earlier events forbid: refused with the field and the mend, and nothing is stored."""

from typing import Any

import pytest

from schemas.errors import RequestError
from services.demo.sampling import sample
from services.posting import Posted
from tests import papers
from tests.papers import ALERT, HUANJIANG, LIBO
from tests.world import County, World, alert_draft, shifted

UPDATED, CANCELLED = ALERT.replace("issued", "updated"), ALERT.replace("issued", "cancelled")
FLOW = "cn.sihu.information.population_flow_reported.v1"


def alert_id(number: int, county: str = LIBO) -> str:
    """The id of an alert of this morning."""
    return f"{county}41600000_2026030407{number:02}00_0"


def successor(number: int, *names: int, wire_type: str = UPDATED, level: int = 1, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """The draft of an update or cancellation that names earlier alerts by number."""
    given = {
        "alert_id": alert_id(number),
        "report_stage": "followup",
        "report_no": number,
        "warning_level": level,
        "note": "雨势减弱",
        "predecessors": [{"alert_id": alert_id(name)} for name in names],
    }
    return alert_draft(type=wire_type, content=papers.alert_content(**(given | changes)))


async def issue(county: County, number: int, **changes: Any) -> Posted:  # noqa: ANN401
    """Issue an alert of level 1."""
    return await county.send(alert_draft(content=papers.alert_content(alert_id=alert_id(number), **changes)))


async def refusal(county: County, draft: dict[str, Any]) -> tuple[str, str, str]:
    """Submit what must be refused; nothing of it may be stored."""
    before = await county.counts()
    with pytest.raises(RequestError) as caught:
        await county.send(draft, key="refused")
    assert await county.counts() == before
    return caught.value.fault.code, caught.value.fault.field, caught.value.fault.mend


@pytest.fixture
def libo() -> County:
    return World()[LIBO]


async def test_an_update_that_forgets_an_alert_leaves_two_levels_in_force(libo: County) -> None:
    """A neighbour would see red and blue at once for one river."""
    await issue(libo, 1)
    await libo.send(successor(2, 1))

    assert await refusal(libo, successor(3, 1)) == (
        "alert.predecessor_unnamed",
        "content.predecessors",
        f"add {alert_id(2)}; still in force",
    )
    assert (await libo.send(successor(3, 1, 2), key="refused")).seq == 3
    assert (await libo.send(successor(4, 3, wire_type=CANCELLED))).seq == 4


async def test_what_has_expired_or_ended_needs_no_name(libo: County) -> None:
    """An officer would have to name every alert of the year."""
    await issue(libo, 1, expires=shifted(libo.clock.now(), 60))
    await libo.send(successor(2, 1))
    await libo.send(successor(3, 2, wire_type=CANCELLED))
    await libo.clock.move(3600)

    assert (await libo.send(successor(4, 3))).seq == 4


async def test_another_event_of_the_same_county_is_no_predecessor(libo: County) -> None:
    """Rain in the south and fire in the north are two events."""
    await issue(libo, 1)
    await issue(libo, 2)

    assert (await libo.send(successor(3, 1))).seq == 3


async def test_a_neighbours_alert_is_not_ours_to_end() -> None:
    """环江 calls off 荔波's flood alert, and everybody downstream goes home."""
    world = World()
    await issue(world[LIBO], 1)
    await world.carry()
    foreign = successor(2, 1, wire_type=CANCELLED, alert_id=alert_id(2, HUANJIANG))

    code, field, mend = await refusal(world[HUANJIANG], foreign)
    assert (code, field) == ("alert.not_issuer", "content.predecessors")
    assert LIBO in mend


@pytest.mark.parametrize("wire_type", [UPDATED, CANCELLED])
@pytest.mark.parametrize("status", ["exercise", "test", "system"])
async def test_no_exercise_ends_what_was_meant(libo: County, wire_type: str, status: str) -> None:
    """It needs no second officer: one alone would end a red alert by calling its end an exercise."""
    await issue(libo, 1)
    draft = successor(2, 1, wire_type=wire_type, level=4)

    code, field, mend = await refusal(libo, draft | {"status": status})
    assert (code, field) == ("alert.other_status", "status")
    assert alert_id(1) in mend
    assert (await libo.send(draft)).seq == 2


async def test_what_was_meant_does_not_go_on_from_an_exercise(libo: County) -> None:
    """Who took the exercise would count as having taken the red alert."""
    await libo.send(alert_draft(content=papers.alert_content(alert_id=alert_id(1)), status="exercise"))
    assert (await refusal(libo, successor(2, 1)))[:2] == ("alert.other_status", "status")
    assert (await libo.send(successor(2, 1, wire_type=CANCELLED) | {"status": "exercise"})).seq == 2


async def test_an_exercise_about_the_same_lost_alert_keeps_nobody_from_ending_it(libo: County) -> None:
    """Both name an alert from before a restore: each would have to name the other, and may not."""
    await libo.send(successor(2, 1))
    await libo.send(successor(3, 1) | {"status": "exercise"})
    assert (await libo.send(successor(4, 2, wire_type=CANCELLED))).seq == 3
    assert (await libo.send(successor(5, 3, wire_type=CANCELLED) | {"status": "exercise"})).seq == 4


async def test_an_alert_that_is_not_here_can_be_updated(libo: County) -> None:
    """After a restore the store lacks the last alerts: nobody may be kept from ending them."""
    assert (await libo.send(successor(2, 1))).seq == 1


async def test_two_updates_at_once_do_not_pass_each_other(libo: County) -> None:
    """The second is judged in the transaction of the first."""
    await issue(libo, 1)
    await libo.send(successor(2, 1), key="k")
    assert (await refusal(libo, successor(3, 1)))[0] == "alert.predecessor_unnamed"
    assert (await libo.send(successor(2, 1), key="k")).seq == 2  # a retry of what was accepted stays accepted


async def watched(county: County, posted: Posted) -> bool:
    """Tell whether our duty officer hears of it if nobody answers, and look at the deadline in the header."""
    stored = await county.store.read(lambda snapshot: snapshot.event(posted.envelope_id))
    assert stored is not None
    due = await county.store.write(lambda tx: tx.waiting_room.due(papers.FAR_AHEAD, 1000))
    found = any(one.envelope_id == posted.envelope_id for one in due)
    assert found == (stored.envelope.header.acknowledge_by is not None)
    return found


async def test_a_raised_level_asks_everybody_again_and_a_lowered_one_nobody(libo: County) -> None:
    """Answers to yellow stand for red; or a whole prefecture is paged because the water falls."""
    await issue(libo, 1, warning_level=2)
    assert await watched(libo, await libo.send(successor(2, 1, level=1)))
    assert not await watched(libo, await libo.send(successor(3, 2, level=2)))
    assert await watched(libo, await libo.send(successor(4, 3, level=2)))


async def test_an_officer_may_ask_for_answers_to_a_lowered_level(libo: County) -> None:
    """What was asked for in so many words is not dropped."""
    await issue(libo, 1)
    lowered = successor(2, 1, level=2) | {"acknowledge_by": shifted(libo.clock.now(), 1800)}
    assert await watched(libo, await libo.send(lowered))


async def test_the_header_is_not_in_force_longer_than_the_alert(libo: County) -> None:
    """Officers would be paged for an alert that is over."""
    late = alert_draft(expires="2026-03-04T13:45:00.001+08:00")
    assert (await refusal(libo, late))[:2] == ("request.expires", "expires")
    assert (await libo.send(alert_draft(expires="2026-03-04T13:00:00+08:00"))).seq == 1


def flow(*, total: int | None = None, **counts: int | None) -> dict[str, Any]:
    """The draft of a report by sex; None is a hidden count."""
    content = sample("population_flow").content
    cells: list[dict[str, Any]] = [
        {"keys": {"sex": sex}, "value": value, "state": "suppressed" if value is None else "shown"}
        for sex, value in counts.items()
    ]
    if total is not None:
        cells.append({"keys": {}, "value": total, "state": "shown"})
    method = content["method"] | {"complementary": True}
    changed = {"dimensions": ["sex"], "cells": cells, "method": method}
    return {"type": FLOW, "agreement": papers.AGREEMENT, "content": content | changed}


async def test_a_second_release_must_not_open_a_hidden_count(libo: County) -> None:
    """Women hidden today, the total tomorrow: one subtraction gives away what was hidden."""
    assert (await libo.send(flow(female=None, male=50))).seq == 1

    assert (await refusal(libo, flow(female=None, male=None, total=58)))[:2] == ("content.rule", "content.cells")
    other = flow(female=None, male=None, total=58)
    other["content"]["destination_adcode"] = HUANJIANG
    assert (await libo.send(other)).seq == 2  # other people


async def test_releases_of_the_same_people_come_to_an_end(libo: County) -> None:
    """Each further release tells more, and is judged beside all before it."""
    for _ in range(8):
        await libo.send(flow(female=60, male=50))
    assert (await refusal(libo, flow(female=60, male=50)))[:2] == ("content.rule", "content.period_start")
