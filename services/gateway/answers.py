"""What the API answers with: closed models, so that ``openapi.json`` says everything and nothing more.

Times are RFC 3339 with ``+08:00``, digests and ids lowercase hex, sizes bytes.
"""

from typing import Annotated

from pydantic import Field, JsonValue

from schemas.access import Scope
from schemas.base import Model, WireTime
from schemas.control import CallOutcome, ErasureReason, ReceiptStage
from schemas.custody import OpeningReason
from schemas.envelope import Header
from schemas.files import FileState
from schemas.ids import ChannelId, ContentId, CountyId, Digest, EnvelopeId, Epoch, KeyId
from schemas.notices import NoticeKind
from schemas.officers import AnswerWord, Means
from schemas.records import Direction, JournalKind, Mark
from schemas.registry import KeyUse
from services.gateway.release_answers import ReleaseLine


class FaultLine(Model):
    """One thing that is wrong: stable code, dotted path of the field (empty for the whole), what to do about it."""

    code: str
    field: str
    mend: str


class AnswerLine(Model):
    """How this county answered an event: who, by which means, when."""

    officer: str
    """Display name as certified, e.g. 值班员甲."""
    answer: str
    means: str
    stage: ReceiptStage
    answered_at: WireTime
    note: str
    receipt_id: EnvelopeId


class ErasureLine(Model):
    """A county has erased its copy of a content."""

    county: CountyId
    reason: ErasureReason
    erased_at: WireTime


class Erasure(Model):
    """Who has erased the content of an event by now."""

    envelope_id: EnvelopeId
    erasures: tuple[ErasureLine, ...]


class CallLine(Model):
    """A call by telephone about an event, and the id of its signed record."""

    record_id: EnvelopeId
    source: CountyId
    told: CountyId
    office: str
    outcome: CallOutcome
    officer: str
    called_at: WireTime


class ProblemBody(Model):
    """Problem details after RFC 9457; ``code``, ``field`` and ``mend`` are those of the first fault."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str
    mend: str
    faults: tuple[FaultLine, ...]
    answered: AnswerLine | None = None
    """Only with ``acknowledgement.already``: the answer that stands."""


class Accepted(Model):
    """The event is durable in this node and has its place in the chain."""

    envelope_id: EnvelopeId
    channel: ChannelId
    epoch: Epoch
    seq: int


class Acknowledged(Model):
    """The officer's answer is durable and on its way as a receipt."""

    receipt: Accepted
    stage: ReceiptStage
    answer: AnswerWord
    means: Means
    officer: str
    answered_at: WireTime


class EventLine(Model):
    """One event of a listing."""

    position: int
    envelope_id: EnvelopeId
    direction: Direction
    wire_type: str
    source: CountyId
    audience: tuple[CountyId, ...]
    channel: ChannelId
    epoch: Epoch
    seq: int
    time: WireTime
    recorded_at: WireTime
    expires: WireTime | None
    acknowledge_by: WireTime | None
    status: str
    priority: int
    level: int | None
    headline: str
    early: bool
    stored_count: int
    acknowledged_count: int
    marks: tuple[Mark, ...]
    """What is doubtful about it, as it was when it came."""


class EventPage(Model):
    """Events in order, and the ``since`` of the next page."""

    events: tuple[EventLine, ...]
    next_since: int


class SignedBy(Model):
    """A key that the header names, and whose it is by the registry; ``county`` is null for an unknown key."""

    kid: KeyId
    county: CountyId | None
    use: KeyUse | None


class Verification(Model):
    """What this node finds now when it verifies the stored bytes again."""

    holds: bool
    """Every promised signature is there and covers the bytes."""
    fault: FaultLine | None
    signed_by: tuple[SignedBy, ...]
    registry_version: int
    """The registry that was used for this answer."""
    channel: ChannelId
    epoch: Epoch
    seq: int
    prev: EnvelopeId
    chain_frozen: bool
    agreement: str
    permitted: bool
    permission_fault: FaultLine | None
    early: bool
    """Delivered although a link before it is missing."""
    newer_schema: bool
    verified_at: WireTime


class DeliveryLine(Model):
    """What one recipient has proved about an outgoing event."""

    recipient: CountyId
    stored_at: WireTime | None
    handed_over_at: WireTime | None
    acknowledged_at: WireTime | None
    acknowledged_by: str | None
    answer: str | None
    refused_code: str | None
    declined_at: WireTime | None
    """When an officer first answered without taking it; the county may still acknowledge."""
    declined_by: str | None
    declined_answer: str | None
    exhausted_at: WireTime | None
    """When everybody there had been told and nobody had answered."""
    means: str | None = None
    """By which the officer named in ``acknowledged_by`` answered."""
    receipt_id: EnvelopeId | None = None
    """The signed receipt that says so."""


class HolderLine(Model):
    """How much of a file of ours a county says that it holds."""

    county: CountyId
    held: int
    said_at: WireTime


class FileLine(Model):
    """The file that goes with an event, and how far it is."""

    state: FileState
    chunks: int
    held: int
    """Chunks that are here."""
    size: int
    """Bytes as carried."""
    scanned: bool
    """Whether its text was looked through for personal numbers; what is no plain text cannot be."""
    holders: tuple[HolderLine, ...]
    """What recipients say of a file of ours, until their receipt *stored* is here."""


