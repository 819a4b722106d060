"""Arriving and forbidden by what came before, or doubtful: the first is rejected and told, the second is delivered."""

from typing import Any

import pytest

from adapters.memory.store import MemoryStore
from schemas.agreements import Grant
from schemas.base import Status
from schemas.control import ReceiptStage
from schemas.notices import NoticeKind
from schemas.records import Mark
from services.domain.histories import marks_of
from services.domain.receiving import examine
from services.ports import Store
from tests import papers
from tests.desk import Office
from tests.papers import ALERT, HUANJIANG, LIBO, NANDAN

UPDATED, CANCELLED = ALERT.replace("issued", "updated"), ALERT.replace("issued", "cancelled")
FLOW = "cn.sihu.information.population_flow_reported.v1"
TRUST = papers.trust(
    papers.in_force(
        grants=(Grant(types=(ALERT, UPDATED, CANCELLED, papers.POLICY, FLOW)),),
        purposes=("emergency_warning", "policy_exchange", "population_service"),
    )
)


@pytest.fixture
def desk(store: Store) -> Office:
    """环江, which receives."""
    return Office(HUANJIANG, store, trust=TRUST)


@pytest.fixture
def neighbour() -> Office:
    """荔波, which writes without being judged at its own end: a partner with another program."""
    return Office(LIBO, MemoryStore(), trust=TRUST)


def alert_id(number: int) -> str:
    """The id of an alert."""
    return f"52272241600000_2026030407{number:02}00_0"


