"""An officer answers an incoming event (签收): the answer becomes a receipt in one transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from pydantic import JsonValue

from schemas.access import Access
from schemas.base import format_time
from schemas.control import Receipt, ReceiptStage
from schemas.documents import SignedDocument
from schemas.drafts import AcknowledgementDraft
from schemas.errors import ConflictError, Fault, NotFoundError, RequestError, SharingDeniedError
from schemas.officers import Answer, AnswerWord, Means, OfficerCredential, OfficerProof
from schemas.records import Direction, ReceiptRow, StoredEvent
from services.domain.delivery import URGENT_PRIORITY
from services.domain.documents import document_digest
from services.domain.encoding import compact_json, parse_strict
from services.domain.governance import judge_officer
from services.domain.guards import guard_control, guard_new
from services.domain.receiving import judge_permission
from services.domain.sharing import CONTROL_PREFIX
from services.domain.signatures import signature_holds
from services.domain.trust import AgreementInForce, Trust
from services.domain.vouching import answer_bytes, credential_name
from services.gateway.bodies import read_body, without_prefix
from services.ports import Clock, Directory, Store, Transaction
from services.posting import Posted, Posting

log = structlog.get_logger()

_ORDINARY_PRIORITY: Final = 3
_AHEAD: Final = timedelta(minutes=10)
"""A claimed time further ahead than this is no claim that a source would believe."""


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


def read_answer(body: bytes) -> AcknowledgementDraft | tuple[Fault, ...]:
    """Parse the body strictly; an empty body says simply *received*. The note is free text, so it is guarded."""
    draft = read_body(body or b"{}", AcknowledgementDraft, "acknowledgement")
    if isinstance(draft, tuple):
        return draft
    noted: dict[str, JsonValue] = {"note": draft.note}
    fault = guard_new(noted, compact_json(noted))
    return draft if fault is None else without_prefix((fault,), "content")


def stage_of(answer: AnswerWord) -> ReceiptStage:
    """Return what an answer amounts to: whoever cannot has declined."""
    return ReceiptStage.DECLINED if answer is AnswerWord.CANNOT else ReceiptStage.ACKNOWLEDGED


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


def prove(
    draft: AcknowledgementDraft,
    event: StoredEvent,
    *,
    document: SignedDocument,
    credential: OfficerCredential,
    now: datetime,
) -> OfficerProof | Fault:
    """Bind an answer to the officer: by the officer's own signature, or by the token alone.

    Args:
        draft: What was sent.
        event: What is answered.
        document: The credential as certified; it travels with the receipt.
        credential: Its content, judged to be in force.
        now: Aware UTC.
    """
    fault = _mistimed(draft, now)
    if fault is not None:
        return fault
    answer = Answer(
        envelope_id=event.envelope.envelope_id,
        county=credential.county,
        officer=credential.officer,
        answer=draft.answer,
        note=draft.note,
        answered_at=draft.answered_at or now,
    )
    if draft.signature is not None and not signature_holds(credential.public, answer_bytes(answer), draft.signature):
        mend = "it is not the officer's signature over this answer; sign the bytes that docs/protocol.md names"
        return Fault("acknowledgement.signature", "signature", mend)
    return OfficerProof(
        credential=document,
        credential_digest=document_digest(document),
        means=Means.TOKEN if draft.signature is None else Means.KEY_FILE,
        answer=answer,
        signature=draft.signature,
    )


def _mistimed(draft: AcknowledgementDraft, now: datetime) -> Fault | None:
    if (draft.answered_at is None) != (draft.signature is None):
        mend = "a signed answer names its time, for it was signed; an unsigned one gets the time of this node"
        return Fault("acknowledgement.answered_at", "answered_at", mend)
    if draft.answered_at is not None and draft.answered_at > now + _AHEAD:
        return Fault(
            "acknowledgement.answered_at", "answered_at", "it lies in the future; set the clock and sign again"
        )
    return None


class Acknowledger:
    """Turn officers' answers into receipts."""

    def __init__(self, *, store: Store, posting: Posting, directory: Directory, clock: Clock) -> None:
        """Take ready-made ports; open nothing."""
        self._store, self._posting, self._directory, self._clock = store, posting, directory, clock

    async def acknowledge(self, envelope_id: str, body: bytes, *, access: Access) -> Acknowledgement | AlreadyAnswered:
        """Answer one incoming event as the officer that the caller's token is bound to.

        Raises:
            NotFoundError: No such event here.
            ConflictError: The event is our own.
            RequestError: The answer does not fit, or no valid officer stands behind it.
            UnavailableError: The node cannot write now; nothing happened.
        """
        draft = read_answer(body)
        if isinstance(draft, tuple):
            raise RequestError(*draft)
        now, trust = self._clock.now(), self._directory.trust()
        document, officer = self._document(access)
        event = await self._event(envelope_id)
        agreement = _agreement_of(event, trust)
        proof = self._proof(draft, event, document, officer, trust=trust, now=now)
        receipt = _guarded(_receipt_of(event, proof, trust=trust, now=now))
        row = _row_of(receipt, event, proof, now)
        outcome = await self._store.write(lambda tx: self._answer(tx, event, receipt, agreement, row))
        if isinstance(outcome, AlreadyAnswered):
            return outcome
        log.info(
            "gateway.acknowledged",
            envelope_id=envelope_id,
            receipt_id=outcome.envelope_id,
            officer=officer,
            stage=receipt.stage,
            means=proof.means,
        )
        return Acknowledgement(outcome, receipt.stage, proof, credential_name(proof))

    def credential(self, access: Access, at: datetime) -> tuple[SignedDocument, str]:
        """Return the officer that a token is bound to, and the credential, in force ``at`` and now.

        Raises:
            RequestError: No valid officer stands behind the token.
        """
        document, officer = self._document(access)
        now, trust = self._clock.now(), self._directory.trust()
        fault = judge_bound(document, officer, self._posting.county, trust=trust, now=now, answered_at=at)
        if isinstance(fault, Fault):
            raise RequestError(fault)
        return document, officer

    def _document(self, access: Access) -> tuple[SignedDocument, str]:
        if access.officer is None:
            mend = "this token is bound to no officer; a person answers with a token of their own"
            raise RequestError(Fault("access.no_officer", "Authorization", mend))
        document = self._directory.credential(access.officer)
        if document is None:
            mend = f"{access.officer} has no certified credential here; have one certified, or ask why it was revoked"
            raise RequestError(Fault("officer.unknown", "officer", mend))
        return document, access.officer

    def _proof(
        self,
        draft: AcknowledgementDraft,
        event: StoredEvent,
        document: SignedDocument,
        officer: str,
        *,
        trust: Trust,
        now: datetime,
    ) -> OfficerProof:
        answered_at = draft.answered_at or now
        credential = judge_bound(document, officer, self._posting.county, trust=trust, now=now, answered_at=answered_at)
        if isinstance(credential, Fault):
            raise RequestError(credential)
        proof = prove(draft, event, document=document, credential=credential, now=now)
        if isinstance(proof, Fault):
            raise RequestError(proof)
        return proof

    async def _event(self, envelope_id: str) -> StoredEvent:
        event = await self._store.read(lambda snapshot: snapshot.event(envelope_id))
        if event is None or event.envelope.header.type.startswith(CONTROL_PREFIX):
            raise NotFoundError(Fault("request.not_found", "id", "no such event is here; see GET /api/v1/events"))
        if event.direction is Direction.OUTGOING:
            mend = "this is our own event; those who received it answer"
            raise ConflictError(Fault("acknowledgement.own_event", "id", mend))
        return event

    def _answer(
        self, tx: Transaction, event: StoredEvent, receipt: Receipt, agreement: AgreementInForce, row: ReceiptRow
    ) -> Posted | AlreadyAnswered:
        header = event.envelope.header
        first = tx.receipt_book.answered(event.chain_number, header.seq)
        if first is not None:
            return AlreadyAnswered(first)
        return self._posting.post_receipt(
            tx,
            receipt,
            source=header.source,
            agreement=agreement,
            lane_priority=URGENT_PRIORITY if header.priority <= URGENT_PRIORITY else _ORDINARY_PRIORITY,
            now=row.recorded_at,
            row=row,
        )


