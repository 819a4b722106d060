"""Long lists: what is cut is counted, and a sheet loses no row between its parts."""

from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.sheets import PART_BYTES, Section, cut, cut_by, parts_of

_CELLS = st.text('水位<&"a', max_size=2_000)
_SECTIONS = st.lists(
    st.builds(
        Section, st.sampled_from(("甲", "乙")), st.just(("a", "b")), st.lists(st.tuples(_CELLS, _CELLS)).map(tuple)
    ),
    max_size=6,
)


@given(_SECTIONS)
def test_a_row_is_lost_between_two_parts(sections: list[Section]) -> None:
    """All rows, in their order, each once; no part is heavier than a page but by a row that is so itself."""
    parts = parts_of(sections)
    assert [row for part in parts for one in part for row in one.rows] == [row for one in sections for row in one.rows]
    begun = [one for part in parts for one in part if not one.goes_on]
    assert [one.title for one in begun] == [one.title for one in sections]
    for part in parts:
        rows = [sum(len(escape(cell).encode()) for cell in row) for one in part for row in one.rows]
        assert sum(rows) <= PART_BYTES or len(rows) == 1
    assert all(part for part in parts) or not sections


@pytest.mark.parametrize(("most", "shown", "left"), [(0, 0, 5), (3, 3, 2), (5, 5, 0), (9, 5, 0)])
def test_what_is_cut_is_counted(most: int, shown: int, left: int) -> None:
    """A list that ends without a word looks whole."""
    found = cut(range(5), most)
    assert (len(found.rows), found.left) == (shown, left)


def test_the_first_is_shown_however_long_it_is() -> None:
    """A note of two thousand characters is still the note of the night."""
    assert cut_by(["水" * 9, "位"], len, 5).rows == ("水" * 9,)
    assert cut_by(["水位", "上涨", "了"], len, 4).left == 1
    assert cut_by([], len, 4).left == 0
