"""The ledger of a period as the API shows it, and the calendar that people subscribe to."""

from datetime import date, datetime, timedelta
from typing import Final

from schemas.base import BEIJING
from schemas.calendars import FeedEntry
from schemas.errors import Fault
from schemas.festivals import FestivalDay
from schemas.information.briefs import SituationBriefPublished
from schemas.ledgers import Ledger
from schemas.outreach.campaigns import CampaignOutcome
from schemas.threads import ACTS_MAX, Family
from services.domain.briefs import Differing, differing, draft_of, judge_figures, judge_span
from services.domain.campaign_calendar import campaign_entry, festival_entries
from services.domain.campaigns import CampaignState, fold
from services.domain.festivals import announced_by, days_between, kept_nearby
from services.domain.ledger import Counted, ledger_of, span_of
from services.domain.threads import acts_of
from services.domain.trust import Trust
from services.gateway.gateway import CalendarFeed
from services.gateway.thread_answers import FestivalDate, FestivalLine, FestivalList, LedgerAnswer, LedgerLines
from services.ports import Snapshot

BACK: Final = timedelta(days=366)
AHEAD: Final = timedelta(days=730)
CAMPAIGNS_MAX: Final = 500


def read_ledger(snapshot: Snapshot, *, county: str, first: date, last: date, now: datetime) -> Ledger:
    """Count a period, on one consistent view."""
    since, until = span_of(first, last)
    found = snapshot.ledger
    counted = Counted(found.events(since, until), found.deliveries(since, until), found.matters(since, until))
    return ledger_of(counted, county=county, first=first, last=last, now=now)


def judge_brief(snapshot: Snapshot, brief: SituationBriefPublished, *, county: str, now: datetime) -> Fault | None:
    """Decide whether this county may send a brief: its figures are those that the ledger of the period has, or had."""
    fault = judge_span(brief)
    if fault is not None:
        return fault
    ledger = _ledger_of(snapshot, brief, county=county, now=now)
    return judge_figures(brief, ledger, today=now.astimezone(BEIJING).date())


def differing_from(
    snapshot: Snapshot, brief: SituationBriefPublished, *, county: str, now: datetime
) -> tuple[Differing, ...]:
    """Return which figures of an own brief are not those of the ledger now."""
    return differing(brief, _ledger_of(snapshot, brief, county=county, now=now))


def _ledger_of(snapshot: Snapshot, brief: SituationBriefPublished, *, county: str, now: datetime) -> Ledger:
    return read_ledger(snapshot, county=county, first=brief.period.starts_on, last=brief.period.ends_on, now=now)


def ledger_answer(ledger: Ledger) -> LedgerAnswer:
    """Return a ledger as the API shows it."""
    return LedgerAnswer(ledger=LedgerLines.model_validate(ledger, from_attributes=True), brief=draft_of(ledger))


def calendar_entries(snapshot: Snapshot, *, feed: CalendarFeed, trust: Trust, now: datetime) -> list[FeedEntry]:
    """Return the campaigns and festivals of the year behind and the two years ahead."""
    states, kept = _campaigns(snapshot, now), _kept(feed, trust, now)
    return [*(campaign_entry(state, feed.table) for state in states), *festival_entries(kept, feed.table)]


def festival_list(snapshot: Snapshot, *, feed: CalendarFeed, trust: Trust, now: datetime) -> FestivalList:
    """Return the festivals of the table with their days in the time of the calendar.

    Those whose day is announced each year have the days of the campaigns that announce them, and none before.
    """
    table, kept = feed.table, _kept(feed, trust, now)
    days: dict[str, list[FestivalDate]] = {one.key: [] for one in table.festivals}
    for one in kept:
        days[one.festival.key].append(FestivalDate(day=one.day, campaign=None))
    for state in _campaigns(snapshot, now):
        announced = announced_by(table, state.plan.ics_uid[:6], state.plan.name)
        if announced is not None and not (state.closing and state.closing.outcome is CampaignOutcome.CANCELLED):
            day = state.plan.starts.astimezone(BEIJING).date()
            days[announced.key].append(FestivalDate(day=day, campaign=state.plan.ics_uid))
    lines = (
        FestivalLine(
            key=one.key,
            name=one.name,
            announced_each_year=one.is_announced,
            days=tuple(sorted(days[one.key], key=lambda found: found.day)),
            note=one.note,
            source=one.source,
        )
        for one in table.festivals
    )
    return FestivalList(as_of=table.as_of, festivals=tuple(lines))


def _campaigns(snapshot: Snapshot, now: datetime) -> list[CampaignState]:
    rows = snapshot.threads.rows_between(Family.CAMPAIGN, now - BACK, now + AHEAD, CAMPAIGNS_MAX)
    states = (fold(acts_of(snapshot.threads.acts(row.thread, ACTS_MAX))) for row in rows)
    return [state for state in states if state is not None]


def _kept(feed: CalendarFeed, trust: Trust, now: datetime) -> list[FestivalDay]:
    first, last = ((now + away).astimezone(BEIJING).date() for away in (-BACK, AHEAD))
    return kept_nearby(days_between(feed.table, first, last), (member.county for member in trust.registry.members))
