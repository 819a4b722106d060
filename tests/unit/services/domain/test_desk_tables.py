"""What the desk shows of cases, requests and counts: places for stages, words for refusals, and no hidden count."""

from datetime import date

import pytest

from schemas.cases import CaseAct, CaseFacts, CaseStage
from schemas.course_drafts import ReferralMove, ServiceMove
from schemas.governance.mediation_parts import CaseOutcome
from schemas.information.margins import GRAND
from schemas.information.population import Dimension
from services.domain.case_lines import ACTS, BOARD, DOOR, facts_line, law_of, why_not
from services.domain.case_words import REASONS
from services.domain.course_words import MOVES, STAGES
from services.domain.flow_making import FlowCounts, FlowMade, combinations, make_report
from services.domain.flow_shown import HIDDEN, TOTAL, grid_of
from services.domain.mediation import TABLE
from services.domain.service_requests import Stage
from tests.cases import facts
from tests.flows import FRAME

DAY = date(2026, 3, 4)


def test_a_stage_stands_in_no_column_or_in_two() -> None:
    """Such a case would vanish from the board, or be counted twice."""
    stages = [stage for _, column in BOARD for stage in column]

    assert sorted(stages) == sorted(CaseStage)


def test_acts_of_one_type_are_called_alike() -> None:
    """Whoever reads why something may not be done must know what."""
    assert set(ACTS) < set(CaseAct)
    assert len(set(ACTS.values())) == len(ACTS)


@pytest.mark.parametrize("act", [one for one in CaseAct if one is not CaseAct.REGISTERED])
def test_why_not_now_is_a_riddle(act: CaseAct) -> None:
    """It says where the case stands and where it would have to stand."""
    outside = next((stage for stage in CaseStage if stage not in TABLE[act]), None)
    assert outside is not None
    said = why_not("case.not_now", act, outside, "")

    assert "才能办" in said
    assert said.isprintable()
    assert not any(one.isascii() and one.isalpha() for one in said)


def test_a_refusal_is_said_without_its_law_or_who_is_missing() -> None:
    """The officer reads whose word is missing and which article wants it."""
    said = why_not("case.no_consent", CaseAct.ACCEPTED, CaseStage.REGISTERED, "p1、p2")
    law = law_of("case.no_consent", DAY)

    assert said == "尚缺当事人同意：p1、p2"
    assert law is not None
    assert "人民调解法" in law.source
    assert law_of("case.not_lead", DAY) is None
    assert why_not("case.new_rule", CaseAct.ACCEPTED, CaseStage.REGISTERED, "") == "不符合规则（case.new_rule）"
    assert not set(DOOR) & set(REASONS)
    assert why_not("case.not_now", CaseAct.COURT_ADVISED, CaseStage.IN_FORCE, "") == REASONS["case.not_now"]


@pytest.mark.parametrize("act", list(CaseAct))
def test_an_act_is_shown_with_a_word_of_code(act: CaseAct) -> None:
    """References stay, enumerations are Chinese."""
    said = facts_line(facts(act, DAY))
    words = [one for one in said.replace("、", "；").split("；") if one.isascii() and one]

    assert all(len(one) <= 2 and one[0] in "pm" for one in words), said


def test_an_outcome_is_called_as_a_way_to_court() -> None:
    """``court`` is a place to go in one field, and what a case came to in another."""
    assert facts_line(CaseFacts(act=CaseAct.CLOSED, outcome=CaseOutcome.COURT)) == "转诉讼"
    assert facts_line(CaseFacts(act=CaseAct.CLOSED)) == ""


def test_a_stage_or_a_move_has_no_word() -> None:
    """A new one would be shown as code."""
    assert set(STAGES) == set(Stage)
    assert set(MOVES) == {*ServiceMove, *ReferralMove}


@pytest.mark.parametrize("round_to", [1, 10])
@pytest.mark.parametrize("dimensions", [(), (Dimension.SEX,), (Dimension.SEX, Dimension.AGE_BAND)])
def test_a_grid_lets_a_hidden_count_out(dimensions: tuple[Dimension, ...], round_to: int) -> None:
    """What is hidden is a word; what is rounded says so; rows and columns have their totals."""
    places = combinations(dimensions)
    counts = FlowCounts(
        dimensions,
        {place: 3 if number == 0 and place != GRAND else 200 + number for number, place in enumerate(places)},
    )
    made = make_report(FRAME, counts, round_to=round_to)
    assert isinstance(made, FlowMade)
    grid = grid_of(made.report)
    cells = [cell for _, row in grid.rows for cell in row]

    assert all(len(row) == len(grid.columns) for _, row in grid.rows)
    assert grid.rows[-1][0] == TOTAL
    assert "3" not in [cell.text for cell in cells]
    assert (HIDDEN in [cell.text for cell in cells]) is bool(made.small + made.more)
    assert all(cell.text.startswith("约 ") for cell in cells if not cell.hidden) is (round_to > 1)
    assert grid.hidden == sum(cell.value is None for cell in made.report.cells)
