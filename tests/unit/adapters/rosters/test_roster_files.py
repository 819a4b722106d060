"""The roster's files on disk: read again when they change, appended durably, the plan's texts kept."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.rosters.directory import RosterFiles
from schemas.errors import Fault, RequestError, UnavailableError
from schemas.rosters import RECORDS_MAX_BYTES, RosterTexts
from tests.rosters import DAY, at


class Manual:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def build(texts: RosterTexts) -> RosterTexts | tuple[Fault, ...]:
    """Take every text but one that says so."""
    newest = texts.plans[-1].text
    return (Fault("roster.bad", "roster.toml", "mend it"),) if newest.startswith(b"bad") else texts


@pytest.fixture
def clock() -> Manual:
    return Manual()


@pytest.fixture
def told() -> list[tuple[Fault, ...]]:
    return []


Opened = Callable[[], RosterFiles[RosterTexts]]


@pytest.fixture
def opened(tmp_path: Path, clock: Manual, told: list[tuple[Fault, ...]]) -> Opened:
    (tmp_path / "roster.toml").write_bytes(b"one")
    return lambda: RosterFiles(tmp_path, tmp_path / "roster.d", build, monotonic=clock, on_faults=told.append)


NOW = at("2026-06-10 08:30")


def append(files: RosterFiles[RosterTexts], line: bytes, when: datetime = NOW) -> None:
    """Append one line, whatever the roster says."""
    files.change(lambda _: line, when)


def test_a_change_of_any_file_is_seen_within_a_second(opened: Opened, clock: Manual, tmp_path: Path) -> None:
    """A roster that is read once pages last year's officers."""
    files = opened()
    assert files.current().plans[-1].text == b"one"
    (tmp_path / "roster.toml").write_bytes(b"two!")
    assert files.current().plans[-1].text == b"one"  # looked at once a second
    clock.seconds += 1
    assert files.current().plans[-1].text == b"two!"
    (tmp_path / "calendar").mkdir()
    (tmp_path / "calendar" / "2026.toml").write_bytes(b"year")
    clock.seconds += 1
    assert files.current().calendars == (("2026.toml", b"year"),)


def test_a_bad_edit_is_told_once_and_the_last_good_one_stays(
    opened: Opened, clock: Manual, tmp_path: Path, told: list[tuple[Fault, ...]]
) -> None:
    """A comma in the wrong place must not leave the county without anybody on duty."""
    files = opened()
    files.current()
    (tmp_path / "roster.toml").write_bytes(b"bad")
    for _ in range(3):
        clock.seconds += 1
        assert files.current().plans[-1].text == b"one"
    assert [found[0].code for found in told] == ["roster.bad"]
    assert files.faults[0].code == "roster.bad"
    (tmp_path / "roster.toml").unlink()
    clock.seconds += 1
    assert files.current().plans[-1].text == b"one"
    assert files.faults[0].code == "roster.not_found"
    (tmp_path / "roster.toml").write_bytes(b"good again")
    clock.seconds += 1
    assert (files.current().plans[-1].text, files.faults) == (b"good again", ())


def test_a_roster_that_was_never_good_is_refused(opened: Opened, tmp_path: Path) -> None:
    """Nothing is guessed."""
    (tmp_path / "roster.toml").write_bytes(b"bad")
    with pytest.raises(RequestError, match="mend it"):
        opened().current()
    (tmp_path / "roster.toml").unlink()
    assert not opened().exists()
    with pytest.raises(RequestError, match="there is no roster"):
        opened().current()


def test_what_was_appended_counts_at_once_and_lies_in_its_year(opened: Opened, tmp_path: Path) -> None:
    """New Year comes at midnight in Beijing, not in Greenwich."""
    files = opened()
    files.current()
    append(files, b"{1}\n", datetime(2026, 12, 31, 15, 59, tzinfo=UTC))
    append(files, b"{2}\n", datetime(2026, 12, 31, 16, 0, tzinfo=UTC))
    append(files, b"{3}\n", datetime(2027, 6, 1, tzinfo=UTC))
    assert files.current().records == (("2026.jsonl", b"{1}\n"), ("2027.jsonl", b"{2}\n{3}\n"))
    for path in (tmp_path / "roster.d").glob("*.jsonl"):
        assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "roster.d").stat().st_mode & 0o777 == 0o700


def test_several_may_append_at_once(opened: Opened, tmp_path: Path) -> None:
    """The console and a command record in the same second: neither may write over the other."""
    keepers = [opened() for _ in range(4)]

    def record(number: int) -> None:
        append(keepers[number % 4], b"{%d}\n" % number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(record, range(40)))
    lines = (tmp_path / "roster.d" / "2026.jsonl").read_bytes().splitlines()
    assert sorted(lines) == sorted(b"{%d}" % number for number in range(40))


