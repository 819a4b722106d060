"""Who is told next? Policy, rows, roster and the moment come in; what to write and when to look again comes out.

Nothing is kept in memory. Whoever writes an answer, a delivery report or a change of the roster leaves the row
``woken`` in the same transaction, and what ``is_due`` is planned. A plan is written in one transaction that names the
revision it was made from; one that is not written never was.

Source: docs/alerting/escalation.md; docs/decisions/0029-escalate-by-a-pure-engine.md
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from schemas.base import Status
from schemas.escalations import (
    AlarmKind,
    Change,
    DropReason,
    Escalation,
    EscalationKind,
    EscalationState,
    Hold,
    PageRow,
    PageState,
    Plan,
    Policy,
    Purpose,
)
from schemas.officers import AnswerWord
from schemas.pages import Medium, Recipient, Tier
from services.domain.escalation_answers import hear, recall
from services.domain.escalation_draft import AT_ONCE, UNANSWERED, Draft, Facts, draft_of
from services.domain.escalation_ladder import (
    QUIET_LEVEL,
    audience_of,
    climb,
    drop_off_duty,
    may_be_taken_over,
    media_for,
    pause_after,
    take_over,
    tell_newcomers,
    waits_for_report,
)
from services.domain.ordinary import next_of_ordinary, tell_ordinary
from services.domain.policies import ladder_of
from services.domain.silences import is_inhibited, silenced_until

LOOK_AGAIN_SECONDS: Final = 5
"""How soon to look again at what a higher alert inhibits."""
QUIETEST_FIRST: Final = (Medium.SMS, Medium.EMAIL, Medium.WEBHOOK, Medium.CONSOLE, Medium.FAX, Medium.VOICE)
"""By what an all-clear is told."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is to be told; see ``Escalation`` for the fields."""

    key: str
    kind: EscalationKind
    incident: str
    level: int
    status: Status
    source: str
    expires_at: datetime | None = None


def open_escalation(
    opening: Opening, policy: Policy, now: datetime, acknowledge_by: datetime | None = None
) -> Escalation:
    """Return the first row of an alert, or of a neighbour's silence: its first step is due at once.

    Args:
        opening: Its ``key`` is the envelope id; of a neighbour's silence, envelope id and county, joined by ``/``.
        policy: In force now.
        now: Aware UTC.
        acknowledge_by: What the event itself asks for, if it does; the policy's deadline counts if it is earlier.
    """
    deadline = now + timedelta(seconds=ladder_of(policy, opening.level).acknowledge_seconds)
    return Escalation(
        key=opening.key,
        kind=opening.kind,
        version=opening.key.partition("/")[0],
        incident=opening.incident,
        level=opening.level,
        status=opening.status,
        source=opening.source,
        opened_at=now,
        acknowledge_by=min(deadline, acknowledge_by or deadline),
        expires_at=opening.expires_at,
        next_at=now,
        wake_at=AT_ONCE,
        planned_at=now,
    )


def is_due(escalation: Escalation, now: datetime) -> bool:
    """Tell whether to plan now: it is time, or the clock was set back since the last plan."""
    if escalation.wake_at is None:
        return False
    return escalation.wake_at <= now or (escalation.planned_at is not None and escalation.planned_at > now)


def woken(escalation: Escalation) -> Escalation:
    """Return the row as whoever writes an answer, or changes a page or the roster, leaves it in the same transaction.

    It is due, also after a crash and whatever the clock does, and a plan that was made before is refused for its
    revision.
    """
    return replace(escalation, wake_at=AT_ONCE, revision=escalation.revision + 1)


def handed_over(escalation: Escalation, report_by: datetime | None, now: datetime) -> Escalation:
    """Return the row as the sender leaves it, one of whose pages a provider took.

    All that follows while nobody has answered is that a final report is due: it is planned then, and not at once. A
    page that went out after all was over has an all-clear to follow it, so everything else is ``woken``.

    Args:
        escalation: As it was.
        report_by: When the next medium takes over without a final report; None if none is awaited.
        now: When the provider took it: a clock that is set back behind that is noticed as one set back behind a plan.
    """
    if escalation.level is None or escalation.state not in UNANSWERED:
        return woken(escalation)
    moments = [at for at in (escalation.wake_at, report_by) if at is not None]
    return replace(escalation, wake_at=min(moments, default=None), planned_at=now, revision=escalation.revision + 1)


