"""A form as it is shown: every field with its name, its words, what stands in it, and what is wrong with it.

Source: docs/decisions/0042-make-forms-from-the-schemas.md
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from schemas.base import BEIJING
from schemas.counties import COUNTIES
from schemas.errors import Fault
from services.domain.fault_words import sentence_of
from services.domain.form_fields import SEVERAL, Choice, Input, Shape, Source
from services.domain.form_layout import SECTIONS, Section
from services.domain.form_pairs import Names, Typed, entries_of, joined, tree_of
from services.domain.form_reading import CHOSEN_FILE, FALSE, MARK, TRUE, KnownFile
from services.domain.form_shown import Form, FormField, FormRow, FormSection, Option, Problem
from services.domain.form_words import label_of

ROOT: Final = "content"
_PICK: Final = "请选择"
_NONE: Final = "（不填）"
_TRUTHS: Final = (Choice(TRUE, "是"), Choice(FALSE, "否"))

Offers = Mapping[str, Sequence[Choice]]
"""Name of a field, or a ``Source`` → what a page offers there; counties are the region's if it offers none."""


@dataclass(slots=True)
class _Making:
    typed: Typed
    offers: Offers
    files: Sequence[KnownFile]
    errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    """Of every field that was made, with those it stands in."""


def make_form(
    shapes: Sequence[Shape],
    typed: Typed | None = None,
    faults: Sequence[Fault] = (),
    *,
    model: str = "",
    prefix: str = ROOT,
    offers: Offers | None = None,
    files: Sequence[KnownFile] = (),
) -> Form:
    """Make a form.

    Args:
        shapes: See ``shapes_of``.
        typed: What was typed, see ``read_form``, or what is given, see ``typed_of``; None for an empty form.
        faults: What the form or the API found, by the paths of fields.
        model: Class name of the model, for its sections.
        prefix: First step of names.
        offers: What the page offers to choose from.
        files: That a row can choose.
    """
    stands = typed_of(shapes, {}, prefix) if typed is None else typed
    making = _Making(stands, offers or {}, files)
    names = tree_of(stands)
    below = names.at(prefix) if prefix else names
    fields = tuple(_fields(shapes, prefix, below, "", making))
    problems = tuple(_problem(fault, making.labels, prefix) for fault in faults)
    if problems:
        making.errors = _placed(faults, making.labels)
        fields = tuple(_fields(shapes, prefix, below, "", making))
    rare = {shape.key for shape in shapes if shape.rare}
    return Form(tuple(_sections(fields, SECTIONS.get(model, ()), rare)), problems)


def typed_of(shapes: Sequence[Shape], content: Mapping[str, JsonValue], prefix: str = ROOT) -> Typed:
    """Return a content as if it had been typed; what it lacks has its default, and lists their fewest rows."""
    typed: dict[str, tuple[str, ...]] = {}
    for shape in shapes:
        _type_in(shape, content.get(shape.key), joined(prefix, shape.key), typed)
    return typed


def ident_of(name: str) -> str:
    """Return the id that a field has in the page."""
    return "f-" + name.replace(".", "-")


def path_zh(path: str, prefix: str = ROOT) -> str:
    """Say the path of a field in Chinese, entries counted from 1; empty if it names what has no Chinese word."""
    steps = path.removeprefix(prefix).strip(".").split(".")
    words = [str(int(step) + 1) if step.isdecimal() and step.isascii() else label_of(f".{step}") for step in steps]
    return "" if any(word == step for word, step in zip(words, steps, strict=True)) else " · ".join(words)


def _type_in(shape: Shape, value: JsonValue, name: str, typed: dict[str, tuple[str, ...]]) -> None:
    if shape.input is Input.GROUP:
        inner = value if isinstance(value, dict) else {}
        typed.update(typed_of(shape.parts, inner, name))
    elif shape.input is Input.ROWS:
        rows: list[JsonValue] = value if isinstance(value, list) else [None] * (shape.least or 0)
        for number, row in enumerate(rows):
            typed[f"{name}.{number}"] = (MARK,) if shape.entry is None else (_spelt(shape.entry, row),)
            typed.update(typed_of(shape.parts, row if isinstance(row, dict) else {}, f"{name}.{number}"))
    elif shape.input in SEVERAL:
        entries = [str(one) for one in value] if isinstance(value, list) else []
        if entries:
            typed[name] = tuple(entries)
    elif text := _spelt(shape, value):
        typed[name] = (text,)


