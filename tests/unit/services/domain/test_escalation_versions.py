"""A newer version of an alert: raised, it tells everybody again; else it tells nobody, and nobody is forgotten."""

from dataclasses import replace

import pytest

from schemas.errors import InvariantError
from schemas.escalations import AlarmKind, Change, Escalation, EscalationState
from schemas.officers import AnswerWord
from schemas.pages import Strength
from services.domain.escalation import plan
from services.domain.escalation_versions import NewVersion, Succession, carry_on, succession_of
from services.domain.levels import LevelChange
from tests.escalations import ALERT, NOON, Ladder, answer, facts, merged, minutes, opened

OTHER, THIRD, NEWER = "b" * 64, "c" * 64, "d" * 64
TAKEN = EscalationState.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (3, 2, Succession(LevelChange.RAISED, None, (ALERT,))),
        (2, 2, Succession(LevelChange.SAME, ALERT, ())),
        (2, 3, Succession(LevelChange.LOWERED, ALERT, ())),
    ],
)
def test_only_a_raised_version_is_told_anew(before: int, after: int, expected: Succession) -> None:
    """Every correction of a word wakes the county; or a red alert counts as acknowledged because the orange one was."""
    assert succession_of((opened(before),), after) == expected


def test_a_version_of_nothing_that_is_here_is_told_as_a_new_alert() -> None:
    """The first version was cancelled or never came, and nobody is told of the second."""
    over = replace(opened(2), state=EscalationState.CANCELLED)
    assert succession_of((over,), 3) == succession_of((), 3) == Succession(LevelChange.RAISED, None, ())


def test_what_joins_several_alerts_goes_on_where_nobody_has_taken_it() -> None:
    """One of three was acknowledged; what is higher than the row that would go on is told anew."""
    rows: tuple[Escalation, ...] = (
        replace(opened(2), state=TAKEN),
        opened(3, key=OTHER),
        opened(4, key=THIRD),
    )
    assert succession_of(rows, 3) == Succession(LevelChange.LOWERED, OTHER, (THIRD, ALERT))
    assert succession_of(rows, 2) == Succession(LevelChange.RAISED, None, (OTHER, THIRD, ALERT))


def test_a_lowered_version_pages_nobody_and_goes_on_by_the_slower_ladder() -> None:
    """Red becomes yellow after three minutes: nobody is called for that, and nobody is forgotten either."""
    ladder = Ladder(opened(1))
    ladder.go(until=3)
    made = carry_on(ladder.row, facts(NOON + minutes(3), pages=ladder.pages), NewVersion(NEWER, 3))
    assert (made.pages, made.alarms) == ((), ())
    row = made.escalation
    assert (row.version, row.level, row.step, row.next_at) == (NEWER, 3, 0, NOON + minutes(8))
    assert row.acknowledge_by == NOON + minutes(30)
    assert [one.change for one in made.transitions] == [Change.VERSION_CHANGED]
    again = plan(row, facts(NOON + minutes(3), pages=ladder.pages))
    assert again.pages == ()
    later = plan(again.escalation, facts(NOON + minutes(8), pages=ladder.pages))
    assert {(page.recipient, page.medium, page.version) for page in later.pages} == {("first", "voice", NEWER)}


@pytest.mark.parametrize(("before", "after"), [(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4), (2, 2)])
@pytest.mark.parametrize("minute", [0, 1, 3, 6, 9, 14, 19, 24, 31, 44])
def test_no_lowering_at_any_minute_pages_anybody(before: int, after: int, minute: float) -> None:
    """At some minute the slower ladder has told somebody whom the quicker one had not."""
    ladder = Ladder(opened(before))
    ladder.go(until=minute)
    now = NOON + minutes(minute)
    made = carry_on(ladder.row, facts(now, pages=ladder.pages), NewVersion(NEWER, after))
    told = plan(made.escalation, facts(now, pages=ladder.pages))
    assert made.pages == told.pages == ()
    assert told.escalation.state is ladder.row.state


def test_who_took_the_earlier_version_has_taken_one_that_is_no_higher() -> None:
    """Every correction asks the whole county again."""
    ladder = Ladder(opened(2))
    ladder.go(until=0)
    given = (answer(1, "first", AnswerWord.HANDLING),)
    made = carry_on(ladder.row, facts(NOON, pages=ladder.pages, answers=given), NewVersion(NEWER, 2))
    assert (made.escalation.state, made.escalation.owner, made.escalation.heard) == (TAKEN, "first", 1)
    assert made.pages == ()


def test_an_owner_who_gives_up_a_lowered_alert_starts_from_its_own_ladder() -> None:
    """The step of the longer ladder is none of the shorter one, and nobody is told any more."""
    ladder = Ladder(opened(1))
    ladder.go(until=12)
    taken = (answer(1, "first"),)
    made = carry_on(ladder.row, facts(NOON + minutes(13), pages=ladder.pages, answers=taken), NewVersion(NEWER, 3))
    both = (*taken, answer(2, "first", AnswerWord.CANNOT, Strength.WEB_SIGNED))
    freed = plan(made.escalation, facts(NOON + minutes(14), pages=merged(ladder.pages, made), answers=both))
    assert {page.recipient for page in freed.pages} == {"second"}


def test_an_exhausted_alert_stays_so_with_a_version_that_is_no_higher() -> None:
    """The alarm is taken back because a word was corrected."""
    ladder = Ladder(opened(1))
    ladder.go(until=15)
    assert (15, AlarmKind.EXHAUSTED) in ladder.alarms()
    made = carry_on(ladder.row, facts(NOON + minutes(16), pages=ladder.pages), NewVersion(NEWER, 4))
    assert made.escalation.state is EscalationState.EXHAUSTED


def test_a_raised_version_never_goes_on_in_the_old_row() -> None:
    """Old acknowledgements would count for it."""
    with pytest.raises(InvariantError):
        carry_on(opened(3), facts(NOON), NewVersion(NEWER, 2))
