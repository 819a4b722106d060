"""``sihu roster``: who is on duty (值班表), what is missing, and whether the files hold."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from schemas.base import format_time
from schemas.pages import Medium, Recipient, masked
from schemas.rosters import Change, Finding
from services.cli import output
from services.cli.desk import Desk, sure
from services.cli.listing import Limit
from services.cli.officer import OFFICER_FILES
from services.cli.options import HERE, AsJson, Dir
from services.cli.roster_changes import app as changes_app
from services.cli.roster_desk import RosterDesk, finding_values, moment
from services.domain.coverage import DueTest, due_tests, gaps, tier_zh
from services.domain.duty_shown import Standing, duty_at, withdrawn
from services.domain.roster_files import RosterHistory
from services.domain.roster_words import KINDS, moment_zh, told_of_change
from services.domain.telling import medium_zh
from services.domain.trust_files import load_officers

app = changes_app
"""One group: the commands of this file and those that change the roster."""

At = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help='Beijing time, e.g. "2026-12-01 08:30"; now if left out.')
]
Hindsight = Annotated[bool, typer.Option("--hindsight", help="Of the past: also by what was recorded only afterwards.")]
Days = Annotated[int, typer.Option("--days", min=1, max=366, help="How far to look ahead.")]
_DAY = timedelta(days=1)


@app.command()
def show(*, at: At = None, hindsight: Hindsight = False, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Show who is on duty, and how they are reached. The past is shown as it was known then."""
    desk = RosterDesk(Desk(directory))
    now = desk.desk.now()
    found = duty_at(desk.history, moment(at, "--at") if at else now, now, hindsight=hindsight)
    note = found.note
    if as_json:
        people = [_person(one) for one in found.people]
        value = {"at": format_time(found.at), "on_duty": people, "note": note.model_dump(mode="json") if note else None}
        output.print_json(value)
        return
    known = "（按当时所知 as known then）" if found.at < now and not hindsight else ""
    title = f"值班 on duty {moment_zh(found.at, now)}{known}"
    columns = ("岗位 tier", "编号 id", "*称呼 name", "*联系 reached by", "至 until")
    rows = [(tier_zh(tier), "–", "[bold red]无人值班 nobody[/]", "", "") for tier in found.missing]
    rows += [_standing(one, now) for one in found.people]
    output.show(output.table(title, *columns, rows=rows, empty="无人值班 nobody is on duty"))
    if note:
        signed = f"{found.roster.display(note.from_officer)} → {found.roster.display(note.to_officer)}"
        output.show(f"交接班 {moment_zh(note.recorded_at, now)} {output.plain(signed)}: {output.plain(note.text)}")


def _standing(one: Standing, now: datetime) -> tuple[str, str, str, str, str]:
    person = one.recipient
    return (
        tier_zh(person.tier),
        person.officer,
        output.plain(person.display),
        _reached(person),
        moment_zh(one.until, now) if one.until else "–",
    )


def _person(standing: Standing) -> dict[str, Any]:
    one, until = standing.recipient, standing.until
    return {
        "tier": one.tier,
        "officer": one.officer,
        "display": one.display,
        "until": format_time(until) if until else None,
        "reached_by": [
            {"medium": medium, "masked": masked(address)}
            for medium, address in one.addresses
            if medium is not Medium.CONSOLE
        ],
    }


def _reached(one: Recipient) -> str:
    listed = "、".join(
        medium_zh(medium) if medium is Medium.CONSOLE else f"{medium_zh(medium)} {masked(address)}"
        for medium, address in one.addresses
    )
    return listed or "[bold red]无已核验号码[/]"