def alert(number: int, *names: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """An alert; with ``names`` an update of those."""
    given: dict[str, Any] = {"alert_id": alert_id(number)}
    if names:
        given |= {
            "report_stage": "followup",
            "report_no": 2,
            "predecessors": [{"alert_id": alert_id(name)} for name in names],
        }
    return papers.alert_content(**(given | changes))


async def marks(desk: Office) -> list[tuple[Mark, ...]]:
    """What is doubtful about each event that came in."""
    return [row.marks for row in await desk.inbox()]


async def test_a_stranger_cannot_end_an_alert(desk: Office, neighbour: Office) -> None:
    """南丹 lowers 荔波's flood alert to blue: it is refused, 南丹 is told, and its next event is taken."""
    stranger = Office(NANDAN, MemoryStore(), trust=TRUST)
    await neighbour.post(ALERT, alert(1))
    await desk.take(*await neighbour.sent())
    await desk.receipts()
    await stranger.post(UPDATED, alert(2, 1, warning_level=4))
    await stranger.post()

    await desk.take(*await stranger.sent())
    assert await desk.codes() == ["alert.not_issuer"]
    assert await desk.receipts() == [
        (ReceiptStage.STORED, 2, 2, None),
        (ReceiptStage.REJECTED, 1, 1, "alert.not_issuer"),
    ]
    assert await marks(desk) == [(), ()]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("status", [Status.EXERCISE, Status.TEST, Status.SYSTEM])
@pytest.mark.parametrize("wire_type", [UPDATED, CANCELLED])
async def test_an_exercise_cannot_end_a_real_alert(
    desk: Office,
    neighbour: Office,
    wire_type: str,
    status: Status,
    together: bool,  # noqa: FBT001
) -> None:
    """荔波's older program lets one officer call the end an exercise: it is refused here, in one batch or in two."""
    await neighbour.post(ALERT, alert(1))
    first = await neighbour.sent()
    await neighbour.post(wire_type, alert(2, 1, note="演练"), status=status)
    second = await neighbour.sent()

    for batch in ([*first, *second],) if together else (first, second):
        await desk.take(*batch)
    assert await desk.codes() == ["alert.other_status"]
    assert (ReceiptStage.REJECTED, 2, 2, "alert.other_status") in await desk.receipts()
    await neighbour.post(wire_type, alert(3, 1, note="雨停"))
    await desk.take(*await neighbour.sent())
    assert len(await desk.inbox()) == 2, "its real end is heard"


async def test_the_first_to_use_an_id_is_not_its_owner(desk: Office, neighbour: Office) -> None:
    """南丹 issues an alert under 荔波's id beforehand: 荔波's own update would be refused everywhere."""
    stranger = Office(NANDAN, MemoryStore(), trust=TRUST)
    await stranger.post(ALERT, alert(1))
    await desk.take(*await stranger.sent())
    await neighbour.post(ALERT, alert(1))
    await neighbour.post(UPDATED, alert(2, 1))

    await desk.take(*await neighbour.sent())
    assert await desk.codes() == []
    assert len(await desk.inbox()) == 3


async def test_an_update_without_its_predecessor_is_delivered_and_marked(desk: Office, neighbour: Office) -> None:
    """We joined after the alert, or our backup lacks it: the update may be what saves lives."""
    await neighbour.post(UPDATED, alert(2, 1))
    await neighbour.post(UPDATED, alert(3, 2))
    await neighbour.post(UPDATED, alert(4, 1, 3))

    await desk.take(*await neighbour.sent())
    assert await desk.codes() == []
    assert await marks(desk) == [(Mark.PREDECESSOR_MISSING,), (), (Mark.PREDECESSOR_MISSING,)]
    assert await desk.notices() == [NoticeKind.PREDECESSOR_MISSING] * 2


async def test_alert_and_update_in_one_batch_know_each_other(desk: Office, neighbour: Office) -> None:
    """What is not written yet is here all the same: no false mark, and no stranger slips in between."""
    stranger = Office(NANDAN, MemoryStore(), trust=TRUST)
    await neighbour.post(ALERT, alert(1))
    await neighbour.post(UPDATED, alert(2, 1))
    await stranger.post(UPDATED, alert(3, 2))

    await desk.take(*await neighbour.sent(), *await stranger.sent())
    assert await desk.codes() == ["alert.not_issuer"]
    assert await marks(desk) == [(), ()]


async def test_what_the_sender_forgot_to_name_is_not_judged_here(desk: Office, neighbour: Office) -> None:
    """This end may not hold what ended it; an alert is not refused over book-keeping."""
    await neighbour.post(ALERT, alert(1))
    await neighbour.post(UPDATED, alert(2, 1))
    await neighbour.post(UPDATED, alert(3, 1))

    await desk.take(*await neighbour.sent())
    assert await desk.codes() == []
    assert len(await desk.inbox()) == 3


def flow(female: int | None, male: int | None, total: int | None = None) -> dict[str, Any]:
    """A report by sex; None is a hidden count."""
    cells = [({"sex": "female"}, female), ({"sex": "male"}, male), *([({}, total)] if total else [])]
    return {
        "period": "month",
        "period_start": "2026-02-01",
        "origin_adcode": "451226",
        "destination_adcode": "522722",
        "dimensions": ["sex"],
        "cells": [
            {"keys": keys, "value": value, "state": "suppressed" if value is None else "shown"} for keys, value in cells
        ],
        "method": {"k": 10, "complementary": True, "version": "sihu-1"},
    }


@pytest.mark.parametrize("together", [True, False])
async def test_a_release_that_opens_a_hidden_count_is_rejected(
    desk: Office,
    neighbour: Office,
    together: bool,  # noqa: FBT001
) -> None:
    """A partner without the rule would give away here what it hid before; in one batch, or in two."""
    await neighbour.post(FLOW, flow(None, 50))
    first = await neighbour.sent()
    await neighbour.post(FLOW, flow(None, None, 58))
    second = await neighbour.sent()

    for batch in ([*first, *second],) if together else (first, second):
        await desk.take(*batch)
    assert await desk.codes() == ["content.rule"]
    assert await desk.seqs() == [1]
    assert (ReceiptStage.REJECTED, 2, 2, "content.rule") in await desk.receipts()


async def test_a_clock_that_runs_ahead_blocks_nothing(desk: Office, neighbour: Office) -> None:
    """A neighbour's clock jumps by a day: its alerts come all the same, marked, and somebody is told to look."""
    await neighbour.clock.move(600)
    await neighbour.post(ALERT, alert(1))
    await neighbour.clock.move(0.001)
    await neighbour.post(ALERT, alert(2))
    await neighbour.post()
    await desk.take(*await neighbour.sent())

    assert await desk.codes() == []
    assert await marks(desk) == [(), (Mark.CLOCK_AHEAD,), (Mark.CLOCK_AHEAD,)]
    assert await desk.notices() == [NoticeKind.CLOCK_AHEAD]
    assert await desk.store.read(lambda s: dict(s.clocks_ahead())) == {LIBO: 600.001}
    await desk.clock.move(3600)
    await neighbour.post()
    await desk.take(*await neighbour.sent())
    assert await desk.notices() == []


async def test_a_header_that_outlives_its_alert_is_marked() -> None:
    """The alert in it is valid and may save lives; until when it is in force is doubtful."""
    content = alert(1)
    body = papers.as_bytes(content)
    for seq, expires in enumerate((None, papers.later(hours=1), papers.later(days=9)), 1):
        made = papers.envelope(body, type=ALERT, purpose="emergency_warning", expires=expires, seq=seq)
        found = examine(papers.arrival(made), trust=papers.trust(), county=HUANJIANG)
        assert found.envelope is not None
        doubts = marks_of(found.envelope.header, found.event, papers.NOW)
        assert doubts == (() if seq == 2 else (Mark.EXPIRES_DIFFER,))
