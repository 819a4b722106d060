"""The record of a drill is made of signed answers alone: who took which exercise alert, and whether in time."""

from datetime import datetime
from typing import Any

from schemas.base import Status
from schemas.errors import Fault
from schemas.records import Delivery
from services.domain.drills import ExerciseAlert, steps_of
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
