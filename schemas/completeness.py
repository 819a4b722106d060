"""What a node keeps to prove that nothing is missing: rows as values, the same for every store."""

from dataclasses import dataclass
from datetime import datetime

from schemas.records import Chain


@dataclass(frozen=True, slots=True)
class Owing:
    """One recipient and one chain of ours of which it has not proved everything to be stored.

    Attributes:
        first_seq: The first sequence that it owes; events behind it may have their receipts.
    """

    chain_number: int
    recipient: str
    first_seq: int


@dataclass(frozen=True, slots=True)
class Heard:
    """The newest signal of one kind that came from one county.

    Attributes:
        number: Its sequence, which only grows.
        claimed_at: The time that its header claims.
        heard_at: Our time.
    """

    county: str
    number: int
    claimed_at: datetime
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody says that a channel goes further than we hold it.

    Attributes:
        claimant: Who says so: the source itself, or a witness.
        source: Whose channel it is.
        seq: How far it goes.
        envelope_id: Of the link at ``seq``.
        claimed_at: Our time when this began.
    """

    claimant: str
    source: str
    channel: str
    epoch: str
    seq: int
    envelope_id: str
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """A chain of which links beyond a missing one are here.

    Attributes:
        present: Their sequences, ascending: held back, or delivered early.
    """

    chain: Chain
    present: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SignedBytes:
    """A link as evidence: what was signed, and the signatures."""

    envelope_id: str
    header_bytes: bytes
    signatures_bytes: bytes


@dataclass(frozen=True, slots=True)
class ForkEvidence:
    """Two links of one source that cannot both be true."""

    source: str
    channel: str
    epoch: str
    audience: tuple[str, ...]
    first: SignedBytes
    second: SignedBytes
    found_at: datetime
