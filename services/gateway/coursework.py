"""Referrals and service requests for those who handle them: what the store holds, as answers."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Final

from schemas.courses import CourseKind, KeptStep
from schemas.envelope import RefRelation
from schemas.errors import Fault, NotFoundError
from schemas.ids import CountyCode, EnvelopeId
from schemas.information.attachments import AttachmentShared
from services.courses import erased_of
from services.domain import referrals, service_requests
from services.domain.course_drafts import service_moves
from services.domain.reading import event_in
from services.domain.referrals import ReferralView
from services.domain.service_requests import ServiceView
from services.gateway.course_answers import (
    PaperLine,
    ReferralDetail,
    ReferralLine,
    ServiceDetail,
    ServiceLine,
    StepLine,
)
from services.gateway.gateway import Gateway
from services.gateway.opening import is_withheld
from services.ports import Snapshot

_FRIDAY: Final = 4


def is_workday_of(gateway: Gateway) -> Callable[[date], bool]:
    """Return what tells this county's workdays: its calendar, or Monday to Friday where there is none."""
    return gateway.people.duty.is_workday if gateway.people else lambda day: day.weekday() <= _FRIDAY


def referral_of(snapshot: Snapshot, referral_id: str) -> ReferralView:
    """Return what a referral stands at.

    Raises:
        NotFoundError: It is not here.
    """
    view = referrals.view_of(snapshot.steps_of(CourseKind.REFERRAL, referral_id))
    if view is None:
        raise NotFoundError(Fault("request.not_found", "id", "no such referral is here; see GET /api/v1/referrals"))
    return view


def referral_line(snapshot: Snapshot, view: ReferralView, county: str) -> ReferralLine:
    """One referral."""
    erased = erased_of(snapshot, view, county)
    return ReferralLine(
        referral_id=view.frame.referral_id,
        state=view.state,
        purpose=view.frame.purpose,
        from_office=view.frame.from_office,
        to_office=view.frame.to_office,
        offer_id=view.offer_id,
        offered_at=_time_of(view.steps, view.offer_id),
        expires_at=view.frame.expires_at,
        ended_at=view.ended_at,
        erased_here=erased.here,
        erased_there=erased.there,
    )


def referral_lines(snapshot: Snapshot, county: str, *, open_only: bool, limit: int) -> tuple[ReferralLine, ...]:
    """List referrals."""
    rows = snapshot.courses(CourseKind.REFERRAL, open_only=open_only, limit=limit)
    return tuple(referral_line(snapshot, referral_of(snapshot, row.course_id), county) for row in rows)


def referral_detail(snapshot: Snapshot, referral_id: str, county: str) -> ReferralDetail:
    """One referral and its steps.

    Raises:
        NotFoundError: It is not here.
    """
    view = referral_of(snapshot, referral_id)
    line = referral_line(snapshot, view, county)
    return ReferralDetail(**dict(line), steps=_step_lines(snapshot, view.steps), moves=referrals.moves_of(view, county))


def request_of(snapshot: Snapshot, request_id: str) -> ServiceView:
    """Return what a request stands at.

    Raises:
        NotFoundError: It is not here.
    """
    view = service_requests.view_of(snapshot.steps_of(CourseKind.SERVICE, request_id))
    if view is None:
        raise NotFoundError(Fault("request.not_found", "id", "no such request is here; see GET /api/v1/services"))
    return view


def service_line(view: ServiceView, county: str) -> ServiceLine:
    """One request."""
    frame = view.frame
    return ServiceLine(
        request_id=view.request_id,
        agreement=view.agreement_id,
        stage=view.stage,
        mode=frame.mode,
        item_code=frame.item_code,
        item_name=frame.item_name,
        receiving_office=frame.receiving_office,
        responsible=view.responsible,
        turn=view.turn,
        ours=view.turn is not None and view.turn.adcode == county,
        parties=frame.parties,
        step_no=view.step_no,
        moved_at=view.moved_at,
        due_at=view.due_at,
        wanted=view.wanted,
        answer_by=view.answer_by,
        applicant_ref=view.applicant_ref,
        decision=view.decision,
    )


def service_lines(snapshot: Snapshot, county: str, *, open_only: bool, limit: int) -> tuple[ServiceLine, ...]:
    """List requests."""
    rows = snapshot.courses(CourseKind.SERVICE, open_only=open_only, limit=limit)
    return tuple(service_line(request_of(snapshot, row.course_id), county) for row in rows)


def service_detail(snapshot: Snapshot, request_id: str, county: str) -> ServiceDetail:
    """One request and its steps.

    Raises:
        NotFoundError: It is not here.
    """
    view = request_of(snapshot, request_id)
    waiting = len(snapshot.steps_of(CourseKind.SERVICE, request_id)) - len(view.line)
    steps, moves = _step_lines(snapshot, view.line), service_moves(view, county)
    return ServiceDetail(**dict(service_line(view, county)), steps=steps, waiting=waiting, moves=moves)


def _step_lines(snapshot: Snapshot, steps: Sequence[KeptStep]) -> tuple[StepLine, ...]:
    return tuple(
        StepLine(
            envelope_id=EnvelopeId(one.envelope_id),
            wire_type=one.step.wire_type,
            source=CountyCode(one.source),
            time=one.time,
            evidence=tuple(_papers(snapshot, one.envelope_id)),
        )
        for one in steps
    )


def _papers(snapshot: Snapshot, envelope_id: str) -> Iterator[PaperLine]:
    step = snapshot.event(envelope_id)
    for ref in step.envelope.header.refs if step is not None else ():
        if ref.rel is RefRelation.EVIDENCE:
            carrier = snapshot.event(ref.id)
            said = event_in(carrier) if carrier is not None and not is_withheld(carrier) else None
            file = said if isinstance(said, AttachmentShared) else None
            yield PaperLine(
                envelope_id=EnvelopeId(ref.id),
                name=file.name if file else None,
                sha256=file.sha256 if file else None,
            )


def _time_of(steps: Sequence[KeptStep], envelope_id: str) -> datetime:
    return next(one.time for one in steps if one.envelope_id == envelope_id)
