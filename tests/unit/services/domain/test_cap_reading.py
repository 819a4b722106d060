"""A foreign document as a draft: what it becomes, what an officer is told, what the guards hold."""

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.base import InformationClass, Status
from schemas.cap import CapAlert, CapArea, CapPair
from schemas.errors import Fault
from schemas.information.alert_parts import Severity, Urgency
from schemas.information.alerts import Alert, AlertCancelled, AlertIssued, AlertUpdated
from schemas.information.cap_lines import CapLine
from schemas.information.event_codes import SCHEME, EventClass
from services.domain.cap_answers import answer_of
from services.domain.cap_lines import rebuilt
from services.domain.cap_reading import Held, Imported, import_cap
from services.domain.encoding import digest_of
from tests.cap import DESK, LEAST, PLAIN, WHOLE

RAIN = replace(
    PLAIN,
    language="zh-CN",
    event="暴雨",
    severity="Extreme",
    event_codes=(CapPair(SCHEME, "11B03"),),
    headline="暴雨红色预警",
    description="强降雨将持续。",
    effective="2025-06-11T08:30:00+08:00",
    expires="2025-06-12T08:30:00+08:00",
    areas=(CapArea("荔波县", geocodes=(CapPair("GB/T 2260", "522722"),)),),
)


def imported(document: CapAlert, original: bytes = b"<alert/>") -> Imported:
    found = import_cap(document, original=original, desk=DESK)
    assert isinstance(found, Imported), found
    return found


def told(found: Imported) -> set[str]:
    return {note.field for note in found.to_complete}


def of_info(**changes: Any) -> CapAlert:  # noqa: ANN401 - any field of an info block
    return replace(LEAST, infos=(replace(RAIN, **changes),))


def test_a_chinese_warning_becomes_something_else() -> None:
    """Code, level, times and place are the event's own fields; what nobody can know is said."""
    found = imported(of_info())
    event = found.event

    assert isinstance(event, AlertIssued)
    assert (event.event_class, event.event_code, event.code_scheme) == (EventClass.NATURAL, "11B03", SCHEME)
    assert (event.warning_level, event.severity, event.urgency) == (1, Severity.EXTREME, Urgency.IMMEDIATE)
    assert (event.headline, event.description) == ("暴雨红色预警", "强降雨将持续。")
    assert event.areas[0].adcodes == ("522722",)
    assert event.alert_id.startswith("52272241600000_20250611083000_")
    assert event.cap_identifier == "1"
    assert told(found) == {"approved_by_role"}
    assert (found.status, found.information_class) == (Status.ACTUAL, InformationClass.PUBLIC)
    literal = [line.name.value for line in event.cap_lines if line.value is not None]
    assert literal == ["sender", "sent", "status", "scope", "language"]  # all else is told by the event itself


def test_the_original_is_lost() -> None:
    """The event names the bytes as they came."""
    resource = imported(of_info(), b"<x/>").event.resources[0]
    assert (resource.media_type, resource.size, resource.sha256) == ("application/cap+xml", 4, digest_of(b"<x/>"))


@pytest.mark.parametrize(
    ("severity", "parameter", "level"),
    [
        ("Extreme", None, 1),
        ("Severe", None, 2),
        ("Moderate", None, 3),
        ("Minor", None, 4),
        ("Unknown", None, None),
        ("Minor", "1", 1),
        ("Extreme", "4", 4),
        ("Severe", "9", 2),
    ],
)
def test_the_level_is_guessed_wrongly(severity: str, parameter: str | None, level: int | None) -> None:
    """By the severity alone if the document says nothing; what it says expressly wins."""
    parameters = () if parameter is None else (CapPair("sihu:warningLevel", parameter),)
    assert imported(of_info(severity=severity, parameters=parameters)).event.warning_level == level


