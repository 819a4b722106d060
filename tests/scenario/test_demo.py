"""The demonstration as a person runs it: figures, recount, a second start, Ctrl-C, and no process left behind."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

RECEIVER, RECOUNT = "451226", (sys.executable, "-m", "services.demo.recount")
STAYS_UP = "Ctrl-C"

Tamper = Callable[[sqlite3.Connection], None]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Play the morning once and keep its data: (folder, figures)."""
    folder = tmp_path_factory.mktemp("demo") / "kept"
    done = subprocess.run(_demo("--once", "--json", "--keep", str(folder)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, json.loads(done.stdout.splitlines()[-1])


def _demo(*words: str) -> list[str]:
    return [sys.executable, "-m", "services.cli", "demo", *words]


def _processes_of(folder: Path) -> list[str]:
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = line.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended while we looked
        if str(folder) in words:
            found.append(words)
    return found


@pytest.mark.timeout(180)
def test_the_morning_ends_with_every_figure_right(played: tuple[Path, dict[str, Any]]) -> None:
    """Anything lost, doubled or without a receipt must show here, as well as a process that outlives the play."""
    folder, figures = played
    assert figures["members"] == 6
    assert figures["events"] > 0
    assert figures["deliveries"] == figures["stored"] == 5 * figures["events"]
    assert figures["acknowledged"] > 0
    assert figures["lost"] == figures["duplicated"] == figures["out_of_order"] == 0
    assert 0 < figures["latency_ms"]["p50"] <= figures["latency_ms"]["p99"]
    assert _processes_of(folder) == []


@pytest.mark.timeout(300)
def test_a_morning_on_three_servers_survives_the_leader(tmp_path: Path) -> None:
    """The same figures, with the server that leads a stream killed in the middle of it."""
    folder = tmp_path / "three"
    done = subprocess.run(
        _demo("--hub", "3", "--once", "--json", "--keep", str(folder)), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["members"], figures["servers"]) == (6, 3)
    assert figures["deliveries"] == figures["stored"] == 5 * figures["events"]
    assert figures["lost"] == figures["duplicated"] == figures["out_of_order"] == 0
    assert "leader killed" in done.stderr
    assert _processes_of(folder) == []


@pytest.mark.parametrize("servers", ["0", "2", "4"])
def test_a_hub_of_two_servers_is_refused(servers: str) -> None:
    """Two survive less than one: each of them stops the hub."""
    done = subprocess.run(_demo("--hub", servers, "--once"), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "one server or three" in done.stderr


def _delete_a_row(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM envelopes WHERE position = (SELECT max(position) FROM envelopes WHERE listed = 1)")


def _copy_a_row(connection: sqlite3.Connection) -> None:
    columns = [row[1] for row in connection.execute("PRAGMA table_info(envelopes)") if row[1] != "position"]
    connection.execute("DROP INDEX envelopes_by_place")  # the database itself refuses a second row for one place
    listed = ", ".join(columns)
    newest = "(SELECT max(position) FROM envelopes WHERE listed = 1 AND direction = 'in')"
    connection.execute(f"INSERT INTO envelopes ({listed}) SELECT {listed} FROM envelopes WHERE position = {newest}")  # noqa: S608


def _forget_a_receipt(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM receipts WHERE direction = 'in' AND stage = 'stored'")


@pytest.mark.parametrize(
    ("tamper", "where", "figure"),
    [(_delete_a_row, RECEIVER, "lost"), (_copy_a_row, RECEIVER, "duplicated"), (_forget_a_receipt, "522722", "stored")],
)
@pytest.mark.timeout(180)
def test_the_recount_goes_red_when_a_row_is_deleted_or_copied(
    played: tuple[Path, dict[str, Any]], tmp_path: Path, tamper: Tamper, where: str, figure: str
) -> None:
    """A recount that cannot fail proves nothing: it must notice one missing row, one doubled row, lost receipts."""
    folder = tmp_path / "copy"
    for database in played[0].glob("[1-9]*/sihu.db"):
        shutil.copytree(database.parent, folder / database.parent.name)
    whole = subprocess.run([*RECOUNT, str(folder)], capture_output=True, text=True, check=False)
    assert whole.returncode == 0, whole.stdout
    with closing(sqlite3.connect(folder / where / "sihu.db")) as connection:
        tamper(connection)
        connection.commit()
    after = subprocess.run([*RECOUNT, str(folder)], capture_output=True, text=True, check=False)
    assert after.returncode == 1
    assert json.loads(after.stdout)[figure] != json.loads(whole.stdout)[figure]


@pytest.mark.timeout(180)
def test_a_second_start_goes_on_from_kept_data_and_ctrl_c_leaves_no_process(
    played: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """The second morning stands beside the first in the same chains; Ctrl-C ends every process."""
    folder = tmp_path / "again"
    shutil.copytree(played[0], folder)
    unbuffered = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(_demo("--keep", str(folder)), stdout=subprocess.PIPE, text=True, env=unbuffered) as demo:
        assert demo.stdout is not None
        lines = iter(demo.stdout.readline, "")
        said = "".join(takewhile(lambda line: STAYS_UP not in line, lines))
        assert f"{2 * played[1]['events']} 个事件" in said
        assert "无一丢失" in said
        assert _processes_of(folder), "it must stay up"
        demo.send_signal(signal.SIGINT)
        rest = demo.stdout.read()
        assert demo.wait(60) == 0, rest
    deadline = time.monotonic() + 5
    while _processes_of(folder) and time.monotonic() < deadline:
        time.sleep(0.05)  # a killed child is gone once its parent has seen it
    assert _processes_of(folder) == []


@pytest.mark.timeout(180)
def test_what_is_internal_lies_nowhere_in_clear(played: tuple[Path, dict[str, Any]]) -> None:
    """Whoever takes the hub's disk away reads public events and no other; not even a county's own disk shows them.

    The same search finds the headline of a public alert, at the hub and in every county: it does look.
    """
    folder, _ = played
    hub = _bytes_below(folder / "hub" / "jetstream")
    assert hub.count(b'"encoding":"hpke"') > 0
    assert "边界联防工作动态".encode() not in hub
    assert "暴雨红色预警".encode() in hub
    for county in (path.parent for path in folder.glob("[1-9]*/sihu.db")):
        held = _bytes_below(county)
        assert "边界联防工作动态".encode() not in held
        assert "暴雨红色预警".encode() in held


def _bytes_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_every_county_published_a_key_of_this_month(played: tuple[Path, dict[str, Any]]) -> None:
    """What is encrypted to the keys of the registry alone can be opened for years by whoever steals one."""
    folder, figures = played
    for database in folder.glob("[1-9]*/sihu.db"):
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            counties = connection.execute("SELECT DISTINCT county FROM office_keys").fetchall()
        assert len(counties) == figures["members"]
