"""When content ends, and when the private half of an office key that opens an erased content can go.

A capture of the hub stays where it is. What was erased here can be opened from it for as long as one of the keys it was
encrypted to exists, so each of its readers destroys its own: as soon as every partner is known to use a newer one, and
everything that was on its way under the old one has arrived.

Source: docs/protocol.md, section "Erasure"; docs/decisions/0026-answer-for-content-in-custody.md
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from schemas.agreements import Agreement
from schemas.base import InformationClass
from schemas.control import DUTY_SPAN_MAX, DutyTold
from schemas.envelope import Envelope, Header
from schemas.errors import Fault
from schemas.registry import KeyRecord
from services.domain.encryption import parse_keys

EARLIEST_RENEWAL: Final = timedelta(hours=24)
"""Erasing makes at most one new office key a day, however much is erased."""
SETTLING: Final = timedelta(seconds=10)
"""A beacon proves what was sent before it only if it was made so long after the partner took the newer key."""
UNDELIVERED_KEPT: Final = timedelta(days=14)
"""So long after its end a content waits for recipients that have not stored it: the hub keeps messages no longer."""


def end_of(header: Header, agreement: Agreement | None) -> datetime | None:
    """Return when the content of an event must be erased, None if it may be kept.

    Personal content ends when the event expires, at the latest when the agreement's retention does. Who is on duty
    ends with the duty: a county keeps no archive of who worked next door.

    Args:
        header: Of the event.
        agreement: That permitted it; None if it is not known here any more.
    """
    if header.type == DutyTold.wire_type:
        return header.expires or header.time + DUTY_SPAN_MAX
    if header.information_class is not InformationClass.PERSONAL:
        return None
    ends = [header.expires] if header.expires is not None else []
    if agreement is not None:
        ends.append(header.time + timedelta(days=agreement.retention_days))
    return min(ends, default=header.time + UNDELIVERED_KEPT)


def reader_key(envelope: Envelope, county: str) -> str | None:
    """Return the id of the key by which ``county`` opens an envelope; None in clear, and once it was erased."""
    if envelope.header.content.encoding == "none" or not envelope.keys_bytes:
        return None
    entries = parse_keys(envelope.keys_bytes, envelope.header)
    entry = None if isinstance(entries, Fault) else entries.get(county)
    return entry.kid if entry else None


def renewal_due(own: Iterable[KeyRecord], condemned: Mapping[str, datetime], now: datetime) -> bool:
    """Tell whether a new office key is to be made because the newest one is to be destroyed."""
    begun = [key for key in own if key.valid_from <= now]
    newest = max(begun, key=lambda key: (key.valid_from, key.kid), default=None)
    return newest is not None and newest.kid in condemned and newest.valid_from + EARLIEST_RENEWAL <= now


@dataclass(frozen=True, slots=True)
class Partner:
    """What one partner is known to have done about our newest key.

    Attributes:
        took_it: When it stored the newest of the records that publish it, by its own clock; None if it did not.
        told_at: When its newest beacon was made, by the same clock; None if there is none.
        lacking: Whether something that it sent, by its own word or by a gap in its chain, is not here.
    """

    took_it: datetime | None
    told_at: datetime | None
    lacking: bool


def replaced(partners: Iterable[Partner]) -> bool:
    """Tell whether nothing on its way to us can be encrypted to a key older than the newest one.

    A sender chooses the key and the place in its chain in one transaction, so what it placed after it had stored our
    newer key is encrypted to that one; and what it placed before, its next beacon lists.
    """
    return all(
        one.took_it is not None
        and one.told_at is not None
        and one.told_at >= one.took_it + SETTLING
        and not one.lacking
        for one in partners
    )
