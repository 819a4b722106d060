"""The ledger's aggregates equal a recount from the raw events, on every store, whatever happened."""

import asyncio
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.ledgers import DeliveryGroup, EventGroup, MatterGroup
from schemas.records import Direction
from services.domain.ledger import Counted, figures_of, ledger_of, span_of
from services.ports import Snapshot
from tests import recount
from tests.contract.store.kinds import KINDS, opened
from tests.contract.store.samples import US, at
from tests.property.adapters.operations import Work, works

SINCE, UNTIL = at(-1_000_000), at(1_000_000)


def _spread(counted: "Counter[Any]", groups: list[Any]) -> bool:
    """Whether groups, each with its count, are what was counted one by one."""
    told: Counter[Any] = Counter()
    for one in groups:
        told[replace(one, count=1)] += one.count
    return told == counted and len(told) == len(groups)


def _compared(snapshot: Snapshot) -> tuple[list[EventGroup], list[DeliveryGroup], list[MatterGroup]]:
    for since, until in ((SINCE, UNTIL), (at(20), at(60)), (at(5), at(5))):
        events, deliveries = snapshot.ledger.events(since, until), snapshot.ledger.deliveries(since, until)
        assert _spread(recount.event_groups(snapshot, since, until), events)
        assert _spread(recount.delivery_groups(snapshot, since, until), deliveries)
        assert _spread(recount.matter_groups(snapshot, since, until), snapshot.ledger.matters(since, until))
    found = snapshot.ledger
    return found.events(SINCE, UNTIL), found.deliveries(SINCE, UNTIL), found.matters(SINCE, UNTIL)


def _figures(snapshot: Snapshot) -> None:
    """The figures put together from groups are those of everything sorted at once."""
    every = list(recount.delivery_groups(snapshot, SINCE, UNTIL).elements())
    figures = figures_of(snapshot.ledger.deliveries(SINCE, UNTIL))
    out = [one for one in every if one.direction is Direction.OUTGOING]
    came = [one for one in every if one.direction is Direction.INCOMING]
    assert (figures.sent, figures.received) == (len(out), len(came))
    assert figures.stored == recount.waits(one.stored_seconds for one in out)
    assert figures.acknowledged == recount.waits(one.acknowledged_seconds for one in out)
    assert figures.received_acknowledged == recount.waits(one.acknowledged_seconds for one in came)
    assert figures.refused == sum(one.refused for one in out)


@pytest.mark.timeout(300)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=st.lists(works(), min_size=1, max_size=8))
def test_an_aggregate_is_not_what_the_raw_events_say(history: list[Work]) -> None:
    """Receipts, refusals, early links, erasures, cases, courses, threads: counted by SQL and one by one."""

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            told = []
            for kind in KINDS:
                async with opened(kind, Path(folder)) as store:
                    await asyncio.gather(*(store.write(work) for work in history), return_exceptions=True)
                    told.append(await store.read(_compared))
                    await store.read(_figures)
            assert told[0] == told[1]

    asyncio.run(run())


_groups = st.builds(
    DeliveryGroup,
    month=st.sampled_from(("2026-01", "2026-02")),
    direction=st.sampled_from(Direction),
    partner=st.sampled_from(("522722", "522728")),
    wire_type=st.sampled_from(("cn.sihu.information.alert_issued.v1", "cn.sihu.outreach.material_shared.v1")),
    drill=st.booleans(),
    stored_seconds=st.none() | st.integers(0, 50),
    acknowledged_seconds=st.none() | st.integers(0, 50),
    refused=st.booleans(),
    count=st.integers(1, 20),
)


@settings(max_examples=200, deadline=None)
@given(groups=st.lists(_groups, max_size=30))
def test_the_parts_of_a_ledger_do_not_add_up(groups: list[DeliveryGroup]) -> None:
    """Partners, mutuals and months each add up to the whole, and drills are in none of them."""
    first = at(0).date()
    counted = Counted([], groups, [])
    ledger = ledger_of(counted, county=US, first=first, last=first + timedelta(days=9), now=at(0))
    real = [one for one in groups if not one.drill]
    for parts in (ledger.by_partner, ledger.by_mutual, ledger.by_month):
        assert sum(one.figures.sent for one in parts) == ledger.total.sent
        assert sum(one.figures.received for one in parts) == ledger.total.received
        assert sum(one.figures.stored.count for one in parts) == ledger.total.stored.count
    assert ledger.total.sent + ledger.total.received == sum(one.count for one in real)
    spread = [one.stored_seconds for one in real if one.direction is Direction.OUTGOING for _ in range(one.count)]
    assert ledger.total.stored == recount.waits(spread)


def test_a_period_begins_at_midnight_elsewhere() -> None:
    """Days are those of Beijing: from 16:00 UTC of the day before."""
    begin, end = span_of(at(0).date(), at(0).date())
    assert (begin.isoformat(), end - begin) == ("2026-03-02T16:00:00+00:00", timedelta(days=1))
