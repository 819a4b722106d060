"""Our alerts as CAP: what a foreign reader finds where, and that a changed document is not taken for ours."""

from dataclasses import replace
from typing import Any

import pytest

from schemas.base import InformationClass, Status
from schemas.cap import CapAlert, CapPair
from schemas.catalogue import parse_new
from schemas.errors import Fault
from schemas.information.alerts import Alert
from schemas.information.event_codes import EventClass
from services.demo.sampling import sample
from services.domain.cap import category_of
from services.domain.cap_reading import Imported, import_cap
from services.domain.cap_writing import cap_alert, to_cap
from tests.cap import DESK, LEAST

DIGEST = "ab" * 32


def alert(**changes: Any) -> Alert:  # noqa: ANN401 - any JSON value
    """The rainstorm update of the samples, with a value in every field, and some changed."""
    one = sample("rainstorm_updated")
    more: dict[str, Any] = {
        "texts": [
            {"lang": "za", "headline": "Fwn", "description": "Fwn hung.", "instruction": None},
            {"lang": "en", "headline": "Rain", "description": "Heavy rain.", "instruction": "Stay."},
        ],
        "parameters": [{"name": "gust", "value": "27 m/s"}],
        "codes": [{"scheme": "SAME", "value": "FFW"}],
        "resources": [{"desc": "图", "media_type": "image/png", "size": 2048, "sha256": DIGEST}],
        "hotlines": [{"name": "防汛办", "phone": "0854-3612345"}],
        "cap_identifier": "foreign-1",
        "effective": "2026-06-11T07:00:00.123+08:00",
    }
    event = parse_new(one.wire_type, one.content | more | changes)
    assert isinstance(event, Alert), event
    return event


def test_a_field_is_lost_on_the_way() -> None:
    """Every field has a value, milliseconds too, and comes back."""
    event = alert()
    empty = {name for name in type(event).model_fields if not getattr(event, name)}
    assert empty <= {"response_level", "note", "impact", "measures_taken", "onset", "help_wanted", "cap_lines"}
    for information_class in (InformationClass.PUBLIC, InformationClass.INTERNAL):
        document = to_cap(event, status=Status.EXERCISE, information_class=information_class)
        assert cap_alert(document) == (event, Status.EXERCISE, information_class)


def test_a_foreign_reader_finds_nothing() -> None:
    """What CAP has an element for stands there, in CAP's own words."""
    event = alert()
    document = to_cap(event, status=Status.ACTUAL)
    info, parameters = document.infos[0], {pair.name: pair.value for pair in document.infos[0].parameters}

    assert (document.identifier, document.msg_type, document.scope) == (event.alert_id, "Update", "Public")
    assert document.sender == f"urn:sihu:office:{event.alert_id[:14]}"
    assert document.references is not None
    assert (info.language, info.categories, info.event) == ("zh-CN", ("Met",), event.event_name)
    assert info.event_codes == (CapPair("GB/T 35561", event.event_code), CapPair("SAME", "FFW"))
    assert info.areas[0].geocodes[0] == CapPair("GB/T 2260", event.areas[0].adcodes[0])
    assert info.effective == "2026-06-11T07:00:00+08:00"
    assert parameters["sihu:warningLevel"] == str(event.warning_level)
    assert parameters["sihu:effective"] == "2026-06-11T07:00:00.123+08:00"
    assert parameters["gust"] == "27 m/s"
    assert info.resources[0].uri is not None
    assert info.resources[0].uri.startswith("ni:///sha-256;")
    assert [(one.language, one.headline) for one in document.infos[1:]] == [("za", "Fwn"), ("en", "Rain")]
    assert document.infos[1].areas == info.areas


def test_parameters_under_our_own_name_are_confused_with_ours() -> None:
    """An alert whose parameters begin with `sihu:` comes back with them."""
    event = alert(parameters=[{"name": "sihu:warningLevel", "value": "9"}, {"name": "x", "value": "y"}])
    found = cap_alert(to_cap(event, status=Status.ACTUAL))
    assert not isinstance(found, Fault)
    assert found[0] == event


def test_what_is_not_public_goes_out_as_public() -> None:
    """Internal: scope Restricted with a restriction."""
    document = to_cap(alert(), status=Status.ACTUAL, information_class=InformationClass.INTERNAL)
    assert (document.scope, document.restriction) == ("Restricted", "仅限协作协议各方使用")


def _changed(document: CapAlert, **changes: Any) -> CapAlert:  # noqa: ANN401 - any field of an info block
    return replace(document, infos=(replace(document.infos[0], **changes), *document.infos[1:]))


@pytest.mark.parametrize(
    "change",
    [
        {"headline": "Another"},
        {"headline": None},
        {"description": None},
        {"event_codes": ()},
        {"parameters": ()},
        {"parameters": (CapPair("sihu:unknown", "1"),)},
        {"parameters": (CapPair("sihu:impact", "{"),)},
        {"web": "https://a.example"},
        {"urgency": "Unknown", "sender_name": None},
    ],
)
def test_a_changed_document_is_taken_for_ours(change: dict[str, Any]) -> None:
    """It claims our sender, but is not what we would have written: it is read as a foreign one, and kept whole."""
    document = _changed(to_cap(alert(), status=Status.ACTUAL), **change)
    found = cap_alert(document)
    if change == {"headline": "Another"}:  # all of it is said by the alert: this is another alert of ours
        assert not isinstance(found, Fault)
        return
    assert isinstance(found, Fault)
    draft = import_cap(document, original=b"<alert/>", desk=DESK)
    assert isinstance(draft, Imported)
    assert draft.to_complete
    assert draft.event.cap_lines


def test_our_own_document_needs_completing() -> None:
    """It says all that an alert says."""
    event = alert()
    found = import_cap(to_cap(event, status=Status.EXERCISE), original=b"<alert/>", desk=DESK)
    assert isinstance(found, Imported)
    assert (found.event, found.status, found.to_complete) == (event, Status.EXERCISE, ())


def test_a_stranger_without_info_is_ours() -> None:
    """A sender is a claim."""
    assert isinstance(cap_alert(LEAST), Fault)
    assert isinstance(cap_alert(replace(LEAST, sender="urn:sihu:office:52272241600000")), Fault)


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("11B03", "Met"),
        ("11C02", "Geo"),
        ("11D01", "Geo"),
        ("11G01", "Fire"),
        ("12D00", "CBRNE"),
        ("12H00", "Transport"),
        ("12P08", "Infra"),
        ("12Q01", "Env"),
        ("12A00", "Safety"),
        ("13A00", "Health"),
        ("14Y00", "Security"),
    ],
)
def test_a_kind_goes_out_under_a_wrong_category(code: str, category: str) -> None:
    """By the group of the code."""
    event_class = {"11": "natural", "12": "accident", "13": "health", "14": "safety"}[code[:2]]
    assert category_of(EventClass(event_class), code) == category
    assert category_of(EventClass.HEALTH, "X1") == "Health"
