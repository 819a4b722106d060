"""What the tests of escalation share: who is on duty, and an alert that was just opened."""

from datetime import UTC, datetime, timedelta
from typing import Final

from schemas.base import Status
from schemas.escalations import AnswerGiven, Escalation, EscalationKind, PageRow, Plan, Policy
from schemas.officers import AnswerWord
from schemas.pages import Medium, Recipient, Strength, Tier
from services.domain.escalation import Opening, open_escalation
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


def facts(  # noqa: PLR0913 - the facts themselves
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


def merged(pages: tuple[PageRow, ...], plan: Plan) -> tuple[PageRow, ...]:
    """The rows as they are once a plan was written."""
    rows = {row.page_id: row for row in pages}
    rows |= {row.page_id: row for row in (*plan.pages, *plan.changed)}
    return tuple(rows.values())
