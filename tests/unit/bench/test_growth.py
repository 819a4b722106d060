"""Growth: what would call a slow machine a slow program, or the other way round."""

import pytest

from tests.bench.growth import growth, medians


def test_a_machine_that_became_slower_is_no_growth() -> None:
    """Six minutes lie between the first level and the last; the floor says what they did to the machine."""
    first = {"publish_us": 100.0, "floor_us": 200.0, "page_ms": 3.0}
    last = {"publish_us": 150.0, "floor_us": 300.0, "page_ms": 6.0}

    assert growth(first, last) == pytest.approx({"publish_growth": 1.0, "page_growth": 2.0})


def test_growth_beside_a_steady_floor_is_growth() -> None:
    """It must not be divided away."""
    first = {"receive_us": 100.0, "floor_us": 200.0}

    assert growth(first, {"receive_us": 130.0, "floor_us": 200.0}) == pytest.approx({"receive_growth": 1.3})


def test_a_level_is_the_median_of_its_increments() -> None:
    """One increment beside a checkpoint would stand for the level."""
    assert medians([{"a": 1.0}, {"a": 9.0}, {"a": 2.0}]) == {"a": 2.0}
