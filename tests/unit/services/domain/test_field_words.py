"""Every field of every type that a county sends has a Chinese word, on paper and at the desk."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from schemas.base import Event
from schemas.catalogue import TYPES
from schemas.control import CONTROL_PURPOSE
from services.domain.field_words import FIELDS, words_of

SENT = [one for one in TYPES if CONTROL_PURPOSE not in one.purposes]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def names_in(part: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """Every name of a field in a JSON Schema."""
    if isinstance(part, dict):
        yield from part.get("properties", ())
        for below in part.values():
            yield from names_in(below)
    elif isinstance(part, list):
        for below in part:
            yield from names_in(below)


@pytest.mark.parametrize("model", SENT, ids=lambda model: model.wire_type)
def test_a_field_is_shown_by_its_english_name_alone(model: type[Event]) -> None:
    """A field that was added without its word turns this red."""
    names = set(names_in(model.model_json_schema()))

    assert names
    assert {name for name in names if CHINESE.search(FIELDS.get(name, "")) is None} == set()


def test_a_word_names_nothing() -> None:
    """What no type has any more is taken out."""
    assert set(FIELDS) - {name for model in SENT for name in names_in(model.model_json_schema())} == set()


def test_a_path_loses_a_part() -> None:
    """Each part is said; the number of an entry and a name that is unknown stay."""
    assert words_of("findings.1.owner_office") == "发现问题 1 责任单位"
    assert words_of("from_the_future.name") == "from_the_future 名称"
