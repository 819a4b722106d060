"""How waiting publications are cut into atomic batches."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.jetstream.batches import BATCH_MAX, BATCH_MAX_BYTES, BATCH_MIN_BYTES
from adapters.jetstream.batches import chunks as cut
from schemas.carriage import Publication

SIZES = st.lists(st.sampled_from([0, 1, 300_000, 1_000_000]), max_size=40) | st.lists(
    st.just(10), min_size=990, max_size=2100
)


@given(SIZES, st.sampled_from([BATCH_MIN_BYTES, BATCH_MAX_BYTES]))
def test_batches_keep_order_and_bounds(sizes: list[int], most: int) -> None:
    """A batch over the hub's limit is refused as a whole, again and again: the lane would stand still for ever."""
    waiting = [Publication(number, "a.b", bytes(size)) for number, size in enumerate(sizes, 1)]
    chunks = list(cut(waiting, lambda: most))
    assert [one for chunk in chunks for one in chunk] == waiting
    assert all(1 <= len(chunk) <= BATCH_MAX for chunk in chunks)
    assert all(len(chunk) == 1 or sum(len(one.message) for one in chunk) <= most for chunk in chunks)
