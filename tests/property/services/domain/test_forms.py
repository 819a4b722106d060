"""A form gives back what was put into it, whatever that is, and nothing that anybody types makes it fall over."""

# ruff: noqa: RUF001 - digits of a Chinese keyboard
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.base import Event
from schemas.catalogue import parse_new
from schemas.information.alerts import AlertCancelled, AlertIssued, AlertUpdated
from schemas.information.bulletins import PolicyBulletinPublished, WorkBulletinPublished
from schemas.information.population import PopulationFlowReported
from services.domain.form_fields import shapes_of
from services.domain.form_making import make_form, typed_of
from services.domain.form_pairs import ROWS_NAME, joined
from services.domain.form_reading import read_form
from tests import strategies
from tests.forms import COMPOSED, Pairs, contents, names_in, page_of, pairs_of, sent_by

VALID: dict[type[Event], st.SearchStrategy[dict[str, Any]]] = {
    AlertIssued: strategies.alert_contents(AlertIssued),
    AlertUpdated: strategies.alert_contents(AlertUpdated),
    AlertCancelled: strategies.alert_contents(AlertCancelled),
    PolicyBulletinPublished: strategies.policy_contents(),
    WorkBulletinPublished: strategies.work_contents(),
    PopulationFlowReported: strategies.flow_contents(),
}
BY_TYPE = pytest.mark.parametrize("model", COMPOSED, ids=lambda model: model.wire_type)


def plain(content: Any) -> dict[str, Any]:  # noqa: ANN401
    """A content as JSON, each county of a list once: a form has one box for it."""
    made: dict[str, Any] = json.loads(json.dumps(content))
    for area in made.get("areas", []):
        if isinstance(area, dict) and "adcodes" in area:
            area["adcodes"] = list(dict.fromkeys(area["adcodes"]))
    return made


@BY_TYPE
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_form_changes_what_was_put_into_it(model: type[Event], data: st.DataObject) -> None:
    """Every field of every type, in every row, comes back as it was, with its order."""
    shapes = shapes_of(model)
    content = data.draw(contents(shapes))

    form = make_form(shapes, typed_of(shapes, content), model=model.__name__)
    read = read_form(shapes, pairs_of(form))

    assert read.faults == ()
    assert read.content == content


@pytest.mark.parametrize("model", VALID, ids=lambda model: model.wire_type)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_valid_content_becomes_another_event(model: type[Event], data: st.DataObject) -> None:
    """What is null or empty may be left out; the event is the same."""
    shapes = shapes_of(model)
    content = plain(data.draw(VALID[model]))

    read = read_form(shapes, pairs_of(make_form(shapes, typed_of(shapes, content), model=model.__name__)))
    event = parse_new(model.wire_type, read.content)

    assert event == parse_new(model.wire_type, content)
    assert not isinstance(event, tuple)


@BY_TYPE
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_a_page_sends_something_else_than_its_form_holds(model: type[Event], data: st.DataObject) -> None:
    """The HTML carries every value, unspoilt by its escapes."""
    shapes = shapes_of(model)
    form = make_form(shapes, typed_of(shapes, data.draw(contents(shapes))), model=model.__name__)

    sent = [pair for pair in sent_by(page_of(form)) if pair[0].startswith("content")]

    assert sent == pairs_of(form)


def junk(model: type[Event]) -> st.SearchStrategy[Pairs]:
    """Pairs under names of a form, bent ones, and buttons for rows that may not be there."""
    names = list(names_in(shapes_of(model)))
    some = st.sampled_from(names)
    numbered = st.builds(joined, some, st.sampled_from(["0", "00", "7", "9999", "99999", "-1", "x", "０", "0.0.0"]))
    acts = st.builds("{}:{}".format, st.sampled_from(["add", "remove", "set"]), some | numbered)
    texts = st.text(max_size=30) | st.sampled_from(
        ["9" * 40, "-0", "1e9", "true", "row", "２０", "\ud800", "\x00", "a\r\nb"]
    )
    return st.lists(
        st.tuples(some | numbered | st.text(max_size=8), texts) | st.tuples(st.just(ROWS_NAME), acts), max_size=40
    )


@BY_TYPE
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_junk_makes_a_form_fall_over(model: type[Event], data: st.DataObject) -> None:
    """It gives faults, which can be shown with what was typed."""
    shapes = shapes_of(model)
    read = read_form(shapes, data.draw(junk(model)))
    judged = parse_new(model.wire_type, read.content)
    faults = (*read.faults, *(judged if isinstance(judged, tuple) else ()))

    form = make_form(shapes, read.typed, faults, model=model.__name__)

    assert len(form.problems) == len(faults)
    assert all(one.sentence for one in form.problems)
    assert read_form(shapes, pairs_of(form)).faults == ()
