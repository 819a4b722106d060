"""A neighbour was told by telephone: who may say so, and about what.

Source: docs/protocol.md, section "Calls"
"""

from datetime import datetime, timedelta
from typing import Final

from schemas.control import CallRecorded
from schemas.documents import SignedDocument
from schemas.drafts import CallDraft
from schemas.envelope import Header
from schemas.errors import Fault
from schemas.ids import CountyCode
from schemas.records import CallRow, Direction, StoredEvent
from services.domain.drafting import Outgoing, control_report
from services.domain.governance import judge_officer
from services.domain.sharing import CONTROL_PREFIX
from services.domain.trust import AgreementInForce, Trust
from services.domain.vouching import name_in

_AHEAD: Final = timedelta(minutes=10)


def judge_call(event: StoredEvent, draft: CallDraft, now: datetime) -> Fault | None:
    """Decide whether a call about an event can be recorded.

    Args:
        event: What was told.
        draft: Whom, by which end, and when.
        now: Aware UTC.
    """
    header = event.envelope.header
    if event.direction is not Direction.OUTGOING or header.type.startswith(CONTROL_PREFIX):
        return Fault("call.not_ours", "id", "a county records its calls about its own events; this is none")
    if draft.county not in header.to:
        mend = f"the event is not addressed to {draft.county}; it is to {', '.join(header.to[:8])}"
        return Fault("call.not_addressed", "county", mend)
    called_at = draft.called_at or now
    if not header.time - _AHEAD <= called_at <= now + _AHEAD:
        mend = "it lies before the event or in the future; give the time of the call"
        return Fault("call.called_at", "called_at", mend)
    return None


def record_of_call(
    event: StoredEvent, draft: CallDraft, *, officer: str, credential: SignedDocument, now: datetime
) -> CallRecorded:
    """Return what is said about a call that was judged good."""
    return CallRecorded(
        id=event.envelope.envelope_id,
        office=draft.office,
        outcome=draft.outcome,
        called_at=draft.called_at or now,
        officer=officer,
        credential=credential,
    )


def call_outgoing(record: CallRecorded, agreement: AgreementInForce, told: str) -> Outgoing:
    """Return the record ready to be posted to the county that was called, and to no other."""
    return control_report(record, agreement, (CountyCode(told),))


def judge_call_record(record: CallRecorded, header: Header, trust: Trust) -> Fault | None:
    """Decide whether the record of a neighbour's call to us counts: to us alone, by an officer of that county."""
    if len(header.to) != 1:
        return Fault("call.audience", "to", "a call is recorded to the one county that was called")
    credential = judge_officer(record.credential, trust, header.source, record.called_at)
    if isinstance(credential, Fault):
        return credential
    if credential.officer != record.officer:
        return Fault("call.other_officer", "content.officer", "the credential is another officer's")
    return None


def call_row(record: CallRecorded, *, record_id: str, source: str, told: str) -> CallRow:
    """Return what is kept about a recorded call."""
    return CallRow(
        record_id=record_id,
        source=source,
        told=told,
        office=record.office,
        outcome=record.outcome,
        officer=name_in(record.credential) or record.officer,
        called_at=record.called_at,
    )
