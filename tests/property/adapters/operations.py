"""Random operations on a store, written once and run on every kind of it."""

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from schemas.control import HUMAN_STAGES, ReceiptStage
from schemas.envelope import Envelope, Position
from schemas.errors import Fault, RequestError
from schemas.records import Chain, Direction, NoticeKind, Remembered
from schemas.subjects import Lane
from services.ports import Snapshot, Transaction
from tests.contract.store.samples import (
    ALERT,
    BULLETIN,
    RECEIPT,
    THEM,
    THIRD,
    US,
    at,
    chain,
    envelope,
    held,
    hexed,
    link,
    receipt,
    refused,
    watch,
)

Operation = Callable[[Transaction], object]

CHANNELS: Final = ("out", "in")
EPOCHS: Final = ("1-00000000000000aa", "2-00000000000000aa")
AUDIENCES: Final = ((THEM,), (THEM, THIRD), (THIRD,))
TYPES: Final = (BULLETIN, ALERT, RECEIPT)
SEQS: Final = range(8)
LANES: Final = tuple(Lane)
KINDS: Final = (NoticeKind.NOT_STORED, NoticeKind.FORKED)

_channel = st.sampled_from(CHANNELS)
_epoch = st.sampled_from(EPOCHS)
_seq = st.sampled_from(SEQS)
_number = st.integers(1, 3)
_seconds = st.integers(0, 100)
_lane = st.sampled_from(LANES)
_who = st.sampled_from((THEM, THIRD))
_flag = st.booleans()


def _linked(channel: str, epoch: str, seq: int) -> Envelope:
    source, to = (US, (THEM, THIRD)) if channel == "out" else (THEM, (US,))
    return envelope(seq, channel=channel, epoch=epoch, source=source, to=to, wire_type=TYPES[seq % len(TYPES)])


IDS: Final = tuple(_linked(channel, epoch, seq).envelope_id for channel in CHANNELS for epoch in EPOCHS for seq in SEQS)
_id = st.sampled_from(IDS)


def _chain_of(tx: Transaction, channel: str, epoch: str) -> Chain:
    source = US if channel == "out" else THEM
    return tx.chains.find(hexed(channel), epoch) or tx.chains.open(chain(channel, epoch=epoch, source=source))


@st.composite
def _post(draw: st.DrawFn) -> Operation:
    """The next link of a chain, with all that goes with it."""
    channel, epoch, lane = draw(_channel), draw(_epoch), draw(_lane)
    audience, seconds = draw(st.sampled_from(AUDIENCES)), draw(_seconds)

    def run(tx: Transaction) -> object:
        into = _chain_of(tx, channel, epoch)
        one = _linked(channel, epoch, into.head.seq + 1)
        tx.outbox.record([link(into.number, one, seconds=seconds)])
        tx.dues.expect(into.number, one.header.seq, audience)
        tx.chains.advance(into.number, one.link.position)
        return tx.outbox.enqueue(lane, f"hub.in.{lane}", one.envelope_id)

    return run


@st.composite
def _record(draw: st.DrawFn) -> Operation:
    """Links anywhere in a chain, early or refused."""
    channel, epoch, seqs = draw(_channel), draw(_epoch), draw(st.lists(_seq, min_size=1, max_size=3))
    early, is_refused, seconds = draw(_flag), draw(_flag), draw(_seconds)

    def run(tx: Transaction) -> object:
        number = _chain_of(tx, channel, epoch).number
        links = [
            link(
                number,
                _linked(channel, epoch, seq),
                seconds=seconds,
                early=early,
                refused=is_refused,
                level=seq or None,
            )
            for seq in seqs
        ]
        tx.outbox.record(links)
        return number

    return run


@st.composite
def _on_chain(draw: st.DrawFn) -> Operation:
    channel, epoch, seq, number = draw(_channel), draw(_epoch), draw(_seq), draw(_number)
    operation: Operation = draw(
        st.sampled_from(
            [
                lambda tx: _chain_of(tx, channel, epoch),
                lambda tx: tx.chains.current(hexed(channel)),
                lambda tx: tx.chains.advance(number, Position(seq, hexed("head", seq))),
                lambda tx: tx.chains.freeze(number),
                lambda tx: tx.chains.settle_early(number, seq),
                lambda tx: tx.chains.early_link(number, seq),
                lambda tx: tx.chains.held_id(number, seq),
                lambda tx: tx.chains.has_waiting(number),
                lambda tx: tx.event(_linked(channel, epoch, seq).envelope_id),
                lambda tx: tx.deliveries(_linked(channel, epoch, seq).envelope_id),
            ]
        )
    )
    return operation


@st.composite
def _on_outbox(draw: st.DrawFn) -> Operation:
    lane, up_to, one = draw(_lane), draw(st.integers(0, 12)), draw(_id)
    operation: Operation = draw(
        st.sampled_from(
            [
                lambda tx: tx.outbox.enqueue(lane, "hub.in.x", one),
                lambda tx: tx.outbox.mark_published(lane, up_to),
                lambda tx: tx.outbox.renumber(lane, up_to),
                lambda tx: tx.outbox.is_waiting(one),
                lambda tx: tx.waiting(lane, up_to, 5, 3000),
            ]
        )
    )
    return operation


