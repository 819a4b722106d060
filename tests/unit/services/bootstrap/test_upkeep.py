"""``sihu backup`` and ``sihu restore`` on a county's directory, without a node: what goes in, what is refused."""

import asyncio
import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest

from adapters.sqlite.lock import DatabaseLock
from adapters.sqlite.store import open_store
from schemas.consoles import Session, Stage
from schemas.subjects import Lane
from services.ports import Snapshot
from tests.commands import Counties, done, sihu

CODE = "451226"
MOMENT = datetime(2026, 3, 4, tzinfo=UTC)
SESSION = Session("ab" * 32, "duty-a", Stage.FULL, MOMENT, MOMENT, MOMENT, "192.0.2.7", "browser", b"sealed")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county with keys, an officer's files and an empty database, made once."""
    counties = Counties(tmp_path_factory.mktemp("county"), (CODE,))
    counties.found()
    home = counties.home(CODE)
    (home / "trust" / "agreements").mkdir(parents=True)
    (home / "trust" / "registry-1.json").write_text("{}", encoding="utf-8")
    (home / "trust" / "agreements" / "border@1.json").write_text("{}", encoding="utf-8")
    (home / ".swp").write_text("an editor's leftover", encoding="utf-8")
    asyncio.run(_fill(home / "sihu.db"))
    return home


async def _fill(path: Path) -> None:
    async with open_store(path, county=CODE, floor_bytes=0) as store:
        await store.write(lambda tx: tx.memory.set_position("EVT_0", 7))
        await store.write(lambda tx: tx.console.keep_session(SESSION))


@pytest.fixture
def home(founded: Path, tmp_path: Path) -> Path:
    """A copy for a test to do with as it likes."""
    return shutil.copytree(founded, tmp_path / "home")


@pytest.fixture
def tar(home: Path, tmp_path: Path) -> Path:
    """A backup of it."""
    path = tmp_path / "county.tar"
    done_quietly("backup", path, "--dir", home)
    return path


def done_quietly(*words: str | Path) -> dict[str, object]:
    """Run a command that shows progress on standard error; return its JSON."""
    outcome = sihu(*words, "--json")
    assert outcome.code == 0, outcome.err
    value: dict[str, object] = outcome.json
    return value


