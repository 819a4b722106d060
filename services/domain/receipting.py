"""What a county attests about an event, and the facts of it that its book keeps.

Source: docs/protocol.md, section "Receipts"
"""

from datetime import datetime

from schemas.control import Receipt, ReceiptStage
from schemas.ids import CountyCode
from schemas.officers import OfficerProof
from schemas.records import Direction, ReceiptRow, StoredEvent
from services.domain.receiving import judge_permission
from services.domain.trust import Trust
from services.domain.vouching import credential_name


def receipt_about(
    event: StoredEvent,
    stage: ReceiptStage,
    *,
    receiver: str,
    trust: Trust,
    now: datetime,
    officer: OfficerProof | None = None,
    text: str | None = None,
) -> Receipt:
    """Return what ``receiver`` attests about one event of a neighbour's.

    Args:
        event: The event, as it came.
        stage: How far it has come.
        receiver: Our own county.
        trust: What this node trusts now.
        now: Aware UTC.
        officer: Who answers; None where a system or the clock does.
        text: A note; None if there is none.
    """
    header = event.envelope.header
    return Receipt(
        receiver=CountyCode(receiver),
        stage=stage,
        channel=header.channel,
        epoch=header.epoch,
        first_seq=header.seq,
        seq=header.seq,
        head=event.envelope.envelope_id,
        content_digest=header.content.digest,
        agreement=header.agreement,
        permitted=judge_permission(event.envelope, trust) is None,
        received_at=now,
        officer=officer,
        text=text,
    )


def row_of(receipt: Receipt, direction: Direction, target: int, recorded_at: datetime, envelope_id: str) -> ReceiptRow:
    """Return the facts of a receipt as the book keeps them.

    Args:
        receipt: Ours or a neighbour's.
        direction: Out if it is ours.
        target: Number of the chain that it is about.
        recorded_at: Aware UTC.
        envelope_id: Of the envelope that carries it.
    """
    proof = receipt.officer
    return ReceiptRow(
        envelope_id=envelope_id,
        direction=direction,
        receiver=receipt.receiver,
        stage=receipt.stage,
        target_chain=target,
        first_seq=receipt.first_seq,
        seq=receipt.seq,
        received_at=receipt.received_at,
        recorded_at=recorded_at,
        officer=credential_name(proof) if proof else None,
        answer=proof.answer.answer if proof else None,
        means=proof.means if proof else None,
        code=receipt.code,
        text=receipt.text,
    )
