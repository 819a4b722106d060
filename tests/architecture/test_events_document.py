"""docs/events.md says what the models say: the tables of fields are compared, word for word.

When a model changes, the failing assertion prints the table to put into the document.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from schemas.base import Event
from schemas.catalogue import TYPES, json_schemas
from schemas.forms import FILE_NAME_PATTERN, FORMS, LINE_PATTERN, TEXT_PATTERN
from schemas.information.alerts import AlertIssued, SucceedingAlert
from tests.architecture.tracked import ROOT

DOCUMENT = ROOT / "docs" / "events.md"
CATALOGUE = [model for model in TYPES if ".control." not in model.wire_type]

_KINDS_OF_TEXT = {LINE_PATTERN: "line", TEXT_PATTERN: "text", FILE_NAME_PATTERN: "file name"}
_HEAD = "| field | needed | form |\n|---|---|---|\n"


def facts_of(model: type[Event]) -> str:
    """The line below a type's heading."""
    purposes = ", ".join(f"`{purpose}`" for purpose in model.purposes)
    priority = "0 at level 1, else 1" if issubclass(model, AlertIssued | SucceedingAlert) else str(model.priority)
    return (
        f"{model.title_zh} · class `{model.information_class.value}` · priority {priority} · "
        f"kind `{model.kind.value}` · purposes {purposes}"
    )


def table_of(schema: dict[str, Any], parts: dict[str, Any], *, without: frozenset[str] = frozenset()) -> str:
    """The table of one object."""
    needed = set(schema.get("required", ()))
    rows = (
        f"| `{name}` | {'yes' if name in needed else ''} | {form_of(part, parts)} |"
        for name, part in schema["properties"].items()
        if name not in without
    )
    return _HEAD + "\n".join(rows)


def form_of(part: dict[str, Any], parts: dict[str, Any]) -> str:
    """What may be written, in words."""
    if "anyOf" in part:
        return " or ".join(form_of(one, parts) for one in part["anyOf"])
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        return _choices(parts[name]) if "enum" in parts[name] else f"[{name}](#{name.lower()})"
    if part["type"] == "array":
        return f"list of {_range(part, 'minItems', 'maxItems')}: {form_of(part['items'], parts)}"
    return _plain_form(part)


def _plain_form(part: dict[str, Any]) -> str:
    match part["type"]:
        case "integer":
            return f"whole number {_range(part, 'minimum', 'maximum')}"
        case "boolean":
            return "true or false"
        case "null":
            return "null"
        case _:
            return "; ".join(_text_forms(part))


def _text_forms(part: dict[str, Any]) -> Iterator[str]:
    formats = {"date": "date", "date-time": "time with offset"}
    if "format" in part:
        yield formats[part["format"]]
    if part.get("pattern") in _KINDS_OF_TEXT:
        yield f"{_KINDS_OF_TEXT[part['pattern']]} of at most {part['maxLength']} characters"
    elif "pattern" in part:
        yield FORMS[part["pattern"]]


def _choices(part: dict[str, Any]) -> str:
    return " · ".join(f"`{value}`" for value in part["enum"])


def _range(part: dict[str, Any], low: str, high: str) -> str:
    return f"{part.get(low, 0)}–{part[high]}"


def section_of(wire_type: str) -> str:
    """What the document says below the heading of a type."""
    text = DOCUMENT.read_text(encoding="utf-8")
    return text.partition(f"\n### `{wire_type}`\n")[2].partition("\n### ")[0]


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.wire_type)
def test_the_document_tells_other_fields_than_the_model(model: type[Event]) -> None:
    """Name, need and form of every field, and the defaults of the type."""
    schema = json_schemas()[model.wire_type]
    shared = (
        frozenset(AlertIssued.model_json_schema()["properties"]) if issubclass(model, SucceedingAlert) else frozenset()
    )
    section = section_of(model.wire_type)

    assert facts_of(model) in section
    assert table_of(schema, schema.get("$defs", {}), without=shared) in section


def parts() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Every object that a type is made of, by name."""
    found: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for model in CATALOGUE:
        known = json_schemas()[model.wire_type].get("$defs", {})
        found |= {name: (part, known) for name, part in known.items() if "properties" in part}
    return found


@pytest.mark.parametrize("name", sorted(parts()))
def test_the_document_tells_other_parts_than_the_models(name: str) -> None:
    """Every object inside a type has its own table."""
    part, known = parts()[name]
    section = DOCUMENT.read_text(encoding="utf-8").partition(f"\n#### {name}\n")[2].partition("\n#### ")[0]

    assert table_of(part, known) in section


def test_a_type_is_described_that_does_not_exist() -> None:
    """Every heading of a type leads to a model."""
    text = DOCUMENT.read_text(encoding="utf-8")
    told = {line.removeprefix("### `").rstrip("`") for line in text.splitlines() if line.startswith("### `cn.")}

    assert told == {model.wire_type for model in CATALOGUE}
