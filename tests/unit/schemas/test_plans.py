"""Plans, drills and checks by themselves: offices, dates and facts, and nobody's name."""

from typing import Any

import pytest

from schemas.catalogue import parse_new
from tests.coursework import HALL
from tests.plans import CHECK, DRILL, PLAN, check, drill, plan


def first_fault(wire_type: str, content: dict[str, Any]) -> tuple[str, str] | None:
    """Code and field of the first thing that is wrong."""
    found = parse_new(wire_type, content)
    return (found[0].code, found[0].field) if isinstance(found, tuple) else None


@pytest.mark.parametrize(
    ("wire_type", "content"),
    [
        (PLAN, plan()),
        (PLAN, plan(version=2, supersedes="cd" * 32)),
        (DRILL, drill()),
        (DRILL, drill(steps=[drill()["steps"][0] | {"done_at": None}])),
        (CHECK, check()),
        (CHECK, check(findings=[])),
    ],
)
def test_a_good_one_is_refused(wire_type: str, content: dict[str, Any]) -> None:
    """What counties do together is taken."""
    assert first_fault(wire_type, content) is None


@pytest.mark.parametrize(
    ("wire_type", "content", "code", "field"),
    [
        (PLAN, plan(version=2), "rule", "supersedes"),
        (PLAN, plan(supersedes="cd" * 32), "rule", "supersedes"),
        (PLAN, plan(roles=[plan()["roles"][0]] * 2), "rule", "roles"),
        (PLAN, plan(areas=["522722", "522722"]), "rule", "areas"),
        (PLAN, plan(hazard="opinion"), "not_allowed", "hazard"),
        (PLAN, plan(leader="某人"), "unknown_field", "leader"),
        (DRILL, drill(ended_at="2026-05-12T09:00:00.000+08:00"), "rule", "ended_at"),
        (DRILL, drill(alerts=["ab" * 32] * 2), "rule", "alerts"),
        (
            DRILL,
            drill(steps=[drill()["steps"][0] | {"done_at": "2026-05-12T12:00:00.000+08:00"}]),
            "rule",
            "steps.0.done_at",
        ),
        (CHECK, check(findings=[check()["findings"][0] | {"due": "2026-04-01"}]), "rule", "findings.0.due"),
        (CHECK, check(by_offices=[HALL, HALL]), "rule", "by_offices"),
        (CHECK, check(persons=[]), "unknown_field", "persons"),
        (CHECK, check(adcodes=["522722100"]), "wrong_form", "adcodes.0"),
    ],
)
def test_a_bad_one_is_taken(wire_type: str, content: dict[str, Any], code: str, field: str) -> None:
    """A version without the one before, one county alone, times that do not fit, and names of people."""
    assert first_fault(wire_type, content) == (f"content.{code}", f"content.{field}")
