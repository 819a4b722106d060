"""JSON Schemas of models as components of a document: every model once, referred to by name."""

from collections.abc import Iterable
from typing import Any, Final, Literal

from pydantic.json_schema import models_json_schema

from schemas.base import Event, Model
from schemas.catalogue import TYPES, model_of
from services.domain.sharing import CONTROL_PREFIX

JsonObject = dict[str, Any]
Side = Literal["validation", "serialization"]
PREFIX: Final = "#/components/schemas/"


def components(asked: Iterable[type[Model]], answered: Iterable[type[Model]]) -> tuple[JsonObject, dict[str, str]]:
    """Return the schemas of models and of everything within them.

    Args:
        asked: Models that callers send; what has a default may be left out.
        answered: Models that this node sends; every field is there.

    Returns:
        Schemas by component name, and the component name of each model by its class name.
    """
    wanted: list[tuple[type[Model], Side]] = [(model, "validation") for model in dict.fromkeys(asked)]
    wanted += [(model, "serialization") for model in dict.fromkeys(answered)]
    refs, schemas = models_json_schema(wanted, by_alias=True, ref_template=PREFIX + "{model}")
    names = {model.__name__: refs[model, side]["$ref"].removeprefix(PREFIX) for model, side in wanted}
    return schemas["$defs"], names


def sendable_types() -> list[type[Event]]:
    """Return the types that a request may send: all but the control records."""
    return [model for model in TYPES if not model.wire_type.startswith(CONTROL_PREFIX)]


def title_of(wire_type: str) -> str:
    """Return what an officer calls a type."""
    model = model_of(wire_type)
    return model.title_zh if model else wire_type


def ref(name: str) -> JsonObject:
    """Refer to a component."""
    return {"$ref": PREFIX + name}
