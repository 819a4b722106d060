"""``Model``, the closed and frozen base of every schema, and ``Event``, the base of the catalogue."""

import re
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer

BEIJING: Final = timezone(timedelta(hours=8))
_CODE: Final = re.compile(r"^[a-z][a-z0-9_]{0,47}$")


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


def _to_utc_milliseconds(moment: datetime) -> datetime:
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


WireTime = Annotated[
    AwareDatetime,
    AfterValidator(_to_utc_milliseconds),
    PlainSerializer(format_time, return_type=str, when_used="json"),
]
"""In code an aware UTC time cut to milliseconds; on the wire RFC 3339 with ``+08:00``."""


class Model(BaseModel):
    """Frozen, strict, closed. Floats appear nowhere: decimals travel as strings."""

    model_config = ConfigDict(
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
    purposes: ClassVar[tuple[str, ...]]
    """Purpose codes this type may serve; the first is the default."""
