"""The roster as the API shows it: from what the files say to its answers; nothing is decided here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from schemas.errors import Fault
from schemas.pages import Medium, masked
from schemas.rosters import (
    Change,
    Contact,
    ContactNumber,
    DutyShift,
    Finding,
    HandoverNote,
    Import,
    NumberMark,
    Override,
    Swap,
    TemporaryPlan,
)
from services.domain.coverage import due_tests, gaps
from services.domain.duty_shown import DutyAt, Standing, duty_at, still_ahead, withdrawn
from services.domain.roster_files import RosterHistory
from services.domain.roster_words import told_of_change
from services.domain.rosters import Roster, shifts
from services.gateway.answers import FaultLine
from services.gateway.roster_answers import (
    ContactLine,
    DueTestLine,
    DutyView,
    FindingLine,
    ImportLine,
    MarkLine,
    NumberLine,
    OfficeLine,
    PlanView,
    ReachLine,
    RecordLine,
    RecordPage,
    RecordShown,
    RosterView,
    ShiftLine,
    StandingLine,
)

Spell = Callable[[str], str]
"""How an address is shown: whole, or masked."""
C = TypeVar("C", bound=Change)

_AHEAD_MOST: Final = 500
"""Records of one answer that have something ahead; far more than a county makes in a year."""
_NOTES_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer about the whole roster depends on beside the roster.

    Attributes:
        days: How far ahead gaps are looked for.
        pages_people: Whether this node tells its people.
        may_answer: Whether an officer has a credential.
    """

    now: datetime
    days: int
    spell: Spell
    pages_people: bool
    may_answer: Callable[[str], bool]


def roster_view(history: RosterHistory, faults: Iterable[Fault], asked: Asked) -> RosterView:
    """Show the roster as it is now."""
    roster, now = history.latest, asked.now
    duty = duty_at(history, now, now)
    ahead = still_ahead(history, now)
    shown = ahead[-_AHEAD_MOST:]
    found = gaps(roster, now, now + timedelta(days=asked.days), history.workdays)
    return RosterView(
        version=history.version,
        at=now,
        pages_people=asked.pages_people,
        faults=fault_lines(faults),
        contacts=tuple(_contact(roster, one, asked) for one in roster.plan.contacts),
        offices=tuple(
            OfficeLine(
                office=one.office, display=one.display, tier=one.tier, numbers=_numbers(one.numbers, asked.spell)
            )
            for one in roster.plan.offices
        ),
        layers=roster.plan.layers,
        on_duty=_people(duty, asked.spell),
        missing=duty.missing,
        overrides=_of(Override, shown),
        swaps=_of(Swap, shown),
        plans=_of(TemporaryPlan, shown),
        imports=tuple(_import(one) for one in _of(Import, shown)),
        left_out=len(ahead) - len(shown),
        notes=_notes(roster),
        findings=finding_lines(found),
        due_tests=tuple(
            DueTestLine(
                owner=one.owner,
                display=one.display,
                medium=one.number.medium,
                address=asked.spell(one.number.address),
                last_at=one.last_at,
            )
            for one in due_tests(roster, now)
        ),
        calendar_years=tuple(sorted(history.workdays.years)),
    )


def duty_view(history: RosterHistory, at: datetime, now: datetime, *, hindsight: bool, spell: Spell) -> DutyView:
    """Show who is on duty at a moment."""
    duty = duty_at(history, at, now, hindsight=hindsight)
    return DutyView(version=history.version, at=at, people=_people(duty, spell), missing=duty.missing, note=duty.note)


def shifts_of(history: RosterHistory, span: tuple[datetime, datetime], officer: str | None) -> tuple[DutyShift, ...]:
    """Return the shifts of a span by what is known now, of everybody or of one officer."""
    found = shifts(history.latest, *span, history.workdays)
    return tuple(one for one in found if officer in {None, one.officer})


