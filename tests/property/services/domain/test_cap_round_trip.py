"""CAP 1.2 both ways: what goes out comes back the same, and what came in can be written again from the event alone."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.base import Event, InformationClass, Status
from schemas.cap import CapAlert
from schemas.catalogue import parse_new
from schemas.errors import Fault
from schemas.information.alerts import Alert
from services.domain.cap_lines import escaped, rebuilt, unescaped
from services.domain.cap_reading import Held, Imported, import_cap
from services.domain.cap_writing import cap_alert, to_cap
from tests.cap import DESK, documents
from tests.strategies import alerts

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=200, suppress_health_check=_SLOW, deadline=None)
@given(event=alerts(), status=st.sampled_from(Status), public=st.booleans())
def test_an_alert_changes_on_its_way_through_cap(event: Event, status: Status, *, public: bool) -> None:
    """Event -> CAP -> event is the identity, status and class with it."""
    assert isinstance(event, Alert)
    information_class = InformationClass.PUBLIC if public else InformationClass.INTERNAL

    assert cap_alert(to_cap(event, status=status, information_class=information_class)) == (
        event,
        status,
        information_class,
    )


@settings(max_examples=300, suppress_health_check=_SLOW, deadline=None)
@given(document=documents())
def test_a_foreign_document_loses_something(document: CapAlert) -> None:
    """CAP -> event -> CAP, from what travels of the event and nothing else, is the document again."""
    found = import_cap(document, original=b"<alert/>", desk=DESK)
    draft = found.draft if isinstance(found, Held) else found
    assert isinstance(draft, Imported), draft
    travelled = parse_new(draft.event.wire_type, draft.event.model_dump_json(exclude_none=True).encode())
    assert isinstance(travelled, Alert), travelled

    assert rebuilt(travelled) == document
    assert travelled.cap_lines


@settings(max_examples=100, suppress_health_check=_SLOW, deadline=None)
@given(document=documents(), status=st.sampled_from(Status))
def test_an_imported_alert_is_not_said_in_our_own_words(document: CapAlert, status: Status) -> None:
    """An imported alert that goes out again as ours comes back whole, what it was imported from with it."""
    found = import_cap(document, original=b"<alert/>", desk=DESK)
    draft = found.draft if isinstance(found, Held) else found
    assert isinstance(draft, Imported), draft

    again = cap_alert(to_cap(draft.event, status=status))

    assert not isinstance(again, Fault), again
    assert again[0] == draft.event


@settings(max_examples=500, deadline=None)
@given(text=st.text(st.characters(blacklist_categories=["Cs"]), max_size=60))
def test_an_escape_eats_a_character(text: str) -> None:
    """Any text is the same behind its line of an event."""
    assert unescaped(escaped(text)) == text
