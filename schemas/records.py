"""What a node keeps: rows as values, the same for every store.

Times are aware UTC, digests and ids lowercase hex, sizes bytes.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Generic, TypeAlias, TypeVar

from schemas.base import Status
from schemas.control import CallOutcome, ChainKind, ErasureReason, OpeningReason, ReceiptStage
from schemas.courses import CourseStep
from schemas.envelope import Envelope, Position
from schemas.threads import ThreadOf

T = TypeVar("T")

RESTORED: Final = "restored"
"""Name of the setting that a store has from the day on which an older copy of it came back."""


class Direction(StrEnum):
    """Seen from this county."""

    INCOMING = "in"
    OUTGOING = "out"


@dataclass(frozen=True, slots=True)
class Chain:
    """One epoch of one channel, ours or a partner's.

    Attributes:
        number: Row number in this store; means nothing elsewhere.
        head: Last accepted position; everything up to it is held without a gap.
        frozen: A fork was proved: nothing follows until an epoch is opened.
        retired: Ours, and the store was restored: what lies behind the head is not known here.
    """

    number: int
    channel: str
    epoch: str
    source: str
    agreement_id: str
    kind: ChainKind
    audience: tuple[str, ...]
    head: Position
    frozen: bool = False
    retired: bool = False

    @property
    def ended(self) -> OpeningReason | None:
        """Why no link of ours may follow in this epoch, or None."""
        if self.frozen:
            return OpeningReason.FORKED
        return OpeningReason.RESTORED if self.retired else None


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """What later updates and cancellations are judged by.

    Attributes:
        level: Effective level 1–4; None for a cancellation, which is never in force itself.
        expires: As the content says.
        predecessors: Alert ids that it replaces or ends.
    """

    alert_id: str
    level: int | None
    expires: datetime
    predecessors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowPeople:
    """Whom a population report counts: reports of the same people are judged together."""

    period: str
    period_start: date
    origin: str
    destination: str


About: TypeAlias = AlertFacts | FlowPeople | ThreadOf | CourseStep
"""What later events of the same kind are judged by."""


@dataclass(frozen=True, slots=True)
class HeldAlert:
    """An alert in the store, own or received, the county that sent it, and whether it was meant."""

    source: str
    facts: AlertFacts
    status: Status


class Mark(StrEnum):
    """What is doubtful about an event that was taken all the same."""

    PREDECESSOR_MISSING = "predecessor_missing"
    """An alert that names an alert which was not here when it came."""
    CLOCK_AHEAD = "clock_ahead"
    """It claims to have been made later than it came."""
    EXPIRES_DIFFER = "expires_differ"
    """Header and content do not agree until when it is in force."""


@dataclass(frozen=True, slots=True)
class NewLink:
    """An accepted link to be recorded.

    Attributes:
        early: Delivered although a link before it is missing (alerts, receipts); the head has not reached it.
        newer_schema: Made by a schema digest that we do not know.
        level: Effective level 1–4 of an alert, else None.
        refused: Rejected content: only header and signatures are kept, so that the chain goes on; never listed
            as an event and journaled by its quarantine row alone.
        about: What later events of its type are judged by; None for most types and for refused links.
        marks: What is doubtful about it.
        content_key: What opens its content; empty for content in clear and for refused links.
        ends_at: When its content is to be erased; None if it may be kept.
    """

    chain_number: int
    direction: Direction
    envelope: Envelope
    recorded_at: datetime
    early: bool = False
    newer_schema: bool = False
    level: int | None = None
    refused: bool = False
    about: About | None = None
    marks: tuple[Mark, ...] = ()
    content_key: bytes = field(default=b"", repr=False)
    ends_at: datetime | None = None

    @property
    def asks_acknowledgement(self) -> bool:
        """It came to this county and names until when somebody here is to acknowledge it."""
        return self.direction is Direction.INCOMING and self.envelope.header.acknowledge_by is not None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An envelope as the store holds it.

    Attributes:
        position: Order of recording in this store, from 1; pages and ``since`` count by it.
        content_key: What opens its content; empty for content in clear, and once it was erased.
    """

    position: int
    chain_number: int
    direction: Direction
    envelope: Envelope
    recorded_at: datetime
    early: bool
    newer_schema: bool
    level: int | None
    marks: tuple[Mark, ...] = ()
    content_key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class ErasureRow:
    """A county has erased its copy of a content; ours if it is ourselves."""

    county: str
    reason: ErasureReason
    erased_at: datetime


