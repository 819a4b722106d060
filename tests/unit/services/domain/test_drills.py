"""The record of a drill is made of signed answers alone: who took which exercise alert, and whether in time."""

from datetime import datetime
from typing import Any

from schemas.base import Status
from schemas.errors import Fault
from schemas.records import Delivery
from services.domain.drills import ExerciseAlert, record_of, steps_of
from tests import papers
from tests.papers import HUANJIANG, NANDAN

DUE = papers.later(minutes=10)


def alert(*answers: tuple[str, datetime | None], **changes: Any) -> ExerciseAlert:  # noqa: ANN401 - of the header
    """An exercise alert and who answered when."""
    header = papers.header(b"{}", **({"status": Status.EXERCISE, "acknowledge_by": DUE} | changes))
    deliveries = tuple(Delivery(county, None, None, at, None, None, None, None) for county, at in answers)
    return ExerciseAlert("ab" * 32, header, "【演练】樟江上游泄洪", deliveries)


def test_each_recipient_of_each_alert_is_a_step() -> None:
    """In time, too late, or not at all."""
    steps = steps_of([alert((HUANJIANG, papers.later(minutes=4)), (NANDAN, None))])
    assert not isinstance(steps, Fault)
    assert [(one.office.adcode, one.due, one.done_at) for one in steps] == [
        (NANDAN, DUE, None),
        (HUANJIANG, DUE, papers.later(minutes=4)),
    ]
    assert all("【演练】" in one.what for one in steps)


def test_a_real_alert_counts_as_a_drill() -> None:
    """Who mixes the two up no longer knows which one was real."""
    found = steps_of([alert((HUANJIANG, None)), alert((HUANJIANG, None), status=Status.ACTUAL)])
    assert isinstance(found, Fault)
    assert found.code == "drill.not_exercise"


def test_an_alert_without_a_deadline_is_judged() -> None:
    """In time for what?"""
    found = steps_of([alert((HUANJIANG, None), acknowledge_by=None)])
    assert isinstance(found, Fault)
    assert found.code == "drill.no_deadline"


def test_a_record_says_something_else_than_the_answers() -> None:
    """From the first alert to the last deadline or answer, in the words of the plan."""
    late = papers.later(minutes=25)
    held = record_of("3" * 32, 2, [alert((HUANJIANG, late), (NANDAN, None))], ["夜间第二值班员未应答"])
    assert not isinstance(held, tuple)
    assert (held.plan_version, held.ended_at, held.alerts) == (2, late, ("ab" * 32,))
    assert [one.done_at for one in held.steps] == [None, late]
    assert held.findings == ("夜间第二值班员未应答",)


def test_what_an_officer_wrote_wrong_ends_in_an_error_of_ours() -> None:
    """Too many findings, one with a blank at its end, no alert at all: each is named with its field."""
    one = alert((HUANJIANG, None))
    for alerts, findings, code, field in (
        ([one], ["x"] * 21, "too_long", "findings"),
        ([one], ["尾有空格 "], "wrong_form", "findings.0"),
        ([], [], "drill.nobody", "alerts"),
    ):
        found = record_of("3" * 32, 1, alerts, findings)
        assert isinstance(found, tuple)
        assert found[0].code.endswith(code)
        assert found[0].field.endswith(field)
