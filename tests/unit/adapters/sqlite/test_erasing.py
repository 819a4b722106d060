"""What was erased is out of every file: pages, free pages, and the write-ahead log, also if a reader is in the way."""

import asyncio
from pathlib import Path

import apsw

from adapters.sqlite.store import SqliteStore, open_store
from schemas.control import ErasureReason
from schemas.records import ErasureRow
from schemas.searches import PLACES
from services.domain.search_index import token_of
from services.ports import Transaction
from tests.contract.store.samples import US, at, chain, envelope, link
from tests.desk import everything_in
from tests.searching import KEY, index
from tests.searching import record as record_many

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


async def test_no_word_is_left_in_any_file(tmp_path: Path) -> None:
    """The index holds words as bytes that nobody can read; those of an erased event are overwritten, too."""
    async with open_store(tmp_path / "county.db", floor_bytes=0) as store:
        await store.write(lambda tx: record_many(tx, [{"title": SECRET}] + [{"title": "短"}] * PLACES, encrypted=True))
        await index(store)
        pairs = [SECRET[at : at + 2] for at in range(len(SECRET) - 1)]
        buckets = [token_of(one, KEY)[0] for one in pairs]
        rows = await store.read(lambda s: [s.search.postings(0, bucket) for bucket in buckets])
        held = await everything_in(store)
        assert not any(one.encode() in held for one in pairs)
        assert all(len(one) > 8 and one in held for one in rows)
        row = ErasureRow(US, ErasureReason.MISTAKEN, at(9))
        await store.write(lambda tx: tx.erasures.erase(envelope(1).envelope_id, row))
        held = await everything_in(store)
        assert not any(one in held for one in rows)


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
