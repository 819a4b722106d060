"""Make a population report out of a county's own counts: what must not be known is hidden, and little else.

Small counts go first. Then the report is attacked as its readers could, alone and beside every release before it, and
for each hidden count that stays open one more count of its row or column, or a total, is hidden: the one after which
the attacker is furthest away, and of equals the smallest. It ends, because a table that shows nothing gives nothing
away.

Source: docs/decisions/0036-let-each-step-name-the-one-before.md; the rules of the result are those of its model.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from typing import Final

from pydantic import ValidationError

from schemas.errors import Fault, InvariantError
from schemas.faults import faults_of
from schemas.forms import MethodVersion
from schemas.ids import CountyCode
from schemas.information.flow_network import Interval
from schemas.information.margins import GRAND, Place, conclude, merge, order_of
from schemas.information.population import (
    VALUES,
    Cell,
    CellKeys,
    CellState,
    Dimension,
    Method,
    PeriodKind,
    PopulationFlowReported,
    ServicePlan,
    hidden_places,
    knowledge_of,
    known_of,
)
from schemas.records import FlowPeople
from services.domain.disclosure import MOST_RELEASES, judge_releases, people_of

VERSION: Final[MethodVersion] = "sihu-1"
_PERIOD: Final = re.compile(r"(20[0-9]{2})-?(?:[Qq]([1-4])|(0[1-9]|1[0-2]))", re.ASCII)
_MONTHS: Final = 3
_MOST_TRIED: Final = 4
"""Ways to close one open count that are compared with each other."""


@dataclass(frozen=True, slots=True)
class FlowFrame:
    """Whom a report counts, and what the county offers them."""

    period: PeriodKind
    period_start: date
    origin: CountyCode
    destination: CountyCode
    service_plan: tuple[ServicePlan, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowCounts:
    """A county's own table: true counts of every combination, never sent.

    Attributes:
        dimensions: At most two.
        values: One whole number of persons for each combination of their values.
    """

    dimensions: tuple[Dimension, ...]
    values: Mapping[Place, int] = field(repr=False)


@dataclass(frozen=True, slots=True)
class FlowMade:
    """A report that may be released.

    Attributes:
        report: As it will be sent.
        small: Counts that are hidden because they are small.
        more: Counts that are hidden so that no small one can be computed.
        totals_left_out: Totals that are not told, for either reason.
    """

    report: PopulationFlowReported
    small: int
    more: int
    totals_left_out: int


def make_report(
    frame: FlowFrame,
    counts: FlowCounts,
    *,
    k: int = 10,
    round_to: int = 1,
    previous: Sequence[PopulationFlowReported] = (),
) -> FlowMade | Fault:
    """Return a report of these counts that gives no hidden count away.

    Args:
        frame: Whom it counts.
        counts: The true table.
        k: How many values every hidden count must keep, 5 to 1000.
        round_to: What shown counts are rounded to; 1 rounds none.
        previous: Reports released before; those of other people or periods are passed over.
    """
    method = _method(k, round_to)
    if isinstance(method, Fault):
        return method
    people = _people(frame, counts, method)
    if isinstance(people, Fault):
        return people
    earlier = [one for one in previous if people_of(one) == people]
    if len(earlier) >= MOST_RELEASES:
        mend = f"{len(earlier)} reports of these people are out already; no more are released"
        return Fault("flow.too_many_releases", "previous", mend)
    table = _Table(counts, method, earlier)
    table.protect()
    if not table.shown:
        mend = "no count can be shown; count by fewer dimensions, or over a longer period"
        return Fault("flow.nothing_to_show", "counts", mend)
    return FlowMade(_checked(frame, table, earlier), *table.tally())


def period_of(text: str) -> tuple[PeriodKind, date] | Fault:
    """Return the period that a text names: a quarter (2026Q1) or a month (2026-03), and its first day."""
    found = _PERIOD.fullmatch(text)
    if found is None:
        return Fault("flow.period", "period", "write a quarter (2026Q1) or a month (2026-03)")
    year, quarter, month = found.groups()
    if quarter:
        return PeriodKind.QUARTER, date(int(year), (int(quarter) - 1) * _MONTHS + 1, 1)
    return PeriodKind.MONTH, date(int(year), int(month), 1)


def totals_of(counts: FlowCounts) -> dict[Place, int]:
    """Return the totals of a table: of each axis if it has two, and the grand total if it has any."""
    found: dict[Place, int] = {}
    for place, count in counts.values.items():
        for total in _totals_over(place):
            found[total] = found.get(total, 0) + count
    return found


def combinations(dimensions: Sequence[Dimension]) -> list[Place]:
    """Return every count that a table by these dimensions has, in the order of their values."""
    return [frozenset(zip(dimensions, values, strict=True)) for values in product(*(VALUES[one] for one in dimensions))]


def _totals_over(place: Place) -> list[Place]:
    if not place:
        return []
    return [GRAND, *(frozenset({pair}) for pair in place)] if len(place) > 1 else [GRAND]


def _method(k: int, round_to: int) -> Method | Fault:
    try:
        return Method(k=k, round_to=round_to, complementary=True, version=VERSION)
    except ValidationError:
        return Fault("flow.method", "k", "choose k from 5 to 1000, and a rounding from 1 to 1000")


def _people(frame: FlowFrame, counts: FlowCounts, method: Method) -> FlowPeople | Fault:
    """Return whom the report counts, judged by a table that shows nothing."""
    nothing = [_hidden(place) for place in combinations(counts.dimensions)]
    try:
        return people_of(_report(frame, counts.dimensions, nothing, method))
    except ValidationError as exc:
        return faults_of(exc, "flow")[0]


class _Table:
    """A table on its way to be released: what is shown shrinks until nothing hidden is open."""

    def __init__(self, counts: FlowCounts, method: Method, earlier: Sequence[PopulationFlowReported]) -> None:
        self.dimensions, self.method, self._earlier = counts.dimensions, method, earlier
        self.inner = combinations(counts.dimensions)
        totals = totals_of(counts)
        self._totals = sorted(totals, key=lambda place: (len(place), sorted(place)))
        self._true = {**counts.values, **totals}
        hidden_before = {place for one in earlier for place in hidden_places(one)}
        told = {place: _told(self._true[place], place, method) for place in (*self.inner, *self._totals)}
        self._small = {place for place, cell in told.items() if known_of(cell, method)[0] < method.k}
        self.shown = {
            place: cell for place, cell in told.items() if place not in self._small and place not in hidden_before
        }

    def protect(self) -> None:
        """Hide more until no hidden count is open."""
        missing = self._missing(self.shown)
        while missing and self.shown:
            ways = self._ways(max(missing, key=lambda place: (missing[place], sorted(place))))
            left = [(self._missing(self._without(way)), way) for way in ways]
            missing, way = min(left, key=lambda one: (sum(one[0].values()), self._true[one[1]], sorted(one[1])))
            self.shown = self._without(way)

    def cells(self) -> list[Cell]:
        """Return the counts as they are sent: every combination, and the totals that are told."""
        return [
            *(self.shown.get(place, _hidden(place)) for place in self.inner),
            *(self.shown[place] for place in self._totals if place in self.shown),
        ]

    def tally(self) -> tuple[int, int, int]:
        """Count small ones, further hidden ones and totals that are left out."""
        hidden = [place for place in self.inner if place not in self.shown]
        small = sum(place in self._small for place in hidden)
        return small, len(hidden) - small, sum(place not in self.shown for place in self._totals)

    def _without(self, place: Place) -> dict[Place, Cell]:
        return {kept: cell for kept, cell in self.shown.items() if kept != place}

    def _missing(self, shown: Mapping[Place, Cell]) -> dict[Place, int]:
        """Return how many values each open count lacks to k, attacked alone and beside each earlier report."""
        known = {place: known_of(cell, self.method) for place, cell in shown.items()}
        hidden = [place for place in self.inner if place not in shown]
        missing = _lacking(conclude(known, order_of(self.dimensions), VALUES, hidden), hidden, self.method.k)
        for other in self._earlier:
            both = merge((known, knowledge_of(other)))
            if both is None:
                continue  # corrected figures contradict the earlier ones, so nothing follows from both
            asked = [*hidden, *(place for place in hidden_places(other) if place not in hidden)]
            found = conclude(both, order_of(self.dimensions, other.dimensions), VALUES, asked)
            for place, lacks in _lacking(found, asked, max(self.method.k, other.method.k)).items():
                missing[place] = max(lacks, missing.get(place, 0))
        return missing

    def _ways(self, place: Place) -> list[Place]:
        """Return what could be hidden to close a count: the smallest of its row and column, and totals over it."""
        beside = [self._smallest(one for one in self.shown if len(one) > 1 and pair in one) for pair in sorted(place)]
        lines = [one for one in self.shown if len(one) <= 1]
        over = sorted((one for one in lines if one < place or one == place), key=self._true.__getitem__)
        ways = list(dict.fromkeys([one for one in beside if one is not None] + over))
        if not ways:
            ways = sorted(self.shown, key=lambda one: (self._true[one], sorted(one)))
        elif not place or len(self.dimensions) == 1:
            ways += sorted((one for one in lines if one not in ways), key=self._true.__getitem__)
        return ways[:_MOST_TRIED]

    def _smallest(self, places: Iterable[Place]) -> Place | None:
        return min(places, key=lambda one: (self._true[one], sorted(one)), default=None)


def _lacking(found: Sequence[Interval] | None, asked: Sequence[Place], k: int) -> dict[Place, int]:
    pairs = zip(asked, found or (), strict=False)
    return {place: k - (high - low + 1) for place, (low, high) in pairs if high - low + 1 < k}


def _told(count: int, place: Place, method: Method) -> Cell:
    step = method.round_to
    if step == 1:
        return Cell(keys=_keys(place), value=count, state=CellState.SHOWN)
    return Cell(keys=_keys(place), value=(count + step // 2) // step * step, state=CellState.ROUNDED)


def _hidden(place: Place) -> Cell:
    return Cell(keys=_keys(place), value=None, state=CellState.SUPPRESSED)


def _keys(place: Place) -> CellKeys:
    return CellKeys.model_validate({str(axis): value for axis, value in place})


def _report(
    frame: FlowFrame, dimensions: tuple[Dimension, ...], cells: Sequence[Cell], method: Method
) -> PopulationFlowReported:
    return PopulationFlowReported(
        period=frame.period,
        period_start=frame.period_start,
        origin_adcode=frame.origin,
        destination_adcode=frame.destination,
        dimensions=dimensions,
        cells=tuple(cells),
        method=method,
        service_plan=frame.service_plan,
    )


def _checked(frame: FlowFrame, table: _Table, earlier: Sequence[PopulationFlowReported]) -> PopulationFlowReported:
    """Build the report, which judges itself once more, and judge it beside the earlier ones.

    Raises:
        InvariantError: What was made is not what the rules allow: our bug.
    """
    try:
        report = _report(frame, table.dimensions, table.cells(), table.method)
    except ValidationError as exc:
        raise InvariantError(f"a table was made that its own model refuses: {exc}") from exc
    if fault := judge_releases(report, earlier):
        raise InvariantError(f"a table was made that gives an earlier one away: {fault}")
    return report
