"""Each row of the table of levels to the minute, and what clock, night, roster and media do to it."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from schemas.base import Status
from schemas.escalations import (
    AlarmKind,
    Change,
    DropReason,
    EscalationKind,
    EscalationState,
    PageRow,
    PageState,
    Purpose,
    SourceWordKind,
)
from schemas.pages import Medium, Recipient, Tier
from services.domain.escalation import Opening, handed_over, is_due, may_go, open_escalation, plan
from services.domain.escalation_draft import page_id
from services.domain.policies import USUAL_POLICY
from tests.escalations import (
    ALERT,
    EVERYBODY,
    FIRST,
    LEADER,
    NIGHT,
    NOON,
    OFFICE,
    ROOM,
    SECOND,
    SUPERIOR,
    Ladder,
    Seen,
    by,
    facts,
    merged,
    minutes,
    opened,
    recipient,
)
from tests.papers import HUANJIANG

SMS, VOICE, FAX = Medium.SMS, Medium.VOICE, Medium.FAX
TABLE: dict[int, list[Seen]] = {
    1: [
        *by(0, FIRST, SMS, VOICE),
        *by(0, SECOND, SMS, VOICE),
        *by(2, FIRST, VOICE),
        *by(2, SECOND, VOICE),
        *by(5, LEADER, VOICE),
        *by(8, FIRST, SMS, VOICE),
        *by(8, SECOND, SMS, VOICE),
        *by(8, LEADER, SMS, VOICE),
        *by(8, OFFICE, VOICE, FAX),
        *by(12, SUPERIOR, VOICE, FAX),
    ],
    2: [
        *by(0, FIRST, SMS, VOICE),
        *by(4, SECOND, SMS, VOICE),
        *by(8, LEADER, SMS, VOICE),
        *by(15, OFFICE, VOICE, FAX),
        *by(20, SUPERIOR, VOICE, FAX),
    ],
    3: [
        *by(0, FIRST, SMS),
        *by(8, FIRST, VOICE),
        *by(15, SECOND, SMS, VOICE),
        *by(30, LEADER, SMS, VOICE),
    ],
    4: [
        *by(0, FIRST, SMS),
        *by(20, FIRST, VOICE),
        *by(40, SECOND, SMS, VOICE),
        *by(60, OFFICE, VOICE, FAX),
    ],
}


@pytest.mark.parametrize(("level", "overdue", "exhausted"), [(1, 10, 15), (2, 15, 25), (3, 30, 45), (4, 60, 90)])
def test_a_level_is_told_to_the_minute(level: int, overdue: float, exhausted: float) -> None:
    """Somebody is told late, twice, by the wrong medium, or nobody calls by hand."""
    ladder = Ladder(opened(level))
    ladder.go(until=200)
    assert ladder.seen == TABLE[level]
    assert ladder.alarms() == [(overdue, AlarmKind.OVERDUE), (exhausted, AlarmKind.EXHAUSTED)]
    assert ladder.row.state is EscalationState.EXHAUSTED
    assert ladder.row.wake_at is None
    words = [word.kind for made in ladder.plans for word in made.source_words]
    assert words == [SourceWordKind.EXHAUSTED]


def test_a_drill_goes_the_whole_way() -> None:
    """An exercise that skips the leader proves nothing."""
    ladder = Ladder(opened(1, status=Status.EXERCISE))
    ladder.go(until=20)
    assert ladder.seen == TABLE[1]


def test_the_source_pages_its_own_people_for_a_silent_neighbour() -> None:
    """A dead node next door would be just a line on a board."""
    key = f"{ALERT}/{HUANJIANG}"
    opening = Opening(key, EscalationKind.NEIGHBOUR, "", 2, Status.ACTUAL, HUANJIANG)
    ladder = Ladder(open_escalation(opening, USUAL_POLICY, NOON))
    ladder.go(until=30)
    assert ladder.seen == TABLE[2]
    assert {row.version for row in ladder.pages} == {ALERT}
    assert ladder.alarms()[-1] == (25, AlarmKind.EXHAUSTED)
    assert [made.source_words for made in ladder.plans if made.source_words] == []


def test_the_events_own_deadline_counts_if_it_is_earlier() -> None:
    """An agreement asks for five minutes, and the county is told it was late after ten."""
    opening = Opening(ALERT, EscalationKind.ALERT, "", 1, Status.ACTUAL, HUANJIANG)
    for asked, due in ((5, 5), (50, 10)):
        row = open_escalation(opening, USUAL_POLICY, NOON, NOON + minutes(asked))
        assert row.acknowledge_by == NOON + minutes(due)


# -- media ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("level", "seconds"), [(1, 120), (2, 120), (3, 600), (4, 600)])
def test_an_sms_without_a_final_report_is_followed_by_the_next_medium(level: int, seconds: int) -> None:
    """The carrier took it, the telephone never rang."""
    ladder = Ladder(opened(level), (recipient("first", Tier.PRIMARY, (SMS, Medium.EMAIL)),))
    ladder.delivers = False
    ladder.go(until=seconds / 60)
    followed = (seconds / 60, "first", Medium.EMAIL)
    assert [seen for seen in ladder.seen if seen[2] is Medium.EMAIL] == [followed]
    assert ladder.row.state is EscalationState.OPEN
    assert [row.state for row in ladder.pages if row.medium is SMS and row.step == 0] == [PageState.SUBMITTED]


def test_a_medium_that_failed_for_good_is_followed_at_once() -> None:
    """A number that does not exist would be waited for."""
    ladder = Ladder(opened(3))
    ladder.go(until=0)
    ladder.pages = tuple(replace(row, state=PageState.FAILED) for row in ladder.pages)
    ladder.now += timedelta(seconds=3)
    made = ladder.plan_now()
    assert [(row.recipient, row.medium, row.purpose, row.step) for row in made.pages] == [
        ("first", VOICE, Purpose.STEP, 0)
    ]
    assert [one.change for one in made.transitions] == [Change.NEXT_MEDIUM]


def test_when_nothing_gets_through_the_ladder_climbs_at_once() -> None:
    """With every medium of everybody failed it would wait for answers that cannot come."""
    only = (recipient("first", Tier.PRIMARY, (SMS,)), recipient("second", Tier.SECONDARY, (SMS,)))
    ladder = Ladder(opened(2), only)
    ladder.go(until=0)
    for expected in (EscalationState.OPEN, EscalationState.EXHAUSTED):
        ladder.pages = tuple(replace(row, state=PageState.FAILED) for row in ladder.pages)
        ladder.plan_now()
        assert ladder.row.state is expected
    assert ladder.seen == [(0, "first", SMS), (0, "second", SMS)]
    assert (0, AlarmKind.EXHAUSTED) in ladder.alarms()


def test_whoever_has_none_of_a_steps_media_is_told_by_what_he_has() -> None:
    """A duty officer with mail only would hear nothing."""
    ladder = Ladder(opened(1), (recipient("first", Tier.PRIMARY, (Medium.EMAIL,)),))
    ladder.go(until=0)
    assert ladder.seen == [(0, "first", Medium.EMAIL)]


def test_an_id_differs_by_everything_that_makes_a_page_another() -> None:
    """Two pages with one id are one page, and one of them is never sent; and ids are pinned: they outlive an update."""
    one = PageRow("", ALERT, ALERT, "first", Tier.PRIMARY, Purpose.STEP, 0, SMS, NOON)
    others = [
        replace(one, escalation="b" * 64),
        replace(one, version="b" * 64),
        replace(one, recipient="first0"),
        replace(one, purpose=Purpose.REMINDER),
        replace(one, step=1),
        replace(one, medium=VOICE),
    ]
    assert len({page_id(row) for row in (one, *others)}) == 7
    later = replace(one, due_at=NIGHT, code="37", state=PageState.SUBMITTED, tier=Tier.LEADER)
    assert page_id(later) == page_id(one)
    parts = (ALERT, ALERT, "first", "step", "0", "sms")
    spelled = b"".join(len(part).to_bytes(4, "big") + part.encode() for part in parts)
    assert page_id(one) == sha256(spelled).hexdigest()[:32] == "7c2b371520b8804db3ed711ecf2f629f"


# -- roster ---------------------------------------------------------------------------------------------------


def without(*gone: Recipient) -> tuple[Recipient, ...]:
    """The county without somebody."""
    return tuple(one for one in EVERYBODY if one not in gone)


def test_for_a_tier_without_anybody_the_next_is_told_at_once() -> None:
    """Nobody is on duty, and the alert waits four minutes for nobody."""
    ladder = Ladder(opened(2), without(FIRST))
    ladder.go(until=0)
    assert ladder.seen == by(0, SECOND, SMS, VOICE)
    assert ladder.alarms() == [(0, AlarmKind.COVERAGE_GAP)]
    assert ladder.plans[0].alarms[0].tier is Tier.PRIMARY


def test_a_missing_second_is_replaced_by_the_leader_and_told_of_once() -> None:
    """Level 1 wants two people, and a gap rings on every console at every step."""
    ladder = Ladder(opened(1), without(SECOND))
    ladder.go(until=9)
    assert ladder.seen[:4] == [*by(0, FIRST, SMS, VOICE), *by(0, LEADER, SMS, VOICE)]
    assert ladder.alarms() == [(0, AlarmKind.COVERAGE_GAP)]


def test_with_nobody_on_duty_it_is_called_by_hand_at_once() -> None:
    """An empty roster would keep an alert of level 1 for fifteen minutes."""
    ladder = Ladder(opened(1), ())
    ladder.go(until=0)
    assert ladder.row.state is EscalationState.EXHAUSTED
    assert ladder.seen == []
    kinds = [kind for _, kind in ladder.alarms()]
    assert kinds.count(AlarmKind.COVERAGE_GAP) == 5
    assert kinds[-1] is AlarmKind.EXHAUSTED


def test_as_long_as_somebody_may_answer_an_empty_tier_shortens_nothing() -> None:
    """With one man on duty the county would be given up after five minutes."""
    ladder = Ladder(opened(1), (FIRST,))
    ladder.go(until=30)
    assert ladder.alarms()[-1] == (15, AlarmKind.EXHAUSTED)


def test_whoever_comes_on_duty_is_told_of_an_open_alert() -> None:
    """At the change of shift the new man would know nothing."""
    relief = recipient("relief", Tier.PRIMARY)
    ladder = Ladder(opened(2))
    ladder.go(until=1)
    ladder.roster = (relief, *without(FIRST))
    ladder.now = NOON + minutes(1)
    made = ladder.plan_now()
    assert [(row.recipient, row.medium, row.step) for row in made.pages] == [("relief", SMS, 0), ("relief", VOICE, 0)]
    assert [one.change for one in made.transitions] == [Change.JOINED]
    ladder.go(until=4)
    assert ladder.seen[-2:] == by(4, SECOND, SMS, VOICE)


def test_a_page_to_somebody_off_duty_is_dropped_and_told_when_he_is_back() -> None:
    """Somebody is called at home; or a gap in the roster loses his page for good."""
    row = opened(2)
    made = plan(row, facts(NOON))
    pages = merged((), made)
    assert may_go(pages[0], made.escalation, facts(NOON))
    gone = facts(NOON, pages=pages, roster=without(FIRST))
    assert not may_go(pages[0], made.escalation, gone)
    left = plan(made.escalation, gone)
    assert {(row.recipient, row.dropped_for) for row in left.changed} == {("first", DropReason.OFF_DUTY)}
    back = plan(left.escalation, facts(NOON, pages=merged(pages, left)))
    assert {(row.recipient, row.state) for row in back.changed} == {("first", PageState.DUE)}
    assert not back.pages


# -- night ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [1, 2, 3])
def test_levels_1_to_3_know_no_night(level: int) -> None:
    """A flood waits for seven o'clock."""
    ladder = Ladder(opened(level, NIGHT))
    ladder.go(until=200)
    assert ladder.seen == TABLE[level]


