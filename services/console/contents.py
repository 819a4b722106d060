"""Content that was opened, as it is printed: labels and words in Chinese."""

import json

from schemas.catalogue import parse_received
from services.domain.printing import Sheet, sheet_of
from services.gateway.answers import EventDetail


def opened_sheet(detail: EventDetail) -> Sheet | None:
    """Describe content as it is printed; None where it is closed, erased, or newer than this version."""
    if not isinstance(detail.content, dict):
        return None
    header = detail.header
    content = json.dumps(detail.content, ensure_ascii=False).encode()
    parsed = parse_received(header.type, content, header.schema_ref.digest)
    return None if isinstance(parsed, tuple) else sheet_of(parsed.event, header, detail.envelope_id)
