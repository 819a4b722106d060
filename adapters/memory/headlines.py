"""What a listing reads from content: a line in clear, or what is needed to open one."""

import json
from typing import Final

from schemas.base import InformationClass
from schemas.envelope import Envelope
from schemas.records import KeptContent, StoredEvent

_TITLES: Final = ("headline", "title", "name")
_HEADLINE_MOST: Final = 60


def headline_of(envelope: Envelope) -> str:
    """Return the first title-like field of content in clear; empty if there is none."""
    if envelope.header.content.encoding != "none":
        return ""
    try:
        value = json.loads(envelope.content)
    except ValueError:
        return ""
    titles = (value.get(key) for key in _TITLES) if isinstance(value, dict) else ()
    return next((title[:_HEADLINE_MOST] for title in titles if isinstance(title, str)), "")


def kept_content(event: StoredEvent) -> KeptContent | None:
    """Return what opens the headline of an encrypted event; None in clear, for persons, and where there is no key."""
    personal = event.envelope.header.information_class is InformationClass.PERSONAL
    if not event.content_key or personal:  # nobody is shown a personal headline in passing
        return None
    return KeptContent(event.envelope.header.content.content_id, event.envelope.content, event.content_key)
