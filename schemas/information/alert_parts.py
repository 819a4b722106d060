"""The parts of an alert: scales, areas, consequences, whom to call.

Words for urgency, severity, certainty and response are those of CAP 1.2 in lower case.
Source: docs/events.md, section "information"; OASIS Common Alerting Protocol 1.2.
"""

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from schemas.base import Model, WireTime
from schemas.faults import broken_rule
from schemas.forms import (
    AlertId,
    Amount,
    Circle,
    Decimal,
    DivisionCode,
    EventCodeText,
    Label,
    Language,
    Line,
    LongText,
    MediaType,
    Name,
    Phone,
    Polygon,
)
from schemas.ids import Digest

MAX_POINTS: Final = 1000
_LATITUDE: Final = 90
_LONGITUDE: Final = 180

Level = Annotated[int, Field(ge=1, le=4)]
"""1 is the highest (red, 特别重大, Ⅰ级), 4 the lowest."""

Count = Annotated[int, Field(ge=0, le=10_000_000)]
"""Persons; null means unknown and is never written as 0."""


class ReportStage(StrEnum):
    """初报, 续报, 终报."""

    FIRST = "first"
    FOLLOWUP = "followup"
    FINAL = "final"


class Urgency(StrEnum):
    """How soon to act."""

    IMMEDIATE = "immediate"
    EXPECTED = "expected"
    FUTURE = "future"
    PAST = "past"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How great the harm."""

    EXTREME = "extreme"
    SEVERE = "severe"
    MODERATE = "moderate"
    MINOR = "minor"
    UNKNOWN = "unknown"


class Certainty(StrEnum):
    """How sure it is."""

    OBSERVED = "observed"
    LIKELY = "likely"
    POSSIBLE = "possible"
    UNLIKELY = "unlikely"
    UNKNOWN = "unknown"


class ResponseType(StrEnum):
    """What those concerned shall do."""

    SHELTER = "shelter"
    EVACUATE = "evacuate"
    PREPARE = "prepare"
    EXECUTE = "execute"
    AVOID = "avoid"
    MONITOR = "monitor"
    ASSESS = "assess"
    ALL_CLEAR = "all_clear"
    NONE = "none"


class HelpKind(StrEnum):
    """What a neighbour can send."""

    RESCUE_TEAM = "rescue_team"
    MEDICAL_TEAM = "medical_team"
    EXPERT = "expert"
    EQUIPMENT = "equipment"
    VEHICLE = "vehicle"
    SUPPLIES = "supplies"
    SHELTER = "shelter"
    OTHER = "other"


def points_of(polygon: str) -> list[tuple[str, str]]:
    """Return the (latitude, longitude) texts of a polygon, degrees WGS 84."""
    parts = (point.partition(",") for point in polygon.split(" "))
    return [(latitude, longitude) for latitude, _, longitude in parts]


def _are_on_earth(points: list[tuple[str, str]]) -> bool:
    return all(abs(float(north)) <= _LATITUDE and abs(float(east)) <= _LONGITUDE for north, east in points)


class Area(Model):
    """Where; ``polygon`` and ``circle`` are lists of shapes in CAP's own spelling."""

    desc: Line
    adcodes: Annotated[tuple[DivisionCode, ...], Field(max_length=64)] = ()
    polygon: Annotated[tuple[Polygon, ...], Field(max_length=20)] = ()
    circle: Annotated[tuple[Circle, ...], Field(max_length=20)] = ()
    altitude: Decimal | None = None
    """Feet above mean sea level, as in CAP 1.2."""
    ceiling: Decimal | None = None
    """Feet above mean sea level; only with ``altitude``."""

    @model_validator(mode="after")
    def _shapes(self) -> Self:
        for number, polygon in enumerate(self.polygon):
            points = points_of(polygon)
            if points[0] != points[-1]:
                raise broken_rule(f"polygon.{number}", "end the polygon with its first point")
            if not _are_on_earth(points):
                raise broken_rule(f"polygon.{number}", "write latitude (±90) first, then longitude (±180), in degrees")
        for number, circle in enumerate(self.circle):
            if not _are_on_earth(points_of(circle.rpartition(" ")[0])):
                raise broken_rule(f"circle.{number}", "write latitude (±90) first, then longitude (±180), in degrees")
        if self.ceiling is not None and self.altitude is None:
            raise broken_rule("ceiling", "give `altitude` too, or leave `ceiling` out")
        return self


class NeighbourRisk(Model):
    """What the event may bring to another county, and when."""

    adcode: DivisionCode
    expected_at: WireTime | None = None
    """Null means unknown."""
    why: Line


class Impact(Model):
    """Consequences so far. Null means unknown and is never 0."""

    dead: Count | None = None
    missing: Count | None = None
    injured: Count | None = None
    trapped: Count | None = None
    moved: Count | None = None
    """Persons moved to safety."""
    loss_cny: Amount | None = None
    """Direct economic loss in yuan."""
    reviewed: bool = False
    """True once the figures have been checked; a final report needs it."""


class HelpWanted(Model):
    """One thing asked of the neighbours."""

    kind: HelpKind
    quantity: Amount
    unit: Label


class DutyContact(Model):
    """An office on duty, never a person; the telephone may be a mobile number."""

    office: Name
    phone: Phone


class Hotline(Model):
    """A number for the public."""

    name: Name
    phone: Phone


class LocalText(Model):
    """The alert in one more language."""

    lang: Language
    headline: Annotated[Line, Field(max_length=60)]
    description: LongText
    instruction: LongText | None = None


class NamedValue(Model):
    """A value under a name that this type has no field for; names of banned fields are refused here too."""

    name: Label
    value: Line


class Code(Model):
    """One more code of the event, in another scheme."""

    scheme: Label
    value: EventCodeText


class Resource(Model):
    """A document or picture, named by its digest; it travels apart."""

    desc: Line
    media_type: MediaType
    size: Annotated[int, Field(ge=1, le=64 * 1024 * 1024)]
    """Bytes."""
    sha256: Digest


class Predecessor(Model):
    """An earlier alert that this one replaces or ends."""

    alert_id: AlertId
    cap_reference: Annotated[Line, Field(max_length=120)] | None = None
    """``sender,identifier,sent`` of an imported CAP document."""
