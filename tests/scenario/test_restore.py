"""A county's disk is lost and an old backup brings it back, with a real hub and real nodes."""

import asyncio
import json
import resource
import shutil
import signal
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.sqlite.store import open_store
from services.demo.cast import Part
from services.demo.sampling import sample
from tests.counties import World

HUANJIANG, LIBO = "451226", "522722"
PAIR = (Part(HUANJIANG, "环江毛南族自治县联络办", "0778-8820110"), Part(LIBO, "荔波县联络办", "0854-3610110"))
BEFORE, LOST = 10, 10
SECONDS = 60


async def sihu(*words: str, before: Callable[[], None] | None = None) -> tuple[int, str, str]:
    """Run a command in a process of its own; return exit code, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=before,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def done(*words: str) -> Any:  # noqa: ANN401 - any JSON value
    """Run a command that must succeed; return the JSON it printed."""
    code, out, err = await sihu(*words, "--json")
    assert code == 0, err
    return json.loads(out)


async def send(world: World, source: str, count: int, name: str) -> None:
    """Send bulletins one after the other."""
    bulletin = sample("work_bulletin", begin=datetime.now(UTC))  # noqa: TID251 - the node looks at the clock
    for number in range(count):
        await world.send(source, bulletin, f"{name}-{number}")


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """Read a county's database beside its node."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def openings(database: Path, source: str) -> list[tuple[str, str]]:
    """Return epoch counter and reason of the event chains that a county opened, as a receiver holds them."""
    contents = rows(
        database, "SELECT content FROM envelopes WHERE wire_type LIKE '%.epoch_opened.%' AND direction='in'"
    )
    found = [json.loads(content) for (content,) in contents]
    mine = {epoch for (epoch,) in rows(database, f"SELECT epoch FROM chains WHERE source='{source}' AND kind='event'")}  # noqa: S608
    return [(one["epoch"].partition("-")[0], one["reason"]) for one in found if one["epoch"] in mine]


@asynccontextmanager
async def destroyed(root: Path) -> AsyncIterator[tuple[World, Path, Path]]:
    """Yield a world in which 荔波 has sent twenty events, its backup of the tenth, and its directory, which is gone."""
    world = await asyncio.to_thread(World.prepared, root, PAIR)
    home, tar = world.stage.county(LIBO), root / "libo.tar"
    async with world.running():
        await send(world, LIBO, BEFORE, "before")
        await send(world, HUANJIANG, 3, "to-libo")
        await world.complete(SECONDS)
        made = await done("backup", str(tar), "--dir", str(home))
        assert made["counts"]["events_out"] == BEFORE
        await send(world, LIBO, LOST, "lost")
        await send(world, HUANJIANG, 2, "to-libo-later")
        await world.complete(SECONDS)
        await world.troupe.kill(LIBO)
        home.rename(root / "lost")
        yield world, tar, home


async def brought_back(world: World, tar: Path, home: Path) -> dict[str, Any]:
    """Restore, and put the passphrase back, which is in no backup."""
    restored: dict[str, Any] = await done("restore", str(tar), "--dir", str(home))
    assert restored["missing_passphrase_file"] == "passphrase"  # noqa: S105 - the name of the file
    shutil.copy2(world.stage.root / "lost" / "passphrase", home / "passphrase")
    return restored


async def check(world: World, sent_again: int) -> None:
    """Everything accepted is there once, in order, and nobody was accused of anything."""
    await world.complete(SECONDS)
    received = world.stage.county(HUANJIANG) / "sihu.db"
    count = world.recounted()
    assert (count.events, count.arrived) == (BEFORE + LOST + sent_again + 5,) * 2
    assert (count.lost, count.duplicated, count.out_of_order, count.unexpected) == (0, 0, 0, 0)
    ((inbox,),) = rows(received, "SELECT count(*) FROM envelopes WHERE direction = 'in' AND listed = 1")
    assert inbox == BEFORE + LOST + sent_again
    assert openings(received, LIBO) == [("1", "first"), ("2", "restored")]
    async with asyncio.timeout(20):  # it is looked for twelve times in a beacon's interval
        while not (dropped := rows(received, "SELECT county, text FROM notices WHERE kind = 'epoch_dropped'")):
            await asyncio.sleep(0.2)
    ((county, told),) = dropped
    assert (county, f"丢下本县已收的 {LOST} 条" in told) == (LIBO, True)
    for code in (HUANJIANG, LIBO):
        database = world.stage.county(code) / "sihu.db"
        assert rows(database, "SELECT code, reason FROM quarantine") == []
        assert rows(database, "SELECT kind FROM notices WHERE kind NOT IN ('own_unknown', 'epoch_dropped')") == []
        assert rows(database, "SELECT number FROM chains WHERE frozen = 1") == []


@pytest.mark.timeout(240)
async def test_a_county_restored_from_an_old_backup_loses_and_forks_nothing(tmp_path: Path) -> None:
    """Twenty sent, the backup holds ten, five more after the restore: the neighbour has twenty-five, and no fork."""
    async with destroyed(tmp_path) as (world, tar, home):
        restored = await brought_back(world, tar, home)
        assert restored["reopened"] >= 2  # its events, and its receipts for the neighbour's
        await world.start(LIBO)
        await send(world, LIBO, 5, "again")
        await check(world, 5)
        ((inbox,),) = rows(home / "sihu.db", "SELECT count(*) FROM envelopes WHERE direction = 'in' AND listed = 1")
        assert inbox == 5  # three from the backup, two that the hub still had
        ((told,),) = rows(home / "sihu.db", "SELECT DISTINCT text FROM notices WHERE county = '451226'")
        assert "备份之后" in told


