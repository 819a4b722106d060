"""The table for people, and the one line for programs."""

import json
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table

from tests.bench.figures import FLOOR, SIHU, Figure
from tests.bench.samples import Faults

_UNITS = {"rate": "/s", "seconds": "s", "p50_ms": "ms", "mib": "MiB", "cpu_us": "µs"}


def as_line(figures: Sequence[Figure]) -> str:
    """Return every figure as one JSON object on one line."""
    return json.dumps({figure.workload: figure.as_dict() for figure in figures}, ensure_ascii=False)


def print_table(figures: Sequence[Figure], caption: str, stream: TextIO) -> None:
    """Print one row per workload."""
    table = Table(title="Sihu beside the floor, same run", caption=caption, caption_justify="left")
    for name in ("", "workload", "Sihu", "floor", "ratio (min–max)", "CPU/event", "wrong", "targets"):
        table.add_column(name, justify="left" if name in {"", "workload", "targets"} else "right", overflow="fold")
    for figure in figures:
        table.add_row(*_row(figure))
    Console(file=stream, width=None if stream.isatty() else 160).print(table)


def _row(figure: Figure) -> tuple[str, ...]:
    title = f"{figure.title}\n{figure.count:,} × {len(figure.rounds)}" + _dropped(figure)
    title += f"\n{figure.note}" if figure.note else ""
    if not figure.stands:
        return (figure.workload, title, "no figure", "", "", "", str(figure.faults) if figure.faults.total else "0", "")
    numbers = figure.numbers
    return (
        figure.workload,
        title,
        quantity(figure, numbers.get(figure.metric)),
        quantity(figure, numbers.get(f"floor_{figure.metric}")),
        ratio_text(figure) + _beside_others(figure),
        _cpu(figure),
        "0",
        "\n".join(_target_lines(figure)),
    )


def quantity(figure: Figure, value: float | None) -> str:
    """Spell a number of this figure's metric with its unit."""
    if value is None:
        return "–"
    unit = _UNITS.get(figure.metric, "")
    return f"{value:,.0f}{unit}" if value >= 100 else f"{value:.3g} {unit}"


def ratio_text(figure: Figure) -> str:
    """Spell the ratio to the floor with its range."""
    numbers = figure.numbers
    arrow = "" if figure.better == "higher" else " (less is better)"
    if "ratio" not in numbers:
        return "–"
    return f"{numbers['ratio']:.2f} × ({numbers['ratio_min']:.2f}–{numbers['ratio_max']:.2f}){arrow}"


def _beside_others(figure: Figure) -> str:
    """Spell, one a line, what stands beside it besides the floor."""
    others = (side for side in figure.rounds[0] if side not in {SIHU, FLOOR})
    lines = (
        f"\n{side} {quantity(figure, figure.numbers.get(f'{side}_{figure.metric}'))}: "
        f"{figure.numbers[f'ratio_{side}']:.2f} ×"
        for side in others
    )
    return "".join(lines)


def _cpu(figure: Figure) -> str:
    mine, theirs = figure.numbers.get("cpu_us"), figure.numbers.get("floor_cpu_us")
    if mine is None or theirs is None:
        return "–"
    return f"{mine:,.0f} µs\nfloor {theirs:,.0f}"


def _target_lines(figure: Figure) -> list[str]:
    lines = []
    for target in figure.targets:
        value = figure.numbers.get(target.name)
        found = "not measured" if value is None else f"{value:.3g}"
        lines.append(
            f"{'✓' if target.is_met(figure.numbers) else '✗'} {target}: {found}{' (must)' if target.must else ''}"
        )
    return lines


def _dropped(figure: Figure) -> str:
    return f", {figure.dropped} dropped: the floor drifted" if figure.dropped else ""


def wrong(figures: Sequence[Figure]) -> Faults:
    """Sum what went wrong in all workloads."""
    return sum((figure.faults for figure in figures), Faults())
