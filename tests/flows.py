"""Tables of people on the move, drawn at random, and the frame that they stand in."""

from datetime import date
from random import Random
from typing import Final

from schemas.information.margins import conclude, merge, order_of
from schemas.information.population import (
    VALUES,
    Dimension,
    PeriodKind,
    PopulationFlowReported,
    hidden_places,
    knowledge_of,
)
from services.domain.flow_making import FlowCounts, FlowFrame, combinations
from tests.papers import HUANJIANG, LIBO

FRAME: Final = FlowFrame(PeriodKind.QUARTER, date(2026, 1, 1), LIBO, HUANJIANG)


def drawn(random: Random, dimensions: tuple[Dimension, ...]) -> FlowCounts:
    """Draw a table: many small counts, some around k, some large."""
    sizes = (lambda: random.randint(0, 4), lambda: random.randint(5, 15), lambda: random.randint(16, 3000))
    weights = [random.random() + 0.05 for _ in sizes]
    return FlowCounts(dimensions, {place: random.choices(sizes, weights)[0]() for place in combinations(dimensions)})


def some_dimensions(random: Random) -> tuple[Dimension, ...]:
    """Draw none, one or two dimensions."""
    return tuple(random.sample(tuple(Dimension), random.choice((0, 1, 1, 2, 2, 2, 2))))


def fewest_left(*reports: PopulationFlowReported) -> int | None:
    """Attack what was released; return how many values the most open hidden count keeps.

    None: nothing is hidden, or the reports contradict each other and nothing follows from both.
    """
    known = merge(knowledge_of(one) for one in reports)
    hidden = {place for one in reports for place in hidden_places(one)}
    if known is None or not hidden:
        return None
    found = conclude(known, order_of(*(one.dimensions for one in reports)), VALUES, sorted(hidden, key=sorted))
    return None if found is None else min(high - low + 1 for low, high in found)
