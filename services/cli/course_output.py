"""What referrals and requests share on the command line: reading a file, the fields of a step, the lines of steps."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import JsonValue

from schemas.errors import Fault, RequestError
from schemas.offices import Office
from services.bootstrap.cli import read_bytes
from services.cli import output
from services.cli.client import json_of
from services.cli.fields import with_fields
from services.domain.encoding import parse_strict
from services.gateway.course_answers import CourseAccepted, StepLine

_MAX_BYTES: Final = 128 * 1024


def read_content(path: Path, fields: Sequence[str]) -> dict[str, JsonValue]:
    """Return the content that a file holds, with fields typed on the command line laid over it.

    Raises:
        RequestError: It is no JSON object of the strict profile.
    """
    value = parse_strict(read_bytes(path, what=path.name, max_bytes=_MAX_BYTES), max_bytes=_MAX_BYTES, what=path.name)
    if isinstance(value, Fault):
        raise RequestError(value)
    if not isinstance(value, dict):
        raise RequestError(Fault("request.wrong_type", path.name, "write one JSON object"))
    return with_fields(value, list(fields))


def body(**fields: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Spell a body of the API."""
    return json.dumps(fields, ensure_ascii=False).encode()


def say_accepted(done: CourseAccepted, *, as_json: bool) -> None:
    """Say that a step is durable and on its way."""
    if as_json:
        output.print_json(json_of(done))
    else:
        output.show(f"[green]已受理 accepted[/]  编号 {done.id}", f"事件 event  {done.envelope_id}")


def office(one: Office | None) -> str:
    """Name an office with its county."""
    return "–" if one is None else output.plain(f"{output.county(one.adcode).split()[0]} {one.name}")


def step_rows(steps: Sequence[StepLine]) -> list[tuple[str, ...]]:
    """Spell steps as rows of a table."""
    return [
        (
            str(number),
            output.moment(one.time),
            output.county(one.source),
            output.type_zh(one.wire_type),
            output.short(one.envelope_id),
            " ".join(output.short(paper.envelope_id) for paper in one.evidence) or "–",
        )
        for number, one in enumerate(steps, 1)
    ]


STEP_COLUMNS: Final = (">步", "时间", "县", "*步骤", "事件", "材料")
