"""A county erases one of its own events, here at once and at every recipient as soon as its record comes there."""

from collections.abc import Callable
from datetime import datetime

from schemas.drafts import ErasureDraft
from schemas.errors import Fault
from schemas.records import ErasureRow
from services.domain.erasure import judge_request, outgoing_of, record_of
from services.domain.trust import Trust
from services.erasing import erase_here
from services.ports import Transaction
from services.posting import Posting


def erase_event(
    tx: Transaction,
    envelope_id: str,
    draft: ErasureDraft,
    *,
    posting: Posting,
    trust: Callable[[], Trust],
    now: datetime,
) -> tuple[ErasureRow, ...] | Fault:
    """Erase keys part, content and content key of an own event, and tell its audience, in one transaction.

    Args:
        tx: One unit of work.
        envelope_id: Of the event.
        draft: Why, and whether recipients that lack it may go on lacking it.
        posting: The way out for the record.
        trust: Returns what is trusted now.
        now: Aware UTC.

    Returns:
        Who has erased it by now, or why it cannot be erased. What was erased before stays as it was.
    """
    event = tx.event(envelope_id)
    if event is None:
        return Fault("request.not_found", "id", "no such event is here; see GET /api/v1/events")
    before = tx.erasures_of(envelope_id)
    if any(row.county == posting.county for row in before):
        return tuple(before)
    fault = judge_request(event, tx.deliveries(envelope_id), now, undelivered=draft.undelivered)
    header = event.envelope.header
    agreement = trust().agreement(header.agreement_id)
    if fault is None and agreement is None:
        mend = f"{header.agreement_id} is not in force here any more, so nobody could be told; adopt it first"
        fault = Fault("sharing.no_agreement", "agreement", mend)
    if fault is not None or agreement is None:
        return fault or Fault("sharing.no_agreement", "agreement", "")
    row = ErasureRow(posting.county, draft.reason, now)
    erase_here(tx, envelope_id, row)
    posting.post(tx, outgoing_of(record_of(event.envelope, draft.reason, now), agreement, header.to), now)
    return (row,)
