"""Storms: a telephone that rings a thousand times is switched off, and one that stays silent warns nobody."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.sms import HoldReason, SmsTold, Suppression
from services.domain.storms import (
    Bundle,
    Decision,
    History,
    Hold,
    Later,
    PageDue,
    Send,
    SendWith,
    area_of,
    bundle_with,
    decide,
    group_of,
    suppression_of,
)
from tests.papers import HUANJIANG, LIBO, NOW

OFFICER, AREA, GROUP = "officer-a", "4512", "11B03@4512"


def at(seconds: float) -> datetime:
    """Return a moment, in seconds after now; negative ones are past."""
    return NOW + timedelta(seconds=seconds)


def due(page_id: str = "p", **changes: Any) -> PageDue:  # noqa: ANN401 - any field of a page
    """Return a page of level 2 that is due now."""
    return replace(PageDue(page_id, OFFICER, GROUP, AREA, 2, page_id, NOW), **changes)


def told(
    seconds: float, level: int = 2, *, group: str = GROUP, area: str = AREA, digest: str = "d", recipient: str = OFFICER
) -> SmsTold:
    """Return an SMS that went out."""
    return SmsTold(recipient, at(seconds), area, ((group, level),), digest)


def held(page_id: str, *, until: float, level: int = 2, bundle: str = "b", due_seconds: float = -5) -> Suppression:
    """Return a page that waits."""
    reason = HoldReason.GROUP_INTERVAL
    return Suppression(page_id, OFFICER, GROUP, AREA, level, reason, bundle, at(due_seconds), at(until))


def judged(page: PageDue, *history: SmsTold, waiting: Sequence[Suppression] = ()) -> Decision:
    """Decide now."""
    return decide(page, History(page.recipient, history, NOW), held=waiting, now=NOW)


def test_a_group_is_made_of_the_wrong_pages() -> None:
    """The incident if there is one; else the kind of event in the prefecture, which 河池 and 黔南 are not together."""
    assert group_of("i-7", "11B03", "4512") == "incident:i-7"
    assert group_of("", "11B03", area_of(HUANJIANG)) == "11B03@4512"
    assert area_of(LIBO) == "5227"


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_the_first_page_of_a_group_waits(level: int) -> None:
    """Not for company, not for another group of the area a second ago, not for another officer's SMS."""
    page = due(level=level)
    assert judged(page) == Send()
    assert judged(page, told(-1, group="other")) == Send()
    assert judged(page, told(-1, recipient="officer-b"), told(-1, recipient="officer-b")) == Send()
    assert judged(page, told(-901, level)) == Send()


@pytest.mark.parametrize(("level", "minutes"), [(1, 1), (2, 2), (3, 5), (4, 15)])
def test_a_later_page_goes_out_within_the_interval(level: int, minutes: int) -> None:
    """It joins a bundle that it names itself, until the interval is over."""
    page = due(level=level)
    until = at(minutes * 60 - 10)
    assert judged(page, told(-10, level)) == Bundle("p", until, HoldReason.GROUP_INTERVAL)
    assert judged(page, told(-10, level), waiting=[held("q", until=9)]) == Bundle("b", until, HoldReason.GROUP_INTERVAL)


@pytest.mark.parametrize(("level", "seconds"), [(1, 0), (2, 0), (3, 10), (4, 30)])
def test_a_later_page_waits_too_long_for_company(level: int, seconds: int) -> None:
    """Behind the interval only 0, 0, 10, 30 s."""
    decision = judged(due(level=level), told(-899, level))
    assert decision == (Bundle("p", at(seconds), HoldReason.GROUP_WAIT) if seconds else Send())


def test_a_higher_level_waits_behind_a_lower_one() -> None:
    """A raise is a first page; a lowered level is not."""
    assert judged(due(level=1), told(-10, 2)) == Send()
    assert judged(due(level=2), told(-10, 3)) == Send()
    assert isinstance(judged(due(level=3), told(-10, 2)), Bundle)


def test_every_sms_leaves_behind_what_waits() -> None:
    """A first page takes the bundle of its area along; what waits for the carrier or for others stays."""
    waiting = [held("q", until=50, level=3), held("r", until=60, level=2, due_seconds=-9)]
    decision = judged(due(level=1), told(-10, 2), waiting=waiting)
    assert decision == SendWith("b")
    sms = bundle_with(due(level=1), waiting, decision)
    assert [one.page_id for one in sms.members] == ["p", "r", "q"]
    assert (sms.bundle, sms.told) == ("b", ((GROUP, 1),))
    alone = held("s", until=50, bundle="")
    assert judged(due(level=1), told(-10, 2), waiting=[alone]) == Send()


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_a_storm_of_new_groups_rings_for_each(level: int) -> None:
    """After two SMS of one area in a minute a third group waits until the minute is over, on level 1 too."""
    history = (told(-30, level, group="a"), told(-20, level, group="b"))
    assert judged(due(level=level), *history) == Bundle("p", at(40), HoldReason.AREA_STORM)
    assert judged(due(level=level, area="5227"), *history) == Send()


def test_level_1_waits_behind_a_storm_of_lower_levels() -> None:
    """The first of level 1 goes out at once in any storm."""
    history = (told(-30, 4, group="a"), told(-20, 2, group="b"))
    assert judged(due(level=1), *history) == Send()
    assert isinstance(judged(due(level=2), *history), Bundle)


