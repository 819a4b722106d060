"""What every keeper of a roster's files must do, in memory and on disk."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from adapters.memory.rosters import MemoryRosters
from adapters.rosters.directory import RosterFiles
from schemas.errors import Fault, RequestError
from schemas.pages import Tier
from schemas.rosters import Override, RosterTexts
from services.domain.roster_files import RosterHistory, read_history
from services.domain.rosters import holder_at
from services.roster_ports import Rosters
from services.rostering import Rostering
from tests.rosters import COUNTY, DAY, PLAN, at

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


def build(texts: RosterTexts) -> RosterHistory | tuple[Fault, ...]:
    return read_history(texts, COUNTY)


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
        memory = MemoryRosters(PLAN.encode(), build, since=since)
        return Kept(memory, lambda text, when: memory.edit(text.encode(), when))
    path, seconds = tmp_path / "roster.toml", iter(range(1_000_000))

    def write(text: str, when: datetime) -> None:
        path.write_text(text, encoding="utf-8")
        os.utime(path, (when.timestamp(), when.timestamp()))

    write(PLAN, since)
    return Kept(RosterFiles(tmp_path, tmp_path / "roster.d", build, monotonic=lambda: float(next(seconds))), write)


def test_what_was_recorded_counts_at_once(kept: Kept) -> None:
    """Told `recorded` and not yet paged, the substitute goes to bed."""
    rostering = Rostering(kept.files, Ids())
    assert kept.primary() == "duty-a"
    change = rostering.record(Override, FIELDS, by="duty-a", now=NOW)
    assert kept.primary() == "duty-c"
    assert kept.primary(NOW - DAY) == "duty-a"
    assert kept.files.current().changes == (change,)
    assert rostering.found(change.id) == change.id


def test_what_does_not_fit_changes_nothing(kept: Kept) -> None:
    """A record is never edited: a wrong one would lie there for ever."""
    rostering = Rostering(kept.files, Ids())
    for wrong in ({"officer": "duty-z"}, {"officer": "Duty C"}, {"ends_at": NOW}, {"reason": ""}):
        with pytest.raises(RequestError):
            rostering.record(Override, FIELDS | wrong, by="duty-a", now=NOW)
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