@pytest.mark.parametrize(
    ("category", "event_class"),
    [
        ("Met", "natural"),
        ("Geo", "natural"),
        ("Health", "health"),
        ("Security", "safety"),
        ("Fire", "accident"),
        ("Transport", "accident"),
        ("Other", "accident"),
    ],
)
def test_a_foreign_kind_gets_a_wrong_class(category: str, event_class: str) -> None:
    """Without a code of ours the category stands as the code, and an officer is asked for a better one."""
    found = imported(of_info(categories=(category,), event_codes=(CapPair("SAME", "TOR"), CapPair(SCHEME, "99"))))
    event = found.event
    assert (event.event_class, event.event_code, event.code_scheme) == (event_class, category, "CAP category")
    assert "event_code" in told(found)
    assert (event.warning_level is None) == (category == "Security")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"expires": None}, "expires"),
        ({"expires": "2025-06-11T08:30:00+08:00"}, "expires"),
        ({"expires": "2027-06-11T08:30:00+08:00"}, "expires"),
        ({"onset": "2025-06-13T08:30:00+08:00"}, "onset"),
        ({"headline": None}, "headline"),
        ({"headline": "长" * 61}, "headline"),
        ({"areas": ()}, "areas"),
        ({"areas": (CapArea("x"),) * 51}, "areas"),
    ],
)
def test_an_officer_is_not_told_what_was_filled_in(changes: dict[str, Any], field: str) -> None:
    """Nothing is made up in silence; and the document can be written again all the same."""
    document = of_info(**changes)
    found = imported(document)
    assert field in told(found)
    assert rebuilt(found.event) == document


def test_an_update_loses_what_it_replaces() -> None:
    """The id that a reference gets is the one that the same document gets when it is imported itself."""
    first = imported(LEAST).event
    update = replace(of_info(), identifier="2", msg_type="Update", sent="2025-06-11T09:00:00+08:00")
    update = replace(update, references="a,1,2025-06-11T08:30:00+08:00")

    found = imported(update)
    event = found.event

    assert isinstance(event, AlertUpdated)
    assert [one.alert_id for one in event.predecessors] == [first.alert_id]
    assert event.predecessors[0].cap_reference == "a,1,2025-06-11T08:30:00+08:00"
    assert event.report_no == 2
    assert "report_no" in told(found)
    cancelled = imported(replace(update, msg_type="Cancel", note=None))
    assert isinstance(cancelled.event, AlertCancelled)
    assert cancelled.event.note
    assert rebuilt(cancelled.event) == replace(update, msg_type="Cancel", note=None)


def test_an_update_that_names_nothing_replaces_something() -> None:
    """It becomes a new alert, and an officer is told."""
    found = imported(replace(LEAST, msg_type="Update"))
    assert isinstance(found.event, AlertIssued)
    assert "references" in told(found)


def test_a_draft_of_others_goes_out_as_real() -> None:
    """CAP's status Draft is no status of ours."""
    found = imported(replace(LEAST, status="Draft"))
    assert found.status is Status.TEST
    assert "status" in told(found)


def test_what_is_not_public_becomes_public() -> None:
    """Restricted and Private are internal here."""
    for document in (
        replace(LEAST, scope="Restricted", restriction="Members"),
        replace(LEAST, scope="Private", addresses="a"),
    ):
        assert imported(document).information_class is InformationClass.INTERNAL


MOBILE = "139" + "0000" + "0001"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (of_info(contact=f"Duty officer {MOBILE}"), "guard.personal_number"),
        (of_info(headline="x" * 61 + MOBILE), "guard.personal_number"),
        (of_info(parameters=(CapPair("contact", MOBILE),)), "guard.personal_number"),
        (replace(LEAST, note=MOBILE), "guard.personal_number"),
        (replace(LEAST, source="139\t0000\t0001"), "guard.personal_number"),
        (of_info(parameters=(CapPair("ethnicity", "x"),)), "guard.banned_name"),
        (of_info(parameters=(CapPair("ethnicity", "x" * 200),)), "guard.banned_name"),
        (of_info(parameters=(CapPair("民族", "x"),)), "guard.banned_name"),
        (of_info(description="秘密★1年"), "guard.secret_label"),
    ],
)
def test_what_the_guards_find_goes_out_or_is_lost(document: CapAlert, code: str) -> None:
    """It is held for an officer with the draft as it would be, and the document in it whole."""
    found = import_cap(document, original=b"<alert/>", desk=DESK)
    assert isinstance(found, Held)
    assert [fault.code for fault in found.faults] == [code]
    assert rebuilt(found.draft.event) == document
    assert MOBILE not in repr(found)


