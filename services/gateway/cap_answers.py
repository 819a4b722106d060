"""What the API answers about CAP documents; see ``services.gateway.answers``."""

from enum import StrEnum

from pydantic import JsonValue

from schemas.base import Model, WireTime
from schemas.cap_records import CapState
from schemas.control import ReceiptStage
from schemas.ids import Digest, EnvelopeId
from services.gateway.answers import FaultLine


class CapOutcome(StrEnum):
    """What became of a document that was handed in."""

    SENT = "sent"
    """It is durable as an event of ours, and on its way."""
    HELD = "held"
    """It is kept for an officer; nothing went out, and the duty officer was told."""
    CLOSED = "closed"
    """It was held before, and an officer has dealt with it."""
    ANSWERED = "answered"
    """It is an Ack or Error, and is on record with the alerts that it is about."""


class CapTaken(Model):
    """A document was taken. The same document again gets the same answer."""

    outcome: CapOutcome
    number: int | None
    """Of the document, as listings show it; null for an Ack or Error."""
    envelope_id: EnvelopeId | None
    """Of the event that it became; null unless it is `sent`, or an officer has sent another for it."""
    alert_id: str | None
    signer: str | None
    """Registered authority that signed it; null if it is not signed."""
    faults: tuple[FaultLine, ...]
    """Why it is held; or what an officer may yet complete by an update."""
    answered: tuple[EnvelopeId, ...]
    """Alerts that an Ack or Error is about."""


class CapDocumentLine(Model):
    """One document that was taken."""

    number: int
    state: CapState
    message_type: str
    sender: str
    identifier: str
    sent_at: WireTime
    origin: str
    """`post:` and the name of the token, or `feed:` and the name of the feed."""
    signer: str | None
    alert_id: str
    envelope_id: EnvelopeId | None
    digest: Digest
    """Of its bytes as they came."""
    faults: tuple[FaultLine, ...]
    recorded_at: WireTime
    settled_at: WireTime | None
    settled_by: str | None


class CapDocumentList(Model):
    """Documents, the newest first."""

    documents: tuple[CapDocumentLine, ...]


class CapDocumentDetail(Model):
    """One document, and the draft that waits for an officer."""

    document: CapDocumentLine
    draft: JsonValue
    """Body for `POST /api/v1/events`, to be mended; null unless it is held."""
    original: bool
    """Whether its bytes are still here."""


class CapAnswerLine(Model):
    """A foreign system answered an alert by CAP. No officer stands behind it: it is no receipt."""

    stage: ReceiptStage
    """What it says of itself."""
    sender: str
    identifier: str
    sent_at: WireTime
    note: str
    origin: str
    signer: str | None
    recorded_at: WireTime


class CapAnswerList(Model):
    """Answers of foreign systems to one alert, oldest first."""

    answers: tuple[CapAnswerLine, ...]
