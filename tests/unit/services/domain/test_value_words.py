"""Every member of an enumeration that a county sends has a Chinese word in the field that it stands in."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from schemas.base import Event
from schemas.catalogue import TYPES
from schemas.control import CONTROL_PURPOSE
from services.domain.value_words import VALUES, word_of

SENT = [one for one in TYPES if CONTROL_PURPOSE not in one.purposes]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PLAIN = {"cap_lines.0.name"}
"""Names that foreign documents give: shown as they are."""


def members_in(part: Any, parts: dict[str, Any]) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """The values that the JSON Schema of a field names."""
    if "$ref" in part:
        yield from members_in({name: parts[part["$ref"].rpartition("/")[2]].get(name, ()) for name in ("enum",)}, parts)
    yield from part.get("enum", ())
    for below in (*part.get("anyOf", ()), *([part["items"]] if "items" in part else [])):
        yield from members_in(below, parts)


def fields_with_members(model: type[Event]) -> Iterator[tuple[str, str]]:
    """Path and value of each: what a list of parts is called stands before the part's own field."""
    schema = model.model_json_schema()
    parts = schema.get("$defs", {})
    holders = {
        used["$ref"].rpartition("/")[2]: name
        for one in (schema, *parts.values())
        for name, field in one.get("properties", {}).items()
        for used in (field, field.get("items", {}), *field.get("anyOf", ()))
        if "$ref" in used
    }
    for title, one in (("", schema), *parts.items()):
        for name, field in one.get("properties", {}).items():
            for value in members_in(field, parts):
                yield f"{holders[title]}.0.{name}" if title in holders else name, value


@pytest.mark.parametrize("model", SENT, ids=lambda model: model.wire_type)
def test_a_value_is_shown_by_its_english_name_alone(model: type[Event]) -> None:
    """A member that was added without its word turns this red."""
    found = [one for one in fields_with_members(model) if one[0] not in PLAIN]

    assert [one for one in found if CHINESE.search(word_of(*one) or "") is None] == []


def test_the_walk_finds_nothing() -> None:
    """It sees members of a field, of a list, of a part in a list, of one that may be null."""
    found = {one for model in SENT for one in fields_with_members(model)}

    assert {("decision", "granted"), ("wanted", "identity"), ("materials.0.kind", "household")} <= found
    assert {("findings.0.risk", "major"), ("keys.0.sex", "female")} <= found


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        ("materials.0.kind", "household", "户籍材料"),
        ("parties.0.kind", "household", "户"),
        ("findings.3.kind", "forest", "林火"),
        ("dispute_kind", "forest", "山林"),
        ("decision", "refused", "不予"),
        ("result", "refused", "裁定驳回"),
        ("title", "refused", None),
        ("from_the_future", "x", None),
    ],
)
def test_one_word_serves_two_meanings(path: str, value: str, word: str | None) -> None:
    """The same text in another field is another matter; a text of people is none."""
    assert word_of(path, value) == word


def test_a_word_is_english() -> None:
    """Every word is Chinese."""
    assert [word for words in VALUES.values() for word in words.values() if CHINESE.search(word) is None] == []
