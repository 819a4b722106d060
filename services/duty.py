"""The roster as the notifier asks it: who is on duty now, whose number this is, which day is worked."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from schemas.control import OnDuty
from schemas.errors import RequestError, UnavailableError
from schemas.pages import Medium, Recipient
from schemas.rosters import Mark, NumberMark
from services.domain.coverage import (
    AHEAD,
    DueTest,
    doubtful_owners,
    due_tests,
    gaps,
    mark_to_record,
    notices_of,
    number_under,
    owners_of,
)
from services.domain.duty_telling import people_at, stands_until, withheld_at
from services.domain.roster_files import RosterHistory
from services.domain.rosters import on_duty, recipient_of
from services.domain.workdays import is_workday
from services.rostering import Rostering


@dataclass(slots=True)
class RosterDuty:
    """Satisfies ``services.paging_ports.Duty`` by the county's own roster.

    What is asked is answered from memory, for it is asked in transactions; ``refresh`` alone looks at the files.
    """

    rostering: Rostering
    _asked_last: tuple[datetime, RosterHistory, tuple[Recipient, ...]] | None = None
    _known: RosterHistory | None = None
    _has_looked: bool = False
    _looking: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def on_duty(self, at: datetime) -> tuple[Recipient, ...]:
        """Return everybody on duty at a moment; nobody while there is no good roster, which is a gap of its own."""
        history = self._current()
        if history is None:
            return ()
        asked = self._asked_last  # one value: the store's thread and the API's ask at once
        if asked is not None and asked[0] == at and asked[1] is history:
            return asked[2]
        people = on_duty(history.latest, at, history.workdays)
        self._asked_last = (at, history, people)
        return people

    def version(self) -> str:
        """Return what is another as soon as the roster is; empty while there is no good one."""
        history = self._current()
        return history.version if history else ""

    def recipient(self, officer: str) -> Recipient | None:
        """Return an officer or office of the roster, on duty or not, or None."""
        history = self._current()
        return recipient_of(history.latest, officer) if history else None

    def officer_of(self, number: str) -> str | None:
        """Return whose a telephone number is, however a provider spells it, or None; an office's is nobody's."""
        history = self._current()
        owners = owners_of(history.latest, number) if history else ()
        return next((owner for owner, _ in owners if history and history.latest.contact(owner)), None)

    def findings(self, now: datetime) -> Mapping[str, str]:
        """Return what is missing in the next 14 days: what each is filed under, and its one line."""
        history = self._current()
        if history is None:
            return {"roster": "值班表读不出来，现在无法通知任何人，请运行 sihu roster check"}
        return notices_of(gaps(history.latest, now, now + AHEAD, history.workdays))

    def is_workday(self, day: date) -> bool:
        """Tell whether offices of this county work on a day (Beijing)."""
        history = self._current()
        return is_workday(day, history.workdays) if history else day.weekday() < 5  # noqa: PLR2004 - Saturday

    def doubtful(self) -> frozenset[str]:
        """Return the officers from whose number 退订 came, and was not verified since."""
        history = self._current()
        return doubtful_owners(history.latest) if history else frozenset()

    def due_tests(self, now: datetime) -> tuple[DueTest, ...]:
        """Return the verified numbers to which a test page is due, the longest untested first."""
        history = self._current()
        return due_tests(history.latest, now) if history else ()

    def told_people(self, at: datetime) -> tuple[OnDuty, ...] | None:
        """Return whom partners may read of as on duty at a moment; None while there is no good roster."""
        history = self._current()
        return people_at(history.latest, at, history.workdays) if history else None

    def withheld(self, at: datetime) -> tuple[str, ...]:
        """Return the officers on duty whom no partner is told of, for a personal number stands in their name."""
        history = self._current()
        return withheld_at(history.latest, at, history.workdays) if history else ()

    def stands_until(self, at: datetime) -> datetime:
        """Return until when the people of ``told_people`` stand, at most seven days; now while there is no roster."""
        history = self._current()
        return stands_until(history.latest, at, history.workdays) if history else at

    def refresh(self) -> None:
        """Look whether the files have changed."""
        with self._looking:
            self._look()

    def mark_number(self, owner: str, medium: Medium, tag: str, mark: Mark, at: datetime) -> None:
        """Record what became known of a number, once.

        Raises:
            UnavailableError: The roster can be read or written by nobody now.
        """
        with self._looking:
            self._look()
            if self._known is None:
                raise UnavailableError("the roster cannot be read")
            number = number_under(self._known.latest, owner, medium, tag)
            found = mark_to_record(number, mark, at) if number else None
            if number is None or found is None:
                return
            fields = {"owner": owner, "medium": medium, "address": number.address, "mark": found}
            try:
                self.rostering.record(NumberMark, fields, by=owner, now=at)
            except RequestError as exc:  # its folder is not to be written, or full: a person mends that
                raise UnavailableError(f"the roster cannot be written: {exc.fault.mend}") from exc
            self._look()

    def _current(self) -> RosterHistory | None:
        if not self._has_looked:
            self.refresh()
        return self._known

    def _look(self) -> None:
        self._has_looked = True
        try:
            self._known = self.rostering.files.current()
        except (RequestError, UnavailableError):  # said by the files themselves, once for each bad state
            self._known = None
