"""The one dispatch table: closed for what we send, tolerant of a partner's newer schema."""

import hashlib
import json
from typing import Any

import jsonschema
import pytest

from schemas.base import Event
from schemas.catalogue import (
    TYPES,
    Parsed,
    canonical_bytes,
    json_schemas,
    model_of,
    parse_new,
    parse_received,
    schema_of,
)
from schemas.errors import Fault
from schemas.ids import CountyCode
from schemas.information.alerts import AlertIssued
from schemas.subjects import Lane, Subject, parse_subject
from services.demo.sampling import sample

NEWER = "f" * 64


def received(change: dict[str, Any], digest: str) -> Parsed | tuple[Fault, ...]:
    """The rainstorm alert as a partner with another catalogue would send it."""
    one = sample("rainstorm_issued")
    return parse_received(one.wire_type, json.dumps(one.content | change).encode(), digest)


@pytest.mark.parametrize("model", TYPES)
def test_a_type_lacks_what_the_bus_needs_of_it(model: type[Event]) -> None:
    """Every class states wire type, title, class, priority, kind and purposes."""
    assert model_of(model.wire_type) is model
    assert model.title_zh
    assert 0 <= model.priority <= 4
    assert model.purposes
    assert parse_subject(str(Subject(CountyCode("451226"), Lane.NORMAL, "522722", model.wire_type))) is not None


def test_two_types_share_a_name() -> None:
    """A wire type leads to exactly one model."""
    assert len({model.wire_type for model in TYPES}) == len(TYPES)
    assert len({schema_of(model.wire_type) for model in TYPES}) == len(TYPES)


@pytest.mark.parametrize("model", TYPES)
def test_a_published_schema_is_open_or_unbounded(model: type[Event]) -> None:
    """Objects are closed, lists have a largest size, texts a longest length or a pattern, numbers an end; no float."""
    schema = json_schemas()[model.wire_type]
    jsonschema.Draft202012Validator.check_schema(schema)

    for part in _parts(schema):
        kind = part.get("type")
        assert kind != "number"
        if kind == "object":
            assert part["additionalProperties"] is False
        if kind == "array":
            assert "maxItems" in part
        if kind == "string":
            assert part.keys() & {"maxLength", "pattern", "enum", "const", "format"}
        if kind == "integer":
            assert "const" in part or {"minimum", "maximum"} <= part.keys()


def _parts(schema: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    if isinstance(schema, list):
        return [part for one in schema for part in _parts(one)]
    if not isinstance(schema, dict):
        return []
    return [schema, *(part for one in schema.values() for part in _parts(one))]


def test_the_digest_covers_something_else_than_the_published_schema() -> None:
    """A stranger recomputes it: SHA-256 over UTF-8 JSON with sorted keys and no blanks."""
    for model in TYPES:
        schema_id, digest = schema_of(model.wire_type)
        schema = json.loads(json.dumps(json_schemas()[model.wire_type]))
        told = json.dumps(schema, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        assert hashlib.sha256(told).hexdigest() == digest
        assert told == canonical_bytes(schema)
        assert schema["$id"] == schema_id == f"urn:sihu:schema:{model.wire_type}"


def test_better_wording_changes_the_wire() -> None:
    """Titles and descriptions are not in the schemas; a field that is called `title` is."""
    schema = json_schemas()["cn.sihu.information.policy_bulletin_published.v1"]

    assert "title" in schema["properties"]
    assert not any(isinstance(part.get(word), str) for part in _parts(schema) for word in ("title", "description"))


def test_a_newer_partner_is_refused_for_a_field_we_do_not_know() -> None:
    """Another schema digest: unknown fields are passed over, at every depth, and the event says so."""
    deep = {"duty_contact": {"office": "荔波县应急管理局", "phone": "119", "floor": 3}, "probability": "0.9"}

    parsed = received(deep, NEWER)

    assert isinstance(parsed, Parsed)
    assert parsed.newer_schema
    assert isinstance(parsed.event, AlertIssued)
    assert "probability" not in parsed.event.model_dump_json()


def test_a_partner_with_our_schema_adds_fields() -> None:
    """With our own digest there is nothing newer: an unknown field is a broken rule."""
    found = received({"probability": "0.9"}, schema_of(AlertIssued.wire_type)[1])

    assert isinstance(found, tuple)
    assert [(fault.code, fault.field) for fault in found] == [("content.unknown_field", "content.probability")]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"headline": "雨" * 61}, "headline"), ({"warning_level": 0}, "warning_level"), ({"report_no": 5}, "report_no")],
)
def test_a_newer_schema_softens_a_known_field(change: dict[str, Any], field: str) -> None:
    """What we know is validated as strictly as ever, the type's own rules included."""
    found = received(change | {"probability": "0.9"}, NEWER)

    assert isinstance(found, tuple)
    assert [fault.field for fault in found] == [f"content.{field}"]


def test_a_newer_schema_drops_a_required_field() -> None:
    """Never a required one: that would be a new type."""
    one = sample("rainstorm_issued")
    del one.content["expires"]

    found = parse_received(one.wire_type, json.dumps(one.content).encode(), NEWER)

    assert isinstance(found, tuple)
    assert found[0].code == "content.missing_field"


@pytest.mark.parametrize(
    "wire_type", ["cn.sihu.information.alert_issued.v2", "cn.sihu.information.opinion_watched.v1", ""]
)
def test_an_unknown_type_is_guessed(wire_type: str) -> None:
    """Refused at both ends; the catalogue has no type for watching what people say."""
    for found in (parse_new(wire_type, {}), parse_received(wire_type, b"{}", NEWER)):
        assert isinstance(found, tuple)
        assert (found[0].code, found[0].field) == ("event.unknown_type", "type")
    assert model_of(wire_type) is None


@pytest.mark.parametrize("content", [b"[]", b"null", b'"x"', b"{", b"", b"7"])
def test_content_that_is_no_object_crashes_the_parser(content: bytes) -> None:
    """It is a fault like any other."""
    for found in (parse_new(AlertIssued.wire_type, content), parse_received(AlertIssued.wire_type, content, NEWER)):
        assert isinstance(found, tuple)
        assert found[0].code in {"content.wrong_type", "content.not_json"}


def test_a_lone_surrogate_crashes_the_parser() -> None:
    """JSON can carry half a character; UTF-8 cannot."""
    one = sample("rainstorm_issued")

    found = parse_new(one.wire_type, one.content | {"headline": "\ud83d"})

    assert isinstance(found, tuple)
    assert found[0].code == "content.wrong_form"


def test_hundreds_of_faults_flood_the_officer() -> None:
    """The first twenty are enough, and a stranger's long field name is cut."""
    one = sample("rainstorm_issued")

    found = parse_new(one.wire_type, one.content | {f"unknown_{number}_{'x' * 500}": 1 for number in range(300)})

    assert isinstance(found, tuple)
    assert len(found) == 20
    assert all(len(fault.field) < 80 for fault in found)
