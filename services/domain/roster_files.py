"""A roster's files as values: the plan's texts, the records of what changed, and the roster that they make together.

``roster.toml`` is written by people and holds the plan. What commands change is one JSON object a line in a file for
each year, appended and never edited: a crash leaves at most a last line without its end, which does not count. Every
text of the plan that was in force is kept with the time since when, so that the past stays answerable.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Final

from pydantic import ValidationError

from schemas.base import BEIJING
from schemas.calendars import Workdays
from schemas.errors import Fault
from schemas.faults import MAX_FAULTS, faults_of
from schemas.rosters import (
    CHANGES,
    RECORDS_MAX_BYTES,
    ROSTER_MAX_BYTES,
    Change,
    ContactNumber,
    HandoverNote,
    Mark,
    NumberMark,
    Override,
    RosterPlan,
    RosterTexts,
    Swap,
    TemporaryPlan,
    Withdrawal,
)
from services.domain.encoding import digest_of, length_prefixed
from services.domain.rosters import Replacement, Roster, Stand, moves_of, numbers_of
from services.domain.toml_files import read_toml
from services.domain.workdays import read_workdays

ROSTER_FILE: Final = "roster.toml"
_AS_FIELD: Final = {
    Mark.VERIFIED: "verified_at",
    Mark.TESTED: "tested_at",
    Mark.OPTED_OUT: "opted_out_at",
}
_VERSION_LENGTH: Final = 32
_MARKS = Mapping[tuple[str, str, str], Mapping[str, datetime]]


@dataclass(frozen=True, slots=True)
class RosterHistory:
    """Everything the files say.

    Attributes:
        plans: Since when, and the plan; the oldest first, at least one.
        changes: Every record in the order in which it was written.
        workdays: The county's days.
        latest: The roster as known after all of it.
        version: 32 hex digits that are others as soon as plan, records or days are; a writer names those it saw.
    """

    plans: tuple[tuple[datetime, RosterPlan], ...]
    changes: tuple[Change, ...]
    workdays: Workdays
    latest: Roster
    version: str = field(default="", compare=False)

    def as_of(self, moment: datetime) -> Roster:
        """Return the roster as it was known at a moment, aware: what was recorded later is left out."""
        known = tuple(change for change in self.changes if change.recorded_at <= moment)
        plans = [plan for since, plan in self.plans if since <= moment] or [self.plans[0][1]]
        if len(known) == len(self.changes) and len(plans) == len(self.plans):
            return self.latest
        return fold(plans[-1], known, version=len(plans))


def read_history(texts: RosterTexts, county: str) -> RosterHistory | tuple[Fault, ...]:
    """Return what the files say, or everything that is wrong with them.

    An older text of the plan that no longer reads is passed over: the newest decides what is in force.

    Args:
        texts: As they were read.
        county: Division code of this county; the plan of another is refused.
    """
    workdays = read_workdays(texts.calendars, county)
    plan = read_plan(texts.plans[-1].text, county)
    changes, faults = read_changes(texts.records)
    wrong = [*(workdays if isinstance(workdays, tuple) else ()), *(plan if isinstance(plan, tuple) else ()), *faults]
    if wrong or isinstance(workdays, tuple) or isinstance(plan, tuple):
        return tuple(wrong[:MAX_FAULTS])
    older = ((one.since, read_plan(one.text, county)) for one in texts.plans[:-1])
    plans = [(since, found) for since, found in older if isinstance(found, RosterPlan)]
    plans.append((texts.plans[-1].since, plan))
    latest = fold(plan, changes, version=len(plans))
    return RosterHistory(tuple(plans), changes, workdays, latest, version_of(texts))


def version_of(texts: RosterTexts) -> str:
    """Name what is in force by its bytes; a torn line does not count, nor which texts of the past are kept."""
    whole = [(name, data[: data.rfind(b"\n") + 1]) for name, data in texts.records]
    files = [("", texts.plans[-1].text), *whole, *texts.calendars]
    listed = length_prefixed(part for name, data in files for part in (name, digest_of(data)))
    return digest_of(listed)[:_VERSION_LENGTH]


def read_plan(text: bytes, county: str) -> RosterPlan | tuple[Fault, ...]:
    """Return the plan, or everything that is wrong with it."""
    plan = read_toml(RosterPlan, text, name=ROSTER_FILE, prefix="roster", max_bytes=ROSTER_MAX_BYTES)
    if isinstance(plan, tuple):
        return plan
    return tuple(_judge_plan(plan, county))[:MAX_FAULTS] or plan


def _judge_plan(plan: RosterPlan, county: str) -> Iterator[Fault]:
    if plan.county != county:
        mend = f"it is the roster of {plan.county}; this is the directory of {county}"
        yield Fault("roster.other_county", f"{ROSTER_FILE} county", mend)
    owners = [("contacts", one.officer, one.numbers) for one in plan.contacts]
    owners += [("offices", one.office, one.numbers) for one in plan.offices]
    yield from _twice("owner", [name for _, name, _ in owners])
    yield from _twice("layer", [layer.name for layer in plan.layers])
    for place, name, numbers in owners:
        if len({(one.medium, one.address) for one in numbers}) < len(numbers):
            yield Fault("roster.twice", f"{ROSTER_FILE} {place}", f"{name} has one number twice; keep it once")
    known = {one.officer for one in plan.contacts}
    for layer in plan.layers:
        for member in sorted(set(layer.members) - known):
            mend = f"add a contact `{member}`, or take it out of the members"
            yield Fault("roster.unknown_officer", f"{ROSTER_FILE} layers {layer.name}", mend)


def _twice(what: str, names: list[str]) -> Iterator[Fault]:
    for name in sorted({one for one in names if names.count(one) > 1}):
        yield Fault("roster.twice", ROSTER_FILE, f"there are two of {what} `{name}`; keep one")


def read_changes(records: Iterable[tuple[str, bytes]]) -> tuple[tuple[Change, ...], tuple[Fault, ...]]:
    """Return the records of all files in their order, and what is wrong with them, by file and line."""
    changes: list[Change] = []
    faults: list[Fault] = []
    for name, data in records:
        if len(data) > RECORDS_MAX_BYTES:
            faults.append(
                Fault("roster.too_large", name, f"keep the records of a year under {RECORDS_MAX_BYTES} bytes")
            )
            continue
        for number, line in enumerate(data.split(b"\n")[:-1], 1):  # behind the last line feed: torn, never confirmed
            try:
                changes.append(CHANGES.validate_json(line))
            except ValidationError as exc:
                fault = faults_of(exc, "record")[0]
                faults.append(Fault(fault.code, f"{name} line {number} {fault.field}", fault.mend))
    return tuple(changes), tuple(faults)


def change_line(change: Change) -> bytes:
    """Return a record as it is appended: one JSON object and a line feed."""
    return CHANGES.dump_json(change, exclude_defaults=False) + b"\n"


def fold(plan: RosterPlan, changes: Iterable[Change], *, version: int = 1) -> Roster:
    """Lay the records over a plan.

    Args:
        plan: Already judged.
        changes: In the order in which they were recorded; what names somebody unknown by now changes nothing.
        version: How many texts of the plan there were.
    """
    numbered = tuple(enumerate(changes, 1))
    withdrawn: dict[str, tuple[int, datetime]] = {}
    for number, one in numbered:
        if isinstance(one, Withdrawal):
            withdrawn.setdefault(one.record, (number, one.recorded_at))
    marks: dict[tuple[str, str, str], dict[str, datetime]] = {}
    for _, one in numbered:
        if isinstance(one, NumberMark) and one.id not in withdrawn:
            marks.setdefault((one.owner, one.medium, one.address), {})[_AS_FIELD[one.mark]] = one.recorded_at
    replacements = tuple(
        Replacement(one, *_revision(one, number, withdrawn))
        for number, one in numbered
        if isinstance(one, TemporaryPlan)
    )
    stands = chain.from_iterable(_stands(number, one, withdrawn) for number, one in numbered)
    notes = tuple(one for _, one in numbered if isinstance(one, HandoverNote) and one.id not in withdrawn)
    return Roster(_marked(plan, marks), version, _by_date(stands), replacements, notes)


_Withdrawn = Mapping[str, tuple[int, datetime]]


def _revision(change: Change, number: int, withdrawn: _Withdrawn) -> tuple[int, datetime | None]:
    return withdrawn.get(change.id, (number, None))


def _stands(number: int, change: Change, withdrawn: _Withdrawn) -> Iterator[Stand]:
    revision, until = _revision(change, number, withdrawn)
    rank = 0 if isinstance(change, Swap) else 1
    plan = change.plan if isinstance(change, Override | Swap) else ""
    return (Stand(rank, number, revision, plan, until, change.id, moves) for moves in moves_of(change))


def _by_date(stands: Iterable[Stand]) -> Mapping[date, tuple[Stand, ...]]:
    found: dict[date, list[Stand]] = {}
    for stand in sorted(stands, key=lambda one: (one.rank, one.number)):
        for day in {day for move in stand.moves for day in _dates(move.starts_at, move.ends_at)}:
            found.setdefault(day, []).append(stand)
    return {day: tuple(one) for day, one in found.items()}


def _dates(starts_at: datetime, ends_at: datetime) -> Iterator[date]:
    day, last = (moment.astimezone(BEIJING).date() for moment in (starts_at, ends_at))
    return (day + timedelta(days=number) for number in range((last - day).days + 1))


def _marked(plan: RosterPlan, marks: _MARKS) -> RosterPlan:
    contacts = tuple(
        one.model_copy(update={"numbers": _known(one.officer, one.numbers, marks)}) for one in plan.contacts
    )
    offices = tuple(one.model_copy(update={"numbers": _known(one.office, one.numbers, marks)}) for one in plan.offices)
    return plan.model_copy(update={"contacts": contacts, "offices": offices})


def _known(owner: str, numbers: tuple[ContactNumber, ...], marks: _MARKS) -> tuple[ContactNumber, ...]:
    found = ((one, marks.get((owner, one.medium, one.address))) for one in numbers)
    return tuple(one.model_copy(update=dict(more)) if more else one for one, more in found)


def judge_change(change: Change, history: RosterHistory) -> tuple[Fault, ...]:
    """Say what is wrong with a record that is about to be appended, by what the roster knows."""
    roster = history.latest
    faults = [
        Fault("roster.unknown_officer", name, f"the roster has no contact `{officer}`; {ROSTER_FILE} names them")
        for name, officer in _officers(change)
        if roster.contact(officer) is None
    ]
    plan = change.plan if isinstance(change, Override | Swap) else ""
    if plan and plan not in {one.plan.id for one in roster.replacements if one.until is None}:
        faults.append(Fault("roster.unknown_plan", "plan", "there is no such temporary plan, or it was withdrawn"))
    if isinstance(change, NumberMark) and not _has_number(roster, change):
        mend = f"{change.owner} has no such number of {change.medium} in {ROSTER_FILE}; write it there first"
        faults.append(Fault("roster.unknown_number", "address", mend))
    if isinstance(change, Withdrawal):
        faults += _judge_withdrawal(change, history.changes)
    return tuple(faults[:MAX_FAULTS])


def _officers(change: Change) -> list[tuple[str, str]]:
    match change:
        case Override():
            return [("officer", change.officer), *([("replaces", change.replaces)] if change.replaces else [])]
        case Swap():
            return [("first", change.first), ("second", change.second)]
        case TemporaryPlan():
            named = ((f"layers.{index}.members", layer.members) for index, layer in enumerate(change.layers))
            return [(place, member) for place, members in named for member in dict.fromkeys(members)]
        case HandoverNote():
            return [("from_officer", change.from_officer), ("to_officer", change.to_officer)]
        case _:
            return []


def _has_number(roster: Roster, mark: NumberMark) -> bool:
    wanted = (mark.owner, mark.medium, mark.address)
    return wanted in {(owner, one.medium, one.address) for owner, one in numbers_of(roster.plan)}


def _judge_withdrawal(change: Withdrawal, changes: tuple[Change, ...]) -> list[Fault]:
    found = next((one for one in changes if one.id == change.record), None)
    if found is None or isinstance(found, Withdrawal):
        return [Fault("roster.unknown_record", "record", "there is no such record; `sihu roster records` lists them")]
    if any(isinstance(one, Withdrawal) and one.record == change.record for one in changes):
        return [Fault("roster.withdrawn", "record", "it was withdrawn before; nothing is left to do")]
    return []
