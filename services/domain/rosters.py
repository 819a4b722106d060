"""Who is on duty? The plan, with everything that was recorded laid over it.

For every tier the first of these that says something decides:

1. a *temporary plan* in force that has a layer of this tier (of several the one recorded last);
2. an *override* or an imported shift (each changes what the one before it left, so the last one has the last word);
3. a *swap*;
4. the *layers* of the plan, the last one in the file that counts now.

Overrides and swaps belong to the ordinary roster unless they name the temporary plan that they change; within a
temporary plan the same order holds again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from schemas.base import BEIJING
from schemas.calendars import Workdays
from schemas.pages import Medium, Recipient, Tier
from schemas.rosters import (
    Change,
    Contact,
    ContactNumber,
    DutyShift,
    HandoverNote,
    Import,
    Layer,
    OfficeContact,
    Override,
    RosterPlan,
    Swap,
    TemporaryPlan,
)
from services.domain.duty_turns import borders, turn_at

TIERS: Final = (Tier.PRIMARY, Tier.SECONDARY, Tier.LEADER)
"""Those that persons take turns in."""


@dataclass(frozen=True, slots=True)
class Move:
    """In a span, ``officer`` stands where ``replaces`` stood (None: whoever stood there)."""

    starts_at: datetime
    ends_at: datetime
    tier: Tier | None
    replaces: str | None
    officer: str

    def covers(self, tier: Tier, at: datetime) -> bool:
        """Tell whether it speaks of this tier at this moment."""
        return self.starts_at <= at < self.ends_at and self.tier in {None, tier}


@dataclass(frozen=True, slots=True)
class Stand:
    """One record, or one shift of an import, as it counts: of its moves the first that fits is made.

    Attributes:
        rank: 0 a swap, 1 an override; a swap is made first.
        number: Place among all records, from 1.
        revision: Place of the last record that touched it, its withdrawal for one.
        plan: Record of the temporary plan that it changes; empty for the ordinary roster.
        until: When it was withdrawn.
    """

    rank: int
    number: int
    revision: int
    plan: str
    until: datetime | None
    record: str
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Replacement:
    """A temporary plan as it counts; ``until`` is when it was withdrawn."""

    plan: TemporaryPlan
    revision: int
    until: datetime | None

    def covers(self, tier: Tier, at: datetime) -> bool:
        """Tell whether it stands instead of the ordinary layers of a tier at a moment."""
        is_now = self.plan.starts_at <= at < self.plan.ends_at and (self.until is None or at < self.until)
        return is_now and any(layer.tier is tier for layer in self.plan.layers)


@dataclass(frozen=True, slots=True)
class Roster:
    """The plan and its changes, as known at one moment.

    Attributes:
        plan: With what is known of each number.
        version: How many texts of the plan there were, this one included.
        stands: Overrides, swaps and imports by every Beijing date that they touch, in the order in which they count.
        replacements: Temporary plans, in the order in which they were recorded.
        notes: What was handed over, the oldest first.
    """

    plan: RosterPlan
    version: int = 1
    stands: Mapping[date, tuple[Stand, ...]] = field(default_factory=dict)
    replacements: tuple[Replacement, ...] = ()
    notes: tuple[HandoverNote, ...] = ()

    def contact(self, officer: str) -> Contact | None:
        """Return an officer of the roster, or None."""
        return next((one for one in self.plan.contacts if one.officer == officer), None)

    def display(self, officer: str | None) -> str:
        """Name an officer as the desk does; the id if the roster has no such contact."""
        found = self.contact(officer) if officer else None
        return found.display if found else officer or "–"


def numbers_of(plan: RosterPlan) -> Iterator[tuple[str, ContactNumber]]:
    """Yield every number of a plan with its owner, officers' first, then offices'."""
    for contact in plan.contacts:
        yield from ((contact.officer, one) for one in contact.numbers)
    for office in plan.offices:
        yield from ((office.office, one) for one in office.numbers)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who stands in a tier; ``turn`` says by what."""

    officer: str | None
    turn: str


