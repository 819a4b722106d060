"""Pages of events: filters, order, counts, headlines."""

from dataclasses import replace

import pytest

from schemas.control import ReceiptStage
from schemas.envelope import Envelope
from schemas.records import Direction, EventSummary, Page, ReceiptRow
from services.ports import Store, Transaction
from tests.contract.store.kinds import noting, posted
from tests.contract.store.samples import ALERT, BULLETIN, RECEIPT, THEM, THIRD, US, at, chain, envelope, link, receipt


def _incoming(seq: int, wire_type: str = BULLETIN) -> Envelope:
    return envelope(seq, channel="in", source=THEM, to=(US,), wire_type=wire_type)


def _filled(tx: Transaction) -> None:
    """Positions 1–3 posted, 4 alert in, 5 receipt in (never listed), 6 bulletin in, 7 posted."""
    posted(tx, 3)
    number = tx.chains.open(chain("in", source=THEM)).number
    tx.outbox.record([link(number, _incoming(1, ALERT), level=2, early=True)])
    tx.outbox.record([link(number, _incoming(2, RECEIPT)), link(number, _incoming(3))])
    posted(tx, 1, first=4)


@pytest.fixture
async def filled(store: Store) -> Store:
    """A store with events of both directions and a control record."""
    await store.write(_filled)
    return store


async def _page(
    store: Store,
    since: int = 0,
    limit: int = 9,
    *,
    newest_first: bool = False,
    unacknowledged: bool = False,
    **rest: str | None,
) -> Page[EventSummary]:
    direction = Direction(rest["direction"] or "") if "direction" in rest else None
    return await store.read(
        lambda snapshot: snapshot.events(
            direction=direction,
            wire_type=rest.get("wire_type"),
            since=since,
            limit=limit,
            newest_first=newest_first,
            unacknowledged=unacknowledged,
        )
    )


def _positions(page: Page[EventSummary]) -> list[int]:
    return [row.position for row in page.rows]


async def test_pages_go_on_where_the_last_one_ended(filled: Store) -> None:
    """An event that falls between two pages, or stands on both."""
    first = await _page(filled, limit=4)
    assert (_positions(first), first.next_since) == ([1, 2, 3, 4], 4)
    second = await _page(filled, first.next_since, limit=4)
    assert (_positions(second), second.next_since) == ([6, 7], 7)
    third = await _page(filled, second.next_since)
    assert (_positions(third), third.next_since) == ([], 7)


async def test_pages_go_backwards_too(filled: Store) -> None:
    """The newest events can be seen only by reading all of them."""
    first = await _page(filled, limit=4, newest_first=True)
    assert (_positions(first), first.next_since) == ([7, 6, 4, 3], 3)
    second = await _page(filled, first.next_since, limit=4, newest_first=True)
    assert (_positions(second), second.next_since) == ([2, 1], 1)
    assert _positions(await _page(filled, second.next_since, newest_first=True)) == []


async def test_pages_are_filtered(filled: Store) -> None:
    """A filter that is ignored, or that drops too much."""
    assert _positions(await _page(filled, direction="in")) == [4, 6]
    assert _positions(await _page(filled, direction="out", newest_first=True)) == [7, 3, 2, 1]
    assert _positions(await _page(filled, wire_type=ALERT)) == [4]
    assert _positions(await _page(filled, wire_type=BULLETIN, limit=4)) == [1, 2, 3, 6]
    assert _positions(await _page(filled, wire_type=BULLETIN, direction="in")) == [6]
    assert _positions(await _page(filled, wire_type=RECEIPT)) == []


def _asking(tx: Transaction) -> None:
    """Positions 1–5 in, of which 1, 2, 4, 5 ask for an acknowledgement; 6 refused, 7 posted: both ask, too."""
    number = tx.chains.open(chain("in", source=THEM)).number
    types = {1: ALERT, 2: BULLETIN, 3: ALERT, 4: ALERT, 5: BULLETIN, 6: ALERT}
    for seq, wire_type in types.items():
        came = envelope(
            seq, channel="in", source=THEM, to=(US,), wire_type=wire_type, acknowledge_by=None if seq == 3 else at(900)
        )
        tx.outbox.record([link(number, came, refused=seq == 6)])
    tx.outbox.record([link(tx.chains.open(chain()).number, envelope(1, acknowledge_by=at(900)))])


def _answer(stage: ReceiptStage, seq: int, direction: Direction = Direction.OUTGOING) -> ReceiptRow:
    return receipt(stage, seq, chain_number=1, direction=direction, officer="值班员甲")


async def test_what_waits_for_this_county_is_listed_apart(store: Store) -> None:
    """Only an answer that takes the event ends the wait, and only what asks for an answer waits."""
    await store.write(_asking)

    async def waiting(since: int = 0, limit: int = 9, *, newest_first: bool = False, **rest: str | None) -> list[int]:
        return _positions(await _page(store, since, limit, newest_first=newest_first, unacknowledged=True, **rest))

    assert await waiting() == [1, 2, 4, 5]
    assert await waiting(direction="in", newest_first=True, limit=3) == [5, 4, 2]
    assert await waiting(newest_first=True, since=2, limit=3) == [1]
    assert await waiting(since=2, limit=1) == [4]
    assert await waiting(wire_type=ALERT) == [1, 4]
    assert await waiting(direction="out") == []
    assert await store.read(lambda one: (one.unacknowledged(9), one.unacknowledged(3))) == (4, 3)

    for row in (
        _answer(ReceiptStage.STORED, 1),
        _answer(ReceiptStage.DECLINED, 1),
        _answer(ReceiptStage.ACKNOWLEDGED, 2, Direction.INCOMING),
        _answer(ReceiptStage.ACKNOWLEDGED, 4),
        _answer(ReceiptStage.ACTIONED, 5),
    ):
        await store.write(noting(row))
    assert await waiting() == [1, 2]
    assert await store.read(lambda one: one.unacknowledged(9)) == 2


