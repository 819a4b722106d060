"""Parts that types of more than one mutual are made of: files, periods, places, whom to ask.

Source: docs/events.md
"""

from collections.abc import Hashable
from datetime import date
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from schemas.base import Model
from schemas.faults import broken_rule
from schemas.forms import DivisionCode, FileName, Line, MediaType, Name, Phone, Point
from schemas.ids import Digest

_LATITUDE_MOST: Final = 90
_LONGITUDE_MOST: Final = 180


class Attachment(Model):
    """A file, named by its digest; it travels apart."""

    name: FileName
    media_type: MediaType
    size: Annotated[int, Field(ge=1, le=64 * 1024 * 1024)]
    """Bytes."""
    sha256: Digest


Attachments = Annotated[tuple[Attachment, ...], Field(max_length=20)]


class Period(Model):
    """The days reported on, both included."""

    starts_on: date
    ends_on: date

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.ends_on < self.starts_on:
            raise broken_rule("ends_on", "set it on or after `starts_on`")
        return self


class Place(Model):
    """Where something takes place, in words; ``adcode`` is its county, ``point`` degrees WGS 84, latitude first."""

    desc: Line
    adcode: DivisionCode | None = None
    point: Point | None = None

    @model_validator(mode="after")
    def _on_earth(self) -> Self:
        if self.point is not None:
            north, _, east = self.point.partition(",")
            if abs(float(north)) > _LATITUDE_MOST or abs(float(east)) > _LONGITUDE_MOST:
                raise broken_rule("point", "write latitude (±90) first, then longitude (±180), in degrees")
        return self


class ContactOffice(Model):
    """Whom to ask: an office and its landline, never a person."""

    office: Name
    phone: Phone | None = None


def each_once(field: str, entries: tuple[Hashable, ...]) -> None:
    """Refuse a list that names something twice.

    Raises:
        PydanticCustomError: It does; within a model's validator this becomes a fault.
    """
    if len(set(entries)) != len(entries):
        raise broken_rule(field, "give each entry once")
