"""Every field that an officer fills in is named, helped and offered its choices in Chinese."""

import re
from typing import Any

import pytest

from schemas.agreements import Agreement
from schemas.base import Event, Model
from schemas.course_drafts import CourseDraft, ReferralMoveDraft, ServiceDraft, ServiceMoveDraft
from schemas.drafts import (
    AcknowledgementDraft,
    CallDraft,
    CapClosingDraft,
    CaseEventDraft,
    DrillDraft,
    ErasureDraft,
    EventDraft,
    SilenceDraft,
)
from schemas.errors import InvariantError
from schemas.forms import FORMS
from schemas.information.alerts import AlertIssued
from services.domain.form_fields import SEVERAL, Input, Shape, shapes_of
from services.domain.form_help import FORMS_ZH
from services.domain.form_layout import FILLED, LEFT_OUT, RARE, SECTIONS
from tests.forms import COMPOSED, every

DRAFTS: list[type[Model]] = [
    Agreement,
    EventDraft,
    AcknowledgementDraft,
    ErasureDraft,
    CallDraft,
    SilenceDraft,
    DrillDraft,
    CaseEventDraft,
    CapClosingDraft,
    CourseDraft,
    ServiceDraft,
    ReferralMoveDraft,
    ServiceMoveDraft,
]
FORMED = [*COMPOSED, *DRAFTS]
BY_MODEL = pytest.mark.parametrize("model", FORMED, ids=lambda model: model.__name__)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{4,}")
EXAMPLES = re.compile(r"如 ?\S+(?: \S+)?|[\w./@-]*\d[\w./@-]*|application/pdf|YYYY\w+|GB/T|SHA-256|@sihu|county|adcode")


@BY_MODEL
def test_a_field_is_called_by_its_english_name(model: type[Model]) -> None:
    """A field that was added without its Chinese word turns this red."""
    assert [one.key for one in every(shapes_of(model)) if CHINESE.search(one.label) is None] == []


@BY_MODEL
def test_a_choice_is_offered_by_its_english_name(model: type[Model]) -> None:
    """Every member of every enumeration, every level."""
    found = [
        (one.key, choice.value)
        for one in every(shapes_of(model))
        for choice in one.choices
        if CHINESE.search(choice.label) is None
    ]

    assert found == []


@BY_MODEL
def test_help_is_in_english(model: type[Model]) -> None:
    """Latin words stand in help as examples alone."""
    found = [(one.key, one.help) for one in every(shapes_of(model)) if LATIN.search(EXAMPLES.sub("", one.help))]

    assert found == []


@BY_MODEL
def test_a_field_of_the_schema_is_not_asked_for(model: type[Model]) -> None:
    """Every field is in the form, but for those that a table leaves out by name and those with one value alone."""
    fields = {info.alias or name: info for name, info in model.model_fields.items()}
    missing = set(fields) - {one.key for one in shapes_of(model)} - LEFT_OUT.get(model.__name__, frozenset())

    assert {key for key in missing if fields[key].is_required() or key != "sequence"} == set()


@BY_MODEL
def test_a_form_forgets_what_is_required(model: type[Model]) -> None:
    """What the schema needs, the form marks, and never hides behind 更多."""
    wanted = set(model.model_json_schema().get("required", ()))
    shapes = shapes_of(model)

    assert {one.key for one in shapes if one.required} == wanted - LEFT_OUT.get(model.__name__, frozenset())
    assert [one.key for one in every(shapes) if one.required and one.rare] == []


def test_a_table_of_the_layout_names_a_field_that_is_gone() -> None:
    """Every name in it is a field of its model."""
    parts: dict[str, set[str]] = {}

    def walk(schema: dict[str, Any]) -> None:
        for name, below in schema.get("$defs", {}).items():
            parts.setdefault(name, set()).update(below.get("properties", ()))

    for model in FORMED:
        schema = model.model_json_schema()
        parts[model.__name__] = set(schema["properties"])
        walk(schema)

    for table in (LEFT_OUT, FILLED, RARE):
        assert {(name, key) for name, keys in table.items() for key in keys if key not in parts[name]} == set()


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_leaves_a_field_out(name: str) -> None:
    """Each field of a form with sections stands in one of them."""
    model = next(one for one in FORMED if one.__name__ == name)
    keys = [key for section in SECTIONS[name] for key in section.keys]

    assert len(set(keys)) == len(keys)
    assert {one.key for one in shapes_of(model)} <= set(keys)


def test_a_form_of_texts_has_no_chinese_words() -> None:
    """Each pattern that has English words has Chinese ones."""
    assert set(FORMS_ZH) == set(FORMS)


def shape(model: type[Model], path: str) -> Shape:
    """A field by its path."""
    found = None
    for step in path.split("."):
        parts = shapes_of(model) if found is None else found.parts
        found = next(one for one in parts if one.key == step)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("headline", Input.LINE),
        ("description", Input.TEXT),
        ("report_no", Input.INTEGER),
        ("warning_level", Input.LEVEL),
        ("severity", Input.CHOICE),
        ("response_types", Input.CHOICES),
        ("effective", Input.TIME),
        ("impact", Input.GROUP),
        ("impact.loss_cny", Input.NUMBER),
        ("impact.reviewed", Input.CHECK),
        ("areas", Input.ROWS),
        ("areas.adcodes", Input.LINES),
        ("areas.polygon", Input.LINES),
        ("resources", Input.ROWS),
    ],
)
def test_a_field_gets_another_kind_of_input(path: str, kind: Input) -> None:
    """The schema says which."""
    assert shape(AlertIssued, path).input is kind


def test_limits_of_the_schema_are_lost() -> None:
    """Characters, entries, numbers: of the narrower of two limits."""
    assert shape(AlertIssued, "headline").longest == 60
    assert (shape(AlertIssued, "areas").least, shape(AlertIssued, "areas").most) == (1, 50)
    assert (shape(AlertIssued, "report_no").least, shape(AlertIssued, "report_no").most) == (1, 999)
    assert "最多 60 字" in shape(AlertIssued, "headline").help
    assert shape(AlertIssued, "areas").input not in SEVERAL


def test_a_field_that_may_be_of_two_types_gets_a_form_by_chance() -> None:
    """No input was made for such a field: whoever adds one is told."""

    class Torn(Event):
        wire_type = "cn.sihu.information.torn.v1"
        title_zh = "两可"
        purposes = ("x",)

        either: int | str

    with pytest.raises(InvariantError):
        shapes_of(Torn)
