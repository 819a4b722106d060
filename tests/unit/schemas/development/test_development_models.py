"""Offers and projects: what may be offered, answered, proposed."""

from typing import Any

import pytest

from schemas.base import Event
from schemas.catalogue import parse_new
from schemas.development.projects import ProjectProgressed, ProjectProposed
from schemas.development.resources import ResourceAnswered, ResourceOffered, ResourceWithdrawn
from tests.joint import event, offer, progress, project, turn, withdrawal


def faulty(model: type[Event], content: dict[str, Any]) -> str:
    """The field of the only fault."""
    found = parse_new(model.wire_type, content)
    assert isinstance(found, tuple), "it was accepted"
    assert len(found) == 1, found
    return found[0].field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"unit": None}, "content.unit"),
        ({"quantity": None}, "content.unit"),
        ({"kind": "labour", "quantity": None, "unit": None}, "content.quantity"),
        ({"quantity": 0}, "content.quantity"),
        ({"workers": ["甲"]}, "content.workers"),
        ({"offer_id": "oranges"}, "content.offer_id"),
        ({"valid_until": "2027-12-31"}, "content.valid_until"),
    ],
)
def test_an_offer_says_too_little_or_too_much(change: dict[str, Any], field: str) -> None:
    """Jobs are counted; nobody is listed; a quantity has a unit."""
    assert event(ResourceOffered, offer()).wire_type == ResourceOffered.wire_type
    assert faulty(ResourceOffered, offer() | change) == field


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (turn(1, "accept", quantity=5), "content.quantity"),
        (turn(1, "counter", quantity=None), "content.quantity"),
        (turn(1, "question", text=None), "content.text"),
        (turn(1, "accept", county="451226"), "content.county"),
        (turn(0, "accept"), "content.number"),
        (turn(1, "perhaps"), "content.answer"),
    ],
)
def test_an_answer_does_not_say_what_it_answers(content: dict[str, Any], field: str) -> None:
    """Acceptance adds nothing, a counter-offer names something, a question asks something."""
    assert faulty(ResourceAnswered, content) == field


def test_a_withdrawal_names_a_negotiation_twice() -> None:
    """Which of the two numbers would count?"""
    content = withdrawal(c522722=1)
    assert faulty(ResourceWithdrawn, content | {"seen": content["seen"] * 2}) == "content.seen"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"parties": []}, "content.parties"),
        ({"parties": project()["parties"] * 2}, "content.parties"),
        ({"parties": [{"county": "451226", "office": "局", "task": "桥"}]}, "content.parties"),
        ({"milestones": project()["milestones"][::-1]}, "content.milestones"),
        ({"milestones": [project()["milestones"][0] | {"county": "530324"}]}, "content.milestones"),
        ({"budget_band": "1,250,000"}, "content.budget_band"),
    ],
)
def test_a_project_is_proposed_that_nobody_can_carry_out(change: dict[str, Any], field: str) -> None:
    """Every milestone belongs to one of those who take part, and they are numbered in order."""
    assert event(ProjectProposed, project()).wire_type == ProjectProposed.wire_type
    assert faulty(ProjectProposed, project() | change) == field


def test_one_report_says_two_things_of_a_milestone() -> None:
    """Done and dropped at once."""
    assert faulty(ProjectProgressed, progress(1, (1, "done"), (1, "dropped"))) == "content.milestones"
