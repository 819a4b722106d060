"""Any order, repetition, batching or loss: a channel is read in order, each event once, one receipt each."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.memory.store import MemoryStore
from adapters.sqlite.store import open_store
from schemas.carriage import Arrival
from schemas.control import Receipt, ReceiptStage
from tests import papers
from tests.desk import Office, in_batches, opened
from tests.papers import HUANJIANG, LIBO

Place = tuple[str, int]
"""Channel and sequence."""


async def _morning() -> list[Arrival]:
    """荔波 writes on two channels: bulletins and alerts to both neighbours, bulletins to 环江 alone."""
    libo = Office(LIBO, MemoryStore())
    for number in range(1, 4):
        await libo.post()
        await libo.post_alert(level=number, number=number)
        await libo.post(to=(HUANJIANG,))
    return await libo.sent()


ARRIVALS = asyncio.run(_morning())


def place_of(arrival: Arrival) -> Place:
    """Return where a message belongs."""
    header = opened(arrival.message).header
    return header.channel, header.seq


ALERTS = {place_of(one) for one in ARRIVALS if opened(one.message).header.type == papers.ALERT}
EVENTS = {place_of(one) for one in ARRIVALS if place_of(one)[1] > 0}
CHANNELS = {channel for channel, _ in EVENTS}


@dataclass
class Found:
    """What a desk holds and said at the end."""

    inbox: list[Place]
    early: set[Place]
    heads: dict[str, int | None]
    covered: Counter[Place]
    refused: list[str]


async def receive(desk: Office, batches: Sequence[Sequence[Arrival]], *, publish: bool) -> Found:
    """Take every batch; with ``publish`` receipts leave in between, so that duplicates call for them again."""
    for batch in batches:
        await desk.take(*batch)
        if publish:
            await desk.mark_published()
    rows = await desk.inbox()
    receipts = {one.envelope_id: Receipt.model_validate_json(one.content) for one in await desk.receipt_envelopes()}
    assert all(one.stage is ReceiptStage.STORED for one in receipts.values())
    return Found(
        inbox=[(row.channel, row.seq) for row in rows],
        early={(row.channel, row.seq) for row in rows if row.early},
        heads={place_of(one)[0]: await desk.head(opened(one.message)) for one in ARRIVALS},
        covered=Counter((one.channel, seq) for one in receipts.values() for seq in range(one.first_seq, one.seq + 1)),
        refused=await desk.codes(),
    )


def check(found: Found, came: set[Place]) -> None:
    """Compare with what the rules give for the places that came at least once."""
    expected: set[Place] = set()
    for channel in CHANNELS:
        missing = next(seq for seq in range(len(ARRIVALS) + 1) if (channel, seq) not in came)
        reached = missing - 1
        assert found.heads[channel] in {reached, *([None] if missing == 0 else [])}
        expected |= {place for place in came & EVENTS if place[0] == channel and (place[1] < missing)}
        early = {place for place in came & ALERTS if place[0] == channel and place[1] > missing}
        expected |= early
        assert {place for place in found.early if place[0] == channel} == early
        in_order = [place for place in found.inbox if place[0] == channel and place not in ALERTS]
        assert in_order == sorted(in_order)
    assert Counter(found.inbox) == Counter(expected)
    assert found.covered == Counter(expected)
    assert found.refused == []


_sizes = st.lists(st.integers(1, 5), max_size=8)
_permuted = st.permutations(ARRIVALS)
_some = st.lists(st.sampled_from(ARRIVALS), max_size=30)


async def _on(kind: str, batches: Sequence[Sequence[Arrival]], *, publish: bool) -> Found:
    if kind == "memory":
        return await receive(Office(HUANJIANG, MemoryStore()), batches, publish=publish)
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(Path(folder) / "county.db", floor_bytes=0) as store:
            return await receive(Office(HUANJIANG, store), batches, publish=publish)


@given(_permuted, _some, _sizes, st.booleans())
@settings(max_examples=100, deadline=None)
def test_every_order_with_repetitions(
    order: list[Arrival],
    again: list[Arrival],
    sizes: list[int],
    publish: bool,  # noqa: FBT001
) -> None:
    """Nothing lost: in the end everything is there, once, in order, covered once."""
    batches = in_batches([*order, *again], sizes)
    check(asyncio.run(_on("memory", batches, publish=publish)), {place_of(one) for one in ARRIVALS})


@given(_some, _sizes, st.booleans())
@settings(max_examples=100, deadline=None)
def test_every_loss(arrivals: list[Arrival], sizes: list[int], publish: bool) -> None:  # noqa: FBT001
    """Some never come: what is before the first gap is there, and alerts behind it, marked."""
    batches = in_batches(arrivals, sizes)
    check(asyncio.run(_on("memory", batches, publish=publish)), {place_of(one) for one in arrivals})


@pytest.mark.timeout(120)
@given(_permuted, _some, _sizes, st.booleans())
@settings(max_examples=12, deadline=None)
def test_every_order_on_the_real_store(
    order: list[Arrival],
    again: list[Arrival],
    sizes: list[int],
    publish: bool,  # noqa: FBT001
) -> None:
    """The same rules over SQLite."""
    batches = in_batches([*order, *again], sizes)
    check(asyncio.run(_on("sqlite", batches, publish=publish)), {place_of(one) for one in ARRIVALS})


@given(_some, _sizes)
@settings(max_examples=50, deadline=None)
def test_batching_says_nothing(arrivals: list[Arrival], sizes: list[int]) -> None:
    """One batch, or one for each message: the same inbox, heads and cover."""
    whole = asyncio.run(_on("memory", in_batches(arrivals, []), publish=False))
    cut = asyncio.run(_on("memory", in_batches(arrivals, sizes), publish=False))
    assert (whole.inbox, whole.heads, whole.covered) == (cut.inbox, cut.heads, cut.covered)
