r"""The envelope: four byte strings, of which the header is signed and binds the others.

On the wire: header, signatures and keys as lines ended by ``\\n``, then the content. JSON has no
raw newline, so the split is exact, and received bytes are stored and forwarded as received.

Source: docs/protocol.md, section "Envelope".
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import InformationClass, Kind, Model, Status, WireTime
from schemas.ids import AgreementRef, ChannelId, ContentId, CountyId, Digest, EnvelopeId, Epoch, KeyId, WireType

HEADER_MAX_BYTES: Final = 16 * 1024
HEADER_EXTRA_BYTES_PER_RECIPIENT: Final = 16
HEADER_FREE_RECIPIENTS: Final = 64
SIGNATURES_MAX_BYTES: Final = 4 * 1024
KEYS_MAX_BYTES: Final = 128 * 1024
CONTENT_MAX_BYTES: Final = 256 * 1024
MESSAGE_MAX_BYTES: Final = 512 * 1024
AUDIENCE_MAX: Final = 512
CHUNK_MIN_BYTES: Final = 16 * 1024
CHUNK_MAX_BYTES: Final = 512 * 1024
FILE_MAX_BYTES: Final = 64 * 1024 * 1024
"""A file that an event carries beside its content, as it is read."""
FILE_OVERHEAD_BYTES: Final = 16
"""By how much an encrypted file grows: the tag of AES-GCM."""
MAX_INTEGER: Final = 2**53 - 1
MAX_DEPTH: Final = 8

SIGNATURE_TEXT: Final = r"^[A-Za-z0-9_-]{86}$"


class PayloadType(StrEnum):
    """What is signed, by a fixed table: the first part of the bytes to sign."""

    EVENT = "application/vnd.sihu.event.v1+json"
    RECEIPT = "application/vnd.sihu.receipt.v1+json"
    MEMBER_CARD = "application/vnd.sihu.member-card.v1+json"
    REGISTRY = "application/vnd.sihu.registry.v1+json"
    AGREEMENT = "application/vnd.sihu.agreement.v1+json"
    OFFICER = "application/vnd.sihu.officer.v1+json"
    ANSWER = "application/vnd.sihu.answer.v1+json"
    KEY_CHANGE = "application/vnd.sihu.key-change.v1+json"
    SUSPENSION = "application/vnd.sihu.suspension.v1+json"
    BRANCH_KEPT = "application/vnd.sihu.branch-kept.v1+json"
    BATCH_ROOT = "application/vnd.sihu.batch-root.v1+json"
    RELEASE = "application/vnd.sihu.release.v1+json"
    RELEASE_TERMS = "application/vnd.sihu.release-terms.v1+json"


class RefRelation(StrEnum):
    """How an event relates to the one it names."""

    SUPERSEDES = "supersedes"
    CANCELS = "cancels"
    REPLIES = "replies"
    CASE = "case"
    EVIDENCE = "evidence"


class Ref(Model):
    """A named earlier event."""

    rel: RefRelation
    id: EnvelopeId


class SchemaRef(Model):
    """Which JSON Schema the content was made by."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    digest: Digest


class ChunkBinding(Model):
    """What the header promises about a file that travels beside the envelope, in chunks, as it is carried.

    Attributes:
        size: Bytes of the whole file as carried.
        digest: Of the whole file as carried.
        chunk_size: Bytes of every chunk but the last, which has what is left: a power of two.
        root: Of the RFC 6962 tree over the digests of the chunks, in their order.
    """

    size: Annotated[int, Field(ge=1, le=FILE_MAX_BYTES + FILE_OVERHEAD_BYTES)]
    digest: Digest
    chunk_size: Annotated[int, Field(ge=CHUNK_MIN_BYTES, le=CHUNK_MAX_BYTES)]
    root: Digest

    @model_validator(mode="after")
    def _power_of_two(self) -> Self:
        if self.chunk_size & (self.chunk_size - 1):
            raise ValueError("`chunk_size` is a power of two")
        return self

    @property
    def count(self) -> int:
        """How many chunks there are."""
        return -(-self.size // self.chunk_size)


class ContentBinding(Model):
    """What the header promises about the content bytes as carried."""

    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.+/-]{3,100}$")]
    encoding: Literal["none", "hpke"]
    digest: Digest
    size: Annotated[int, Field(ge=0, le=CONTENT_MAX_BYTES)]  # bytes
    content_id: ContentId
    keys_digest: Digest | None = None
    chunks: ChunkBinding | None = None

    @property
    def carried(self) -> int:
        """Bytes of content and file together, as they travel."""
        return self.size + (self.chunks.size if self.chunks is not None else 0)


