"""Referrals: who may take which step, what a referral stands at, and when its content must go. The same at both ends.

A referral has two parties, and either may end it while the other does: steps that cross are both kept, and what counts
is the same wherever they meet. The person's own will comes first, then what was done.

Source: docs/people.md; docs/decisions/0036-let-each-step-name-the-one-before.md
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from schemas.base import Event, InformationClass
from schemas.control import ErasureReason
from schemas.course_drafts import ReferralMove
from schemas.courses import CourseKind, CourseRow, KeptStep
from schemas.errors import Fault
from schemas.information.referrals import (
    LONGEST,
    MOST_DAYS,
    ReferralAccepted,
    ReferralCompleted,
    ReferralDeclined,
    ReferralExpired,
    ReferralFrame,
    ReferralOffered,
    ReferralStep,
    ReferralWithdrawn,
)
from services.domain.custody import UNDELIVERED_KEPT

CONFIRMED_WITHIN: Final = timedelta(hours=24)
"""The other county says that it has erased within this time, or our officer is told (PIPL art. 47)."""
_LOOK_AGAIN: Final = timedelta(hours=1)
_UNTIL_DELIVERED: Final = timedelta(seconds=15)
_CLOCKS_DIFFER: Final = timedelta(minutes=10)


class ReferralState(StrEnum):
    """What a referral stands at."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


_STATES: Final[Mapping[str, ReferralState]] = {
    ReferralAccepted.wire_type: ReferralState.ACCEPTED,
    ReferralDeclined.wire_type: ReferralState.DECLINED,
    ReferralCompleted.wire_type: ReferralState.COMPLETED,
    ReferralWithdrawn.wire_type: ReferralState.WITHDRAWN,
    ReferralExpired.wire_type: ReferralState.EXPIRED,
}
_ENDS: Final = (ReferralState.WITHDRAWN, ReferralState.COMPLETED, ReferralState.DECLINED, ReferralState.EXPIRED)
"""Of ends that cross, the one that counts."""
_BY_SOURCE: Final = frozenset({ReferralState.WITHDRAWN, ReferralState.EXPIRED})

REASONS: Final[Mapping[ReferralState, ErasureReason]] = {
    ReferralState.WITHDRAWN: ErasureReason.WITHDRAWN,
    ReferralState.COMPLETED: ErasureReason.COMPLETED,
    ReferralState.DECLINED: ErasureReason.COMPLETED,
    ReferralState.EXPIRED: ErasureReason.EXPIRED,
}
"""Why the content of a referral that has ended is erased."""


@dataclass(frozen=True, slots=True)
class ReferralView:
    """What is known of one referral.

    Attributes:
        offer_id: Envelope id of the offer, whose content is about a person.
        source: County that offered it; ``target`` is the one that it was offered to.
        offered_at: By the clock of the source.
        ended_at: When the step that ended it was taken, by the clock of whoever took it.
    """

    frame: ReferralFrame
    offer_id: str
    agreement_id: str
    source: str
    target: str
    state: ReferralState
    offered_at: datetime
    ended_at: datetime | None
    steps: tuple[KeptStep, ...]


def view_of(steps: Sequence[KeptStep]) -> ReferralView | None:
    """Return what a referral stands at; None if its offer is not here.

    Args:
        steps: As kept, in any order.
    """
    offer = next((one for one in steps if one.step.wire_type == ReferralOffered.wire_type), None)
    if offer is None:
        return None
    reached = {_STATES[one.step.wire_type]: one for one in reversed(steps) if one.step.wire_type in _STATES}
    end = next((state for state in _ENDS if state in reached), None)
    accepted = ReferralState.ACCEPTED if ReferralState.ACCEPTED in reached else ReferralState.OFFERED
    return ReferralView(
        ReferralFrame.model_validate_json(offer.step.facts),
        offer.envelope_id,
        offer.agreement_id,
        offer.source,
        offer.to[0],
        end or accepted,
        offer.time,
        reached[end].time if end else None,
        tuple(steps),
    )


def judge_handling(
    event: Event,
    *,
    source: str,
    to: Sequence[str],
    information_class: InformationClass,
    encrypted: bool,
    expires: datetime | None,
    at: datetime,
) -> Fault | None:
    """Decide whether a referral travels as it must; any other event passes. The one function of both ends.

    Every refusal is one of the guards: what is refused is not kept.

    Args:
        event: Valid by itself.
        source: Who sends it.
        to: Its audience.
        information_class: Of the header.
        encrypted: Whether it travels encrypted.
        expires: Of the header.
        at: The source's time.
    """
    if not isinstance(event, ReferralOffered):
        return _judge_audience(event, to)
    if information_class is not InformationClass.PERSONAL or not encrypted:
        mend = "a referral travels as `personal`, encrypted; send it under an agreement that permits that"
        return Fault("guard.not_personal", "class", mend)
    if (source, tuple(to)) != (event.from_office.adcode, (event.to_office.adcode,)):
        mend = "it goes from the county of `from_office` to that of `to_office` alone, which the consent names"
        return Fault("guard.wrong_office", "to", mend)
    return _judge_times(event, expires, at)


