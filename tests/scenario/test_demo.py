"""The demonstration as a person runs it: figures, recount, a second start, Ctrl-C, and no process left behind.

Three plays serve all tests: one as a stranger starts it, one that goes on from its data, and one on three servers whose
SMS go to an SMSC that others wrote (the npm package ``smpp``).
"""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

import run
from services.demo.crew import CREW, CREW_NEXT_DOOR, SERVICE_NUMBER
from services.demo.stories import STORIES
from tests.commands import sihu
from tests.night import code_in
from tests.smsc import PASSWORD, SYSTEM_ID, npm_smsc

RECEIVER, SOURCE, RECOUNT = "451226", "522722", (sys.executable, "-m", "services.demo.recount")
STAYS_UP = "Ctrl-C"
TREE = Path(run.__file__).parent
A = CREW[0].phone
ENDS = {
    "mediation": "in_force",
    "population_flow": "received",
    "referral": "completed, erased at both",
    "service": "closed, granted by 451221",
    "campaign": "answered by three",
    "offer": "agreed on 40",
    "project": "join",
    "drill": "held, taken in time",
}
"""What the neighbours' own nodes say of each story."""
_PIPE = asyncio.subprocess.PIPE

pytestmark = pytest.mark.timeout(400)  # whichever test comes first waits for three plays

T = TypeVar("T")
Tamper = Callable[[sqlite3.Connection], None]


@dataclass(frozen=True, slots=True)
class Play:
    """A morning that ended by itself: where its data lie, its last line, what people saw."""

    folder: Path
    figures: dict[str, Any]
    said: str


@dataclass(frozen=True, slots=True)
class SecondStart:
    """A morning that went on from kept data until Ctrl-C: what people saw, which processes ran then and after it."""

    said: str
    stayed: list[str]
    code: int
    left: list[str]


@dataclass(frozen=True, slots=True)
class Plays:
    """Everything that was played; where a play failed, or could not be, stands why."""

    stranger: Play | BaseException
    again: SecondStart | BaseException
    on_three: Play | BaseException


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> Plays:
    """Play beside each other what can be: three servers wait for each other more than they work."""
    root = tmp_path_factory.mktemp("demo")
    (root / "home").mkdir()
    return asyncio.run(_all_plays(root))


async def _all_plays(root: Path) -> Plays:
    stranger = asyncio.create_task(_as_a_stranger(root / "kept", root / "home"))
    again = _again(stranger, root / "again")
    return Plays(*await asyncio.gather(stranger, again, _with_an_smsc(root / "three"), return_exceptions=True))


@pytest.fixture(scope="module")
def played(plays: Plays) -> Play:
    """The morning as a stranger starts it; its data are kept."""
    return _done(plays.stranger)


@pytest.fixture(scope="module")
def on_three(plays: Plays) -> Play:
    """The morning on three servers, with 环江's SMS over SMPP to another's SMSC."""
    return _done(plays.on_three)


def _done(play: T | BaseException) -> T:
    if isinstance(play, BaseException):
        raise play
    return play


async def _as_a_stranger(folder: Path, home: Path) -> Play:
    """Play with nothing in the environment but PATH and an empty HOME.

    An environment with PYTHONUNBUFFERED in it once hid that a line which is waited for was never flushed.
    """
    bare = {"PATH": os.environ["PATH"], "HOME": str(home)}
    words = _demo("--once", "--json", "--keep", str(folder))
    process = await asyncio.create_subprocess_exec(*words, cwd=TREE, env=bare, stdout=_PIPE, stderr=_PIPE)
    return _played(folder, process, *await process.communicate())


