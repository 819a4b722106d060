"""No field, enum member, column or template for ethnicity, religion, political view or party membership.

The walk reads names. It goes over every model of the catalogue, every table and every template, and
each walk is shown to go red on something planted. See docs/decisions/0005-guard-people-first.md.
"""

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

import schemas
from schemas.base import Model
from services.domain.banned_names import is_banned_name
from services.domain.field_words import FIELDS
from services.domain.flow_tables import HEADERS_ZH, VALUES_ZH, read_counts
from services.domain.value_words import VALUES
from tests.architecture.tracked import ROOT, name_of

SQL = sorted((ROOT / "adapters").rglob("*.sql"))
TEMPLATES = [path for suffix in ("html", "j2", "jinja") for path in sorted((ROOT / "services").rglob(f"*.{suffix}"))]

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_EXPRESSION = re.compile(r"\{[{%](.*?)[%}]\}", re.DOTALL)
_ATTRIBUTE = re.compile(
    r"""\b(?:name|id|for|list|form|placeholder|title|aria-label|value|data-[\w-]+)\s*=\s*["']([^"']*)"""
)
_LABEL = re.compile(r"<(label|th|dt|legend|option|button|summary|h\d)\b[^>]*>(.*?)</\1>", re.DOTALL)


def schema_classes() -> list[type]:
    """Every class that a module of ``schemas`` defines."""
    found: dict[type, None] = {}
    for info in pkgutil.walk_packages(schemas.__path__, "schemas."):
        module = importlib.import_module(info.name)
        found |= {
            item: None for item in vars(module).values() if isinstance(item, type) and item.__module__ == info.name
        }
    return list(found)


def names_of_class(cls: type) -> Iterator[str]:
    """The class, its fields with every alias, its members, and what its JSON Schema calls them."""
    yield cls.__name__
    if issubclass(cls, Enum):
        for member in cls:
            yield from (member.name, str(member.value))
    elif issubclass(cls, BaseModel):
        for name, field in cls.model_fields.items():
            yield name
            yield from (
                str(alias) for alias in (field.alias, field.validation_alias, field.serialization_alias) if alias
            )
        yield from _names_of_schema(cls.model_json_schema())
    elif dataclasses.is_dataclass(cls):
        yield from (field.name for field in dataclasses.fields(cls))


