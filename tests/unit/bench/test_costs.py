"""The cost table: parts that do not add up to the whole would explain nothing."""

from io import StringIO
from xml.etree import ElementTree as ET

import pytest

from tests.bench.costs import ADDING, INSTEAD, PREFIX, costs_svg, parts_of, print_costs, rest_us
from tests.bench.figures import Better, Figure, figure_of
from tests.bench.samples import Faults, Sample


def figure(faults: Faults | None = None) -> Figure:
    """Return a figure whose every part takes 10 µs, of 300 µs in all."""
    parts = {f"{PREFIX}{name}_us": 10.0 for name in (*ADDING, *INSTEAD)}
    sihu = Sample(1000, 1.0, 0.3, faults or Faults(), parts)
    rounds = [{"floor": Sample(1000, 1.0, 0.2), "sihu": sihu}]
    return figure_of("C1", "costs <apart>", "cpu_us", Better.LOWER, 1000, rounds, ())


def test_what_is_no_part_of_the_sum_is_called_the_rest() -> None:
    """A part that stands aside, such as encryption, must not be taken from the whole."""
    assert rest_us(300.0, parts_of(figure())) == pytest.approx(300 - 10 * len(ADDING))


def test_the_table_adds_up_to_the_whole() -> None:
    """The last line of the sum is what the link took."""
    stream = StringIO()
    print_costs([figure()], stream)

    rest = next(line for line in stream.getvalue().splitlines() if "event loops" in line)
    assert "180.0" in rest
    assert "300" in rest


def test_without_correctness_there_is_no_table() -> None:
    """Costs of a run that lost something are costs of nothing."""
    stream = StringIO()
    print_costs([figure(Faults(lost=1))], stream)

    assert stream.getvalue() == ""


def test_the_picture_is_well_formed_and_names_every_part() -> None:
    """A title with a sign of XML in it would make a file that no reader opens."""
    texts = [one.text for one in ET.fromstring(costs_svg(figure(), "date\nmachine")).iter() if one.text]  # noqa: S314  our own text

    assert {*ADDING.values(), *INSTEAD.values()} <= set(texts)
