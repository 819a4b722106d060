"""What a node keeps of CAP documents that came to it, of answers to alerts, and of the feeds that it asks.

Times are aware UTC, digests and ids lowercase hex.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from schemas.cap import CapAlert
from schemas.control import ReceiptStage
from schemas.errors import Fault


class CapState(StrEnum):
    """What became of a document."""

    SENT = "sent"
    """It went out as an event of ours."""
    HELD = "held"
    """It waits for an officer."""
    CLOSED = "closed"
    """An officer has dealt with it."""


@dataclass(frozen=True, slots=True)
class CapRead:
    """A document that was read, and of a signed one what was signed.

    Attributes:
        signer: Registered authority that signed it; empty if it is not signed.
    """

    document: CapAlert
    signer: str


@dataclass(frozen=True, slots=True)
class CapDocument:
    """One document that was taken.

    Attributes:
        number: From 1 in the order of taking; 0 before the store has given one.
        key: SHA-256 of sender, identifier and time: what CAP tells documents by.
        meaning: SHA-256 of what it says, however it is spelled.
        digest: SHA-256 of its bytes as they came.
        message_type: ``Alert``, ``Update`` or ``Cancel``.
        sender: As in the document, at most 120 characters; so is ``identifier``.
        sent_at: As the document says.
        origin: ``post:<token>`` or ``feed:<name>``.
        signer: Registered authority that signed it; empty for none.
        alert_id: Of the alert that it became, or would have.
        event_id: Of the event that it became; None unless it has.
        faults: Why it is held, or what an officer may yet complete.
        draft: Body for ``POST events``; only while it is held.
        original: Its bytes as they came; None once an officer has closed it or the event was erased.
        settled_at: When an officer closed it; ``settled_by`` says who.
    """

    number: int
    key: str
    meaning: str
    digest: str
    message_type: str
    sender: str
    identifier: str
    sent_at: datetime
    origin: str
    signer: str
    state: CapState
    alert_id: str
    event_id: str | None
    faults: tuple[Fault, ...]
    recorded_at: datetime
    draft: bytes | None = field(default=None, repr=False)
    original: bytes | None = field(default=None, repr=False)
    settled_at: datetime | None = None
    settled_by: str | None = None


@dataclass(frozen=True, slots=True)
class CapAnswerRow:
    """A foreign system answered an alert by CAP's Ack or Error. No officer stands behind it.

    Attributes:
        key: SHA-256 of sender, identifier and time of the answer.
        stage: acknowledged, actioned, declined or rejected, as the answer says: a claim, and no receipt.
        sender: As in the answer, at most 120 characters; so is ``identifier``.
        note: Why; empty if it does not say.
        origin: As of a document; so is ``signer``.
    """

    key: str
    stage: ReceiptStage
    sender: str
    identifier: str
    sent_at: datetime
    note: str
    origin: str
    signer: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class CapFigures:
    """Documents by what became of them, and answers."""

    sent: int = 0
    held: int = 0
    answers: int = 0


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One document of a feed.

    Attributes:
        id: Never used for two documents, e.g. ``urn:sihu:event:…``.
        title: The headline.
        updated: As it stands in a feed that was read; RFC 3339 when written.
        link: Where the document is.
        summary: A few words more; empty for none.
    """

    id: str
    title: str
    updated: str
    link: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a feed from the last round; to be kept between them.

    Attributes:
        entity_tag: As the feed's host gave it; empty for none.
        modified: As the feed's host gave it; empty for none.
        ids: Digests of the entries whose documents came, oldest first, at most 2,000.
        failed: Digests of those whose documents could not be had; the next round asks for them last.
    """

    entity_tag: str = ""
    modified: str = ""
    ids: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Polled:
    """What one round brought.

    Attributes:
        documents: Bytes of each new document with its address, in the order of the feed.
        faults: Documents that could not be had, and why; they are asked for again.
        seen: To be handed in at the next round.
    """

    documents: tuple[tuple[str, bytes], ...]
    faults: tuple[Fault, ...]
    seen: Seen = field(repr=False)