def _names_of_schema(part: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(part, dict):
        for key, below in part.items():
            if key in {"properties", "$defs"}:
                yield from below
            if key in {"enum", "required"}:
                yield from map(str, below)
            yield from _names_of_schema(below)
    elif isinstance(part, list):
        for below in part:
            yield from _names_of_schema(below)


def names_of_sql(text: str) -> Iterator[str]:
    """Every identifier and every word in quotes; comments may say what is banned."""
    yield from _IDENTIFIER.findall(_COMMENT.sub(" ", text))


def names_of_template(text: str) -> Iterator[str]:
    """What a template asks for or shows as a heading: expressions, names of inputs, labels."""
    for expression in _EXPRESSION.findall(text):
        yield from _IDENTIFIER.findall(expression)
    yield from _ATTRIBUTE.findall(text)
    for _, label in _LABEL.findall(text):
        yield re.sub(r"<[^>]*>|\{[{%].*?[%}]\}", " ", label)


def banned(names: Iterator[str]) -> list[str]:
    """Those that must not be."""
    return sorted({name for name in names if is_banned_name(name)})


@pytest.mark.parametrize("cls", schema_classes(), ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_a_model_records_who_people_are(cls: type) -> None:
    """A field that sorts people, under any alias, fails the build."""
    assert banned(names_of_class(cls)) == []


def test_the_walk_misses_the_models() -> None:
    """It finds the catalogue, its parts and its enums."""
    names = {cls.__name__ for cls in schema_classes()}

    assert {
        "AlertIssued",
        "Impact",
        "PersonFields",
        "Consent",
        "ServiceFrame",
        "CourseStep",
        "PopulationFlowReported",
        "Dimension",
        "Header",
        "Receipt",
        "Fault",
    } <= names


def test_a_table_records_who_people_are() -> None:
    """A column that sorts people fails the build; there is at least one file to walk."""
    found = {name_of(path): banned(names_of_sql(path.read_text(encoding="utf-8"))) for path in SQL}

    assert SQL
    assert {name: names for name, names in found.items() if names} == {}


def test_a_template_asks_who_people_are() -> None:
    """An input or a heading that sorts people fails the build."""
    found = {
        name_of(path): banned(iter([path.stem, *names_of_template(path.read_text(encoding="utf-8"))]))
        for path in TEMPLATES
    }

    assert {name: names for name, names in found.items() if names} == {}


def names_of_tables_to_be_filled() -> Iterator[str]:
    """Headings and values of the tables that a county fills in and hands to a command."""
    for one in (*HEADERS_ZH.items(), *(pair for words in VALUES_ZH.values() for pair in words.items())):
        yield from map(str, one)


def test_a_table_to_be_filled_in_asks_who_people_are() -> None:
    """A heading or a value of a table that sorts people fails the build; there is something to walk."""
    names = list(names_of_tables_to_be_filled())

    assert {"age_band", "年龄段", "count", "0-14岁"} <= set(names)
    assert banned(iter(names)) == []


def test_a_word_on_paper_sorts_people() -> None:
    """What fields and values are called in Chinese is walked like the headings of tables."""
    words = [*FIELDS.values(), *(word for one in VALUES.values() for word in one.values())]

    assert {"年龄段", "证据种类", "跨省通办"} <= set(words)
    assert banned(iter(words)) == []


@pytest.mark.parametrize("heading", ["民族", "religion", "zzmm", "Political Status", "族别（代码）"])
def test_a_planted_heading_stays_green(heading: str) -> None:
    """A column that a spreadsheet brings along is refused by its name before anything is read."""
    found = read_counts(f"age_band,{heading},count\n".encode(), "t.csv")

    assert isinstance(found, tuple)
    assert [one.code for one in found] == ["guard.banned_name"]


class _PlantedEnum(Enum):
    AGE = "age"
    FAITH = "x"


class _PlantedValue(Enum):
    A = "政治面貌"


class _PlantedField(Model):
    ethnicGroup: str  # noqa: N815 - as a careless import would bring it


class _PlantedAlias(Model):
    code: Annotated[str, Field(alias="mzdm")]


class _PlantedPart(Model):
    parts: tuple[_PlantedAlias, ...]


@dataclasses.dataclass
class _PlantedRow:
    religion: str


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (_PlantedEnum, "FAITH"),
        (_PlantedValue, "政治面貌"),
        (_PlantedField, "ethnicGroup"),
        (_PlantedAlias, "mzdm"),
        (_PlantedPart, "mzdm"),
        (_PlantedRow, "religion"),
    ],
)
def test_a_planted_model_stays_green(cls: type, name: str) -> None:
    """The walk goes red on a field, an alias, an enum member or value, a part, a row."""
    assert name in banned(names_of_class(cls))


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE person (id INTEGER, nationality TEXT);",
        "CREATE TABLE ethnic_groups (id INTEGER);",
        'ALTER TABLE t ADD COLUMN "民族" TEXT;',
        "CREATE INDEX i ON t (json_extract(content, '$.political_status'));",
    ],
)
def test_a_planted_table_stays_green(text: str) -> None:
    """The walk goes red on a table, a column, a quoted column, a path into JSON."""
    assert banned(names_of_sql(text))


def test_a_comment_or_a_place_turns_the_walk_red() -> None:
    """Names are judged, not what is said about them."""
    assert banned(names_of_sql("-- no ethnicity here\nCREATE TABLE t (party TEXT, destination TEXT); /* 民族 */")) == []
    assert banned(names_of_template("<h1>环江毛南族自治县</h1><p>河池市民族宗教事务委员会</p>{{ parties }}")) == []


@pytest.mark.parametrize(
    "text",
    [
        '<input name="religion">',
        "<label for='a'>民族</label>",
        "<th>政治面貌</th>",
        "{{ person.ethnicity }}",
        "{% for one in minzu_list %}{% endfor %}",
        '<input placeholder="宗教信仰">',
    ],
)
def test_a_planted_template_stays_green(text: str) -> None:
    """The walk goes red on an input, a label, a heading, an expression, a loop, a hint."""
    assert banned(names_of_template(text))
