"""Who may change an alert, and which alerts a change must name."""

from schemas.catalogue import parse_new
from schemas.records import AlertFacts
from services.demo.sampling import sample
from services.domain.histories import about_of
from services.domain.succession import judge_author, judge_predecessors

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
