"""What every keeper of a roster's files must do, in memory and on disk."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from adapters.memory.ids import SequentialIds
from adapters.rosters.directory import RosterFiles
from schemas.errors import RequestError
from schemas.pages import Tier
from schemas.rosters import Override
from services.domain.rosters import holder_at
from services.roster_ports import Rosters
from services.rostering import Rostering
from tests.rosters import DAY, PLAN, at, built, in_memory

NOW = at("2026-06-01 08:00")
NOON = at("2026-06-10 12:00")
FIELDS = {"officer": "duty-c", "replaces": "duty-a", "reason": "病假"} | {
    "starts_at": at("2026-06-10 08:30"),
    "ends_at": at("2026-06-11 08:30"),
}


class Ids:
    """Ids in a row."""

    def __init__(self) -> None:
        self.count = 0

    def hex(self, size: int) -> str:
        self.count += 1
        return f"{self.count:0{2 * size}x}"


class Kept:
    """One keeper, and a person who edits the plan."""

    def __init__(self, files: Rosters, edit: Callable[[str, datetime], None]) -> None:
        self.files, self.edit = files, edit

    def primary(self, known_at: datetime | None = None) -> str | None:
        history = self.files.current()
        roster = history.as_of(known_at) if known_at else history.latest
        return holder_at(roster, Tier.PRIMARY, NOON, history.workdays).officer


@pytest.fixture(params=["memory", "disk"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    """Return each keeper, with the plan of the tests since 2026-01-01."""
    since = at("2026-01-01 00:00")
    if request.param == "memory":
        memory = in_memory()
        return Kept(memory, lambda text, when: memory.edit(text.encode(), when))
    path, seconds = tmp_path / "roster.toml", iter(range(1_000_000))

    def write(text: str, when: datetime) -> None:
        path.write_text(text, encoding="utf-8")
        os.utime(path, (when.timestamp(), when.timestamp()))

    write(PLAN, since)
    return Kept(RosterFiles(tmp_path, tmp_path / "roster.d", built, monotonic=lambda: float(next(seconds))), write)


def test_what_was_recorded_counts_at_once(kept: Kept) -> None:
    """Told `recorded` and not yet paged, the substitute goes to bed."""
    rostering = Rostering(kept.files, Ids())
    assert kept.primary() == "duty-a"
    recorded = rostering.record(Override, FIELDS, by="duty-a", now=NOW)
    (change,) = recorded.changes
    assert kept.primary() == "duty-c"
    assert kept.primary(NOW - DAY) == "duty-a"
    assert kept.files.current().changes == recorded.history.changes == (change,)
    assert rostering.found(change.id) == change.id


def test_what_does_not_fit_changes_nothing(kept: Kept) -> None:
    """A record is never edited: a wrong one would lie there for ever."""
    rostering = Rostering(kept.files, Ids())
    for wrong in ({"officer": "duty-z"}, {"officer": "Duty C"}, {"ends_at": NOW}, {"reason": ""}):
        with pytest.raises(RequestError):
            rostering.record(Override, FIELDS | wrong, by="duty-a", now=NOW)
    assert kept.files.current().changes == ()


def test_a_writer_that_saw_another_roster_is_refused(kept: Kept) -> None:
    """He would put right what somebody else has put right meanwhile, another way."""
    rostering, seen = Rostering(kept.files, Ids()), kept.files.current().version
    first = rostering.record(Override, FIELDS, by="duty-a", now=NOW, seen=seen)
    with pytest.raises(RequestError) as caught:
        rostering.record(Override, FIELDS | {"officer": "head-a"}, by="duty-b", now=NOW, seen=seen)
    assert caught.value.fault.code == "roster.changed"
    assert kept.primary() == "duty-c"
    other = FIELDS | {"officer": "head-a", "replaces": "duty-c"}
    rostering.record(Override, other, by="duty-b", now=NOW, seen=first.history.version)
    assert kept.primary() == "head-a"


def test_of_many_writers_that_saw_the_same_one_is_taken(kept: Kept) -> None:
    """Judged outside the lock, two of them would be told `recorded`, and the last would have the last word."""
    seen = kept.files.current().version
    writers = [Rostering(kept.files, SequentialIds(str(number))) for number in range(8)]

    def write(writer: Rostering) -> bool:
        try:
            writer.record(Override, FIELDS, by="duty-a", now=NOW, seen=seen)
        except RequestError as refusal:
            assert refusal.fault.code == "roster.changed"  # noqa: PT017 - in a thread
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, writers)) == 1
    assert len(kept.files.current().changes) == 1


def test_the_version_is_another_as_soon_as_anything_is(kept: Kept) -> None:
    """And the same again where nothing has changed, whichever process asks and whatever was kept for the past."""
    versions = [kept.files.current().version]
    assert kept.files.keep_plan(NOW)
    assert kept.files.current().version == versions[0]
    Rostering(kept.files, Ids()).record(Override, FIELDS, by="duty-a", now=NOW)
    versions.append(kept.files.current().version)
    kept.edit(PLAN + "\n", at("2026-07-01 00:00"))
    versions.append(kept.files.current().version)
    assert len(set(versions)) == 3


def test_a_writer_with_a_version_waits_until_the_files_hold_again(kept: Kept) -> None:
    """What he saw is not what the files say, and what they say cannot be read."""
    rostering, seen = Rostering(kept.files, Ids()), kept.files.current().version
    kept.edit("county = ", at("2026-07-01 00:00"))
    with pytest.raises(RequestError) as caught:
        rostering.record(Override, FIELDS, by="duty-a", now=NOW, seen=seen)
    assert [one.code for one in caught.value.faults] == ["roster.broken", "roster.malformed"]
    assert kept.files.current().changes == ()


def test_an_edited_plan_counts_and_the_old_one_answers_for_the_past(kept: Kept) -> None:
    """The officer who was on duty in spring must not change in autumn."""
    assert kept.files.keep_plan(NOW)
    assert not kept.files.keep_plan(NOW)
    kept.edit(PLAN.replace('["duty-a", "duty-b"]', '["head-a"]'), at("2026-07-01 00:00"))
    assert (kept.primary(), kept.primary(NOW)) == ("head-a", "duty-a")
    assert kept.files.keep_plan(at("2026-07-02 00:00"))


def test_a_bad_plan_is_told_and_the_last_good_one_stays(kept: Kept) -> None:
    """A comma too many must not leave the county without anybody on duty."""
    assert kept.files.exists()
    assert kept.primary() == "duty-a"
    kept.edit("county = ", at("2026-07-01 00:00"))
    assert kept.primary() == "duty-a"
    assert [one.code for one in kept.files.faults] == ["roster.malformed"]
