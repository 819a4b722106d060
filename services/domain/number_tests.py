"""The monthly test page of a number: which is due when, and what an answer means, or none.

A number that changed hands is found out by a test, or by an alert that nobody hears. A test goes to one officer by one
number: by SMS with a code, by telephone with the PIN; the other media cannot be answered by whoever holds them. It is
told to nobody else, and climbs no ladder. Tests go out in office hours of workdays, one every few minutes, one a day to
an officer, and none to an officer who has an alert before him.

Source: docs/alerting/rosters.md
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from schemas.base import BEIJING, Status
from schemas.escalations import (
    AlarmKind,
    Change,
    DropReason,
    Escalation,
    EscalationKind,
    EscalationState,
    PageRow,
    PageState,
    Plan,
    Purpose,
    QuietHours,
    Transition,
)
from schemas.pages import Medium, Recipient, Strength, Tier
from services.domain.coverage import TEST_EVERY, DueTest, number_tag
from services.domain.encoding import digest_of, length_prefixed
from services.domain.escalation_draft import Draft, Facts, draft_of, page_id
from services.domain.policies import is_quiet_hour

PREFIX: Final = "test-"
"""Begins the key of a test's escalation, which has no event."""
LOOK_BACK: Final = timedelta(days=31)
"""Tests that were opened earlier stand against no new one."""
ANSWER_WITHIN: Final = timedelta(hours=24)
_PAUSE: Final = timedelta(minutes=5)
"""Between two tests of a county: a thousand numbers have their turn within a month."""
_OFFICE_HOURS: Final = ((time(9), time(11, 30)), (time(15), time(17)))
_DAYS_MAX: Final = 366
_HOUR: Final = timedelta(hours=1)
_KEY_DIGITS: Final = 16
_PROOF: Final = {Medium.SMS: Strength.SMS_NUMBER, Medium.VOICE: Strength.VOICE_PIN}
"""By what whoever holds a number of this medium answers."""


@dataclass(frozen=True, slots=True)
class OpenedTest:
    """A test that was opened lately; ``owner`` is whose number it goes to."""

    key: str
    owner: str
    opened_at: datetime


def key_of(owner: str, medium: Medium, address: str, month: date) -> str:
    """Return the key of the one test that a number has in a month (of which any day will do); no number is in it."""
    parts = (owner, medium, number_tag(address), f"{month:%Y-%m}")
    return PREFIX + digest_of(length_prefixed(parts))[:_KEY_DIGITS]


def filed_under(owner: str, medium: Medium, address: str) -> str:
    """Return what the notice of a number that did not answer is filed under."""
    return f"number-test/{owner}/{medium.value}/{number_tag(address)}"


def address_of(recipient: Recipient, medium: Medium, test: Escalation) -> str | None:
    """Return the number that a test goes to, None if the roster has it no more."""
    month = _day(test.opened_at)
    numbers = (address for kind, address in recipient.addresses if kind is medium)
    return next((one for one in numbers if key_of(recipient.officer, medium, one, month) == test.key), None)


def office_from(now: datetime, is_workday: Callable[[date], bool], quiet: QuietHours) -> datetime:
    """Return the first moment from now on that lies in office hours of a workday and in no quiet hour.

    Args:
        now: Aware.
        is_workday: Whether offices work on a day (Beijing).
        quiet: The county's; they may lie at noon.
    """
    first = _day(now)
    for day in (first + timedelta(days=number) for number in range(_DAYS_MAX)):
        for at in _moments(day, now) if is_workday(day) else ():
            if not is_quiet_hour(quiet, at.astimezone(BEIJING).hour):
                return at
    return now + timedelta(days=_DAYS_MAX)


def _moments(day: date, now: datetime) -> Iterator[datetime]:
    """Yield the first moment of each office hour of a day that is not over."""
    for begins, ends in _OFFICE_HOURS:
        at, end = (datetime.combine(day, one, BEIJING).astimezone(now.tzinfo) for one in (begins, ends))
        while at < end:
            if at + _HOUR > now and max(at, now) < end:
                yield max(at, now)
            at += _HOUR