def test_by_night_level_4_goes_to_the_duty_room() -> None:
    """A blue warning wakes people who cannot do anything before morning."""
    ladder = Ladder(opened(4, NIGHT))
    ladder.go(until=70)
    assert {who for _, who, _ in ladder.seen} == {"office"}
    assert [minute for minute, _, medium in ladder.seen if medium is VOICE] == [0, 20, 40, 60]


def test_without_a_duty_room_level_4_goes_to_people_by_night() -> None:
    """It would go to the prefecture's duty room instead."""
    ladder = Ladder(opened(4, NIGHT), without(OFFICE))
    ladder.go(until=0)
    assert ladder.seen == by(0, FIRST, SMS)


def test_when_the_night_is_over_people_hear_of_what_the_room_has_not_taken() -> None:
    """Opened at 06:50 and not taken, it would never reach the duty officer."""
    before_seven = NIGHT + minutes(7 * 60 + 50)
    ladder = Ladder(opened(4, before_seven))
    ladder.go(until=15)
    assert ladder.seen == [*by(0, OFFICE, VOICE), *by(10, FIRST, SMS)]


# -- clock ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("back", [2.0, 60.0, 60.0 * 24 * 400])
def test_a_clock_set_back_puts_nothing_off_and_doubles_nothing(back: float) -> None:
    """An hour back, and the leader of a level 1 is called an hour late."""
    ladder = Ladder(opened(1))
    ladder.go(until=2)
    told = list(ladder.seen)
    ladder.now = NOON + minutes(2) - minutes(back)
    assert is_due(ladder.row, ladder.now)
    made = ladder.plan_now()
    assert Change.CLOCK_SET_BACK in {one.change for one in made.transitions}
    assert ladder.seen == told
    assert ladder.row.next_at == ladder.now + minutes(3)
    ladder.start -= minutes(back)
    ladder.go(until=20)
    assert [seen[1:] for seen in ladder.seen] == [seen[1:] for seen in TABLE[1]]
    assert ladder.row.state is EscalationState.EXHAUSTED


