"""Monthly tests of numbers: at the right hour, one at a time, and none twice."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from schemas.base import Status
from schemas.escalations import AlarmKind, AnswerGiven, EscalationState, PageState, Plan, QuietHours
from schemas.officers import AnswerWord
from schemas.pages import Medium, Recipient, Strength, Tier
from schemas.rosters import ContactNumber, Mark
from services.domain.coverage import DueTest, mark_to_record, number_tag
from services.domain.escalation_draft import Facts, is_weekday
from services.domain.number_tests import (
    OpenedTest,
    address_of,
    choose,
    filed_under,
    key_of,
    office_from,
    open_test,
    plan_test,
)
from services.domain.policies import USUAL_POLICY
from tests.rosters import at, number

QUIET = USUAL_POLICY.quiet
WEDNESDAY = "2026-03-04 10:00"


def due(index: int = 1, *, owner: str = "duty-a", medium: Medium = Medium.SMS, is_office: bool = False) -> DueTest:
    """Return a number that a test is due to."""
    one = ContactNumber(medium=medium, address=number(index), verified_at=at("2026-01-01 08:00"))
    return DueTest(owner, "值班员甲", one, at("2026-01-01 08:00"), is_office)


def opened_on(one: DueTest, when: str) -> OpenedTest:
    """Return that a number was tested."""
    month = at(when).date()
    return OpenedTest(key_of(one.owner, one.number.medium, one.number.address, month), one.owner, at(when))


def chosen(
    *numbers: DueTest, lately: tuple[OpenedTest, ...] = (), now: str = WEDNESDAY, busy: str = ""
) -> DueTest | None:
    return choose(numbers, lately, at(now), is_busy=lambda officer: officer == busy)


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (WEDNESDAY, WEDNESDAY),
        ("2026-03-04 08:59", "2026-03-04 09:00"),
        ("2026-03-04 11:29", "2026-03-04 11:29"),
        ("2026-03-04 11:30", "2026-03-04 15:00"),
        ("2026-03-04 16:59", "2026-03-04 16:59"),
        ("2026-03-04 17:00", "2026-03-05 09:00"),
        ("2026-03-06 23:00", "2026-03-09 09:00"),
        ("2026-03-07 10:00", "2026-03-09 09:00"),
    ],
)
def test_a_test_wakes_nobody(now: str, found: str) -> None:
    """Office hours of workdays alone: a telephone that rings at night for a test is switched off."""
    assert office_from(at(now), is_weekday, QUIET) == at(found)


def test_a_countys_own_quiet_hours_hold_by_day() -> None:
    """A county that is quiet from nine to ten is tested from ten on; one without workdays is not tested this year."""
    assert office_from(at("2026-03-04 09:30"), is_weekday, QuietHours(from_hour=9, until_hour=10)) == at(WEDNESDAY)
    assert office_from(at(WEDNESDAY), lambda _: False, QUIET) > at("2027-03-01 00:00")


def test_the_longest_untested_comes_first_and_not_all_at_once() -> None:
    """A thousand at nine o'clock would be a storm of our own; five minutes lie between two."""
    first, second = due(1), due(2, owner="duty-b")
    assert chosen(first, second) is first
    assert chosen(second, lately=(opened_on(first, "2026-03-04 09:56"),)) is None
    assert chosen(second, lately=(opened_on(first, "2026-03-04 09:55"),)) is second


def test_a_number_is_tested_once_a_month() -> None:
    """Unanswered, it is due still; and the first of a month is not a month after the last of the one before."""
    one = due()
    assert chosen(one, lately=(opened_on(one, "2026-03-02 10:00"),)) is None
    assert chosen(one, lately=(opened_on(one, "2026-02-27 10:00"),)) is None
    assert chosen(one, lately=(opened_on(one, "2026-02-02 10:00"),)) is one
    other = due(2)
    assert chosen(other, lately=(opened_on(one, "2026-03-02 10:00"),)) is other


def test_an_officer_is_tested_once_a_day_and_not_while_he_has_an_alert() -> None:
    """SMS and call at one time are an alarm; a code more makes 收到 ambiguous."""
    sms, call = due(), due(medium=Medium.VOICE)
    assert chosen(call, lately=(opened_on(sms, "2026-03-04 09:10"),)) is None
    assert chosen(call, lately=(opened_on(sms, "2026-03-03 09:10"),)) is call
    assert chosen(sms, due(2, owner="duty-b"), busy="duty-a") == due(2, owner="duty-b")


@pytest.mark.parametrize("medium", [Medium.FAX, Medium.EMAIL])
def test_what_cannot_be_answered_is_not_tested(medium: Medium) -> None:
    """It would be told of as silent every month. So would an office, which has no PIN."""
    address = number(1) if medium is Medium.FAX else "duty-a@example.invalid"
    one = ContactNumber(medium=medium, address=address, verified_at=at("2026-01-01 08:00"))
    assert chosen(due()._replace(number=one)) is None
    assert chosen(due(medium=Medium.VOICE, is_office=True)) is None


