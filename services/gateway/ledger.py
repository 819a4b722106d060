"""The ledger of a period as the API shows it, and the calendar that people subscribe to."""

from datetime import date, datetime, timedelta
from typing import Final

from schemas.base import BEIJING
from schemas.calendars import FeedEntry
from schemas.errors import Fault
from schemas.information.briefs import SituationBriefPublished
from schemas.ledgers import Ledger
from schemas.threads import ACTS_MAX, Family
from services.domain.briefs import Differing, differing, draft_of, judge_figures, judge_span
from services.domain.campaign_calendar import campaign_entry, festival_entries
from services.domain.campaigns import fold
from services.domain.festivals import days_between, kept_nearby
from services.domain.ledger import Counted, ledger_of, span_of
from services.domain.threads import acts_of
from services.domain.trust import Trust
from services.gateway.gateway import CalendarFeed
from services.gateway.thread_answers import LedgerAnswer, LedgerLines
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
    since, until = now - BACK, now + AHEAD
    rows = snapshot.threads.rows_between(Family.CAMPAIGN, since, until, CAMPAIGNS_MAX)
    states = (fold(acts_of(snapshot.threads.acts(row.thread, ACTS_MAX))) for row in rows)
    days = days_between(feed.table, since.astimezone(BEIJING).date(), until.astimezone(BEIJING).date())
    kept = kept_nearby(days, (member.county for member in trust.registry.members))
    return [*(campaign_entry(state) for state in states if state), *festival_entries(kept, feed.table)]
