"""Whatever the size of a file: each chunk is proved in its own place alone, and all that is missing is asked for."""

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import CHUNK_MIN_BYTES
from schemas.errors import Fault
from services.domain.chunks import (
    all_of,
    asked_of,
    count_of,
    first_of,
    has,
    judge_chunk,
    missing_of,
    none_of,
    parse_chunk,
    spell_chunk,
    with_chunks,
    without_chunks,
)
from services.domain.files import Digester, Sealer, at_offset, pieces
from services.domain.merkle import levels

SIZES = st.integers(1, 5 * CHUNK_MIN_BYTES + 1)


def file_of(size: int) -> bytes:
    """Bytes that differ from place to place."""
    return b"".join(number.to_bytes(4, "big") for number in range(-(-size // 4)))[:size]


@settings(deadline=None)
@given(size=SIZES, piece=st.integers(1, 70_000), data=st.data())
def test_a_chunk_is_taken_in_another_place(size: int, piece: int, data: st.DataObject) -> None:
    """One place, one path, one run of bytes: nothing else passes."""
    file, carried = file_of(size), Digester(CHUNK_MIN_BYTES)
    for offset, length in pieces(size, piece):
        carried.add(file[offset : offset + length])
    binding = carried.binding()
    index = data.draw(st.integers(0, binding.count - 1))
    chunk_bytes = file[index * CHUNK_MIN_BYTES : (index + 1) * CHUNK_MIN_BYTES]
    message = spell_chunk("a" * 64, index, levels(carried.digests), chunk_bytes)
    chunk = parse_chunk(message)
    assert not isinstance(chunk, Fault)
    assert judge_chunk(chunk, binding) is None
    at = data.draw(st.integers(0, len(message) - 1))
    spoilt = parse_chunk(message[:at] + bytes([message[at] ^ (1 << data.draw(st.integers(0, 7)))]) + message[at + 1 :])
    other_event = not isinstance(spoilt, Fault) and spoilt.envelope_id != chunk.envelope_id
    assert isinstance(spoilt, Fault) or other_event or judge_chunk(spoilt, binding) is not None


@settings(deadline=None)
@given(size=st.integers(1, 3_000), start=st.integers(0, 2_999), length=st.integers(1, 500))
def test_a_part_reads_otherwise_than_the_whole(size: int, start: int, length: int) -> None:
    """Whoever resumes a download in the middle gets the same bytes."""
    file, key = file_of(size), bytes(range(32))
    carried = Sealer(key, source="522722", content_id="0" * 32).add(file)
    start = min(start, size - 1)
    assert at_offset(key, start).update(carried[start : start + length]) == file[start : start + length]


@settings(deadline=None)
@given(count=st.integers(1, 600), held=st.sets(st.integers(0, 599)))
def test_bitmaps_lose_a_chunk(count: int, held: set[int]) -> None:
    """What is held and what is missing are all there is."""
    held = {one for one in held if one < count}
    bitmap = with_chunks(none_of(count), held)
    assert [one for one in range(count) if has(bitmap, one)] == sorted(held) == first_of(bitmap, count)
    assert count_of(bitmap) == len(held)
    assert without_chunks(all_of(count), held) == asked_of(missing_of(bitmap, count, count), count)
