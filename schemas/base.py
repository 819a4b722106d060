"""``Model``, the closed and frozen base of every schema, and ``Event``, the base of the catalogue."""

import re
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticKnownError

BEIJING: Final = timezone(timedelta(hours=8))
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 9998
_RFC3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


class InformationClass(StrEnum):
    """How widely content may be known; the agreement sets the ceiling."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"


class Status(StrEnum):
    """CAP 1.2 status without Draft: an exercise prints 【演练】 first in every medium."""

    ACTUAL = "actual"
    EXERCISE = "exercise"
    TEST = "test"
    SYSTEM = "system"


class Kind(StrEnum):
    """What the sender wants from the event."""

    REPORT = "report"
    UPDATE = "update"
    CANCEL = "cancel"
    REQUEST = "request"
    RESPONSE = "response"


def format_time(moment: datetime) -> str:
    """Spell an aware time as it travels: RFC 3339, milliseconds, ``+08:00``."""
    return moment.astimezone(BEIJING).isoformat(timespec="milliseconds")


def _wire_time(value: Any, parse: ValidatorFunctionWrapHandler, info: ValidationInfo) -> datetime:  # noqa: ANN401
    # pydantic would also read "1700000000", and the first and last year of the calendar overflow in another offset.
    if not isinstance(value, str if info.mode == "json" else datetime):
        raise PydanticKnownError("datetime_type")
    if isinstance(value, str) and _RFC3339.fullmatch(value) is None:
        raise PydanticKnownError("datetime_parsing", {"error": "it is not RFC 3339 with an offset"})
    moment: datetime = parse(value)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise PydanticKnownError("datetime_object_invalid", {"error": "the year is out of range"})
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


WireTime = Annotated[
    AwareDatetime,
    Field(strict=False),
    WrapValidator(_wire_time),
    PlainSerializer(format_time, return_type=str, when_used="json"),
]
"""In code an aware UTC time cut to milliseconds; on the wire RFC 3339 with ``+08:00``."""


def _no_truth(value: object) -> object:
    if value is True:  # to Python it equals 1, to other languages it does not
        raise PydanticKnownError("literal_error", {"expected": "1"})
    return value


VersionOne = Annotated[Literal[1], BeforeValidator(_no_truth)]
"""``v`` of a document: the number 1 and nothing that Python takes for it."""


class Model(BaseModel):
    """Frozen, strict, closed. Floats appear nowhere: decimals travel as strings."""

    model_config = ConfigDict(
        defer_build=True,  # a node carries what it uses: validators of every type are tens of MiB and half a second
        frozen=True,
        strict=True,
        extra="forbid",
        ser_json_timedelta="iso8601",
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
    )


class Event(Model):
    """One type of the catalogue: what a county tells its partners.

    The class attributes are the type's defaults; the header carries the values in force.
    """

    wire_type: ClassVar[str]
    title_zh: ClassVar[str]
    """What an officer calls it, e.g. 预警."""
    information_class: ClassVar[InformationClass] = InformationClass.PUBLIC
    priority: ClassVar[int] = 3
    """0 highest … 4; 0 and 1 travel in the urgent lane."""
    kind: ClassVar[Kind] = Kind.REPORT
    carries_file: ClassVar[bool] = False
    """Whether a file goes with it; one without is refused then, and one with a file otherwise."""
    purposes: ClassVar[tuple[str, ...]]
    """Purpose codes this type may serve; the first is the default."""