def on_duty(roster: Roster, at: datetime, workdays: Workdays) -> tuple[Recipient, ...]:
    """Return who is on duty and how they are reached, in the order in which an escalation climbs.

    A person whom nobody can call has no address: he counts as not there, though the table shows him. Everybody else
    has the console as his last one. The duty office and the superior's duty room are always there.

    Args:
        roster: As known at ``at`` for the past, else as known now.
        at: Aware; any moment, past or future.
        workdays: The county's days.
    """
    held = [(tier, holder_at(roster, tier, at, workdays).officer) for tier in TIERS]
    persons = [_recipient(roster, officer, tier) for tier, officer in held if officer is not None]
    return (*persons, *(_office(office) for tier in (Tier.OFFICE, Tier.SUPERIOR) for office in _of(roster, tier)))


def recipient_of(roster: Roster, name: str, tier: Tier = Tier.PRIMARY) -> Recipient | None:
    """Return an officer or an office of the roster, on duty or not, and how it is reached; None if it is not there.

    Args:
        roster: As known now.
        name: Officer or office.
        tier: What an officer is told as; an office has its own.
    """
    if roster.contact(name) is not None:
        return _recipient(roster, name, tier)
    return next((_office(one) for one in roster.plan.offices if one.office == name), None)


def _of(roster: Roster, tier: Tier) -> Iterator[OfficeContact]:
    return (office for office in roster.plan.offices if office.tier is tier)


def _recipient(roster: Roster, officer: str, tier: Tier) -> Recipient:
    contact = roster.contact(officer)
    found = _addresses(contact.numbers) if contact else ()
    # Only beside a number: on a console that nobody looks at, an officer without one would look like coverage.
    has_console = contact is not None and (contact.console_only or found)
    console = ((Medium.CONSOLE, officer),) if has_console else ()
    sleeps = contact is None or contact.quiet_hours
    return Recipient(officer, roster.display(officer), tier, (*found, *console), sleeps)


def _office(office: OfficeContact) -> Recipient:
    return Recipient(office.office, office.display, office.tier, _addresses(office.numbers))


def _addresses(numbers: tuple[ContactNumber, ...]) -> tuple[tuple[Medium, str], ...]:
    return tuple((one.medium, one.address) for one in numbers if one.counts)


def holder_at(roster: Roster, tier: Tier, at: datetime, workdays: Workdays) -> Holder:
    """Return who stands in one tier at one moment.

    Args:
        roster: The plan and its changes.
        tier: Primary, secondary or leader.
        at: Aware.
        workdays: The county's days.
    """
    replacement = _replacement(roster, tier, at)
    plan = replacement.plan.id if replacement else ""
    layers = replacement.plan.layers if replacement else roster.plan.layers
    holder = _by_layers(layers, tier, at, workdays, plan)
    for stand in roster.stands.get(at.astimezone(BEIJING).date(), ()):
        if stand.plan == plan and (stand.until is None or at < stand.until):
            holder = _moved(holder, stand, tier, at)
    return holder


def _replacement(roster: Roster, tier: Tier, at: datetime) -> Replacement | None:
    return next((one for one in reversed(roster.replacements) if one.covers(tier, at)), None)


def _by_layers(layers: tuple[Layer, ...], tier: Tier, at: datetime, workdays: Workdays, plan: str) -> Holder:
    for layer in reversed(layers):
        if layer.tier is tier and (turn := turn_at(layer, at, workdays)):
            return Holder(turn.officer, f"{plan}:{layer.name}:{turn.number}")
    return Holder(None, "")


def _moved(holder: Holder, stand: Stand, tier: Tier, at: datetime) -> Holder:
    for move in stand.moves:
        if move.covers(tier, at) and move.replaces in {None, holder.officer}:
            return Holder(move.officer, holder.turn or f"record:{stand.record}")
    return holder


