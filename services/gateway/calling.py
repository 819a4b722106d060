"""An officer has told a neighbour by telephone: the call becomes a signed record, in one transaction."""

from collections.abc import Callable
from datetime import datetime

from schemas.control import CallOutcome, ReceiptStage
from schemas.documents import SignedDocument
from schemas.drafts import CallDraft
from schemas.errors import Fault
from schemas.officers import AnswerWord
from schemas.pages import Strength
from schemas.records import CallRow
from services.acknowledging import give_answer
from services.domain.calls import call_outgoing, call_row, judge_call, record_of_call
from services.domain.neighbours import Silence
from services.domain.trust import Trust
from services.ports import Transaction
from services.posting import Posting


def record_call(
    tx: Transaction,
    envelope_id: str,
    draft: CallDraft,
    *,
    officer: str,
    credential: SignedDocument,
    posting: Posting,
    trust: Callable[[], Trust],
    now: datetime,
) -> CallRow | Fault:
    """Post the record of a call to the county that was called, and keep it beside the event.

    Args:
        tx: One unit of work.
        envelope_id: Of the event that was told.
        draft: Whom, by which end, and when.
        officer: Who called, as the token says.
        credential: Certifies the officer; judged to be in force.
        posting: The way out for the record.
        trust: Returns what is trusted now.
        now: Aware UTC.
    """
    event = tx.event(envelope_id)
    if event is None:
        return Fault("request.not_found", "id", "no such event is here; see GET /api/v1/events")
    fault = judge_call(event, draft, now)
    if fault is not None:
        return fault
    agreement_id = event.envelope.header.agreement_id
    agreement = trust().agreement(agreement_id)
    if agreement is None:
        mend = f"{agreement_id} is not in force here any more, so nothing could be sent under it; adopt it first"
        return Fault("sharing.no_agreement", "agreement", mend)
    record = record_of_call(event, draft, officer=officer, credential=credential, now=now)
    posted = posting.post(tx, call_outgoing(record, agreement, draft.county), now)
    row = call_row(record, record_id=posted.envelope_id, source=posting.county, told=draft.county)
    tx.call_book.note(envelope_id, row)
    for stage in (ReceiptStage.STORED, ReceiptStage.ACKNOWLEDGED):
        told = tx.paging.escalation(Silence(envelope_id, draft.county, stage).key)
        if told is not None and draft.outcome is CallOutcome.TOLD:  # whoever has called has taken it
            give_answer(tx, told, officer, AnswerWord.HANDLING, strength=Strength.WEB_SIGNED, now=now)
    return row