def test_a_writer_decides_by_what_the_one_before_wrote(opened: Opened) -> None:
    """Two that read before either wrote would both take the same free slot."""
    keepers = [opened() for _ in range(4)]

    def count(texts: RosterTexts) -> bytes:
        return b"%d\n" % sum(data.count(b"\n") for _, data in texts.records)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: keepers[number % 4].change(count, NOW), range(40)))
    assert keepers[0].change(lambda _: b"", NOW).records == (("2026.jsonl", b"".join(b"%d\n" % n for n in range(40))),)


def test_a_writer_that_changes_its_mind_writes_nothing(opened: Opened, tmp_path: Path) -> None:
    """And keeps nobody else waiting."""
    files = opened()

    def refuse(_: RosterTexts) -> bytes:
        raise RequestError(Fault("roster.changed", "If-Match", "read it again"))

    with pytest.raises(RequestError, match="read it again"):
        files.change(refuse, NOW)
    append(files, b"{1}\n")
    assert (tmp_path / "roster.d" / "2026.jsonl").read_bytes() == b"{1}\n"


def test_a_torn_line_is_cut_off_before_the_next_is_appended(opened: Opened, tmp_path: Path) -> None:
    """Appended behind it, the next record would be lost with it."""
    files = opened()
    append(files, b"{1}\n")
    path = tmp_path / "roster.d" / "2026.jsonl"
    path.write_bytes(path.read_bytes() + b'{"torn')
    append(files, b"{2}\n")
    assert path.read_bytes() == b"{1}\n{2}\n"


def test_a_full_year_is_refused(opened: Opened, tmp_path: Path) -> None:
    """A file that grows without bound is one day not read any more."""
    files = opened()
    append(files, b"{1}\n")
    path = tmp_path / "roster.d" / "2026.jsonl"
    path.write_bytes(b"x" * (RECORDS_MAX_BYTES - 4) + b"\n")
    append(files, b"12\n")
    with pytest.raises(RequestError, match="full"):
        append(files, b"{2}\n")
    assert path.stat().st_size == RECORDS_MAX_BYTES


def test_a_place_that_cannot_be_written_is_told(opened: Opened, tmp_path: Path) -> None:
    """The node runs as another user than the one who made the directory."""
    (tmp_path / "roster.d").write_bytes(b"a file")
    with pytest.raises((RequestError, UnavailableError)):
        append(opened(), b"{1}\n")


def test_every_text_of_the_plan_is_kept_with_its_time(opened: Opened, tmp_path: Path) -> None:
    """Who was on duty last month is asked of the plan of last month."""
    files, plan = opened(), tmp_path / "roster.toml"
    _touch(plan, NOW)
    assert files.keep_plan(NOW) is True
    assert files.keep_plan(NOW + DAY) is False
    plan.write_bytes(b"two")
    _touch(plan, NOW + DAY)
    assert [(one.since, one.text) for one in files.texts().plans] == [(NOW, b"one"), (NOW + DAY, b"two")]
    assert files.keep_plan(NOW + 2 * DAY) is True
    plan.write_bytes(b"one")  # put back from a copy, with the copy's old time
    _touch(plan, NOW - DAY)
    assert files.keep_plan(NOW + 3 * DAY) is True
    assert [(one.since, one.text) for one in files.texts().plans] == [
        (NOW, b"one"),
        (NOW + DAY, b"two"),
        (NOW + 3 * DAY, b"one"),
    ]


def _touch(path: Path, when: datetime) -> None:
    os.utime(path, (when.timestamp(), when.timestamp()))


def test_a_node_keeps_each_good_text_as_soon_as_it_sees_it(tmp_path: Path, clock: Manual) -> None:
    """An edit that no command followed would be lost for the past; a bad one must not be kept as if it had counted."""
    plan, told = tmp_path / "roster.toml", list[tuple[Fault, ...]]()
    files = RosterFiles(tmp_path, tmp_path / "d", build, monotonic=clock, on_faults=told.append, now=lambda: NOW)
    for text in (b"one", b"bad", b"three"):
        plan.write_bytes(text)
        clock.seconds += 1
        files.current()
    assert [path.read_bytes() for path in sorted((tmp_path / "d" / "plans").glob("*.toml"))] == [b"one", b"three"]
    assert [found[0].code for found in told] == ["roster.bad"]
    assert files.faults == ()


def test_a_node_that_cannot_keep_the_plan_goes_on_and_says_so(tmp_path: Path, clock: Manual) -> None:
    """A folder with wrong rights must not take the roster away."""
    (tmp_path / "roster.toml").write_bytes(b"one")
    (tmp_path / "d").write_bytes(b"a file")
    told: list[tuple[Fault, ...]] = []
    files = RosterFiles(tmp_path, tmp_path / "d", build, monotonic=clock, on_faults=told.append, now=lambda: NOW)
    assert files.current().plans[-1].text == b"one"
    assert [found[0].code for found in told] == ["roster.unkept"]
    assert files.faults[0].code == "roster.unkept"
