"""A joint plan, a drill of it and a check along the border, as offices write them."""

from typing import Any, Final

from tests.coursework import HALL, POLICE

PLAN: Final = "cn.sihu.governance.plan_published.v1"
DRILL: Final = "cn.sihu.governance.drill_held.v1"
CHECK: Final = "cn.sihu.governance.hazard_checked.v1"


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
