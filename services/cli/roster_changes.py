"""``sihu roster``: overrides, swaps, temporary plans, hand-over, verification, calendar files both ways."""

import sys
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from schemas.base import Model, WireTime
from schemas.calendars import ICS_MAX_BYTES
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.pages import Medium, Tier, masked
from schemas.rosters import (
    ROSTER_MAX_BYTES,
    HandoverNote,
    Import,
    Layers,
    Mark,
    NumberMark,
    Override,
    Reason,
    Span,
    Swap,
    TemporaryPlan,
    Withdrawal,
)
from services.bootstrap.cli import read_bytes, write_given
from services.bootstrap.rosters import read_ics, write_ics
from services.cli import output
from services.cli.desk import Desk
from services.cli.options import HERE, AsJson, Dir
from services.cli.roster_desk import RosterDesk, moment, span
from services.domain.duty_calendars import Adopted, PersonTier, adopt, entries
from services.domain.recurrence import expand
from services.domain.rosters import shifts
from services.domain.toml_files import read_toml

app = typer.Typer(help="Roster 值班表: who is on duty, and every change to it.", pretty_exceptions_enable=False)


class Slot(StrEnum):
    """A tier in which persons take turns."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    LEADER = "leader"


_TIERS: dict[Slot, PersonTier] = {
    Slot.PRIMARY: Tier.PRIMARY,
    Slot.SECONDARY: Tier.SECONDARY,
    Slot.LEADER: Tier.LEADER,
}

Officer = Annotated[str, typer.Argument(metavar="OFFICER", help="Id of an officer of the roster, e.g. duty-a.")]
By = Annotated[str, typer.Option("--by", envvar="SIHU_OFFICER", metavar="ID", help="Officer who gives the command.")]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, e.g. 病假.")]
From = Annotated[str, typer.Option("--from", metavar="TIME", help='Beijing time, e.g. "2026-12-01 08:30".')]
To = Annotated[str, typer.Option("--to", metavar="TIME", help="Not included.")]
Start = Annotated[str | None, typer.Option("--from", metavar="TIME", help="Now if left out.")]
Days = Annotated[int, typer.Option("--days", min=1, max=366, help="How many days from there on.")]
InPlan = Annotated[
    str,
    typer.Option("--plan", metavar="ID", help="Record of the temporary plan that it changes; else the ordinary one."),
]
SpanText = Annotated[str, typer.Argument(metavar="FROM/TO", help='E.g. "2026-12-01 08:30/2026-12-02 08:30".')]
InTier = Annotated[Slot | None, typer.Option("--tier", help="Only there; needed where nobody is replaced.")]


@app.command()
def override(  # noqa: PLR0913 - one parameter for each option
    officer: Officer,
    *,
    starts: From,
    ends: To,
    reason: Why,
    by: By,
    replaces: Annotated[str | None, typer.Option("--replaces", metavar="ID", help="Who goes.")] = None,
    tier: InTier = None,
    plan: InPlan = "",
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Let an officer stand in for another (替班), or fill a gap."""
    desk = RosterDesk(Desk(directory))
    fields: dict[str, Any] = {
        "officer": officer,
        "replaces": replaces,
        "tier": _TIERS[tier] if tier else None,
        "starts_at": moment(starts, "--from"),
        "ends_at": moment(ends, "--to"),
        "plan": desk.rostering.found(plan) if plan else "",
        "reason": reason,
    }
    desk.record(Override, fields, by=by, as_json=as_json)


