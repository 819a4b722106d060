"""What is missing, and whom to ask? Pure: what others say and what is held come in, what to do comes out.

Source: docs/protocol.md, section "Completeness".
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from schemas.completeness import Claim, Gap
from schemas.control import HEADS_MAX, ChainKind, ChannelHead, IdleChannels, Wanted, WitnessedHead
from schemas.envelope import Envelope
from schemas.ids import CountyCode
from schemas.records import Chain
from services.domain.encoding import digest_of, length_prefixed
from services.domain.trust import Trust

INTERVAL_SECONDS: Final = 60.0
IDLE_AFTER: Final = 5
"""Beacons in which a channel has not moved before it is folded."""
RANGES_MAX: Final = 16
"""Runs of one channel that are asked for at once."""
ASK_CAP_SECONDS: Final = 600.0

Moment = tuple[str, str]
"""Channel and epoch."""
Head = TypeVar("Head")


# -- whom we share something with, and what -----------------------------------------------------------------


def partners_of(trust: Trust, county: str, now: datetime) -> frozenset[str]:
    """Return the members that share an agreement in force with ``county``."""
    found: set[str] = set()
    for one in trust.agreements.values():
        agreement = one.agreement
        if county in agreement.parties and agreement.valid_from <= now < agreement.valid_until:
            found |= set(agreement.parties)
    return frozenset(code for code in found - {county} if trust.member(code) is not None)


def head_of(chain: Chain) -> ChannelHead:
    """Spell the head of a chain as it travels."""
    return ChannelHead(channel=chain.channel, epoch=chain.epoch, seq=chain.head.seq, id=chain.head.envelope_id)


def _holds_something(chain: Chain) -> bool:
    return chain.head.seq >= 0


def by_partner(chains: Iterable[Chain]) -> dict[str, list[Chain]]:
    """Sort chains by whom they concern, as source or as recipient: once for all partners."""
    found: dict[str, list[Chain]] = {}
    for chain in chains:
        for county in (chain.source, *chain.audience):
            found.setdefault(county, []).append(chain)
    return found


def own_chains(chains: Iterable[Chain], county: str, partner: str) -> list[Chain]:
    """Return our channels that address a partner; what was ended by a restore or a fork is not told."""
    return [one for one in chains if one.source == county and partner in one.audience and one.ended is None]


def receipts_seen(chains: Iterable[Chain], partner: str) -> list[ChannelHead]:
    """Return how far we hold a partner's receipt channels."""
    return [
        head_of(one)
        for one in chains
        if one.source == partner and one.kind is ChainKind.RECEIPT and _holds_something(one)
    ]


def witnessed(chains: Iterable[Chain], county: str, partner: str) -> list[WitnessedHead]:
    """Return how far we hold the channels of third counties that address us and the partner."""
    return [
        WitnessedHead(source=CountyCode(one.source), **head_of(one).model_dump())
        for one in chains
        if one.source not in {county, partner} and partner in one.audience and _holds_something(one)
    ]


def fold(heads: Collection[ChannelHead]) -> IdleChannels | None:
    """Fold heads of channels at rest: their number, and SHA-256 over the length-prefixed, sorted fields of each."""
    if not heads:
        return None
    fields = sorted((one.channel, one.epoch, str(one.seq), one.id) for one in heads)
    return IdleChannels(count=len(fields), digest=digest_of(length_prefixed(text for one in fields for text in one)))


def held_idle(chains: Iterable[Chain], source: str, listed: Iterable[ChannelHead]) -> IdleChannels | None:
    """Fold what we hold of a source's channels that its beacon does not list; what is all parked is not held."""
    named = {one.channel for one in listed}
    held = (one for one in chains if one.source == source and one.channel not in named and _holds_something(one))
    return fold([head_of(one) for one in held])


def bounded(heads: Sequence[Head], turn: int, most: int = HEADS_MAX) -> list[Head]:
    """Return at most ``most`` heads; if there are more, every beacon begins ``most`` further on."""
    if len(heads) <= most:
        return list(heads)
    start = turn * most % len(heads)
    return [*heads[start:], *heads[:start]][:most]


def is_whole(envelope: Envelope) -> bool:
    """Tell whether an envelope still has its content; one that was erased can be given to nobody."""
    return len(envelope.content) == envelope.header.content.size


