"""Changing a roster: a record is built, judged by what the roster knows, and appended; commands and the API alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from schemas.base import Model
from schemas.calendars import IcsFile
from schemas.errors import ConflictError, Fault, NotFoundError, RequestError
from schemas.faults import MAX_FAULTS, faults_of
from schemas.pages import Medium
from schemas.rosters import Change, Finding, Import, Mark, NumberMark
from services.domain.duty_calendars import Adopted, PersonTier, shifts_in
from services.domain.duty_shown import is_idle, new_gaps
from services.domain.roster_files import RosterHistory, change_line, judge_change
from services.domain.rosters import numbers_of
from services.ports import Ids
from services.roster_ports import Rosters

C = TypeVar("C", bound=Change)

_ID_BYTES: Final = 16
_SHORTEST_PREFIX: Final = 6


def fields_of(draft: Model) -> dict[str, Any]:
    """Return what a draft says, field by field, as ``Rostering.record`` takes it."""
    return {name: getattr(draft, name) for name in type(draft).model_fields}


def _broken(faults: tuple[Fault, ...]) -> RequestError:
    first = faults[0]
    if first.code == "roster.not_found":
        return NotFoundError(*faults)
    mend = f"the roster's files do not hold, mend them first: {first.mend}"
    return ConflictError(Fault("roster.broken", first.field, mend), *faults)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was appended, and what came of it.

    Attributes:
        history: The roster with the records.
        gaps: What is missing now and was not before.
        is_idle: They change nobody's turn, though they should: whom they name does not stand there.
    """

    changes: tuple[Change, ...]
    history: RosterHistory
    gaps: tuple[Finding, ...]
    is_idle: bool