def test_a_key_names_a_number_and_gives_none_away() -> None:
    """However it is spelled, and once a month; four digits of it are shared by thousands."""
    march = date(2026, 3, 4)
    key = key_of("duty-a", Medium.SMS, number(1), march)
    assert key == key_of("duty-a", Medium.SMS, "+86 " + number(1), march.replace(day=31))
    others = {
        key_of("duty-b", Medium.SMS, number(1), march),
        key_of("duty-a", Medium.VOICE, number(1), march),
        key_of("duty-a", Medium.SMS, number(2), march),
        key_of("duty-a", Medium.SMS, number(1), date(2026, 4, 1)),
    }
    assert len(others | {key}) == 5
    assert len(number_tag(number(1))) == 4
    assert number(1) not in filed_under("duty-a", Medium.SMS, number(1))


# -- what comes back ------------------------------------------------------------------------------


def opened(one: DueTest | None = None) -> Plan:
    return open_test(one or due(), "451226", at(WEDNESDAY))


def looked(plan: Plan, now: datetime, *answers: AnswerGiven, **page: object) -> Plan:
    """Plan again with what has come."""
    pages = tuple(replace(row, **page) for row in plan.pages)  # type: ignore[arg-type]
    return plan_test(plan.escalation, Facts(USUAL_POLICY, (), now, pages, answers))


def answer(word: AnswerWord = AnswerWord.RECEIVED, strength: Strength = Strength.SMS_NUMBER) -> AnswerGiven:
    return AnswerGiven(1, opened().escalation.key, "duty-a", word, strength, at(WEDNESDAY))


def test_a_test_is_one_page_to_one_number() -> None:
    """Its officer may be off duty; nobody else is told, and no ladder climbs."""
    plan = opened()
    (page,) = plan.pages
    assert (page.recipient, page.medium, page.state) == ("duty-a", Medium.SMS, PageState.DUE)
    assert (plan.escalation.status, plan.escalation.level) == (Status.TEST, None)
    roster = Recipient("duty-a", "值班员甲", Tier.PRIMARY, ((Medium.SMS, number(9)), (Medium.SMS, number(1))))
    assert address_of(roster, Medium.SMS, plan.escalation) == number(1)
    assert address_of(replace(roster, addresses=()), Medium.SMS, plan.escalation) is None
    assert looked(plan, at("2026-03-04 10:01")).pages == ()


@pytest.mark.parametrize("word", AnswerWord)
def test_any_word_proves_the_number(word: AnswerWord) -> None:
    """Who answers 不能 has the telephone in hand."""
    made = looked(opened(), at("2026-03-04 10:05"), answer(word), state=PageState.SUBMITTED)
    assert made.escalation.state is EscalationState.ACKNOWLEDGED
    assert (made.alarms, made.escalation.wake_at, made.escalation.heard) == ((), None, 1)


def test_an_sms_does_not_prove_a_telephone() -> None:
    """The call is proved by the PIN."""
    plan = opened(due(medium=Medium.VOICE))
    now = at("2026-03-04 10:05")
    assert looked(plan, now, answer()).escalation.state is EscalationState.OPEN
    keyed = answer(strength=Strength.VOICE_PIN)
    assert looked(plan, now, keyed).escalation.state is EscalationState.ACKNOWLEDGED


def test_a_day_of_silence_is_told_once_and_may_still_be_answered() -> None:
    """From when it went out, not from when it was to."""
    sent = {"state": PageState.SUBMITTED, "submitted_at": at("2026-03-04 16:00")}
    waiting = looked(opened(), at("2026-03-05 15:59"), **sent)
    assert waiting.alarms == ()
    assert waiting.escalation.wake_at == at("2026-03-05 16:00")
    silent = looked(opened(), at("2026-03-05 16:00"), **sent)
    assert [one.kind for one in silent.alarms] == [AlarmKind.NUMBER_SILENT]
    assert silent.escalation.state is EscalationState.EXHAUSTED
    later = Plan(silent.escalation, opened().pages)
    assert looked(later, at("2026-03-06 16:00"), **sent).alarms == ()
    assert looked(later, at("2026-03-06 16:00"), answer(), **sent).escalation.state is EscalationState.ACKNOWLEDGED


def test_a_number_that_does_not_exist_is_told_of_at_once() -> None:
    """A day would be lost."""
    failed = looked(opened(), at("2026-03-04 10:01"), state=PageState.FAILED)
    assert [one.kind for one in failed.alarms] == [AlarmKind.NUMBER_SILENT]
    due_still = looked(opened(), at("2026-03-09 10:01"))
    assert (due_still.alarms, due_still.escalation.wake_at) == ((), None)


# -- what is recorded -----------------------------------------------------------------------------


def test_what_the_roster_knows_is_not_recorded_again() -> None:
    """After a crash the same mark comes twice; a later one is news."""
    moment = at(WEDNESDAY)
    one = ContactNumber(medium=Medium.SMS, address=number(1), verified_at=moment, tested_at=moment)
    assert mark_to_record(one, Mark.TESTED, moment) is None
    assert mark_to_record(one, Mark.TESTED, moment + timedelta(seconds=1)) is Mark.TESTED
    assert mark_to_record(one, Mark.OPTED_OUT, moment) is Mark.OPTED_OUT


def test_an_answer_verifies_a_number_that_was_in_doubt() -> None:
    """退订 came from it: whoever answers a test by it has it in hand."""
    moment = at(WEDNESDAY)
    one = ContactNumber(medium=Medium.SMS, address=number(1), verified_at=at("2026-01-01 08:00"), opted_out_at=moment)
    assert mark_to_record(one, Mark.TESTED, moment + timedelta(hours=1)) is Mark.VERIFIED
