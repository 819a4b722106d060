"""docs/mediation.md draws the transition table that the code has; a failing assertion prints what to put there."""

from services.domain.mediation_diagram import acts_table, diagram
from services.domain.mediation_terms import MOVED_MOST, WARNED_ON
from tests.architecture.tracked import ROOT

TEXT = (ROOT / "docs" / "mediation.md").read_text(encoding="utf-8")


def test_the_diagram_shows_another_table() -> None:
    """Every act that moves a case, from where to where, gates marked."""
    assert f"```mermaid\n{diagram()}\n```" in TEXT


def test_the_table_of_acts_is_another_one() -> None:
    """Every act, where it can happen and where it leads."""
    assert acts_table() in TEXT


def test_a_day_in_the_document_is_another_one_than_in_the_code() -> None:
    """Whoever plans by the document relies on them."""
    assert f"reminders on day {' and '.join(map(str, WARNED_ON))}" in TEXT
    assert f"at\nmost {MOVED_MOST} days behind" in TEXT
