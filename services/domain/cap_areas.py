"""Areas of a foreign CAP document as an alert may hold them; what does not fit stands in the alert's ``cap_lines``."""

import re
from typing import Any, Final

from pydantic import ValidationError

from schemas.cap import CapArea
from schemas.errors import Fault
from schemas.forms import CIRCLE_PATTERN, DECIMAL_PATTERN, POLYGON_PATTERN
from schemas.ids import COUNTY_PATTERN
from schemas.information.alert_parts import Area
from services.domain.cap import GEOCODE, LINE_MAX, shortened

_AREAS_MAX: Final = 50
_SHAPES_MAX: Final = 20
_ADCODES_MAX: Final = 64
_SHAPE_MAX: Final = 40_000
_UNSTATED: Final = "未说明"
_POLYGON, _CIRCLE, _DECIMAL, _ADCODE = (
    re.compile(pattern.replace("$", r"\Z"))
    for pattern in (POLYGON_PATTERN, CIRCLE_PATTERN, DECIMAL_PATTERN, COUNTY_PATTERN)
)


def areas_of(areas: tuple[CapArea, ...], notes: list[Fault]) -> dict[str, Any]:
    """Return the field ``areas``; what an officer must look at goes to ``notes``."""
    found = [_area(area) for area in areas[:_AREAS_MAX]]
    if not any(area["adcodes"] for area in found):
        mend = f"name the divisions by {GEOCODE}, so that neighbours are told what concerns them"
        notes.append(Fault("cap.to_complete", "areas", mend))
    if len(areas) > _AREAS_MAX:
        notes.append(
            Fault("cap.to_complete", "areas", f"the document has {len(areas)}: the first {_AREAS_MAX} are here")
        )
    return {"areas": found or [{"desc": _UNSTATED}]}


def _area(area: CapArea) -> dict[str, Any]:
    altitude = area.altitude if _fits(_DECIMAL, area.altitude) else None
    return {
        "desc": shortened(area.desc, LINE_MAX) or _UNSTATED,
        "adcodes": [one.value for one in area.geocodes if one.name == GEOCODE and _fits(_ADCODE, one.value)][
            :_ADCODES_MAX
        ],
        "polygon": [text for text in area.polygons if _is_shape("polygon", text)][:_SHAPES_MAX],
        "circle": [text for text in area.circles if _is_shape("circle", text)][:_SHAPES_MAX],
        "altitude": altitude,
        "ceiling": area.ceiling if altitude is not None and _fits(_DECIMAL, area.ceiling) else None,
    }


def _fits(pattern: re.Pattern[str], text: str | None) -> bool:
    return text is not None and pattern.match(text) is not None


def _is_shape(kind: str, text: str) -> bool:
    if len(text) > _SHAPE_MAX or not _fits(_POLYGON if kind == "polygon" else _CIRCLE, text):
        return False
    try:
        Area.model_validate({"desc": kind, kind: (text,)})
    except ValidationError:
        return False
    return True
