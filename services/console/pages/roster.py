"""值班表: who is on duty now and in the coming days, what is missing, what was changed, whose number is to test."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from schemas.base import BEIJING
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.escalations import EscalationKind
from schemas.pages import Tier
from schemas.rosters import HandoverNote, Override, Swap, TemporaryPlan
from services.console.asking import may_ask
from services.console.navigation import EVERYBODY, READERS
from services.console.rendering import clock, span
from services.console.sheets import Cut, Section, cut, cut_by, part_of
from services.console.visit import Page, Visit
from services.console.words import TIERS
from services.domain.coverage import MUST_STAND
from services.domain.escalation_words import STATES
from services.domain.roster_words import KINDS, rotation_zh
from services.gateway.paging_answers import EscalationList, Timeline
from services.gateway.roster_answers import ImportLine, PlanView, RecordLine, RecordPage, RosterView, ShiftLine

_AHEAD_DAYS: Final = 14
_DAY: Final = timedelta(days=1)
_TIERS: Final = (Tier.PRIMARY, Tier.SECONDARY, Tier.LEADER)
_WEEK: Final = "一二三四五六日"
_CLOCK: Final = "%H:%M"
_PAGE: Final = 50
_TESTS: Final = 200
_TESTS_SHOWN: Final = 20
_SHOWN: Final = 15
_STANDING_SHOWN: Final = 12
_TURNS_SHOWN: Final = 150
_NOTES_CHARACTERS: Final = 2_500
_RECORDS_CHARACTERS: Final = 12_000
_TESTS_DUE_SHOWN: Final = 80
_NAMED: Final = 20
_PEOPLE_SHOWN: Final = 20
"""So many of each list, names of one layer, and people stand on the page; the rest has addresses of its own."""
_DIGITS: Final = 5
_FILL: Final = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of one day in one tier.

    Attributes:
        span: When, as said in a cell of that day; empty for the whole day.
        who: Display name; empty where nobody stands.
        fill: Address of the form that fills the gap; empty where somebody stands.
    """

    span: str
    who: str
    fill: str


@dataclass(frozen=True, slots=True)
class DutyDay:
    """One day of the table: its date as it is said, and what stands in each tier."""

    day: str
    weekend: bool
    tiers: Mapping[Tier, tuple[Turn, ...]]


async def roster(visit: Visit) -> web.StreamResponse:
    """Show the roster as it is, or what to do where there is none."""
    today = visit.hall.desk.gateway.clock.now().astimezone(BEIJING).date()
    whole = visit.query("numbers") == "true"
    try:
        view = await visit.api.ask("show_roster", RosterView, query={"days": _AHEAD_DAYS, "numbers": whole or None})
    except RequestError as refusal:
        return _missing(visit, refusal)
    plan = await visit.api.ask("show_plan", PlanView, query=_span_from(today))
    days = _days(plan.shifts, today)
    values = {
        "view": view,
        "standing": cut(view.on_duty, _STANDING_SHOWN),
        "findings": cut(view.findings, _SHOWN),
        "days": cut_by(days, _turns_of, _TURNS_SHOWN),
        "changes": _newest(view),
        "notes": cut_by(view.notes, _length_of, _NOTES_CHARACTERS),
        "layers": cut(view.layers, _SHOWN),
        "tiers": _TIERS,
        "names": names_of(view),
        "named": _NAMED,
        "rotation_zh": rotation_zh,
        "fills": {place: fill_path(one.tier, one.starts_at, one.ends_at) for place, one in enumerate(view.findings)},
        **_people(visit, view, 0, _PEOPLE_SHOWN),
        "may_change": may_change(visit),
        "may_read_notes": visit.visitor.is_any(READERS),
    }
    return visit.render("roster.html", values)


