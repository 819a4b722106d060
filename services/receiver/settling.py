"""What one batch of examined arrivals does to the store: inside one transaction, nothing else.

The table of docs/protocol.md, section "What becomes of an arrival", is carried out here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import structlog

from schemas.carriage import Arrival
from schemas.control import ChainKind, EpochOpened, Receipt, ReceiptStage
from schemas.envelope import Envelope, Link, Position
from schemas.errors import Fault, InvariantError
from schemas.ids import NO_LINK, CountyCode
from schemas.information.alerts import Alert
from schemas.records import Chain, Direction, HeldBack, NewLink, NoticeKind, Quarantined, ReceiptRow
from schemas.subjects import parse_subject
from services.domain.chain import BEFORE_EPOCH, ChainVerdict, judge
from services.domain.delivery import RECEIPT_RANGE_MAX, Range, ranges
from services.domain.encoding import digest_of
from services.domain.receiving import Examined, Outcome, examine
from services.domain.telling import told_of_fork, told_of_own_unknown, told_of_quarantine, told_of_refusal
from services.domain.trust import AgreementInForce, Trust
from services.domain.vouching import credential_name, judge_receipt
from services.ports import Transaction
from services.posting import Posting

log = structlog.get_logger()

_KEPT_BY_DIGEST_ONLY: Final = "guard."


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
    stored: list[tuple[int, Envelope]] = field(default_factory=list)
    """Links that owe a *stored* receipt."""


class Settlement:
    """One transaction's worth of receiving."""

    def __init__(
        self, tx: Transaction, *, posting: Posting, trust: Trust, now: datetime, range_max: int = RECEIPT_RANGE_MAX
    ) -> None:
        """Work on ``tx``; ``now`` is this county's time for every receipt of the batch."""
        self._tx, self._posting, self._trust, self._now, self._range_max = tx, posting, trust, now, range_max
        self._chains: dict[tuple[str, str], _ChainInHand] = {}
        self._links: list[NewLink] = []
        self._receipts: list[tuple[Envelope, Receipt]] = []
        self._reposted: set[str] = set()
        self._rejections: list[tuple[_ChainInHand, Envelope, Fault]] = []

    def settle(self, batch: Sequence[Examined]) -> None:
        """Carry out the verdicts in order of arrival, then write receipts and heads.

        Raises:
            InvariantError: Our own store does not hold together.
        """
        for found in batch:
            self._take(found)
        self._tx.outbox.record(self._links)
        for envelope, receipt in self._receipts:
            self._apply_receipt(envelope, receipt)
        for hand in self._chains.values():
            if hand.moved:
                self._tx.chains.advance(hand.chain.number, hand.head)
            self._attest_stored(hand)
        for hand, envelope, fault in self._rejections:
            self._attest_rejected(hand, envelope, fault)

    def _take(self, found: Examined) -> None:
        dispatch: dict[Outcome, Callable[[Examined], None]] = {
            Outcome.ACCEPTABLE: self._chain_in,
            Outcome.REJECTED: self._chain_in,
            Outcome.QUARANTINED: self._quarantine,
            Outcome.UNKNOWN_REGISTRY: self._hold,
            Outcome.OWN: self._own,
        }
        dispatch[found.outcome](found)

    # -- the chain ---------------------------------------------------------------------------

    def _in_hand(self, found: Examined) -> _ChainInHand:
        envelope = _envelope(found)
        header = envelope.header
        key = (header.channel, header.epoch)
        hand = self._chains.get(key)
        if hand is None:
            chain = self._tx.chains.find(*key) or self._open(envelope, found.kind or ChainKind.EVENT)
            hand = _ChainInHand(chain, chain.head, self._tx.chains.has_waiting(chain.number))
            self._chains[key] = hand
        return hand

    def _open(self, envelope: Envelope, kind: ChainKind) -> Chain:
        header = envelope.header
        head = Position(BEFORE_EPOCH, NO_LINK)
        chain = Chain(0, header.channel, header.epoch, header.source, header.agreement_id, kind, tuple(header.to), head)
        return self._tx.chains.open(chain)

    def _chain_in(self, found: Examined) -> None:
        envelope, hand = _envelope(found), self._in_hand(found)
        if hand.chain.frozen:
            self._quarantine(replace(found, fault=Fault("chain.frozen", "channel", "a fork was proved before")))
            return
        verdict = judge(envelope.link, head=hand.head, held_id=self._held_id(hand, envelope.link))
        if verdict is ChainVerdict.CONTINUES:
            self._follow(hand, found)
        elif verdict is ChainVerdict.GAP:
            self._gap(hand, found)
        elif verdict is ChainVerdict.REPEATED:
            self._repeat(hand, envelope)
        else:
            self._fork(hand, found)

    def _held_id(self, hand: _ChainInHand, link: Link) -> str | None:
        if link.seq in hand.ids:
            return hand.ids[link.seq]
        if link.seq > hand.head.seq and not hand.waiting:
            return None  # nothing lies beyond the head: no need to ask
        return self._tx.chains.held_id(hand.chain.number, link.seq)

    def _follow(self, hand: _ChainInHand, found: Examined) -> None:
        self._accept(hand, found, early=False)
        self._advance(hand, _envelope(found).link.position)
        while hand.waiting and self._drain_one(hand):
            pass

    def _advance(self, hand: _ChainInHand, head: Position) -> None:
        hand.head, hand.moved = head, True

    def _drain_one(self, hand: _ChainInHand) -> bool:
        seq = hand.head.seq + 1
        early = hand.early.pop(seq, None) or self._tx.chains.early_link(hand.chain.number, seq)
        if early is not None:
            return self._pass_over(hand, early)
        held = self._tx.waiting_room.take_held(hand.chain.channel, hand.chain.epoch, seq)
        if held is None:
            return False
        arrival = Arrival(0, held.subject, held.message)
        found = examine(arrival, trust=self._trust, county=self._posting.county)
        if found.outcome not in {Outcome.ACCEPTABLE, Outcome.REJECTED}:
            self._take(found)
            return False
        if _envelope(found).header.prev != hand.head.envelope_id:
            self._fork(hand, found)
            return False
        self._accept(hand, found, early=False)
        self._advance(hand, _envelope(found).link.position)
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

    def _gap(self, hand: _ChainInHand, found: Examined) -> None:
        envelope = _envelope(found)
        hand.waiting = True
        overtakes = hand.chain.kind is ChainKind.RECEIPT or isinstance(found.event, Alert)
        if found.outcome is Outcome.ACCEPTABLE and overtakes and envelope.header.seq > 0:
            self._accept(hand, found, early=True)
            hand.early[envelope.header.seq] = envelope
            return
        self._hold(found)

    def _accept(self, hand: _ChainInHand, found: Examined, *, early: bool) -> None:
        envelope = _envelope(found)
        fault = found.fault or _misopened(found, envelope)
        refused = fault is not None
        kept = replace(envelope, content=b"", keys_bytes=b"") if refused else envelope
        hand.ids[envelope.header.seq] = envelope.envelope_id
        self._links.append(
            NewLink(
                hand.chain.number,
                Direction.INCOMING,
                kept,
                self._now,
                early=early,
                newer_schema=found.newer_schema,
                level=found.level,
                refused=refused,
            )
        )
        if fault is not None:
            self._quarantine(replace(found, fault=fault))
            if hand.chain.kind is ChainKind.EVENT and envelope.header.seq > 0:
                self._rejections.append((hand, envelope, fault))
        elif isinstance(found.event, Receipt):
            self._receipts.append((envelope, found.event))
        elif hand.chain.kind is ChainKind.EVENT and envelope.header.seq > 0:
            hand.stored.append((envelope.header.seq, envelope))

    def _repeat(self, hand: _ChainInHand, envelope: Envelope) -> None:
        if hand.chain.kind is ChainKind.RECEIPT or envelope.header.seq in hand.ids:
            return
        covering = self._tx.receipt_book.covering(hand.chain.number, envelope.header.seq)
        if covering is None or covering in self._reposted or self._tx.outbox.is_waiting(covering):
            return
        self._reposted.add(covering)
        receipt = self._tx.event(covering)
        if receipt is not None:
            self._posting.repost(self._tx, receipt.envelope)

    def _fork(self, hand: _ChainInHand, found: Examined) -> None:
        fault = Fault("chain.forked", "prev", "the source signed two different events for one place of its chain")
        self._quarantine(replace(found, fault=fault))
        self._freeze(hand, _envelope(found))

    def _freeze(self, hand: _ChainInHand, envelope: Envelope) -> None:
        hand.chain = replace(hand.chain, frozen=True)
        self._tx.chains.freeze(hand.chain.number)
        header = envelope.header
        text = told_of_fork(header.source, header.channel, header.seq)
        self._tx.waiting_room.tell(NoticeKind.FORKED, header.channel, header.source, text, self._now)

    # -- what waits or is refused --------------------------------------------------------------

    def _hold(self, found: Examined) -> None:
        envelope = _envelope(found)
        header = envelope.header
        held = HeldBack(
            header.channel,
            header.epoch,
            header.seq,
            envelope.envelope_id,
            header.source,
            found.arrival.subject,
            found.arrival.message,
            self._now,
        )
        if not self._tx.waiting_room.hold(held):
            fault = Fault("chain.hold_full", "seq", "too many links wait for one that is missing; it will come again")
            self._quarantine(replace(found, fault=fault))
            return
        log.warning("receiver.gap_waited", source=header.source, seq=header.seq, envelope_id=envelope.envelope_id)

    def _quarantine(self, found: Examined) -> None:
        fault = found.fault or Fault("wire.refused", "", "refused")
        message = found.arrival.message
        subject = parse_subject(found.arrival.subject)
        source = subject.source if subject else ""
        digest = digest_of(message)
        kept = None if fault.code.startswith(_KEPT_BY_DIGEST_ONLY) else message
        self._tx.waiting_room.quarantine(
            Quarantined(
                digest,
                len(message),
                source,
                found.arrival.subject,
                fault.code,
                fault.field,
                fault.mend,
                self._now,
                kept,
            )
        )
        text = told_of_quarantine(source, fault)
        self._tx.waiting_room.tell(NoticeKind.QUARANTINED, fault.code, source, text, self._now)
        log.error("receiver.quarantined", source=source, code=fault.code, field=fault.field, digest=digest)

    def _own(self, found: Examined) -> None:
        envelope = _envelope(found)
        if self._tx.event(envelope.envelope_id) is None:
            header = envelope.header
            text = told_of_own_unknown(header.channel, header.seq)
            self._tx.waiting_room.tell(NoticeKind.OWN_UNKNOWN, header.channel, header.source, text, self._now)
            log.error("receiver.own_unknown", envelope_id=envelope.envelope_id)

    # -- receipts --------------------------------------------------------------------------------

    def _apply_receipt(self, envelope: Envelope, receipt: Receipt) -> None:
        target = self._tx.chains.find(receipt.channel, receipt.epoch)
        held = self._tx.chains.held_id(target.number, receipt.seq) if target else None
        fault = judge_receipt(receipt, envelope.header, target, held, self._trust, self._posting.county)
        if fault is not None or target is None:
            arrival = Arrival(0, "", envelope.to_wire())
            self._quarantine(Examined(arrival, Outcome.QUARANTINED, fault=fault, envelope=envelope))
            return
        row = _row_of(receipt, Direction.INCOMING, target.number, self._now, envelope.envelope_id)
        self._tx.receipt_book.record(row)
        self._tx.dues.mark(row)
        if receipt.stage is ReceiptStage.REJECTED:
            text = told_of_refusal(receipt.receiver, receipt.code or "", receipt.text or "")
            self._tx.waiting_room.tell(NoticeKind.REFUSED, receipt.head, receipt.receiver, text, self._now)
            log.error("receiver.rejected", receiver=receipt.receiver, code=receipt.code, envelope_id=receipt.head)

    def _attest_stored(self, hand: _ChainInHand) -> None:
        if not hand.stored:
            return
        links = sorted(hand.stored, key=lambda pair: pair[0])
        by_seq = dict(links)
        for covered in ranges(((seq, env.envelope_id) for seq, env in links), self._range_max):
            members = [by_seq[seq] for seq in range(covered.first, covered.last + 1)]
            self._attest(hand, members, covered, ReceiptStage.STORED, None)
        log.info("receiver.accepted", source=hand.chain.source, first=links[0][0], last=links[-1][0], count=len(links))

    def _attest_rejected(self, hand: _ChainInHand, envelope: Envelope, fault: Fault) -> None:
        seq = envelope.header.seq
        self._attest(hand, [envelope], Range(seq, seq, envelope.envelope_id), ReceiptStage.REJECTED, fault)

    def _attest(
        self, hand: _ChainInHand, members: Sequence[Envelope], covered: Range, stage: ReceiptStage, fault: Fault | None
    ) -> None:
        header = members[-1].header
        agreement = self._trust.by_reference.get(header.agreement) or self._trust.agreement(header.agreement_id)
        if agreement is None:
            return  # no agreement of that name: there is nothing to answer under, and the quarantine row says so
        single = covered.first == covered.last
        receipt = Receipt(
            receiver=CountyCode(self._posting.county),
            stage=stage,
            channel=header.channel,
            epoch=header.epoch,
            first_seq=covered.first,
            seq=covered.last,
            head=covered.head,
            content_digest=header.content.digest if single else None,
            agreement=header.agreement,
            permitted=fault is None or not fault.code.startswith("sharing."),
            received_at=self._now,
            code=fault.code if fault else None,
            text=f"{fault.field}: {fault.mend}"[:300] if fault else None,
        )
        self._post(hand, receipt, agreement, min(member.header.priority for member in members))

    def _post(self, hand: _ChainInHand, receipt: Receipt, agreement: AgreementInForce, priority: int) -> None:
        self._posting.post_receipt(
            self._tx,
            receipt,
            source=hand.chain.source,
            agreement=agreement,
            lane_priority=priority,
            now=self._now,
            row=_row_of(receipt, Direction.OUTGOING, hand.chain.number, self._now, ""),
        )