class Header(Model):
    """The signed part. Field order is the order on the wire."""

    v: Literal[1] = 1
    type: WireType
    source: CountyId
    channel: ChannelId
    epoch: Epoch
    seq: Annotated[int, Field(ge=0, le=MAX_INTEGER)]
    prev: EnvelopeId
    time: WireTime
    expires: WireTime | None = None
    acknowledge_by: WireTime | None = None
    to: Annotated[tuple[CountyId, ...], Field(min_length=1, max_length=AUDIENCE_MAX, strict=False)]
    agreement: AgreementRef
    registry: Annotated[int, Field(ge=1, le=MAX_INTEGER)]
    purpose: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
    information_class: Annotated[InformationClass, Field(alias="class")]
    status: Status
    kind: Kind
    priority: Annotated[int, Field(ge=0, le=4)]
    refs: Annotated[tuple[Ref, ...], Field(max_length=32, strict=False)]
    schema_ref: Annotated[SchemaRef, Field(alias="schema")]
    content: ContentBinding
    signers: Annotated[tuple[KeyId, ...], Field(min_length=1, max_length=4, strict=False)]

    @model_validator(mode="after")
    def _sorted_audience(self) -> Self:
        if any(a >= b for a, b in pairwise(self.to)):
            raise ValueError("`to` lists each county once, in ascending order")
        if self.source in self.to:
            raise ValueError("`to` never names the source itself")
        return self

    @property
    def agreement_id(self) -> str:
        """The agreement without version and digest."""
        return self.agreement.partition("@")[0]


class Signature(Model):
    """One signature over the bytes to sign; the algorithm comes from the key record."""

    kid: KeyId
    sig: Annotated[str, StringConstraints(pattern=SIGNATURE_TEXT)]  # base64url, 64 bytes, no padding


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a chain: sequence (0 = the record that opened the epoch) and envelope id."""

    seq: int
    envelope_id: str


@dataclass(frozen=True, slots=True)
class Link:
    """The chain fields of an envelope whose signature is already verified."""

    channel: str
    epoch: str
    seq: int
    prev: str
    envelope_id: str

    @property
    def position(self) -> Position:
        """Where this link stands once accepted."""
        return Position(self.seq, self.envelope_id)


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope in hand. ``header`` was parsed from ``header_bytes``, which stay as they came.

    Attributes:
        envelope_id: Lowercase hex SHA-256 of the bytes to sign: computed, never carried as truth.
        header: The parsed header.
        header_bytes: What was signed.
        signatures_bytes: JSON array of ``Signature``; empty only while its run waits to be signed.
        keys_bytes: Wrapped content keys, detachable; empty when the content is in clear.
        content: Content bytes as carried, detachable.
    """

    envelope_id: str
    header: Header
    header_bytes: bytes
    signatures_bytes: bytes
    keys_bytes: bytes
    content: bytes

    @property
    def link(self) -> Link:
        """The chain fields."""
        header = self.header
        return Link(header.channel, header.epoch, header.seq, header.prev, self.envelope_id)

    def to_wire(self) -> bytes:
        """The message as it travels."""
        return b"\n".join((self.header_bytes, self.signatures_bytes, self.keys_bytes, self.content))
