"""Random schedules against the escalation engine, and planted bugs that the same schedules must find.

What would go wrong is said by the invariants in tests/escalation_world.py: an alert that nobody takes and nobody is
told of, a telephone that goes on ringing after somebody answered, a person off duty who is called by night, a change
that nothing records, a page that a crash loses or doubles.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

import pytest

from schemas.escalations import AnswerGiven, Change, DropReason, Escalation, PageRow, PageState, Plan
from schemas.officers import AnswerWord
from services.domain import escalation as engine
from services.domain import escalation_answers, escalation_draft
from services.domain.escalation_draft import AT_ONCE, Draft, Facts
from tests.escalation_oracle import ViolationError
from tests.escalation_world import World

FULL_N: Final = 20_000
SAMPLE_N: Final = 1_000


@pytest.mark.timeout(1800)
def test_no_schedule_breaks_an_invariant(reduced: Callable[[int, int], int]) -> None:
    """Answers, reports, crashes, clock jumps, changes of the roster, silences and versions in random order."""
    for seed in range(reduced(SAMPLE_N, FULL_N)):
        try:
            World(seed).run()
        except ViolationError as error:
            pytest.fail(f"schedule {seed}: {error}")


# -- planted bugs -----------------------------------------------------------------------------------------------

Plant = Callable[[pytest.MonkeyPatch], None]
_plan, _is_due, _finish = engine.plan, engine.is_due, Draft.finish


def page_after_answer(patch: pytest.MonkeyPatch) -> None:
    """Pages that wait are not dropped when somebody takes the alert."""

    def plan(escalation: Escalation, facts: Facts) -> Plan:
        made = _plan(escalation, facts)
        kept = tuple(row for row in made.changed if row.dropped_for is not DropReason.ACKNOWLEDGED)
        return replace(made, changed=kept)

    patch.setattr(engine, "plan", plan)


def timer_lost_on_restart(patch: pytest.MonkeyPatch) -> None:
    """The time of the next step is kept in memory: what comes back from the database has none."""
    patch.setattr("tests.escalation_world.loaded", lambda row: replace(row, wake_at=None))


def off_duty_person_paged(patch: pytest.MonkeyPatch) -> None:
    """The sender goes by the roster of the moment when the page was made."""

    def may_go(page: PageRow, escalation: Escalation, facts: Facts) -> bool:
        heard = all(one.number <= escalation.heard for one in facts.answers)
        return page.state is PageState.DUE and heard and escalation.held is None

    patch.setattr(engine, "may_go", may_go)


def off_duty_page_kept(patch: pytest.MonkeyPatch) -> None:
    """Pages to people who went off duty stay in the queue for ever."""
    patch.setattr(engine, "drop_off_duty", lambda _: None)


def sms_ends_level_1(patch: pytest.MonkeyPatch) -> None:
    """One SMS 收到 ends an alert of level 1."""
    patch.setattr(escalation_answers, "is_enough", lambda *_: True)


def step_id_without_medium(patch: pytest.MonkeyPatch) -> None:
    """The call of a step has the id of its SMS, so it is taken for told."""

    def page_id(row: PageRow) -> str:
        return f"{row.version[:8]}{row.recipient}{row.purpose}{row.step}"

    patch.setattr(escalation_draft, "page_id", page_id)


def cannot_treated_as_received(patch: pytest.MonkeyPatch) -> None:
    """不能 stops the escalation."""

    def plan(escalation: Escalation, facts: Facts) -> Plan:
        answers = tuple(_as_received(one) for one in facts.answers)
        return _plan(escalation, replace(facts, answers=answers))

    patch.setattr(engine, "plan", plan)


def _as_received(answer: AnswerGiven) -> AnswerGiven:
    return replace(answer, word=AnswerWord.RECEIVED) if answer.word is AnswerWord.CANNOT else answer


def cannot_waits(patch: pytest.MonkeyPatch) -> None:
    """不能 advances nothing: the next step comes at its usual time."""
    patch.setattr(escalation_answers, "hurry", lambda _: None)


def answers_weighed_twice(patch: pytest.MonkeyPatch) -> None:
    """Which answers were weighed is kept in memory."""
    patch.setattr("tests.escalation_world.loaded", lambda row: replace(row, heard=0))


def transition_unrecorded(patch: pytest.MonkeyPatch) -> None:
    """An alert is given up, and nothing says so."""

    def plan(escalation: Escalation, facts: Facts) -> Plan:
        made = _plan(escalation, facts)
        return replace(made, transitions=tuple(one for one in made.transitions if one.change != "reopened"))

    patch.setattr(engine, "plan", plan)


def exhausted_in_silence(patch: pytest.MonkeyPatch) -> None:
    """Nobody took it, and no console says so."""

    def plan(escalation: Escalation, facts: Facts) -> Plan:
        made = _plan(escalation, facts)
        return replace(made, alarms=tuple(one for one in made.alarms if one.kind != "exhausted"))

    patch.setattr(engine, "plan", plan)


def last_answer_owns(patch: pytest.MonkeyPatch) -> None:
    """Whoever answers last is the owner."""

    def take_again(draft: Draft, answer: AnswerGiven, word: AnswerWord) -> None:
        escalation_answers._own(draft, answer, word, Change.OWNER_CHANGED)  # noqa: SLF001

    patch.setattr(escalation_answers, "_take_again", take_again)


def clock_set_back_stalls(patch: pytest.MonkeyPatch) -> None:
    """A timer waits for a time of the day that comes again only hours later."""

    def is_due(escalation: Escalation, now: datetime) -> bool:
        return escalation.wake_at is not None and escalation.wake_at <= now

    patch.setattr(engine, "is_due", is_due)


def newcomer_untold(patch: pytest.MonkeyPatch) -> None:
    """Whoever comes on duty while an alert is open hears nothing of it."""
    patch.setattr(engine, "tell_newcomers", lambda _: None)


def stale_plan_written(patch: pytest.MonkeyPatch) -> None:
    """A plan is written although an answer came after it was made."""
    patch.setattr(engine, "woken", lambda row: replace(row, wake_at=AT_ONCE))


def failure_taken_for_waiting(patch: pytest.MonkeyPatch) -> None:
    """No medium takes over from one that failed."""
    patch.setattr(engine, "take_over", lambda _: None)


def silent_cancellation(patch: pytest.MonkeyPatch) -> None:
    """Whoever was told never hears that it is over."""
    patch.setattr(engine, "_all_clear", lambda _: None)


def lowered_step_kept(patch: pytest.MonkeyPatch) -> None:
    """A lowered version goes on at the number of the step where the longer ladder stood."""
    patch.setattr("services.domain.escalation_versions._at_level", lambda *_: {})


def silenced_by_anybody(patch: pytest.MonkeyPatch) -> None:
    """Whoever wants to sleep silences an actual alert of level 1."""
    patch.setattr("services.domain.silences.judge_silence_of", lambda *_: None)


def inhibited_for_ever(patch: pytest.MonkeyPatch) -> None:
    """A lower alert waits for a higher one that is over."""
    patch.setattr(engine, "is_inhibited", lambda one, related: bool(related) and one.level > 1)


BUGS: Final[tuple[tuple[Plant, int], ...]] = (
    (page_after_answer, 200),
    (timer_lost_on_restart, 200),
    (off_duty_person_paged, 200),
    (off_duty_page_kept, 200),
    (sms_ends_level_1, 200),
    (step_id_without_medium, 200),
    (cannot_treated_as_received, 200),
    (cannot_waits, 200),
    (answers_weighed_twice, 200),
    (transition_unrecorded, 200),
    (exhausted_in_silence, 200),
    (last_answer_owns, 200),
    (clock_set_back_stalls, 200),
    (newcomer_untold, 200),
    (stale_plan_written, 200),
    (failure_taken_for_waiting, 200),
    (silent_cancellation, 200),
    (lowered_step_kept, 200),
    (silenced_by_anybody, 200),
    (inhibited_for_ever, 200),
)
"""Each bug, and within how many schedules it must be found."""


@pytest.mark.parametrize(("plant", "within"), BUGS, ids=[plant.__name__ for plant, _ in BUGS])
def test_a_planted_bug_is_found(plant: Plant, within: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were it not, the invariants would hold by being blind."""
    plant(monkeypatch)
    for seed in range(within):
        try:
            World(seed).run()
        except ViolationError as error:
            print(f"{plant.__name__}: schedule {seed}: {error}")  # noqa: T201 - shown with -s
            return
    pytest.fail(f"{within} schedules did not find it")
