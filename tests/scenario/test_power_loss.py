"""Accepted is durable (G1): after a power cut the disk holds every acknowledged event, whole.

A crash state is what the disk may hold: all writes that were synced, and of the later ones any subset, some torn.
"""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from adapters.sqlite.store import FileLayer, open_store
from adapters.sqlite.transaction import Limits
from schemas.subjects import Lane
from services.ports import Transaction
from tests.contract.store.kinds import posted
from tests.contract.store.samples import envelope
from tests.storage import Recording, RecordingLayer, audit, crash_states, ids_in

POSTS = 120
SEED = 20260304
_LANE = Lane.NORMAL


async def _record(directory: Path, synchronous: str) -> Recording:
    """Post in groups of one to eight on a recording file layer, with a log so short that it is often moved."""
    path = directory / "county.db"
    async with open_store(path):
        pass
    recording = Recording(start={path.name: path.read_bytes()})
    layer = RecordingLayer("recording", recording)
    try:
        async with open_store(
            path, layer=FileLayer("recording", synchronous), limits=Limits(log_bytes=200_000, disk_floor_bytes=0)
        ) as store:
            chooser, posts = random.Random(SEED), iter(range(1, POSTS + 1))

            def work(tx: Transaction) -> str:
                seq = next(posts)
                number = posted(tx, 1, first=seq)
                tx.outbox.enqueue(_LANE, "hub.in.x", envelope(seq).envelope_id)
                assert number == 1
                return envelope(seq).envelope_id

            async def post() -> None:
                recording.acknowledged(await store.write(work))

            left = POSTS
            while left:
                size = min(left, chooser.randint(1, 8))
                await asyncio.gather(*(post() for _ in range(size)))
                left -= size
    finally:
        layer.unregister()
    return recording


def _verdicts(directory: Path, recording: Recording, count: int) -> list[list[str]]:
    """Bring each crash state up and say what is wrong with it."""
    found: list[list[str]] = []
    for moment, files in crash_states(recording, random.Random(SEED), count):
        place = directory / "after"
        place.mkdir(exist_ok=True)
        for name in ("county.db", "county.db-wal", "county.db-shm"):
            (place / name).unlink(missing_ok=True)
        for name, content in files.items():
            (place / name).write_bytes(content)
        found.append(_wrong(place / "county.db", recording.promised(moment)))
    return found


def _wrong(path: Path, promised: set[str]) -> list[str]:
    try:
        lost = promised - ids_in(path)
        return audit(path) + ([f"{len(lost)} of {len(promised)} acknowledged events are lost"] if lost else [])
    except apsw.Error as exc:
        return [f"{type(exc).__name__}: {exc}"]


@pytest.mark.timeout(300)
async def test_a_power_cut_loses_nothing_that_was_acknowledged(
    tmp_path: Path, reduced: Callable[[int, int], int]
) -> None:
    """A county is told 202 and the event is gone after the power came back."""
    recording = await _record(tmp_path, "FULL")
    assert len(recording.promised(len(recording.acts))) == POSTS
    verdicts = await asyncio.to_thread(_verdicts, tmp_path, recording, reduced(150, 2000))
    assert [wrong for wrong in verdicts if wrong] == []


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
@pytest.mark.timeout(300)
async def test_the_power_test_would_notice(
    tmp_path: Path, synchronous: str, reduced: Callable[[int, int], int]
) -> None:
    """A test of durability that is green whatever the store does."""
    recording = await _record(tmp_path, synchronous)
    verdicts = await asyncio.to_thread(_verdicts, tmp_path, recording, reduced(40, 400))
    assert any("lost" in line for wrong in verdicts for line in wrong)
