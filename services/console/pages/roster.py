"""值班表: who is on duty now and in the coming days, what is missing, what was changed, whose number is to test."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from schemas.base import BEIJING
from schemas.errors import Fault, RequestError
from schemas.escalations import EscalationKind
from schemas.pages import Tier
from services.console.asking import may_ask
from services.console.navigation import EVERYBODY, READERS
from services.console.visit import Page, Visit
from services.domain.coverage import MUST_STAND
from services.domain.escalation_words import STATES
from services.domain.roster_words import KINDS, rotation_zh
from services.gateway.paging_answers import EscalationList, Timeline
from services.gateway.roster_answers import PlanView, RecordPage, RosterView, ShiftLine

_AHEAD_DAYS: Final = 14
_DAY: Final = timedelta(days=1)
_TIERS: Final = (Tier.PRIMARY, Tier.SECONDARY, Tier.LEADER)
_WEEK: Final = "一二三四五六日"
_CLOCK: Final = "%H:%M"
_PAGE: Final = 50
_TESTS: Final = 200
_TESTS_SHOWN: Final = 20
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
    starts_at = datetime(today.year, today.month, today.day, tzinfo=BEIJING)
    span = {"from": starts_at.isoformat(), "to": (starts_at + _AHEAD_DAYS * _DAY).isoformat()}
    plan = await visit.api.ask("show_plan", PlanView, query=span)
    values = {
        "view": view,
        "days": _days(plan.shifts, today),
        "tiers": _TIERS,
        "names": names_of(view),
        "rotation_zh": rotation_zh,
        "fills": {place: fill_path(one.tier, one.starts_at, one.ends_at) for place, one in enumerate(view.findings)},
        "whole": whole,
        "may_change": may_change(visit),
        "may_see_numbers": any(scope == "roster:numbers" for scope in visit.visitor.access.scopes),
        "may_read_notes": visit.visitor.is_any(READERS),
    }
    return visit.render("roster.html", values)


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
    values = {
        "page": page,
        "kinds": KINDS,
        "may_change": may_change(visit),
        "may_read_notes": visit.visitor.is_any(READERS),
        "next_path": f"?before={page.next_before}" if page.next_before else None,
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
        "due": view.due_tests,
        "offices": {one.office for one in view.offices},
        "sent": sent,
        "pages_people": view.pages_people,
        "may_change": may_change(visit),
        "states": STATES,
    }
    return visit.render("roster_tests.html", values)


ROSTER: Final = (
    Page("GET", "/roster", "roster", "值班表", roster, EVERYBODY, "roster"),
    Page("GET", "/roster/records", "roster_records", "值班表变更记录", records, EVERYBODY, "roster"),
    Page("GET", "/roster/tests", "roster_tests", "号码每月测试", tests, EVERYBODY, "roster"),
    Page("GET", "/roster.ics", "roster_calendar", "值班日历", calendar, EVERYBODY, "roster"),
)
