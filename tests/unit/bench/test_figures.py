"""From rounds to a figure: what would let a wrong figure through."""

import pytest

from tests.bench.figures import Better, Round, Target, figure_of, undrifted
from tests.bench.samples import Faults, Sample, compare, percentile


def one_round(floor: float, sihu: float, faults: Faults | None = None) -> Round:
    """Return a round with these rates."""
    return {"floor": Sample(1000, 1000 / floor), "sihu": Sample(1000, 1000 / sihu, faults=faults or Faults())}


def test_a_ratio_is_taken_within_its_round() -> None:
    """The median of one side over the median of the other would mix rounds of a slow and a fast minute."""
    rounds = [one_round(1000, 2000), one_round(1200, 3600), one_round(1100, 1100)]

    figure = figure_of("W1", "a link", "rate", Better.HIGHER, 1000, rounds, ())

    assert figure.numbers["ratio"] == pytest.approx(2)
    assert figure.numbers["ratio_min"] == pytest.approx(1)
    assert figure.numbers["ratio_max"] == pytest.approx(3)


def test_a_floor_of_nothing_has_no_ratio_and_breaks_no_run() -> None:
    """The kill came when nothing was on its way at the floor: half an hour of measuring would end in a division."""
    one = {"floor": Sample(10, 1, values={"doubled": 0.0}), "sihu": Sample(10, 1, values={"doubled": 56.0})}

    numbers = figure_of("W8", "pages", "rate", Better.HIGHER, 10, [one], ()).numbers

    assert "doubled_ratio" not in numbers
    assert numbers["doubled"] == pytest.approx(56)
    assert numbers["rate_ratio"] == pytest.approx(1)


def test_a_round_whose_floor_drifted_does_not_count() -> None:
    """A disk that was busy with something else for one round would make us look fast."""
    steady = [one_round(1000, 900), one_round(1010, 910), one_round(990, 890)]

    assert undrifted([*steady, one_round(600, 900)], "rate") == steady


def test_one_lost_event_takes_the_figure_away_even_from_a_round_that_drifted() -> None:
    """Faults of a dropped round are faults all the same."""
    rounds = [one_round(1000, 900), one_round(1000, 900), one_round(100, 900, Faults(lost=1))]

    figure = figure_of("W1", "a link", "rate", Better.HIGHER, 1000, rounds, (Target("ratio", 0.5, must=True),))

    assert figure.as_dict()["ratio"] is None
    assert figure.as_dict()["lost"] == 1
    assert not figure.as_dict()["must_met"]


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (["a", "b", "c"], Faults()),
        (["a", "c"], Faults(lost=1)),
        (["a", "b", "b", "c"], Faults(doubled=1)),
        (["b", "a", "c"], Faults(out_of_order=1)),
        (["a", "b", "x", "c"], Faults(forged_accepted=1)),
        ([], Faults(lost=3)),
    ],
)
def test_every_way_to_go_wrong_is_counted_by_its_name(got: list[str], expected: Faults) -> None:
    """A doubled event must not make up for a lost one."""
    assert compare(["a", "b", "c"], got) == expected


def test_a_target_without_its_number_is_not_met() -> None:
    """A workload that did not measure something would pass for having reached it."""
    assert not Target("p99_ms", 20, Better.LOWER).is_met({"p50_ms": 1})


def test_percentiles_are_values_that_occurred() -> None:
    """An interpolated p99 of ten values would name a latency that nobody saw."""
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([1.0] * 99 + [50.0], 0.99) == 50.0
