"""What one batch of examined arrivals does to the store: inside one transaction, nothing else.

The table of docs/protocol.md, section "What becomes of an arrival", is carried out here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.control import (
    CallRecorded,
    ChainKind,
    ContentErased,
    DutyTold,
    EpochOpened,
    MemberKeyPublished,
    Receipt,
    ReleaseRecorded,
)
from schemas.envelope import Envelope, Header, Link, Position
from schemas.errors import Fault
from schemas.ids import NO_LINK
from schemas.information.alerts import Alert
from schemas.records import Chain, Direction, NewLink
from services.casework import Casebook, judge_received
from services.courses import CourseFollower
from services.domain.calls import call_row, judge_call_record
from services.domain.chain import BEFORE_EPOCH, ChainVerdict, judge
from services.domain.custody import end_of
from services.domain.delivery import RECEIPT_RANGE_MAX
from services.domain.duty_telling import is_newer, judge_duty_record, neighbour_row
from services.domain.office_keys import judge_published
from services.domain.receiving import Examined, Outcome, presentable
from services.domain.release_records import judge_release_record, release_row, signed_terms
from services.domain.trust import Trust
from services.filing import await_file
from services.ports import Transaction
from services.posting import Posting
from services.quotas import take_from_quota
from services.receiver.attesting import Attester
from services.receiver.erasing import Eraser
from services.receiver.history import History
from services.receiver.keeping import GUARD_PREFIX, Keeper, envelope_of
from services.receiver.proving import keep_proof
from services.receiver.twins import is_of_a_twin

_VERIFIED = frozenset({Outcome.ACCEPTABLE, Outcome.REJECTED})


@dataclass(slots=True)
class _ChainInHand:
    """A partner's chain during one transaction; the head is written back once."""

    chain: Chain
    head: Position
    waiting: bool
    moved: bool = False
    ids: dict[int, str] = field(default_factory=dict)
    """Sequence -> envelope id of links taken in this transaction."""
    early: dict[int, Envelope] = field(default_factory=dict)
    stored: list[Envelope] = field(default_factory=list)
    """Events that owe a *stored* receipt."""
    rejected: list[tuple[Envelope, Fault]] = field(default_factory=list)


