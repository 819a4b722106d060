"""Files that people write in TOML, read into a model with every fault named by its field."""

import json
import tomllib
from datetime import date, datetime, time
from typing import Any, TypeVar

from pydantic import ValidationError

from schemas.base import Model
from schemas.errors import Fault
from schemas.faults import faults_of

M = TypeVar("M", bound=Model)


def read_toml(model: type[M], data: bytes, *, name: str, prefix: str, max_bytes: int) -> M | tuple[Fault, ...]:
    """Return the model, or everything that is wrong; no fault repeats what the file says.

    Args:
        model: What the file holds.
        data: The file.
        name: Of the file, first in every field.
        prefix: First part of every code.
        max_bytes: More are refused unread.
    """
    if len(data) > max_bytes:
        return (Fault(f"{prefix}.too_large", name, f"keep it under {max_bytes} bytes"),)
    try:
        text = json.dumps(tomllib.loads(data.decode()), ensure_ascii=False, default=_spelled)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as exc:
        return (Fault(f"{prefix}.malformed", name, f"it is not valid TOML: {_place(exc)}"),)
    try:
        return model.model_validate_json(text)
    except ValidationError as exc:
        return tuple(
            Fault(fault.code, f"{name} {fault.field.removeprefix(prefix).removeprefix('.')}".strip(), fault.mend)
            for fault in faults_of(exc, prefix)
        )


def _spelled(value: Any) -> str:  # noqa: ANN401 - what TOML has and JSON has not
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)


def _place(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is no UTF-8"
    return str(error)
