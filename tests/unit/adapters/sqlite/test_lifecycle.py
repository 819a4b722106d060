"""Opening, closing, versions and locks of a database."""

import asyncio
import os
from pathlib import Path

import apsw
import pytest

from adapters.sqlite.connection import APPLICATION_ID, open_reader, open_writer
from adapters.sqlite.failures import StoreClosedError, StoreLockedError
from adapters.sqlite.migrate import migrate, migrations
from adapters.sqlite.store import open_store
from schemas.control import ReceiptStage
from schemas.errors import RequestError
from schemas.records import Direction
from services.ports import Transaction
from tests.contract.store.kinds import posted
from tests.contract.store.samples import THEM, US, at, chain, envelope, link, receipt


async def test_a_second_process_is_kept_out_and_told_who_is_in(tmp_path: Path) -> None:
    """Two writers on one database: a chain that forks itself."""
    path = tmp_path / "county.db"
    async with open_store(path):
        with pytest.raises(StoreLockedError, match=f"process {os.getpid()}"):
            async with open_store(path):
                pass
    async with open_store(path):
        pass


async def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    """Numberings that start anew after a restart: doubled sequences, a forked chain."""
    path = tmp_path / "county.db"
    async with open_store(path) as store:
        await store.write(lambda tx: posted(tx, 3))
    async with open_store(path) as store:
        assert await store.changed(2) == 3
        await store.write(lambda tx: posted(tx, 2, first=4))
        page = await store.read(lambda one: one.events(direction=None, wire_type=None, since=0, limit=9))
        assert [(row.position, row.seq) for row in page.rows] == [(n, n) for n in range(1, 6)]
        assert await store.read(lambda one: one.journal_end()) == 5


async def test_a_county_cannot_open_the_database_of_another(tmp_path: Path) -> None:
    """A copied directory: one county goes on with the chains of another."""
    path = tmp_path / "county.db"
    async with open_store(path, county="451226"):
        pass
    async with open_store(path, county="451226"):
        pass
    with pytest.raises(RequestError) as refused:
        async with open_store(path, county="451221"):
            pass
    assert refused.value.fault.code == "store.other_county"
    assert "451226" in refused.value.fault.mend
    async with open_store(path):
        pass


async def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    """An older program writes rows that the newer one no longer understands."""
    path = tmp_path / "county.db"
    async with open_store(path):
        pass
    known = migrations()[-1].version
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", known + 1)
    connection.close()
    with pytest.raises(RequestError) as refused:
        async with open_store(path):
            pass
    assert refused.value.fault.code == "store.newer_version"
    assert f"version {known + 1}" in refused.value.fault.mend


async def test_a_foreign_file_is_left_alone(tmp_path: Path) -> None:
    """A typing error in a path, and Sihu's tables appear in somebody else's database."""
    path = tmp_path / "other.db"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(RequestError) as refused:
        async with open_store(path):
            pass
    assert refused.value.fault.code == "store.not_ours"


async def test_each_step_of_the_schema_is_applied_once(tmp_path: Path) -> None:
    """A database made by an older version stays behind, or a step runs twice."""
    path = tmp_path / "county.db"
    steps = migrations()
    assert [step.version for step in steps] == list(range(1, len(steps) + 1))
    connection = apsw.Connection(str(path))
    connection.execute(steps[0].sql)
    connection.pragma("application_id", APPLICATION_ID)
    connection.pragma("user_version", 1)
    connection.close()
    async with open_store(path) as store:
        await store.write(lambda tx: posted(tx, 1))
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    assert connection.pragma("user_version") == steps[-1].version
    connection.close()


def test_the_promises_of_every_connection_are_kept(tmp_path: Path) -> None:
    """A setting that was lost: commits that are not synced, erased content that can be read on the disk."""
    path = tmp_path / "county.db"
    writer = open_writer(path)
    migrate(writer)
    promises = {name: writer.pragma(name) for name in ("journal_mode", "synchronous", "secure_delete")}
    assert promises == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}
    reader = open_reader(path)
    with pytest.raises(apsw.ReadOnlyError):
        reader.execute("DELETE FROM settings")
    reader.close()
    writer.close()


