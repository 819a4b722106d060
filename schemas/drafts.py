"""What an officer or a county system asks to send, before it is signed."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from schemas.agreements import Purpose
from schemas.base import InformationClass, Kind, Model, Status, WireTime
from schemas.cases import SEEN_MAX
from schemas.control import CallOutcome, ErasureReason
from schemas.envelope import FILE_MAX_BYTES, Ref
from schemas.forms import LINE_PATTERN
from schemas.ids import AgreementId, ContentId, CountyId, Digest, EnvelopeId, WireType
from schemas.officers import AnswerWord
from schemas.registry import Text
from schemas.statements import SignedStatement


class EventDraft(Model):
    """The body of ``POST /api/v1/events``. What is left out takes the type's default."""

    type: WireType
    agreement: AgreementId
    to: Annotated[tuple[CountyId, ...], Field(min_length=1, max_length=512, strict=False)] | None = None
    """Null addresses every other party of the agreement."""
    purpose: Purpose | None = None
    information_class: Annotated[InformationClass | None, Field(alias="class")] = None
    status: Status = Status.ACTUAL
    kind: Kind | None = None
    priority: Annotated[int, Field(ge=0, le=4)] | None = None
    expires: WireTime | None = None
    acknowledge_by: WireTime | None = None
    refs: Annotated[tuple[Ref, ...], Field(max_length=32, strict=False)] = ()
    content: dict[str, JsonValue]
    upload: ContentId | None = None
    """The finished upload whose file goes with the event; see ``POST /api/v1/uploads``."""
    alone: bool = False
    """Nobody else is there: an officer sends an alert of level 1 or 2 at once, another countersigns within 30 minutes.

    Only with a token bound to an officer; see docs/releasing.md."""


class DraftText(EventDraft):
    """The body of ``POST /api/v1/drafts`` and of a change: an event whose content may still be incomplete."""


class Verdict(StrEnum):
    """What a second officer says of a draft."""

    APPROVE = "approve"
    RETURN = "return"


ReviewNote = Annotated[str, StringConstraints(max_length=500)]


class ReviewDraft(Model):
    """The body of ``POST /api/v1/drafts/{id}/review``."""

    verdict: Verdict
    digest: Digest
    """Of the draft as it was shown: what has changed since is read again before it is approved."""
    note: ReviewNote = ""
    """What is to be changed; needed with ``return``."""
    send: bool = False
    """Approve and send at once."""
    own: SignedStatement | None = None
    """The officer's own signature under the approval, over ``terms`` of the draft as it was shown."""


class SubmissionDraft(Model):
    """The body of ``POST /api/v1/drafts/{id}/submission``; it may be left out."""

    own: SignedStatement | None = None
    """The author's own signature, verdict ``drafted``, over ``terms`` of the draft as it was shown."""


class CountersignatureDraft(Model):
    """The body of ``POST /api/v1/events/{id}/countersignature``; it may be left out."""

    own: SignedStatement | None = None
    """The officer's own signature, verdict ``countersigned``, over the event's envelope id."""


class SendingDraft(Model):
    """The body of ``POST /api/v1/drafts/{id}/sending``."""

    alone: bool = False
    """Nobody else is there; as in an event that is sent without a draft."""


class AcknowledgementDraft(Model):
    """The body of ``POST /api/v1/events/{id}/acknowledgement``.

    ``signature`` (base64url) is the officer's own Ed25519 signature over the answer's bytes to sign;
    with it ``answered_at`` is required, for it is part of what was signed.
    """

    answer: AnswerWord = AnswerWord.RECEIVED
    note: Annotated[str, StringConstraints(max_length=200)] = ""
    answered_at: WireTime | None = None
    signature: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{86}$")] | None = None


class ErasureDraft(Model):
    """The body of ``POST /api/v1/events/{id}/erasure``."""

    reason: ErasureReason
    undelivered: bool = False
    """Erase it although a recipient has not stored it: that one will lack it for good."""


class CallDraft(Model):
    """The body of ``POST /api/v1/events/{id}/calls``: a neighbour was called by telephone."""

    county: CountyId
    office: Text
    """Who was called: an office or a role, never a person."""
    outcome: CallOutcome = CallOutcome.TOLD
    called_at: WireTime | None = None
    """Now, if left out."""


class SilenceDraft(Model):
    """The body of ``POST /api/v1/escalations/{id}/silence``."""

    minutes: Annotated[int, Field(ge=1, le=1440)]
    """From now on; the alert's own deadline runs on."""
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINE_PATTERN)]


class DrillDraft(Model):
    """The body of ``POST /api/v1/drills``: an exercise for this county's own people."""

    level: Annotated[int, Field(ge=1, le=4)] = 2


class CaseEventDraft(Model):
    """The body of ``POST /api/v1/cases/{id}/events``: the next entry of a case of joint mediation."""

    type: WireType
    last_seen: Annotated[tuple[EnvelopeId, ...], Field(min_length=1, max_length=SEEN_MAX, strict=False)]
    """``heads`` of the case as it was shown; if another entry has come since, the answer is 409 ``case.late``."""
    status: Status = Status.ACTUAL
    evidence: Annotated[tuple[EnvelopeId, ...], Field(max_length=8, strict=False)] = ()
    """Events that carry files which belong to this entry."""
    content: dict[str, JsonValue]


class UploadDraft(Model):
    """The body of ``POST /api/v1/uploads``: a file is announced before its bytes come."""

    size: Annotated[int, Field(ge=1, le=FILE_MAX_BYTES)]
    """Bytes."""
    sha256: Digest


class CapClosingDraft(Model):
    """The body of ``POST /api/v1/cap/documents/{number}/closing``."""

    event: EnvelopeId | None = None
    """The alert that was sent instead; left out, the document was dropped."""
