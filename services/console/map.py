"""The schematic map (示意图): labelled tiles for the member counties, coloured and worded by what is open where.

It shows no border and no terrain: tiles in the rough order of west to east and north to south, never a map.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from schemas.counties import name_of

# Column and row of the tile: where a county lies to its neighbours, roughly.
_PLACES: Final[Mapping[str, tuple[int, int]]] = {
    "530324": (0, 1),
    "532627": (0, 2),
    "532628": (0, 3),
    "522728": (2, 1),
    "522727": (2, 0),
    "522726": (3, 0),
    "522722": (4, 1),
    "451222": (2, 2),
    "451221": (3, 2),
    "451226": (4, 2),
    "451203": (4, 3),
    "451202": (3, 3),
}
_ADJACENT: Final = (
    ("522727", "522726"),
    ("522727", "522728"),
    ("522726", "522722"),
    ("522726", "451221"),
    ("522728", "451222"),
    ("522722", "451221"),
    ("522722", "451226"),
    ("451222", "451221"),
    ("451221", "451226"),
    ("451221", "451202"),
    ("451226", "451203"),
    ("451202", "451203"),
    ("532627", "532628"),
)
_WIDTH: Final = 104
_HEIGHT: Final = 56
_GAP: Final = 24
_FILLS: Final = {1: "#d9001b", 2: "#b84a00", 3: "#ffe066", 4: "#0b55c4"}
_INKS: Final = {1: "#ffffff", 2: "#ffffff", 3: "#3d2f00", 4: "#ffffff"}


@dataclass(frozen=True, slots=True)
class Tile:
    """One county.

    Attributes:
        county: Its code.
        own: Ourselves.
        silent: Its node has not been heard of.
        level: Of the gravest open alert that it sent; None if there is none.
        open_count: Open alerts that it sent.
    """

    county: str
    own: bool
    silent: bool
    level: int | None
    open_count: int


def picture(tiles: Iterable[Tile]) -> Markup:
    """Return the map as SVG; counties without a place of their own stand in a row below."""
    shown = list(tiles)
    places = _placed([one.county for one in shown])
    columns = max((column for column, _ in places.values()), default=0) + 1
    rows = max((row for _, row in places.values()), default=0) + 1
    width, height = columns * (_WIDTH + _GAP) + _GAP, rows * (_HEIGHT + _GAP) + _GAP
    lines = [_line(places[a], places[b]) for a, b in _ADJACENT if a in places and b in places]
    drawn = [_tile(one, places[one.county]) for one in shown]
    return Markup('<svg class="map" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>').format(
        width, height, _told(shown), Markup("").join(lines), Markup("").join(drawn)
    )


def _placed(counties: list[str]) -> Mapping[str, tuple[int, int]]:
    known = {code: _PLACES[code] for code in counties if code in _PLACES}
    columns = sorted({column for column, _ in known.values()})
    rows = sorted({row for _, row in known.values()})
    placed = {code: (columns.index(column), rows.index(row)) for code, (column, row) in known.items()}
    below = max((row for _, row in placed.values()), default=-1) + 1
    others = [code for code in counties if code not in known]
    width = max(len(columns), 4)
    return placed | {code: (number % width, below + number // width) for number, code in enumerate(others)}


def _corner(place: tuple[int, int]) -> tuple[int, int]:
    return _GAP + place[0] * (_WIDTH + _GAP), _GAP + place[1] * (_HEIGHT + _GAP)


def _line(first: tuple[int, int], second: tuple[int, int]) -> Markup:
    (x1, y1), (x2, y2) = _corner(first), _corner(second)
    half_width, half_height = _WIDTH // 2, _HEIGHT // 2
    return Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="#7a8594" stroke-width="3"/>').format(
        x1 + half_width, y1 + half_height, x2 + half_width, y2 + half_height
    )


def _tile(one: Tile, place: tuple[int, int]) -> Markup:
    x, y = _corner(place)
    fill = _FILLS[one.level] if one.level else "#ffffff"
    ink = _INKS[one.level] if one.level else "#1a1a1a"
    return Markup(
        '<rect x="{}" y="{}" width="{}" height="{}" rx="4" fill="{}" '
        'stroke="{}" stroke-width="{}" stroke-dasharray="{}"/>'
        '<text x="{}" y="{}" font-size="18" font-weight="700" text-anchor="middle" fill="{}">{}</text>'
        '<text x="{}" y="{}" font-size="13" text-anchor="middle" fill="{}">{}</text>'
    ).format(
        x,
        y,
        _WIDTH,
        _HEIGHT,
        fill,
        "#0052d9" if one.own else "#4b5563",
        4 if one.own else 2,
        "6 4" if one.silent else "none",
        x + _WIDTH // 2,
        y + 24,
        ink,
        name_of(one.county),
        x + _WIDTH // 2,
        y + 44,
        ink,
        _said(one),
    )


def _said(one: Tile) -> str:
    if one.level:
        return f"{one.level}级 {one.open_count} 件"
    if one.own:
        return "本县"
    return "无声" if one.silent else "正常"


def _told(tiles: Iterable[Tile]) -> str:
    return str(escape("成员县示意图：" + "，".join(f"{name_of(one.county)} {_said(one)}" for one in tiles)))