class Settlement:
    """One transaction's worth of receiving."""

    def __init__(
        self, tx: Transaction, *, posting: Posting, trust: Trust, now: datetime, range_max: int = RECEIPT_RANGE_MAX
    ) -> None:
        """Work on ``tx``; ``now`` is this county's time for every receipt of the batch."""
        self._tx, self._trust, self._now = tx, trust, now
        unwrap = posting.encryption.unwrap
        self._keeper = Keeper(tx, trust=trust, county=posting.county, now=now, unwrap=unwrap)
        self._attester = Attester(tx, posting=posting, keeper=self._keeper, trust=trust, now=now, range_max=range_max)
        self._history = History(tx, now)
        self._eraser = Eraser(tx, posting=posting, trust=trust, now=now)
        self._courses = CourseFollower(tx, posting=posting, trust=lambda: trust, now=now)
        self._casebook = Casebook(tx, now)
        self._chains: dict[tuple[str, str], _ChainInHand] = {}
        self._links: list[NewLink] = []
        self._receipts: list[tuple[Examined, Receipt]] = []
        self._erasures: list[tuple[Examined, ContentErased]] = []
        self._dispatch: dict[Outcome, Callable[[Examined], None]] = {
            Outcome.ACCEPTABLE: self._chain_in,
            Outcome.REJECTED: self._chain_in,
            Outcome.QUARANTINED: self._refuse,
            Outcome.UNKNOWN_REGISTRY: self._keeper.hold,
            Outcome.OWN: self._keeper.note_own,
        }

    def settle(self, batch: Sequence[Examined]) -> None:
        """Carry out the verdicts in order of arrival, then write receipts and heads.

        Raises:
            InvariantError: Our own store does not hold together.
        """
        for found in batch:
            self._take(found)
        self._tx.outbox.record(self._links)
        self._history.fold_threads()
        for found, receipt in self._receipts:
            self._attester.apply(found, receipt)
        for hand in self._chains.values():
            self._write_back(hand)
        for found, record in self._erasures:
            self._eraser.apply(found, record)
        self._casebook.tell()
        for kind, course_id in self._history.moved():
            self._courses.follow(kind, course_id)

    def settle_again(self, limit: int, *, but: frozenset[str] = frozenset()) -> frozenset[str]:
        """Judge again, by today's trust, up to ``limit`` links that wait for no link but for a registry.

        Args:
            limit: How many rows to look at.
            but: Envelope ids that were looked at before.

        Returns:
            The envelope ids looked at now; empty if nothing is left.
        """
        rows = [row for row in self._tx.waiting_room.held_epochs(limit) if row.envelope_id not in but]
        self.settle(self._keeper.take_all_held(rows))
        return frozenset(row.envelope_id for row in rows)

    def settle_refused(self, source: str, code: str, limit: int) -> int:
        """Take in what was quarantined for a reason that today's trust does not give any more; return how many."""
        taken = self._keeper.take_refused(source, code, limit)
        self.settle(taken)
        return len(taken)

    def _take(self, found: Examined) -> None:
        self._dispatch[found.outcome](found)

    def _refuse(self, found: Examined) -> None:
        """Quarantine, but pass over what is here already and came again after its source had erased the content."""
        emptied = found.emptied
        chain = self._tx.chains.find(emptied.header.channel, emptied.header.epoch) if emptied else None
        if emptied and chain and self._tx.chains.held_id(chain.number, emptied.header.seq) == emptied.envelope_id:
            return
        self._keeper.quarantine(found)

    def _write_back(self, hand: _ChainInHand) -> None:
        if hand.moved:
            self._tx.chains.advance(hand.chain.number, hand.head)
        if hand.stored:
            self._attester.stored(hand.chain, hand.stored)
        for envelope, fault in hand.rejected:
            self._attester.rejected(hand.chain, envelope, fault)

    # -- the place of a link in its chain --------------------------------------------------------------

    def _in_hand(self, found: Examined) -> _ChainInHand:
        header = envelope_of(found).header
        key = (header.channel, header.epoch)
        hand = self._chains.get(key)
        if hand is None:
            chain = self._tx.chains.find(*key) or self._open(envelope_of(found), found.kind or ChainKind.EVENT)
            hand = _ChainInHand(chain, chain.head, self._tx.chains.has_waiting(chain.number))
            self._chains[key] = hand
        return hand

    def _open(self, envelope: Envelope, kind: ChainKind) -> Chain:
        header = envelope.header
        head = Position(BEFORE_EPOCH, NO_LINK)
        chain = Chain(0, header.channel, header.epoch, header.source, header.agreement_id, kind, header.to, head)
        return self._tx.chains.open(chain)

    def _chain_in(self, found: Examined) -> None:
        if self._follows_a_fork(found):
            self._keeper.hold(found)
            return
        envelope, hand = envelope_of(found), self._in_hand(found)
        link = envelope.link
        held_id = self._held_id(hand, link)
        if hand.chain.frozen and held_id != envelope.envelope_id:
            self._keeper.quarantine(replace(found, fault=Fault("chain.frozen", "channel", "a fork was proved before")))
            return
        verdict = judge(link, head=hand.head, held_id=held_id)
        if verdict is ChainVerdict.CONTINUES:
            self._follow(hand, found)
        elif verdict is ChainVerdict.GAP:
            self._gap(hand, found)
        elif verdict is ChainVerdict.REPEATED:
            self._repeat(hand, link)
        else:
            self._fork(hand, found)

    def _follows_a_fork(self, found: Examined) -> bool:
        """Tell whether an epoch is opened after one that is forked here, and no offline key has named the branch kept.

        Whatever reason the opening gives: whoever has stolen the event key would not give that one.
        """
        header = envelope_of(found).header
        if header.seq > 0 or self._tx.chains.find(header.channel, header.epoch) is not None:
            return False
        chains = (one for one in self._tx.chains_of(header.source) if one.channel == header.channel and one.frozen)
        return any(self._trust.branch(header.source, one.channel, one.epoch) is None for one in chains)

    def _held_id(self, hand: _ChainInHand, link: Link) -> str | None:
        if link.seq in hand.ids:
            return hand.ids[link.seq]
        if link.seq > hand.head.seq and not hand.waiting:
            return None  # nothing lies beyond the head: no need to ask
        return self._tx.chains.held_id(hand.chain.number, link.seq)

    # -- the next link, and those that waited for it -----------------------------------------------------

    def _follow(self, hand: _ChainInHand, found: Examined) -> None:
        self._accept(hand, found, early=False)
        self._advance(hand, envelope_of(found).link.position)
        while hand.waiting and self._drain_one(hand):
            pass

    def _advance(self, hand: _ChainInHand, head: Position) -> None:
        hand.head, hand.moved = head, True

    def _drain_one(self, hand: _ChainInHand) -> bool:
        seq = hand.head.seq + 1
        early = hand.early.pop(seq, None) or self._tx.chains.early_link(hand.chain.number, seq)
        if early is not None:
            return self._pass_over(hand, early)
        waited = self._keeper.take_held(hand.chain.channel, hand.chain.epoch, seq)
        next_one = next((found for found in waited if found.outcome in _VERIFIED), None)
        moved = next_one is not None and self._take_held(hand, next_one)
        for found in waited:  # whatever else was held for this place: another story, or still an unknown registry
            if found is not next_one:
                self._take(found)
        return moved and not hand.chain.frozen

    def _take_held(self, hand: _ChainInHand, found: Examined) -> bool:
        if envelope_of(found).header.prev != hand.head.envelope_id:
            self._fork(hand, found)
            return False
        self._accept(hand, found, early=False)
        self._advance(hand, envelope_of(found).link.position)
        return True

    def _pass_over(self, hand: _ChainInHand, early: Envelope) -> bool:
        if early.header.prev != hand.head.envelope_id:
            self._freeze(hand, early)
            return False
        self._settle_early(hand, early)
        self._advance(hand, early.link.position)
        return True

    def _settle_early(self, hand: _ChainInHand, early: Envelope) -> None:
        for index, link in enumerate(self._links):  # taken in this very batch: not written yet
            if link.envelope.envelope_id == early.envelope_id:
                self._links[index] = replace(link, early=False)
                return
        self._tx.chains.settle_early(hand.chain.number, early.header.seq)

    # -- every other verdict -----------------------------------------------------------------------------

    def _gap(self, hand: _ChainInHand, found: Examined) -> None:
        envelope = envelope_of(found)
        hand.waiting = True
        if rival := self._contradicting(found):
            self._fork(hand, found, rival)
        elif _overtakes(hand.chain.kind, found):
            self._accept(hand, found, early=True)
            hand.early[envelope.header.seq] = envelope
        else:
            self._keeper.hold(found)

    def _contradicting(self, found: Examined) -> Envelope | None:
        """Return a verified link that waits for the same place and tells another story; what waits stays."""
        envelope, contradicting = envelope_of(found), None
        for other in self._keeper.take_held(*_place(envelope)):
            if other.outcome not in _VERIFIED:
                self._take(other)
            elif envelope_of(other).envelope_id != envelope.envelope_id:
                self._keeper.hold(other)
                contradicting = envelope_of(other)
        return contradicting

    def _repeat(self, hand: _ChainInHand, link: Link) -> None:
        if hand.chain.kind is ChainKind.EVENT and link.seq not in hand.ids:
            self._attester.repeat(hand.chain, link.seq)

    def _fork(self, hand: _ChainInHand, found: Examined, rival: Envelope | None = None) -> None:
        fault = Fault("chain.forked", "prev", "the source signed two different events for one place of its chain")
        self._keeper.quarantine(replace(found, fault=fault))
        self._freeze(hand, envelope_of(found), rival)

    def _freeze(self, hand: _ChainInHand, envelope: Envelope, rival: Envelope | None = None) -> None:
        keep_proof(self._tx, hand.chain, envelope, self._links, rival, self._now)
        hand.chain = replace(hand.chain, frozen=True)
        self._tx.chains.freeze(hand.chain.number)
        self._keeper.tell_fork(envelope.header)

    def _judge_history(self, found: Examined) -> Fault | None:
        fault = self._history.judge(found)
        return None if fault is None else presentable(fault)

    def _judge_quota(self, envelope: Envelope) -> Fault | None:
        header = envelope.header
        in_force = self._trust.by_reference.get(header.agreement)
        if in_force is None:
            return None  # a control record, or it is refused for that
        return take_from_quota(
            self._tx,
            in_force.agreement,
            source=header.source,
            wire_type=header.type,
            priority=header.priority,
            size=header.content.carried,
            claimed=header.time,
        )

    def _accept(self, hand: _ChainInHand, found: Examined, *, early: bool) -> None:
        envelope = envelope_of(found)
        fault = found.fault or _misopened(found, envelope) or self._judge_record(found) or self._judge_history(found)
        fault = fault or self._judge_quota(envelope)
        marks = () if fault is not None else self._history.take(found)
        hand.ids[envelope.header.seq] = envelope.envelope_id
        self._links.append(
            NewLink(
                chain_number=hand.chain.number,
                direction=Direction.INCOMING,
                envelope=envelope if fault is None else replace(envelope, content=b"", keys_bytes=b""),
                recorded_at=self._now,
                early=early,
                newer_schema=found.newer_schema,
                level=found.level,
                refused=fault is not None,
                about=found.about,
                marks=marks,
                content_key=found.content_key if fault is None else b"",
                ends_at=self._end_of(envelope) if fault is None else None,
            )
        )
        if is_of_a_twin(self._tx, envelope):
            self._keeper.tell_twins(envelope.header)
        owes_receipt = hand.chain.kind is ChainKind.EVENT and envelope.header.seq > 0
        if fault is not None:
            self._keeper.quarantine(replace(found, fault=fault))
            if owes_receipt:
                hand.rejected.append((envelope, fault))
        elif isinstance(found.event, Receipt):
            self._receipts.append((found, found.event))
        elif owes_receipt:
            self._note_record(found, envelope)
            self._casebook.note(found.event, envelope.header, envelope.envelope_id)
            if not await_file(self._tx, envelope, self._now):  # with one, it is attested once that is here, too
                hand.stored.append(envelope)

    def _end_of(self, envelope: Envelope) -> datetime | None:
        held = self._trust.by_reference.get(envelope.header.agreement)
        return end_of(envelope.header, held.agreement if held else None)

    def _judge_record(self, found: Examined) -> Fault | None:
        if isinstance(found.event, CallRecorded):
            return judge_call_record(found.event, envelope_of(found).header, self._trust)
        if isinstance(found.event, ReleaseRecorded):
            return self._judge_release(found.event, envelope_of(found).header)
        if isinstance(found.event, DutyTold):
            return judge_duty_record(found.event, envelope_of(found).header, self._trust, self._now)
        fault = judge_published(found.event) or judge_received(self._tx, found.event, envelope_of(found).header)
        return fault or self._eraser.judge(found)

    def _judge_release(self, record: ReleaseRecorded, header: Header) -> Fault | None:
        terms = signed_terms(record)
        return judge_release_record(
            record,
            header,
            self._tx.releases.of_event(record.id),
            self._trust,
            about=self._header_of(record.id) if terms else None,
            used_for=self._tx.releases.released_under(header.source, terms) if terms else None,
        )

    def _header_of(self, envelope_id: str) -> Header | None:
        """Return the header of an event, also of one that was taken in this very batch and is not written yet."""
        fresh = (link.envelope for link in reversed(self._links) if link.envelope.envelope_id == envelope_id)
        if (envelope := next(fresh, None)) is not None:
            return envelope.header
        held = self._tx.event(envelope_id)
        return None if held is None else held.envelope.header

    def _note_record(self, found: Examined, envelope: Envelope) -> None:
        if isinstance(found.event, MemberKeyPublished):
            self._tx.key_book.keep(envelope.header.source, found.event.key)
        elif isinstance(found.event, ContentErased):
            self._erasures.append((found, found.event))
        elif isinstance(found.event, CallRecorded):
            header, record = envelope.header, found.event
            row = call_row(record, record_id=envelope.envelope_id, source=header.source, told=header.to[0])
            self._tx.call_book.note(record.id, row)
        elif isinstance(found.event, ReleaseRecorded):
            told = release_row(found.event, record_id=envelope.envelope_id, source=envelope.header.source)
            self._tx.releases.note(found.event.id, told)
        elif isinstance(found.event, DutyTold):
            duty = neighbour_row(found.event, envelope.header, self._now)
            if is_newer(duty, self._tx.duties.neighbour(duty.county)):
                self._tx.duties.keep(duty)


def _place(envelope: Envelope) -> tuple[str, str, int]:
    return envelope.header.channel, envelope.header.epoch, envelope.header.seq


def _overtakes(kind: ChainKind, found: Examined) -> bool:
    """Tell whether a link is taken at once although one before it is missing.

    Receipts and alerts must not wait; what the guards refuse must not be kept for as long as it would wait.
    """
    if found.fault is not None:
        return found.fault.code.startswith(GUARD_PREFIX)
    if found.waits:
        return False
    return kind is ChainKind.RECEIPT or isinstance(found.event, Alert)


def _misopened(found: Examined, envelope: Envelope) -> Fault | None:
    event, header = found.event, envelope.header
    if (header.seq == 0) != isinstance(event, EpochOpened):
        return Fault("chain.bad_opening", "seq", "link 0 opens the epoch, and no other link does")
    if isinstance(event, EpochOpened):
        said = (event.channel, event.epoch, event.chain_kind, event.agreement_id, event.audience)
        if said != (header.channel, header.epoch, found.kind, header.agreement_id, header.to):
            return Fault("chain.bad_opening", "content", "the record opens another chain than its header belongs to")
    return None
