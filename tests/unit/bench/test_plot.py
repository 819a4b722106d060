"""Pictures: the wrong kind of picture would hide what a workload is about."""

from tests.bench.bars import folded
from tests.bench.figures import Better, Figure, figure_of
from tests.bench.growth_plot import levels_of
from tests.bench.plot import drawn
from tests.bench.samples import Sample
from tests.bench.surroundings import Surroundings

AROUND = Surroundings("2026-11-25", "abc", "bench " * 40, "2 cores", "versions " * 40, 0.1)


def figure(values: dict[str, float]) -> Figure:
    """Return a figure of one round."""
    one = {"floor": Sample(10, 1.0, 0.2), "sihu": Sample(10, 1.0, 0.3, values=values)}
    return figure_of("W10", "growth", "cpu_us", Better.LOWER, 10, [one], ())


def test_levels_are_drawn_in_ascending_order() -> None:
    """By their spelling 1000000 would stand before 50."""
    values = {"page_ms_at_1000000": 3.0, "page_ms_at_50": 1.0, "publish_us_at_6": 2.0, "other_at_6": 9.0}

    assert levels_of(figure(values)) == {"publish_us": {6: 2.0}, "page_ms": {50: 1.0, 1_000_000: 3.0}}


def test_each_figure_gets_the_picture_that_it_needs() -> None:
    """A bar of the floor beside one of ours says nothing of growth."""
    assert "newest page of the inbox, ms: 50" in drawn(figure({"page_ms_at_50": 1.0, "page_growth": 1.0}), AROUND)
    assert "floor: bare nats-py" in drawn(figure({}), AROUND)


def test_small_print_is_folded_and_loses_nothing() -> None:
    """A long command would run out of the picture."""
    lines = folded("one two  three\nfour", 8)

    assert max(map(len, lines)) <= 8
    assert " ".join(lines).split() == ["one", "two", "three", "four"]
