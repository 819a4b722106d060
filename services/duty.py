"""The roster as the notifier asks it: who is on duty now, whose number this is, which day is worked."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

import structlog

from schemas.errors import RequestError, UnavailableError
from schemas.pages import Medium, Recipient, Tier
from schemas.rosters import Contact, ContactNumber, Mark, NumberMark
from services.domain.roster_files import RosterHistory
from services.domain.rosters import on_duty
from services.domain.workdays import is_workday
from services.rostering import Rostering

log = structlog.get_logger()

_NOT_A_DIGIT: Final = re.compile(r"[^0-9]")
_COUNTRY: Final = "86"
_NATIONAL_DIGITS: Final = 11
_TELEPHONES: Final = frozenset({Medium.SMS, Medium.VOICE})


@dataclass(slots=True)
class RosterDuty:
    """Satisfies ``services.paging_ports.Duty`` by the county's own roster."""

    rostering: Rostering
    _at: datetime | None = None
    _history: RosterHistory | None = None
    _people: tuple[Recipient, ...] = field(default=())

    def on_duty(self, at: datetime) -> tuple[Recipient, ...]:
        """Return everybody on duty at a moment; nobody while there is no good roster, which is a gap of its own."""
        history = self._current()
        if history is None:
            return ()
        if self._at != at or self._history is not history:
            self._people = on_duty(history.latest, at, history.workdays)
            self._at, self._history = at, history
        return self._people

    def recipient(self, officer: str) -> Recipient | None:
        """Return an officer or office of the roster, on duty or not, or None."""
        history = self._current()
        if history is None:
            return None
        contact = history.latest.contact(officer)
        if contact is not None:
            return Recipient(officer, contact.display, Tier.PRIMARY, _addresses(contact.numbers))
        office = next((one for one in history.latest.plan.offices if one.office == officer), None)
        return Recipient(officer, office.display, office.tier, _addresses(office.numbers)) if office else None

    def officer_of(self, number: str) -> str | None:
        """Return whose a telephone number is, however a provider spells it, or None."""
        history, wanted = self._current(), national(number)
        if history is None or not wanted:
            return None
        return next((one.officer for one in history.latest.plan.contacts if wanted in _numbers(one)), None)

    def is_workday(self, day: date) -> bool:
        """Tell whether offices of this county work on a day (Beijing)."""
        history = self._current()
        return is_workday(day, history.workdays) if history else day.weekday() < 5  # noqa: PLR2004 - Saturday

    def opted_out(self, officer: str, number: str, at: datetime) -> None:
        """Record that 退订 came from a duty number."""
        history = self._current()
        contact = history.latest.contact(officer) if history else None
        if contact is None:
            return
        address = next((one.address for one in contact.numbers if national(one.address) == national(number)), number)
        fields = {"owner": officer, "medium": Medium.SMS, "address": address, "mark": Mark.OPTED_OUT}
        try:
            self.rostering.record(NumberMark, fields, by=officer, now=at)
        except RequestError as exc:
            log.warning("notifier.opt_out_unrecorded", officer=officer, code=exc.fault.code)

    def _current(self) -> RosterHistory | None:
        try:
            return self.rostering.files.current()
        except (RequestError, UnavailableError):  # said by the files themselves, once for each bad state
            return None


def national(number: str) -> str:
    """Return a telephone number as it is dialled inside the country: digits alone."""
    digits = _NOT_A_DIGIT.sub("", number)
    if digits.startswith("00" + _COUNTRY):
        digits = digits[2:]
    return digits.removeprefix(_COUNTRY) if len(digits) > _NATIONAL_DIGITS else digits


def _numbers(one: Contact) -> set[str]:
    return {national(number.address) for number in one.numbers if number.medium in _TELEPHONES}


def _addresses(numbers: tuple[ContactNumber, ...]) -> tuple[tuple[Medium, str], ...]:
    return tuple((one.medium, one.address) for one in numbers if one.counts)
