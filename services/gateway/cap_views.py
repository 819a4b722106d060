"""Rows of the CAP book as answers of the API, and which alerts stand in the feed."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from schemas.base import Status
from schemas.cap_records import CapAnswerRow, CapDocument, FeedEntry
from schemas.errors import Fault
from schemas.records import Direction
from services.cap_intake.answering import Answered
from services.cap_intake.intake import Taken
from services.domain.cap_telling import ALERT_TYPES, KeptAlert, alert_of, in_force, is_listed
from services.gateway.cap_answers import CapAnswerLine, CapDocumentDetail, CapDocumentLine, CapOutcome, CapTaken
from services.gateway.views import fault_line
from services.ports import Snapshot

LOOKED_AT: Final = 200
"""Events of each type of alert, the newest, that the feed is made of."""


def taken_line(outcome: Taken | Answered, signer: str) -> CapTaken:
    """What became of a document."""
    if isinstance(outcome, Answered):
        return CapTaken(
            outcome=CapOutcome.ANSWERED,
            number=None,
            envelope_id=None,
            alert_id=None,
            signer=signer or None,
            faults=(),
            answered=outcome.events,
        )
    row = outcome.document
    return CapTaken(
        outcome=CapOutcome(row.state.value),
        number=row.number,
        envelope_id=row.event_id,
        alert_id=row.alert_id,
        signer=row.signer or None,
        faults=tuple(line for one in row.faults if (line := fault_line(one)) is not None),
        answered=(),
    )


def document_line(row: CapDocument) -> CapDocumentLine:
    """One document, without its bytes."""
    return CapDocumentLine(
        number=row.number,
        state=row.state,
        message_type=row.message_type,
        sender=row.sender,
        identifier=row.identifier,
        sent_at=row.sent_at,
        origin=row.origin,
        signer=row.signer or None,
        alert_id=row.alert_id,
        envelope_id=row.event_id,
        digest=row.digest,
        faults=tuple(line for one in row.faults if (line := fault_line(one)) is not None),
        recorded_at=row.recorded_at,
        settled_at=row.settled_at,
        settled_by=row.settled_by,
    )


def document_detail(row: CapDocument) -> CapDocumentDetail:
    """One document, and its draft."""
    draft = json.loads(row.draft) if row.draft is not None else None
    return CapDocumentDetail(document=document_line(row), draft=draft, original=row.original is not None)


def answer_row_line(row: CapAnswerRow) -> CapAnswerLine:
    """One answer of a foreign system."""
    return CapAnswerLine(
        stage=row.stage,
        sender=row.sender,
        identifier=row.identifier,
        sent_at=row.sent_at,
        note=row.note,
        origin=row.origin,
        signer=row.signer or None,
        recorded_at=row.recorded_at,
    )


def listed_alerts(snapshot: Snapshot, *, direction: Direction | None, status: Status, now: datetime) -> list[KeptAlert]:
    """Return the public alerts in force of one status, the newest first."""
    found: list[KeptAlert] = []
    for wire_type in ALERT_TYPES:
        page = snapshot.events(direction=direction, wire_type=wire_type, since=0, limit=LOOKED_AT, newest_first=True)
        for row in page.rows:
            if row.status != status.value or (row.expires is not None and row.expires <= now):
                continue
            event = snapshot.event(row.envelope_id)
            kept = alert_of(event) if event is not None else None
            if isinstance(kept, KeptAlert) and is_listed(kept, status, now):
                found.append(kept)
    return sorted(in_force(found), key=lambda one: one.event.position, reverse=True)


def tag_of(*parts: str) -> str:
    """Return a weak entity tag: the same for the same content, however it is signed or spelled."""
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f'W/"{digest}"'


def feed_tag(entries: Sequence[FeedEntry]) -> str:
    """Return the entity tag of a feed."""
    return tag_of(*(f"{one.id} {one.updated} {one.link}" for one in entries))


def has_not_changed(if_none_match: str | None, tag: str) -> bool:
    """Tell whether a caller holds what a tag stands for (RFC 9110, 13.1.2: compared weakly)."""
    given = [one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")]
    return "*" in given or tag.removeprefix("W/") in given


def not_here(number: int) -> Fault:
    """Say that there is no such document."""
    mend = f"there is no document {number}; see GET /api/v1/cap/documents?held=false"
    return Fault("cap.not_found", "number", mend)
