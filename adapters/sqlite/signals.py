# ruff: noqa: S608 - only names of columns are put into statements; every value is bound
"""What beacons, requests and proofs leave behind. A few rows a minute: written at once."""

from collections.abc import Sequence
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.chains import CHAIN_COLUMNS, chain_of
from adapters.sqlite.reached import Ask
from adapters.sqlite.values import Row, first, joined, micros, moment, parted
from schemas.completeness import Claim, ForkEvidence, Gap, Heard, SignedBytes
from schemas.records import Chain

_SELECT_NUMBER: Final = "SELECT number FROM signals WHERE county = ? AND wire_type = ?"
_HEAR: Final = """
    INSERT INTO signals (county, wire_type, number, claimed_at, heard_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (county, wire_type) DO UPDATE
    SET number = excluded.number, claimed_at = excluded.claimed_at, heard_at = excluded.heard_at"""
_SELECT_CLAIMED: Final = "SELECT channel, epoch, claimed_at FROM claims WHERE claimant = ?"
_FORGET: Final = "DELETE FROM claims WHERE claimant = ?"
_CLAIM: Final = """
    INSERT OR REPLACE INTO claims (claimant, channel, source, epoch, seq, envelope_id, claimed_at)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
_SETTLE: Final = "DELETE FROM claims WHERE channel = ? AND epoch = ? AND seq <= ?"
_FORK_COLUMNS: Final = """
    channel, epoch, source, audience, first_id, first_header, first_signatures,
    second_id, second_header, second_signatures, found_at"""
_PROVE: Final = f"INSERT INTO forks ({_FORK_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"

SELECT_HEARD: Final = """
    SELECT county, number, claimed_at, heard_at FROM signals WHERE wire_type = ? ORDER BY county"""
SELECT_CLAIMS: Final = """
    SELECT claimant, source, channel, epoch, seq, envelope_id, claimed_at FROM claims
    ORDER BY claimed_at, claimant, channel LIMIT ?"""
SELECT_FORKS: Final = f"SELECT {_FORK_COLUMNS} FROM forks ORDER BY found_at DESC, channel DESC, epoch DESC LIMIT ?"
SELECT_SIGNED: Final = "SELECT envelope_id, header, signatures FROM envelopes WHERE chain_number = ? AND seq = ?"
SELECT_HEADS: Final = f"""
    SELECT {CHAIN_COLUMNS} FROM chains AS c WHERE NOT EXISTS (
        SELECT 1 FROM chains AS n
        WHERE n.channel = c.channel AND (n.epoch_counter, n.number) > (c.epoch_counter, c.number)
    ) ORDER BY number"""
_SELECT_BEYOND: Final = """
    SELECT number, seq FROM (
        SELECT c.number AS number, h.seq AS seq FROM held_back AS h
        JOIN chains AS c ON c.channel = h.channel AND c.epoch = h.epoch WHERE c.frozen = 0 AND h.seq > c.head_seq
        UNION
        SELECT c.number, e.seq FROM envelopes AS e JOIN chains AS c ON c.number = e.chain_number
        WHERE e.early = 1 AND e.direction = 'in' AND c.frozen = 0 AND e.seq > c.head_seq
    ) ORDER BY number, seq LIMIT ?"""
_SELECT_CHAIN: Final = f"SELECT {CHAIN_COLUMNS} FROM chains WHERE number = ?"


class SqliteSignals:
    """Satisfies ``services.ports.Signals``."""

    def __init__(self, batch: Batch) -> None:
        """Write through ``batch``."""
        self._batch = batch

    def hear(self, wire_type: str, heard: Heard) -> bool:
        """Note a signal; False if one with this number or a higher one came before."""
        row = first(self._batch.peek(_SELECT_NUMBER, (heard.county, wire_type)))
        if row is not None and row[0] >= heard.number:
            return False
        times = micros(heard.claimed_at), micros(heard.heard_at)
        self._batch.run(_HEAR, (heard.county, wire_type, heard.number, *times))
        return True

    def claim(self, claimant: str, claims: Sequence[Claim]) -> None:
        """Keep what a county says now instead of what it said before."""
        before = {channel: (epoch, at) for channel, epoch, at in self._batch.ask(_SELECT_CLAIMED, (claimant,))}
        if before:
            self._batch.run(_FORGET, (claimant,))
        for one in claims:
            epoch, at = before.get(one.channel, ("", 0))
            about = claimant, one.channel, one.source, one.epoch, one.seq, bytes.fromhex(one.envelope_id)
            self._batch.run(_CLAIM, (*about, at if epoch == one.epoch else micros(one.claimed_at)))

    def settle_claims(self, channel: str, epoch: str, up_to: int) -> int:
        """Forget the claims about an epoch that reach no further; return how many."""
        self._batch.run(_SETTLE, (channel, epoch, up_to))
        return self._batch.connection.changes()

    def prove(self, evidence: ForkEvidence) -> bool:
        """Keep the proof of a fork; False if there is one for this epoch already."""
        about = evidence.channel, evidence.epoch, evidence.source, joined(evidence.audience)
        self._batch.run(_PROVE, (*about, *_bytes(evidence.first), *_bytes(evidence.second), micros(evidence.found_at)))
        return self._batch.connection.changes() > 0


def _bytes(signed: SignedBytes) -> Row:
    return bytes.fromhex(signed.envelope_id), signed.header_bytes, signed.signatures_bytes


def signed_of(row: Row) -> SignedBytes:
    """Read a row of ``SELECT_SIGNED``."""
    envelope_id, header, signatures = row
    return SignedBytes(envelope_id.hex(), header, signatures)


def heard_of(row: Row) -> Heard:
    """Read a row of ``SELECT_HEARD``."""
    county, number, claimed_at, heard_at = row
    return Heard(county, number, moment(claimed_at), moment(heard_at))


def claim_of(row: Row) -> Claim:
    """Read a row of ``SELECT_CLAIMS``."""
    claimant, source, channel, epoch, seq, envelope_id, claimed_at = row
    return Claim(claimant, source, channel, epoch, seq, envelope_id.hex(), moment(claimed_at))


def fork_of(row: Row) -> ForkEvidence:
    """Read a row of ``SELECT_FORKS``."""
    channel, epoch, source, audience, *parts, found_at = row
    one, other = signed_of(tuple(parts[:3])), signed_of(tuple(parts[3:]))
    return ForkEvidence(source, channel, epoch, parted(audience), one, other, moment(found_at))


def gaps_of(ask: Ask, limit: int) -> list[Gap]:
    """Return partners' chains of which links beyond a missing one are here, by number."""
    found: dict[int, list[int]] = {}
    for number, seq in list(ask(_SELECT_BEYOND, (limit,))):
        found.setdefault(number, []).append(seq)
    gaps = [Gap(_chain(ask, number), tuple(seqs)) for number, seqs in found.items()]
    return [one for one in gaps if one.present[0] > one.chain.head.seq + 1]


def _chain(ask: Ask, number: int) -> Chain:
    return chain_of(next(iter(ask(_SELECT_CHAIN, (number,)))))
