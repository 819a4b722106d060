"""Labelled bars, one below the other, as SVG: nothing but rectangles and text, so that any browser shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

_WIDTH: Final = 760
_LEFT: Final = 330
_RIGHT: Final = 60
_ROW: Final = 24
_TOP: Final = 60
_LINE: Final = 14
_LETTERS: Final = 120
"""Of the small print at the foot on one line."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        most: The value whose bar is as long as the picture is wide.
        begun: Where it begins, in the same unit.
    """

    label: str
    value: float
    most: float
    colour: str
    begun: float = 0.0


def bars_svg(head: str, sub: str, bars: Sequence[Bar], foot: str) -> str:
    """Draw a picture with a title, a line that names the unit, the bars, and where the figures are from."""
    bottom, lines = _TOP + len(bars) * _ROW, folded(foot, _LETTERS)
    height = bottom + 20 + _LINE * len(lines)
    small = "".join(text(8, bottom + 20 + _LINE * row, line, 10, "#555") for row, line in enumerate(lines))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" font-family="system-ui, sans-serif"><title>{escape(head)}</title>'
        f'<rect width="100%" height="100%" fill="#fff"/>{text(8, 22, head, 15, "#111", bold=True)}'
        f"{text(8, 42, sub, 12, '#333')}{''.join(_drawn(row, bar) for row, bar in enumerate(bars))}{small}</svg>\n"
    )


def _drawn(row: int, bar: Bar) -> str:
    top, scale = _TOP + row * _ROW, (_WIDTH - _LEFT - _RIGHT) / (bar.most or 1.0)
    left, width = _LEFT + max(0.0, bar.begun) * scale, max(1.0, bar.value * scale)
    box = f'<rect x="{left:.1f}" y="{top + 3}" width="{width:.1f}" height="17" fill="{bar.colour}"/>'
    return (
        box
        + text(round(left + width) + 5, top + 16, f"{bar.value:.1f}", 11, "#111")
        + text(8, top + 16, bar.label, 12, "#111")
    )


def text(x: int, y: int, words: str, size: int, colour: str, *, bold: bool = False) -> str:
    """Return one line of text."""
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}"{weight}>{escape(words)}</text>'


def folded(words: str, letters: int) -> list[str]:
    """Cut a text into lines of at most so many letters, at blanks, and where it has line ends itself."""
    lines: list[str] = []
    for paragraph in words.split("\n"):
        lines.append("")
        for word in paragraph.split(" "):
            if lines[-1] and len(lines[-1]) + 1 + len(word) > letters:
                lines.append("")
            lines[-1] += (" " if lines[-1] else "") + word
    return lines
