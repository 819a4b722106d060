"""What is written and read again is the same event, whatever it says."""

import json
from typing import Any

import jsonschema
from hypothesis import HealthCheck, given, settings

from schemas.base import Event
from schemas.catalogue import Parsed, json_schemas, parse_new, parse_received, schema_of
from services.domain.encoding import parse_strict
from services.domain.guards import banned_names
from services.domain.levels import priority_of
from tests.strategies import alerts, events

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=150, suppress_health_check=_SLOW, deadline=None)
@given(event=events())
def test_an_event_changes_on_its_way(event: Event) -> None:
    """Model -> JSON -> model is the identity at both ends, with and without nulls."""
    full = event.model_dump_json().encode()
    short = event.model_dump_json(exclude_none=True).encode()
    wire_type = event.wire_type

    assert parse_new(wire_type, full) == event
    assert parse_new(wire_type, json.loads(full)) == event
    assert parse_received(wire_type, short, schema_of(wire_type)[1]) == Parsed(event, newer_schema=False)
    assert parse_received(wire_type, full, "0" * 64) == Parsed(event, newer_schema=True)


@settings(max_examples=60, suppress_health_check=_SLOW, deadline=None)
@given(event=events())
def test_the_published_schema_disagrees_with_the_model(event: Event) -> None:
    """A stranger who validates by the JSON Schema alone accepts what we send."""
    content: dict[str, Any] = json.loads(event.model_dump_json())
    schema = json_schemas()[event.wire_type]

    jsonschema.Draft202012Validator(schema).validate(content)


@settings(max_examples=60, suppress_health_check=_SLOW, deadline=None)
@given(event=events())
def test_an_event_of_ours_would_be_refused_by_our_own_rules(event: Event) -> None:
    """Every event of the catalogue is strict JSON and names no banned field."""
    raw = event.model_dump_json().encode()
    value = parse_strict(raw, max_bytes=len(raw))

    assert isinstance(value, dict)
    assert banned_names(value) is None


@settings(max_examples=60, suppress_health_check=_SLOW, deadline=None)
@given(alert=alerts())
def test_an_alert_waits_behind_a_backlog(alert: Event) -> None:
    """Alerts of every level take the urgent lane."""
    assert priority_of(alert) <= 1
