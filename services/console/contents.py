"""Content that is open to its reader: as the event that it is, and as it is printed in Chinese."""

import json

from schemas.base import Event
from schemas.catalogue import parse_received
from services.domain.printing import Sheet, sheet_of
from services.gateway.answers import EventDetail


def event_in(detail: EventDetail) -> Event | None:
    """Read the content of an event; None where it is closed, erased, or newer than this version."""
    if not isinstance(detail.content, dict):
        return None
    content = json.dumps(detail.content, ensure_ascii=False).encode()
    parsed = parse_received(detail.header.type, content, detail.header.schema_ref.digest)
    return None if isinstance(parsed, tuple) else parsed.event


def opened_sheet(detail: EventDetail) -> Sheet | None:
    """Describe content as it is printed; None where it cannot be read."""
    event = event_in(detail)
    return None if event is None else sheet_of(event, detail.header, detail.envelope_id)
