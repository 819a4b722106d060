"""Whatever a county counts, the report made of it pins no hidden count closer than k, nor does it beside another."""

from collections.abc import Callable
from random import Random

import pytest

from schemas.errors import Fault
from schemas.information.population import CellState, Dimension, known_of, place_of
from services.domain.flow_making import FlowCounts, FlowMade, combinations, make_report, totals_of
from tests.flows import FRAME, drawn, fewest_left, some_dimensions

SEED = 20260304


def made_or_nothing(found: FlowMade | Fault) -> FlowMade | None:
    """A table of which nothing can be shown is refused; nothing else is."""
    if isinstance(found, Fault):
        assert found.code == "flow.nothing_to_show", found
        return None
    return found


def test_a_report_gives_a_hidden_count_away(reduced: Callable[[int, int], int]) -> None:
    """Small counts are hidden, every hidden one keeps k values, and what is shown is true."""
    shown = 0
    for number in range(reduced(60, 1000)):
        random = Random(SEED + number)
        counts = drawn(random, some_dimensions(random))
        k, step = random.choice((5, 10, 10, 20)), random.choice((1, 1, 1, 5, 10))
        made = made_or_nothing(make_report(FRAME, counts, k=k, round_to=step))
        if made is None:
            assert len(counts.dimensions) == 0 or max(counts.values.values()) < 3 * (k + step), counts
            continue
        left = fewest_left(made.report)
        assert left is None or left >= k, (number, left)
        true = {**counts.values, **totals_of(counts)}
        for cell in made.report.cells:
            if cell.value is not None:
                low, high = known_of(cell, made.report.method)
                assert k <= low <= true[place_of(cell.keys)] <= high, (number, cell)
                shown += 1
    assert shown > 0


def test_two_releases_give_a_hidden_count_away_together(reduced: Callable[[int, int], int]) -> None:
    """The same people by other dimensions, and the same ones corrected: attacked as one table."""
    attacked = 0
    for number in range(reduced(40, 1000)):
        random = Random(SEED - number)
        first_counts = drawn(random, some_dimensions(random))
        first = made_or_nothing(make_report(FRAME, first_counts))
        if first is None:
            continue
        second_counts = _regrouped(random, first_counts) if random.random() < 0.7 else _corrected(random, first_counts)
        second = made_or_nothing(make_report(FRAME, second_counts, previous=[first.report]))
        if second is None:
            continue
        left = fewest_left(first.report, second.report)
        attacked += left is not None
        assert left is None or left >= 10, (number, left)
    assert attacked > 0


def _regrouped(random: Random, counts: FlowCounts) -> FlowCounts:
    """Count the same people by other dimensions that agree with the first: one is kept if there is one, one is new."""
    kept = tuple(random.sample(counts.dimensions, min(1, len(counts.dimensions))))
    new = random.choice([one for one in Dimension if one not in counts.dimensions])
    dimensions = (*kept, new)
    values = dict.fromkeys(combinations(dimensions), 0)
    for place, count in counts.values.items():
        fitting = [one for one in values if place.issuperset(pair for pair in one if pair[0] in kept)]
        for _ in range(count):
            values[random.choice(fitting)] += 1
    return FlowCounts(dimensions, values)


def _corrected(random: Random, counts: FlowCounts) -> FlowCounts:
    """Count again: a few counts differ by a little."""
    changed = random.sample(sorted(counts.values, key=sorted), min(2, len(counts.values)))
    return FlowCounts(
        counts.dimensions,
        {place: count + random.randint(0, 3) * (place in changed) for place, count in counts.values.items()},
    )


@pytest.mark.parametrize("dimensions", [(), (Dimension.SEX,), (Dimension.SEX, Dimension.AGE_BAND)])
def test_more_is_hidden_than_need_be(dimensions: tuple[Dimension, ...]) -> None:
    """A table without small counts is told whole, with all its totals."""
    counts = FlowCounts(dimensions, dict.fromkeys(combinations(dimensions), 40))
    made = make_report(FRAME, counts)
    assert isinstance(made, FlowMade)
    assert (made.small, made.more, made.totals_left_out) == (0, 0, 0)
    assert all(cell.state is CellState.SHOWN for cell in made.report.cells)
