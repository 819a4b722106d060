"""Backups taken while the node runs."""

import asyncio
import shutil
from pathlib import Path

import apsw
import pytest

from adapters.sqlite.store import open_store
from adapters.sqlite.upkeep import free_bytes, verify_backup
from schemas.errors import RequestError
from tests.contract.store.kinds import posted


async def test_a_backup_is_one_moment_of_the_store(tmp_path: Path) -> None:
    """A copy taken while events arrive holds half of one; or holds up the events."""
    target, seen = tmp_path / "backup.db", list[tuple[int, int]]()
    async with open_store(tmp_path / "county.db", county="451226") as store:
        await store.write(lambda tx: posted(tx, 300))
        backup = asyncio.create_task(store.backup(target, lambda done, total: seen.append((done, total))))
        for first in range(301, 321):
            await store.write(lambda tx, first=first: posted(tx, 1, first=first))  # type: ignore[misc]
        await backup
        assert await store.read(lambda one: one.counts()["events_out"]) == 320
    facts = verify_backup(target)
    assert facts.problems == ()
    assert 300 <= facts.counts["events_out"] == facts.journal_end <= 320
    assert facts.settings == {"county": "451226"}
    assert facts.size == target.stat().st_size
    assert seen[-1][0] == seen[-1][1] > 0
    assert _names(tmp_path, "backup") == ["backup.db"]


def _names(directory: Path, start: str) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.name.startswith(start))


async def test_a_backup_can_be_opened_as_the_database(tmp_path: Path) -> None:
    """A backup that nobody has ever brought back."""
    async with open_store(tmp_path / "county.db") as store:
        await store.write(lambda tx: posted(tx, 5))
        await store.backup(tmp_path / "backup.db")
    shutil.copy(tmp_path / "backup.db", tmp_path / "restored.db")
    async with open_store(tmp_path / "restored.db") as store:
        await store.write(lambda tx: posted(tx, 1, first=6))
        assert await store.read(lambda one: one.counts()["events_out"]) == 6
        assert await store.check() == []


async def test_a_backup_never_overwrites(tmp_path: Path) -> None:
    """The last good backup replaced by a broken one."""
    target = tmp_path / "backup.db"
    target.write_bytes(b"the only copy")
    async with open_store(tmp_path / "county.db") as store:
        with pytest.raises(RequestError) as refused:
            await store.backup(target)
    assert refused.value.fault.code == "backup.exists"
    assert target.read_bytes() == b"the only copy"


async def test_a_damaged_backup_is_noticed(tmp_path: Path) -> None:
    """A backup that turns out to be worthless on the day it is needed."""
    target = tmp_path / "backup.db"
    async with open_store(tmp_path / "county.db") as store:
        await store.write(lambda tx: posted(tx, 200))
        await store.backup(target)
    whole = target.read_bytes()
    middle = len(whole) // 2 // 8192 * 8192
    damaged = {
        "zeroed": whole[:middle] + bytes(8192) + whole[middle + 8192 :],
        "short": whole[: len(whole) // 2],
        "no database": b"x" * len(whole),
    }
    for name, content in damaged.items():
        path = tmp_path / f"{name}.db"
        path.write_bytes(content)
        try:
            problems = verify_backup(path).problems
        except RequestError as refused:
            problems = (str(refused),)
        assert problems, name


async def test_a_numbering_that_lost_its_end_is_noticed(tmp_path: Path) -> None:
    """A counter behind its rows gives the same number twice."""
    async with open_store(tmp_path / "county.db") as store:
        await store.write(lambda tx: posted(tx, 2))
    connection = apsw.Connection(str(tmp_path / "county.db"))
    connection.execute("UPDATE counters SET value = 1 WHERE name = 'journal'")
    connection.close()
    async with open_store(tmp_path / "county.db") as store:
        assert await store.check() == ["journal stands at 1, but there is a row 2"]


def test_free_space_is_that_of_the_disk_of_the_file(tmp_path: Path) -> None:
    """The space of another disk reassures nobody."""
    assert 0 < free_bytes(tmp_path / "not-there-yet.db") <= shutil.disk_usage(tmp_path).total
