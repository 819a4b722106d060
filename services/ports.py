"""What the services need from outside, as Protocols. Adapters satisfy them by shape.

A store is read and written by *work*: a plain function that gets a transaction, loads facts,
decides by pure rules and writes once. All work that waits is committed together, in one fsync.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from schemas.access import Access
from schemas.carriage import Publication
from schemas.documents import SignedDocument
from schemas.envelope import Envelope, Position
from schemas.notices import Notice, NoticeKind
from schemas.records import (
    CallRow,
    Chain,
    Delivery,
    Direction,
    ErasureRow,
    EventSummary,
    FlowPeople,
    HeldAlert,
    HeldBack,
    JournalEntry,
    KeptLink,
    NewLink,
    Page,
    Quarantined,
    ReceiptRow,
    Remembered,
    StoredEvent,
    Swept,
    Watch,
)
from schemas.subjects import Lane
from services.completeness_ports import Signals
from services.domain.evidence_writing import TrustPapers
from services.domain.trust import Trust
from services.key_ports import Erasures, OfficeKeys, Readmitting
from services.quota_ports import Quotas
from services.run_ports import Unsigned
from services.store_ports import KeepsBooks, ShowsBooks

T = TypeVar("T")


class Clock(Protocol):
    """The only readers of time."""

    def now(self) -> datetime:
        """Return aware UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""

    async def sleep(self, seconds: float) -> None:
        """Wait; the manual clock of the tests returns when it is moved past."""


class Ids(Protocol):
    """The only source of randomness."""

    def hex(self, size: int) -> str:
        """Return ``size`` random bytes as lowercase hex."""


