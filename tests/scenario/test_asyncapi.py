"""``asyncapi.json`` is what it says: AsyncAPI 3.0, with every type of the catalogue in every lane."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from schemas.catalogue import TYPES
from schemas.control import HeadBeaconed
from schemas.subjects import Lane, SignalSubject, Subject
from services.domain.signals import SIGNAL_TYPES
from services.gateway.answers import LiveMessage
from services.gateway.api.asyncapi import asyncapi_document
from services.gateway.api.routes import ROUTES
from tests import papers
from tests.caller import calling
from tests.world import World

SPECIFICATION = Path(__file__).parents[1] / "vendor" / "asyncapi" / "3.0.0.json"


@pytest.fixture(scope="module")
def judge() -> Draft7Validator:
    return Draft7Validator(json.loads(SPECIFICATION.read_bytes()))


@pytest.fixture
def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(asyncapi_document(ROUTES, "0.0.0"))
    return made


async def test_the_served_document_fits_the_specification(judge: Draft7Validator) -> None:
    """A generator of clients must be able to read what a node serves."""
    async with calling(World()[papers.HUANJIANG]) as caller:
        answer = await caller.get("/asyncapi.json")

    assert answer.body["asyncapi"] == "3.0.0"
    assert [error.message for error in judge.iter_errors(answer.body)] == []


@pytest.mark.parametrize(
    "path",
    [("channels", "urgent", "address"), ("operations", "publish_urgent", "action"), ("info", "title")],
)
def test_a_broken_document_is_noticed(judge: Draft7Validator, document: dict[str, Any], path: tuple[str, ...]) -> None:
    """A judge that accepts everything would prove nothing."""
    broken = deepcopy(document)
    part = broken
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = {"no": "text"}

    assert judge.is_valid(document)
    assert not judge.is_valid(broken)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """The specification's schema does not follow references; a client does."""
    for reference in _references(document):
        part: Any = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in part, reference
            part = part[step]


def _references(value: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [one for below in value.values() for one in _references(below)]
    return [one for below in value for one in _references(below)] if isinstance(value, list) else []


def test_every_chained_type_travels_in_every_lane(document: dict[str, Any]) -> None:
    """A type that the document forgets is a type that a stranger's client never expects."""
    names = {message["name"] for message in document["components"]["messages"].values()}
    assert names >= {model.wire_type for model in TYPES}
    for lane in Lane:
        channel = document["channels"][lane]
        assert len(channel["messages"]) == len(TYPES) - len(SIGNAL_TYPES)
        pattern = channel["address"]
        for name, value in {
            "source": papers.LIBO,
            "destination": "_qiangui-border",
            "mutual": "information",
            "noun_verbed": "alert_issued",
            "version": "v1",
        }.items():
            assert name in channel["parameters"]
            pattern = pattern.replace("{" + name + "}", value)
        assert pattern == str(Subject(papers.LIBO, lane, "_qiangui-border", papers.ALERT))


def test_signals_have_a_place_of_their_own(document: dict[str, Any]) -> None:
    """A client that listens in the lanes alone never hears a beacon, and takes every neighbour for dead."""
    channel = document["channels"]["signal"]
    messages = document["components"]["messages"]
    assert {messages[name]["name"] for name in channel["messages"]} == SIGNAL_TYPES
    address = channel["address"].format(
        source=papers.LIBO, destination=papers.NANDAN, mutual="control", noun_verbed="head_beaconed", version="v1"
    )
    assert address == str(SignalSubject(papers.LIBO, papers.NANDAN, HeadBeaconed.wire_type))


def test_a_live_message_fits_its_schema(document: dict[str, Any]) -> None:
    """What the stream says and what the document says of it must not drift apart."""
    name = document["components"]["messages"]["live"]["payload"]["$ref"].rpartition("/")[2]
    schema = document["components"]["schemas"] | {"$ref": f"#/{name}"}
    message = LiveMessage.model_validate_json(
        '{"sequence":1,"kind":"posted","reference":"x","at":"2026-03-04T08:00:00+08:00"}'
    )
    spelled = json.dumps(schema).replace("#/components/schemas/", "#/")

    Draft7Validator(json.loads(spelled)).validate(json.loads(message.model_dump_json(exclude_defaults=True)))
