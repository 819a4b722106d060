"""Random operations on a store, written once and run on every kind of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from hypothesis import strategies as st

from schemas.cases import CaseAct, CaseEntry, CaseRow, CaseStage, Confirmation
from schemas.completeness import Claim, ForkEvidence, Heard, SignedBytes
from schemas.control import HUMAN_STAGES, ErasureReason, ReceiptStage
from schemas.courses import CourseKind, CourseRow, CourseStep
from schemas.custody import Opening, OpeningReason
from schemas.envelope import Envelope, Position
from schemas.errors import Fault, RequestError
from schemas.notices import NoticeKind
from schemas.records import Chain, Direction, ErasureRow, ReceiptRow, Remembered
from schemas.registry import KeyRecord
from schemas.searches import BlockWords
from schemas.subjects import Lane
from schemas.threads import Family, ThreadOf, ThreadParty, ThreadRow
from services.ports import Transaction
from tests import papers
from tests.cases import facts
from tests.contract.store.samples import (
    BULLETIN,
    RECEIPT,
    THEM,
    THIRD,
    US,
    at,
    chain,
    held,
    hexed,
    link,
    receipt,
    refused,
    watch,
)
from tests.property.adapters.shown import CHANNELS, EPOCHS, IDS, SEQS, everything, linked


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing a work does, with words for whoever reads a failing history."""

    name: str
    details: tuple[object, ...]
    run: Callable[[Transaction], object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Work:
    """What is handed to ``Store.write``."""

    operations: tuple[Operation, ...]

    def __call__(self, tx: Transaction) -> list[object]:
        """Run one operation after the other."""
        return [operation.run(tx) for operation in self.operations]


def _one_of(
    details: tuple[object, ...], *choices: tuple[str, Callable[[Transaction], object]]
) -> st.SearchStrategy[Operation]:
    return st.sampled_from([Operation(name, details, run) for name, run in choices])


AUDIENCES: Final = ((THEM,), (THEM, THIRD), (THIRD,))
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


_id = st.sampled_from(IDS)


def _chain_of(tx: Transaction, channel: str, epoch: str) -> Chain:
    source = US if channel == "out" else THEM
    return tx.chains.find(hexed(channel), epoch) or tx.chains.open(chain(channel, epoch=epoch, source=source))


def _signed(run: Sequence[Envelope]) -> list[bytes]:
    """Sign each for itself: how many are signed at once may differ between stores."""
    return [f"signed {one.envelope_id}".encode() for one in run]


@st.composite
def _post(draw: st.DrawFn) -> Operation:
    """The next link of a chain, with all that goes with it."""
    channel, epoch, lane = draw(_channel), draw(_epoch), draw(_lane)
    audience, seconds, is_unsigned = draw(st.sampled_from(AUDIENCES)), draw(_seconds), draw(_flag)

    def run(tx: Transaction) -> object:
        into = _chain_of(tx, channel, epoch)
        one = linked(channel, epoch, into.head.seq + 1)
        ends_at = at(seconds) if seconds % 3 == 0 else None
        if is_unsigned:
            bare = replace(one, signatures_bytes=b"")
            tx.outbox.record_unsigned(link(into.number, bare, seconds=seconds, ends_at=ends_at), _signed)
        else:
            tx.outbox.record([link(into.number, one, seconds=seconds, ends_at=ends_at)])
        tx.dues.expect(into.number, one.header.seq, audience)
        tx.chains.advance(into.number, one.link.position)
        return tx.outbox.enqueue(lane, f"hub.in.{lane}", one.envelope_id)

    return Operation("post", (channel, epoch, lane, audience, is_unsigned), run)


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
                linked(channel, epoch, seq),
                seconds=seconds,
                early=early,
                refused=is_refused,
                level=seq or None,
                content_key=bytes([seq]) * 32 if seq % 2 and not is_refused else b"",
            )
            for seq in seqs
        ]
        tx.outbox.record(links)
        return number

    return Operation("record", (channel, epoch, seqs, early, is_refused), run)


@st.composite
def _on_chain(draw: st.DrawFn) -> Operation:
    channel, epoch, seq, number = draw(_channel), draw(_epoch), draw(_seq), draw(_number)
    return draw(
        _one_of(
            (channel, epoch, seq, number),
            ("_chain_of", lambda tx: _chain_of(tx, channel, epoch)),
            ("chains.current", lambda tx: tx.chains.current(hexed(channel))),
            ("chains.advance", lambda tx: tx.chains.advance(number, Position(seq, hexed("head", seq)))),
            ("chains.freeze", lambda tx: tx.chains.freeze(number)),
            ("chains.retire", lambda tx: tx.chains.retire(US)),
            ("chains.settle_early", lambda tx: tx.chains.settle_early(number, seq)),
            ("chains.early_link", lambda tx: tx.chains.early_link(number, seq)),
            ("chains.held_id", lambda tx: tx.chains.held_id(number, seq)),
            ("chains.has_waiting", lambda tx: tx.chains.has_waiting(number)),
            ("event", lambda tx: tx.event(linked(channel, epoch, seq).envelope_id)),
            ("deliveries", lambda tx: tx.deliveries(linked(channel, epoch, seq).envelope_id)),
        )
    )