def test_a_person_gets_more_than_they_can_read() -> None:
    """Five in 15 minutes and one a minute hold later pages and first ones of levels 3 and 4, never level 1."""
    elsewhere = [told(-seconds, area="5227", group="a") for seconds in (800, 700, 600, 500, 100)]
    room_at = at(100)
    assert judged(due(level=3), *elsewhere) == Bundle("p", room_at, HoldReason.PERSON_QUARTER)
    assert judged(due(level=4), *elsewhere[1:]) == Send()
    for level in (1, 2):
        assert judged(due(level=level), *elsewhere) == Send()
    own = told(-200)
    assert judged(due(level=2), *elsewhere[1:], own) == Bundle("p", at(200), HoldReason.PERSON_QUARTER)
    assert judged(due(level=2), own, told(-20, area="5227")) == Bundle("p", at(40), HoldReason.PERSON_MINUTE)
    for level in (1,):
        assert judged(due(level=level), *elsewhere, told(-200, level), told(-20, level, area="5227")) == Send()


def test_a_carrier_drops_the_third_identical_text() -> None:
    """Two in 59 s, whatever the level: the third waits alone and goes out then."""
    page = due(level=1, text_digest="same")
    twice = (told(-58, digest="same", area="5227"), told(-3, digest="same", area="5227"))
    assert judged(page, *twice) == Hold(at(1), HoldReason.CARRIER_CAP)
    assert judged(page, *twice[1:]) == Send()
    assert judged(page, told(-59, digest="same", area="5227"), twice[1]) == Send()


def test_a_clock_that_was_set_back_silences_a_county() -> None:
    """What lies in the future holds nothing up."""
    assert judged(due(), told(3600), told(3601), told(3602)) == Send()


def test_a_suppression_leaves_no_trace() -> None:
    """Page, group, reason, bundle, and both times are kept."""
    decision = judged(due(), told(-10))
    assert isinstance(decision, Bundle)
    row = suppression_of(due(), decision)
    assert row == Suppression("p", OFFICER, GROUP, AREA, 2, HoldReason.GROUP_INTERVAL, "p", NOW, at(110))
    assert suppression_of(due(), Hold(at(1), HoldReason.CARRIER_CAP)).bundle == ""


def test_a_bundle_goes_out_in_pieces() -> None:
    """As soon as one of it has waited long enough, all of it goes; told ones and lonely ones do not."""
    waiting = [
        held("q", until=50, level=3),
        held("r", until=0, level=2),
        held("s", until=-1, bundle=""),
        replace(held("t", until=5, bundle="c"), area="5227"),
        Suppression("u", OFFICER, GROUP, AREA, 1, HoldReason.GROUP_WAIT, "b", at(-9), at(-5), told_at=at(-3)),
    ]
    page = due("q", level=3)
    decision = judged(page, waiting=waiting)
    assert decision == SendWith("b")
    assert bundle_with(page, waiting, decision).members == (waiting[1], waiting[0])
    assert judged(page, waiting=[waiting[0], held("r", until=20)]) == Later(at(20))


def test_a_page_that_waited_is_told_by_another_reason_than_its_own() -> None:
    """The row that says why it waited stays as it is when its bundle goes out."""
    mine = replace(held("p", until=0), reason=HoldReason.PERSON_MINUTE)
    decision = judged(due(), waiting=[mine])
    assert isinstance(decision, SendWith)
    assert bundle_with(due(), [mine], decision).members == (mine,)


def test_another_areas_sms_holds_a_bundle_up_for_ever() -> None:
    """One a minute holds for a bundle too, for one more interval at most; a bundle of level 1 waits for nobody."""
    busy = told(-20, area="5227")
    assert judged(due(), busy, waiting=[held("p", until=0)]) == Later(at(40))
    assert judged(due(), busy, waiting=[held("p", until=-100)]) == Later(at(20))
    assert judged(due(), busy, waiting=[held("p", until=-120)]) == SendWith("b")
    assert judged(due(level=1), busy, waiting=[held("p", until=0, level=1)]) == SendWith("b")
    elsewhere = (told(-20, recipient="officer-b"), told(-1_000), told(5))
    assert judged(due(), *elsewhere, waiting=[held("p", until=0)]) == SendWith("b")


def test_a_bundle_of_one_is_the_third_identical_text() -> None:
    """It goes out with its own text, which carriers drop; with others in it the text is another one."""
    same = (told(-58, digest="p", area="5227"), told(-30, digest="p", area="5227"))
    alone = [held("p", until=-120)]
    assert judged(due(), *same, waiting=alone) == Hold(at(1), HoldReason.CARRIER_CAP)
    assert judged(due(), *same, waiting=[*alone, held("q", until=9)]) == SendWith("b")


def test_a_page_joins_another_persons_bundle() -> None:
    """Nor that of another area, nor one that has been told, nor a page that waits alone."""
    rows = [
        replace(held("q", until=9), recipient="officer-b"),
        replace(held("q", until=9), area="5227"),
        replace(held("q", until=9), told_at=NOW),
        held("q", until=9, bundle=""),
    ]
    assert judged(due(), told(-10), waiting=rows) == Bundle("p", at(110), HoldReason.GROUP_INTERVAL)
    mine = held("r", until=9)
    assert judged(due(), told(-10), waiting=[*rows, mine]) == Bundle("b", at(110), HoldReason.GROUP_INTERVAL)
