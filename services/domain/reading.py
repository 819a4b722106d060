"""Read a line for people out of content bytes whose type may be newer than ours."""

import json
from typing import Final

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