async def test_closing_finishes_what_is_queued_and_refuses_the_rest(tmp_path: Path) -> None:
    """A clean stop that loses what was accepted a moment before, or hangs on whoever waits for a change."""
    path = tmp_path / "county.db"
    async with open_store(path) as store:
        works = [asyncio.create_task(store.write(lambda tx: posted(tx, 1))) for _ in range(1)]
        waiter = asyncio.create_task(store.changed(99))
        await asyncio.sleep(0)
    assert await works[0] == 1
    for late in (store.write(lambda tx: posted(tx, 1)), store.read(lambda one: one.journal_end())):
        with pytest.raises(StoreClosedError):
            await late
    with pytest.raises(StoreClosedError):
        await waiter
    async with open_store(path) as again:
        assert await again.read(lambda one: one.event(envelope(1).envelope_id)) is not None


async def test_a_caller_that_gives_up_harms_nobody(tmp_path: Path) -> None:
    """A cancelled request stops the writer, or its answer goes to another."""
    async with open_store(tmp_path / "county.db") as store:
        given_up = asyncio.create_task(store.write(lambda tx: tx.memory.put_setting("a", "1")))
        kept = asyncio.create_task(store.write(lambda tx: tx.memory.settings()))
        await asyncio.sleep(0)
        given_up.cancel()
        assert dict(await kept).keys() <= {"a"}
        with pytest.raises(asyncio.CancelledError):
            await given_up
        assert await store.write(lambda tx: posted(tx, 1)) == 1


async def test_what_an_older_database_left_unacknowledged_waits_after_the_update(tmp_path: Path) -> None:
    """The night's alert came before the update: whoever asks what waits must find it, and nothing that is answered."""
    path = tmp_path / "county.db"

    def work(tx: Transaction) -> None:
        number = tx.chains.open(chain("in", source=THEM)).number
        for seq, deadline in enumerate((at(900), at(900), None), 1):
            asked = envelope(seq, channel="in", source=THEM, to=(US,), acknowledge_by=deadline)
            tx.outbox.record([link(number, asked)])
        for seq, stage in ((1, ReceiptStage.DECLINED), (2, ReceiptStage.ACKNOWLEDGED), (3, ReceiptStage.STORED)):
            tx.receipt_book.record(receipt(stage, seq, direction=Direction.OUTGOING))

    async with open_store(path) as store:
        await store.write(work)
    old = open_writer(path)
    old.execute("DROP TABLE unacknowledged")
    old.execute(next(step.sql for step in migrations() if step.version == 20))  # the steps after it do not concern it
    old.close()
    async with open_store(path) as store:
        page = await store.read(
            lambda one: one.events(direction=None, wire_type=None, since=0, limit=9, unacknowledged=True)
        )
    assert [row.position for row in page.rows] == [1]


async def test_notices_and_keys_of_an_older_database_are_there_after_the_update(tmp_path: Path) -> None:
    """A county that updates must find what its officers were told, and still bound what it remembers."""
    path = tmp_path / "county.db"
    old = open_writer(path)
    for step in migrations()[:2]:
        old.execute(step.sql)
    old.pragma("application_id", APPLICATION_ID)
    old.pragma("user_version", 2)
    old.execute("INSERT INTO notices (kind, about, county, text, told_at) VALUES ('refused', 'a', '522722', '拒收', 0)")
    old.execute("INSERT INTO idempotency VALUES ('key', 'd', zeroblob(32), 0)")
    old.execute("INSERT INTO counters VALUES ('notices_open', 1)")
    old.close()
    async with open_store(path) as store:
        (notice,) = await store.read(lambda one: one.notices(open_only=True, limit=9))
        assert (notice.number, notice.closed_by) == (1, None)
        await store.write(lambda tx: tx.waiting_room.close(1, "duty-a", at(0)))
        assert (await store.read(lambda one: one.counts()))["notices_open"] == 0
        assert await store.write(lambda tx: tx.memory.forget_answers(at(0), 9)) == 1