def files_in(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder by name; the database apart, which a restore marks."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found if ".db" not in path.name}


def test_a_county_comes_back_as_it_was(home: Path, tar: Path, tmp_path: Path) -> None:
    """A file that is in no backup is missed on the one day when nobody has it any more."""
    again = tmp_path / "again"
    restored = done_quietly("restore", tar, "--dir", again)
    before, after = files_in(home), files_in(again)
    assert before.keys() - after.keys() == {".swp"}
    assert after.keys() - before.keys() == set()
    assert {name for name in after if after[name] != before[name]} == {"cli.token", "tokens.json"}
    assert (restored["county"], restored["missing_keys"]) == (CODE, [])


def test_the_restored_database_is_marked(tar: Path, tmp_path: Path) -> None:
    """Without the mark the county goes on as if nothing had happened, and contradicts itself."""
    done_quietly("restore", tar, "--dir", tmp_path / "again")

    def look(snapshot: Snapshot) -> tuple[list[bool], int | None]:
        return [snapshot.in_doubt(lane) for lane in Lane], snapshot.position("EVT_0")

    async def marks() -> tuple[list[bool], int | None]:
        async with open_store(tmp_path / "again" / "sihu.db", county=CODE, floor_bytes=0) as store:
            return await store.read(look)

    assert asyncio.run(marks()) == ([True] * len(Lane), None)


def test_no_session_comes_back(tar: Path, tmp_path: Path) -> None:
    """The one that was revoked an hour after the backup would be open again."""
    done_quietly("restore", tar, "--dir", tmp_path / "again")

    async def sessions(path: Path) -> int:
        async with open_store(path, county=CODE, floor_bytes=0) as store:
            return len(await store.read(lambda snapshot: snapshot.console.sessions()))

    assert asyncio.run(sessions(tmp_path / "home" / "sihu.db")) == 1
    assert asyncio.run(sessions(tmp_path / "again" / "sihu.db")) == 0


def test_the_token_of_the_commands_is_a_new_one(home: Path, tar: Path, tmp_path: Path) -> None:
    """The old one may lie on the disk that was thrown away."""
    done_quietly("restore", tar, "--dir", tmp_path / "again")
    old, new = ((folder / "cli.token").read_text("utf-8").strip() for folder in (home, tmp_path / "again"))
    tokens = json.loads((tmp_path / "again" / "tokens.json").read_text("utf-8"))["tokens"]
    assert old != new
    assert [one["digest"] for one in tokens] == [hashlib.sha256(new.encode()).hexdigest()]
    assert old.encode() not in tar.read_bytes()


def test_a_revoked_token_stays_revoked(home: Path, tmp_path: Path) -> None:
    """A restore that brings a token back into force undoes what an officer did for a reason."""
    done("token", "revoke", "cli", "--dir", home)
    path = tmp_path / "revoked.tar"
    done_quietly("backup", path, "--dir", home)
    done_quietly("restore", path, "--dir", tmp_path / "again")
    (token,) = json.loads((tmp_path / "again" / "tokens.json").read_text("utf-8"))["tokens"]
    assert token["revoked_at"]
    assert not (tmp_path / "again" / "cli.token").exists()


def test_keys_can_be_left_out(home: Path, tmp_path: Path) -> None:
    """For the copy that goes into somebody else's safe."""
    path = tmp_path / "bare.tar"
    made = done_quietly("backup", path, "--without-keys", "--dir", home)
    assert made["with_keys"] is False
    assert b"PRIVATE" + b" KEY" not in path.read_bytes()
    restored = done_quietly("restore", path, "--dir", tmp_path / "again")
    assert restored["missing_keys"] == [
        "keys/event.pem",
        "keys/receipt.pem",
        "transport/tls.key",
        "transport/nkey.key",
    ]


def test_checking_writes_nothing(tar: Path, tmp_path: Path) -> None:
    """It is run on the stick, on any machine, by anybody."""
    before = sorted(tmp_path.rglob("*"))
    checked = done_quietly("restore", tar, "--check", "--dir", tmp_path / "nowhere")
    assert (checked["county"], sorted(tmp_path.rglob("*"))) == (CODE, before)


def refusals(home: Path, tar: Path) -> Iterator[tuple[str, int, tuple[str | Path, ...]]]:
    """Yield what is refused: words of the message, exit code, command."""
    yield "backup.exists", 2, ("backup", tar, "--dir", home)
    yield "backup.unwritable", 2, ("backup", home / "no" / "x.tar", "--dir", home)
    yield "backup.not_found", 2, ("restore", home / "x.tar", "--dir", home / "new")
    yield "restore.exists", 2, ("restore", tar, "--dir", home)
    yield "backup.damaged", 2, ("restore", home / "sihu.db", "--dir", home / "new")


def test_what_is_refused_is_said_in_one_line(home: Path, tar: Path) -> None:
    """And nothing of the county that is there is touched."""
    before = files_in(home)
    for said, code, words in refusals(home, tar):
        outcome = sihu(*words)
        last = outcome.err.splitlines()[-1]
        assert (outcome.code, said in last) == (code, True), (words, outcome.err)
        assert "Traceback" not in outcome.err
    assert files_in(home) == before


@pytest.mark.parametrize("left", ["sihu.db", "sihu.db-wal", "sihu.db-shm", "county.toml", "keys/event.pem"])
def test_one_file_in_the_way_stops_a_restore(tar: Path, tmp_path: Path, left: str) -> None:
    """The log of another database beside the restored one would be written into it."""
    again = tmp_path / "again"
    (again / left).parent.mkdir(parents=True)
    (again / left).write_bytes(b"of somebody")
    outcome = sihu("restore", tar, "--dir", again)
    assert (outcome.code, "restore.exists" in outcome.err) == (2, True)
    assert files_in(again) == ({left: b"of somebody"} if ".db" not in left else {})
    assert [path.name for path in again.rglob("*.restoring")] == []


def test_a_node_that_runs_stops_a_restore(tar: Path, tmp_path: Path) -> None:
    """Its files were deleted under it: it still holds the database open, and would write on."""
    again = tmp_path / "again"
    again.mkdir()
    lock = DatabaseLock(again / "sihu.db")
    try:
        outcome = sihu("restore", tar, "--dir", again)
        assert (outcome.code, "in use by process" in outcome.err) == (4, True)
    finally:
        lock.release()
    done_quietly("restore", tar, "--dir", again)


def test_what_a_killed_restore_left_is_cleared_away(tar: Path, tmp_path: Path) -> None:
    """The second try must not fail because of the first."""
    again = tmp_path / "again"
    (again / "keys").mkdir(parents=True)
    for name in ("sihu.db.restoring", "sihu.db.restoring-wal", "keys/event.pem.restoring", "county.toml.restoring"):
        (again / name).write_bytes(b"half")
    done_quietly("restore", tar, "--dir", again)
    assert [path.name for path in again.rglob("*.restoring*")] == []


def test_the_database_goes_where_the_settings_say(home: Path, tmp_path: Path) -> None:
    """With the units it lies elsewhere: a restore beside it would start with an empty one."""
    elsewhere = tmp_path / "var" / "sihu.db"
    elsewhere.parent.mkdir()
    (home / "sihu.db").rename(elsewhere)
    settings = home / "county.toml"
    settings.write_text(settings.read_text("utf-8").replace('# path = "sihu.db"', f'path = "{elsewhere}"'), "utf-8")
    tar = tmp_path / "elsewhere.tar"
    done_quietly("backup", tar, "--dir", home)
    assert sihu("restore", tar, "--dir", tmp_path / "again").code == 2
    shutil.rmtree(elsewhere.parent)
    restored = done_quietly("restore", tar, "--dir", tmp_path / "again")
    assert restored["database"] == str(elsewhere)
    assert elsewhere.exists()
    assert not (tmp_path / "again" / "sihu.db").exists()


def test_a_damaged_database_makes_no_backup(home: Path, tmp_path: Path) -> None:
    """A backup of a broken file overwrites, in the end, the last one that was whole."""
    connection = apsw.Connection(str(home / "sihu.db"))
    connection.execute("UPDATE counters SET value = 0; INSERT INTO journal VALUES (5, 'notice', 1, 0)")
    connection.close()
    outcome = sihu("backup", tmp_path / "x.tar", "--dir", home)
    assert (outcome.code, "backup.damaged" in outcome.err) == (2, True)
    assert not (tmp_path / "x.tar").exists()
    assert [path.name for path in tmp_path.glob(".sihu-*")] == []


def test_without_a_database_there_is_nothing_to_back_up(home: Path, tmp_path: Path) -> None:
    """The wrong directory, or a county that never ran: say so instead of keeping an empty file."""
    (home / "sihu.db").unlink()
    outcome = sihu("backup", tmp_path / "x.tar", "--dir", home)
    assert (outcome.code, "store.not_found" in outcome.err) == (2, True)


def test_people_see_what_happened(home: Path, tmp_path: Path) -> None:
    """Tables and Chinese for people: name, counts, what is missing, what to do next."""
    path = tmp_path / "shown.tar"
    made = sihu("backup", path, "--dir", home)
    assert "备份完成并已核对" in made.out
    assert "环江" in made.out
    assert "核对 verifying" in made.err
    assert "备份完好" in sihu("restore", path, "--check").out
    shown = sihu("restore", path, "--dir", tmp_path / "again")
    assert "已恢复" in shown.out
    assert "sihu doctor" in shown.out
