"""Growth as a picture: the same cost at each level, one below the other."""

from typing import Final

from tests.bench.bars import Bar, bars_svg
from tests.bench.figures import Figure

_AT: Final = "_at_"
_LABELS: Final = {
    "publish_us": "publish, µs of CPU per event",
    "receive_us": "receive, µs of CPU per event",
    "floor_us": "the floor beside it, µs of CPU per event",
    "page_ms": "newest page of the inbox, ms",
    "middle_page_ms": "a page from its middle, ms",
    "one_event_ms": "one event with its deliveries, ms",
    "out_page_ms": "newest page of what was sent, ms",
}
_FLOOR: Final = "#4a6572"
_OURS: Final = "#b3261e"


def levels_of(figure: Figure) -> dict[str, dict[int, float]]:
    """Return, for each cost, its value at each level, ascending; nothing for figures without levels."""
    found: dict[str, dict[int, float]] = {}
    for name, value in figure.numbers.items():
        part, at, level = name.rpartition(_AT)
        if at and part in _LABELS and level.isdigit():
            found.setdefault(part, {})[int(level)] = value
    return {name: dict(sorted(found[name].items())) for name in _LABELS if name in found}


def growth_svg(figure: Figure, foot: str) -> str:
    """Draw every cost at every level; each cost has a scale of its own."""
    bars = [
        Bar(f"{_LABELS[name]}: {level:,}", value, max(values.values()), _FLOOR if name == "floor_us" else _OURS)
        for name, values in levels_of(figure).items()
        for level, value in values.items()
    ]
    grown = ", ".join(
        f"{name.removesuffix('_growth').replace('_', ' ')} × {value:.2f}"
        for name, value in figure.numbers.items()
        if name.endswith("_growth")
    )
    return bars_svg(f"{figure.workload} · {figure.title}", f"from the first level to the last: {grown}", bars, foot)
