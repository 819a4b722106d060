"""Two moves in writing a NATS configuration."""

import json
from collections.abc import Iterable


def quoted(value: str) -> str:
    """Quote a value; a NATS configuration reads JSON strings."""
    return json.dumps(value, ensure_ascii=False)


def indented(lines: Iterable[str], by: int = 2) -> list[str]:
    """Move lines ``by`` blanks to the right."""
    return [f"{' ' * by}{line}" for line in lines]
