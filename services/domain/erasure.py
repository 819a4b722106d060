"""Erasing: who may ask for it, what is said about it, and who may say so. Header and signatures always stay.

Source: docs/protocol.md, section "Erasure"; docs/decisions/0017-erase-content-keep-the-chain.md
"""

from collections.abc import Sequence
from datetime import datetime

from schemas.control import ContentErased, ErasureReason
from schemas.envelope import Envelope, Header
from schemas.errors import Fault
from schemas.ids import CountyCode
from schemas.records import Chain, Delivery, Direction, StoredEvent
from services.domain.drafting import Outgoing, control_report
from services.domain.sharing import CONTROL_PREFIX
from services.domain.trust import AgreementInForce


def judge_request(
    event: StoredEvent, deliveries: Sequence[Delivery], now: datetime, *, undelivered: bool
) -> Fault | None:
    """Decide whether this county may erase one of its own events everywhere.

    Args:
        event: As kept.
        deliveries: What each recipient has proved about it.
        now: Aware UTC.
        undelivered: Whether it is to be erased although somebody has not stored it yet, who will then lack it for good.
    """
    header = event.envelope.header
    if header.type.startswith(CONTROL_PREFIX):
        return Fault("erasure.control_record", "id", "records about the chains themselves hold no content to erase")
    if event.direction is not Direction.OUTGOING:
        mend = f"it is an event of {header.source}; ask that county to erase it, which reaches all its recipients"
        return Fault("erasure.not_ours", "id", mend)
    if event.level is not None and header.expires is not None and now < header.expires:
        mend = "this alert is in force; cancel it first, or wait until it has expired"
        return Fault("erasure.in_force", "id", mend)
    missing = next((one.recipient for one in deliveries if one.stored_at is None and one.refused_code is None), None)
    if missing is not None and not undelivered:
        mend = f"{missing} has not stored it yet and would wait for it for ever; wait, or say `undelivered`"
        return Fault("erasure.undelivered", "undelivered", mend)
    return None


def judge_record(record: ContentErased, header: Header, target: Chain | None, county: str) -> Fault | None:
    """Decide whether a county may say that a content was erased: the author, or a recipient to the author.

    Args:
        record: What is said.
        header: Of the envelope that says it.
        target: The chain that it speaks of, if we have it.
        county: Ourselves.
    """
    if record.channel == header.channel:
        return None  # the author, to the very audience of the event
    if target is not None and target.source == county and header.source in target.audience:
        return None
    return Fault("erasure.not_theirs", "content.channel", "neither its author nor one of its recipients says so")


def is_authors(record: ContentErased, header: Header) -> bool:
    """Tell whether the author itself erased: then every recipient does."""
    return record.channel == header.channel


def record_of(envelope: Envelope, reason: ErasureReason, now: datetime) -> ContentErased:
    """Return what is said about an erased content."""
    header = envelope.header
    return ContentErased(
        channel=header.channel,
        epoch=header.epoch,
        seq=header.seq,
        id=envelope.envelope_id,
        reason=reason,
        erased_at=now,
    )


def outgoing_of(record: ContentErased, agreement: AgreementInForce, to: Sequence[str]) -> Outgoing:
    """Return the record ready to be posted: by the author to the event's audience, by a recipient to the author."""
    return control_report(record, agreement, tuple(CountyCode(county) for county in to))
