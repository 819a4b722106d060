"""Projects: who takes part, who reports, what a milestone may become."""

import itertools
from typing import Any

import pytest

from schemas.development.projects import (
    MilestoneState,
    ProjectClosed,
    ProjectJoined,
    ProjectProgressed,
    ProjectProposed,
)
from services.domain.acts import Act
from services.domain.projects import NEXT, ProjectState, fold, judge
from tests.joint import FOUR, LEAD, act, ending, joined, progress, project
from tests.papers import LIBO, NANDAN, TIANE


def proposed(**changes: Any) -> Act:  # noqa: ANN401 - any field
    return act(ProjectProposed, project(**changes), LEAD)


def decided(county: str = LIBO, decision: str = "join", minutes: float = 1) -> Act:
    return act(ProjectJoined, joined(decision), county, minutes)


def reported(county: str, number: int, *milestones: tuple[int, str], minutes: float = 10) -> Act:
    return act(ProjectProgressed, progress(number, *milestones), county, minutes)


def ended(outcome: str = "achieved", minutes: float = 90) -> Act:
    return act(ProjectClosed, ending(outcome), LEAD, minutes)


def folded(*acts: Act) -> ProjectState:
    state = fold([proposed(), *acts])
    assert state is not None
    return state


def test_milestones_stand_where_their_counties_say() -> None:
    """Each reports on its own; the newest decision of a party counts."""
    state = folded(
        decided(), decided(NANDAN, "join"), decided(NANDAN, "decline", 2), reported(LEAD, 1, (1, "started")),
        reported(LIBO, 1, (2, "started")), reported(LIBO, 2, (2, "done"), minutes=20), ended("partly"),
    )  # fmt: skip
    assert state.milestones == {1: MilestoneState.STARTED, 2: MilestoneState.DONE}
    assert [state.word_of(county) for county in (LIBO, NANDAN)] == ["join", "decline"]
    assert (state.word, state.void) == ("partly", ())


def test_a_milestone_goes_back() -> None:
    """Every pair of states, and only the steps of the table; a report that takes another is void as a whole."""
    for before, after in itertools.product(MilestoneState, MilestoneState):
        way = [reported(LEAD, 1, (1, before))] if before is not MilestoneState.PLANNED else []
        made = reported(LEAD, len(way) + 1, (1, after), minutes=20)
        state = folded(*way, made)
        void = [one.fault.code for one in state.void]
        allowed = after in NEXT[before]
        assert (state.milestones[1], void) == ((after, []) if allowed else (before, ["project.milestone"]))
        assert (judge([proposed(), *way], made, FOUR) is None) == allowed


@pytest.mark.parametrize(
    ("acts", "code"),
    [
        ([reported(LIBO, 1, (2, "started"))], "project.not_joined"),
        ([decided(decision="decline"), reported(LIBO, 1, (2, "started"))], "project.not_joined"),
        ([decided(), reported(LIBO, 1, (1, "started"))], "project.not_responsible"),
        ([decided(), reported(LIBO, 1, (9, "started"))], "project.not_responsible"),
        ([decided(TIANE)], "project.not_invited"),
    ],
)
def test_a_county_speaks_of_what_is_not_its_own(acts: list[Act], code: str) -> None:
    """Void at every county; refused where it is written."""
    assert [one.fault.code for one in folded(*acts).void] == [code]
    refusal = judge([proposed(), *acts[:-1]], acts[-1], FOUR)
    assert refusal is not None
    assert (refusal.fault.code, refusal.final) == (code, False)


@pytest.mark.parametrize(
    ("held", "made", "code", "final"),
    [
        ([], act(ProjectProposed, project(), LIBO), "thread.not_owner", True),
        ([proposed()], act(ProjectClosed, ending(), LIBO), "thread.not_owner", True),
        ([proposed()], decided(LEAD), "project.own", True),
        ([], decided(), "thread.unknown", False),
        ([proposed()], act(ProjectProposed, project(title="别的"), LEAD), "project.proposed", False),
        ([proposed(), decided()], reported(LIBO, 2, (2, "started")), "project.report_no", False),
        ([proposed(), ended()], decided(minutes=95), "project.closed", False),
        ([proposed(), ended()], ended("stopped", 95), "project.closed", False),
    ],
)
def test_an_act_out_of_turn_is_made(held: list[Act], made: Act, code: str, *, final: bool) -> None:
    """Who leads proposes and closes; who takes part decides and reports."""
    refusal = judge(held, made, FOUR)
    assert refusal is not None
    assert (refusal.fault.code, refusal.final) == (code, final)


def test_two_reports_have_one_number() -> None:
    """The earlier counts, at every county."""
    first, second = reported(LEAD, 1, (1, "started")), reported(LEAD, 1, (1, "dropped"), minutes=11)
    for order in itertools.permutations([proposed(), first, second]):
        state = fold(order)
        assert state is not None
        assert state.milestones[1] is MilestoneState.STARTED
        assert [(one.act, one.fault.code) for one in state.void] == [(second, "project.report_no")]
