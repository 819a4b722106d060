"""Reports out of a county's own counts: what is hidden, what is not, and what is refused."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from schemas.errors import Fault
from schemas.information.population import Cell, CellState, Dimension, PopulationFlowReported, place_of
from services.domain.flow_making import FlowCounts, FlowFrame, FlowMade, combinations, make_report
from tests.flows import FRAME, fewest_left
from tests.papers import LIBO

AGES = (Dimension.AGE_BAND,)
TABLE = (Dimension.SEX, Dimension.AGE_BAND)


def table(dimensions: tuple[Dimension, ...], *counts: int) -> FlowCounts:
    """Counts in the order of their combinations."""
    return FlowCounts(dimensions, dict(zip(combinations(dimensions), counts, strict=True)))


def made(counts: FlowCounts, **how: Any) -> FlowMade:  # noqa: ANN401 - passed on
    """A report that was made."""
    found = make_report(FRAME, counts, **how)
    assert isinstance(found, FlowMade), found
    return found


def hidden(report: PopulationFlowReported) -> list[int]:
    """Places of the counts that are hidden."""
    return [number for number, cell in enumerate(report.cells) if cell.value is None]


def total(report: PopulationFlowReported) -> Cell | None:
    """The grand total, if it is told."""
    return next((cell for cell in report.cells if not place_of(cell.keys)), None)


def test_one_small_count_follows_from_the_others() -> None:
    """A second one, or the total, is hidden with it: whichever tells the county least."""
    found = made(table(AGES, 3, 90, 120))
    assert 0 in hidden(found.report)
    assert len(hidden(found.report)) == 2 or total(found.report) is None
    assert (fewest_left(found.report) or 0) >= 10
    assert found.small == 1
    assert found.more + found.totals_left_out == 1


def test_zero_is_shown() -> None:
    """Nobody can also point at somebody."""
    assert hidden(made(table(AGES, 0, 90, 120)).report)[0] == 0


def test_a_corner_is_computed_from_its_row_and_column() -> None:
    """In a table of two dimensions more is hidden in both."""
    found = made(table(TABLE, 4, 80, 90, 70, 60, 50))
    assert (fewest_left(found.report) or 0) >= 10
    assert len(found.report.cells) < 12 or len(hidden(found.report)) >= 4


def test_rounding_shows_a_count_that_may_be_small() -> None:
    """14 rounded to 10 may be 5: it is hidden; what is shown says that it is rounded."""
    found = made(table(AGES, 14, 94, 126), round_to=10)
    assert 0 in hidden(found.report)
    assert {cell.state for cell in found.report.cells} == {CellState.SUPPRESSED, CellState.ROUNDED}


def test_what_was_hidden_is_shown_the_next_time() -> None:
    """A correction hides the same counts again, although they have grown."""
    first = made(table(AGES, 3, 90, 120))
    second = made(table(AGES, 13, 90, 120), previous=[first.report])
    assert 0 in hidden(second.report)
    again = made(table(AGES, 13, 90, 120))
    assert hidden(again.report) == []


def test_the_total_is_told_after_the_details() -> None:
    """Detail first, then the total alone: the second gives the first away, so there is nothing to be shown."""
    first = made(table(AGES, 3, 90, 120))
    if total(first.report) is None and hidden(first.report) == [0]:
        found = make_report(FRAME, table((), 213), previous=[first.report])
        assert isinstance(found, Fault)
        assert found.code == "flow.nothing_to_show"
    else:
        assert fewest_left(first.report, made(table((), 213), previous=[first.report]).report) is not None


def test_a_report_of_other_people_hides_more() -> None:
    """Another quarter is about other people."""
    first = made(table(AGES, 3, 90, 120))
    next_quarter = make_report(
        replace(FRAME, period_start=date(2026, 4, 1)), table(AGES, 13, 90, 120), previous=[first.report]
    )
    assert isinstance(next_quarter, FlowMade)
    assert hidden(next_quarter.report) == []


@pytest.mark.parametrize(
    ("frame", "how", "field"),
    [
        (replace(FRAME, destination=LIBO), {}, "flow.destination_adcode"),
        (replace(FRAME, period_start=date(2026, 2, 1)), {}, "flow.period_start"),
        (FRAME, {"k": 4}, "k"),
        (FRAME, {"round_to": 0}, "k"),
    ],
)
def test_what_cannot_be_a_report_is_made(frame: FlowFrame, how: dict[str, Any], field: str) -> None:
    """The refusal names what to mend."""
    found = make_report(frame, table(AGES, 50, 60, 70), **how)
    assert isinstance(found, Fault)
    assert found.field == field


def test_nothing_but_small_counts_is_released() -> None:
    """An empty table would only say that there is one."""
    found = make_report(FRAME, table(AGES, 1, 2, 3))
    assert isinstance(found, Fault)
    assert found.code == "flow.nothing_to_show"