async def _with_an_smsc(folder: Path) -> Play:
    """Play on three servers; the officer's reply comes from the SMSC."""
    async with npm_smsc() as smsc:
        await smsc.tell("faults", receipts="text")
        words = _demo("--hub", "3", "--smsc", f"127.0.0.1:{smsc.port}", "--smsc-user", SYSTEM_ID, "--once", "--json")
        secret = os.environ | {"SIHU_SMSC_PASSWORD": PASSWORD}
        process = await asyncio.create_subprocess_exec(
            *words, "--keep", str(folder), env=secret, stdout=_PIPE, stderr=_PIPE
        )
        talking = asyncio.create_task(process.communicate())
        telling = asyncio.create_task(smsc.event("submitted", 120.0, destination=A))
        await asyncio.wait({talking, telling}, return_when=asyncio.FIRST_COMPLETED)
        if not telling.done():
            return _played(folder, process, *await talking)
        code = code_in((await telling)["text"])
        fields = {"source_addr": A, "destination_addr": SERVICE_NUMBER}
        await smsc.tell("deliver", text=f"{code} 收到", fields=fields, token=1)
        assert (await smsc.event("answered", token=1))["status"] == 0
        play = _played(folder, process, *await talking)
        texts = [one["text"] for one in smsc.events if one["event"] == "submitted" and one["destination"] == A]
        assert code in texts[0], "it is confirmed to the officer"
        assert not [text for text in texts if code_in(text) == code], "no page asks again for what was answered"
        return play


def _played(folder: Path, process: asyncio.subprocess.Process, out: bytes, err: bytes) -> Play:
    assert process.returncode == 0, err.decode()[-3000:]
    return Play(folder, json.loads(out.splitlines()[-1]), err.decode())


async def _again(first: "asyncio.Task[Play]", folder: Path) -> SecondStart:
    """Start once more on a copy of the first one's data, and end it by Ctrl-C."""
    await asyncio.to_thread(shutil.copytree, (await first).folder, folder)
    process = await asyncio.create_subprocess_exec(*_demo("--keep", str(folder)), stdout=_PIPE)
    assert process.stdout is not None
    said = ""
    while STAYS_UP not in said and (line := await process.stdout.readline()):
        said += line.decode()
    stayed = _processes_of(folder)
    process.send_signal(signal.SIGINT)
    rest = (await process.stdout.read()).decode()
    code = await process.wait()
    for _ in range(100):  # a killed child is gone once its parent has seen it
        if not (left := _processes_of(folder)):
            break
        await asyncio.sleep(0.05)
    return SecondStart(said + rest, stayed, code, left)


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


def _is_right(play: Play, servers: int) -> None:
    """Anything lost, doubled or without a receipt shows here, as well as a process that outlives the play."""
    figures = play.figures
    assert (figures["members"], figures["servers"]) == (6, servers)
    assert figures["deliveries"] == figures["stored"] > figures["events"] > 0
    assert figures["acknowledged"] > 0
    assert figures["lost"] == figures["duplicated"] == figures["out_of_order"] == 0
    assert 0 < figures["latency_ms"]["p50"] <= figures["latency_ms"]["p99"]
    assert _processes_of(play.folder) == []


@pytest.mark.parametrize("story", ENDS)
def test_a_story_ends_otherwise_than_its_counties_agreed(played: Play, on_three: Play, story: str) -> None:
    """Each is read back at every county that has a part in it, and told to people in Chinese."""
    for play in (played, on_three):
        assert play.figures["stories"][story] == ENDS[story]
    title = next(one.title for one in STORIES if one.name == story)
    assert played.said.count(f"【{title}】") in range(1, 5)
    assert set(played.figures["stories"]) == set(ENDS)


def test_what_was_said_of_a_person_stays(played: Play) -> None:
    """Both databases keep the steps of the referral, and neither its ciphertext nor a key to it."""
    query = "SELECT length(content), (SELECT count(*) FROM content_keys AS k WHERE k.position = e.position)"
    query += " FROM envelopes AS e WHERE wire_type = 'cn.sihu.information.referral_offered.v1'"
    for county in (SOURCE, RECEIVER):
        with closing(sqlite3.connect(f"file:{played.folder / county / 'sihu.db'}?mode=ro", uri=True)) as connection:
            assert connection.execute(query).fetchall() == [(0, 0)]
            states = connection.execute("SELECT state FROM courses WHERE kind = 'referral'").fetchall()
        assert states == [("completed",)]