def plan(escalation: Escalation, facts: Facts) -> Plan:
    """Decide what to do now.

    Planning twice from the same rows decides the same; planning again from what a plan wrote decides nothing new.
    """
    draft = draft_of(escalation, facts)
    _settle_clock(draft)
    recall(draft)
    _hold(draft)
    hear(draft)
    drop_off_duty(draft)
    if escalation.level is None:
        tell_ordinary(draft)
    else:
        _tell_alert(draft)
    _all_clear(draft)
    return draft.finish(_wake_at(draft))


def _tell_alert(draft: Draft) -> None:
    _note_deadline(draft)
    take_over(draft)
    climb(draft)
    tell_newcomers(draft)
    _remind(draft)


def cancel(escalation: Escalation, facts: Facts, reason: str) -> Plan:
    """End an escalation because the alert, or a neighbour's silence, is over: who was told hears so, once.

    Answers that came before are weighed first, so that nobody's answer is lost.
    """
    return _close(escalation, facts, reason, superseded_by="")


def supersede(escalation: Escalation, facts: Facts, by: str) -> Plan:
    """End an escalation because a raised version, or one that joins several alerts, is told instead."""
    return _close(escalation, facts, f"by {by}", superseded_by=by)


def _close(escalation: Escalation, facts: Facts, reason: str, *, superseded_by: str) -> Plan:
    draft = draft_of(escalation, facts)
    recall(draft)
    _hold(draft)
    if escalation.state is EscalationState.CANCELLED:
        return draft.finish(escalation.wake_at)
    hear(draft)
    why = DropReason.SUPERSEDED if superseded_by else DropReason.CANCELLED
    for row in draft.due_pages(frozenset(Purpose)):
        draft.drop(row, why)
    draft.record(
        Change.SUPERSEDED if superseded_by else Change.CANCELLED,
        reason,
        state=EscalationState.CANCELLED,
        superseded_by=superseded_by,
        next_at=None,
        remind_at=None,
    )
    _all_clear(draft)
    return draft.finish(None)


def may_go(page: PageRow, escalation: Escalation, facts: Facts) -> bool:
    """Tell whether a page may be submitted now: asked by the sender right before, however old its plan is.

    Not while an answer waits to be weighed: the next plan may drop the page. Of the facts it asks for answers and
    roster alone.
    """
    if page.state is not PageState.DUE or any(one.number > escalation.heard for one in facts.answers):
        return False
    if page.purpose in {Purpose.ALL_CLEAR, Purpose.NUMBER_TEST}:
        return True
    on_duty = any(one.officer == page.recipient and one.addresses for one in facts.roster)
    return on_duty and escalation.held is None


# -- clock and holds ------------------------------------------------------------------------------------------


def _settle_clock(draft: Draft) -> None:
    """A clock that was set back must not put off by hours what is due in minutes."""
    one, now = draft.escalation, draft.now
    if one.level is None or one.state is EscalationState.CANCELLED:
        return
    ladder = draft.ladder
    latest = now + pause_after(ladder, one.step)
    if one.next_at is not None and one.next_at > latest:
        draft.record(Change.CLOCK_SET_BACK, "next step", next_at=latest)
    reminder = now + timedelta(seconds=ladder.reminder_seconds)
    if one.remind_at is not None and one.remind_at > reminder:
        draft.record(Change.CLOCK_SET_BACK, "reminder", remind_at=reminder)
    if one.opened_at > now and not one.overdue:
        deadline = now + (one.acknowledge_by - one.opened_at)
        draft.record(Change.CLOCK_SET_BACK, "deadline", opened_at=now, acknowledge_by=deadline)


def _hold(draft: Draft) -> None:
    one = draft.escalation
    until = silenced_until(one, draft.facts.silences, draft.now)
    inhibited = is_inhibited(one, draft.facts.related)
    draft.held_until = until or draft.now + timedelta(seconds=LOOK_AGAIN_SECONDS)
    held = Hold.SILENCED if until else Hold.INHIBITED if inhibited else None
    if held is one.held or one.state is EscalationState.CANCELLED:
        return
    if held is not None:
        draft.record(Change.HELD, held, held=held)
        return
    # What fell due meanwhile is due now: one step at a time from here, not all of them at once.
    late = one.next_at is not None and one.next_at < draft.now
    draft.record(Change.RELEASED, str(one.held), held=None, next_at=draft.now if late else one.next_at)