def shifts(roster: Roster, starts_at: datetime, ends_at: datetime, workdays: Workdays) -> tuple[DutyShift, ...]:
    """Return who stands in each tier of persons throughout a span, tier by tier in the order of time.

    A stretch ends where the person or the turn changes, and at the ends of the span; a tier that no layer of the plan
    has is left out.

    Args:
        roster: The plan and its changes.
        starts_at: Aware.
        ends_at: Aware, not included.
        workdays: The county's days.
    """
    marks = sorted({starts_at, *_borders(roster, starts_at, ends_at)})
    found: list[DutyShift] = []
    for tier in TIERS:
        held = [(mark, holder_at(roster, tier, mark, workdays)) for mark in marks]
        if _is_used(roster, tier) or any(holder.officer for _, holder in held):
            found += _joined(tier, held, ends_at)
    return tuple(_revised(roster, shift) for shift in found)


def _is_used(roster: Roster, tier: Tier) -> bool:
    return tier is not Tier.LEADER or any(layer.tier is tier for layer in roster.plan.layers)


def _joined(tier: Tier, held: list[tuple[datetime, Holder]], ends_at: datetime) -> list[DutyShift]:
    joined: list[DutyShift] = []
    ends = [mark for mark, _ in held[1:]] + [ends_at]
    for (mark, holder), end in zip(held, ends, strict=True):
        last = joined[-1] if joined else None
        if last and (last.officer, last.turn) == (holder.officer, holder.turn):
            joined[-1] = DutyShift(tier, holder.officer, last.starts_at, end, holder.turn)
        else:
            joined.append(DutyShift(tier, holder.officer, mark, end, holder.turn))
    return joined


def _borders(roster: Roster, starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    for layer in roster.plan.layers:
        yield from borders(layer, starts_at, ends_at)
    for one in roster.replacements:
        inside = max(starts_at, one.plan.starts_at), min(ends_at, one.plan.ends_at)
        if inside[0] < inside[1]:
            for layer in one.plan.layers:
                yield from borders(layer, *inside)
        yield from _within((one.plan.starts_at, one.plan.ends_at, one.until), starts_at, ends_at)
    for stand in _stands(roster, starts_at, ends_at):
        edges = [edge for move in stand.moves for edge in (move.starts_at, move.ends_at)]
        yield from _within((*edges, stand.until), starts_at, ends_at)


def _within(moments: tuple[datetime | None, ...], starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    return (one for one in moments if one is not None and starts_at < one < ends_at)


def _stands(roster: Roster, starts_at: datetime, ends_at: datetime) -> set[Stand]:
    """Return what touches a span, its ends included."""
    day, last = (moment.astimezone(BEIJING).date() for moment in (starts_at, ends_at))
    days = (day + timedelta(days=number) for number in range((last - day).days + 1))
    return {stand for one in days for stand in roster.stands.get(one, ())}


def _revised(roster: Roster, shift: DutyShift) -> DutyShift:
    """Number a stretch by the last record that touches it, even at its end only: that one may have cut it."""
    touching = [
        stand.revision
        for stand in _stands(roster, shift.starts_at, shift.ends_at)
        if any(move.starts_at <= shift.ends_at and move.ends_at > shift.starts_at for move in stand.moves)
    ]
    touching += [
        one.revision
        for one in roster.replacements
        if one.plan.starts_at <= shift.ends_at and one.plan.ends_at > shift.starts_at
    ]
    revision = roster.version - 1 + max(touching, default=0)
    return DutyShift(shift.tier, shift.officer, shift.starts_at, shift.ends_at, shift.turn, revision)


def moves_of(change: Change) -> tuple[tuple[Move, ...], ...]:
    """Return what a record changes about who stands where, one group for each ``Stand``; nothing for any other kind."""
    match change:
        case Override():
            return ((Move(change.starts_at, change.ends_at, change.tier, change.replaces, change.officer),),)
        case Import():
            return tuple((Move(one.starts_at, one.ends_at, one.tier, None, one.officer),) for one in change.shifts)
        case Swap():
            first, second = change.first_span, change.second_span
            there = Move(first.starts_at, first.ends_at, None, change.first, change.second)
            return ((there, Move(second.starts_at, second.ends_at, None, change.second, change.first)),)
        case _:
            return ()