def _is_answered_by_sms(play: Play, driver: str) -> None:
    """An officer told by SMS answered by SMS, and 荔波 holds one receipt that says who, when and by which means."""
    told = play.figures["paging"]
    assert (told["driver"], told["answered"], told["means"]["sms_number"], told["late"]) == (driver, 1, 1, 0)
    assert told["paged"] >= 1
    assert 0 < told["seconds"] < 30
    alert = json.loads((play.folder / SOURCE / "accepted.jsonl").read_text(encoding="utf-8").splitlines()[0])
    query = """
        SELECT r.officer, r.answer, r.means, lower(hex(r.envelope_id))
        FROM receipts AS r JOIN chains AS c ON c.number = r.target_chain
        WHERE r.direction = 'in' AND r.stage = 'acknowledged' AND r.receiver = ? AND c.channel = ? AND r.seq = ?"""
    with closing(sqlite3.connect(f"file:{play.folder / SOURCE / 'sihu.db'}?mode=ro", uri=True)) as connection:
        rows = connection.execute(query, (RECEIVER, alert["channel"], alert["seq"])).fetchall()
    assert [row[:3] for row in rows] == [("值班员甲", "received", "sms_number")]
    board = [line.split() for line in play.said.partition("荔波的投递表")[2].splitlines()]
    line = next(words for words in board if words[:1] == ["环江"])
    assert line[-3:] == ["值班员甲", "短信回复", rows[0][3][:10]]


def test_a_stranger_starts_it_and_every_figure_is_right(played: Play) -> None:
    """With nothing in the environment but PATH and an empty HOME."""
    _is_right(played, 1)


def test_a_morning_on_three_servers_survives_the_leader(on_three: Play) -> None:
    """The same figures, with the server that leads a stream killed in the middle of it."""
    _is_right(on_three, 3)
    assert "leader killed" in on_three.said


def test_an_alert_is_answered_by_sms_over_smpp(on_three: Play) -> None:
    """Level 2: 环江's officer gets it over a real SMPP link, `NN 收到` comes back over it, 荔波's board shows that."""
    _is_answered_by_sms(on_three, "smpp")


def test_an_alert_is_answered_by_sms_where_there_is_no_smsc(played: Play) -> None:
    """Without ``--smsc`` the SMS goes through a modem's spool folders, and the rest of the way is the same."""
    _is_answered_by_sms(played, "smstools")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--hub", "0"), "one server or three"),
        (("--hub", "2"), "one server or three"),
        (("--hub", "4"), "one server or three"),
        (("--smsc", "2775"), "HOST:PORT"),
        (("--smsc", "127.0.0.1:99999"), "HOST:PORT"),
    ],
)
def test_what_cannot_be_played_is_refused(words: tuple[str, ...], said: str) -> None:
    """Two servers survive less than one: each of them stops the hub. One line says what to write instead."""
    outcome = sihu("demo", "--once", *words)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert said in outcome.err


def _delete_a_row(connection: sqlite3.Connection) -> None:
    newest = "(SELECT max(position) FROM envelopes WHERE listed = 1 AND direction = 'in')"  # its own are not owed to it
    connection.execute(f"DELETE FROM envelopes WHERE position = {newest}")  # noqa: S608


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
def test_the_recount_goes_red_when_a_row_is_deleted_or_copied(
    played: Play, tmp_path: Path, tamper: Tamper, where: str, figure: str
) -> None:
    """A recount that cannot fail proves nothing: it must notice one missing row, one doubled row, lost receipts."""
    after = _recounted(played, tmp_path, where, tamper)
    assert after.returncode == 1
    assert json.loads(after.stdout)[figure] != played.figures[figure]


def test_the_recount_misses_an_answer_whose_receipt_the_source_does_not_hold(played: Play, tmp_path: Path) -> None:
    """What 环江 says of itself proves nothing about what 荔波 knows."""
    after = _recounted(played, tmp_path, SOURCE, _forget_the_answer_by_sms)
    assert json.loads(after.stdout)["paging"]["answered"] == played.figures["paging"]["answered"] - 1


