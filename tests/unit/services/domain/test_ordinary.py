"""Bulletins, offers and requests: when they are told and reminded of, and that no night is broken for them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.base import BEIJING
from schemas.escalations import AlarmKind, Escalation, EscalationState, PageRow, PageState, Plan, Purpose
from schemas.officers import AnswerWord
from schemas.pages import Medium, Recipient, Strength, Tier
from services.domain.escalation import is_due, plan
from services.domain.escalation_draft import Facts, is_weekday
from services.domain.ordinary import deadline_of, open_ordinary
from services.domain.policies import USUAL_POLICY
from tests.escalations import ALERT, EVERYBODY, FIRST, SECOND, answer, merged
from tests.papers import LIBO

HOLIDAYS = {date(2026, 10, day) for day in range(1, 8)}
MAKE_UP = {date(2026, 9, 27), date(2026, 10, 10)}


def is_workday(day: date) -> bool:
    """National Day week of a made-up year's table, with its make-up days."""
    return day in MAKE_UP or (is_weekday(day) and day not in HOLIDAYS)


def beijing(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=BEIJING).astimezone(UTC)


@pytest.mark.parametrize(
    ("opened", "last_day"),
    [
        (beijing(3, 2, 10), date(2026, 3, 5)),  # Monday
        (beijing(3, 2, 0), date(2026, 3, 5)),
        (beijing(3, 2, 23, 59), date(2026, 3, 5)),
        (beijing(3, 5, 10), date(2026, 3, 10)),  # Thursday, over a weekend
        (beijing(3, 7, 10), date(2026, 3, 11)),  # Saturday
        (beijing(9, 30, 10), date(2026, 10, 10)),  # over the holidays, and the make-up Saturday counts
    ],
)
def test_the_deadline_counts_whole_workdays(opened: datetime, last_day: date) -> None:
    """A county is late for a bulletin of the eve of a holiday."""
    deadline = deadline_of(opened, 3, is_workday)
    assert deadline == datetime.combine(last_day + timedelta(days=1), datetime.min.time(), BEIJING)


def test_a_table_without_workdays_ends_the_count() -> None:
    """A broken table of holidays stops the node."""
    assert deadline_of(beijing(3, 2, 10), 3, lambda _: False) == beijing(3, 2, 0) + timedelta(days=367)


class Desk:
    """A bulletin that is planned at its own times."""

    def __init__(self, at: datetime, *, acknowledge_by: datetime | None = None) -> None:
        """It has just come."""
        self.row: Escalation = open_ordinary(
            ALERT, USUAL_POLICY, at, source=LIBO, is_workday=is_workday, acknowledge_by=acknowledge_by
        )
        self.now = at
        self.pages: tuple[PageRow, ...] = ()
        self.roster: tuple[Recipient, ...] = EVERYBODY
        self.seen: list[tuple[str, str, str, str]] = []
        self.alarms: list[tuple[str, AlarmKind]] = []

    def go(self, until: datetime) -> None:
        """Plan at every wake-up up to a moment."""
        while self.row.wake_at is not None and self.row.wake_at <= until:
            self.now = max(self.now, self.row.wake_at)
            self.look()

    def look(self, *answers: object) -> Plan:
        """Plan now."""
        known = Facts(USUAL_POLICY, self.roster, self.now, self.pages, answers, is_workday=is_workday)  # type: ignore[arg-type]
        made = plan(self.row, known)
        assert not is_due(made.escalation, self.now)
        self.row, self.pages = made.escalation, merged(self.pages, made)
        at = f"{self.now.astimezone(BEIJING):%m-%d %H:%M}"
        self.seen += [(at, row.recipient, row.purpose, row.medium) for row in made.pages]
        self.alarms += [(at, one.kind) for one in made.alarms]
        return made


def test_a_bulletin_is_told_digested_and_reminded_of() -> None:
    """It is lost in the mail; or it rings by day and night."""
    desk = Desk(beijing(3, 5, 10))
    desk.go(beijing(3, 20, 0))
    assert desk.seen == [
        ("03-05 10:00", "first", "step", "console"),
        ("03-05 10:00", "first", "step", "email"),
        ("03-06 09:00", "first", "digest", "sms"),
        ("03-07 09:00", "first", "digest", "sms"),
        ("03-07 09:00", "first", "reminder", "console"),
        ("03-07 09:00", "first", "reminder", "email"),
        ("03-09 09:00", "first", "digest", "sms"),
        ("03-09 09:00", "first", "reminder", "console"),
        ("03-09 09:00", "first", "reminder", "email"),
        ("03-10 09:00", "first", "digest", "sms"),
        ("03-10 09:00", "first", "reminder", "console"),
        ("03-10 09:00", "first", "reminder", "email"),
    ]
    assert desk.alarms == [("03-11 00:00", AlarmKind.OVERDUE)]
    assert (desk.row.state, desk.row.wake_at) == (EscalationState.EXHAUSTED, None)


