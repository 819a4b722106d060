"""The roster as the notifier asks it: who is on duty now, whose number this is, which day is worked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import structlog

from schemas.errors import RequestError, UnavailableError
from schemas.pages import Medium, Recipient
from schemas.rosters import Mark, NumberMark
from services.domain.coverage import AHEAD, gaps, notices_of, owners_of
from services.domain.roster_files import RosterHistory
from services.domain.rosters import on_duty, recipient_of
from services.domain.workdays import is_workday
from services.rostering import Rostering

log = structlog.get_logger()


@dataclass(slots=True)
class RosterDuty:
    """Satisfies ``services.paging_ports.Duty`` by the county's own roster."""

    rostering: Rostering
    _asked_last: tuple[datetime, RosterHistory, tuple[Recipient, ...]] | None = None

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

    def opted_out(self, officer: str, number: str, at: datetime) -> None:
        """Record that 退订 came from a duty number."""
        history = self._current()
        owned = owners_of(history.latest, number) if history else ()
        address = next((one.address for owner, one in owned if owner == officer), None)
        if address is None:
            return
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