def test_the_recount_finds_a_page_that_went_out_after_the_answer(played: Play, tmp_path: Path) -> None:
    """Whoever has answered and is called all the same stops believing the next call."""
    after = _recounted(played, tmp_path, RECEIVER, _tell_later)
    assert json.loads(after.stdout)["paging"]["late"] > played.figures["paging"]["late"]


def _tell_later(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE pages SET due_at = due_at + 60000000 WHERE purpose = 'step' AND medium = 'sms'")


def _forget_the_answer_by_sms(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM receipts WHERE direction = 'in' AND means = 'sms_number'")


def _recounted(played: Play, tmp_path: Path, where: str, tamper: Tamper) -> "subprocess.CompletedProcess[str]":
    """Recount a copy in which one county's database was changed."""
    folder = tmp_path / "copy"
    for database in played.folder.glob("[1-9]*/sihu.db"):
        shutil.copytree(database.parent, folder / database.parent.name)
    with closing(sqlite3.connect(folder / where / "sihu.db")) as connection:
        tamper(connection)
        connection.commit()
    return subprocess.run([*RECOUNT, str(folder)], capture_output=True, text=True, check=False)


def test_a_second_start_goes_on_from_kept_data_and_ctrl_c_leaves_no_process(plays: Plays, played: Play) -> None:
    """The second morning stands beside the first in the same chains; Ctrl-C ends every process."""
    again = _done(plays.again)
    assert f"{2 * played.figures['events']} 个事件" in again.said
    assert "无一丢失" in again.said
    assert again.stayed, "it must stay up"
    assert (again.code, again.left) == (0, [])


def test_what_is_internal_lies_nowhere_in_clear(played: Play) -> None:
    """Whoever takes the hub's disk away reads public events and no other; not even a county's own disk shows them.

    The same search finds the headline of a public alert, at the hub and in every county: it does look.
    """
    folder = played.folder
    hub = _bytes_below(folder / "hub" / "jetstream")
    assert hub.count(b'"encoding":"hpke"') > 0
    assert "边界联防工作动态".encode() not in hub
    assert "暴雨红色预警".encode() in hub
    assert not [name for name in ("申请人甲", "甲村民小组") if name.encode() in hub]
    for county in (path.parent for path in folder.glob("[1-9]*/sihu.db")):
        held = _bytes_below(county)
        assert "边界联防工作动态".encode() not in held
        assert "暴雨红色预警".encode() in held


def _bytes_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_the_first_alert_bears_two_names_at_every_neighbour(played: Play) -> None:
    """Drafted by one officer and released by another, over real nodes; the draft keeps no copy of the text."""
    for database in played.folder.glob("[1-9]*/sihu.db"):
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT source, mode, officers FROM releases").fetchall()
            drafts = connection.execute("SELECT state, length(body) FROM drafts").fetchall()
        assert [(source, mode) for source, mode, _ in rows] == [("522722", "two_officers")]
        assert [one["name"] for one in json.loads(rows[0][2])] == ["值班员甲", "审核员甲"]
        assert drafts == ([("sent", 0)] if database.parent.name == "522722" else [])


def test_the_neighbours_desk_can_name_who_is_on_duty(played: Play) -> None:
    """环江's desk names 荔波's people; it was told once, whatever was killed and cut meanwhile."""
    told = "SELECT count(*) FROM envelopes WHERE direction = 'in' AND wire_type = 'cn.sihu.control.duty_told.v1'"
    with closing(sqlite3.connect(f"file:{played.folder / RECEIVER / 'sihu.db'}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT county, people FROM neighbour_duties").fetchall()
        assert connection.execute(told).fetchall() == [(1,)]
    names = [[one.tier, one.display] for one in CREW_NEXT_DOOR[:2]]
    assert [(county, json.loads(people)) for county, people in rows] == [(SOURCE, names)]


def test_every_county_published_a_key_of_this_month(played: Play) -> None:
    """What is encrypted to the keys of the registry alone can be opened for years by whoever steals one."""
    folder, figures = played.folder, played.figures
    for database in folder.glob("[1-9]*/sihu.db"):
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            counties = connection.execute("SELECT DISTINCT county FROM office_keys").fetchall()
        assert len(counties) == figures["members"]
