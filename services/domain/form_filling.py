"""What follows from what an officer wrote, filled in where it was left empty.

Source: docs/events.md, section "information"
"""

from collections.abc import Mapping

from pydantic import JsonValue

from schemas.information.event_codes import EVENT_CODES, SCHEME


def filled_alert(content: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return an alert's content with name and class of its event, if its code is known and they were left out."""
    code = content.get("event_code")
    row = EVENT_CODES.get(code) if isinstance(code, str) else None
    if row is None or content.get("code_scheme", SCHEME) != SCHEME:
        return dict(content)
    return {"event_name": row.name, "class": row.event_class.value, **content}