def test_a_correction_is_overruled_by_what_was_imported() -> None:
    """Whoever corrects the alert's own field corrects the document that is written from it."""
    event = imported(replace(WHOLE, infos=WHOLE.infos[:1])).event
    corrected = event.model_copy(update={"headline": "更正", "event_name": "暴雨", "severity": Severity.MINOR})

    document = rebuilt(corrected)

    assert isinstance(document, CapAlert)
    info = document.infos[0]
    assert (info.headline, info.event, info.severity) == ("更正", "暴雨", "Minor")
    assert info.description == WHOLE.infos[0].description


@pytest.mark.parametrize(
    "names",
    [
        ["area"],
        ["headline"],
        ["info", "info"],
        ["info", "info", "status"],
        ["sender", "sender"],
        ["language"],
        ["info", "area", "info"],
    ],
)
def test_lines_that_make_no_document_are_written(names: list[str]) -> None:
    """A partner may send any lines: a fault, never an exception."""
    event = imported(of_info()).event
    content = event.model_dump(mode="json", by_alias=True)
    content["cap_lines"] = [{"name": name, "value": "x"} for name in names]
    if names == ["language"]:
        content["cap_lines"] = [{"name": "info"}, {"name": "language"}]
    assert isinstance(rebuilt(AlertIssued.model_validate_json(json.dumps(content))), Fault)


@pytest.mark.parametrize(
    "document", [of_info(description='"' * 200_000), of_info(web="\t" * 60_000), of_info(web="," * 20_001)]
)
def test_a_document_that_no_event_can_hold_is_cut(document: CapAlert) -> None:
    """Within CAP's bounds but over those of an event: refused, with the way out."""
    found = import_cap(document, original=b"<alert/>", desk=DESK)
    assert isinstance(found, Fault)
    assert found.code == "cap.too_large"


def test_an_answer_is_imported_as_an_alert() -> None:
    """Ack and Error are receipts."""
    answer = replace(LEAST, msg_type="Ack", references="a,0,2025-06-11T07:00:00+08:00")
    found = import_cap(answer, original=b"<alert/>", desk=DESK)
    assert isinstance(found, Fault)
    assert found.code == "cap.answer"


def test_every_alert_type_is_a_model() -> None:
    """The types of the table above are those of the catalogue."""
    assert all(issubclass(model, Alert) for model in (AlertIssued, AlertUpdated, AlertCancelled))


@pytest.mark.parametrize(
    "text",
    [
        "\\u0031",
        "\\u0065thnicity",
        "\\U00000031",
        "\\x",
        "\\",
        " a",
        "a ",
        "a\tb",
        "\\u00",
        "\\U00110000",
        "139\\e0",
        "1\\s3",
        "a\\sb",
    ],
)
def test_a_line_hides_what_the_guards_look_for(text: str) -> None:
    """A partner writes digits or letters as escapes: no such line is read."""
    with pytest.raises(ValidationError):
        CapLine.model_validate({"name": "parameter", "key": text, "value": "x"})


def test_a_wrong_office_raises() -> None:
    """Whatever keeps an alert from being made is said, and so is a time that is none."""
    found = import_cap(LEAST, original=b"<alert/>", desk=replace(DESK, office="1"))
    assert isinstance(found, Fault)
    assert (found.code, found.field) == ("cap.unfit", "content.alert_id")
    for read in (
        import_cap(replace(LEAST, sent="x"), original=b"", desk=DESK),
        answer_of(replace(LEAST, sent="x", msg_type="Ack")),
    ):
        assert isinstance(read, Fault)
        assert read.code == "cap.time"