def _envelope(found: Examined) -> Envelope:
    if found.envelope is None:
        raise InvariantError("only quarantined arrivals lack an envelope")
    return found.envelope


def _misopened(found: Examined, envelope: Envelope) -> Fault | None:
    event, header = found.event, envelope.header
    if (header.seq == 0) != isinstance(event, EpochOpened) and found.fault is None:
        return Fault("chain.bad_opening", "seq", "link 0 opens the epoch, and no other link does")
    if isinstance(event, EpochOpened) and (event.channel, event.epoch) != (header.channel, header.epoch):
        return Fault("chain.bad_opening", "content.epoch", "the record opens another epoch than its header says")
    return None


def _row_of(receipt: Receipt, direction: Direction, target: int, recorded_at: datetime, envelope_id: str) -> ReceiptRow:
    return ReceiptRow(
        envelope_id,
        direction,
        receipt.receiver,
        receipt.stage,
        target,
        receipt.first_seq,
        receipt.seq,
        receipt.received_at,
        recorded_at,
        code=receipt.code,
        text=receipt.text,
        officer=_officer_name(receipt),
        answer=receipt.officer.answer.answer if receipt.officer else None,
        means=receipt.officer.means if receipt.officer else None,
    )


def _officer_name(receipt: Receipt) -> str | None:
    if receipt.officer is None:
        return None
    return credential_name(receipt.officer)
