"""Two links of one source that cannot both be true are kept as a proof that travels.

Source: docs/decisions/0018-prove-completeness.md
"""

from collections.abc import Sequence
from datetime import datetime

from schemas.completeness import ForkEvidence, SignedBytes
from schemas.envelope import Envelope
from schemas.records import Chain, NewLink
from services.domain.forks import signed_bytes
from services.ports import Transaction


def keep_proof(
    tx: Transaction, chain: Chain, envelope: Envelope, written: Sequence[NewLink], rival: Envelope | None, now: datetime
) -> bool:
    """Keep the proof of a fork; False if what ``envelope`` contradicts is not here to be shown.

    Args:
        tx: The transaction in which the fork was found.
        chain: Whose link it is.
        envelope: The link that cannot follow.
        written: What this transaction has taken and not recorded yet.
        rival: The other link of its place, if it is not in the chain.
        now: Our time.
    """
    header = envelope.header
    other = _at(tx, chain, header.seq, written) if rival is None else signed_bytes(rival)
    if other is None or other.envelope_id == envelope.envelope_id:
        other = _at(tx, chain, header.seq - 1, written)
        if other is None or other.envelope_id == header.prev:
            return False
    evidence = ForkEvidence(
        chain.source, chain.channel, chain.epoch, tuple(header.to), other, signed_bytes(envelope), now
    )
    return tx.signal_book.prove(evidence)


def _at(tx: Transaction, chain: Chain, seq: int, written: Sequence[NewLink]) -> SignedBytes | None:
    fresh = (one.envelope for one in written if one.chain_number == chain.number)
    envelope = next((one for one in fresh if one.header.seq == seq), None)
    return tx.signed_at(chain.number, seq) if envelope is None else signed_bytes(envelope)
