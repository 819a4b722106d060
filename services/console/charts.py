"""Charts that the server draws: SVG in the page, each told in words, no value by colour alone.

Two series differ by filling and by hatching, every bar carries its number, and the text alternative says them all.
Nothing here has a style attribute or a script: the console's policy forbids both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

_INK: Final = "#1a1a1a"
_SOFT: Final = "#4b5563"
_LINE: Final = "#c9cfd8"
_SOLID: Final = "#0052d9"
_HATCHED: Final = "#b84a00"
_GOOD: Final = "#11692f"
_GROUND: Final = "#f3f5f8"

_BAR: Final = 26
_STEP: Final = 78
_LEFT: Final = 12
_TOP: Final = 34
_HEIGHT: Final = 150
_BELOW: Final = 30
_LEGEND: Final = 330

_PROGRESS: Final = (320, 20)


@dataclass(frozen=True, slots=True)
class Bars:
    """One place of the axis with its two values.

    Attributes:
        name: E.g. a month; written below.
        values: One for each series; none is below zero.
    """

    name: str
    values: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a whole."""

    name: str
    count: int


def bars(title: str, series: tuple[str, str], shown: Sequence[Bars], key: str) -> Markup:
    """Return two bars for each place, beside one another.

    Args:
        title: What is counted.
        series: What the two values of a place are.
        shown: In their order; at most some dozens.
        key: Letters and digits, unlike that of every other chart of a page.
    """
    width = max(_LEFT * 2 + _STEP * len(shown), _LEGEND)
    most = max((value for one in shown for value in one.values), default=0) or 1
    height = _TOP + _HEIGHT + _BELOW
    pieces = [_hatching(key), _legend(series, key), _axis(width)]
    pieces += [_place(one, place, most, key) for place, one in enumerate(shown)]
    return Markup(
        '<svg class="chart" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="{2}">{3}</svg>'
    ).format(width, height, _told(title, series, shown), Markup("").join(pieces))


def told(parts: Sequence[Part]) -> str:
    """Say the parts of a whole in words; those of which there is none are left out."""
    return "，".join(f"{one.name} {one.count}" for one in parts if one.count) or "无"


def progress(parts: Sequence[Part], key: str) -> Markup:
    """Return a whole as one bar: the first part filled, the second hatched, the third open, the fourth grey.

    Args:
        parts: Of the whole, at most four, in the order in which they stand.
        key: Letters and digits, unlike that of every other chart of a page.
    """
    width, height = _PROGRESS
    whole = sum(one.count for one in parts)
    fills = (_GOOD, f"url(#{key}-hatch)", "#ffffff", _LINE)
    drawn, at = [_hatching(key)], 0.0
    for one, fill in zip(parts, fills, strict=False):
        wide = width * one.count / whole if whole else 0
        if one.count:
            drawn.append(
                Markup('<rect x="{:.1f}" y="1" width="{:.1f}" height="{}" fill="{}" stroke="{}"/>').format(
                    at, wide, height - 2, fill, _SOFT
                )
            )
        at += wide
    return Markup('<svg class="progress" viewBox="-1 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        width + 2, height, told(parts), Markup("").join(drawn)
    )


def _hatching(key: str) -> Markup:
    return Markup(
        '<defs><pattern id="{}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="6" height="6" fill="#ffffff"/><rect width="3" height="6" fill="{}"/></pattern></defs>'
    ).format(key, _HATCHED)


def _legend(series: tuple[str, str], key: str) -> Markup:
    return Markup(
        '<rect x="{0}" y="6" width="14" height="14" fill="{1}"/>'
        '<text x="{2}" y="18" font-size="14" fill="{3}">{4}</text>'
        '<rect x="{5}" y="6" width="14" height="14" fill="url(#{6}-hatch)" stroke="{7}"/>'
        '<text x="{8}" y="18" font-size="14" fill="{3}">{9}</text>'
    ).format(_LEFT, _SOLID, _LEFT + 20, _INK, series[0], _LEFT + 160, key, _HATCHED, _LEFT + 180, series[1])


def _axis(width: int) -> Markup:
    return Markup('<line x1="0" y1="{0}" x2="{1}" y2="{0}" stroke="{2}"/>').format(_TOP + _HEIGHT, width, _SOFT)


def _place(one: Bars, place: int, most: int, key: str) -> Markup:
    x = _LEFT + _STEP * place
    fills = (_SOLID, f"url(#{key}-hatch)")
    drawn = [
        _bar(x + number * (_BAR + 4), value, most, fill)
        for number, (value, fill) in enumerate(zip(one.values, fills, strict=True))
    ]
    label = Markup('<text x="{}" y="{}" font-size="13" text-anchor="middle" fill="{}">{}</text>').format(
        x + _BAR + 2, _TOP + _HEIGHT + 20, _SOFT, one.name
    )
    return Markup("").join([*drawn, label])


def _bar(x: int, value: int, most: int, fill: str) -> Markup:
    tall = round((_HEIGHT - 20) * value / most)
    y = _TOP + _HEIGHT - tall
    return Markup(
        '<rect x="{}" y="{}" width="{}" height="{}" fill="{}" stroke="{}"/>'
        '<text x="{}" y="{}" font-size="13" text-anchor="middle" fill="{}">{}</text>'
    ).format(x, y, _BAR, tall, fill, _SOFT, x + _BAR // 2, y - 4, _INK, value)


def _told(title: str, series: tuple[str, str], shown: Sequence[Bars]) -> str:
    places = "；".join(f"{one.name} {series[0]} {one.values[0]}，{series[1]} {one.values[1]}" for one in shown)
    return f"{title}：{places or '无数据'}"
