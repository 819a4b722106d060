"""Lanes, destinations, receipt ranges and deadlines: how an envelope gets there, and by when.

Source: docs/decisions/0006-carry-events-over-jetstream.md, docs/protocol.md, section "Receipts".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from schemas.agreements import Agreement
from schemas.control import ReceiptStage
from schemas.envelope import Header
from schemas.ids import CountyCode
from schemas.records import Watch
from schemas.subjects import Lane, Subject

URGENT_PRIORITY: Final = 1
PAGED_LEVEL: Final = 2
STORED_SECONDS: Final = 60
ACKNOWLEDGED_MINUTES: Final = {1: 10, 2: 15, 3: 30, 4: 60}
RECEIPT_RANGE_MAX: Final = 100


def lane_of(priority: int) -> Lane:
    """Priorities 0 and 1 overtake."""
    return Lane.URGENT if priority <= URGENT_PRIORITY else Lane.NORMAL


def subjects_for(header: Header, lane: Lane, agreement: Agreement | None) -> tuple[str, ...]:
    """Return the subjects to publish on: one for all parties, else one copy per recipient."""
    source = CountyCode(header.source)
    if len(header.to) > 1 and agreement is not None and {*header.to, header.source} == set(agreement.parties):
        return (str(Subject(source, lane, f"_{agreement.id}", header.type)),)
    return tuple(str(Subject(source, lane, county, header.type)) for county in header.to)


def carries(subject: Subject, header: Header, county: str) -> bool:
    """Tell whether a subject is one on which this header may reach ``county``.

    In the lane of repairs also another member of its audience may hand on the unchanged bytes.
    """
    handed_on = subject.lane is Lane.REPAIR and subject.source in header.to
    return (
        (subject.source == header.source or handed_on)
        and subject.wire_type == header.type
        and subject.destination in {county, f"_{header.agreement_id}"}
    )


@dataclass(frozen=True, slots=True)
class Range:
    """Sequences ``first``…``last`` of one chain, and the envelope id at ``last``."""

    first: int
    last: int
    head: str


def ranges(links: Iterable[tuple[int, str]], most: int = RECEIPT_RANGE_MAX) -> list[Range]:
    """Fold (sequence, envelope id) pairs of one chain, ascending, into contiguous ranges of at most ``most``."""
    found: list[Range] = []
    for seq, envelope_id in links:
        last = found[-1] if found else None
        if last is not None and seq == last.last + 1 and seq - last.first < most:
            found[-1] = Range(last.first, seq, envelope_id)
        else:
            found.append(Range(seq, seq, envelope_id))
    return found


def acknowledge_by(agreement: Agreement, level: int | None, now: datetime) -> datetime | None:
    """Return the default deadline of an alert; other events have none."""
    if level is None:
        return None
    agreed = next((d.acknowledged_minutes for d in agreement.deadlines if d.level == level), None)
    return now + timedelta(minutes=agreed or ACKNOWLEDGED_MINUTES[level])


def watches_for(
    header: Header, *, envelope_id: str, chain_number: int, level: int | None, agreement: Agreement, now: datetime
) -> Sequence[Watch]:
    """Return the deadlines that the source itself watches: levels 1–2 only.

    Without *stored* in 60 s (or what the agreement says), or without *acknowledged* by the deadline, the source's own
    duty officer is told, for a silent neighbour must never be just a line on a board.
    """
    if level is None or level > PAGED_LEVEL:
        return ()
    agreed = next((d.stored_seconds for d in agreement.deadlines if d.level == level), STORED_SECONDS)
    due = {ReceiptStage.STORED: now + timedelta(seconds=agreed), ReceiptStage.ACKNOWLEDGED: header.acknowledge_by}
    return [
        Watch(envelope_id, chain_number, header.seq, county, stage, at, level)
        for county in header.to
        for stage, at in due.items()
        if at is not None
    ]