def _judge_times(event: ReferralOffered, expires: datetime | None, at: datetime) -> Fault | None:
    if not at < event.expires_at <= at + LONGEST:
        return Fault("guard.too_long", "content.expires_at", f"end the referral within {MOST_DAYS} days from now")
    if event.consent.given_at > at + _CLOCKS_DIFFER:
        return Fault("guard.no_consent", "content.consent.given_at", "the consent must be given before it is sent")
    if expires is None or expires > event.expires_at:
        return Fault("guard.too_long", "expires", "set it to the referral's own `expires_at`, or leave it out")
    return None


def _judge_audience(event: Event, to: Sequence[str]) -> Fault | None:
    if isinstance(event, ReferralStep) and len(to) != 1:
        return Fault("guard.wrong_office", "to", "a step of a referral goes to the other county alone")
    return None


def judge_step(
    event: ReferralOffered | ReferralStep, kept: Sequence[KeptStep], *, source: str, to: Sequence[str], own: bool
) -> Fault | None:
    """Decide whether a county may take a step, by what is known here.

    Args:
        event: The step.
        kept: What is held of this referral.
        source: Who takes it.
        to: Whom it is addressed to.
        own: Whether it is our own officer, who may not end what has ended; a partner's step may have crossed ours.
    """
    view = view_of(kept)
    if isinstance(event, ReferralOffered):
        return None if view is None else Fault("referral.twice", "content.referral_id", "choose a new number")
    if view is None:
        return Fault("referral.unknown", "content.referral_id", "no such referral is here; see `sihu referral list`")
    state = _STATES[event.wire_type]
    party, other = (view.source, view.target) if state in _BY_SOURCE else (view.target, view.source)
    if (source, tuple(to)) != (party, (other,)):
        mend = f"only {party} may say so, to {other}"
        return Fault("referral.not_yours", "type", mend)
    return _judge_own(view, state) if own else None


def _judge_own(view: ReferralView, state: ReferralState) -> Fault | None:
    """Decide whether our own officer may take a step now; a partner's may have crossed it."""
    field = "content.referral_id"
    if view.state in _ENDS:
        return Fault("referral.ended", field, f"it has ended: {view.state}")
    if state is ReferralState.ACCEPTED and view.state is ReferralState.ACCEPTED:
        return Fault("referral.ended", field, "it is accepted already")
    if state is ReferralState.COMPLETED and view.state is not ReferralState.ACCEPTED:
        return Fault("referral.not_accepted", field, "accept it before it is completed")
    return None


_MOVES: Final[Mapping[ReferralMove, ReferralState]] = {
    ReferralMove.ACCEPT: ReferralState.ACCEPTED,
    ReferralMove.DECLINE: ReferralState.DECLINED,
    ReferralMove.COMPLETE: ReferralState.COMPLETED,
    ReferralMove.WITHDRAW: ReferralState.WITHDRAWN,
}


def moves_of(view: ReferralView, county: str) -> tuple[ReferralMove, ...]:
    """Return what an officer of a county may do next."""
    return tuple(
        move
        for move, state in _MOVES.items()
        if county == (view.source if state in _BY_SOURCE else view.target) and _judge_own(view, state) is None
    )


@dataclass(frozen=True, slots=True)
class Erased:
    """What is known of the content of an offer.

    Attributes:
        here: This county has erased it.
        there: The other county says that it has.
        delivered: Nobody is waiting for it any more: the other county has stored or refused it.
    """

    here: bool
    there: bool
    delivered: bool


def must_erase(view: ReferralView, erased: Erased, county: str, now: datetime) -> bool:
    """Tell whether this county must take the content out of its keeping now.

    The source waits for whoever has not stored it, for as long as a hub keeps messages: an emptied link could never be
    taken in there.
    """
    if view.ended_at is None or erased.here:
        return False
    return erased.delivered or county != view.source or now >= view.ended_at + UNDELIVERED_KEPT


def is_unconfirmed(view: ReferralView, erased: Erased, county: str, now: datetime) -> bool:
    """Tell whether our officer must hear that the other county has not said that it erased."""
    if view.ended_at is None or erased.there or county != view.source:
        return False
    return now >= view.ended_at + CONFIRMED_WITHIN


def row_of(view: ReferralView, erased: Erased, county: str, now: datetime) -> CourseRow:
    """Return what is kept for lists, and when this node must look at the referral again.

    Args:
        view: What it stands at.
        erased: What is known of its content.
        county: Ourselves.
        now: Aware UTC.
    """
    return CourseRow(
        CourseKind.REFERRAL,
        view.frame.referral_id,
        view.state,
        view.ended_at is None,
        _look_at(view, erased, county, now),
        outcome=view.state,
        opened_at=view.offered_at,
    )


def _look_at(view: ReferralView, erased: Erased, county: str, now: datetime) -> datetime | None:
    if view.ended_at is None:
        return view.frame.expires_at if county == view.source else None
    if not erased.here:
        return now + _UNTIL_DELIVERED
    if county != view.source or erased.there:
        return None
    due = view.ended_at + CONFIRMED_WITHIN
    return due if now < due else now + _LOOK_AGAIN
