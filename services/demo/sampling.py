"""The samples of a morning on the border, moved to the day on which they are played.

Each file holds ``type``, ``source`` and ``content`` as an officer would hand them to ``sihu send``.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final

from schemas.base import BEIJING, format_time

MORNING: Final = datetime(2026, 6, 11, 7, 0, tzinfo=BEIJING)
"""When the morning of the samples begins."""

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00")
_ALERT_ID: Final = re.compile(r"(\d{14})_(\d{14})_(\d)")
_STAMP: Final = "%Y%m%d%H%M%S"


@dataclass(frozen=True, slots=True)
class Sample:
    """One event to be sent.

    Attributes:
        wire_type: Its type.
        source: County that sends it, six digits.
        content: JSON object.
    """

    wire_type: str
    source: str
    content: dict[str, Any]


@cache
def sample_texts() -> dict[str, str]:
    """Return the JSON text of every sample by name."""
    folder = files("services.demo").joinpath("samples")
    return {one.name.removesuffix(".json"): one.read_text("utf-8") for one in folder.iterdir()}


def sample(name: str, *, begin: datetime = MORNING) -> Sample:
    """Return a sample as if its morning began at ``begin``; alert ids and their predecessors move along.

    Args:
        name: File name without ``.json``, e.g. ``rainstorm_issued``.
        begin: Aware time; fractions of a second are dropped.

    Raises:
        KeyError: There is no such sample.
    """
    whole = json.loads(sample_texts()[name])
    moved = _moved(whole["content"], begin.replace(microsecond=0) - MORNING)
    return Sample(whole["type"], whole["source"], moved)


def _moved(value: Any, by: timedelta) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _moved(below, by) for key, below in value.items()}
    if isinstance(value, list):
        return [_moved(below, by) for below in value]
    return _moved_text(value, by) if isinstance(value, str) else value


def _moved_text(text: str, by: timedelta) -> str:
    if _TIME.fullmatch(text):
        return format_time(datetime.fromisoformat(text) + by)
    if found := _ALERT_ID.fullmatch(text):
        office, stamp, number = found.groups()
        moment = datetime.strptime(stamp, _STAMP).replace(tzinfo=BEIJING) + by
        return f"{office}_{moment.strftime(_STAMP)}_{number}"
    return text