async def people(visit: Visit) -> web.StreamResponse:
    """Show everybody of the roster, page by page, with the numbers."""
    whole, asked = visit.query("numbers") == "true", visit.query("page") or "1"
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < _DIGITS else 0
    try:
        view = await visit.api.ask("show_roster", RosterView, query={"numbers": whole or None})
    except RequestError as refusal:
        return _missing(visit, refusal)
    count = -(-(len(view.contacts) + len(view.offices)) // _PEOPLE_SHOWN)
    if not 1 <= number <= max(1, count):
        raise NotFoundError(Fault("request.not_found", "page", f"there are {count} pages"))
    begin = (number - 1) * _PEOPLE_SHOWN
    values = {
        **_people(visit, view, begin, begin + _PEOPLE_SHOWN),
        "view": view,
        "number": number,
        "count": count,
        "may_change": may_change(visit),
    }
    return visit.render("roster_people.html", values)


def _people(visit: Visit, view: RosterView, begin: int, end: int) -> dict[str, object]:
    """Return what the table of people needs of those from ``begin`` on; offices stand behind the officers."""
    everybody = len(view.contacts) + len(view.offices)
    behind = max(0, begin - len(view.contacts))
    return {
        "contacts": view.contacts[begin:end],
        "offices": view.offices[behind : max(0, end - len(view.contacts))],
        "everybody": everybody,
        "beyond": max(0, everybody - end),
        "whole": visit.query("numbers") == "true",
        "may_see_numbers": any(scope == "roster:numbers" for scope in visit.visitor.access.scopes),
    }


async def sheet(visit: Visit) -> web.StreamResponse:
    """Give the roster to print: all of it but the numbers, in parts if it is long."""
    today = visit.hall.desk.gateway.clock.now().astimezone(BEIJING).date()
    try:
        view = await visit.api.ask("show_roster", RosterView, query={"days": _AHEAD_DAYS})
    except RequestError as refusal:
        return _missing(visit, refusal)
    plan = await visit.api.ask("show_plan", PlanView, query=_span_from(today))
    part = part_of(_sections(visit, view, _days(plan.shifts, today)), visit.query("part") or "1")
    values = {"title": "值班表", "back": "/roster", "back_title": "值班表", "signing": False}
    return visit.render("print_sheet.html", values | part)


def _span_from(today: date) -> dict[str, str]:
    starts_at = datetime(today.year, today.month, today.day, tzinfo=BEIJING)
    return {"from": starts_at.isoformat(), "to": (starts_at + _AHEAD_DAYS * _DAY).isoformat()}


def _sections(visit: Visit, view: RosterView, days: Iterable[DutyDay]) -> Iterator[Section]:
    """Say everything in plain rows; notes only to those who may read them."""
    names = names_of(view)

    def named(officers: Iterable[str]) -> str:
        return "、".join(names.get(one, one) for one in officers)

    standing = tuple((TIERS[one.tier], one.display, clock(one.until) if one.until else "—") for one in view.on_duty)
    yield Section("此刻在岗", ("班次", "谁", "到"), standing, empty="此刻一个人也没有。")
    yield Section("十四天内要补的", ("缺口",), tuple((one.text,) for one in view.findings))
    rows = tuple((day.day, *(_turns_said(day.tiers[tier]) for tier in _TIERS)) for day in days)
    yield Section("今后十四天", ("日期", *(TIERS[tier] for tier in _TIERS)), rows)
    note = f"更早的 {view.left_out} 条见变更记录。" if view.left_out else ""
    yield Section("还有效的变更", ("种类", "内容", "记录"), tuple(_change_rows(view, named)), note)
    if visit.visitor.is_any(READERS):
        notes = tuple(
            (named([one.from_officer]), named([one.to_officer]), one.text, clock(one.recorded_at)) for one in view.notes
        )
        yield Section("交班留言", ("从", "给", "留言", "时间"), notes)
    layers = tuple((one.name, TIERS[one.tier], rotation_zh(one), named(one.members)) for one in view.layers)
    yield Section("平时的班次", ("名称", "班次", "轮换", "轮到的人（依次）"), layers)
    everybody = (
        *((one.display, one.officer, "、".join(TIERS[tier] for tier in one.tiers)) for one in view.contacts),
        *((one.display, one.office, TIERS[one.tier]) for one in view.offices),
    )
    yield Section("人员", ("岗位", "工号", "参加的班次"), everybody, "号码不印在纸上。")


def _turns_said(turns: Iterable[Turn]) -> str:
    return "；".join(f"{one.span} {one.who or '无人'}".strip() for one in turns) or "不设"


def _change_rows(view: RosterView, named: Callable[[Iterable[str]], str]) -> Iterator[tuple[str, str, str]]:
    for kind, one in _changes_of(view):
        by = f"{named([one.recorded_by])} {clock(one.recorded_at)}"
        match one:
            case TemporaryPlan():
                layers = "；".join(f"{TIERS[layer.tier]}：{named(layer.members)}" for layer in one.layers)
                text = f"{span(one.starts_at, one.ends_at)} 执行“{one.name}”：{one.reason}（{layers}）"
            case Override():
                text = f"{span(one.starts_at, one.ends_at)} {named([one.officer])}"
                text += (f"替{named([one.replaces])}" if one.replaces else "") + f"：{one.reason}"
            case Swap():
                first, second = one.first_span, one.second_span
                text = f"{named([one.first])} {span(first.starts_at, first.ends_at)}，与 {named([one.second])} "
                text += f"{span(second.starts_at, second.ends_at)} 对调：{one.reason}"
            case _:
                text = f"{one.source}，{one.shifts} 班，{span(one.starts_at, one.ends_at)}"
        yield kind, text, by


def _changes_of(view: RosterView) -> Iterator[tuple[str, TemporaryPlan | Override | Swap | ImportLine]]:
    yield from (("临时方案", one) for one in view.plans)
    yield from (("替班", one) for one in view.overrides)
    yield from (("调班", one) for one in view.swaps)
    yield from (("导入", one) for one in view.imports)


def _newest(view: RosterView) -> Cut[tuple[str, TemporaryPlan | Override | Swap | ImportLine]]:
    """Return the changes that are in force, of each kind the newest first if they are many."""
    every = list(_changes_of(view))
    if len(every) > _SHOWN:
        every.sort(key=_recorded_at, reverse=True)
    return cut(every, _SHOWN)


def _recorded_at(change: tuple[str, TemporaryPlan | Override | Swap | ImportLine]) -> datetime:
    return change[1].recorded_at


def _turns_of(day: DutyDay) -> int:
    return sum(map(len, day.tiers.values()))


def _length_of_record(line: RecordLine) -> int:
    return len(line.text)


def _length_of(note: HandoverNote) -> int:
    return len(note.text)


def may_change(visit: Visit) -> bool:
    """Tell whether the visitor may write into the roster."""
    return may_ask(visit.visitor.access, "record_override")


def names_of(view: RosterView) -> Mapping[str, str]:
    """Return what every officer and office of a roster is called."""
    people = {one.officer: one.display for one in view.contacts}
    return people | {one.office: one.display for one in view.offices}


def fill_path(tier: Tier | None, starts_at: datetime, ends_at: datetime) -> str:
    """Return the address of the form that puts somebody where nobody is, with what is known filled in."""
    moments = {"from": _local(starts_at), "to": _local(ends_at)}
    return f"/roster/new/override?{urlencode({'tier': tier or '', **moments})}"


def _local(at: datetime) -> str:
    return at.astimezone(BEIJING).strftime(_FILL)


def _missing(visit: Visit, refusal: RequestError) -> web.StreamResponse:
    codes = {one.code for one in refusal.faults}
    if not codes & {"roster.not_found", "roster.broken"}:
        raise refusal
    absent = "roster.not_found" in codes
    faults: tuple[Fault, ...] = () if absent else refusal.faults
    return visit.render("roster_missing.html", {"absent": absent, "faults": faults})


def _days(shifts: Iterable[ShiftLine], today: date) -> list[DutyDay]:
    cells: dict[tuple[date, Tier], list[Turn]] = defaultdict(list)
    for one in shifts:
        for day, turn in _split(one):
            cells[day, one.tier].append(turn)
    days = [today + place * _DAY for place in range(_AHEAD_DAYS)]
    return [
        DutyDay(
            f"{day:%m-%d} 周{_WEEK[day.weekday()]}",
            day.weekday() >= _WEEK.index("六"),
            {tier: tuple(cells.get((day, tier), ())) for tier in _TIERS},
        )
        for day in days
    ]


def _split(one: ShiftLine) -> Iterator[tuple[date, Turn]]:
    """Cut a shift at midnights, as a table by days shows it."""
    starts_at, ends_at = one.starts_at.astimezone(BEIJING), one.ends_at.astimezone(BEIJING)
    gap = one.officer is None and one.tier in MUST_STAND
    if one.officer is None and not gap:
        return
    fill = fill_path(one.tier, one.starts_at, one.ends_at) if gap else ""
    midnight = starts_at.replace(hour=0, minute=0, second=0, microsecond=0)
    while midnight < ends_at:
        first, last = max(starts_at, midnight), min(ends_at, midnight + _DAY)
        yield midnight.date(), Turn(_span(first, last, midnight), "" if gap else one.display, fill)
        midnight += _DAY


def _span(first: datetime, last: datetime, midnight: datetime) -> str:
    whole_start, whole_end = first == midnight, last == midnight + _DAY
    if whole_start and whole_end:
        return ""
    if whole_start:
        return f"至 {last:{_CLOCK}}"
    return f"{first:{_CLOCK}} 起" if whole_end else f"{first:{_CLOCK}}–{last:{_CLOCK}}"


async def records(visit: Visit) -> web.StreamResponse:
    """List everything that was recorded, what was withdrawn, too."""
    query = {"limit": _PAGE, "before": visit.query("before")}
    page = await visit.api.ask("list_roster_records", RecordPage, query=query)
    shown = cut_by(page.records, _length_of_record, _RECORDS_CHARACTERS)
    goes_on = shown.rows[-1].number if shown.left else page.next_before
    values = {
        "records": shown.rows,
        "kinds": KINDS,
        "may_change": may_change(visit),
        "may_read_notes": visit.visitor.is_any(READERS),
        "next_path": f"?before={goes_on}" if goes_on else None,
        "first_path": visit.request.path if visit.query("before") else None,
    }
    return visit.render("roster_records.html", values)


async def calendar(visit: Visit) -> web.StreamResponse:
    """Give the shifts as a calendar file: roles, no numbers."""
    return await visit.api.fetch("export_calendar", query={"officer": visit.query("officer")})


async def tests(visit: Visit) -> web.StreamResponse:
    """Show whose number is due for its monthly test, and which tests went out."""
    try:
        view = await visit.api.ask("show_roster", RosterView)
    except RequestError as refusal:
        return _missing(visit, refusal)
    query = {"open": False, "limit": _TESTS}
    told = (await visit.api.ask("list_escalations", EscalationList, query=query)).escalations
    tests_of = [one.key for one in told if one.kind is EscalationKind.NUMBER_TEST][:_TESTS_SHOWN]
    sent = [await visit.api.ask("show_timeline", Timeline, path={"id": key}) for key in tests_of]
    values = {
        "due": cut(view.due_tests, _TESTS_DUE_SHOWN),
        "offices": {one.office for one in view.offices},
        "sent": sent,
        "pages_people": view.pages_people,
        "may_change": may_change(visit),
        "states": STATES,
    }
    return visit.render("roster_tests.html", values)


ROSTER: Final = (
    Page("GET", "/roster", "roster", "值班表", roster, EVERYBODY, "roster"),
    Page("GET", "/roster/people", "roster_people", "人员和号码", people, EVERYBODY, "roster"),
    Page("GET", "/roster/sheet", "roster_sheet", "值班表打印", sheet, EVERYBODY, "roster"),
    Page("GET", "/roster/records", "roster_records", "值班表变更记录", records, EVERYBODY, "roster"),
    Page("GET", "/roster/tests", "roster_tests", "号码每月测试", tests, EVERYBODY, "roster"),
    Page("GET", "/roster.ics", "roster_calendar", "值班日历", calendar, EVERYBODY, "roster"),
)