class UploadState(Model):
    """A file on its way to this node: the next bytes go to ``offset``; once ``complete`` an event may name it."""

    id: ContentId
    size: int
    sha256: Digest
    offset: int
    complete: bool


class EventDetail(Model):
    """One event whole. ``deliveries`` is filled for outgoing events, ``answer`` for incoming ones once answered."""

    envelope_id: EnvelopeId
    direction: Direction
    position: int
    recorded_at: WireTime
    level: int | None
    marks: tuple[Mark, ...]
    header: Header
    content: JsonValue
    verification: Verification
    deliveries: tuple[DeliveryLine, ...]
    answer: AnswerLine | None
    erasures: tuple[ErasureLine, ...] = ()
    """Who has erased the content, ourselves among them; then ``content`` is null."""
    calls: tuple[CallLine, ...] = ()
    """Calls by telephone about it."""
    releases: tuple[ReleaseLine, ...] = ()
    """Who of its county stands behind it, as far as that is on record."""
    awaits_second: bool = False
    """One officer sent it alone, and a second one's name is still missing (待补签)."""
    file: FileLine | None = None
    """What goes with it beside its envelope; null for most types."""
    withheld: bool = False
    """The content is personal and no reason was given, so ``content`` is null."""


class OpeningLine(Model):
    """Personal content was shown to somebody."""

    number: int
    envelope_id: EnvelopeId
    opened_at: WireTime
    access: str
    """Name of the token."""
    officer: str
    """Whom the token is bound to; empty if nobody."""
    reason: OpeningReason
    digest: Digest


class OpeningLog(Model):
    """The whole log of openings, walked over now."""

    count: int
    """Rows that follow from the first one without a break."""
    digest: Digest
    """Of the last of them: note it, and compare the next time. Zeros while there is none."""
    holds: bool
    broken_at: int | None
    """Number of the first row that was changed, or before which one is missing."""


class OpeningList(Model):
    """Who was shown personal content."""

    openings: tuple[OpeningLine, ...]
    log: OpeningLog


class ReceiptLine(Model):
    """One receipt that covers an event."""

    envelope_id: EnvelopeId
    direction: Direction
    receiver: CountyId
    stage: ReceiptStage
    first_seq: int
    seq: int
    received_at: WireTime
    recorded_at: WireTime
    officer: str | None
    answer: str | None
    means: str | None
    code: str | None
    text: str | None


class ReceiptList(Model):
    """Every receipt that covers one event, oldest first."""

    receipts: tuple[ReceiptLine, ...]


class NoticeLine(Model):
    """Something told to this county's own duty officer."""

    number: int
    kind: NoticeKind
    about: str
    county: str
    text: str
    told_at: WireTime
    resolved_at: WireTime | None
    """When the cause was gone, or a person closed it; null while it is open."""
    closed_by: str | None
    """Officer who closed it, or name of a token that is bound to none; null if the cause was gone by itself."""


class NoticeList(Model):
    """Notices, newest first."""

    notices: tuple[NoticeLine, ...]


class QuarantineLine(Model):
    """A refused message: its digest and why; never its bytes."""

    digest: Digest
    size: int
    source: str
    subject: str
    code: str
    field: str
    reason: str
    recorded_at: WireTime


class QuarantineList(Model):
    """Refused messages, newest first."""

    quarantined: tuple[QuarantineLine, ...]


class KeyLine(Model):
    """A public key of a member."""

    kid: KeyId
    use: KeyUse
    algorithm: str
    valid_from: WireTime
    valid_until: WireTime | None


class MemberLine(Model):
    """A county of the registry and the agreements that we share with it."""

    county: CountyId
    name: str
    office: str
    duty_phone: str
    own: bool
    keys: tuple[KeyLine, ...]
    agreements: tuple[str, ...]


class MemberList(Model):
    """The registry in force here."""

    registry_version: int
    registry_digest: Digest
    expires_at: WireTime
    members: tuple[MemberLine, ...]


class WhoAmI(Model):
    """The caller as this node sees it."""

    county: CountyId
    county_name: str
    version: str
    name: str
    scopes: tuple[Scope, ...]
    officer: str | None
    expires_at: WireTime


class Health(Model):
    """The process is alive."""

    status: str
    version: str


class Readiness(Model):
    """Every check by name; all true, or the answer would have been 503."""

    ready: bool
    checks: dict[str, bool]


class ReceiptNews(Model):
    """A receipt that was issued or came in."""

    envelope_id: EnvelopeId
    direction: Direction
    receiver: CountyId
    stage: ReceiptStage
    channel: ChannelId
    epoch: Epoch
    first_seq: int
    seq: int
    head: EnvelopeId
    received_at: WireTime
    officer: str | None
    answer: AnswerWord | None
    means: Means | None
    code: str | None


class LiveMessage(Model):
    """One change. Exactly one of the four bodies is set, unless what it was about is gone by now.

    None is set, either, when a partner has told who is on duty there: ``list_links`` shows it.
    """

    sequence: Annotated[int, Field(ge=1)]
    """Resume with ``?after=`` this number; numbers may be skipped, never repeated."""
    kind: JournalKind
    reference: str
    at: WireTime
    event: EventLine | None = None
    receipt: ReceiptNews | None = None
    notice: NoticeLine | None = None
    quarantined: QuarantineLine | None = None
