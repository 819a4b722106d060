"""What the API answers about referrals and service requests. Nothing of it is about a person."""

from schemas.base import Model, WireTime
from schemas.course_drafts import ReferralMove, ServiceMove
from schemas.governance.services import Decision, MaterialKind, ServiceMode
from schemas.ids import AgreementId, ContentId, CountyId, Digest, EnvelopeId
from schemas.information.referrals import ReferralPurpose
from schemas.offices import Office
from services.domain.referrals import ReferralState
from services.domain.service_requests import Stage


class PaperLine(Model):
    """An event that a step names because it carries one of its papers."""

    envelope_id: EnvelopeId
    name: str | None
    """Of the file; null while the event is not here, and if its content is personal or erased."""
    sha256: Digest | None
    """As the step's ``materials`` give it; null likewise."""


class StepLine(Model):
    """One step: who took it and when; its event has the rest."""

    envelope_id: EnvelopeId
    wire_type: str
    source: CountyId
    time: WireTime
    evidence: tuple[PaperLine, ...]


class CourseAccepted(Model):
    """The step is durable and on its way."""

    id: ContentId
    """Number of the referral or request."""
    envelope_id: EnvelopeId


class ReferralLine(Model):
    """One referral."""

    referral_id: ContentId
    state: ReferralState
    purpose: ReferralPurpose
    from_office: Office
    to_office: Office
    offer_id: EnvelopeId
    """Of the event with the content, which is shown with a reason alone."""
    offered_at: WireTime
    expires_at: WireTime
    ended_at: WireTime | None
    erased_here: bool
    erased_there: bool
    """The other county says that it has erased; only the county that offered it can know."""


class ReferralList(Model):
    """Referrals, the one that moved last first."""

    referrals: tuple[ReferralLine, ...]


class ReferralDetail(ReferralLine):
    """One referral and its steps, in the order in which they came here."""

    steps: tuple[StepLine, ...]
    moves: tuple[ReferralMove, ...]
    """What this county may do next."""


class ServiceLine(Model):
    """One request."""

    request_id: ContentId
    agreement: AgreementId
    """Under which its steps are sent."""
    stage: Stage
    mode: ServiceMode
    item_code: str
    item_name: str
    receiving_office: Office
    responsible: Office
    """The one office that answers to the applicant."""
    turn: Office | None
    """The office that may take the next step; null once it is closed."""
    ours: bool
    """Whether that is one of this county's."""
    parties: tuple[CountyId, ...]
    step_no: int
    moved_at: WireTime
    due_at: WireTime | None
    wanted: tuple[MaterialKind, ...]
    answer_by: WireTime | None
    applicant_ref: ContentId | None
    decision: Decision | None


class ServiceList(Model):
    """Requests, the one that moved last first."""

    services: tuple[ServiceLine, ...]


class ServiceDetail(ServiceLine):
    """One request and its steps, from the first to the newest that is here with all before it."""

    steps: tuple[StepLine, ...]
    waiting: int
    """Steps that are here and wait for one before them, or that broke a rule."""
    moves: tuple[ServiceMove, ...]
    """What this county may do next; none while it is not its turn."""
