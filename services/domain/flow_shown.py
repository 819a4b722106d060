"""A report of counts as a table for the eye: one dimension down, one across, and what is hidden said so.

Source: docs/events.md, section "population"
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from schemas.counties import name_of
from schemas.information.margins import Place
from schemas.information.population import (
    VALUES,
    Cell,
    CellState,
    Dimension,
    PeriodKind,
    PopulationFlowReported,
    place_of,
)
from services.domain.flow_tables import HEADERS_ZH, VALUES_ZH
from services.domain.value_words import VALUES as WORDS

HIDDEN: Final = "抑制"
TOTAL: Final = "合计"
UNTOLD: Final = "未列"
_MONTHS: Final = 3


@dataclass(frozen=True, slots=True)
class ShownCell:
    """One count: its words, and whether it is hidden."""

    text: str
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class FlowGrid:
    """One report.

    Attributes:
        title: Whose people, where, when.
        corner: What the rows are.
        columns: Headings behind the first column.
        rows: Heading and cells of each row, all as long as ``columns``.
        hidden: How many counts are hidden.
        untold: Some total is not told at all.
        why: Why they are.
        plans: What the county offers them.
    """

    title: str
    corner: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[ShownCell, ...]], ...]
    hidden: int
    untold: bool
    why: str
    plans: tuple[str, ...]


def grid_of(report: PopulationFlowReported) -> FlowGrid:
    """Lay a report out."""
    cells = {place_of(cell.keys): cell for cell in report.cells}
    down = report.dimensions[0] if report.dimensions else None
    across = report.dimensions[1] if len(report.dimensions) > 1 else None
    columns = _values(across)
    rows = tuple(
        (_named(down, value), tuple(_shown(cells.get(_place((down, value), (across, other)))) for other in columns))
        for value in _values(down)
    )
    k = report.method.k
    also = "，以及会让它被推算出来的数" if report.method.complementary else ""
    return FlowGrid(
        title=f"{name_of(report.origin_adcode)}→{name_of(report.destination_adcode)}　{period_zh(report)}",
        corner=HEADERS_ZH[down] if down else TOTAL,
        columns=tuple(_named(across, value) for value in columns) if across else (HEADERS_ZH["count"],),
        rows=rows,
        untold=any(cell.text == UNTOLD for _, line in rows for cell in line),
        hidden=sum(cell.value is None for cell in report.cells),
        why=f"{HIDDEN}：不足 {k} 人的数{also}；每个抑制的数至少有 {k} 种可能，不能推算出个人",
        plans=tuple(WORDS["service_plan"][one] for one in report.service_plan),
    )


def period_zh(report: PopulationFlowReported) -> str:
    """Name the period of a report."""
    start: date = report.period_start
    if report.period is PeriodKind.MONTH:
        return f"{start.year}年{start.month}月"
    return f"{start.year}年第{(start.month - 1) // _MONTHS + 1}季度"


def _values(dimension: Dimension | None) -> Sequence[str | None]:
    return (*VALUES[dimension], None) if dimension else (None,)


def _named(dimension: Dimension | None, value: str | None) -> str:
    return TOTAL if dimension is None or value is None else VALUES_ZH[dimension][value]


def _place(*pairs: tuple[Dimension | None, str | None]) -> Place:
    return frozenset((axis, value) for axis, value in pairs if axis is not None and value is not None)


def _shown(cell: Cell | None) -> ShownCell:
    if cell is None:
        return ShownCell(UNTOLD, hidden=True)
    if cell.value is None:
        return ShownCell(HIDDEN, hidden=True)
    return ShownCell(f"约 {cell.value}" if cell.state is CellState.ROUNDED else str(cell.value))
