"""What the tests of escalation share: who is on duty, and an alert that was just opened."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from schemas.base import Status
from schemas.escalations import (
    AlarmKind,
    AnswerGiven,
    Escalation,
    EscalationKind,
    PageRow,
    PageState,
    Plan,
    Policy,
)
from schemas.officers import AnswerWord
from schemas.pages import Medium, Recipient, Strength, Tier
from services.domain.escalation import Opening, is_due, open_escalation, plan, woken
from services.domain.escalation_draft import Facts
from services.domain.policies import USUAL_POLICY
from tests.papers import LIBO

NOON: Final = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
"""12:00 in Beijing, a Wednesday."""
NIGHT: Final = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
"""23:00 in Beijing."""
ALERT: Final = "a" * 64
ROOM: Final = (Medium.VOICE, Medium.FAX)
PERSON: Final = (Medium.SMS, Medium.VOICE, Medium.EMAIL, Medium.CONSOLE)


def minutes(count: float) -> timedelta:
    """Spell minutes."""
    return timedelta(minutes=count)


def recipient(officer: str, tier: Tier, media: tuple[Medium, ...] = PERSON) -> Recipient:
    """Somebody on duty with a made-up address for each medium."""
    return Recipient(officer, f"值班员 {officer}", tier, tuple((one, f"{one}:{officer}") for one in media))


FIRST: Final = recipient("first", Tier.PRIMARY)
SECOND: Final = recipient("second", Tier.SECONDARY)
LEADER: Final = recipient("leader", Tier.LEADER)
OFFICE: Final = recipient("office", Tier.OFFICE, ROOM)
SUPERIOR: Final = recipient("superior", Tier.SUPERIOR, ROOM)
EVERYBODY: Final = (FIRST, SECOND, LEADER, OFFICE, SUPERIOR)


def opened(
    level: int, at: datetime = NOON, *, key: str = ALERT, status: Status = Status.ACTUAL, incident: str = "flood"
) -> Escalation:
    """An alert that has just come."""
    opening = Opening(key, EscalationKind.ALERT, incident, level, status, LIBO, at + timedelta(days=1))
    return open_escalation(opening, USUAL_POLICY, at)


def facts(
    now: datetime,
    *,
    pages: tuple[PageRow, ...] = (),
    answers: tuple[AnswerGiven, ...] = (),
    roster: tuple[Recipient, ...] = EVERYBODY,
    policy: Policy = USUAL_POLICY,
    related: tuple[Escalation, ...] = (),
) -> Facts:
    """Facts with the whole county on duty."""
    return Facts(policy, roster, now, pages, answers, related=related)


def answer(
    number: int,
    officer: str,
    word: AnswerWord = AnswerWord.RECEIVED,
    strength: Strength = Strength.WEB_SIGNED,
    *,
    to: str = "",
    at: datetime = NOON,
) -> AnswerGiven:
    """An answer to the alert."""
    return AnswerGiven(number, ALERT, officer, word, strength, at, to)


def merged(pages: tuple[PageRow, ...], made: Plan) -> tuple[PageRow, ...]:
    """The rows as they are once a plan was written."""
    rows = {row.page_id: row for row in pages}
    rows |= {row.page_id: row for row in (*made.pages, *made.changed)}
    return tuple(rows.values())


Seen = tuple[float, str, str]
"""Minute, officer, medium."""


class Ladder:
    """An escalation that is planned at its own times; every page is delivered at once unless a test says otherwise."""

    def __init__(self, row: Escalation, roster: tuple[Recipient, ...] = EVERYBODY) -> None:
        """Nothing is planned yet."""
        self.row = row
        self.roster = roster
        self.start = row.opened_at
        self.now = row.opened_at
        self.pages: tuple[PageRow, ...] = ()
        self.seen: list[Seen] = []
        self.plans: list[Plan] = []
        self.delivers = True

    def go(self, until: float) -> None:
        """Plan at every wake-up to a minute, inclusive."""
        while is_due(self.row, self.now) or (
            self.row.wake_at is not None and self.row.wake_at <= self.start + minutes(until)
        ):
            self.now = max(self.now, self.row.wake_at or self.now)
            self.plan_now()

    def plan_now(self) -> Plan:
        """Plan once, write, send."""
        made = plan(self.row, facts(self.now, pages=self.pages, roster=self.roster))
        self.plans.append(made)
        self.row, self.pages = made.escalation, merged(self.pages, made)
        minute = (self.now - self.start) / minutes(1)
        self.seen += [(minute, row.recipient, row.medium) for row in made.pages if row.state is PageState.DUE]
        state = PageState.DELIVERED if self.delivers else PageState.SUBMITTED
        self.pages = tuple(
            replace(row, state=state, submitted_at=self.now) if row.state is PageState.DUE else row
            for row in self.pages
        )
        if not self.delivers and made.pages:
            self.row = woken(self.row)
        return made

    def alarms(self) -> list[tuple[float, AlarmKind]]:
        """Minute and kind of every alarm so far."""
        return [((one.at - self.start) / minutes(1), one.kind) for made in self.plans for one in made.alarms]


def by(minute: float, who: Recipient, *media: Medium) -> list[Seen]:
    """Spell what somebody is told."""
    return [(minute, who.officer, medium) for medium in media]
