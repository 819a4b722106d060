"""An officer answers an incoming event (签收) over HTTP: who stands behind it is judged here."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from pydantic import JsonValue

from schemas.access import Access
from schemas.documents import SignedDocument
from schemas.drafts import AcknowledgementDraft
from schemas.errors import ConflictError, Fault, NotFoundError, RequestError
from schemas.escalations import Escalation
from schemas.notices import NoticeKind
from schemas.officers import Answer, Means, OfficerCredential, OfficerProof
from schemas.pages import Strength
from schemas.records import Direction, StoredEvent
from services.acknowledging import Acknowledgement, AlreadyAnswered, agreement_of, attest, give_answer, judge_bound
from services.domain.documents import document_digest
from services.domain.encoding import compact_json
from services.domain.guards import guard_new
from services.domain.sharing import CONTROL_PREFIX
from services.domain.signatures import signature_holds
from services.domain.trust import Trust
from services.domain.vouching import answer_bytes
from services.gateway.bodies import read_body, without_prefix
from services.ports import Clock, Directory, Store, Transaction
from services.posting import Posting

log = structlog.get_logger()

_AHEAD: Final = timedelta(minutes=10)
"""A claimed time further ahead than this is no claim that a source would believe."""


def read_answer(body: bytes) -> AcknowledgementDraft | tuple[Fault, ...]:
    """Parse the body strictly; an empty body says simply *received*. The note is free text, so it is guarded."""
    draft = read_body(body or b"{}", AcknowledgementDraft, "acknowledgement")
    if isinstance(draft, tuple):
        return draft
    noted: dict[str, JsonValue] = {"note": draft.note}
    fault = guard_new(noted, compact_json(noted))
    return draft if fault is None else without_prefix((fault,), "content")


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


def _heard(tx: Transaction, told: Escalation, said: Answer) -> bool:
    """Tell whether the same officer's same answer is written down already."""
    return any((one.officer, one.word) == (said.officer, said.answer) for one in tx.paging.answers_to(told.key))


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
        agreement_of(event, trust)
        proof = self._proof(draft, event, document, officer, trust=trust, now=now)
        outcome = await self._store.write(lambda tx: self._answer(tx, event, proof, trust, now))
        if isinstance(outcome, Acknowledgement):
            log.info(
                "gateway.acknowledged",
                envelope_id=envelope_id,
                receipt_id=outcome.receipt.envelope_id,
                officer=officer,
                stage=outcome.stage,
                means=proof.means,
            )
        return outcome

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

    def _answer(
        self, tx: Transaction, event: StoredEvent, proof: OfficerProof, trust: Trust, now: datetime
    ) -> Acknowledgement | AlreadyAnswered:
        """Attest the answer, and let whoever is being told of the event hear of it."""
        outcome = attest(tx, event, proof, posting=self._posting, trust=trust, now=now)
        envelope_id, said = event.envelope.envelope_id, proof.answer
        tx.waiting_room.resolve(NoticeKind.SOURCE_NOT_TOLD, envelope_id, event.envelope.header.source, now)
        told = tx.paging.of_version(envelope_id) or tx.paging.escalation(envelope_id)  # an earlier version counts too
        if told is not None and (isinstance(outcome, Acknowledgement) or not _heard(tx, told, said)):
            give_answer(tx, told, said.officer, said.answer, strength=Strength.WEB_SIGNED, now=now)
        return outcome

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
