"""Channels and verdicts: each way a link may stand to the chain we hold."""

import hashlib

import pytest

from schemas.control import ChainKind, EpochOpened, Receipt
from schemas.envelope import Link, Position
from schemas.errors import InvariantError
from schemas.ids import NO_LINK
from services.domain.chain import (
    BEFORE_EPOCH,
    EPOCH_OPENED_TYPE,
    RECEIPT_TYPE,
    ChainVerdict,
    channel_of,
    epoch_counter,
    judge,
    matching_kind,
    next_epoch,
)
from tests import papers

HEAD = Position(5, "e5" * 32)


def link(seq: int, *, prev: str = HEAD.envelope_id, envelope_id: str = "") -> Link:
    """Return a link of one channel and epoch."""
    return Link("c" * 64, papers.EPOCH, seq, prev, envelope_id or f"{seq:064x}")


@pytest.mark.parametrize(
    ("came", "held_id", "verdict"),
    [
        (link(6), None, ChainVerdict.CONTINUES),
        (link(6, prev=NO_LINK), None, ChainVerdict.FORKED),
        (link(7), None, ChainVerdict.GAP),
        (link(4, envelope_id="a" * 64), "a" * 64, ChainVerdict.REPEATED),
        (link(4, envelope_id="a" * 64), "b" * 64, ChainVerdict.FORKED),
        (link(9, envelope_id="a" * 64), "a" * 64, ChainVerdict.REPEATED),
        (link(9, envelope_id="a" * 64), "b" * 64, ChainVerdict.FORKED),
    ],
)
def test_every_verdict(came: Link, held_id: str | None, verdict: ChainVerdict) -> None:
    """Held ids decide first, the head second: an early link counts as held."""
    assert judge(came, head=HEAD, held_id=held_id) is verdict


def test_the_opening_of_an_epoch_follows_nothing() -> None:
    """Link 0 names the end of the epoch before, which this chain cannot know."""
    before = Position(BEFORE_EPOCH, NO_LINK)
    assert judge(link(0, prev="f" * 64), head=before, held_id=None) is ChainVerdict.CONTINUES
    assert judge(link(1, prev="f" * 64), head=before, held_id=None) is ChainVerdict.GAP


def test_a_store_that_lost_a_link_is_never_papered_over() -> None:
    """Nothing held at a place that the head has passed: our own store is broken, so crash."""
    with pytest.raises(InvariantError):
        judge(link(5), head=HEAD, held_id=None)


def test_channel_is_computed_as_the_protocol_says() -> None:
    """Written out by hand: label, NUL, and every part behind four bytes of length."""
    parts = ["522722", "qiangui-border", "451221", "451226"]
    data = b"sihu-channel-v1\0" + b"".join(len(p).to_bytes(4, "big") + p.encode() for p in parts)
    expected = hashlib.sha256(data).hexdigest()
    assert channel_of(ChainKind.EVENT, "522722", "qiangui-border", ("451226", "451221")) == expected


def test_receipts_never_share_a_chain_with_events() -> None:
    """Same source, agreement and audience, another chain."""
    events = channel_of(ChainKind.EVENT, papers.LIBO, papers.AGREEMENT, (papers.HUANJIANG,))
    receipts = channel_of(ChainKind.RECEIPT, papers.LIBO, papers.AGREEMENT, (papers.HUANJIANG,))
    assert events != receipts


def _channel(kind: ChainKind) -> str:
    return channel_of(kind, papers.LIBO, papers.AGREEMENT, (papers.NANDAN, papers.HUANJIANG))


@pytest.mark.parametrize(
    ("wire_type", "chain", "found"),
    [
        (papers.POLICY, ChainKind.EVENT, ChainKind.EVENT),
        (papers.POLICY, ChainKind.RECEIPT, None),
        (RECEIPT_TYPE, ChainKind.RECEIPT, ChainKind.RECEIPT),
        (RECEIPT_TYPE, ChainKind.EVENT, None),
        (EPOCH_OPENED_TYPE, ChainKind.EVENT, ChainKind.EVENT),
        (EPOCH_OPENED_TYPE, ChainKind.RECEIPT, ChainKind.RECEIPT),
    ],
)
def test_each_type_belongs_to_its_chain(wire_type: str, chain: ChainKind, found: ChainKind | None) -> None:
    """An event on a receipt chain would be outside every count; a receipt on an event chain would make a gap."""
    header = papers.header(b"{}", type=wire_type, channel=_channel(chain))
    assert matching_kind(header) is found


@pytest.mark.parametrize(
    "changes",
    [
        {"source": papers.HUANJIANG, "to": (papers.NANDAN,)},
        {"to": (papers.HUANJIANG,)},
        {"agreement": papers.in_force(id="other").reference},
    ],
)
def test_a_channel_of_others_is_found_out(changes: dict[str, object]) -> None:
    """Another source, audience or agreement gives another channel, so the claimed one does not match."""
    assert matching_kind(papers.header(b"{}", channel=_channel(ChainKind.EVENT), **changes)) is None


def test_a_new_version_of_the_agreement_keeps_the_channel() -> None:
    """Renewing an agreement must not look like a lost tail."""
    renewed = papers.header(b"{}", agreement=papers.in_force(version=2).reference)
    assert renewed.channel == _channel(ChainKind.EVENT)


def test_the_types_named_here_are_those_of_the_catalogue() -> None:
    """The chain rules must not miss a renamed type."""
    assert (Receipt.wire_type, EpochOpened.wire_type) == (RECEIPT_TYPE, EPOCH_OPENED_TYPE)


def test_epochs_count_up() -> None:
    """The counter orders epochs of one channel, also past nine; the random part keeps clones apart."""
    assert next_epoch(None, "aa" * 8) == "1-" + "aa" * 8
    assert next_epoch("9-" + "bb" * 8, "cc" * 8) == "10-" + "cc" * 8
    assert epoch_counter("10-" + "cc" * 8) == 10


@pytest.mark.parametrize("epoch", ["", "0-" + "a" * 16, "1-" + "A" * 16, "1-" + "a" * 17, "1"])
def test_what_is_no_epoch_is_our_own_bug(epoch: str) -> None:
    """The schema lets none such through."""
    with pytest.raises(InvariantError):
        epoch_counter(epoch)
