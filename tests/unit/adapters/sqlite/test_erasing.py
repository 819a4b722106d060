"""What was erased is out of every file: pages, free pages, and the write-ahead log, also if a reader is in the way."""

import asyncio
from pathlib import Path

import apsw

from adapters.sqlite.store import SqliteStore, open_store
from schemas.control import ErasureReason
from schemas.records import ErasureRow
from services.ports import Transaction
from tests.contract.store.samples import US, at, chain, envelope, link
from tests.desk import everything_in

SECRET = "樟江沿线联合巡查安排"  # noqa: S105 - what a search must not find
ONE = envelope(1, text=SECRET, padding=20_000)
"""Over several pages."""
AGAIN_SECONDS = 2.2


async def record(store: SqliteStore) -> None:
    """Record the event."""

    def work(tx: Transaction) -> None:
        number = tx.chains.open(chain()).number
        tx.outbox.record([link(number, ONE, content_key=bytes(range(32)))])

    await store.write(work)


async def erase(store: SqliteStore) -> None:
    """Erase it."""
    row = ErasureRow(US, ErasureReason.MISTAKEN, at(9))
    assert await store.write(lambda tx: tx.erasures.erase(ONE.envelope_id, row))


async def test_nothing_is_left_in_any_file(tmp_path: Path) -> None:
    """By the time the answer is there; the search finds it before."""
    async with open_store(tmp_path / "county.db", floor_bytes=0) as store:
        await record(store)
        assert SECRET.encode() in await everything_in(store)
        await erase(store)
        held = await everything_in(store)
    assert SECRET.encode() not in held
    assert ONE.content[-100:] not in held
    assert bytes(range(32)) not in held


async def test_a_reader_in_the_way_delays_it_and_no_longer(tmp_path: Path) -> None:
    """A backup reads an old state for minutes: the log keeps it so long, and is emptied after."""
    async with open_store(tmp_path / "county.db", floor_bytes=0) as store:
        await record(store)
        reader = apsw.Connection(str(store.path), flags=apsw.SQLITE_OPEN_READONLY)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM envelopes").fetchall()

        await erase(store)
        assert SECRET.encode() in await everything_in(store)

        reader.close()
        await asyncio.sleep(AGAIN_SECONDS)
        await store.write(lambda tx: tx.memory.put_setting("note", "x"))
        assert SECRET.encode() not in await everything_in(store)


async def test_a_work_that_fails_erases_nothing(tmp_path: Path) -> None:
    """Half an erasure would leave an event that neither is there nor is gone."""

    def work(tx: Transaction) -> None:
        tx.erasures.erase(ONE.envelope_id, ErasureRow(US, ErasureReason.MISTAKEN, at(9)))
        raise RuntimeError

    async with open_store(tmp_path / "county.db", floor_bytes=0) as store:
        await record(store)
        outcome = await asyncio.gather(store.write(work), return_exceptions=True)
        assert isinstance(outcome[0], RuntimeError)
        held = await store.read(lambda s: s.event(ONE.envelope_id))
    assert held is not None
    assert (held.envelope, held.content_key) == (ONE, bytes(range(32)))
