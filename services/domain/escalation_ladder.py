"""Climbing: whom a step tells, when the next one is due, and who takes over where a medium does not get through."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from schemas.escalations import (
    NO_STEP,
    AlarmKind,
    Change,
    DropReason,
    EscalationState,
    Ladder,
    PageRow,
    PageState,
    Purpose,
    SourceWordKind,
    Step,
)
from schemas.pages import Medium, Recipient, Tier
from services.domain.escalation_draft import ESCALATING, UNANSWERED, Draft

QUIET_LEVEL: Final = 4
"""The level that goes to the duty room in quiet hours."""
TAKEOVER: Final = (Medium.SMS, Medium.VOICE, Medium.FAX, Medium.EMAIL, Medium.WEBHOOK, Medium.CONSOLE)
"""In which order media take over from one another."""
TO_PEOPLE_ON_DUTY: Final = frozenset(Purpose) - {Purpose.ALL_CLEAR}
"""An all-clear reaches everybody who was told, on duty or not."""
_CLIMB: Final = tuple(Tier)


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a step tells.

    Attributes:
        missing: Tiers that it names and that have nobody on duty.
    """

    recipients: tuple[Recipient, ...]
    missing: tuple[Tier, ...]


def audience_of(tiers: Iterable[Tier], roster: Iterable[Recipient]) -> Audience:
    """Return who of the roster is in these tiers; for a tier without anybody the next one that has somebody."""
    people = tuple(roster)
    present = {one.tier for one in people}
    wanted = tuple(tiers)
    missing = tuple(tier for tier in wanted if tier not in present)
    chosen = {tier for tier in wanted if tier in present}
    for tier in missing:
        above = [one for one in _CLIMB[_CLIMB.index(tier) + 1 :] if one in present]
        chosen.update(above[:1])
    return Audience(tuple(one for one in people if one.tier in chosen), missing)


def media_for(recipient: Recipient, media: Iterable[Medium]) -> tuple[Medium, ...]:
    """Return by which of these media somebody can be told; by the first that he has if by none of them."""
    usable = tuple(medium for medium in media if recipient.address(medium) is not None)
    return usable or tuple(medium for medium, _ in recipient.addresses[:1])


def is_diverted(draft: Draft) -> bool:
    """Tell whether quiet hours send it to the duty room instead of to people."""
    return (
        draft.escalation.level == QUIET_LEVEL
        and draft.is_quiet()
        and any(one.tier is Tier.OFFICE for one in draft.roster)
    )


def _audience(draft: Draft, step: Step) -> Audience:
    return audience_of((Tier.OFFICE,) if is_diverted(draft) else step.tiers, draft.roster)


def pause_after(ladder: Ladder, step: int) -> timedelta:
    """Return how long a ladder stays on a step; before the first one, not at all."""
    if step == NO_STEP:
        return timedelta()
    last = min(step, len(ladder.steps) - 1)
    ends = [*(one.after_seconds for one in ladder.steps[1:]), ladder.exhausted_seconds]
    return timedelta(seconds=ends[last] - ladder.steps[last].after_seconds)


# -- climbing -------------------------------------------------------------------------------------------------


def climb(draft: Draft) -> None:
    """Take every step that is due; go on at once as long as nobody is there who could answer."""
    while draft.escalation.state is EscalationState.OPEN and not draft.held:
        due = draft.escalation.next_at
        if due is not None and due > draft.now and draft.is_awaited():
            return
        _take_next(draft, "due" if due is None or due <= draft.now else "nobody to wait for")


def hurry(draft: Draft) -> None:
    """Somebody cannot, or passed it on: take the steps up to the first that tells somebody new, or else the next."""
    if draft.escalation.level is None:
        return
    if draft.held:
        draft.set(next_at=draft.now)
        return
    last = len(draft.ladder.steps) - 1
    first = draft.escalation.step + 1
    fresh = (step for step in range(first, last + 1) if _tells_somebody_new(draft, draft.ladder.steps[step]))
    target = next(fresh, min(first, last))
    while draft.escalation.state is EscalationState.OPEN and draft.escalation.step < target:
        _take_next(draft, "advanced")


def _tells_somebody_new(draft: Draft, step: Step) -> bool:
    return any(
        draft.is_told_further(one.officer) and not any(draft.pages_to(one.officer))
        for one in _audience(draft, step).recipients
    )


