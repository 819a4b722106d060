"""The calendar day by day: the lunar date, who keeps which festival, and the campaigns of the time."""

from collections.abc import Sequence
from datetime import date, timedelta

from schemas.base import Model
from schemas.festivals import FestivalFile
from schemas.ids import CountyId
from schemas.threads import Family
from services.domain.festivals import days_between, keeps, kept_nearby
from services.domain.ledger import span_of
from services.domain.lunar import day_words, lunar_date, month_words
from services.gateway.ledger import CAMPAIGNS_MAX
from services.gateway.thread_answers import ThreadLine
from services.gateway.threads import thread_line
from services.ports import Snapshot


class FestivalOnDay(Model):
    """A festival on its day."""

    key: str
    name: str
    note: str
    source: str
    counties: tuple[CountyId, ...]
    """Of the registry, those that keep it."""


class CalendarDay(Model):
    """One day."""

    day: date
    lunar_month: str
    """As it is written, e.g. 三月; empty outside the table of lunar months."""
    lunar_day: str
    """As it is written, e.g. 初三."""
    festivals: tuple[FestivalOnDay, ...]


class CalendarDays(Model):
    """A span of days, and every campaign that lasts into it or begins in it, by its start."""

    days: tuple[CalendarDay, ...]
    campaigns: tuple[ThreadLine, ...]
    complete: bool
    """False: there are more campaigns than were looked at; ask for fewer days."""


def calendar_days(
    snapshot: Snapshot, *, table: FestivalFile, members: Sequence[CountyId], first: date, last: date
) -> CalendarDays:
    """Return the days between two days, both included.

    Args:
        snapshot: One consistent view.
        table: Of festivals and lunar months.
        members: Counties of the registry: a festival that none of them keeps is left out.
        first: First day, in Beijing.
        last: Last day, included.
    """
    since, until = span_of(first, last)
    rows = snapshot.threads.rows_between(Family.CAMPAIGN, since, until, CAMPAIGNS_MAX)
    kept = kept_nearby(days_between(table, first, last), members)
    found: dict[date, list[FestivalOnDay]] = {}
    for one in kept:
        festival = one.festival
        line = FestivalOnDay(
            key=festival.key,
            name=festival.name,
            note=festival.note,
            source=festival.source,
            counties=tuple(county for county in members if keeps(county, festival)),
        )
        found.setdefault(one.day, []).append(line)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return CalendarDays(
        days=tuple(_day(table, day, found.get(day, ())) for day in days),
        campaigns=tuple(thread_line(row) for row in rows),
        complete=len(rows) < CAMPAIGNS_MAX,
    )


def _day(table: FestivalFile, day: date, festivals: Sequence[FestivalOnDay]) -> CalendarDay:
    lunar = lunar_date(table, day)
    return CalendarDay(
        day=day,
        lunar_month=month_words(lunar) if lunar else "",
        lunar_day=day_words(lunar) if lunar else "",
        festivals=tuple(festivals),
    )
