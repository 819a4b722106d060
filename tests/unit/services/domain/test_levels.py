"""How urgent an alert is: a table."""

from typing import Any

import pytest

from schemas.catalogue import parse_new
from schemas.information.alerts import Alert
from services.demo.sampling import sample, sample_texts
from services.domain.levels import LevelChange, effective_level, level_change, priority_of

N = None


def alert(**changes: Any) -> Alert:  # noqa: ANN401 - any JSON value
    """The rainstorm update of the samples with some fields changed."""
    one = sample("rainstorm_updated")
    event = parse_new(one.wire_type, one.content | changes)
    assert isinstance(event, Alert), event
    return event


@pytest.mark.parametrize(
    ("stage", "warning", "grade", "response", "urgency", "severity", "level"),
    [
        ("followup", 1, 4, 4, "future", "minor", 1),
        ("followup", 4, 1, N, "future", "minor", 1),
        ("followup", N, N, 1, "unknown", "unknown", 1),
        ("followup", 2, 3, 4, "immediate", "extreme", 2),
        ("followup", 3, N, N, "immediate", "extreme", 3),
        ("followup", 4, 4, 4, "immediate", "extreme", 4),
        ("followup", N, N, 4, "past", "minor", 4),
        ("final", 4, N, N, "past", "minor", 4),
        ("followup", N, N, N, "immediate", "minor", 1),
        ("followup", N, N, N, "future", "severe", 1),
        ("followup", N, N, N, "past", "extreme", 1),
        ("followup", N, N, N, "expected", "moderate", 2),
        ("final", N, N, N, "unknown", "unknown", 2),
        ("first", 1, N, N, "future", "minor", 1),
        ("first", 2, N, N, "future", "minor", 2),
        ("first", 3, N, N, "future", "minor", 2),
        ("first", 4, 4, 4, "past", "minor", 2),
        ("first", N, N, N, "immediate", "unknown", 1),
        ("first", N, N, N, "unknown", "unknown", 2),
    ],
)
def test_an_alert_is_treated_by_the_wrong_level(
    stage: str, warning: int | None, grade: int | None, response: int | None, urgency: str, severity: str, level: int
) -> None:
    """Highest scale wins; without scales urgency and severity decide; a first report is never below 2."""
    event = alert(
        report_stage=stage,
        report_no=1 if stage == "first" else 2,
        warning_level=warning,
        event_grade=grade,
        response_level=response,
        urgency=urgency,
        severity=severity,
        impact={"reviewed": True},
    )

    assert effective_level(event) == level
    assert priority_of(event) == (0 if level == 1 else 1)


def test_a_first_report_of_a_safety_event_pages_nobody() -> None:
    """Without colour and grade it is still level 2 at least."""
    event = alert(
        **{"class": "safety", "event_code": "14M00", "report_stage": "first", "report_no": 1},
        warning_level=None,
        event_grade=None,
        response_level=4,
        urgency="future",
        severity="minor",
    )

    assert effective_level(event) == 2


@pytest.mark.parametrize(
    ("name", "priority"),
    [
        ("rainstorm_issued", 1),
        ("rainstorm_updated", 0),
        ("rainstorm_cancelled", 1),
        ("reservoir_release", 1),
        ("policy_bulletin", 3),
        ("work_bulletin", 3),
        ("population_flow", 4),
    ],
)
def test_an_event_takes_the_wrong_lane(name: str, priority: int) -> None:
    """Alerts 0 and 1, bulletins 3, population 4."""
    one = sample(name)
    event = parse_new(one.wire_type, one.content)

    assert not isinstance(event, tuple)
    assert priority_of(event) == priority
    assert name in sample_texts()


def test_a_lowered_level_pages_everybody_again() -> None:
    """A smaller number is a higher level."""
    assert level_change(3, 1) is LevelChange.RAISED
    assert level_change(1, 3) is LevelChange.LOWERED
    assert level_change(2, 2) is LevelChange.SAME
