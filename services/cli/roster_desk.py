"""What the commands of a roster share: its files, moments and spans as typed, reports of what was recorded."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from schemas.base import BEIJING, FIRST_YEAR, LAST_YEAR, format_time
from schemas.errors import Fault, RequestError
from schemas.rosters import Change, Finding
from services.bootstrap.rosters import open_rosters
from services.cli import output
from services.cli.desk import Desk
from services.domain.coverage import notices_of
from services.domain.roster_files import RosterHistory
from services.domain.roster_words import KINDS, told_of_change
from services.roster_ports import Rosters
from services.rostering import Recorded, Rostering

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
        now = self.desk.now()
        self.report(self.rostering.record(kind, fields, by=by, now=now), now, as_json=as_json)

    def report(
        self, recorded: Recorded, now: datetime, *, as_json: bool, more: Mapping[str, Any] | None = None
    ) -> None:
        """Say what was recorded, and what is missing because of it."""
        first = recorded.changes[0]
        if as_json:
            value = {"id": first.id, "kind": first.kind, **(more or {})}
            output.print_json(value | {"findings": finding_values(recorded.gaps), "idle": recorded.is_idle})
            return
        for one in recorded.changes:
            told = output.plain(told_of_change(one, recorded.history.latest, now))
            output.show(f"[green]已记录 recorded[/] {output.short(one.id)} {KINDS[one.kind]} {told}")
        if recorded.is_idle:
            output.show("[bold yellow]没有改变任何班次，请核对人和时间 nobody's turn changes by it[/]")
        for line in notices_of(recorded.gaps).values():
            output.show(f"[bold yellow]新缺口 new gap[/] {output.plain(line)}")


def finding_values(found: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return what is missing, for programs."""
    return [
        {
            "code": one.code,
            "tier": one.tier,
            "officer": one.officer,
            "starts_at": format_time(one.starts_at),
            "ends_at": format_time(one.ends_at),
            "text": one.text,
        }
        for one in found
    ]


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