@pytest.mark.parametrize(("hour", "told"), [(22, "03-06 07:00"), (23, "03-06 07:00"), (21, "03-05 21:00")])
def test_by_night_it_waits_for_seven_o_clock(hour: int, told: str) -> None:
    """A policy bulletin wakes the duty officer."""
    desk = Desk(beijing(3, 5, hour))
    desk.go(beijing(3, 6, 8))
    assert {at for at, *_ in desk.seen} == {told}


def test_after_midnight_it_waits_for_the_same_morning() -> None:
    """It would wait for a whole day."""
    desk = Desk(beijing(3, 5, 3))
    desk.go(beijing(3, 5, 8))
    assert {at for at, *_ in desk.seen} == {"03-05 07:00"}


def test_after_a_long_stop_one_reminder_stands_for_all() -> None:
    """A node that was off over the weekend sends three at once; or reminds by night."""
    desk = Desk(beijing(3, 5, 10))
    desk.go(beijing(3, 5, 12))
    desk.now = beijing(3, 9, 23)
    desk.look()
    assert [seen for seen in desk.seen if seen[0] > "03-05 23"] == []
    desk.go(beijing(3, 10, 8))
    assert [seen[0] for seen in desk.seen if seen[2] == Purpose.REMINDER] == ["03-10 07:00"] * 2


def test_a_clock_set_back_reminds_of_nothing_twice() -> None:
    """Each time the clock is set the same mail goes out."""
    desk = Desk(beijing(3, 5, 10))
    desk.go(beijing(3, 7, 10))
    before = list(desk.seen)
    desk.now = beijing(3, 5, 11)
    desk.look()
    desk.go(beijing(3, 8, 0))
    assert desk.seen == before


def test_taking_it_ends_its_reminders() -> None:
    """It was answered, and the mail goes on."""
    desk = Desk(beijing(3, 5, 10))
    desk.look()
    made = desk.look(answer(1, "first", AnswerWord.RECEIVED, Strength.SMS_NUMBER))
    assert made.escalation.state is EscalationState.ACKNOWLEDGED
    assert desk.row.wake_at is None
    waiting = [row for row in desk.pages if row.state is PageState.DUE]
    assert waiting == []


def test_whoever_cannot_is_reminded_no_more() -> None:
    """He has said that it is not for him."""
    second = Recipient("other", "值班员乙", Tier.PRIMARY, FIRST.addresses)
    desk = Desk(beijing(3, 5, 10))
    desk.roster = (FIRST, second)
    desk.look()
    refusal = answer(1, "first", AnswerWord.PASSED_ON, to="other")
    made = desk.look(refusal)
    assert {(row.recipient, row.purpose, row.medium) for row in made.pages} == {
        ("other", Purpose.PASSED_ON, Medium.CONSOLE),
        ("other", Purpose.PASSED_ON, Medium.EMAIL),
    }
    desk.now = beijing(3, 6, 9)
    assert {row.recipient for row in desk.look(refusal).pages} == {"other"}


def test_without_anybody_on_duty_the_next_tier_reads_it() -> None:
    """A county without a first officer answers no requests."""
    desk = Desk(beijing(3, 5, 10))
    desk.roster = (SECOND,)
    desk.look()
    assert {who for _, who, *_ in desk.seen} == {"second"}
    assert [kind for _, kind in desk.alarms] == [AlarmKind.COVERAGE_GAP]


def test_a_request_with_its_own_deadline_is_reminded_of_before_that() -> None:
    """The answer is asked for in ten days, and reminders come in the first three."""
    desk = Desk(beijing(3, 5, 10), acknowledge_by=beijing(3, 15, 18))
    desk.go(beijing(3, 30, 0))
    reminded = [at for at, _, purpose, medium in desk.seen if purpose == Purpose.REMINDER and medium == Medium.EMAIL]
    assert reminded == ["03-12 09:00", "03-14 09:00", "03-15 09:00"]
    assert desk.alarms == [("03-15 18:00", AlarmKind.OVERDUE)]