@app.command()
def swap(  # noqa: PLR0913 - one parameter for each option
    first: Officer,
    first_span: SpanText,
    second: Officer,
    second_span: SpanText,
    *,
    reason: Why,
    by: By,
    plan: InPlan = "",
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Let two officers exchange a span each (调班): in the first one the second stands for the first."""
    desk = RosterDesk(Desk(directory))
    fields = {
        "first": first,
        "first_span": _span(first_span),
        "second": second,
        "second_span": _span(second_span),
        "plan": desk.rostering.found(plan) if plan else "",
        "reason": reason,
    }
    desk.record(Swap, fields, by=by, as_json=as_json)


def _span(text: str) -> Span:
    starts_at, ends_at = span(text, "FROM/TO")
    try:
        return Span(starts_at=starts_at, ends_at=ends_at)
    except ValueError:
        raise RequestError(Fault("request.span", "FROM/TO", "let it end after it starts, within 366 days")) from None


class PlanFile(Model):
    """A temporary plan as people write it."""

    name: str
    reason: Reason
    starts_at: WireTime
    ends_at: WireTime
    layers: Layers


@app.command()
def plan(
    file: Annotated[Path, typer.Argument(metavar="FILE")], *, by: By, directory: Dir = HERE, as_json: AsJson = False
) -> None:
    """Put a temporary plan (汛期、春节) in force: TOML with name, reason, starts_at, ends_at and layers."""
    desk = RosterDesk(Desk(directory))
    data = read_bytes(file, what=file.name, max_bytes=ROSTER_MAX_BYTES)
    read = read_toml(PlanFile, data, name=file.name, prefix="plan", max_bytes=ROSTER_MAX_BYTES)
    if isinstance(read, tuple):
        raise RequestError(*read)
    fields = {name: getattr(read, name) for name in PlanFile.model_fields}
    desk.record(TemporaryPlan, fields, by=by, as_json=as_json)


@app.command()
def handover(
    going: Officer,
    coming: Officer,
    *,
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="Read from standard input if left out.")] = "",
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Leave a note to the one who comes (交接班): what is open, what to look at."""
    desk = RosterDesk(Desk(directory))
    fields = {"from_officer": going, "to_officer": coming, "text": text or sys.stdin.read(4096).strip()}
    desk.record(HandoverNote, fields, by=going, as_json=as_json)


@app.command()
def withdraw(
    record: Annotated[str, typer.Argument(metavar="RECORD", help="Six digits of its id or more.")],
    *,
    reason: Why,
    by: By,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Let an earlier record count no longer, from now on."""
    desk = RosterDesk(Desk(directory))
    desk.record(Withdrawal, {"record": desk.rostering.found(record), "reason": reason}, by=by, as_json=as_json)


@app.command()
def verify(
    owner: Annotated[str, typer.Argument(metavar="OWNER", help="Officer or office.")],
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="As in roster.toml.")],
    *,
    by: By,
    medium: Annotated[
        Medium | None, typer.Option("--medium", help="Only by this one; else by all that have it.")
    ] = None,
    mark: Annotated[Mark, typer.Option("--as", help="What became known of it.")] = Mark.VERIFIED,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Record that a number was verified (or tested, or opted out) once its owner answered by it."""
    desk = RosterDesk(Desk(directory))
    plan_ = desk.history.latest.plan
    owners = [(one.officer, one.numbers) for one in plan_.contacts]
    owners += [(one.office, one.numbers) for one in plan_.offices]
    media = [
        one.medium
        for name, numbers in owners
        for one in numbers
        if name == owner and one.address == number and medium in {None, one.medium}
    ]
    if not media:
        mend = f"{owner} has no such number in roster.toml; write it there first"
        raise NotFoundError(Fault("roster.unknown_number", "NUMBER", mend))
    now = desk.desk.now()
    for one in media:
        fields = {"owner": owner, "medium": one, "address": number, "mark": mark}
        desk.rostering.record(NumberMark, fields, by=by, now=now)
    if as_json:
        output.print_json({"owner": owner, "media": media, "mark": mark})
    else:
        output.show(f"[green]已记录 recorded[/] {owner} {masked(number)} {'、'.join(media)}: {mark}")


@app.command("export")
def export_(
    file: Annotated[Path, typer.Argument(metavar="FILE.ics")],
    *,
    starts: Start = None,
    days: Days = 31,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Write the shifts as a calendar file: roles, no numbers."""
    desk = RosterDesk(Desk(directory))
    now = desk.desk.now()
    start = moment(starts, "--from") if starts else now.replace(minute=0, second=0, microsecond=0)
    found = shifts(desk.history.latest, start, start + timedelta(days=days), desk.history.workdays)
    county = desk.desk.settings.county
    made = entries(county, desk.history.latest, found)
    write_given(file, write_ics(made, name=f"{output.county(county)} 值班表", now=now))
    if as_json:
        output.print_json({"file": str(file), "shifts": len(made)})
    else:
        output.show(f"[green]已写入 written[/] {output.plain(str(file))}: {len(made)} 班 shifts")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.ics")],
    *,
    by: By,
    starts: Start = None,
    days: Days = 31,
    tier: Annotated[Slot | None, typer.Option("--tier", help="For events that name none.")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Take what can be read, leave the rest out.")] = False,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Take the shifts of a calendar file; each counts as an override. Lines that cannot be read are named."""
    desk = RosterDesk(Desk(directory))
    start = moment(starts, "--from") if starts else desk.desk.now()
    read = _adopted(desk, file, (start, timedelta(days=days)), _TIERS[tier] if tier else None)
    if read.faults and not partial:
        raise RequestError(*read.faults)
    if not read.shifts:
        raise RequestError(
            *read.faults or (Fault("ics.empty", file.name, f"no shift of it lies in these {days} days"),)
        )
    for fault in read.faults:
        typer.echo(f"sihu: {fault}", err=True)
    fields = {"source": file.name, "shifts": read.shifts}
    change = desk.rostering.record(Import, fields, by=by, now=desk.desk.now())
    if as_json:
        output.print_json({"id": change.id, "shifts": len(read.shifts), "left_out": len(read.faults)})
    else:
        output.show(f"[green]已导入 imported[/] {output.short(change.id)}: {len(read.shifts)} 班 shifts")


def _adopted(desk: RosterDesk, file: Path, within: tuple[datetime, timedelta], tier: PersonTier | None) -> Adopted:
    start, length = within
    read = read_ics(read_bytes(file, what=file.name, max_bytes=ICS_MAX_BYTES))
    expanded = expand(read.events, start, start + length)
    adopted = adopt(expanded.occurrences, desk.history.latest, tier=tier)
    return Adopted(adopted.shifts, (*read.faults, *expanded.faults, *adopted.faults))