@st.composite
def _on_outbox(draw: st.DrawFn) -> Operation:
    lane, up_to, one, old = draw(_lane), draw(st.integers(0, 12)), draw(_id), draw(_seconds)
    return draw(
        _one_of(
            (lane, up_to, one, old),
            ("outbox.enqueue", lambda tx: tx.outbox.enqueue(lane, "hub.in.x", one)),
            ("outbox.mark_published", lambda tx: tx.outbox.mark_published(lane, up_to)),
            ("outbox.renumber", lambda tx: tx.outbox.renumber(lane, up_to)),
            ("outbox.doubt", lambda tx: tx.outbox.doubt()),
            ("outbox.sweep", lambda tx: tx.outbox.sweep(lane, up_to // 4, at(old), 3)),
            ("outbox.is_waiting", lambda tx: tx.outbox.is_waiting(one)),
            ("waiting", lambda tx: tx.waiting(lane, up_to, 5, 3000)),
        )
    )


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
    return draw(
        _one_of(
            (row,),
            ("dues.mark", lambda tx: tx.dues.mark(row)),
            ("receipt_book.record+dues.mark", lambda tx: _receive(tx, row)),
            ("receipt_book.covering", lambda tx: tx.receipt_book.covering(row.target_chain, row.seq)),
            ("receipt_book.answered", lambda tx: tx.receipt_book.answered(row.target_chain, row.seq)),
            ("dues.owed", lambda tx: tx.dues.owed(row.target_chain, row.receiver, 3)),
            ("dues.expect", lambda tx: tx.dues.expect(row.target_chain, row.seq, [row.receiver])),
        )
    )


@st.composite
def _wait(draw: st.DrawFn) -> Operation:
    one = held(draw(_seq), channel=draw(_channel), epoch=draw(_epoch), size=draw(st.sampled_from((10, 60))))
    bad = refused(draw(st.sampled_from("abc")), size=draw(st.sampled_from((10, 60, 200))), source=draw(_who))
    stage = draw(st.sampled_from((ReceiptStage.STORED, ReceiptStage.ACKNOWLEDGED)))
    deadline = watch(draw(_seq), stage=stage, due=draw(_seconds), recipient=draw(_who))
    now, limit = at(draw(_seconds)), draw(st.integers(1, 3))
    return draw(
        _one_of(
            (one, bad, deadline, now, limit),
            ("waiting_room.hold", lambda tx: tx.waiting_room.hold(one)),
            ("waiting_room.take_held", lambda tx: tx.waiting_room.take_held(one.channel, one.epoch, one.seq)),
            ("waiting_room.held_epochs", lambda tx: tx.waiting_room.held_epochs(limit)),
            ("waiting_room.quarantine", lambda tx: tx.waiting_room.quarantine(bad)),
            ("waiting_room.refused", lambda tx: tx.waiting_room.refused(bad.source, bad.code, limit)),
            ("waiting_room.readmit", lambda tx: tx.waiting_room.readmit(bad.digest)),
            ("waiting_room.watch", lambda tx: tx.waiting_room.watch([deadline])),
            ("waiting_room.due", lambda tx: tx.waiting_room.due(now, limit)),
            ("dues.close", lambda tx: tx.dues.close(bad.source, "member.left", now)),
        )
    )


@st.composite
def _on_content(draw: st.DrawFn) -> Operation:
    """Erasures and published keys."""
    one, seconds, county = draw(_id), draw(_seconds), draw(_who)
    row = ErasureRow(county, draw(st.sampled_from(ErasureReason)), at(seconds))
    name = draw(st.sampled_from(("old", "young")))
    key = papers.x25519_record(name, valid_from=at(seconds), valid_until=at(seconds + 60))
    return draw(
        _one_of(
            (one, row, name),
            ("erasures.erase", lambda tx: tx.erasures.erase(one, row)),
            ("erasures.note", lambda tx: tx.erasures.note(one, row)),
            ("key_book.keep+key_book.of", lambda tx: _keep_key(tx, county, key)),
            ("key_book.note_published", lambda tx: tx.key_book.note_published(key.kid, name, one)),
            ("cases.add", lambda tx: tx.cases.add(_entry(one, seconds))),
            ("cases.keep", lambda tx: tx.cases.keep(_case(one, seconds))),
            ("custody.condemn", lambda tx: tx.custody.condemn(key.kid, at(seconds))),
            ("custody.forget_key", lambda tx: tx.custody.forget_key(key.kid)),
            ("custody.postpone", lambda tx: tx.custody.postpone(one, at(seconds))),
            ("custody.log_opening", lambda tx: _log_opening(tx, one, seconds)),
        )
    )


def _entry(case_id: str, seconds: int) -> CaseEntry:
    made = facts(CaseAct.PERFORMANCE_DUE, item_no=seconds)
    return CaseEntry(hexed(seconds % 9), case_id, US, BULLETIN, at(seconds), (case_id,) * (seconds % 3), made)


def _case(case_id: str, seconds: int) -> CaseRow:
    stage = (CaseStage.IN_FORCE, CaseStage.ARCHIVED)[seconds % 2]
    told = ("forest", stage.value, at(seconds)) if seconds % 4 else ("", "", None)
    return CaseRow(case_id, "border", (US, THEM), US, stage, Confirmation.FILED, None, seconds, at(seconds % 5), *told)


@st.composite
def _on_search(draw: st.DrawFn) -> Operation:
    """The index of the first two blocks."""
    block, places, bucket = draw(st.integers(0, 1)), bytes(sorted(draw(st.sets(st.integers(1, 12))))), draw(_number)
    words = BlockWords(places, places[:1], {bucket: places})
    return draw(
        _one_of(
            (block, places, bucket),
            ("search.put", lambda tx: tx.search.put(block, words)),
            ("search.put", lambda tx: tx.search.put(0, words)),
            ("search.clear", lambda tx: tx.search.clear()),
            ("search.next_block", lambda tx: (tx.search.next_block(), tx.search.last_position())),
            ("search.looks", lambda tx: list(tx.search.looks(bucket, block))),
        )
    )


@st.composite
def _on_courses(draw: st.DrawFn) -> Operation:
    """A step of a course on a chain, and what the course stands at."""
    channel, epoch, kind, is_refused = draw(_channel), draw(_epoch), draw(st.sampled_from(CourseKind)), draw(_flag)
    course_id, seconds = draw(st.sampled_from(("1" * 32, "2" * 32))), draw(_seconds)
    look_at, opened_at = (at(seconds) if seconds % one else None for one in (3, 5))
    told = ("online", ("open", "granted")[seconds % 2], opened_at, draw(st.sampled_from(((), (US,), (US, THEM)))))
    row = CourseRow(kind, course_id, "ab"[seconds % 2], draw(_flag), look_at, *told)

    def step(tx: Transaction) -> object:
        into = _chain_of(tx, channel, epoch)
        one, about = linked(channel, epoch, into.head.seq + 1), CourseStep(kind, course_id, BULLETIN, f"{seconds}")
        tx.outbox.record([link(into.number, one, seconds=seconds, about=about, refused=is_refused)])
        tx.chains.advance(into.number, one.link.position)
        return tx.steps_of(kind, course_id), tx.courses_due(kind, at(seconds), 2)

    keep = ("course_book.keep", lambda tx: tx.course_book.keep(row))
    return draw(_one_of((channel, epoch, row, is_refused), ("course step", step), keep))


@st.composite
def _on_threads(draw: st.DrawFn) -> Operation:
    """The row of a thread, put or dropped."""
    thread = ThreadOf(draw(st.sampled_from(Family)), draw(st.sampled_from(("451226-a", "451226-b"))))
    seconds = draw(_seconds)
    kind, state = ("fair", "labour")[seconds % 2], ("open", "held")[seconds % 3 % 2]
    states = draw(st.dictionaries(_who, st.sampled_from(("asked", "accepted"))))
    parties = tuple(ThreadParty(county, "", stands) for county, stands in sorted(states.items()))
    row = ThreadRow(thread, kind, "集市", state, at(seconds), at(seconds), None, None, seconds, parties)
    channel, epoch = draw(_channel), draw(_epoch)

    def act(tx: Transaction) -> object:
        into = _chain_of(tx, channel, epoch)
        one = linked(channel, epoch, into.head.seq + 1)
        about = None if one.header.type == RECEIPT else thread  # a control record is no act
        tx.outbox.record([link(into.number, one, seconds=seconds, about=about)])
        tx.chains.advance(into.number, one.link.position)
        return tx.threads.acts(thread, 3)

    put = ("threads.put", lambda tx: tx.threads.put(row))
    drop = ("threads.drop", lambda tx: tx.threads.drop(thread))
    return draw(_one_of((row, channel, epoch), put, put, ("thread act", act), drop))


def _log_opening(tx: Transaction, envelope_id: str, seconds: int) -> object:
    last = tx.last_opening()
    number = last.number + 1 if last else 1
    reason = tuple(OpeningReason)[seconds % 4]
    tx.custody.log_opening(Opening(number, envelope_id, at(seconds), "desk", "", reason, hexed("opening", number)))
    return tx.last_opening()


def _keep_key(tx: Transaction, county: str, key: KeyRecord) -> object:
    tx.key_book.keep(county, key)
    return tx.key_book.of(county)


def _receive(tx: Transaction, row: ReceiptRow) -> int:
    tx.receipt_book.record(row)
    return tx.dues.mark(row)


def _remember(tx: Transaction, key: str, when: datetime) -> None:
    tx.memory.remember(Remembered(key, hexed(key), IDS[0], when))


def _remember_once(tx: Transaction, key: str, when: datetime) -> Remembered | None:
    found = tx.memory.remembered(key)
    if found is None:
        _remember(tx, key, when)
    return found


def _put_setting(tx: Transaction, name: str, value: str) -> object:
    tx.memory.put_setting(name, value)
    return dict(tx.memory.settings())


@st.composite
def _tell(draw: st.DrawFn) -> Operation:
    kind, about, county, when = (
        draw(st.sampled_from(KINDS)),
        draw(st.sampled_from("xy")),
        draw(_who),
        at(draw(_seconds)),
    )
    key, name = draw(st.sampled_from(("key-1", "key-2"))), draw(st.sampled_from(("county", "note")))
    number = draw(_number)
    return draw(
        _one_of(
            (kind, about, county, when, key, name, number),
            ("waiting_room.tell", lambda tx: tx.waiting_room.tell(kind, about, county, "电话", when)),
            ("waiting_room.resolve", lambda tx: tx.waiting_room.resolve(kind, about, county, when)),
            ("waiting_room.close", lambda tx: tx.waiting_room.close(number, key, when)),
            ("waiting_room.notice", lambda tx: tx.waiting_room.notice(number)),
            ("memory.remembered", lambda tx: tx.memory.remembered(key)),
            (
                "memory.remembered+memory.remember",
                lambda tx: _remember_once(tx, key, when),
            ),
            ("memory.remember", lambda tx: _remember(tx, key, when)),
            ("memory.forget_answers", lambda tx: tx.memory.forget_answers(when, 1)),
            ("memory.set_position", lambda tx: tx.memory.set_position(name, 7)),
            ("memory.forget_positions", lambda tx: tx.memory.forget_positions()),
            ("position+position", lambda tx: (tx.position(name), tx.position("EVT_0"))),
            (
                "memory.put_setting+memory.settings",
                lambda tx: _put_setting(tx, name, about),
            ),
        )
    )


@st.composite
def _signal(draw: st.DrawFn) -> Operation:
    who, number, seq, when = draw(_who), draw(_seq), draw(_seq), at(draw(_seconds))
    channels, epoch = draw(st.lists(_channel, unique=True)), draw(_epoch)
    claims = [Claim(who, THEM, hexed(channel), epoch, seq, hexed(channel, seq), when) for channel in channels]
    signed = SignedBytes(hexed(seq), b"header", b"signatures")
    evidence = ForkEvidence(who, hexed(draw(_channel)), epoch, (US,), signed, signed, when)
    return draw(
        _one_of(
            (who, number, seq, when, channels, epoch),
            ("signal_book.hear", lambda tx: tx.signal_book.hear(BULLETIN, Heard(who, number, when, when))),
            ("signal_book.claim", lambda tx: tx.signal_book.claim(who, claims)),
            ("signal_book.settle_claims", lambda tx: tx.signal_book.settle_claims(hexed("in"), epoch, seq)),
            ("signal_book.prove", lambda tx: tx.signal_book.prove(evidence)),
        )
    )


def _raise(_: Transaction) -> object:
    raise RequestError(Fault("request.invalid", "content", "mend it"))


_FAIL: Final = Operation("fail", (), _raise)


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
    _on_content(),
    _on_courses(),
    _on_search(),
    _on_threads(),
    _signal(),
    st.just(Operation("look", (), everything)),
)


@st.composite
def works(draw: st.DrawFn) -> Work:
    """A work of a few operations; every fourth one fails at its end."""
    operations = draw(st.lists(OPERATIONS, min_size=1, max_size=6))
    return Work((*operations, _FAIL) if draw(st.integers(0, 3)) == 0 else tuple(operations))
