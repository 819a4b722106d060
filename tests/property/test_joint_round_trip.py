"""Campaigns, offers, projects, material and briefs: what is written and read again is the same event."""

import json
from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.base import Event
from schemas.catalogue import Parsed, json_schemas, parse_new, parse_received, schema_of
from schemas.information.briefs import FigureName, SituationBriefPublished
from schemas.outreach.materials import Licence, MaterialShared
from services.domain.encoding import parse_strict
from services.domain.guards import guard_new
from tests import joint, strategies
from tests.property.services.domain.test_threads import CONTENTS
from tests.strategies import counties, digests, lines, texts


@st.composite
def _of_threads(draw: st.DrawFn) -> Event:
    word, content = draw(st.sampled_from(CONTENTS))(draw)
    return joint.event(joint.MODELS[word], content | {"note": draw(texts())} if word == "answered" else content)


@st.composite
def _material(draw: st.DrawFn) -> Event:
    licence = draw(st.sampled_from(Licence))
    content: dict[str, Any] = {
        "title": draw(lines(60)),
        "kind": "video",
        "languages": draw(st.lists(st.sampled_from(("zh-CN", "za", "en")), min_size=1, unique=True)),
        "licence": licence,
        "credit": draw(lines()) if licence.startswith("CC-BY") else None,
        "attachments": [{"name": "短片.mp4", "media_type": "video/mp4", "size": 1, "sha256": draw(digests)}],
        "expires": draw(st.none() | strategies.moments.map(strategies.spell)),
    }
    return joint.event(MaterialShared, content)


@st.composite
def _brief(draw: st.DrawFn) -> Event:
    figure = st.fixed_dictionaries(
        {"name": st.sampled_from(FigureName), "value": st.integers(0, 10**9)},
        optional={"of": lines(30), "county": counties},
    )
    unique = st.lists(
        figure, min_size=1, max_size=9, unique_by=lambda one: (one["name"], one.get("of"), one.get("county"))
    )
    first = draw(strategies.days)
    content = {
        "period": {"starts_on": first.isoformat(), "ends_on": first.isoformat()},
        "title": draw(lines(60)),
        "figures": draw(unique),
        "text": draw(texts(400)),
    }
    return joint.event(SituationBriefPublished, content)


@settings(max_examples=150, deadline=None)
@given(event=st.one_of(_of_threads(), _material(), _brief()))
def test_an_event_changes_on_its_way(event: Event) -> None:
    """Model -> JSON -> model at both ends; the published schema agrees; our own guards let it through."""
    full = event.model_dump_json().encode()
    short = event.model_dump_json(exclude_none=True).encode()
    wire_type = event.wire_type
    assert parse_new(wire_type, full) == event
    assert parse_received(wire_type, short, schema_of(wire_type)[1]) == Parsed(event, newer_schema=False)
    assert parse_received(wire_type, full, "0" * 64) == Parsed(event, newer_schema=True)
    jsonschema.Draft202012Validator(json_schemas()[wire_type]).validate(json.loads(full))
    value = parse_strict(short, max_bytes=len(short))
    assert isinstance(value, dict)
    assert guard_new(value, short) is None