# -- deadlines and reminders ----------------------------------------------------------------------------------


def _note_deadline(draft: Draft) -> None:
    one = draft.escalation
    if one.state is EscalationState.OPEN and not one.overdue and one.acknowledge_by <= draft.now:
        draft.record(Change.OVERDUE, "not acknowledged in time", overdue=True)
        draft.alarm(AlarmKind.OVERDUE)


def _remind(draft: Draft) -> None:
    at = _reminder_due(draft)
    if at is None or at > draft.now or draft.held:
        return
    one = draft.escalation
    number = one.reminders + 1
    next_at = draft.now + timedelta(seconds=draft.ladder.reminder_seconds)
    draft.record(Change.REMINDED, f"reminder {number}", officer=one.owner, reminders=number, remind_at=next_at)
    for recipient in _handlers(draft):
        draft.page(recipient, Purpose.REMINDER, number, media_for(recipient, (Medium.SMS,)))


def _handlers(draft: Draft) -> tuple[Recipient, ...]:
    """The owner; once he is off duty, who came after him."""
    owner = draft.on_duty(draft.escalation.owner)
    if owner is not None:
        return (owner,)
    audience = audience_of((Tier.PRIMARY,), draft.roster)
    for tier in audience.missing:
        draft.gap(tier)
    return audience.recipients


def _reminder_due(draft: Draft) -> datetime | None:
    one = draft.escalation
    if one.state is not EscalationState.ACKNOWLEDGED or one.owner_word is not AnswerWord.HANDLING:
        return None
    at = one.remind_at
    if at is None or (one.expires_at is not None and max(at, draft.now) >= one.expires_at):
        return None
    waits = one.level == QUIET_LEVEL and draft.is_quiet()
    return max(at, draft.quiet_end()) if waits else at


def _all_clear(draft: Draft) -> None:
    one = draft.escalation
    if one.state is not EscalationState.CANCELLED or one.superseded_by:
        return
    told = {row.recipient: row.tier for row in draft.rows.values() if _went_out(row)}
    done = {row.recipient for row in draft.rows.values() if row.purpose is Purpose.ALL_CLEAR}
    for officer, tier in told.items():
        if officer not in done:
            recipient = draft.on_duty(officer) or Recipient(officer, "", tier, ())
            draft.page(recipient, Purpose.ALL_CLEAR, 0, (_quietest(draft, recipient),))


def _went_out(row: PageRow) -> bool:
    # A report may come before the sender has written down that it submitted the page.
    return row.submitted_at is not None or row.state in {PageState.SUBMITTED, PageState.DELIVERED}


def _quietest(draft: Draft, recipient: Recipient) -> Medium:
    used = {row.medium for row in draft.rows.values() if row.recipient == recipient.officer and _went_out(row)}
    known = used if draft.escalation.level is None else used | {medium for medium, _ in recipient.addresses}
    return next(medium for medium in QUIETEST_FIRST if medium in known)


# -- the next look --------------------------------------------------------------------------------------------


def _wake_at(draft: Draft) -> datetime | None:
    return min(_moments(draft), default=None)


def _moments(draft: Draft) -> Iterator[datetime]:
    one = draft.escalation
    reminder = _reminder_due(draft)
    if reminder is not None:
        yield max(reminder, draft.held_until or reminder) if draft.held else reminder
    if one.state not in UNANSWERED:
        return
    if draft.held and draft.held_until is not None:
        yield draft.held_until
    elif one.level is None:
        yield from next_of_ordinary(draft)
    else:
        yield from _moments_of_ladder(draft)
    if one.state is EscalationState.OPEN and not one.overdue:
        yield one.acknowledge_by


def _moments_of_ladder(draft: Draft) -> Iterator[datetime]:
    one = draft.escalation
    if one.next_at is not None:
        yield one.next_at
    if one.level == QUIET_LEVEL and draft.is_quiet():
        yield draft.quiet_end()
    for row in draft.rows.values():
        waits = waits_for_report(row) and may_be_taken_over(draft, row) and draft.on_duty(row.recipient)
        if waits and row.report_by is not None and row.report_by > draft.now:
            yield row.report_by