def test_after_a_long_stop_everybody_is_told_once() -> None:
    """A node that was off for an hour calls the same man three times at once, or goes on as if nothing had happened."""
    ladder = Ladder(opened(1))
    ladder.now = NOON + minutes(60)
    ladder.plan_now()
    told = [seen[1:] for seen in ladder.seen]
    assert len(told) == len(set(told))
    assert {who for who, _ in told} == {one.officer for one in EVERYBODY}
    assert ladder.row.state is EscalationState.EXHAUSTED
    dropped = [row for row in ladder.plans[0].pages if row.state is PageState.DROPPED]
    assert {row.dropped_for for row in dropped} == {DropReason.OVERTAKEN}


def test_a_plan_that_was_not_written_is_made_again_alike() -> None:
    """A crash between planning and writing changes what is told."""
    row, known = opened(1), facts(NOON)
    assert plan(row, known) == plan(row, known)


def test_planning_again_decides_nothing_new() -> None:
    """Every tick would page."""
    made = plan(opened(1), facts(NOON))
    again = plan(made.escalation, facts(NOON, pages=made.pages))
    assert (again.escalation, again.pages, again.changed, again.transitions) == (made.escalation, (), (), ())


def test_the_room_is_told_by_telephone_and_fax_only() -> None:
    """The fax of the duty office stays silent."""
    assert {medium for medium, _ in OFFICE.addresses} == set(ROOM)
    ladder = Ladder(opened(1))
    ladder.go(until=8)
    assert [seen for seen in ladder.seen if seen[1] == "office"] == by(8, OFFICE, VOICE, FAX)


def test_a_page_that_was_taken_is_looked_at_again_when_its_report_is_overdue() -> None:
    """Planned at once it would cost every page a second plan; planned never, a lost SMS would be noticed by nobody."""
    row = replace(opened(2), wake_at=NOON + minutes(4))
    assert handed_over(row, NOON + minutes(2), NOON).wake_at == NOON + minutes(2)
    assert handed_over(row, NOON + minutes(6), NOON).wake_at == NOON + minutes(4)
    assert handed_over(row, None, NOON).wake_at == NOON + minutes(4)
    assert handed_over(row, None, NOON).revision == row.revision + 1
    assert is_due(handed_over(row, NOON + minutes(2), NOON), NOON - minutes(1)), "the clock was set back meanwhile"


def test_a_page_that_was_taken_after_the_end_is_planned_at_once() -> None:
    """Its reader must be told that it is over."""
    row = replace(opened(2), state=EscalationState.CANCELLED, wake_at=None)
    assert is_due(handed_over(row, NOON + minutes(2), NOON), NOON)
    assert is_due(handed_over(replace(opened(2), level=None, wake_at=None), None, NOON), NOON)
