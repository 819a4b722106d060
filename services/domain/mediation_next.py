"""What may come next in a case, and why not; and its days.

Source: docs/mediation.md, section "What may come next"
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from schemas.base import BEIJING
from schemas.calendars import Workdays
from schemas.cases import ENTRIES_MAX, CaseAct, CaseRow, CaseStage, Confirmation
from schemas.errors import Fault
from schemas.governance.mediation_parts import DisputeKind
from services.domain.mediation import GATES, OPEN
from services.domain.mediation_rules import judge_standing
from services.domain.mediation_state import CaseState
from services.domain.mediation_terms import RuleCode, judge_last_day, last_day, rule_at, term_of, warnings_of
from services.domain.mediation_thread import CaseFile
from services.domain.workdays import no_data

_RUNNING: Final = (*OPEN[1:], CaseStage.SUSPENDED)
_BOUND: Final = (CaseStage.IN_FORCE, CaseStage.PERFORMING, CaseStage.BREACHED, CaseStage.URGED)
_SPLIT: Final = Fault(
    "case.link_split", "type", "it is not known what the other county has written: wait until its node is heard again"
)
_WAITING: Final = Fault(
    "case.entries_missing", "type", "entries of this case are not here yet that others of it follow: wait for them"
)
_FULL: Final = Fault("case.full", "type", f"a case has {ENTRIES_MAX} entries at most: register a new one")


@dataclass(frozen=True, slots=True)
class Option:
    """An act and whether it may come next; ``fault`` says why not."""

    act: CaseAct
    gate: bool
    fault: Fault | None


class DayKind(StrEnum):
    """What a day is for."""

    REMINDER = "reminder"
    LIMIT = "limit"
    CONFIRMATION = "confirmation"
    DUTY = "duty"


@dataclass(frozen=True, slots=True)
class CaseDay:
    """One day of a case.

    Attributes:
        item_no: Of the duty, None for every other kind.
        passed: The day is over.
    """

    kind: DayKind
    on: date
    source: str
    item_no: int | None
    passed: bool


def options(file: CaseFile, county: str, *, today: date, heard: bool) -> tuple[Option, ...]:
    """Return every act, and why it may not come next.

    Args:
        file: The case.
        county: Who would write.
        today: In Beijing.
        heard: Whether everything that the other county has sent is here, by its own word, and that word is fresh.
    """
    acts = (act for act in CaseAct if act not in (CaseAct.REGISTERED, CaseAct.PERFORMANCE_COMPLETED))
    return tuple(Option(act, act in GATES, judge_next(file, act, county, today=today, heard=heard)) for act in acts)


def judge_next(file: CaseFile, act: CaseAct, county: str, *, today: date, heard: bool) -> Fault | None:
    """Tell why an act may not come next in a case, whatever it said; arguments as of ``options``."""
    if len(file.story) + len(file.waiting) >= ENTRIES_MAX:
        return _FULL
    if act in GATES and file.waiting:
        return _WAITING
    if act in GATES and not heard:
        return _SPLIT
    return judge_standing(file.state, act, county, today)


def days_of(state: CaseState, today: date) -> tuple[CaseDay, ...]:
    """Return the days that a case has before it or has let pass, in order."""
    days: list[CaseDay] = []
    if state.stage in _RUNNING and state.began_on is not None and state.limit is not None:
        source = rule_at(RuleCode.ONE_MONTH, state.began_on).source
        extended = judge_last_day(state.limit, state.began_on, term_of(RuleCode.ONE_MONTH, state.began_on), "")
        warned = () if extended else (day for day in warnings_of(state.began_on) if day < state.limit)
        days += [CaseDay(DayKind.REMINDER, day, source, None, day < today) for day in warned]
        days.append(CaseDay(DayKind.LIMIT, state.limit, source, None, state.limit < today))
    if state.confirm_by is not None and state.confirmation is Confirmation.NONE and state.stage in _BOUND:
        source = rule_at(RuleCode.CONFIRMATION, state.in_force_on or today).source
        days.append(CaseDay(DayKind.CONFIRMATION, state.confirm_by, source, None, state.confirm_by < today))
    if state.stage in _BOUND:
        source = rule_at(RuleCode.FOLLOW_UP, today).source
        owed = (one for one in state.items if one.no not in state.done)
        days += [CaseDay(DayKind.DUTY, one.due_on, source, one.no, one.due_on < today) for one in owed]
    return tuple(sorted(days, key=lambda one: (one.on, one.kind.value, one.item_no or 0)))


def reminders(state: CaseState, today: date) -> tuple[CaseDay, ...]:
    """Return what an officer must be told of today: reminders reached, and last days that are near or over."""
    near = today + timedelta(days=3)
    return tuple(one for one in days_of(state, today) if one.on <= (today if one.kind is DayKind.REMINDER else near))


def proposed_days(today: date, workdays: Workdays) -> dict[str, date]:
    """Return the last days that events of today would set, moved to workdays of the county."""
    return {
        "due_on": last_day(today, term_of(RuleCode.ONE_MONTH, today), workdays),
        "confirm_by": last_day(today, term_of(RuleCode.CONFIRMATION, today), workdays),
    }


def lacking_tables(days: Iterable[date], workdays: Workdays, now: datetime) -> tuple[str, ...]:
    """Return one line for each year that a day lies in and for which there is no table of days off."""
    end = max((datetime(day.year, day.month, day.day, tzinfo=BEIJING) for day in days), default=now)
    return tuple(one.text for one in no_data(workdays, min(now, end), max(now, end) + timedelta(days=1)))


def row_of(file: CaseFile, *, agreement_id: str, counties: tuple[str, ...], changed_at: datetime) -> CaseRow:
    """Return a case as a line of the list.

    Args:
        file: The case.
        agreement_id: Under which agreement it is written.
        counties: Sender and addressed of its newest entry: the two, also while the registration is not here.
        changed_at: When that was recorded here.
    """
    state = file.state
    due = [one.on for one in days_of(state, date.min) if one.kind is not DayKind.REMINDER]
    begun = next((one.entry for one in file.story if one.entry.envelope_id == file.case_id), None)
    return CaseRow(
        case_id=file.case_id,
        agreement_id=agreement_id,
        counties=state.counties or tuple(sorted(counties)),
        lead=state.lead,
        stage=state.stage,
        confirmation=state.confirmation,
        due_on=min(due, default=None),
        entries=len(file.story) + len(file.waiting),
        changed_at=changed_at,
        kind=(state.dispute or DisputeKind.OTHER).value if begun else "",
        outcome=(state.outcome or state.stage).value if begun else "",
        opened_at=begun.time if begun else None,
    )
