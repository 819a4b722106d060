"""Receipt ranges for any set of sequences: each covered once, nothing else, never too many."""

from hypothesis import given
from hypothesis import strategies as st

from services.domain.delivery import ranges


@given(st.sets(st.integers(1, 60)), st.integers(1, 10))
def test_ranges_cover_each_sequence_exactly_once(seqs: set[int], most: int) -> None:
    """An event covered twice or not at all would be a receipt that lies."""
    found = ranges([(seq, f"id{seq}") for seq in sorted(seqs)], most)
    covered = [seq for one in found for seq in range(one.first, one.last + 1)]
    assert covered == sorted(seqs)
    assert all(one.last - one.first < most and one.head == f"id{one.last}" for one in found)


@given(st.sets(st.integers(1, 60)))
def test_ranges_are_as_few_as_can_be(seqs: set[int]) -> None:
    """Without a bound, one receipt for each run."""
    runs = sum(seq - 1 not in seqs for seq in seqs)
    assert len(ranges([(seq, "") for seq in sorted(seqs)], 100)) == runs
