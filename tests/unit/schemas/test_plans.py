"""Plans, drills and checks by themselves: offices, dates and facts, and nobody's name."""

from typing import Any

import pytest

from schemas.catalogue import parse_new
from tests.coursework import HALL, POLICE

PLAN = "cn.sihu.governance.plan_published.v1"
DRILL = "cn.sihu.governance.drill_held.v1"
CHECK = "cn.sihu.governance.hazard_checked.v1"


def plan(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """A plan for a river that two counties share."""
    given: dict[str, Any] = {
        "plan_id": "3" * 32,
        "version": 1,
        "title": "樟江流域防汛联动预案",
        "hazard": "flood",
        "areas": ["522722", "451226"],
        "roles": [{"office": HALL, "duty": "通报上游雨情"}, {"office": POLICE, "duty": "组织沿河转移"}],
        "triggers": [{"when": "三小时降雨量达一百毫米", "begins": "即时电话通报下游并发布预警"}],
        "channels": ["bus", "telephone"],
        "review_by": "2027-03-01",
    }
    return given | changes


def drill(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """A drill of it."""
    given: dict[str, Any] = {
        "plan_id": "3" * 32,
        "plan_version": 1,
        "started_at": "2026-05-12T09:00:00.000+08:00",
        "ended_at": "2026-05-12T11:00:00.000+08:00",
        "alerts": ["ab" * 32],
        "steps": [
            {
                "what": "签收演练预警",
                "office": POLICE,
                "due": "2026-05-12T09:10:00.000+08:00",
                "done_at": "2026-05-12T09:04:00.000+08:00",
            }
        ],
    }
    return given | changes


def check(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """A check along the border."""
    finding = {
        "kind": "slope",
        "place": "县道边坡，距界碑三百米",
        "risk": "larger",
        "what": "坡顶有裂缝，长约八米",
        "owner_office": POLICE,
        "due": "2026-04-30",
    }
    given: dict[str, Any] = {
        "line": "樟江沿线荔波至环江段",
        "adcodes": ["522722", "451226"],
        "checked_at": "2026-04-02T15:00:00.000+08:00",
        "by_offices": [HALL, POLICE],
        "findings": [finding],
    }
    return given | changes


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
