"""The bar: two-character Chinese words are found with exact recall in 100,000 events, and 99 of 100 within 50 ms."""

import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest

from adapters.sqlite.store import SqliteStore, open_store
from tests.searching import Content, all_found, asked, contents, found_in, index, record, recounted

BAR_SECONDS: Final = 0.050
_STEP: Final = 500
_ABSENT: Final = ("雪崩", "海啸", "地铁", "核电")


async def filled(store: SqliteStore, given: Sequence[Content]) -> None:
    """Record contents, one half of them encrypted, and index what makes whole blocks."""
    for begin in range(0, len(given), _STEP):
        part, encrypted = given[begin : begin + _STEP], begin % (2 * _STEP) == 0
        await store.write(lambda tx, p=part, b=begin, e=encrypted: record(tx, p, first=b + 1, encrypted=e))  # type: ignore[misc]
    await index(store)


def words_of(given: Sequence[Content], rng: random.Random, count: int) -> list[str]:
    """Draw two-character words as they stand in the texts: so frequent ones come often, and rare ones come."""
    words: list[str] = []
    while len(words) < count:
        text = str(rng.choice(given)["summary"])
        at = rng.randrange(max(1, len(text) - 1))
        word = text[at : at + 2]
        if len(word) == 2 and all("\u4e00" <= char <= "\u9fff" for char in word):
            words.append(word)
    return [*words, *_ABSENT]


def shares(seconds: list[float]) -> tuple[float, float]:
    """Return the 50th and 99th percentile."""
    ordered = sorted(seconds)
    return ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]


@pytest.mark.timeout(1800)
async def test_words_of_two_characters_are_all_found_and_soon(
    reduced: Callable[[int, int], int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every word is counted again by looking at every text; the time is that of one answer of 50 events."""
    n = reduced(2_000, 100_000)
    given, rng = list(contents(1, n)), random.Random(2)
    async with open_store(tmp_path / "county.db") as store:
        began = time.perf_counter()
        await filled(store, given)
        filling = time.perf_counter() - began
        took: list[float] = []
        spent: list[float] = []
        words = words_of(given, rng, reduced(150, 400))
        for word in words:
            began, began_at_work = time.perf_counter(), time.process_time()
            await found_in(store, asked(word))
            took.append(time.perf_counter() - began)
            spent.append(time.process_time() - began_at_work)
        for word in (*words[:20], *_ABSENT):
            assert await all_found(store, word) == recounted(given, word), word
    (p50, p99), (_, work) = shares(took), shares(spent)
    size = (tmp_path / "county.db").stat().st_size
    with capsys.disabled():
        sys.stderr.write(
            f"\nsearch in {n:,} events: p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, "
            f"worst {max(took) * 1000:.1f} ms, p99 of processor time {work * 1000:.1f} ms; "
            f"{filling / n * 1e6:.0f} µs an event to record and index, {size / n:.0f} bytes of database an event\n"
        )
    assert work <= BAR_SECONDS
    if os.getloadavg()[0] <= (os.cpu_count() or 1):  # else a clock on the wall measures the others
        assert p99 <= BAR_SECONDS
