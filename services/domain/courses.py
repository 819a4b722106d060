"""Steps of courses: what an event does to a referral or a service request, and nothing about anybody.

Source: docs/decisions/0036-let-each-step-name-the-one-before.md
"""

from schemas.base import Event
from schemas.catalogue import model_of
from schemas.courses import CourseKind, CourseStep
from schemas.errors import InvariantError
from schemas.governance.services import ServiceStep
from schemas.information.referrals import ReferralOffered, ReferralStep


def step_of(event: Event) -> CourseStep | None:
    """Return what an event does to a course; None for every other event.

    Of an offered referral only the frame is kept: consent and fields stay in its content.
    """
    if isinstance(event, ReferralOffered):
        return CourseStep(
            CourseKind.REFERRAL, event.referral_id, event.wire_type, event.frame.model_dump_json(exclude_none=True)
        )
    if isinstance(event, ReferralStep):
        return CourseStep(
            CourseKind.REFERRAL, event.referral_id, event.wire_type, event.model_dump_json(exclude_none=True)
        )
    if isinstance(event, ServiceStep):
        return CourseStep(
            CourseKind.SERVICE, event.request_id, event.wire_type, event.model_dump_json(exclude_none=True)
        )
    return None


def event_of(step: CourseStep) -> Event:
    """Return the event behind a kept step; not for an offered referral, of which only the frame is kept.

    Raises:
        InvariantError: Our own store holds a step that was no event of ours to keep.
    """
    model = model_of(step.wire_type)
    if model is None or issubclass(model, ReferralOffered):
        raise InvariantError(f"no event can be read from a step of type {step.wire_type}")
    return model.model_validate_json(step.facts, extra="ignore")
