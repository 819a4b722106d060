"""Read kept content: opened if it is kept encrypted, and a line for people out of types that may be newer than ours."""

import json
from typing import Final

from schemas.base import Event, InformationClass
from schemas.catalogue import parse_received
from schemas.records import EventSummary, StoredEvent
from services.domain.encryption import decrypt_content, read_content

_TITLES: Final = ("headline", "title", "name")
_MOST: Final = 60


def headline_of(content: bytes) -> str:
    """Return the first title-like field of JSON content, at most 60 characters; empty if there is none."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(value, dict):
        return ""
    return next((str(value[key])[:_MOST] for key in _TITLES if isinstance(value.get(key), str)), "")


def content_of(event: StoredEvent) -> bytes:
    """Return the content of a kept event as its author wrote it; empty once it was erased."""
    return read_content(event.envelope, event.content_key) or b""


def event_in(event: StoredEvent) -> Event | None:
    """Return what a kept event says; None once it was erased, and if today's model cannot read it."""
    header = event.envelope.header
    parsed = parse_received(header.type, content_of(event), header.schema_ref.digest)
    return None if isinstance(parsed, tuple) else parsed.event


def line_of(event: StoredEvent) -> str:
    """Return the headline of a kept event for a line to our own officer; empty for personal content."""
    personal = event.envelope.header.information_class is InformationClass.PERSONAL
    return "" if personal else headline_of(content_of(event))


def title_of(summary: EventSummary) -> str:
    """Return the headline of a line of a listing, read from encrypted content where that is how it is kept."""
    kept = summary.kept
    if kept is None:
        return summary.headline
    plain = decrypt_content(kept.carried, source=summary.source, content_id=kept.content_id, key=kept.key)
    return headline_of(plain or b"")