@st.composite
def _receipt(draw: st.DrawFn) -> Operation:
    stage, low, width = draw(st.sampled_from(ReceiptStage)), draw(_seq), draw(st.integers(0, 5))
    human = stage in HUMAN_STAGES
    row = receipt(
        stage,
        low,
        low if stage is not ReceiptStage.STORED else low + width,
        chain_number=draw(_number),
        receiver=draw(_who),
        direction=draw(st.sampled_from(Direction)),
        seconds=draw(_seconds),
        officer=draw(st.sampled_from(("值班员甲", "值班员乙"))) if human else None,
        answer=draw(st.sampled_from(("received", "handling"))) if human else None,
        code="content.bad" if stage is ReceiptStage.REJECTED else None,
    )
    operation: Operation = draw(
        st.sampled_from(
            [
                lambda tx: tx.dues.mark(row),
                lambda tx: (tx.receipt_book.record(row), tx.dues.mark(row)),
                lambda tx: tx.receipt_book.covering(row.target_chain, row.seq),
                lambda tx: tx.receipt_book.answered(row.target_chain, row.seq),
                lambda tx: tx.dues.expect(row.target_chain, row.seq, [row.receiver]),
            ]
        )
    )
    return operation


@st.composite
def _wait(draw: st.DrawFn) -> Operation:
    one = held(draw(_seq), channel=draw(_channel), epoch=draw(_epoch), size=draw(st.sampled_from((10, 60))))
    bad = refused(draw(st.sampled_from("abc")), size=draw(st.sampled_from((10, 60, 200))), source=draw(_who))
    stage = draw(st.sampled_from((ReceiptStage.STORED, ReceiptStage.ACKNOWLEDGED)))
    deadline = watch(draw(_seq), stage=stage, due=draw(_seconds), recipient=draw(_who))
    now, limit = at(draw(_seconds)), draw(st.integers(1, 3))
    operation: Operation = draw(
        st.sampled_from(
            [
                lambda tx: tx.waiting_room.hold(one),
                lambda tx: tx.waiting_room.take_held(one.channel, one.epoch, one.seq),
                lambda tx: tx.waiting_room.held_epochs(limit),
                lambda tx: tx.waiting_room.quarantine(bad),
                lambda tx: tx.waiting_room.watch([deadline]),
                lambda tx: tx.waiting_room.due(now, limit),
            ]
        )
    )
    return operation


@st.composite
def _tell(draw: st.DrawFn) -> Operation:
    kind, about, county, when = (
        draw(st.sampled_from(KINDS)),
        draw(st.sampled_from("xy")),
        draw(_who),
        at(draw(_seconds)),
    )
    key, name = draw(st.sampled_from(("key-1", "key-2"))), draw(st.sampled_from(("county", "note")))
    operation: Operation = draw(
        st.sampled_from(
            [
                lambda tx: tx.waiting_room.tell(kind, about, county, "电话", when),
                lambda tx: tx.waiting_room.resolve(kind, about, county, when),
                lambda tx: tx.memory.remembered(key),
                lambda tx: tx.memory.remembered(key) or tx.memory.remember(Remembered(key, hexed(key), IDS[0], when)),
                lambda tx: tx.memory.remember(Remembered(key, hexed(key), IDS[0], when)),
                lambda tx: tx.memory.set_position("EVT_0", 7),
                lambda tx: (tx.memory.put_setting(name, about), dict(tx.memory.settings())),
            ]
        )
    )
    return operation


def _look(tx: Transaction) -> object:
    return everything(tx)


def _fail(_: Transaction) -> object:
    raise RequestError(Fault("request.invalid", "content", "mend it"))


OPERATIONS: Final = st.one_of(
    _post(),
    _post(),
    _post(),
    _record(),
    _on_chain(),
    _on_outbox(),
    _receipt(),
    _receipt(),
    _wait(),
    _tell(),
    st.just(_look),
)


@st.composite
def works(draw: st.DrawFn) -> Callable[[Transaction], list[object]]:
    """A work of a few operations; every fourth one fails at its end."""
    operations = draw(st.lists(OPERATIONS, min_size=1, max_size=6))
    if draw(st.integers(0, 3)) == 0:
        operations = [*operations, _fail]
    return lambda tx: [operation(tx) for operation in operations]


def everything(one: Snapshot) -> dict[str, Any]:
    """Ask every question a snapshot can be asked."""
    pages = {
        (direction, wire_type, since, newest): one.events(
            direction=direction, wire_type=wire_type, since=since, limit=4, newest_first=newest
        )
        for direction in (None, *Direction)
        for wire_type in (None, ALERT)
        for since in (0, 3)
        for newest in (False, True)
    }
    return {
        "pages": pages,
        "events": [one.event(envelope_id) for envelope_id in IDS],
        "deliveries": [one.deliveries(envelope_id) for envelope_id in IDS],
        "receipts": [one.receipts(envelope_id) for envelope_id in IDS],
        "chains": [one.chain(hexed(channel), epoch) for channel in CHANNELS for epoch in EPOCHS],
        "lanes": [(one.lane_end(lane), one.published_up_to(lane), one.waiting(lane, 0, 99, 10**6)) for lane in Lane],
        "journal": (one.journal(0, 999), one.journal_end()),
        "notices": (one.notices(open_only=True, limit=9), one.notices(open_only=False, limit=9)),
        "quarantined": one.quarantined(9),
        "counts": dict(one.counts()),
        "oldest": dict(one.oldest_unstored()),
    }