def _agreement_of(event: StoredEvent, trust: Trust) -> AgreementInForce:
    header = event.envelope.header
    agreement = trust.by_reference.get(header.agreement) or trust.agreement(header.agreement_id)
    if agreement is None:
        mend = f"{header.agreement_id} is not in hand any more, so there is nothing to answer under; adopt it again"
        raise SharingDeniedError(Fault("sharing.no_agreement", "agreement", mend))
    return agreement


def _receipt_of(event: StoredEvent, proof: OfficerProof, *, trust: Trust, now: datetime) -> Receipt:
    header = event.envelope.header
    return Receipt(
        receiver=proof.answer.county,
        stage=stage_of(proof.answer.answer),
        channel=header.channel,
        epoch=header.epoch,
        first_seq=header.seq,
        seq=header.seq,
        head=event.envelope.envelope_id,
        content_digest=header.content.digest,
        agreement=header.agreement,
        permitted=judge_permission(event.envelope, trust) is None,
        received_at=now,
        officer=proof,
        text=proof.answer.note or None,
    )


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


def _row_of(receipt: Receipt, event: StoredEvent, proof: OfficerProof, now: datetime) -> ReceiptRow:
    return ReceiptRow(
        envelope_id="",  # filled in when the receipt is posted
        direction=Direction.OUTGOING,
        receiver=receipt.receiver,
        stage=receipt.stage,
        target_chain=event.chain_number,
        first_seq=receipt.first_seq,
        seq=receipt.seq,
        received_at=now,
        recorded_at=now,
        officer=credential_name(proof),
        answer=proof.answer.answer,
        means=proof.means,
        text=receipt.text,
    )
