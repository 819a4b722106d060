"""Telling people, as the desk sees it: timelines, silences, a drill; all by the same book as the notifier."""

from datetime import datetime, timedelta

from schemas.access import Access
from schemas.base import Status
from schemas.drafts import DrillDraft, SilenceDraft
from schemas.errors import Fault
from schemas.escalations import Escalation, EscalationKind, PageRow, Policy, Silence
from schemas.pages import Tier
from services.domain.escalation import Opening, open_escalation, woken
from services.domain.silences import judge_silence, judge_silence_of
from services.gateway.keys import used_otherwise
from services.gateway.paging_answers import (
    AnswerOfOfficer,
    ChangeLine,
    EscalationLine,
    PageLine,
    SilenceLine,
    Timeline,
)
from services.paging_ports import Duty
from services.ports import Snapshot, Transaction

DRILL_PREFIX = "drill-"


def escalation_line(one: Escalation) -> EscalationLine:
    """One escalation."""
    return EscalationLine.model_validate(one, from_attributes=True)


def timeline(snapshot: Snapshot, key: str, duty: Duty | None) -> Timeline | Fault:
    """Return everything that was done to have an event answered; ``key`` may be its newest version's id."""
    book = snapshot.paging
    one = book.escalation(key) or book.of_version(key)
    if one is None:
        return Fault("request.not_found", "id", "nobody is told of this event; see GET /api/v1/escalations")
    return Timeline(
        escalation=escalation_line(one),
        pages=tuple(_page_line(snapshot, page, duty) for page in book.pages_of(one.key)),
        answers=tuple(AnswerOfOfficer.model_validate(row, from_attributes=True) for row in book.answers_to(one.key)),
        changes=tuple(ChangeLine.model_validate(row, from_attributes=True) for row in book.transitions_of(one.key)),
    )


def _page_line(snapshot: Snapshot, page: PageRow, duty: Duty | None) -> PageLine:
    known = duty.recipient(page.recipient) if duty else None
    held = snapshot.paging.suppression(page.page_id)
    tried = snapshot.paging.tries_of(page.page_id)
    return PageLine(
        page_id=page.page_id,
        recipient=page.recipient,
        display=known.display if known else page.recipient,
        tier=page.tier,
        purpose=page.purpose,
        step=page.step,
        medium=page.medium,
        state=page.state,
        code=page.code,
        due_at=page.due_at,
        submitted_at=page.submitted_at,
        delivered_at=page.delivered_at,
        dropped_for=page.dropped_for,
        providers=tuple(dict.fromkeys(one.provider for one in tried)),
        held_for=held.reason if held else None,
    )


def silence_line(one: Silence) -> SilenceLine:
    """One silence."""
    return SilenceLine.model_validate(one, from_attributes=True)


def order_silence(
    tx: Transaction, key: str, draft: SilenceDraft, *, access: Access, duty: Duty, now: datetime
) -> Silence | Fault:
    """Let nobody be told of an event for a while, or say why not; the deadline runs on, and is told of."""
    told = tx.paging.escalation(key) or tx.paging.of_version(key)
    if told is None:
        return Fault("request.not_found", "id", "nobody is told of this event; see GET /api/v1/escalations")
    officer = access.officer or access.name
    leaders = {one.officer for one in duty.on_duty(now) if one.tier is Tier.LEADER}
    silence = Silence(
        number=0,
        incident="",
        escalation=told.key,
        officer=officer,
        by_leader=officer in leaders,
        starts_at=now,
        ends_at=now + timedelta(minutes=draft.minutes),
        reason=draft.reason,
    )
    fault = judge_silence(silence) or judge_silence_of(silence, told)
    if fault is not None:
        return fault
    tx.paging.keep(woken(told))
    return tx.paging.add_silence(silence)


def end_silence(tx: Transaction, number: int, now: datetime) -> Fault | None:
    """End a silence now, or say that there is none; one that has ended stays as it is."""
    held = next((one for one in tx.paging.silences(now) if one.number == number), None)
    if held is None:
        return Fault("request.not_found", "number", "no such silence is in force; see GET /api/v1/silences")
    tx.paging.end_silence(number, now)
    told = tx.paging.escalation(held.escalation)
    if told is not None:
        tx.paging.keep(woken(told))
    return None


def begin_drill(
    tx: Transaction, draft: DrillDraft, *, county: str, number: str, policy: Policy, now: datetime
) -> Escalation:
    """Have this county's own people told of an exercise, the whole way, without an event; begun twice, it is one.

    Args:
        tx: One unit of work.
        draft: Of which level.
        county: Ourselves.
        number: 8 random bytes as hexadecimal digits.
        policy: In force now.
        now: Aware UTC.

    Raises:
        ConflictError: The number is that of a drill of another level.
    """
    key = DRILL_PREFIX + number
    begun = tx.paging.escalation(key)
    if begun is not None:
        if begun.level != draft.level:
            raise used_otherwise()
        return begun
    opening = Opening(key, EscalationKind.ALERT, "", draft.level, Status.EXERCISE, county, now + timedelta(hours=4))
    opened = open_escalation(opening, policy, now)
    tx.paging.keep(opened)
    return opened
