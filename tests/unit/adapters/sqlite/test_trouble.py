"""A full or failing disk, too much work, too little space: told, and survived."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.memory.clock import ManualClock
from adapters.sqlite.failures import DiskFailedError, DiskLowError, StoreBusyError
from adapters.sqlite.store import FileLayer, SqliteStore, open_store
from adapters.sqlite.transaction import Limits
from schemas.errors import InvariantError, UnavailableError
from services.ports import Transaction
from tests.contract.store.kinds import posted
from tests.contract.store.samples import envelope
from tests.storage import FailingLayer, audit, disk_failing, disk_full

NO_FLOOR = Limits(disk_floor_bytes=0)


@pytest.fixture
def layer() -> Iterator[FailingLayer]:
    """A file layer that can fail."""
    made = FailingLayer("failing")
    yield made
    made.unregister()


@asynccontextmanager
async def _opened(path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(path, layer=FileLayer("failing"), limits=NO_FLOOR) as store:
        yield store


def _post(tx: Transaction) -> int:
    head = tx.chains.current(envelope().header.channel)
    seq = head.head.seq + 1 if head else 1
    posted(tx, 1, first=seq)
    return seq


@pytest.mark.parametrize("trouble", [disk_full, disk_failing])
async def test_a_group_that_cannot_be_written_never_happened(
    tmp_path: Path, layer: FailingLayer, trouble: object
) -> None:
    """An event acknowledged on a full disk; or a store that stays broken after space was made."""
    async with _opened(tmp_path / "county.db") as store:
        assert await store.write(_post) == 1
        layer.trouble = trouble  # type: ignore[assignment]
        results = await asyncio.gather(*(store.write(_post) for _ in range(5)), return_exceptions=True)
        assert [type(one) for one in results] == [DiskFailedError] * 5
        with pytest.raises(UnavailableError):
            await store.write(_post)
        assert await store.read(lambda one: one.counts()["events_out"]) == 1
        layer.trouble = None
        assert [await store.write(_post) for _ in range(3)] == [2, 3, 4]
        assert await store.read(lambda one: one.journal_end()) == 4
    async with open_store(tmp_path / "county.db", limits=NO_FLOOR) as store:
        assert await store.write(_post) == 5
        assert await store.check() == []


async def test_a_failure_in_the_middle_of_a_work_takes_the_group(tmp_path: Path, layer: FailingLayer) -> None:
    """SQLite gave the transaction up, and the works before it are acknowledged all the same."""
    async with _opened(tmp_path / "county.db") as store:
        await store.write(_post)

        def large(tx: Transaction) -> None:
            tx.memory.put_setting("large", "x" * 40_000_000)  # more than the cache holds: written before the commit

        layer.trouble = disk_full
        results = await asyncio.gather(
            store.write(_post), store.write(large), store.write(_post), return_exceptions=True
        )
        assert all(isinstance(one, DiskFailedError) for one in results)
        layer.trouble = None
        assert await store.write(_post) == 2
        assert "large" not in await store.write(lambda tx: tx.memory.settings())
    wrong = [line for line in audit(tmp_path / "county.db") if "publications" not in line and "differ" not in line]
    assert wrong == []


async def test_a_disk_nearly_full_refuses_every_write(tmp_path: Path) -> None:
    """The last bytes go to events, and then not even a receipt can be written."""
    async with open_store(tmp_path / "county.db", floor_bytes=2**62) as store:
        with pytest.raises(DiskLowError) as refused:
            await store.write(_post)
        assert refused.value.code == "disk.low"
        assert await store.read(lambda one: one.journal_end()) == 0


async def test_the_disk_is_looked_at_once_a_second(tmp_path: Path) -> None:
    """Space made by an operator that is noticed after a restart only; or a look at the disk for every event."""
    clock, looks, free = ManualClock(), list[Path](), [100]

    def look(path: Path) -> int:
        looks.append(path)
        return free[0]

    path = tmp_path / "county.db"
    layer = FileLayer(free_bytes=look)
    async with open_store(path, floor_bytes=64, monotonic=clock.monotonic, layer=layer) as store:
        assert [await store.write(_post) for _ in range(3)] == [1, 2, 3]
        free[0] = 10
        assert await store.write(_post) == 4
        await clock.move(1.0)
        with pytest.raises(DiskLowError):
            await store.write(_post)
        free[0] = 100
        await clock.move(1.0)
        assert await store.write(_post) == 5
    assert looks == [path] * 3


async def test_more_work_than_the_writer_takes_on_is_refused(tmp_path: Path) -> None:
    """Memory grows without end while the disk is slow."""
    limits = Limits(queued_works=3, disk_floor_bytes=0)
    async with open_store(tmp_path / "county.db", limits=limits) as store:
        begun, go_on = threading.Event(), threading.Event()

        def slow(_: Transaction) -> None:
            begun.set()
            go_on.wait(10)

        first = asyncio.create_task(store.write(slow))
        await asyncio.to_thread(begun.wait, 10)
        queued = [asyncio.create_task(store.write(_post)) for _ in range(4)]
        await asyncio.sleep(0)
        go_on.set()
        results = await asyncio.gather(first, *queued, return_exceptions=True)
        assert [type(one) for one in results[1:]] == [int, int, int, StoreBusyError]
        assert await store.write(_post) == 4


async def test_a_broken_promise_of_the_store_itself_is_no_passing_failure(tmp_path: Path) -> None:
    """Our own bug retried for ever, as if the disk were at fault."""
    async with open_store(tmp_path / "county.db") as store:
        with pytest.raises(InvariantError):
            await store.write(lambda tx: tx.memory.put_setting("county", None))  # type: ignore[arg-type]
        assert await store.write(_post) == 1
