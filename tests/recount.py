"""The ledger counted once more, from raw events one by one: what every aggregate is compared with."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from schemas.base import BEIJING, Status
from schemas.control import TAKING_STAGES
from schemas.courses import CourseKind
from schemas.ledgers import DeliveryGroup, EventGroup, MatterGroup, Waits
from schemas.records import Direction, StoredEvent
from schemas.threads import Family
from services.ports import Snapshot

EVERY = 1 << 20
_EARLY, _LATE = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_Matter = tuple[datetime | None, str, str, str, list[tuple[str, str]]]


def events_of(snapshot: Snapshot, since: datetime, until: datetime) -> list[StoredEvent]:
    """Every listed event that was recorded in a span."""
    page = snapshot.events(direction=None, wire_type=None, since=0, limit=EVERY)
    found = (snapshot.event(one.envelope_id) for one in page.rows if since <= one.recorded_at < until)
    return [one for one in found if one is not None]


def event_groups(snapshot: Snapshot, since: datetime, until: datetime) -> "Counter[EventGroup]":
    """How many events there are of each kind, one by one."""
    return Counter(
        EventGroup(_month(one.recorded_at), one.direction, one.envelope.header.type, _drill(one), 1)
        for one in events_of(snapshot, since, until)
    )


def delivery_groups(snapshot: Snapshot, since: datetime, until: datetime) -> "Counter[DeliveryGroup]":
    """Every delivery, one by one, from the event's own deliveries and receipts."""
    found: Counter[DeliveryGroup] = Counter()
    for one in events_of(snapshot, since, until):
        found.update(_came(snapshot, one) if one.direction is Direction.INCOMING else _sent(snapshot, one))
    return found


def _came(snapshot: Snapshot, one: StoredEvent) -> Iterable[DeliveryGroup]:
    header = one.envelope.header
    taken = [
        row.received_at
        for row in snapshot.receipts(one.envelope.envelope_id)
        if row.direction is Direction.OUTGOING and row.stage in TAKING_STAGES and row.seq == header.seq
    ]
    yield DeliveryGroup(
        _month(one.recorded_at),
        Direction.INCOMING,
        header.source,
        header.type,
        _drill(one),
        _seconds(header.time, one.recorded_at),
        _seconds(one.recorded_at, min(taken)) if taken else None,
        refused=False,
        count=1,
    )


def _sent(snapshot: Snapshot, one: StoredEvent) -> Iterable[DeliveryGroup]:
    for two in snapshot.deliveries(one.envelope.envelope_id):
        yield DeliveryGroup(
            _month(one.recorded_at),
            Direction.OUTGOING,
            two.recipient,
            one.envelope.header.type,
            _drill(one),
            None if two.stored_at is None else _seconds(one.recorded_at, two.stored_at),
            None if two.acknowledged_at is None else _seconds(one.recorded_at, two.acknowledged_at),
            refused=two.refused_code is not None,
            count=1,
        )


def matter_groups(snapshot: Snapshot, since: datetime, until: datetime) -> "Counter[MatterGroup]":
    """Every matter that was opened in a span, one by one, from the lists of each family."""
    every = {one.envelope.envelope_id: one for one in events_of(snapshot, _EARLY, _LATE)}
    return Counter(
        MatterGroup(_month(opened_at), family, kind, state, county, 1)
        for opened_at, first, family, kind, standings in _matters(snapshot)
        if opened_at is not None and since <= opened_at < until and not (first in every and _drill(every[first]))
        for county, state in standings
    )


def _matters(snapshot: Snapshot) -> "Iterator[_Matter]":
    for family in Family:
        for thread in snapshot.threads.rows(family, state=None, before=0, limit=EVERY):
            parties = [(one.county, one.state) for one in thread.parties]
            acts = snapshot.threads.acts(thread.thread, 1)
            yield (
                thread.opened_at,
                acts[0].envelope.envelope_id if acts else "",
                family.value,
                thread.kind,
                [("", thread.state), *parties],
            )
    for case in snapshot.cases.newest(open_only=False, limit=EVERY):
        told = [(county, case.outcome) for county in ("", *case.counties)]
        yield case.opened_at, case.case_id, "case", case.kind, told
    for kind in CourseKind:
        for one in snapshot.courses(kind, open_only=False, limit=EVERY):
            steps = snapshot.steps_of(kind, one.course_id)
            told = [(county, one.outcome) for county in ("", *one.counties)]
            yield one.opened_at, steps[0].envelope_id if steps else "", kind.value, one.mode, told


def waits(seconds: Iterable[int | None]) -> Waits:
    """Count, median and p90 by sorting everything."""
    known = sorted(one for one in seconds if one is not None)
    if not known:
        return Waits(0, None, None)
    return Waits(len(known), *(known[math.ceil(len(known) * share) - 1] for share in (0.5, 0.9)))


def _month(moment: datetime) -> str:
    return moment.astimezone(BEIJING).isoformat()[:7]


def _drill(one: StoredEvent) -> bool:
    return one.envelope.header.status is not Status.ACTUAL


def _seconds(begin: datetime, end: datetime) -> int:
    first, last = (one.replace(microsecond=0) for one in (begin, end))
    return max(0, round((last - first).total_seconds()))