@pytest.mark.timeout(240)
async def test_events_accepted_before_the_hub_is_reached_are_not_taken_for_lost_ones(tmp_path: Path) -> None:
    """The hub is away when the restored node starts: it accepts more than it had lost, under the same numbers."""
    async with destroyed(tmp_path) as (world, tar, home):
        await brought_back(world, tar, home)
        await world.troupe.stop("hub")
        await world.start(LIBO)
        await send(world, LIBO, LOST + 2, "again")
        await world.troupe.start("hub", "hub", "run", "--dir", str(world.stage.hub))
        await check(world, LOST + 2)


@pytest.mark.timeout(240)
async def test_backup_and_restore_refuse_what_would_do_harm(tmp_path: Path) -> None:
    """Overwriting, a running node, a damaged file, a directory that holds something."""
    async with destroyed(tmp_path) as (world, tar, home):
        running = world.stage.county(HUANJIANG)
        for words, code, said in (
            (("backup", str(tar), "--dir", str(running)), 2, "backup.exists"),
            (("backup", str(tmp_path / "no" / "x.tar"), "--dir", str(running)), 2, "backup.unwritable"),
            (("backup", str(tmp_path / "x.tar"), "--dir", str(tmp_path / "nobody")), 2, "settings.not_found"),
            (("restore", str(tar), "--dir", str(running)), 4, "in use by process"),
            (("restore", str(tmp_path / "none.tar"), "--dir", str(home)), 2, "backup.not_found"),
        ):
            assert (await sihu(*words))[0] == code, words
            assert said in (await sihu(*words))[2], words
        await world.troupe.stop(HUANJIANG)
        before = (running / "sihu.db").read_bytes()
        code, _, err = await sihu("restore", str(tar), "--dir", str(running))
        assert (code, "restore.exists" in err) == (2, True)
        assert (running / "sihu.db").read_bytes() == before

        damaged = tmp_path / "damaged.tar"
        data = bytearray(tar.read_bytes())
        data[len(data) // 2] ^= 1
        damaged.write_bytes(data)
        assert (await sihu("restore", str(damaged), "--check"))[0] == 2
        code, _, err = await sihu("restore", str(damaged), "--dir", str(home))
        assert (code, "backup.damaged" in err) == (2, True)
        assert [one.name for one in home.rglob("*") if one.is_file() and one.name != "sihu.db.lock"] == []

        assert (await done("restore", str(tar), "--check"))["county"] == LIBO
        await brought_back(world, tar, home)


@pytest.mark.timeout(120)
async def test_a_full_disk_is_said_and_leaves_no_half_backup(tmp_path: Path) -> None:
    """The stick is full: half a file under the right name would be found out on the worst of days."""
    world = await asyncio.to_thread(World.prepared, tmp_path, PAIR)
    home, folder = world.stage.county(LIBO), tmp_path / "stick"
    folder.mkdir()
    async with open_store(home / "sihu.db", county=LIBO, floor_bytes=0):
        pass

    def little_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    code, _, err = await sihu("backup", str(folder / "libo.tar"), "--dir", str(home), before=little_room)
    assert (code, err.splitlines()[-1].startswith("sihu: ")) == (4, True), err
    assert "Traceback" not in err
    assert list(folder.iterdir()) == []


@pytest.mark.timeout(240)
async def test_a_backup_holds_what_a_county_is_and_no_open_secret(tmp_path: Path) -> None:
    """A thief of the file must not get a token or an open key; the county must get everything else back."""
    world = await asyncio.to_thread(World.prepared, tmp_path, PAIR)
    home, tar, bare = world.stage.county(LIBO), tmp_path / "libo.tar", tmp_path / "bare.tar"
    async with world.running():
        await send(world, LIBO, 2, "before")
        await world.complete(SECONDS)
        assert (await done("backup", str(tar), "--dir", str(home)))["with_keys"] is True
        assert (await done("backup", str(bare), "--without-keys", "--dir", str(home)))["with_keys"] is False
    tokens = [path.read_bytes().strip() for path in (home / "cli.token", home / "officers" / "duty-a.token")]
    secrets = [*tokens, (home / "passphrase").read_bytes().strip()]
    for path in (tar, bare):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert not any(secret in path.read_bytes() for secret in secrets)
    assert b"ENCRYPTED PRIVATE" in tar.read_bytes()
    assert b"PRIVATE" + b" KEY" not in bare.read_bytes()

    again, keyless = tmp_path / "again", tmp_path / "keyless"
    await done("restore", str(tar), "--dir", str(again))
    restored = await done("restore", str(bare), "--dir", str(keyless))
    assert "keys/event.pem" in restored["missing_keys"]
    fresh = (again / "cli.token").read_bytes().strip()
    assert fresh not in tokens
    same = {path.relative_to(home) for path in home.rglob("*") if path.is_file()}
    left_out = {Path("passphrase"), Path("accepted.jsonl"), Path("office-keys/search.key")}  # that is made anew
    assert {path.relative_to(again) for path in again.rglob("*") if path.is_file()} == same - left_out
    for name in ("county.toml", "card.json", "keys/event.pem", "transport/county.crt", "officers/duty-a.key"):
        assert (again / name).read_bytes() == (home / name).read_bytes()
        assert stat.S_IMODE((again / name).stat().st_mode) == stat.S_IMODE((home / name).stat().st_mode)