def plan_view(history: RosterHistory, span: tuple[datetime, datetime], officer: str | None) -> PlanView:
    """Show who is on duty when."""
    roster = history.latest
    lines = (
        ShiftLine(
            tier=one.tier,
            officer=one.officer,
            display=roster.display(one.officer),
            starts_at=one.starts_at,
            ends_at=one.ends_at,
        )
        for one in shifts_of(history, span, officer)
    )
    return PlanView(version=history.version, starts_at=span[0], ends_at=span[1], shifts=tuple(lines))


def record_page(history: RosterHistory, limit: int, before: int | None, now: datetime) -> RecordPage:
    """Show what was recorded, the newest first."""
    gone = withdrawn(history)
    end = min(len(history.changes), (before or len(history.changes) + 1) - 1)
    start = max(0, end - limit)
    lines = [
        RecordLine(
            number=number,
            withdrawn=one.id in gone,
            text=told_of_change(one, history.latest, now),
            record=_record(one),
        )
        for number, one in enumerate(history.changes[start:end], start + 1)
    ]
    return RecordPage(version=history.version, records=tuple(reversed(lines)), next_before=start + 1 if start else None)


def finding_lines(found: Iterable[Finding]) -> tuple[FindingLine, ...]:
    """Show what is missing."""
    return tuple(FindingLine.model_validate(one, from_attributes=True) for one in found)


def fault_lines(faults: Iterable[Fault]) -> tuple[FaultLine, ...]:
    """Show what is wrong."""
    return tuple(FaultLine(code=one.code, field=one.field, mend=one.mend) for one in faults)


def _contact(roster: Roster, one: Contact, asked: Asked) -> ContactLine:
    tiers = dict.fromkeys(layer.tier for layer in roster.plan.layers if one.officer in layer.members)
    return ContactLine(
        officer=one.officer,
        display=one.display,
        tiers=tuple(tiers),
        numbers=_numbers(one.numbers, asked.spell),
        quiet_hours=one.quiet_hours,
        console_only=one.console_only,
        may_answer=asked.may_answer(one.officer),
    )


def _numbers(numbers: Iterable[ContactNumber], spell: Spell) -> tuple[NumberLine, ...]:
    return tuple(
        NumberLine(
            medium=one.medium,
            address=spell(one.address),
            verified_at=one.verified_at,
            tested_at=one.tested_at,
            opted_out_at=one.opted_out_at,
            counts=one.counts,
        )
        for one in numbers
    )


def _people(duty: DutyAt, spell: Spell) -> tuple[StandingLine, ...]:
    return tuple(_standing(one, spell) for one in duty.people)


def _standing(standing: Standing, spell: Spell) -> StandingLine:
    one = standing.recipient
    reached = (
        ReachLine(medium=medium, address="" if medium is Medium.CONSOLE else spell(address))
        for medium, address in one.addresses
    )
    return StandingLine(
        tier=one.tier, officer=one.officer, display=one.display, until=standing.until, reached_by=tuple(reached)
    )


def _of(kind: type[C], changes: Iterable[Change]) -> tuple[C, ...]:
    return tuple(one for one in changes if isinstance(one, kind))


def _notes(roster: Roster) -> tuple[HandoverNote, ...]:
    return roster.notes[-_NOTES_MOST:][::-1]


def _import(one: Import) -> ImportLine:
    return ImportLine(
        id=one.id,
        recorded_at=one.recorded_at,
        recorded_by=one.recorded_by,
        source=one.source,
        shifts=len(one.shifts),
        starts_at=min(shift.starts_at for shift in one.shifts),
        ends_at=max(shift.ends_at for shift in one.shifts),
    )


def _mark(one: NumberMark) -> MarkLine:
    return MarkLine(
        id=one.id,
        recorded_at=one.recorded_at,
        recorded_by=one.recorded_by,
        owner=one.owner,
        medium=one.medium,
        address=masked(one.address),
        mark=one.mark,
    )


def _record(one: Change) -> RecordShown:
    if isinstance(one, Import):
        return _import(one)
    return _mark(one) if isinstance(one, NumberMark) else one
