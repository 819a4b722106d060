"""Channels and their chains: who writes where, and may this link follow?

One writer, one audience, so a channel has no false gaps. Receipts have chains of their own, kept
apart from the events of the same pair by the label that is hashed.

Source: docs/decisions/0004-chain-each-channel.md
"""

import re
from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import Final

from schemas.control import ChainKind
from schemas.envelope import Header, Link, Position
from schemas.errors import InvariantError
from services.domain.encoding import digest_of, length_prefixed

_LABELS: Final = {ChainKind.EVENT: b"sihu-channel-v1\0", ChainKind.RECEIPT: b"sihu-receipt-channel-v1\0"}
_EPOCH: Final = re.compile(r"([1-9][0-9]*)-[0-9a-f]{16}")
RECEIPT_TYPE: Final = "cn.sihu.control.receipt.v1"
BEFORE_EPOCH: Final = -1
"""Sequence of the head of an epoch whose opening record (link 0) has not come yet."""
EPOCH_OPENED_TYPE: Final = "cn.sihu.control.epoch_opened.v1"
_KINDS: Final = {RECEIPT_TYPE: (ChainKind.RECEIPT,), EPOCH_OPENED_TYPE: (ChainKind.EVENT, ChainKind.RECEIPT)}


class ChainVerdict(Enum):
    """What a link is to the chain we hold."""

    CONTINUES = "continues"
    REPEATED = "repeated"
    GAP = "gap"
    FORKED = "forked"


def channel_of(kind: ChainKind, source: str, agreement_id: str, audience: Sequence[str]) -> str:
    """Return the channel id: SHA-256 over label, NUL and the length-prefixed source, agreement id, sorted audience."""
    return _channel_of(kind, source, agreement_id, tuple(audience))


@lru_cache(maxsize=512)
def _channel_of(kind: ChainKind, source: str, agreement_id: str, audience: tuple[str, ...]) -> str:
    # A county writes to the same few audiences again and again, and one of them may name 500 counties.
    return digest_of(_LABELS[kind] + length_prefixed((source, agreement_id, *sorted(audience))))


def matching_kind(header: Header) -> ChainKind | None:
    """Recompute the channel of a header; None if it belongs to neither chain of its source and audience.

    Receipts live on receipt chains and events on event chains; the record that opens an epoch is
    link 0 of either.
    """
    return _matching_kind(header.type, header.channel, header.source, header.agreement_id, header.to)


@lru_cache(maxsize=512)
def _matching_kind(
    wire_type: str, channel: str, source: str, agreement_id: str, audience: tuple[str, ...]
) -> ChainKind | None:
    kinds = _KINDS.get(wire_type, (ChainKind.EVENT,))
    return next((kind for kind in kinds if channel == channel_of(kind, source, agreement_id, audience)), None)


def judge(link: Link, *, head: Position, held_id: str | None) -> ChainVerdict:
    """Decide whether ``link`` may follow ``head``.

    Args:
        link: Chain fields of an envelope whose signature is already verified.
        head: Last accepted position, same channel and epoch; sequence 0 opened the epoch.
        held_id: Envelope id we hold at ``link.seq``, if any; early ones count.

    Returns:
        ``FORKED`` if the source told two stories; ``GAP`` if a link is missing.

    Raises:
        InvariantError: Our own store lost a link at or before ``head``.
    """
    if held_id is not None:
        return ChainVerdict.REPEATED if held_id == link.envelope_id else ChainVerdict.FORKED
    if link.seq <= head.seq:
        raise InvariantError(f"no id held for {link.channel} {link.epoch} #{link.seq}")
    if link.seq > head.seq + 1:
        return ChainVerdict.GAP
    if head.seq == BEFORE_EPOCH:
        return ChainVerdict.CONTINUES  # link 0 names the end of the epoch before it, which is judged apart
    return ChainVerdict.CONTINUES if link.prev == head.envelope_id else ChainVerdict.FORKED


def epoch_counter(epoch: str) -> int:
    """Return the counter of an epoch ``"<counter>-<16 hex>"``; later epochs have higher ones.

    Raises:
        InvariantError: Not an epoch; the schema lets none such through.
    """
    found = _EPOCH.fullmatch(epoch)
    if found is None:
        raise InvariantError(f"{epoch!r} is no epoch")
    return int(found[1])


def next_epoch(last: str | None, random: str) -> str:
    """Name the epoch after ``last``; ``random`` is 16 hex characters, so that two clones never share one."""
    return f"{(epoch_counter(last) if last else 0) + 1}-{random}"
