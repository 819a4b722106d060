"""Proofs that a county signed two stories: made here, and judged with nothing but the registry.

Source: docs/protocol.md, section "Completeness".
"""

from dataclasses import dataclass

from schemas.completeness import ForkEvidence, SignedBytes
from schemas.control import ForkProved, SignedHeader
from schemas.envelope import Envelope, Header
from schemas.errors import Fault
from services.domain.chain import matching_kind
from services.domain.encoding import digest_of, from_base64url, pre_authentication_encoding, to_base64url
from services.domain.key_ends import judge_position
from services.domain.signing import parse_header, payload_type_of, verify
from services.domain.trust import Trust

_FIELD = "content.links"
_NO_PROOF = Fault("fork.no_contradiction", _FIELD, "the two headers can both be true")


@dataclass(frozen=True, slots=True)
class ProvedFork:
    """A proof that holds: where the source contradicts itself.

    Attributes:
        header: Of the first of the two links.
        seq: The place in question.
    """

    header: Header
    seq: int
    first: SignedBytes
    second: SignedBytes


def contradicts(first: Header, first_id: str, second: Header, second_id: str) -> bool:
    """Tell whether two headers of one epoch, both signed, cannot both be true.

    Either they take one place, or the second follows the first's place and names another predecessor.
    """
    if (first.source, first.channel, first.epoch) != (second.source, second.channel, second.epoch):
        return False
    if first.seq == second.seq:
        return first_id != second_id
    return second.seq == first.seq + 1 and second.prev != first_id


def spelled(evidence: ForkEvidence) -> ForkProved:
    """Spell a proof as it travels."""
    return ForkProved(
        links=tuple(
            SignedHeader(header=to_base64url(one.header_bytes), signatures=to_base64url(one.signatures_bytes))
            for one in (evidence.first, evidence.second)
        )
    )


def judge_fork(proof: ForkProved, trust: Trust) -> ProvedFork | Fault:
    """Decide whether a proof holds: both headers signed by the source's keys, and they contradict each other."""
    first, second = (_opened(one, trust) for one in proof.links)
    if isinstance(first, Fault):
        return first
    if isinstance(second, Fault):
        return second
    one, other = first.header, second.header
    if not contradicts(one, first.envelope_id, other, second.envelope_id) or matching_kind(one) is None:
        return _NO_PROOF
    return ProvedFork(one, other.seq, signed_bytes(first), signed_bytes(second))


def signed_bytes(envelope: Envelope) -> SignedBytes:
    """Return what of an envelope is evidence."""
    return SignedBytes(envelope.envelope_id, envelope.header_bytes, envelope.signatures_bytes)


def _opened(link: SignedHeader, trust: Trust) -> Envelope | Fault:
    header_bytes, signatures = from_base64url(link.header), from_base64url(link.signatures)
    if header_bytes is None or signatures is None:
        return Fault("fork.malformed", _FIELD, "write base64url without padding")
    header = parse_header(header_bytes)
    if isinstance(header, Fault):
        return header
    envelope_id = digest_of(pre_authentication_encoding(payload_type_of(header.type), header_bytes))
    envelope = Envelope(envelope_id, header, header_bytes, signatures, b"", b"")
    return verify(envelope, trust) or judge_position(envelope, trust) or envelope