async def test_a_work_that_fails_ends_no_wait(store: Store) -> None:
    """An answer whose receipt was not posted hides the event from whoever would answer it."""

    def failing(tx: Transaction) -> None:
        tx.receipt_book.record(_answer(ReceiptStage.ACKNOWLEDGED, 1))
        assert tx.unacknowledged(9) == 3
        raise RuntimeError

    await store.write(_asking)
    with pytest.raises(RuntimeError):
        await store.write(failing)
    assert await store.read(lambda one: one.unacknowledged(9)) == 4


async def test_what_came_and_was_answered_in_one_work_waits_for_nobody(store: Store) -> None:
    """An answer that is on its way sooner than the event is written."""

    def work(tx: Transaction) -> None:
        _asking(tx)
        tx.receipt_book.record(_answer(ReceiptStage.ACKNOWLEDGED, 1))

    await store.write(work)
    assert await store.read(lambda one: one.unacknowledged(9)) == 3


async def test_a_summary_says_what_header_and_store_know(filled: Store) -> None:
    """A line of the listing that contradicts the signed header."""
    (row,) = (await _page(filled, wire_type=ALERT)).rows
    one = _incoming(1, ALERT)
    assert row == EventSummary(
        position=4,
        envelope_id=one.envelope_id,
        direction=Direction.INCOMING,
        wire_type=ALERT,
        source=THEM,
        audience=(US,),
        channel=one.header.channel,
        epoch=one.header.epoch,
        seq=1,
        time=at(1),
        recorded_at=at(0),
        expires=None,
        acknowledge_by=None,
        status="actual",
        priority=3,
        level=2,
        headline="通告",
        early=True,
        stored_count=0,
        acknowledged_count=0,
    )


async def test_a_summary_counts_recipients(store: Store) -> None:
    """An event shown as delivered while one county has not got it."""

    def work(tx: Transaction) -> None:
        posted(tx, 2, to=(THEM, THIRD))
        tx.dues.mark(receipt(last=2))
        tx.dues.mark(receipt(ReceiptStage.ACTIONED, 1, receiver=THIRD, officer="值班员甲"))

    await store.write(work)
    rows = (await _page(store)).rows
    assert [(row.stored_count, row.acknowledged_count) for row in rows] == [(1, 1), (1, 0)]


async def test_an_incoming_event_is_acknowledged_by_this_county(filled: Store) -> None:
    """A neighbour's receipt taken for our own officer's."""
    for row in (
        receipt(ReceiptStage.ACKNOWLEDGED, 1, chain_number=2, direction=Direction.INCOMING, officer="值班员甲"),
        receipt(first=1, last=3, chain_number=2, direction=Direction.OUTGOING),
        receipt(ReceiptStage.DECLINED, 2, chain_number=2, direction=Direction.OUTGOING, officer="值班员甲"),
        receipt(ReceiptStage.ACTIONED, 3, chain_number=2, direction=Direction.OUTGOING, officer="值班员甲"),
        receipt(ReceiptStage.ACKNOWLEDGED, 3, chain_number=2, direction=Direction.OUTGOING, officer="值班员乙"),
    ):
        await filled.write(noting(row))
    rows = (await _page(filled, direction="in")).rows
    assert [row.acknowledged_count for row in rows] == [0, 1]


@pytest.mark.parametrize(
    ("content", "headline"),
    [
        ('{"headline":"暴雨","title":"x"}', "暴雨"),
        ('{"title":"公告"}', "公告"),
        ('{"name":"宣传周","title":5}', "宣传周"),
        ('{"title":"' + "长" * 61 + '"}', "长" * 60),
        ('{"body":"x"}', ""),
        ('["title"]', ""),
        ("no json", ""),
        ("", ""),
    ],
)
async def test_the_headline_is_the_first_title(store: Store, content: str, headline: str) -> None:
    """A listing without a line to read, or one that fails on odd content."""
    one = replace(envelope(1), content=content.encode())

    def work(tx: Transaction) -> None:
        tx.outbox.record([link(tx.chains.open(chain()).number, one)])

    await store.write(work)
    assert [row.headline for row in (await _page(store)).rows] == [headline]


async def test_ciphertext_has_no_headline(store: Store) -> None:
    """Bytes of an encrypted content read as if they were words."""
    one = envelope(1)
    header = one.header.model_copy(update={"content": one.header.content.model_copy(update={"encoding": "hpke"})})
    secret = replace(one, header=header, header_bytes=header.model_dump_json(by_alias=True, exclude_none=True).encode())

    def work(tx: Transaction) -> None:
        tx.outbox.record([link(tx.chains.open(chain()).number, secret)])

    await store.write(work)
    assert [row.headline for row in (await _page(store)).rows] == [""]


async def test_a_message_is_given_back_byte_for_byte(filled: Store) -> None:
    """An echo is told from a forgery by its bytes: one that was spelt anew would never be equal."""
    held = _incoming(3)
    assert await filled.read(lambda snapshot: snapshot.message(held.envelope_id)) == held.to_wire()
    assert await filled.read(lambda snapshot: snapshot.message("0" * 64)) is None


async def test_control_records_are_kept_but_not_counted(filled: Store) -> None:
    """The gauges count receipts as events."""
    counts = await filled.read(lambda snapshot: snapshot.counts())
    assert (counts["events_in"], counts["events_out"]) == (2, 4)
    assert await filled.read(lambda snapshot: snapshot.event(_incoming(2, RECEIPT).envelope_id)) is not None