def _spelt(shape: Shape, value: JsonValue) -> str:
    if value is None:
        return shape.default
    if isinstance(value, bool):
        return {True: TRUE, False: FALSE if shape.input is Input.YES_NO else ""}[value]
    return _local(str(value)) if shape.input is Input.TIME else str(value)


def _local(text: str) -> str:
    """Return a time as the input of a browser wants it, in Beijing time, no finer than it has to be."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is None:
        return text
    moment = moment.astimezone(BEIJING).replace(tzinfo=None)
    if moment.microsecond:
        return moment.isoformat(timespec="milliseconds")
    return moment.isoformat(timespec="seconds" if moment.second else "minutes")


def _fields(shapes: Iterable[Shape], at: str, names: Names, within: str, making: _Making) -> Iterator[FormField]:
    for shape in shapes:
        name = joined(at, shape.key)
        label = f"{within} · {shape.label}" if within else shape.label
        making.labels[name] = label
        bare = FormField(
            name=name,
            ident=ident_of(name),
            label=shape.label,
            input=shape.input,
            is_required=shape.required,
            help=shape.help,
            unit=shape.unit,
            longest=shape.longest,
            suggestions=shape.suggestions,
            errors=making.errors.get(name, ()),
        )
        yield _filled(bare, shape, names.at(shape.key), label, making)


def _filled(bare: FormField, shape: Shape, names: Names, label: str, making: _Making) -> FormField:
    if shape.input is Input.GROUP:
        made = tuple(_fields(shape.parts, bare.name, names, label, making))
        grouped = replace(bare, parts=_kept(made, shape, rare=False), rare=_kept(made, shape, rare=True))
        return replace(grouped, is_open=_is_open(grouped.rare) or (not shape.required and grouped.is_filled))
    if shape.input is Input.ROWS:
        rows = tuple(_rows(shape, bare, names, label, making))
        return replace(bare, rows=rows, can_add=shape.most is None or len(rows) < shape.most)
    return _with_value(bare, shape, making)


def _kept(made: Sequence[FormField], shape: Shape, *, rare: bool) -> tuple[FormField, ...]:
    return tuple(one for one, part in zip(made, shape.parts, strict=True) if part.rare is rare)


def _is_open(rare: Iterable[FormField]) -> bool:
    return any(one.is_filled and (one.errors or not _is_default(one)) for one in rare)


def _is_default(one: FormField) -> bool:
    return one.name.endswith(".code_scheme") and one.value == "GB/T 35561"


def _rows(shape: Shape, bare: FormField, names: Names, label: str, making: _Making) -> Iterator[FormRow]:
    for number in names.rows():
        name = f"{bare.name}.{number}"
        within = f"{label} {number + 1}"
        making.labels[name] = within
        errors = making.errors.get(name, ())
        if shape.entry is not None:
            only = replace(
                bare, name=name, ident=ident_of(name), label=within, input=shape.entry.input, is_required=True,
                longest=shape.entry.longest, help="", errors=errors,
            )  # fmt: skip
            yield FormRow(name, ident_of(name), number + 1, (_with_value(only, shape.entry, making),))
            continue
        made = tuple(_fields(shape.parts, name, names.at(str(number)), within, making))
        rare = _kept(made, shape, rare=True)
        yield FormRow(
            name=name,
            ident=ident_of(name),
            number=number + 1,
            parts=_kept(made, shape, rare=False),
            rare=rare,
            errors=errors,
            is_open=_is_open(rare),
            file=_file_choice(name, making) if shape.bears_file and making.files else None,
        )


def _file_choice(row: str, making: _Making) -> FormField:
    name = joined(row, CHOSEN_FILE)
    digest = "".join(making.typed.get(joined(row, "sha256"), ())[:1])
    choices = (Choice("", _PICK), *(Choice(one.sha256, one.name) for one in making.files))
    options = tuple(_options(choices, (digest,)))
    return FormField(name, ident_of(name), "选择文件", Input.CHOICE, is_required=False, options=options)


def _with_value(bare: FormField, shape: Shape, making: _Making) -> FormField:
    texts = making.typed.get(bare.name, ())
    offered = _offered(shape, making)
    if shape.input in SEVERAL:
        return _with_choices(bare, shape, offered, texts)
    value = texts[0] if texts else ""
    if shape.input is Input.YES_NO:
        return replace(bare, value=value, options=tuple(_options(_TRUTHS, (value,))))
    if not offered:
        return replace(bare, value=value)
    stranger = [] if value in {"", *(one.value for one in offered)} else [Choice(value, value)]
    empty = () if shape.default else (Choice("", _PICK if shape.required else _NONE),)
    options = _options((*empty, *offered, *stranger), (value,))
    return replace(bare, input=Input.CHOICE, value=value, options=tuple(options), longest=None)


def _offered(shape: Shape, making: _Making) -> Sequence[Choice]:
    if shape.choices:
        return shape.choices
    by_source = making.offers.get(shape.source.value, ()) if shape.source else ()
    offered = making.offers.get(shape.key) or by_source
    if offered or shape.source is not Source.COUNTY:
        return offered
    return [Choice(one.code, f"{one.short_name}（{one.code}）") for one in COUNTIES.values()]


def _with_choices(bare: FormField, shape: Shape, offered: Sequence[Choice], texts: Sequence[str]) -> FormField:
    if not offered:
        return replace(bare, value="\n".join(texts))
    known = {one.value: one for one in offered}
    chosen = [one for one in dict.fromkeys(entries_of(texts)) if one in known or not shape.choices]
    strangers = [value for value in chosen if value not in known]
    shown, other = offered, " ".join(strangers)
    if chosen != [*(one.value for one in offered if one.value in chosen), *strangers]:
        # The order of a list may say what matters most: what stands in another order than the offer's is shown first.
        first = (known.get(value, Choice(value, value)) for value in chosen)
        shown, other = [*first, *(one for one in offered if one.value not in chosen)], ""
    options = tuple(_options(shown, chosen))
    return replace(bare, input=Input.CHOICES, options=options, other=None if shape.choices else other, longest=None)


def _options(choices: Iterable[Choice], chosen: Sequence[str]) -> Iterator[Option]:
    return (Option(one.value, one.label, one.value in chosen) for one in choices)


def _sections(fields: Sequence[FormField], sections: Sequence[Section], rare: set[str]) -> Iterator[FormSection]:
    by_key = {one.name.rpartition(".")[2]: one for one in fields}
    placed = {key for section in sections for key in section.keys}
    rest = Section("", tuple(key for key in by_key if key not in placed))
    for section in (*sections, rest) if sections else (rest,):
        shown = tuple(by_key[key] for key in section.keys if key in by_key and key not in rare)
        hidden = tuple(by_key[key] for key in section.keys if key in by_key and key in rare)
        if shown or hidden:
            yield FormSection(section.title, shown, hidden, is_open=_is_open(hidden))


def _placed(faults: Sequence[Fault], labels: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    placed: dict[str, tuple[str, ...]] = {}
    for fault in faults:
        name = _nearest(fault.field, labels)
        if name:
            placed[name] = (*placed.get(name, ()), _sentence(fault, name))
    return placed


def _problem(fault: Fault, labels: Mapping[str, str], prefix: str) -> Problem:
    name = _nearest(fault.field, labels)
    label = labels.get(name) or path_zh(fault.field, prefix)
    ident = ident_of(name) if name and name != prefix else ""
    return Problem(ident, label, _sentence(fault, name), fault.code)


def _nearest(path: str, labels: Mapping[str, str]) -> str:
    """Return the field that a fault belongs to: its own, or the one that holds it."""
    while path and path not in labels:
        path = path.rpartition(".")[0]
    return path


def _sentence(fault: Fault, name: str) -> str:
    below = fault.field[len(name) :].strip(".") if name else ""
    entry = f"第 {int(below) + 1} 项：" if below.isascii() and below.isdecimal() and len(below) < len("99999") else ""
    return entry + sentence_of(fault)
