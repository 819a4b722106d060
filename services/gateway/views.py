"""Rows of the store as answers of the API."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import JsonValue

from schemas.agreements import Agreement
from schemas.control import TAKING_STAGES
from schemas.counties import name_of
from schemas.errors import Fault
from schemas.files import FileReport, KeptFile
from schemas.ids import CountyCode
from schemas.information.attachments import AttachmentShared
from schemas.notices import Notice
from schemas.records import (
    CallRow,
    Chain,
    Delivery,
    ErasureRow,
    EventSummary,
    Page,
    Quarantined,
    ReceiptRow,
    StoredEvent,
)
from schemas.registry import Member
from services.domain.chunks import count_of
from services.domain.reading import content_of, title_of
from services.domain.receiving import judge_permission
from services.domain.signing import verify
from services.domain.trust import Trust
from services.file_work import reads_as_text
from services.gateway.answers import (
    Accepted,
    AnswerLine,
    CallLine,
    DeliveryLine,
    ErasureLine,
    EventDetail,
    EventLine,
    EventPage,
    FaultLine,
    FileLine,
    HolderLine,
    KeyLine,
    MemberLine,
    MemberList,
    NoticeLine,
    QuarantineLine,
    ReceiptLine,
    SignedBy,
    Verification,
)
from services.posting import Posted


def accepted(posted: Posted) -> Accepted:
    """Where an event or receipt stands."""
    return Accepted.model_validate(posted, from_attributes=True)


def event_line(summary: EventSummary) -> EventLine:
    """One line of a listing."""
    line = EventLine.model_validate(summary, from_attributes=True)
    return line if summary.kept is None else line.model_copy(update={"headline": title_of(summary)})


def event_page(page: Page[EventSummary]) -> EventPage:
    """A page of a listing."""
    return EventPage(events=tuple(event_line(row) for row in page.rows), next_since=page.next_since)


def notice_line(notice: Notice) -> NoticeLine:
    """One notice."""
    return NoticeLine.model_validate(notice, from_attributes=True)


def quarantine_line(refused: Quarantined) -> QuarantineLine:
    """One refused message, without its bytes."""
    return QuarantineLine.model_validate(refused, from_attributes=True)


def receipt_line(row: ReceiptRow) -> ReceiptLine:
    """One receipt."""
    return ReceiptLine.model_validate(row, from_attributes=True)


def answer_line(row: ReceiptRow) -> AnswerLine:
    """The answer that this county gave."""
    return AnswerLine(
        officer=row.officer or "",
        answer=row.answer or "",
        means=row.means or "",
        stage=row.stage,
        answered_at=row.received_at,
        note=row.text or "",
        receipt_id=row.envelope_id,
    )


def delivery_line(one: Delivery, receipts: Iterable[ReceiptRow]) -> DeliveryLine:
    """How far an event of ours came at one recipient, and which of its receipts names the officer who took it."""
    line = DeliveryLine.model_validate(one, from_attributes=True)
    taking = (row for row in receipts if row.receiver == one.recipient and row.stage in TAKING_STAGES)
    said = next((row for row in taking if (row.officer, row.answer) == (one.acknowledged_by, one.answer)), None)
    return line.model_copy(update={"means": said.means, "receipt_id": said.envelope_id}) if said else line


def event_detail(
    event: StoredEvent,
    *,
    chain: Chain | None,
    deliveries: Sequence[DeliveryLine],
    answer: ReceiptRow | None,
    erasures: Sequence[ErasureRow],
    trust: Trust,
    now: datetime,
    withheld: bool,
) -> EventDetail:
    """One event whole, verified again from its stored bytes; without its content if that is withheld."""
    return EventDetail(
        envelope_id=event.envelope.envelope_id,
        direction=event.direction,
        position=event.position,
        recorded_at=event.recorded_at,
        level=event.level,
        marks=event.marks,
        header=event.envelope.header,
        content=None if withheld else _content_of(event),
        verification=verification_of(event, chain=chain, trust=trust, now=now),
        deliveries=tuple(deliveries),
        answer=answer_line(answer) if answer else None,
        erasures=erasure_lines(erasures),
        withheld=withheld,
    )


def file_line(kept: KeptFile, reports: Sequence[FileReport], content: bytes) -> FileLine:
    """How far the file of an event is.

    Args:
        kept: As the store has it.
        reports: What recipients say.
        content: Of its event, opened; empty once it was erased.
    """
    said = AttachmentShared.model_validate_json(content, extra="ignore") if content else None
    return FileLine(
        state=kept.state,
        chunks=kept.chunks.count,
        held=count_of(kept.held),
        size=kept.chunks.size,
        scanned=said is not None and reads_as_text(said.media_type),
        holders=tuple(HolderLine.model_validate(one, from_attributes=True) for one in reports),
    )


def call_line(row: CallRow) -> CallLine:
    """One call by telephone."""
    return CallLine.model_validate(row, from_attributes=True)


def erasure_lines(rows: Sequence[ErasureRow]) -> tuple[ErasureLine, ...]:
    """Who has erased a content."""
    return tuple(ErasureLine.model_validate(row, from_attributes=True) for row in rows)


def verification_of(event: StoredEvent, *, chain: Chain | None, trust: Trust, now: datetime) -> Verification:
    """Verify the stored bytes now, by what is trusted now."""
    envelope, header = event.envelope, event.envelope.header
    fault, denied = verify(envelope, trust), judge_permission(envelope, trust)
    return Verification(
        holds=fault is None,
        fault=fault_line(fault),
        signed_by=tuple(_signed_by(kid, trust) for kid in header.signers),
        registry_version=trust.registry.version,
        channel=header.channel,
        epoch=header.epoch,
        seq=header.seq,
        prev=header.prev,
        chain_frozen=chain is not None and chain.frozen,
        agreement=header.agreement,
        permitted=denied is None,
        permission_fault=fault_line(denied),
        early=event.early,
        newer_schema=event.newer_schema,
        verified_at=now,
    )


def fault_line(fault: Fault | None) -> FaultLine | None:
    """A fault as a value of the API."""
    return None if fault is None else FaultLine(code=fault.code, field=fault.field, mend=fault.mend)


def member_list(trust: Trust, county: str) -> MemberList:
    """The registry in force, with the agreements that ``county`` shares with each member."""
    registry = trust.registry
    ours = [one.agreement for one in trust.agreements.values() if county in one.agreement.parties]
    return MemberList(
        registry_version=registry.version,
        registry_digest=trust.registry_digest,
        expires_at=registry.expires_at,
        members=tuple(_member_line(member, county, ours) for member in registry.members),
    )


def _member_line(member: Member, county: str, agreements: Sequence[Agreement]) -> MemberLine:
    return MemberLine(
        county=member.county,
        name=name_of(member.county),
        office=member.office,
        duty_phone=member.duty_phone,
        own=member.county == county,
        keys=tuple(KeyLine.model_validate(key, from_attributes=True) for key in member.keys),
        agreements=tuple(sorted(one.id for one in agreements if member.county in one.parties)),
    )


def _signed_by(kid: str, trust: Trust) -> SignedBy:
    record = trust.key(kid)
    return SignedBy(
        kid=kid,
        county=CountyCode(record.county) if record else None,
        use=record.key.use if record else None,
    )


def _content_of(event: StoredEvent) -> JsonValue:
    try:
        value: JsonValue = json.loads(content_of(event))
    except ValueError:
        return None  # detached, or erased: the header's digest still says what it was
    return value
