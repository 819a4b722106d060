"""A roster as it is shown: who is on duty at a moment and until when, and which records still have something ahead."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from schemas.pages import Recipient, Tier
from schemas.rosters import (
    Change,
    Finding,
    HandoverNote,
    Import,
    NumberMark,
    Override,
    Swap,
    TemporaryPlan,
    Withdrawal,
)
from services.domain.coverage import AHEAD, MUST_STAND, gaps
from services.domain.roster_files import RosterHistory
from services.domain.rosters import Roster, on_duty, shifts

_LOOK_AHEAD: Final = timedelta(days=35)
"""A turn that goes on for longer is shown to end then."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody on duty, or an office, which has no end."""

    recipient: Recipient
    until: datetime | None


@dataclass(frozen=True, slots=True)
class DutyAt:
    """Who is on duty at a moment.

    Attributes:
        roster: What it was read from.
        people: In the order in which an escalation climbs, offices last.
        missing: Tiers in which somebody must stand and nobody does.
        note: What was handed over last by then.
    """

    at: datetime
    roster: Roster
    people: tuple[Standing, ...]
    missing: tuple[Tier, ...]
    note: HandoverNote | None


def duty_at(history: RosterHistory, at: datetime, now: datetime, *, hindsight: bool = False) -> DutyAt:
    """Return who is on duty at a moment of the past, now, or of the future.

    Args:
        history: Everything that is known.
        at: Aware.
        now: Aware.
        hindsight: Of the past: also by what was recorded only afterwards, instead of what was known then.
    """
    roster = history.latest if hindsight or at >= now else history.as_of(at)
    found = on_duty(roster, at, history.workdays)
    ahead = shifts(roster, at, at + _LOOK_AHEAD, history.workdays)
    ends = {one.tier: one.ends_at for one in reversed(ahead)}
    standing = {one.tier for one in found}
    return DutyAt(
        at=at,
        roster=roster,
        people=tuple(Standing(one, ends.get(one.tier)) for one in found),
        missing=tuple(tier for tier in MUST_STAND if tier not in standing),
        note=next((one for one in reversed(roster.notes) if one.recorded_at <= at), None),
    )


def withdrawn(history: RosterHistory) -> frozenset[str]:
    """Return the ids of the records that were withdrawn."""
    return frozenset(one.record for one in history.changes if isinstance(one, Withdrawal))


def still_ahead(history: RosterHistory, now: datetime) -> tuple[Change, ...]:
    """Return the overrides, swaps, temporary plans and imports that count and have not ended, as they were recorded."""
    gone = withdrawn(history)
    return tuple(
        one for one in history.changes if one.id not in gone and any(end > now for _, end in _spans_of(one, ()))
    )


def new_gaps(
    before: RosterHistory, after: RosterHistory, changes: Iterable[Change], now: datetime
) -> tuple[Finding, ...]:
    """Return what is missing from now on, in the days that records touch, and was not missing before them.

    Args:
        before: Without the records.
        after: With them.
        changes: The records.
        now: Aware.
    """
    found: dict[Finding, None] = {}
    for start, end in {span for one in changes for span in (*_spans_of(one, before.changes), *_of_mark(one, now))}:
        if end > now:
            span = max(start, now), end
            known = set(gaps(before.latest, *span, before.workdays))
            found |= {one: None for one in gaps(after.latest, *span, after.workdays) if one not in known}
    return tuple(sorted(found, key=lambda one: (one.starts_at, one.code)))


def is_idle(before: RosterHistory, after: RosterHistory, changes: Iterable[Change]) -> bool:
    """Tell whether records that should change who stands where change nobody's turn: whom they name is not there.

    Args:
        before: Without the records.
        after: With them.
        changes: The records.
    """
    spans = {span for one in changes for span in _spans_of(one, before.changes)}
    return bool(spans) and all(_turns(before, span) == _turns(after, span) for span in spans)


def _turns(history: RosterHistory, span: tuple[datetime, datetime]) -> list[tuple[object, ...]]:
    found = shifts(history.latest, *span, history.workdays)
    return [(one.tier, one.officer, one.starts_at, one.ends_at) for one in found]


def _spans_of(change: Change, earlier: Iterable[Change]) -> Iterator[tuple[datetime, datetime]]:
    """Yield the days that a record touches; those of a withdrawal are those of what it withdraws."""
    match change:
        case Override() | TemporaryPlan():
            yield change.starts_at, change.ends_at
        case Swap():
            yield change.first_span.starts_at, change.first_span.ends_at
            yield change.second_span.starts_at, change.second_span.ends_at
        case Import():
            yield min(one.starts_at for one in change.shifts), max(one.ends_at for one in change.shifts)
        case Withdrawal():
            for one in earlier:
                if one.id == change.record:
                    yield from _spans_of(one, ())
        case _:
            return


def _of_mark(change: Change, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    if isinstance(change, NumberMark):
        yield now, now + AHEAD