@app.command("gaps")
def gaps_(*, days: Days = 14, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Show what is missing in the days ahead, and which numbers a test page is due to."""
    desk = RosterDesk(Desk(directory))
    now = desk.desk.now()
    found = gaps(desk.history.latest, now, now + days * _DAY, desk.history.workdays)
    due = due_tests(desk.history.latest, now)
    if as_json:
        output.print_json({"findings": finding_values(found), "due_tests": _due(due)})
        return
    _show_findings(found, days)
    _show_due(due)


def _due(due: tuple[DueTest, ...]) -> list[dict[str, Any]]:
    return [
        {
            "owner": one.owner,
            "medium": one.number.medium,
            "masked": masked(one.number.address),
            "last_at": format_time(one.last_at),
        }
        for one in due
    ]


def _show_findings(found: tuple[Finding, ...], days: int) -> None:
    rows = [(one.code, output.plain(one.text)) for one in found]
    empty = f"[green]今后{days}天无缺口 no gaps in {days} days[/]"
    output.show(output.table("缺口 gaps", "编码 code", "*说明 what", rows=rows, empty=empty))


def _show_due(due: tuple[DueTest, ...]) -> None:
    rows = [
        (
            one.owner,
            output.plain(one.display),
            medium_zh(one.number.medium),
            masked(one.number.address),
            output.day(one.last_at),
        )
        for one in due
    ]
    columns = ("编号 id", "*称呼 name", "方式 medium", "号码 number", "上次应答 last answered")
    output.show(output.table("待测号码 test pages due", *columns, rows=rows, empty="无待测号码 no test is due"))


@app.command()
def records(*, limit: Limit = 20, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List what was recorded, the newest first; what was withdrawn, too."""
    desk = RosterDesk(Desk(directory))
    now, gone = desk.desk.now(), withdrawn(desk.history)
    found = desk.history.changes[::-1][:limit]
    if as_json:
        output.print_json({"records": [_record(one, is_withdrawn=one.id in gone) for one in found]})
        return
    roster = desk.history.latest
    rows = [
        (
            output.short(one.id),
            moment_zh(one.recorded_at, now),
            output.plain(roster.display(one.recorded_by)),
            KINDS[one.kind],
            ("[dim]已撤销 withdrawn[/] " if one.id in gone else "") + output.plain(told_of_change(one, roster, now)),
        )
        for one in found
    ]
    columns = ("编号 id", "时间 at", "记录人 by", "种类 kind", "*内容 what")
    output.show(output.table("值班记录 records", *columns, rows=rows, empty="尚无记录 nothing was recorded"))


def _record(one: Change, *, is_withdrawn: bool) -> dict[str, Any]:
    value = one.model_dump(mode="json")
    if "address" in value:
        value["address"] = masked(value["address"])
    return value | {"withdrawn": is_withdrawn}


@app.command()
def check(*, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Read all files of the roster again, say what is wrong with them, and keep a new text of the plan for the past."""
    desk = RosterDesk(Desk(directory))
    now = desk.desk.now()
    plan = desk.history.latest.plan
    kept = desk.files.keep_plan(now)
    found = gaps(desk.history.latest, now, now + 14 * _DAY, desk.history.workdays)
    due = due_tests(desk.history.latest, now)
    certified = sure(load_officers(desk.desk.files.read_all(OFFICER_FILES)))
    unable = [one.officer for one in plan.contacts if one.officer not in certified]
    if as_json:
        years = sorted(desk.history.workdays.years)
        value = {"contacts": len(plan.contacts), "layers": len(plan.layers), "kept": kept, "calendar_years": years}
        value |= {"without_credential": unable, "findings": finding_values(found), "due_tests": _due(due)}
        output.print_json(value)
        return
    output.show(*_facts(desk.history, kept=kept))
    if unable:
        named = output.plain("、".join(unable))
        output.show(f"[yellow]无凭证，不能签收 no credential, `sihu officer add` makes one[/]: {named}")
    _show_findings(found, 14)
    _show_due(due)


def _facts(history: RosterHistory, *, kept: bool) -> Iterator[str]:
    plan, years = history.latest.plan, sorted(history.workdays.years)
    yield (
        f"[green]值班表无误 the roster holds[/]: {len(plan.contacts)} 人 officers, {len(plan.layers)} 班次 layers, "
        f"{len(plan.offices)} 值班室 offices, {len(history.changes)} 条记录 records"
    )
    known = "、".join(map(str, years)) or "无，工作日按周一至周五计 none: Monday to Friday stand in"
    yield f"节假日数据 calendar: {known}"
    if kept:
        yield "已留存，供查过去 this text of the plan is kept for the past"
