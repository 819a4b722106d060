"""Who may change an alert, as what, and which alerts a change must name."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from schemas.base import Status
from schemas.catalogue import parse_new
from schemas.records import AlertFacts, HeldAlert
from services.demo.sampling import sample
from services.domain.histories import about_of
from services.domain.succession import in_force, judge_author, judge_predecessors, judge_status

FIRST, SECOND = "52272241600000_20260611070000_0", "52272241600000_20260611080000_0"


def update() -> AlertFacts:
    """The update of the samples; it names ``FIRST``."""
    one = sample("rainstorm_updated")
    event = parse_new(one.wire_type, one.content)
    assert not isinstance(event, tuple)
    facts = about_of(event)
    assert isinstance(facts, AlertFacts)
    return facts


def test_a_neighbour_cancels_an_alert_that_is_not_its_own() -> None:
    """Only the issuer or its registered superior changes an alert."""
    assert judge_author("522722", ["522722"], superiors=()) is None
    assert judge_author("522700", ["522722"], superiors={"522700"}) is None
    fault = judge_author("451226", ["522722"], superiors={"522700"})
    assert fault is not None
    assert (fault.code, fault.field) == ("alert.not_issuer", "content.predecessors")
    assert "522722" in fault.mend


def test_an_older_alert_stays_in_force_unnoticed() -> None:
    """An update that forgets one would leave two levels in force."""
    assert judge_predecessors(update(), in_force=[FIRST]) is None
    assert judge_predecessors(update(), in_force=[]) is None
    assert judge_predecessors(update(), in_force=[update().alert_id]) is None
    fault = judge_predecessors(update(), in_force=[FIRST, SECOND])
    assert fault is not None
    assert SECOND in fault.mend
    assert FIRST not in fault.mend


US, THEM, PREFECTURE = "522722", "451226", "522700"
NOW = datetime(2026, 6, 11, 1, tzinfo=UTC)
PAIRS = tuple(product(Status, Status))


def held(status: Status, *names: str, alert_id: str = FIRST, source: str = US, level: int | None = 1) -> HeldAlert:
    """A kept alert, or a kept cancellation of ``names``."""
    return HeldAlert(source, AlertFacts(alert_id, level, NOW + timedelta(hours=1), names), status)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_one_officer_ends_a_red_alert_by_an_exercise(before: Status, after: Status) -> None:
    """Whatever the pair: an event is changed by one of its own status alone."""
    fault = judge_status(update(), US, after, [held(before)])
    assert (fault is None) is (before is after)
    if fault is not None:
        assert (fault.code, fault.field) == ("alert.other_status", "status")
        assert all(word in fault.mend for word in (FIRST, before.value, after.value))


@pytest.mark.parametrize("status", Status)
def test_what_is_not_here_keeps_nobody_from_ending_it(status: Status) -> None:
    """After a restore nothing is known of the alert: its end must be heard all the same."""
    assert judge_status(update(), US, status, []) is None
    assert judge_status(update(), US, status, [held(Status.ACTUAL, alert_id=SECOND)]) is None


def test_an_exercise_under_the_id_of_an_alert_keeps_nobody_from_ending_it() -> None:
    """A neighbour, or an officer here, uses the id of a red alert for an exercise: the red one could never be ended."""
    real, played = held(Status.ACTUAL), held(Status.EXERCISE, source=THEM)
    assert judge_status(update(), US, Status.ACTUAL, [real, played]) is None
    assert judge_status(update(), US, Status.EXERCISE, [real, played]) is not None, "the neighbour's is not meant"
    assert judge_status(update(), US, Status.ACTUAL, [real, held(Status.EXERCISE)]) is None


def test_a_superior_ends_no_real_alert_by_an_exercise() -> None:
    """The prefecture may change what its county issued, as what it was issued."""
    assert judge_status(update(), PREFECTURE, Status.EXERCISE, [held(Status.ACTUAL)]) is not None
    assert judge_status(update(), PREFECTURE, Status.ACTUAL, [held(Status.ACTUAL)]) is None


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_what_an_older_program_let_pass_ends_nothing(before: Status, after: Status) -> None:
    """The exercise lies in the store already; the red alert it names must still be named by what ends it."""
    kept = [held(before), held(after, FIRST, alert_id=SECOND, level=None)]
    assert in_force(kept, US, NOW) == (set() if before is after else {FIRST})
