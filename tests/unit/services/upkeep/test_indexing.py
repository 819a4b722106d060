"""The index is made behind everything else, goes on after a crash, and never outlives a key or an erasure."""

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.memory.clock import ManualClock
from adapters.memory.store import MemoryStore
from adapters.sqlite.store import open_store
from schemas.control import ErasureReason
from schemas.errors import UnavailableError
from schemas.records import ErasureRow
from schemas.searches import PLACES, SearchFigures
from services.domain.search_index import places_in, token_of
from services.ports import Snapshot, Store
from services.upkeep.indexing import INDEX, Indexer
from tests.contract.store.samples import US, at, envelope
from tests.searching import KEY, Content, NoPause, all_found, contents, record

OTHER = bytes(reversed(KEY))


def indexer(store: Store, key: bytes = KEY) -> Indexer:
    """Return one that makes no pauses."""
    return Indexer(store=store, clock=NoPause(), key=key)


async def figures(store: Store) -> SearchFigures:
    """Return how far it has come."""
    return await store.read(lambda snapshot: snapshot.search.figures())


async def test_what_was_there_before_an_update_is_indexed_and_then_what_comes(tmp_path: Path) -> None:
    """A county that has run for a year finds its old events, too; a restart begins nothing anew."""
    given = list(contents(3, 3 * PLACES + 9))
    async with open_store(tmp_path / "county.db", floor_bytes=0) as store:
        await store.write(lambda tx: record(tx, given[: 2 * PLACES]))
        assert await indexer(store).begin()
        assert await indexer(store).run_once() == 2
    async with open_store(tmp_path / "county.db", floor_bytes=0) as store:
        assert not await indexer(store).begin()
        assert await figures(store) == SearchFigures(2, 2)
        await store.write(lambda tx: record(tx, given[2 * PLACES :], first=2 * PLACES + 1))
        assert await indexer(store).run_once() == 1
        assert await figures(store) == SearchFigures(3, 3)


async def test_a_crash_between_two_blocks_costs_nothing() -> None:
    """What is indexed is in the database; the next start goes on behind it."""
    store = MemoryStore()
    await store.write(lambda tx: record(tx, list(contents(3, 3 * PLACES))))
    working = indexer(store)

    class CrashError(Exception):
        pass

    class Dying(NoPause):
        async def sleep(self, seconds: float) -> None:  # noqa: ARG002 - the port's name
            raise CrashError

    with pytest.raises(CrashError):
        await Indexer(store=store, clock=Dying(), key=KEY).run_once()
    assert await figures(store) == SearchFigures(3, 1)
    assert await working.run_once() == 2


async def test_another_key_makes_the_index_anew() -> None:
    """After a restore the key is another one: what it does not open would find nothing and say so in silence."""
    store = MemoryStore()
    given = list(contents(3, PLACES + 3))
    await store.write(lambda tx: record(tx, given))
    await indexer(store).begin()
    await indexer(store).run_once()
    before = await all_found(store, "塌方")
    assert await indexer(store, OTHER).begin()
    assert await figures(store) == SearchFigures(1, 0)
    assert await all_found(store, "塌方", key=OTHER) == before
    await indexer(store, OTHER).run_once()
    assert await all_found(store, "塌方", key=OTHER) == before
    said = await store.write(lambda tx: tx.memory.settings()[INDEX])
    assert not any(part.hex() in said for part in (KEY, OTHER))


async def test_what_is_erased_while_its_block_is_read_does_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its words would be written after they had been erased."""
    store = MemoryStore()
    given: list[Content] = [{"title": "樟江"}, *contents(3, PLACES)]
    await store.write(lambda tx: record(tx, given))
    row = ErasureRow(US, ErasureReason.WITHDRAWN, at(9))
    reading = store.read
    erased = False

    async def read_slowly(work: Callable[[Snapshot], object]) -> object:
        nonlocal erased
        found = await reading(work)
        if isinstance(found, tuple) and not erased:
            erased = True
            await store.write(lambda tx: tx.erasures.erase(envelope(1).envelope_id, row))
        return found

    monkeypatch.setattr(store, "read", read_slowly)
    assert await indexer(store).run_once() == 1
    assert erased
    bucket, mark = token_of("樟江", KEY)
    assert places_in(await reading(lambda snapshot: snapshot.search.postings(0, bucket)), mark) == b""


async def test_it_takes_a_small_share_of_the_time_and_waits_for_a_disk() -> None:
    """A full disk ends nothing: the index goes on when there is room."""
    store, clock = MemoryStore(), ManualClock(at(0))
    await store.write(lambda tx: record(tx, list(contents(3, 2 * PLACES))))
    working = Indexer(store=store, clock=clock, key=KEY)
    store.disk_full = True
    with pytest.raises(UnavailableError):
        await working.run_once()
    async with working.running():
        await clock.move(5.0)
        assert await figures(store) == SearchFigures(2, 0)
        store.disk_full = False
        for _ in range(4):
            await clock.move(5.0)
        assert await figures(store) == SearchFigures(2, 2)