@dataclass(frozen=True, slots=True)
class Taking:
    """How a calendar file is taken.

    Attributes:
        source: Name of the file.
        starts_at: Aware; what ends before is left out.
        days: How many days from there on.
        tier: For events that name none.
        partial: What can be read is taken, the rest is left out; otherwise the file is taken whole or not at all.
    """

    source: str
    starts_at: datetime
    days: int
    tier: PersonTier | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Rostering:
    """What records changes of one county's roster."""

    files: Rosters
    ids: Ids

    def history(self) -> RosterHistory:
        """Return what is in force, also what another program wrote meanwhile; cheap.

        Raises:
            NotFoundError: There is no roster.
            ConflictError: Its files do not hold and never did since this process began, with every fault.
        """
        try:
            return self.files.current()
        except RequestError as exc:
            raise _broken(exc.faults) from None

    def record(
        self, kind: Callable[..., C], fields: Mapping[str, Any], *, by: str, now: datetime, seen: str | None = None
    ) -> Recorded:
        """Build one record, judge it, and append it; once it returns, it is durable and counts.

        Args:
            kind: The model, e.g. ``Override``.
            fields: What it says, without the fields of every record.
            by: Officer who gave the command.
            now: Aware UTC.
            seen: As ``append`` takes it.

        Raises:
            RequestError: It does not fit, with every fault.
            UnavailableError: The disk is full or failing.
        """
        return self.append((self._built(kind, fields, by=by, now=now),), now=now, seen=seen)

    def append(self, changes: Sequence[Change], *, now: datetime, seen: str | None = None) -> Recorded:
        """Judge records by what the roster knows, and append all of them or none.

        Args:
            changes: In their order.
            now: Aware UTC.
            seen: Version of the roster that their writer saw, if he says: none is appended to another one, nor while
                something is wrong with the files and nobody can have seen what they say.

        Raises:
            RequestError: One does not fit, with every fault.
            UnavailableError: The disk is full or failing.
        """
        before = self.history()
        self._judge(changes, before, seen)  # for what does not fit no writer waits and no folder is made

        def decide(history: RosterHistory) -> bytes:
            nonlocal before
            before = history
            self._judge(changes, history, seen)
            self.files.keep_plan(now)  # who was on duty until now is asked of the plan that these records change
            return b"".join(change_line(one) for one in changes)

        after = self.files.change(decide, now)
        gaps = new_gaps(before, after, changes, now)
        return Recorded(tuple(changes), after, gaps, is_idle(before, after, changes))

    def _judge(self, changes: Sequence[Change], history: RosterHistory, seen: str | None) -> None:
        self._judge_seen(history, seen)
        faults = [fault for one in changes for fault in judge_change(one, history)]
        if faults:
            raise RequestError(*faults[:MAX_FAULTS])

    def _judge_seen(self, history: RosterHistory, seen: str | None) -> None:
        if seen is not None and self.files.faults:
            raise _broken(self.files.faults)
        if seen not in {None, history.version}:
            mend = "the roster has changed since; read it again (GET /api/v1/roster), and send this with its ETag"
            raise RequestError(Fault("roster.changed", "If-Match", mend))

    def _built(self, kind: Callable[..., C], fields: Mapping[str, Any], *, by: str, now: datetime) -> C:
        try:
            return kind(**fields, id=self.ids.hex(_ID_BYTES), recorded_at=now, recorded_by=by)
        except ValidationError as exc:
            raise RequestError(*faults_of(exc, "record")) from exc

    def mark(
        self,
        owner: str,
        address: str,
        mark: Mark,
        *,
        medium: Medium | None,
        by: str,
        now: datetime,
        seen: str | None = None,
    ) -> Recorded:
        """Record what became known of a number, for every medium by which its owner has it, or for the one named.

        Raises:
            RequestError: The owner has no such number.
            UnavailableError: The disk is full or failing.
        """
        history = self.history()
        self._judge_seen(history, seen)
        mine = [one for name, one in numbers_of(history.latest.plan) if name == owner]
        media = [one.medium for one in mine if one.address == address and medium in {None, one.medium}]
        if not media:
            mend = f"{owner} has no such number in roster.toml; write it there first"
            raise NotFoundError(Fault("roster.unknown_number", "address", mend))
        fields = {"owner": owner, "address": address, "mark": mark}
        marks = [self._built(NumberMark, fields | {"medium": one}, by=by, now=now) for one in media]
        return self.append(marks, now=now, seen=seen)

    def take(
        self, file: IcsFile, how: Taking, *, by: str, now: datetime, seen: str | None = None
    ) -> tuple[Recorded, Adopted]:
        """Record the shifts of a calendar file; each counts as an override that fills its tier.

        Returns:
            What was recorded, and what of the file was taken and left out.

        Raises:
            RequestError: Something of it cannot be read and it is not taken partially, or no shift of it lies there.
            UnavailableError: The disk is full or failing.
        """
        history = self.history()
        self._judge_seen(history, seen)
        until = how.starts_at + timedelta(days=how.days)
        read = shifts_in(file, history.latest, (how.starts_at, until), how.tier)
        if read.faults and not how.partial:
            raise RequestError(*read.faults)
        if not read.shifts:
            empty = Fault("ics.empty", how.source, f"no shift of it lies in these {how.days} days")
            raise RequestError(*read.faults or (empty,))
        fields = {"source": how.source, "shifts": read.shifts}
        return self.record(Import, fields, by=by, now=now, seen=seen), read

    def found(self, prefix: str) -> str:
        """Return the id of the one record that begins with ``prefix``, at least six digits of it.

        Raises:
            RequestError: There is none, or more than one.
        """
        ids = [one.id for one in self.history().changes if one.id.startswith(prefix)]
        if len(prefix) >= _SHORTEST_PREFIX and len(ids) == 1:
            return ids[0]
        mend = "give at least the first six digits of its id"
        if len(prefix) >= _SHORTEST_PREFIX:
            mend = "no record's id begins so" if not ids else "several records' ids begin so: give more digits"
        raise RequestError(Fault("roster.unknown_record", "record", f"{mend}; `sihu roster records` lists them"))