def choose(
    due: Iterable[DueTest], lately: Sequence[OpenedTest], now: datetime, *, is_busy: Callable[[str], bool]
) -> DueTest | None:
    """Return the number that is to be tested now, if any is.

    Args:
        due: From ``coverage.due_tests``, the longest untested first.
        lately: Every test opened within ``LOOK_BACK``.
        now: Aware, in office hours.
        is_busy: Whether an officer has something to answer.
    """
    if any(now - one.opened_at < _PAUSE for one in lately):
        return None
    opened = {one.key: one.opened_at for one in lately}
    today = {one.owner for one in lately if _day(one.opened_at) == _day(now)}
    free = (one for one in due if is_testable(one) and one.owner not in today and not _was_tested(one, opened, now))
    return next((one for one in free if not is_busy(one.owner)), None)


def is_testable(one: DueTest) -> bool:
    """Tell whether whoever holds a number can answer a test: an office has no PIN, a fax no keys."""
    return one.number.medium in _PROOF and not one.is_office


def _was_tested(one: DueTest, opened: dict[str, datetime], now: datetime) -> bool:
    """Tell whether a number has had its test of this month, or one within 30 days."""
    this = _day(now)
    months = (this, this.replace(day=1) - timedelta(days=1))
    keys = [key_of(one.owner, one.number.medium, one.number.address, month) for month in months]
    before = opened.get(keys[1])
    return keys[0] in opened or (before is not None and now - before < TEST_EVERY)


def open_test(one: DueTest, county: str, now: datetime) -> Plan:
    """Return what opens the test of a number: its escalation, and its one page."""
    medium = one.number.medium
    key = key_of(one.owner, medium, one.number.address, _day(now))
    test = Escalation(
        key,
        EscalationKind.NUMBER_TEST,
        key,
        "",
        None,
        Status.TEST,
        county,
        now,
        now + ANSWER_WITHIN,
        step=0,
        planned_at=now,
    )
    row = PageRow("", key, key, one.owner, Tier.PRIMARY, Purpose.NUMBER_TEST, 0, medium, now)
    opened = Transition(key, Change.OPENED, test.state, test.state, now, one.owner, f"monthly test by {medium}")
    return Plan(test, pages=(replace(row, page_id=page_id(row)),), transitions=(opened,))


def plan_test(test: Escalation, facts: Facts) -> Plan:
    """Weigh what came back: any answer by the number itself proves it; a failure, or a day of silence, is told of."""
    draft = draft_of(test, facts)
    (page,) = facts.pages
    for answer in sorted(facts.answers, key=lambda one: one.number):
        if answer.number <= test.heard:
            continue
        if draft.escalation.state is not EscalationState.ACKNOWLEDGED and answer.strength is _PROOF[page.medium]:
            draft.record(
                Change.ACKNOWLEDGED,
                f"answer {answer.number}: {answer.word} by {answer.strength}",
                officer=answer.officer,
                state=EscalationState.ACKNOWLEDGED,
                owner=answer.officer,
                owner_word=answer.word,
                owner_strength=answer.strength,
                taken_at=answer.at,
            )
        draft.set(heard=answer.number)
    answer_by = page.submitted_at + ANSWER_WITHIN if page.submitted_at else None
    if draft.escalation.state is EscalationState.ACKNOWLEDGED:
        for row in draft.due_pages(frozenset(Purpose)):
            draft.drop(row, DropReason.ANSWERED)
    elif page.state is PageState.FAILED:
        _give_up(draft, "not delivered")
    elif answer_by is not None and answer_by <= facts.now:
        _give_up(draft, "no answer within a day")
    return draft.finish(answer_by if draft.escalation.state is EscalationState.OPEN else None)


def _give_up(draft: Draft, why: str) -> None:
    if draft.escalation.state is EscalationState.OPEN:
        draft.record(Change.EXHAUSTED, why, state=EscalationState.EXHAUSTED)
        draft.alarm(AlarmKind.NUMBER_SILENT)


def _day(at: datetime) -> date:
    return at.astimezone(BEIJING).date()