class Signer(Protocol):
    """One private key of this county; ``kid`` names its public record in the registry."""

    kid: str

    def sign(self, to_be_signed: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature."""


class Directory(Protocol):
    """What this node trusts and whom it lets in: files, re-read when they change."""

    def trust(self) -> Trust:
        """Return the view in force now; cheap, an immutable value."""

    def access(self, token_digest: str) -> Access | None:
        """Return the token with this SHA-256 (hex), revoked or expired ones too, or None."""

    def credential(self, officer: str) -> SignedDocument | None:
        """Return an officer's certified credential, or None if there is none or it was revoked."""


class PaperedDirectory(Directory, Protocol):
    """A directory that also shows the documents behind its trust: evidence brings them along."""

    def papers(self) -> TrustPapers:
        """Return the documents as they are kept, with their signatures."""


class Chains(Protocol):
    """Epochs of channels and their heads."""

    def current(self, channel: str) -> Chain | None:
        """Return the newest epoch of a channel, or None."""

    def find(self, channel: str, epoch: str) -> Chain | None:
        """Return one epoch of a channel, or None."""

    def open(self, chain: Chain) -> Chain:
        """Record a new epoch (its ``number`` is ignored) and return it with its number."""

    def advance(self, number: int, head: Position) -> None:
        """Move the head forward."""

    def freeze(self, number: int) -> None:
        """Mark the chain forked."""

    def retire(self, source: str) -> int:
        """End the newest epoch of every channel of ``source``: this store was restored; return how many.

        What lies behind its heads is not known here, so nothing may follow them: posting opens a new epoch first.
        """

    def held_id(self, number: int, seq: int) -> str | None:
        """Return the envelope id held at ``seq`` (early ones too), or None."""

    def has_waiting(self, number: int) -> bool:
        """Tell whether any link of this chain is held back or was delivered early and not yet reached."""

    def early_link(self, number: int, seq: int) -> Envelope | None:
        """Return the early-delivered link at ``seq`` that the head has not reached, or None."""

    def settle_early(self, number: int, seq: int) -> None:
        """The head has reached an early link: it is early no more."""


class Outbox(Unsigned, Protocol):
    """Publications in dense order per lane."""

    def record(self, links: Sequence[NewLink]) -> None:
        """Keep accepted links, own or received, with all their bytes; journals each (posted or arrived)."""

    def enqueue(self, lane: Lane, subject: str, envelope_id: str) -> int:
        """Append a publication of a recorded envelope to a lane; return its dense sequence, from 1."""

    def mark_published(self, lane: Lane, up_to: int) -> None:
        """The hub holds everything up to this own sequence."""

    def renumber(self, lane: Lane, after: int) -> int:
        """Give all publications not yet at the hub new dense sequences behind ``after``; return how many.

        Needed when the hub holds more of ours than we know, as after an old backup came back. Ends every doubt of this
        lane. ``after`` is not before what the hub is known to hold.
        """

    def doubt(self) -> None:
        """This store was restored: behind what it knows to be at the hub there may be others of ours, in every lane."""

    def is_waiting(self, envelope_id: str) -> bool:
        """Tell whether a publication of this envelope is still to be published."""

    def sweep(self, lane: Lane, after: int, before: datetime, limit: int) -> Swept:
        """Forget that links were published which nobody needs from us any more; the links themselves stay.

        Looked at are at most ``limit`` publications behind ``after`` that the hub holds and whose links were recorded
        before ``before``, in order, up to the first younger one. Gone is the publication of an event for which, and for
        every event before it in its chain, nobody owes us a receipt. Openings and receipts stay: nobody confirms them,
        and a hub that lost everything gets them again. A lane in doubt is left alone.
        """


class Deliveries(Protocol):
    """Own events × recipients."""

    def expect(self, chain_number: int, seq: int, recipients: Iterable[str]) -> None:
        """From now on each recipient owes receipts for this event."""

    def mark(self, receipt: ReceiptRow) -> int:
        """Apply a received receipt to every expected delivery it covers, monotonically; return how many changed.

        A stored watch of a covered event is dropped by *stored* and every later or negative stage, an
        acknowledged watch by the human stages.
        """

    def owed(self, chain_number: int, recipient: str, limit: int) -> list[int]:
        """Return the sequences of which this recipient has proved nothing, good or bad, the first ``limit`` of them."""

    def close(self, recipient: str, code: str, at: datetime) -> int:
        """Nobody waits for this recipient any more: whatever it owes is refused with ``code``; return how many."""


class Receipts(Protocol):
    """Receipts issued and received."""

    def record(self, row: ReceiptRow) -> None:
        """Keep one receipt's facts; its envelope is recorded separately. Journals it."""

    def covering(self, target_chain: int, seq: int) -> str | None:
        """Return the envelope id of the first receipt that *we issued* covering an event, or None."""

    def answered(self, target_chain: int, seq: int) -> ReceiptRow | None:
        """Return the human receipt that we issued for an event, or None."""


class Waiting(Readmitting, Protocol):
    """Held back, quarantined, watched, told: what waits for something or somebody."""

    def hold(self, held: HeldBack) -> bool:
        """Keep a link until those before it come; False if the bound per channel is reached."""

    def take_held(self, channel: str, epoch: str, seq: int) -> HeldBack | None:
        """Remove and return the held link at ``seq``, or None."""

    def held_epochs(self, limit: int) -> list[HeldBack]:
        """Return held links of epochs or registries not known yet, oldest first."""

    def quarantine(self, refused: Quarantined) -> None:
        """Keep refused bytes by digest (the same digest twice counts up); journals it."""

    def watch(self, watches: Iterable[Watch]) -> None:
        """Remember deadlines."""

    def due(self, now: datetime, limit: int) -> list[Watch]:
        """Return and remove the watches whose deadline has passed and whose stage is still missing."""

    def tell(self, kind: NoticeKind, about: str, county: str, text: str, at: datetime) -> int:
        """Tell the own duty officer (one open notice per kind, about, county), journal it; return its number."""

    def resolve(self, kind: NoticeKind, about: str, county: str, at: datetime) -> None:
        """The cause is gone; journals the notice once more."""

    def notice(self, number: int) -> Notice | None:
        """Return one notice, open or not, or None."""

    def close(self, number: int, by: str, at: datetime) -> None:
        """A person has dealt with an open notice; journals it once more. One that is open no more stays as it is."""


class Memory(Protocol):
    """Small facts that must share the transaction."""

    def remembered(self, key: str) -> Remembered | None:
        """Return what an Idempotency-Key was answered with, or None."""

    def remember(self, row: Remembered) -> None:
        """Keep the answer."""

    def forget_answers(self, before: datetime, limit: int) -> int:
        """Forget the oldest answers that were given before then; return how many."""

    def set_position(self, stream: str, sequence: int) -> None:
        """The stream has been worked off up to this sequence."""

    def forget_positions(self) -> None:
        """This store was restored: every stream is to be worked off from its first message again."""

    def settings(self) -> Mapping[str, str]:
        """Return the store's own facts, such as the county code it belongs to."""

    def put_setting(self, name: str, value: str) -> None:
        """Keep one fact."""


class Snapshot(ShowsBooks, Protocol):
    """Consistent reading, also while somebody writes."""

    def waiting(self, lane: Lane, after: int, limit: int, max_bytes: int) -> list[Publication]:
        """Return publications of a lane behind ``after`` in order, whole messages, at least one if any waits."""

    def published_up_to(self, lane: Lane) -> int:
        """Return the last own sequence known to be at the hub."""

    def lane_end(self, lane: Lane) -> int:
        """Return the last dense sequence of a lane."""

    def in_doubt(self, lane: Lane) -> bool:
        """Tell whether the numbering of a lane must be compared with the hub's before anything is published."""

    def position(self, stream: str) -> int | None:
        """Return up to where a stream has been worked off, None if that is not known."""

    def events(
        self,
        *,
        direction: Direction | None,
        wire_type: str | None,
        since: int,
        limit: int,
        newest_first: bool = False,
        unacknowledged: bool = False,
    ) -> Page[EventSummary]:
        """Return events (no control records) with position > ``since`` in order; or the newest, newest first.

        Args:
            direction: Only these; None for both.
            wire_type: Only this type; None for every one.
            since: Only behind this position; newest first only before it, 0 starts at the newest.
            limit: How many at most.
            newest_first: The other way round.
            unacknowledged: Only incoming ones that ask for this county's acknowledgement and have none that takes them.
        """

    def unacknowledged(self, limit: int) -> int:
        """Return how many incoming events ask for an acknowledgement and have none; ``limit`` if they are more."""

    def event(self, envelope_id: str) -> StoredEvent | None:
        """Return one envelope with all its bytes, or None."""

    def message(self, envelope_id: str) -> bytes | None:
        """Return one envelope as it travels, unparsed, or None."""

    def alerts(self, alert_ids: Collection[str]) -> list[HeldAlert]:
        """Return the alerts recorded under these ids, oldest first; several counties may have used one id."""

    def alerts_until(self, now: datetime, limit: int) -> list[EventSummary]:
        """Return alerts, updates and cancellations that have not expired at ``now`` by their content, newest first."""

    def alerts_of_event(self, alert_ids: Collection[str], sources: Collection[str]) -> list[HeldAlert]:
        """Return the alerts of these sources that belong to one event with these ids, oldest first, at most 1,000.

        Alerts belong together if one names the other as its predecessor, directly or over others.
        """

    def flow_reports(self, source: str, people: FlowPeople, limit: int) -> list[StoredEvent]:
        """Return the population reports of a source about the same people, newest first."""

    def deliveries(self, envelope_id: str) -> list[Delivery]:
        """Return the deliveries of an outgoing event, by recipient."""

    def receipts(self, envelope_id: str) -> list[ReceiptRow]:
        """Return every receipt that covers an event, oldest first."""

    def journal(self, after: int, limit: int) -> list[JournalEntry]:
        """Return changes behind ``after``."""

    def journal_end(self) -> int:
        """Return the newest journal sequence."""

    def notices(self, *, open_only: bool, limit: int) -> list[Notice]:
        """Return notices, newest first."""

    def quarantined(self, limit: int) -> list[Quarantined]:
        """Return refused messages, newest first, without their bytes."""

    def erasures_of(self, envelope_id: str) -> list[ErasureRow]:
        """Return who has erased the content of an envelope, oldest first; ourselves among them."""

    def calls_of(self, envelope_id: str) -> list[CallRow]:
        """Return the calls by telephone about an event, oldest first."""

    def oldest_held(self) -> datetime | None:
        """Return since when the oldest link has been held back, None if none is."""

    def counts(self) -> Mapping[str, int]:
        """Return figures for metrics; ``waiting`` are publications not yet at the hub."""

    def lanes(self) -> Mapping[Lane, tuple[int, int]]:
        """Return, per lane, the last publication sequence that was given out, and the last known to be at the hub."""

    def oldest_unstored(self) -> Mapping[str, datetime]:
        """Return, per recipient that owes *stored*, when its oldest such event was accepted."""

    def last_stored(self) -> Mapping[str, datetime]:
        """Return, per recipient, when by its own clock it stored the newest event of a chain that it has proved."""

    def clocks_ahead(self) -> Mapping[str, float]:
        """Return, per county, by how many seconds the time of its newest link was ahead of ours when that came.

        Below zero it is the way that took its time, or a clock behind ours.
        """

    def chain(self, channel: str, epoch: str) -> Chain | None:
        """Return one epoch of a channel, or None."""

    def links(self, chain_number: int, first_seq: int, last_seq: int) -> list[KeptLink]:
        """Return the links of a chain from ``first_seq`` to ``last_seq`` that are here, early and refused ones, too."""


class Transaction(Snapshot, KeepsBooks, Protocol):
    """One unit of work: all of it is durable, or nothing of it happened."""

    # Properties, since nobody puts another book in: a writable attribute would demand these very types of an adapter.

    @property
    def chains(self) -> Chains:
        """Epochs and heads."""

    @property
    def outbox(self) -> Outbox:
        """What waits to be published."""

    @property
    def dues(self) -> Deliveries:
        """Who owes receipts for what."""

    @property
    def receipt_book(self) -> Receipts:
        """Receipts issued and received."""

    @property
    def erasures(self) -> Erasures:
        """What was erased."""

    @property
    def key_book(self) -> OfficeKeys:
        """Public encryption keys."""

    @property
    def waiting_room(self) -> Waiting:
        """What waits for something or somebody."""

    @property
    def signal_book(self) -> Signals:
        """What beacons, requests and proofs leave behind."""

    @property
    def quota_book(self) -> Quotas:
        """What counts towards quotas."""

    @property
    def memory(self) -> Memory:
        """Small facts."""


class Store(Protocol):
    """The one database of a county node: one writer, readers beside it."""

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` in the next group commit and return its result once that is fsynced.

        An exception of ``work`` undoes that work alone and is raised here.

        Raises:
            UnavailableError: The disk is full or failing; nothing of ``work`` happened.
        """

    async def read(self, work: Callable[[Snapshot], T]) -> T:
        """Run reading ``work`` on a consistent snapshot, beside the writer."""

    async def changed(self, after: int) -> int:
        """Wait until the journal has moved past ``after``; return its newest sequence."""
