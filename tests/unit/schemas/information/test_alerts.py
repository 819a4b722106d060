"""The rules of an alert: each refusal names the field and says the mend."""

from typing import Any

import pytest

from schemas.catalogue import parse_new
from schemas.errors import Fault
from schemas.information.alerts import Alert, AlertCancelled, AlertIssued, AlertUpdated
from services.demo.sampling import sample

_GONE = object()


def faults(name: str, path: str, value: Any) -> tuple[Fault, ...]:  # noqa: ANN401 - any JSON value
    """Change one field of a sample and return what is wrong with it then; ``_GONE`` removes it."""
    one = sample(name)
    target: Any = one.content
    *steps, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    for step in steps:
        target = target[step]
    if value is _GONE:
        del target[last]
    else:
        target[last] = value
    event = parse_new(one.wire_type, one.content)
    return event if isinstance(event, tuple) else ()


ISSUED, UPDATED, CANCELLED = "rainstorm_issued", "rainstorm_updated", "rainstorm_cancelled"

CASES: tuple[tuple[str, str, Any, str, str], ...] = (
    # sample, changed field, new value, code, named field
    (ISSUED, "surname", "x", "content.unknown_field", "content.surname"),
    (ISSUED, "areas.0.village", "x", "content.unknown_field", "content.areas.0.village"),
    (ISSUED, "headline", _GONE, "content.missing_field", "content.headline"),
    (ISSUED, "duty_contact.phone", _GONE, "content.missing_field", "content.duty_contact.phone"),
    (ISSUED, "headline", "雨" * 61, "content.too_long", "content.headline"),
    (ISSUED, "headline", " 暴雨", "content.wrong_form", "content.headline"),
    (ISSUED, "headline", "暴雨\n预警", "content.wrong_form", "content.headline"),
    (ISSUED, "headline", "暴雨\u202e预警", "content.wrong_form", "content.headline"),
    (ISSUED, "headline", "", "content.wrong_form", "content.headline"),
    (ISSUED, "headline", 7, "content.wrong_type", "content.headline"),
    (ISSUED, "description", "雨" * 2001, "content.too_long", "content.description"),
    (ISSUED, "report_no", 0, "content.out_of_range", "content.report_no"),
    (ISSUED, "report_no", 2, "content.rule", "content.report_no"),
    (ISSUED, "report_no", "1", "content.wrong_type", "content.report_no"),
    (ISSUED, "report_no", True, "content.wrong_type", "content.report_no"),
    (ISSUED, "report_stage", "second", "content.not_allowed", "content.report_stage"),
    (ISSUED, "warning_level", 0, "content.out_of_range", "content.warning_level"),
    (ISSUED, "warning_level", 5, "content.out_of_range", "content.warning_level"),
    (ISSUED, "warning_level", "2", "content.wrong_type", "content.warning_level"),
    (ISSUED, "class", "weather", "content.not_allowed", "content.class"),
    (ISSUED, "class", "accident", "content.rule", "content.event_code"),
    (ISSUED, "event_class", "natural", "content.unknown_field", "content.event_class"),
    (ISSUED, "event_code", "11B3", "content.rule", "content.event_code"),
    (ISSUED, "event_code", "暴雨", "content.wrong_form", "content.event_code"),
    (ISSUED, "expires", "2026-06-11T07:00:00.000+08:00", "content.rule", "content.expires"),
    (ISSUED, "expires", "2036-06-11T07:00:00.000+08:00", "content.rule", "content.expires"),
    (ISSUED, "expires", "2026-06-11T07:00:00", "content.wrong_form", "content.expires"),
    (ISSUED, "expires", "1781132400", "content.wrong_form", "content.expires"),
    (ISSUED, "expires", 1781132400, "content.wrong_type", "content.expires"),
    (ISSUED, "expires", "9999-12-31T23:59:59-12:00", "content.wrong_form", "content.expires"),
    (ISSUED, "onset", "2026-06-12T07:00:00.000+08:00", "content.rule", "content.onset"),
    (ISSUED, "alert_id", "52272241600000_20260611070000_", "content.wrong_form", "content.alert_id"),
    (ISSUED, "alert_id", "52272241600000_20260611070000_10", "content.wrong_form", "content.alert_id"),
    (ISSUED, "alert_id", "52272241600000_20260631070000_0", "content.rule", "content.alert_id"),
    (ISSUED, "alert_id", "52272241600000_20260611246000_0", "content.rule", "content.alert_id"),
    (ISSUED, "alert_id", "02272241600000_20260611070000_0", "content.wrong_form", "content.alert_id"),
    (ISSUED, "areas", [], "content.too_short", "content.areas"),
    (ISSUED, "areas.0.adcodes", ["5227"], "content.wrong_form", "content.areas.0.adcodes.0"),
    (ISSUED, "areas.0.adcodes", ["522722100"], "content.wrong_form", "content.areas.0.adcodes.0"),
    (ISSUED, "areas.0.polygon", ["25.20,107.95 25.45,107.95 25.45,108.10 25.20,108.10"], "content.rule",
     "content.areas.0.polygon.0"),
    (ISSUED, "areas.0.polygon", ["107.95,25.20 107.95,25.45 108.10,25.45 107.95,25.20"], "content.rule",
     "content.areas.0.polygon.0"),
    (ISSUED, "areas.0.polygon", ["25.20,107.95 25.45,107.95 25.20,107.95"], "content.wrong_form",
     "content.areas.0.polygon.0"),
    (ISSUED, "areas.0.polygon", [" ".join(["25.20,107.95"] * 1001)], "content.rule", "content.areas"),
    (ISSUED, "areas.0.circle", ["25.33,108.02"], "content.wrong_form", "content.areas.0.circle.0"),
    (ISSUED, "areas.0.circle", ["125.33,108.02 3"], "content.rule", "content.areas.0.circle.0"),
    (ISSUED, "areas.0.ceiling", "3000", "content.rule", "content.areas.0.ceiling"),
    (ISSUED, "impact.moved", -1, "content.out_of_range", "content.impact.moved"),
    (ISSUED, "impact.moved", 126.0, "content.wrong_type", "content.impact.moved"),
    (ISSUED, "impact.loss_cny", 1250000, "content.wrong_type", "content.impact.loss_cny"),
    (ISSUED, "impact.loss_cny", "1.250", "content.wrong_form", "content.impact.loss_cny"),
    (ISSUED, "response_types", ["monitor", "monitor"], "content.rule", "content.response_types"),
    (ISSUED, "response_types", "monitor", "content.wrong_type", "content.response_types"),
    (ISSUED, "texts", [{"lang": "en", "headline": "Rain", "description": "Rain"}] * 2, "content.rule", "content.texts"),
    (ISSUED, "texts.0.lang", "English", "content.wrong_form", "content.texts.0.lang"),
    (ISSUED, "parameters", [{"name": "雨量", "value": "86.5毫米"}] * 2, "content.rule", "content.parameters"),
    (ISSUED, "duty_contact", [], "content.wrong_type", "content.duty_contact"),
    (ISSUED, "duty_contact.phone", "值班室", "content.wrong_form", "content.duty_contact.phone"),
    (ISSUED, "predecessors", [], "content.unknown_field", "content.predecessors"),
    (UPDATED, "predecessors", [], "content.too_short", "content.predecessors"),
    (UPDATED, "predecessors", _GONE, "content.missing_field", "content.predecessors"),
    (UPDATED, "predecessors.0.alert_id", "52272241600000_20260611083000_0", "content.rule", "content.alert_id"),
    (UPDATED, "predecessors", [{"alert_id": "52272241600000_20260611070000_0"}] * 2, "content.rule",
     "content.predecessors"),
    (UPDATED, "neighbour_risk", [{"adcode": "451226", "why": "洪峰"}] * 2, "content.rule", "content.neighbour_risk"),
    (UPDATED, "help_wanted.0.quantity", 1, "content.wrong_type", "content.help_wanted.0.quantity"),
    (CANCELLED, "note", None, "content.rule", "content.note"),
    (CANCELLED, "impact", None, "content.rule", "content.impact.reviewed"),
    (CANCELLED, "impact.reviewed", False, "content.rule", "content.impact.reviewed"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "path", "value", "code", "field"), CASES)
