"""What the commands of a roster share: its files, moments and spans as typed, reports of what was recorded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from schemas.base import BEIJING, FIRST_YEAR, LAST_YEAR
from schemas.errors import Fault, RequestError
from schemas.rosters import Change
from services.bootstrap.rosters import open_rosters
from services.cli import output
from services.cli.desk import Desk
from services.domain.roster_files import RosterHistory
from services.roster_ports import Rosters
from services.rostering import Rostering

_DATE_LENGTH: Final = 10


@dataclass
class RosterDesk:
    """One county's roster as the commands see it."""

    desk: Desk

    @cached_property
    def files(self) -> Rosters:
        """The files, watched."""
        return open_rosters(self.desk.settings, monotonic=self.desk.county.clock.monotonic)

    @cached_property
    def history(self) -> RosterHistory:
        """What the files say.

        Raises:
            RequestError: There is no roster, or something is wrong with it, with every fault.
        """
        return self.files.current()

    @cached_property
    def rostering(self) -> Rostering:
        """What records changes."""
        return Rostering(self.files, self.desk.county.ids)

    def record(self, kind: Callable[..., Change], fields: Mapping[str, Any], *, by: str, as_json: bool) -> None:
        """Record a change and say so."""
        (change,) = self.rostering.record(kind, fields, by=by, now=self.desk.now()).changes
        if as_json:
            output.print_json({"id": change.id, "kind": change.kind})
        else:
            output.show(f"[green]已记录 recorded[/] {output.short(change.id)} {change.kind}")


def moment(text: str, field: str) -> datetime:
    """Return a moment that was typed: Beijing wall clock, or with an offset.

    Raises:
        RequestError: It is none, with date and time of day.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        found = None
    if found is None or len(text.strip()) <= _DATE_LENGTH or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise RequestError(Fault("request.time", field, 'write date and time, e.g. "2026-12-01 08:30"'))
    return found.replace(tzinfo=BEIJING) if found.tzinfo is None else found


def span(text: str, field: str) -> tuple[datetime, datetime]:
    """Return a span that was typed as ``FROM/TO``.

    Raises:
        RequestError: It is none.
    """
    first, slash, last = text.partition("/")
    if not slash:
        raise RequestError(Fault("request.span", field, 'write "2026-12-01 08:30/2026-12-02 08:30"'))
    return moment(first, field), moment(last, field)
