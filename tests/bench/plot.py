"""One SVG per workload: every round as a dot, the median as a bar, Sihu beside each of the other sides."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final
from xml.sax.saxutils import escape

from tests.bench.bars import folded, text
from tests.bench.costs import costs_svg, parts_of
from tests.bench.figures import FLOOR, SIHU, Figure
from tests.bench.growth_plot import growth_svg, levels_of
from tests.bench.surroundings import Surroundings
from tests.bench.table import quantity, ratio_text

_WIDTH: Final = 720
_LEFT: Final = 160
_RIGHT: Final = 110
_TOP: Final = 64
_ROW: Final = 44
_COLOURS: Final = {SIHU: "#b3261e", "floor": "#4a6572"}
_OTHER: Final = "#9aa7ad"
_LETTERS: Final = 115
_METRICS: Final = {
    "rate": "per second",
    "p50_ms": "median latency, ms",
    "seconds": "seconds",
    "idle_mib": "MiB at rest",
    "cpu_us": "µs of CPU per event",
    "kept_share": "share of its own rate that it keeps under twice the load",
}
_FLOORS: Final = {"W8": "floor: a loop of rows", "W9": "floor: bare SMPP"}
_NAMES: Final = {
    SIHU: "Sihu",
    "floor": "floor: bare nats-py",
    "lazy": "floor, not synced",
    "verified": "floor, verified, stored",
    "faststream": "FastStream",
    "singly": "floor, one by one",
    "kannel": "Kannel",
}


def write_plots(figures: Sequence[Figure], around: Surroundings, folder: Path) -> list[Path]:
    """Write ``<workload>.svg`` for each figure that stands; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for figure in figures:
        if figure.stands:
            path = folder / f"{figure.workload.lower()}.svg"
            path.write_text(drawn(figure, around), encoding="utf-8")
            written.append(path)
    return written


def drawn(figure: Figure, around: Surroundings) -> str:
    """Draw a figure in the way that shows what it is about."""
    if parts_of(figure):
        return costs_svg(figure, str(around))
    return growth_svg(figure, str(around)) if levels_of(figure) else svg_of(figure, around)


def svg_of(figure: Figure, around: Surroundings) -> str:
    """Draw one figure."""
    sides = {side: [one[side].numbers()[figure.metric] for one in figure.rounds] for side in figure.rounds[0]}
    most = max(value for values in sides.values() for value in values) or 1.0
    order = [SIHU, *(side for side in sides if side != SIHU)]
    rows = [_row(figure, side, sides[side], most, _TOP + index * _ROW) for index, side in enumerate(order)]
    bottom = _TOP + len(order) * _ROW
    small = folded("\n".join(filter(None, (figure.note, str(around)))), _LETTERS)
    height = bottom + 24 + 14 * len(small)
    head = f"{figure.workload} · {figure.title}"
    unit = _METRICS.get(figure.metric, figure.metric)
    sub = f"{unit}; bar: median, dot: a round of {figure.count:,}; beside the floor {ratio_text(figure)}"
    foot = [text(8, bottom + 22 + 14 * index, line, 10, "#555") for index, line in enumerate(small)]
    parts = [text(8, 22, head, 15, "#111", bold=True), text(8, 42, sub, 12, "#333"), *rows, *foot]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" font-family="system-ui, sans-serif"><title>{escape(head)}</title>'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _row(figure: Figure, side: str, values: Sequence[float], most: float, top: int) -> str:
    middle, colour = median(values), _COLOURS.get(side, _OTHER)
    dots = "".join(
        f'<circle cx="{_x(value, most):.1f}" cy="{top + 15}" r="3" fill="#fff" stroke="#111"/>' for value in values
    )
    bar = f'<rect x="{_LEFT}" y="{top + 4}" width="{_x(middle, most) - _LEFT:.1f}" height="22" fill="{colour}"/>'
    known = _FLOORS.get(figure.workload) if side == FLOOR else None
    name = text(8, top + 20, known or _NAMES.get(side, side), 12, "#111")
    return bar + dots + name + text(_WIDTH - _RIGHT + 12, top + 20, quantity(figure, middle), 12, "#111")


def _x(value: float, most: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * value / most
