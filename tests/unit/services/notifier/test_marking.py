"""What became known of a number is recorded, told and taken back, whatever the disk does."""

import pytest

from schemas.errors import UnavailableError
from schemas.notices import NoticeKind
from schemas.pages import Medium
from schemas.rosters import Mark
from services.domain.coverage import number_tag
from services.notifier.marking import mark_due
from tests.night import Night
from tests.pagers import PHONES

A, LEADER = PHONES["duty-a"], PHONES["leader-a"]


@pytest.fixture
def night() -> Night:
    return Night()


async def test_an_opt_out_is_recorded_though_the_disk_was_full(night: Night) -> None:
    """The gap is told at once; its record is tried again until it is there, also by the next process, and once."""
    await night.alert(2)
    night.duty.disk_is_full = True
    with pytest.raises(UnavailableError, match="the disk is full"):
        await night.says("duty-a", "退订")
    said_at = night.clock.now()
    assert NoticeKind.COVERAGE_GAP in await night.notices()
    night.desk = night.opened({"mobile": night.sms, "calls": night.voice})
    async with night.desk.running():
        for _ in range(3):
            await night.clock.move(1)
        assert night.duty.marks == []
        night.duty.disk_is_full = False
    for _ in range(3):
        await night.clock.move(60)
        await night.desk.run_once()
    assert night.duty.marks == [("duty-a", Medium.SMS, Mark.OPTED_OUT, said_at)]


async def test_a_full_disk_of_the_roster_holds_up_no_alert(night: Night) -> None:
    """The records of the roster and the pages lie in different places."""
    night.duty.disk_is_full = True
    mark = mark_due("duty-b", Medium.SMS, number_tag("1"), Mark.TESTED, night.clock.now())
    await night.county.store.write(lambda tx: tx.paging.keep_work(mark))
    async with night.desk.running():
        await night.clock.move(5)
        await night.send_alert(2)
        await night.clock.move(1)
        assert len(night.sms.to(A)) == 1


async def test_the_leader_hears_of_an_opt_out_once(night: Night) -> None:
    """A line on a board is looked at by whoever looks; ten times 退订 are one SMS."""
    await night.alert(2)
    for number in range(1, 4):
        await night.says("duty-a", "退订", number=number)
    told = [one.text for one in night.sms.to(LEADER)]
    assert told == ["值班员甲的值班号码发来退订，号码仍在用，请带班领导核实并重新登记"]


async def test_the_gap_of_an_opt_out_ends_when_the_number_is_verified(night: Night) -> None:
    """Not while its record is still to be written, and not while the number is in doubt."""
    await night.alert(2)
    night.duty.in_doubt = frozenset({"duty-a"})
    await night.says("duty-a", "退订")
    for _ in range(2):
        await night.clock.move(3600)
        await night.desk.run_once()
        assert NoticeKind.COVERAGE_GAP in await night.notices()
    night.duty.in_doubt = frozenset()
    await night.clock.move(3600)
    await night.desk.run_once()
    rows = await night.county.store.read(lambda s: s.notices(open_only=True, limit=50))
    assert [one.about for one in rows if one.kind is NoticeKind.COVERAGE_GAP] == []