def test_a_wrong_alert_is_accepted_or_refused_without_a_mend(
    name: str, path: str, value: object, code: str, field: str
) -> None:
    """One wrong field: exactly one fault, which names it and speaks plain words."""
    found = faults(name, path, value)

    assert [(fault.code, fault.field) for fault in found] == [(code, field)]
    assert not any(word in found[0].mend for word in ("Input should", "valid", "pydantic", "ensure", "^"))


@pytest.mark.parametrize("field", ["warning_level", "event_grade"])
def test_a_safety_event_gets_a_colour(field: str) -> None:
    """Class safety has no warning colour and no grade; a response level stays legal."""
    one = sample("reservoir_release")
    one.content.update({"class": "safety", "event_code": "14P00", "event_name": "大型活动人群安全"})
    assert isinstance(parse_new(one.wire_type, one.content), AlertIssued)

    one.content[field] = 2
    found = parse_new(one.wire_type, one.content)

    assert isinstance(found, tuple)
    assert (found[0].code, found[0].field) == ("content.rule", f"content.{field}")
    assert "null" in found[0].mend


def test_unknown_is_written_as_zero() -> None:
    """Null means unknown and stays null; a zero that was told stays a zero."""
    one = sample(UPDATED)

    event = parse_new(one.wire_type, one.content)

    assert isinstance(event, Alert)
    assert event.impact is not None
    assert (event.impact.dead, event.impact.injured) == (None, 0)
    assert '"dead":null' in event.model_dump_json()


def test_a_code_of_another_scheme_is_judged_by_ours() -> None:
    """A foreign CAP document brings its own scheme."""
    assert faults(ISSUED, "code_scheme", "SAME") == ()
    one = sample(ISSUED)
    one.content.update(code_scheme="SAME", event_code="FFW")
    assert isinstance(parse_new(one.wire_type, one.content), AlertIssued)


def test_a_code_that_our_table_lacks_stops_an_alert() -> None:
    """The table serves menus; the standard has more codes than this region needs."""
    assert faults(ISSUED, "event_code", "11E06") == ()


@pytest.mark.parametrize(
    ("name", "model"), [(ISSUED, AlertIssued), (UPDATED, AlertUpdated), (CANCELLED, AlertCancelled)]
)
def test_the_samples_of_the_demo_do_not_fit_their_models(name: str, model: type[Alert]) -> None:
    """What the demo plays is what the catalogue says."""
    one = sample(name)

    assert isinstance(parse_new(one.wire_type, one.content), model)


def test_the_class_of_an_alert_has_two_spellings() -> None:
    """``event_class`` in code, ``class`` on the wire, in both directions."""
    one = sample(ISSUED)
    event = parse_new(one.wire_type, one.content)

    assert isinstance(event, Alert)
    assert '"class":"natural"' in event.model_dump_json()
    assert "event_class" not in event.model_dump_json()
