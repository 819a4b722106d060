"""After each step of a referral or a request: keep what it stands at, erase what has ended, tell who must know.

Runs inside the transaction that recorded the step, at every end alike; and again by itself when a time has come.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from schemas.courses import CourseKind, CourseStep, KeptStep
from schemas.envelope import Envelope
from schemas.errors import Fault
from schemas.governance.services import ServiceStep
from schemas.ids import CountyCode
from schemas.information.referrals import ReferralOffered, ReferralStep
from schemas.notices import NoticeKind
from schemas.records import ErasureRow
from services.domain import referrals, service_requests
from services.domain.courses import event_of
from services.domain.erasure import outgoing_of, record_of
from services.domain.referrals import Erased, ReferralView, is_unconfirmed, must_erase
from services.domain.service_requests import ServiceView, awaited_by
from services.domain.telling import phone_of, told_of_unerased, told_of_waiting
from services.domain.trust import Trust
from services.erasing import erase_here
from services.ports import Snapshot, Transaction
from services.posting import Posting

log = structlog.get_logger()


def kept_step(about: CourseStep, envelope: Envelope, at: datetime) -> KeptStep:
    """Return a step as it will be kept, for judging what comes after it in the same transaction."""
    header = envelope.header
    return KeptStep(about, envelope.envelope_id, header.source, tuple(header.to), header.agreement_id, header.time, at)


def judge_course(
    about: CourseStep, kept: list[KeptStep], *, source: str, to: tuple[str, ...], at: datetime, own: bool
) -> Fault | None:
    """Decide whether a county may take a step, by what is held of its course.

    Args:
        about: The step.
        kept: What is held.
        source: Who takes it.
        to: Whom it is addressed to.
        at: The source's time.
        own: Whether it is our own officer's.
    """
    if about.wire_type == ReferralOffered.wire_type:
        twice = any(one.step.wire_type == about.wire_type for one in kept)
        return Fault("referral.twice", "content.referral_id", "choose a new number") if twice else None
    event = event_of(about)
    if isinstance(event, ReferralStep):
        return referrals.judge_step(event, kept, source=source, to=to, own=own)
    if isinstance(event, ServiceStep):
        return service_requests.judge_step(event, kept, source=source, to=to, at=at, own=own)
    return None


class CourseFollower:
    """Follows courses within one transaction."""

    def __init__(self, tx: Transaction, *, posting: Posting, trust: Callable[[], Trust], now: datetime) -> None:
        """Work on ``tx``."""
        self._tx, self._posting, self._trust, self._now = tx, posting, trust, now
        self._county = posting.county

    def follow(self, kind: CourseKind, course_id: str) -> None:
        """Keep what a course stands at now, and do what follows from it."""
        steps = self._tx.steps_of(kind, course_id)
        if kind is CourseKind.REFERRAL:
            view = referrals.view_of(steps)
            if view is not None:
                self._follow_referral(view)
            return
        request = service_requests.view_of(steps)
        if request is not None:
            self._follow_request(request)

    # -- referrals -------------------------------------------------------------------------------------

    def _follow_referral(self, view: ReferralView) -> None:
        erased = erased_of(self._tx, view, self._county)
        if must_erase(view, erased, self._county, self._now):
            self._erase(view)
            erased = replace(erased, here=True)
        number = view.frame.referral_id
        if is_unconfirmed(view, erased, self._county, self._now):
            phone = phone_of(self._trust(), view.agreement_id, view.target)
            text = told_of_unerased(view.target, phone, number)
            self._tx.waiting_room.tell(NoticeKind.NOT_ERASED, view.offer_id, view.target, text, self._now)
        elif erased.there:
            self._tx.waiting_room.resolve(NoticeKind.NOT_ERASED, view.offer_id, view.target, self._now)
        self._tx.course_book.keep(referrals.row_of(view, erased, self._county, self._now))

    def _erase(self, view: ReferralView) -> None:
        event = self._tx.event(view.offer_id)
        if event is None:
            return
        reason, header = referrals.REASONS[view.state], event.envelope.header
        erase_here(self._tx, view.offer_id, ErasureRow(self._county, reason, self._now))
        trust = self._trust()
        agreement = trust.by_reference.get(header.agreement) or trust.agreement(header.agreement_id)
        to: tuple[CountyCode, ...] = header.to if header.source == self._county else (header.source,)
        if agreement is not None:  # else there is nothing to say it under; erased it is all the same
            record = record_of(event.envelope, reason, self._now)
            self._posting.post(self._tx, outgoing_of(record, agreement, to), self._now)
        log.info("courses.erased", referral=view.frame.referral_id, state=view.state)

    # -- service requests ------------------------------------------------------------------------------

    def _follow_request(self, view: ServiceView) -> None:
        due = awaited_by(view, self._county)
        about, office = view.request_id, (view.turn or view.responsible).name
        if due is not None and due <= self._now:
            text = told_of_waiting(view.frame.item_name, view.request_id, office, due)
            self._tx.waiting_room.tell(NoticeKind.SERVICE_OVERDUE, about, "", text, self._now)
        else:
            self._tx.waiting_room.resolve(NoticeKind.SERVICE_OVERDUE, about, "", self._now)
        self._tx.course_book.keep(service_requests.row_of(view, self._county, self._now))


def erased_of(snapshot: Snapshot, view: ReferralView, county: str) -> Erased:
    """Return what is known of the content of a referral's offer.

    Args:
        snapshot: The store.
        view: What the referral stands at.
        county: Ourselves.
    """
    rows = snapshot.erasures_of(view.offer_id)
    deliveries = snapshot.deliveries(view.offer_id)
    refused = any(one.refused_code is not None for one in deliveries)
    return Erased(
        here=any(one.county == county for one in rows),
        there=refused or any(one.county == view.target for one in rows),
        delivered=all(one.stored_at is not None or one.refused_code is not None for one in deliveries),
    )