@dataclass(frozen=True, slots=True)
class CallRow:
    """Somebody of ``source`` has called ``told`` about an event.

    Attributes:
        record_id: Envelope id of the record of it.
        office: Who was called: an office or a role.
        officer: Display name of who called.
        called_at: As the source says.
    """

    record_id: str
    source: str
    told: str
    office: str
    outcome: CallOutcome
    officer: str
    called_at: datetime


@dataclass(frozen=True, slots=True)
class KeptContent:
    """Encrypted content as it was carried, and what opens it."""

    content_id: str
    carried: bytes = field(repr=False)
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeptLink:
    """A link of a chain without keys and content; refused ones are kept so, too."""

    seq: int
    envelope_id: str
    header_bytes: bytes
    signatures_bytes: bytes


@dataclass(frozen=True, slots=True)
class EventSummary:
    """One line of a listing: no content bytes but those from which a headline is still to be read."""

    position: int
    envelope_id: str
    direction: Direction
    wire_type: str
    source: str
    audience: tuple[str, ...]
    channel: str
    epoch: str
    seq: int
    time: datetime
    recorded_at: datetime
    expires: datetime | None
    acknowledge_by: datetime | None
    status: str
    priority: int
    level: int | None
    headline: str
    """First title-like field of content in clear, at most 60 characters; empty if there is none."""
    early: bool
    stored_count: int
    """Of an outgoing event: recipients whose *stored* receipt is in."""
    acknowledged_count: int
    """Outgoing: recipients who acknowledged. Incoming: 1 once this county did."""
    marks: tuple[Mark, ...] = ()
    kept: KeptContent | None = None
    """Encrypted content, from which a reader takes the headline; None in clear, and once it was erased."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one recipient has proved about one outgoing event."""

    recipient: str
    stored_at: datetime | None
    handed_over_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    """Display name of the officer."""
    answer: str | None
    refused_code: str | None
    """Code of a rejection, else None."""
    declined_at: datetime | None = None
    """When an officer first answered without taking it; the county may still acknowledge."""
    declined_by: str | None = None
    declined_answer: str | None = None
    exhausted_at: datetime | None = None
    """When everybody there had been told and nobody had answered."""


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A receipt that we issued (direction out) or received (direction in).

    Attributes:
        envelope_id: Of the envelope that carries the receipt.
        target_chain: Chain number of the events it covers.
        times: ``received_at`` is the receiver's claim, ``recorded_at`` ours.
    """

    envelope_id: str
    direction: Direction
    receiver: str
    stage: ReceiptStage
    target_chain: int
    first_seq: int
    seq: int
    received_at: datetime
    recorded_at: datetime
    officer: str | None = None
    answer: str | None = None
    means: str | None = None
    code: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Refused bytes and the reason. The bodies go first when the cap is reached; digest and code stay."""

    digest: str
    size: int
    source: str
    """County that the subject names: a claim of the carrier."""
    subject: str
    code: str
    field: str
    reason: str
    recorded_at: datetime
    message: bytes | None


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A verified link that waits for the links before it, or for a newer registry."""

    channel: str
    epoch: str
    seq: int
    envelope_id: str
    source: str
    subject: str
    message: bytes
    held_at: datetime


@dataclass(frozen=True, slots=True)
class Watch:
    """A promise with a deadline: this recipient must have reached this stage by then."""

    envelope_id: str
    chain_number: int
    seq: int
    recipient: str
    stage: ReceiptStage
    due_at: datetime
    level: int


class JournalKind(StrEnum):
    """What changed."""

    POSTED = "posted"
    ARRIVED = "arrived"
    RECEIPT = "receipt"
    NOTICE = "notice"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One change of the store, numbered without gaps in the order of commits: what ``live`` resumes by."""

    sequence: int
    kind: JournalKind
    reference: str
    """Envelope id (posted, arrived, receipt), notice number, or digest of quarantined bytes."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Remembered:
    """The answer once given to an Idempotency-Key."""

    key: str
    request_digest: str
    envelope_id: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """What a county has sent under an agreement within one hour of its own clock; ``size`` is bytes of content."""

    events: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Swept:
    """What one step of tidying did.

    Attributes:
        dropped: Rows that are gone.
        after: Where the next step goes on; None if this lane has no more to look at.
    """

    dropped: int
    after: int | None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing and where the next begins."""

    rows: tuple[T, ...]
    next_since: int
