"""A roster as it is shown: who is on duty at a moment and until when, and which records still have something ahead."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from schemas.pages import Recipient, Tier
from schemas.rosters import Change, HandoverNote, Import, Override, Swap, TemporaryPlan, Withdrawal
from services.domain.coverage import MUST_STAND
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
    return tuple(one for one in history.changes if one.id not in gone and _ends(one, now) > now)


def _ends(change: Change, now: datetime) -> datetime:
    match change:
        case Override() | TemporaryPlan():
            return change.ends_at
        case Swap():
            return max(change.first_span.ends_at, change.second_span.ends_at)
        case Import():
            return max(one.ends_at for one in change.shifts)
        case _:
            return now
