"""``sihu roster``: overrides, swaps, temporary plans, hand-over, verification, calendar files both ways."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from schemas.calendars import ICS_MAX_BYTES
from schemas.errors import Fault, RequestError
from schemas.pages import Medium
from schemas.rosters import (
    ROSTER_MAX_BYTES,
    HandoverNote,
    Mark,
    NumberMark,
    Override,
    PlanDraft,
    Span,
    Swap,
    TemporaryPlan,
    Withdrawal,
)
from services.bootstrap.cli import read_bytes, write_given
from services.bootstrap.rosters import CalendarFiles
from services.cli import output
from services.cli.desk import Desk
from services.cli.options import HERE, AsJson, Dir
from services.cli.roster_desk import RosterDesk, moment, span
from services.domain.duty_calendars import TIERS_OF, Slot, entries, title_of
from services.domain.rosters import shifts
from services.domain.toml_files import read_toml
from services.rostering import Taking, fields_of

app = typer.Typer(
    help="Roster 值班表: who is on duty, and every change to it.",
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)

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
        "tier": TIERS_OF[tier] if tier else None,
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


@app.command()
def plan(
    file: Annotated[Path, typer.Argument(metavar="FILE")], *, by: By, directory: Dir = HERE, as_json: AsJson = False
) -> None:
    """Put a temporary plan (汛期、春节) in force: TOML with name, reason, starts_at, ends_at and layers."""
    desk = RosterDesk(Desk(directory))
    data = read_bytes(file, what=file.name, max_bytes=ROSTER_MAX_BYTES)
    read = read_toml(PlanDraft, data, name=file.name, prefix="plan", max_bytes=ROSTER_MAX_BYTES)
    if isinstance(read, tuple):
        raise RequestError(*read)
    desk.record(TemporaryPlan, fields_of(read), by=by, as_json=as_json)


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
    now = desk.desk.now()
    recorded = desk.rostering.mark(owner, number, mark, medium=medium, by=by, now=now)
    media = [one.medium for one in recorded.changes if isinstance(one, NumberMark)]
    desk.report(recorded, now, as_json=as_json, more={"owner": owner, "media": media, "mark": mark})


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
    write_given(file, CalendarFiles().write(made, name=title_of(county), now=now))
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
    now = desk.desk.now()
    start = moment(starts, "--from") if starts else now
    how = Taking(file.name, start, days, TIERS_OF[tier] if tier else None, partial=partial)
    read = CalendarFiles().read(read_bytes(file, what=file.name, max_bytes=ICS_MAX_BYTES))
    recorded, taken = desk.rostering.take(read, how, by=by, now=now)
    for fault in taken.faults:
        typer.echo(f"sihu: {fault}", err=True)
    counts = {"shifts": len(taken.shifts), "left_out": len(taken.faults)}
    desk.report(recorded, now, as_json=as_json, more=counts)