def _take_next(draft: Draft, why: str) -> None:
    one = draft.escalation
    step = one.step + 1
    if step >= len(draft.ladder.steps):
        draft.record(Change.EXHAUSTED, why, state=EscalationState.EXHAUSTED, next_at=None)
        draft.alarm(AlarmKind.EXHAUSTED)
        draft.tell_source(SourceWordKind.EXHAUSTED)
        return
    base = draft.now if one.next_at is None else min(one.next_at, draft.now)
    next_at = base + pause_after(draft.ladder, step)
    draft.record(Change.STEP_TAKEN, f"step {step}: {why}", step=step, next_at=next_at)
    rung = draft.ladder.steps[step]
    audience = _audience(draft, rung)
    for tier in audience.missing:
        draft.gap(tier)
    for recipient in audience.recipients:
        tell(draft, recipient, step, rung.media)


def tell(draft: Draft, recipient: Recipient, step: int, media: Iterable[Medium]) -> bool:
    """Page somebody by a step, unless he has answered for himself. Return whether anything is new."""
    if not draft.is_told_further(recipient.officer):
        return False
    return draft.page(recipient, Purpose.STEP, step, media_for(recipient, media))


def tell_newcomers(draft: Draft) -> None:
    """Tell who came on duty in a tier that was told before; by night level 4 waits for its next step."""
    one = draft.escalation
    if one.state is not EscalationState.OPEN or draft.held or is_diverted(draft):
        return
    for step in range(min(one.step, len(draft.ladder.steps) - 1), NO_STEP, -1):
        rung = draft.ladder.steps[step]
        for recipient in _audience(draft, rung).recipients:
            known = any(draft.pages_to(recipient.officer))
            if not known and tell(draft, recipient, step, rung.media):
                draft.record(Change.JOINED, f"on duty since step {step}", officer=recipient.officer)


# -- pages that do not get through ----------------------------------------------------------------------------


def drop_off_duty(draft: Draft) -> None:
    """Leave unsubmitted what would reach somebody who is off duty by now."""
    for row in draft.due_pages(TO_PEOPLE_ON_DUTY):
        if draft.on_duty(row.recipient) is None:
            draft.drop(row, DropReason.OFF_DUTY)


def take_over(draft: Draft) -> None:
    """Use the next medium where one failed for good, or where an SMS is without a final report for too long."""
    if draft.escalation.state not in UNANSWERED or draft.held:
        return
    for row in tuple(draft.rows.values()):
        recipient = draft.on_duty(row.recipient)
        if recipient is None or not may_be_taken_over(draft, row):
            continue
        if _is_stuck(draft, row):
            _use_next_medium(draft, row, recipient)


def may_be_taken_over(draft: Draft, row: PageRow) -> bool:
    """Tell whether the next medium may follow a page; its reader must still be told."""
    waits_for_morning = row.tier is not Tier.OFFICE and is_diverted(draft)
    is_open = row.purpose in ESCALATING and not row.taken_over and not waits_for_morning
    return is_open and draft.is_told_further(row.recipient)


def waits_for_report(row: PageRow) -> bool:
    """Tell whether a final report is due for a page: also while its provider takes it not yet."""
    is_tried = row.state is PageState.SUBMITTED or (row.state is PageState.DUE and row.report_by is not None)
    return is_tried and row.medium is Medium.SMS


def _is_stuck(draft: Draft, row: PageRow) -> bool:
    if row.state is PageState.FAILED:
        return True
    if not waits_for_report(row) or draft.escalation.level is None:
        return False
    longest = timedelta(seconds=draft.ladder.report_seconds)
    report_by = min(row.report_by or (row.submitted_at or draft.now) + longest, draft.now + longest)
    if report_by != row.report_by:
        draft.change(row, report_by=report_by)
    return report_by <= draft.now


def _use_next_medium(draft: Draft, row: PageRow, recipient: Recipient) -> None:
    used = {page.medium for page in draft.pages_to(row.recipient) if page.step >= row.step} | {row.medium}
    free = next((one for one in TAKEOVER if one not in used and recipient.address(one) is not None), None)
    if free is None:
        return  # an address may be added to the roster later
    draft.change(draft.rows[row.page_id], taken_over=True)
    if draft.page(recipient, row.purpose, row.step, (free,)):
        why = "failed" if row.state is PageState.FAILED else "no final report"
        draft.record(Change.NEXT_MEDIUM, f"{row.medium} {why}: {free}", officer=row.recipient)
