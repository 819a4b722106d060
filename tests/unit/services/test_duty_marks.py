"""The roster as transactions ask it: from memory, while its files are looked at and written elsewhere."""

import threading
from datetime import datetime, timedelta

import pytest

from adapters.memory.ids import SequentialIds
from adapters.memory.rosters import MemoryRosters
from schemas.errors import Fault, RequestError, UnavailableError
from schemas.pages import Medium
from schemas.rosters import Mark, RosterTexts
from services.domain.coverage import number_tag
from services.domain.roster_files import RosterHistory, read_history
from services.duty import RosterDuty
from services.rostering import Rostering
from tests.rosters import COUNTY, PLAN, at, number

NOON = at("2026-06-10 12:00")


class WatchedRosters(MemoryRosters[RosterHistory]):
    """Notes by which thread it is looked at; its disk may be full."""

    def __init__(self) -> None:
        def build(texts: RosterTexts) -> RosterHistory:
            found = read_history(texts, COUNTY)
            assert isinstance(found, RosterHistory)
            return found

        self.looks: list[int] = []
        self.is_full = False
        super().__init__(PLAN.encode(), build, since=at("2026-01-01 00:00"))

    def current(self) -> RosterHistory:
        self.looks.append(threading.get_ident())
        return super().current()

    def keep_plan(self, now: datetime) -> bool:
        if self.is_full:
            raise UnavailableError("the disk is full")
        return super().keep_plan(now)


@pytest.fixture
def files() -> WatchedRosters:
    return WatchedRosters()


@pytest.fixture
def duty(files: WatchedRosters) -> RosterDuty:
    found = RosterDuty(Rostering(files, SequentialIds()))
    found.refresh()
    files.looks.clear()
    return found


def marked(duty: RosterDuty, mark: Mark, moment: datetime, tag: str = number_tag(number(1))) -> None:
    duty.mark_number("duty-a", Medium.SMS, tag, mark, moment)


def test_no_question_looks_at_the_files(files: WatchedRosters, duty: RosterDuty) -> None:
    """Each is asked in a transaction, and every other transaction waits for it."""
    assert duty.on_duty(NOON)
    assert duty.officer_of("+86" + number(1)) == "duty-a"
    assert duty.recipient("duty-a")
    assert duty.is_workday(NOON.date())
    assert duty.due_tests(NOON)
    assert duty.doubtful() == frozenset()
    assert files.looks == []
    files.edit(PLAN.replace("值班员甲", "值班员戊").encode(), NOON)
    shown = duty.recipient("duty-a")
    duty.refresh()
    changed = duty.recipient("duty-a")
    assert (shown and shown.display, changed and changed.display) == ("值班员甲", "值班员戊")


def test_an_opt_out_is_in_force_until_the_number_answers_a_test(duty: RosterDuty) -> None:
    """Recorded by tag, for no number stands in the database; the answer to a test verifies it anew."""
    marked(duty, Mark.OPTED_OUT, NOON)
    assert duty.doubtful() == {"duty-a"}
    marked(duty, Mark.TESTED, NOON + timedelta(hours=1))
    assert duty.doubtful() == frozenset()
    still_due = {(one.owner, one.number.medium) for one in duty.due_tests(NOON + timedelta(hours=2))}
    assert ("duty-a", Medium.SMS) not in still_due
    assert ("duty-a", Medium.VOICE) in still_due


def test_a_mark_that_comes_twice_is_recorded_once(duty: RosterDuty) -> None:
    """After a crash between the record and the row that asked for it."""
    for _ in range(2):
        marked(duty, Mark.TESTED, NOON)
    assert len(duty.rostering.files.current().changes) == 1


def test_a_number_that_left_the_roster_is_passed_over(duty: RosterDuty) -> None:
    """Its record would be refused for ever, and asked for for ever."""
    marked(duty, Mark.TESTED, NOON, tag="ffff")
    duty.mark_number("nobody", Medium.SMS, number_tag(number(1)), Mark.TESTED, NOON)
    assert duty.rostering.files.current().changes == ()


def test_a_full_disk_is_said(files: WatchedRosters, duty: RosterDuty) -> None:
    """Whoever asks tries again."""
    files.is_full = True
    with pytest.raises(UnavailableError, match="full"):
        marked(duty, Mark.OPTED_OUT, NOON)
    assert duty.doubtful() == frozenset()


@pytest.mark.parametrize("method", ["current", "change"])
def test_a_roster_that_cannot_be_read_or_written_loses_no_mark(
    files: WatchedRosters, duty: RosterDuty, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A typing error in it, or a folder of somebody else's: mended an hour later, the mark is recorded."""

    def refuse(*_: object) -> None:
        raise RequestError(Fault("file.unwritable", "", "it is somebody else's"))

    with monkeypatch.context() as broken:
        broken.setattr(files, method, refuse)
        with pytest.raises(UnavailableError):
            marked(duty, Mark.OPTED_OUT, NOON)
    marked(duty, Mark.OPTED_OUT, NOON)
    assert duty.doubtful() == {"duty-a"}
