"""Receipts: what this county attests about what it took, and what its neighbours attest about what it sent."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from schemas.control import DutyTold, Receipt, ReceiptStage
from schemas.envelope import Envelope
from schemas.errors import Fault
from schemas.ids import CountyCode
from schemas.records import RESTORED, Chain, Direction
from services.domain.delivery import Range, ranges
from services.domain.receipting import row_of
from services.domain.receiving import Examined
from services.domain.trust import Trust
from services.domain.vouching import judge_receipt
from services.ports import Transaction
from services.posting import Posting
from services.receiver.keeping import Keeper, envelope_of

log = structlog.get_logger()

_TEXT_MAX = 300


class Attester:
    """Writes receipts and applies those that come, within one transaction."""

    def __init__(
        self, tx: Transaction, *, posting: Posting, keeper: Keeper, trust: Trust, now: datetime, range_max: int
    ) -> None:
        """Work on ``tx``; one *stored* receipt covers at most ``range_max`` events."""
        self._tx, self._posting, self._keeper = tx, posting, keeper
        self._trust, self._now, self._range_max = trust, now, range_max
        self._reposted: set[str] = set()

    def apply(self, found: Examined, receipt: Receipt) -> None:
        """Let a neighbour's receipt count, or quarantine it.

        After a restore a receipt may reach beyond what we hold of our own chain: it counts for the part that we hold.
        Or it is about a chain that we opened after the backup: then it is no wrong of the neighbour's.
        """
        envelope = envelope_of(found)
        target = self._tx.chains.find(receipt.channel, receipt.epoch)
        lost = target is not None and target.retired and receipt.seq > target.head.seq
        held = receipt.head if lost else self._tx.chains.held_id(target.number, receipt.seq) if target else None
        fault = judge_receipt(receipt, envelope.header, target, held, self._trust, self._posting.county)
        if target is None and receipt.receiver == envelope.header.source and RESTORED in self._tx.memory.settings():
            self._keeper.tell_lost_channel(receipt.receiver)
            return
        if fault is not None or target is None:
            self._keeper.quarantine(replace(found, fault=fault))
            return
        row = row_of(receipt, Direction.INCOMING, target.number, self._now, envelope.envelope_id)
        if lost:
            self._keeper.tell_lost(target, receipt.receiver)
            row = replace(row, seq=target.head.seq)
            if row.first_seq > row.seq:
                return
        self._tx.receipt_book.record(row)
        self._tx.dues.mark(row)
        if receipt.stage is ReceiptStage.REJECTED:
            self._keeper.tell_refusal(receipt, quiet=self._is_courtesy(receipt.head))

    def _is_courtesy(self, envelope_id: str) -> bool:
        """Tell whether nobody has to act because it was refused: an older node refuses every word about who stands."""
        refused = self._tx.event(envelope_id)
        return refused is not None and refused.envelope.header.type == DutyTold.wire_type

    def repeat(self, chain: Chain, seq: int) -> None:
        """An event came again: let its covering receipt go again, unless that is still on its way out."""
        covering = self._tx.receipt_book.covering(chain.number, seq)
        if covering is None or covering in self._reposted or self._tx.outbox.is_waiting(covering):
            return
        self._reposted.add(covering)
        receipt = self._tx.event(covering)
        if receipt is not None:
            self._posting.repost(self._tx, receipt.envelope)

    def stored(self, chain: Chain, links: Sequence[Envelope]) -> None:
        """Attest that these events of one chain, in whatever order, are durable here."""
        by_seq = {one.header.seq: one for one in links}
        order = sorted(by_seq)
        for covered in ranges(((seq, by_seq[seq].envelope_id) for seq in order), self._range_max):
            members = [by_seq[seq] for seq in range(covered.first, covered.last + 1)]
            self._attest(chain, members, covered, ReceiptStage.STORED, None)
        log.info("receiver.accepted", source=chain.source, first=order[0], last=order[-1], count=len(order))

    def rejected(self, chain: Chain, envelope: Envelope, fault: Fault) -> None:
        """Attest that this event is the source's own and was refused."""
        seq = envelope.header.seq
        self._attest(chain, [envelope], Range(seq, seq, envelope.envelope_id), ReceiptStage.REJECTED, fault)

    def _attest(
        self, chain: Chain, members: Sequence[Envelope], covered: Range, stage: ReceiptStage, fault: Fault | None
    ) -> None:
        header = members[-1].header
        agreement = self._trust.by_reference.get(header.agreement) or self._trust.agreement(header.agreement_id)
        if agreement is None:
            return  # no agreement of that name: there is nothing to answer under, and the quarantine row says so
        receipt = Receipt(
            receiver=CountyCode(self._posting.county),
            stage=stage,
            channel=header.channel,
            epoch=header.epoch,
            first_seq=covered.first,
            seq=covered.last,
            head=covered.head,
            content_digest=header.content.digest if covered.first == covered.last else None,
            agreement=header.agreement,
            permitted=fault is None or not fault.code.startswith("sharing."),
            received_at=self._now,
            code=fault.code if fault else None,
            text=f"{fault.field}: {fault.mend}"[:_TEXT_MAX] if fault else None,
        )
        self._posting.post_receipt(
            self._tx,
            receipt,
            source=chain.source,
            agreement=agreement,
            lane_priority=min(member.header.priority for member in members),
            now=self._now,
            target=chain.number,
        )
