"""How an escalation ends when nobody takes it: cancelled, superseded; and what is written beside a plan."""

from dataclasses import replace

from schemas.escalations import Change, DropReason, EscalationState, PageState, Purpose, ReplyKind
from schemas.officers import AnswerWord
from schemas.pages import Medium
from services.domain.escalation import cancel, is_due, may_go, plan, supersede, woken
from tests.escalations import EVERYBODY, NOON, Ladder, answer, facts, merged, minutes, opened

SMS = Medium.SMS


def test_a_cancelled_alert_tells_everybody_who_was_told_once() -> None:
    """They drive out for a flood that is over; or hear of one of which they knew nothing."""
    ladder = Ladder(opened(2))
    ladder.go(until=4)
    over = cancel(ladder.row, facts(ladder.now, pages=ladder.pages, roster=EVERYBODY[1:]), "解除")
    told = [(row.recipient, row.purpose, row.medium) for row in over.pages]
    assert told == [("first", Purpose.ALL_CLEAR, SMS), ("second", Purpose.ALL_CLEAR, SMS)]
    assert over.escalation.state is EscalationState.CANCELLED
    assert over.wake_at is None
    later = facts(ladder.now + minutes(9), pages=merged(ladder.pages, over))
    again = cancel(over.escalation, later, "解除")
    assert (again.pages, again.transitions) == ((), ())
    assert plan(over.escalation, later).pages == ()


def test_what_waits_when_it_is_cancelled_is_not_sent() -> None:
    """A telephone rings for an alert that is over."""
    made = plan(opened(1), facts(NOON))
    over = cancel(made.escalation, facts(NOON, pages=made.pages), "解除")
    assert {row.dropped_for for row in over.changed} == {DropReason.CANCELLED}
    assert over.pages == ()


def test_a_page_that_went_out_while_it_was_cancelled_gets_its_all_clear() -> None:
    """The sender's write came after the end: that one man would never hear that it is over."""
    made = plan(opened(1), facts(NOON))
    over = cancel(made.escalation, facts(NOON, pages=made.pages), "解除")
    pages = tuple(replace(row, state=PageState.SUBMITTED, submitted_at=NOON) for row in merged(made.pages, over)[:1])
    late = plan(woken(over.escalation), facts(NOON, pages=pages))
    assert [(row.recipient, row.purpose) for row in late.pages] == [("first", Purpose.ALL_CLEAR)]


def test_a_superseded_alert_is_not_called_off() -> None:
    """It was raised from orange to red, and people hear that it is over."""
    ladder = Ladder(opened(2))
    ladder.go(until=0)
    over = supersede(ladder.row, facts(NOON, pages=ladder.pages), "b" * 64)
    assert over.pages == ()
    assert over.escalation.superseded_by == "b" * 64
    assert [one.change for one in over.transitions] == [Change.SUPERSEDED]


def test_an_answer_to_what_is_over_says_so() -> None:
    """He believes that he has taken the red alert, and it was the orange one."""
    for by, kind in (("", ReplyKind.CLOSED), ("b" * 64, ReplyKind.SUPERSEDED)):
        known = facts(NOON)
        over = supersede(opened(2), known, by) if by else cancel(opened(2), known, "解除")
        late = plan(over.escalation, facts(NOON, answers=(answer(1, "first"),)))
        assert [one.kind for one in late.replies] == [kind]
        assert (late.escalation.owner, late.transitions) == ("", ())


def test_an_answer_that_came_before_the_end_is_weighed() -> None:
    """The owner of an alert that is over would be unknown."""
    made = plan(opened(2), facts(NOON))
    given = (answer(1, "first", AnswerWord.RECEIVED),)
    over = cancel(made.escalation, facts(NOON, pages=made.pages, answers=given), "解除")
    assert over.escalation.owner == "first"
    assert [one.change for one in over.transitions] == [Change.ACKNOWLEDGED, Change.CANCELLED]


def test_a_page_waits_until_answers_are_weighed() -> None:
    """The answer is written, the plan is not yet made, and the telephone rings."""
    made = plan(opened(2), facts(NOON))
    known = facts(NOON, pages=made.pages, answers=(answer(1, "first"),))
    assert not may_go(made.pages[0], woken(made.escalation), known)


def test_a_row_that_was_woken_is_due_and_refuses_an_older_plan() -> None:
    """A plan made before an answer would undo it."""
    made = plan(opened(2), facts(NOON))
    touched = woken(made.escalation)
    assert is_due(touched, NOON + minutes(1))
    assert touched.revision > made.escalation.revision