# -- what is missing --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Need:
    """Links of one epoch that we lack.

    Attributes:
        held_seq: The last sequence held without a gap, -1 if none.
        known: We hold something of this epoch; else there is nothing but somebody's word that it exists.
        runs: What is missing, ascending, without overlap.
        askable: Whom to ask, the source first.
        said_by: Who says so, if not our own chain.
        since: When the first claim came; None for a gap of our own chain.
    """

    source: str
    channel: str
    epoch: str
    held_seq: int
    known: bool
    runs: tuple[tuple[int, int], ...]
    askable: tuple[str, ...]
    said_by: tuple[str, ...] = ()
    since: datetime | None = None

    @property
    def key(self) -> Moment:
        """Channel and epoch."""
        return self.channel, self.epoch

    @property
    def about(self) -> str:
        """What the officer is told about: the channel; or who says so, for anybody can invent channels."""
        return self.channel if self.known else self.said_by[0]


def needs_of(gaps: Iterable[Gap], claims: Iterable[Claim], chains: Mapping[Moment, Chain], county: str) -> list[Need]:
    """Join what our own chains show with what others say.

    Args:
        gaps: Chains of which links beyond a missing one are here.
        claims: Open ones; those that we hold by now are passed over.
        chains: Every chain that a claim speaks of, if we have it.
        county: Ourselves: nobody asks itself.
    """
    by_gap = {(one.chain.channel, one.chain.epoch): one for one in gaps}
    by_claim: dict[Moment, list[Claim]] = {}
    for claim in claims:
        by_claim.setdefault((claim.channel, claim.epoch), []).append(claim)
    found: list[Need] = []
    for key in sorted(by_gap.keys() | by_claim.keys()):
        gap, said = by_gap.get(key), by_claim.get(key, [])
        need = _need(gap, said, gap.chain if gap else chains.get(key), county)
        if need is not None:
            found.append(need)
    return found


def _need(gap: Gap | None, said: list[Claim], chain: Chain | None, county: str) -> Need | None:
    held = chain.head.seq if chain else -1
    present = gap.present if gap else ()
    ends = [one.seq for one in said] + list(present[-1:])
    runs = missing_runs(held, present, max(ends, default=held))
    if not runs or (chain is not None and chain.frozen):
        return None
    source = chain.source if chain else said[0].source
    others = {one.claimant for one in said} | set(chain.audience if chain and chain.kind is ChainKind.EVENT else ())
    askable = (source, *sorted(others - {source, county}))
    said_by = tuple(sorted({one.claimant for one in said}))
    since = min((one.claimed_at for one in said), default=None) if gap is None else None
    channel, epoch = (chain.channel, chain.epoch) if chain else (said[0].channel, said[0].epoch)
    return Need(source, channel, epoch, held, chain is not None, runs, askable, said_by, since)


def missing_runs(held: int, present: Iterable[int], end: int) -> tuple[tuple[int, int], ...]:
    """Return the runs between ``held`` and ``end`` (inclusive) that are not ``present``, at most 16."""
    runs: list[tuple[int, int]] = []
    first = held + 1
    for seq in sorted({one for one in present if held < one <= end} | {end + 1}):
        if seq > first:
            runs.append((first, seq - 1))
        first = seq + 1
    return tuple(runs[:RANGES_MAX])


def wanted_of(need: Need) -> list[Wanted]:
    """Spell a need as it is asked for."""
    return [Wanted(channel=need.channel, epoch=need.epoch, first_seq=first, last_seq=last) for first, last in need.runs]


def whom_to_ask(need: Need, attempt: int) -> str:
    """Return whom to ask: the source first, then whoever says or may be thought to hold it, one after the other."""
    return need.askable[attempt % len(need.askable)]


def ask_again_after(attempt: int, interval_seconds: float) -> float:
    """Return how long to wait for an answer: half an interval for each that can be asked, then doubling."""
    doubled: float = min(ASK_CAP_SECONDS, interval_seconds / 2 * 2.0 ** min(max(0, attempt - 2), 16))
    return doubled


def echo_age(echo: int | None, sent: Sequence[tuple[int, float]], now: float) -> float:
    """Return for how many seconds at least a partner has confirmed none of our beacons: by our own clock alone.

    Args:
        echo: Sequence of our newest beacon that its newest beacon confirms; None if it confirms none.
        sent: Sequence and moment of our newest beacons to it, the oldest first; at least one.
        now: The moment that it is.
    """
    unconfirmed = [at for number, at in sent if echo is None or number > echo]
    return now - unconfirmed[0] if unconfirmed else 0.0
