"""An officer's answer becomes a receipt, in one transaction: by which way it came is for the caller to know."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schemas.base import format_time
from schemas.control import Receipt, ReceiptStage
from schemas.documents import SignedDocument
from schemas.errors import Fault, RequestError, SharingDeniedError
from schemas.escalations import AnswerGiven, Escalation
from schemas.officers import AnswerWord, OfficerCredential, OfficerProof
from schemas.pages import Strength
from schemas.records import Direction, ReceiptRow, StoredEvent
from services.domain.delivery import URGENT_PRIORITY
from services.domain.encoding import parse_strict
from services.domain.escalation import woken
from services.domain.governance import judge_officer
from services.domain.guards import guard_control
from services.domain.receipting import receipt_about
from services.domain.trust import AgreementInForce, Trust
from services.domain.vouching import credential_name
from services.ports import Transaction
from services.posting import Posted, Posting

_ORDINARY_PRIORITY: Final = 3
_GRAVE_LEVEL: Final = 2
"""At this level and above a false alarm is still to be checked by somebody: it stops nothing."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """An answer that has become a receipt."""

    receipt: Posted
    stage: ReceiptStage
    proof: OfficerProof
    officer: str


@dataclass(frozen=True, slots=True)
class AlreadyAnswered:
    """The answer that stands; a second one changes nothing."""

    first: ReceiptRow

    @property
    def fault(self) -> Fault:
        """Say who answered and when."""
        mend = f"already by {self.first.officer} at {format_time(self.first.received_at)}; nothing more is to be done"
        return Fault("acknowledgement.already", "", mend)


def stage_of(answer: AnswerWord, level: int | None) -> ReceiptStage:
    """Return what an answer amounts to: *declined* unless the county takes the event by it.

    Who cannot, or passes it on, leaves open who will; on levels 1 and 2 so does who calls it a false alarm.
    """
    if answer in {AnswerWord.CANNOT, AnswerWord.PASSED_ON}:
        return ReceiptStage.DECLINED
    grave = level is not None and level <= _GRAVE_LEVEL
    return ReceiptStage.DECLINED if answer is AnswerWord.FALSE_ALARM and grave else ReceiptStage.ACKNOWLEDGED


def judge_bound(
    document: SignedDocument, officer: str, county: str, *, trust: Trust, now: datetime, answered_at: datetime
) -> OfficerCredential | Fault:
    """Judge the credential of the officer that a token is bound to.

    Args:
        document: The credential as certified.
        officer: Whom the token names.
        county: Ourselves.
        trust: What this node trusts now.
        now: Aware UTC.
        answered_at: When the answer was given: the source will ask whether it was in force then.
    """
    credential = judge_officer(document, trust, county, answered_at)
    if isinstance(credential, Fault):
        return credential
    if credential.officer != officer:
        return Fault("officer.other", "officer", f"the credential names {credential.officer}, the token {officer}")
    return credential if now == answered_at else judge_officer(document, trust, county, now)


def attest(
    tx: Transaction, event: StoredEvent, proof: OfficerProof, *, posting: Posting, trust: Trust, now: datetime
) -> Acknowledgement | AlreadyAnswered:
    """Turn an officer's answer to an incoming event into a receipt for its source.

    Args:
        tx: The caller's transaction.
        event: What is answered.
        proof: The answer and who stands behind it, judged to be in force.
        posting: The way out.
        trust: What this node trusts now.
        now: Aware UTC.

    Returns:
        What was posted; or the answer by which the event was taken before, and nothing has changed.

    Raises:
        RequestError: The source would refuse it, or there is no agreement to answer under.
    """
    header = event.envelope.header
    first = tx.receipt_book.answered(event.chain_number, header.seq) or _same_answer(tx, event, proof)
    if first is not None:
        return AlreadyAnswered(first)
    agreement = agreement_of(event, trust)
    stage, text = stage_of(proof.answer.answer, event.level), proof.answer.note or None
    receipt = _guarded(
        receipt_about(event, stage, receiver=proof.answer.county, trust=trust, now=now, officer=proof, text=text)
    )
    posted = posting.post_receipt(
        tx,
        receipt,
        source=header.source,
        agreement=agreement,
        lane_priority=URGENT_PRIORITY if header.priority <= URGENT_PRIORITY else _ORDINARY_PRIORITY,
        now=now,
        target=event.chain_number,
    )
    return Acknowledgement(posted, receipt.stage, proof, credential_name(proof))


def _same_answer(tx: Transaction, event: StoredEvent, proof: OfficerProof) -> ReceiptRow | None:
    """Return the receipt of the same officer's same answer: pressed twice, it is said once."""
    said = (Direction.OUTGOING, ReceiptStage.DECLINED, credential_name(proof), proof.answer.answer)
    rows = tx.receipts(event.envelope.envelope_id)
    return next((row for row in rows if (row.direction, row.stage, row.officer, row.answer) == said), None)


def give_answer(
    tx: Transaction,
    escalation: Escalation,
    officer: str,
    word: AnswerWord,
    *,
    strength: Strength,
    now: datetime,
    to_officer: str = "",
) -> AnswerGiven:
    """Write an officer's answer down for the escalation that tells of an event, and have it planned anew."""
    answer = tx.paging.add_answer(escalation.key, officer, word, strength=strength, at=now, to_officer=to_officer)
    tx.paging.keep(woken(escalation))
    return answer


def agreement_of(event: StoredEvent, trust: Trust) -> AgreementInForce:
    """Return the agreement to answer an event under.

    Raises:
        SharingDeniedError: It is not in hand any more.
    """
    header = event.envelope.header
    agreement = trust.by_reference.get(header.agreement) or trust.agreement(header.agreement_id)
    if agreement is None:
        mend = f"{header.agreement_id} is not in hand any more, so there is nothing to answer under; adopt it again"
        raise SharingDeniedError(Fault("sharing.no_agreement", "agreement", mend))
    return agreement


def _guarded(receipt: Receipt) -> Receipt:
    """Judge a receipt as its source will: the note, and what the officer's credential says.

    Raises:
        RequestError: The source would refuse it.
    """
    content = receipt.model_dump_json(exclude_none=True).encode()
    value = parse_strict(content, max_bytes=len(content), what="receipt")
    fault = value if isinstance(value, Fault) else guard_control(value, content)
    if fault is not None:
        raise RequestError(fault)
    return receipt
