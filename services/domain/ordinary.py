"""Bulletins, offers and requests: told without haste, reminded of before their deadline, never by night.

Source: docs/alerting/escalation.md.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from schemas.base import BEIJING, Status
from schemas.escalations import (
    NO_STEP,
    AlarmKind,
    Change,
    Escalation,
    EscalationKind,
    EscalationState,
    OrdinaryRule,
    Policy,
    Purpose,
)
from schemas.pages import Medium, Recipient, Tier
from services.domain.escalation_draft import AT_ONCE, Draft
from services.domain.escalation_ladder import audience_of, media_for

_DAYS_MAX: Final = 366
_DAY: Final = timedelta(days=1)


def _in_beijing(day: date, hour: int, like: datetime) -> datetime:
    return datetime.combine(day, time(hour), BEIJING).astimezone(like.tzinfo)


def deadline_of(opened_at: datetime, workdays: int, is_workday: Callable[[date], bool]) -> datetime:
    """Return when the last of so many workdays ends: the day itself does not count, the last one does up to midnight.

    Args:
        opened_at: Aware; the day is the one in Beijing.
        workdays: At least 1.
        is_workday: Whether offices work on a day; a year without a workday ends the count.
    """
    day, left = opened_at.astimezone(BEIJING).date(), workdays
    for _ in range(_DAYS_MAX):
        day += _DAY
        left -= is_workday(day)
        if left == 0:
            break
    return _in_beijing(day + _DAY, 0, opened_at)


def open_ordinary(
    key: str,
    policy: Policy,
    now: datetime,
    *,
    source: str,
    is_workday: Callable[[date], bool],
    status: Status = Status.ACTUAL,
    acknowledge_by: datetime | None = None,
) -> Escalation:
    """Return the first row of a bulletin, an offer or a request.

    Args:
        key: Envelope id.
        policy: In force now.
        now: Aware UTC.
        source: Who sent it, six digits.
        is_workday: Whether offices work on a day.
        status: An exercise goes the same way.
        acknowledge_by: The event's own deadline, if it has one; else the policy's workdays count.
    """
    deadline = acknowledge_by or deadline_of(now, policy.ordinary.acknowledge_workdays, is_workday)
    return Escalation(
        key,
        EscalationKind.ORDINARY,
        key,
        "",
        None,
        status,
        source,
        now,
        deadline,
        next_at=now,
        wake_at=AT_ONCE,
        planned_at=now,
    )


def reminders_of(escalation: Escalation, rule: OrdinaryRule, is_workday: Callable[[date], bool]) -> list[datetime]:
    """Return when somebody is reminded: the first digest, then so many days before the deadline, ascending."""
    opened, deadline = escalation.opened_at, escalation.acknowledge_by
    last_day = (deadline - timedelta(microseconds=1)).astimezone(BEIJING).date()
    times = {_in_beijing(last_day - days * _DAY, rule.digest_hour, opened) for days in rule.reminder_days}
    digest = first_digest(escalation, rule, is_workday)
    return [digest, *sorted(one for one in times if digest < one < deadline)]


def first_digest(escalation: Escalation, rule: OrdinaryRule, is_workday: Callable[[date], bool]) -> datetime:
    """Return the first digest hour of a workday after the opening."""
    day = escalation.opened_at.astimezone(BEIJING).date()
    for _ in range(_DAYS_MAX):
        at = _in_beijing(day, rule.digest_hour, escalation.opened_at)
        if at > escalation.opened_at and is_workday(day):
            break
        day += _DAY
    return at


def tell_ordinary(draft: Draft) -> None:
    """Tell it, remind of it, and say once that nobody acknowledged it."""
    one = draft.escalation
    if one.state is not EscalationState.OPEN or draft.held:
        return
    if one.acknowledge_by <= draft.now:
        draft.record(
            Change.EXHAUSTED, "not acknowledged in time", state=EscalationState.EXHAUSTED, overdue=True, next_at=None
        )
        draft.alarm(AlarmKind.OVERDUE)
    elif not draft.is_quiet():
        _tell_first(draft)
        _remind(draft)
    elif draft.escalation.step == NO_STEP:
        _page_first(draft, [one for one in _readers(draft) if not one.sleeps])


def _tell_first(draft: Draft) -> None:
    if draft.escalation.step == NO_STEP:
        draft.record(Change.STEP_TAKEN, "step 0: due", step=0, next_at=None)
        _page_first(draft, _readers(draft))


def _page_first(draft: Draft, readers: Iterable[Recipient]) -> None:
    for recipient in readers:
        draft.page(recipient, Purpose.STEP, 0, media_for(recipient, draft.facts.policy.ordinary.media))


def _remind(draft: Draft) -> None:
    times = _times(draft)
    due = [number for number, at in enumerate(times, start=1) if at <= draft.now]
    number = due[-1] if due else 0
    if number <= draft.escalation.reminders:
        return
    rule = draft.facts.policy.ordinary
    draft.record(Change.REMINDED, f"reminder {number}", reminders=number)
    for recipient in _readers(draft):
        if recipient.address(Medium.SMS) is not None:
            draft.page(recipient, Purpose.DIGEST, number, (Medium.SMS,))
        if number > 1:
            draft.page(recipient, Purpose.REMINDER, number, media_for(recipient, rule.media))


def _times(draft: Draft) -> list[datetime]:
    return reminders_of(draft.escalation, draft.facts.policy.ordinary, draft.facts.is_workday)


def _readers(draft: Draft) -> Iterator[Recipient]:
    audience = audience_of((Tier.PRIMARY,), draft.roster)
    for tier in audience.missing:
        draft.gap(tier)
    return (one for one in audience.recipients if draft.is_told_further(one.officer))


def next_of_ordinary(draft: Draft) -> Iterator[datetime]:
    """Yield when to look at it again."""
    one = draft.escalation
    if one.state is not EscalationState.OPEN:
        return
    if draft.is_quiet():
        yield draft.quiet_end()
    later = [at for at in _times(draft)[one.reminders :] if at > draft.now]
    yield from later[:1]
