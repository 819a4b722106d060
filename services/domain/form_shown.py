"""A form as templates read it; made by ``services.domain.form_making``."""

import re
from dataclasses import dataclass
from typing import Final

from services.domain.form_fields import Choice, Input

_LINE_WIDTH: Final = 45
_NOTE_MOST: Final = 500
_BOX_SHORT: Final = 3
_BOX_TALL: Final = 6
_BOX_TALLEST: Final = 24
_LOCAL: Final = {
    Input.DATE: ("date", re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")),
    Input.TIME: (
        "datetime-local",
        re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,3})?)?"),
    ),
}


@dataclass(frozen=True, slots=True)
class Option:
    """One value that can be chosen."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a page. Templates read it; see ``services/console/templates/forms.html``.

    Attributes:
        name: Under which it is sent, and under which faults name it.
        ident: Its id in the page.
        input: How it is filled in; a field with offered choices is one of ``CHOICE`` or ``CHOICES``.
        value: What stands in it.
        options: What can be chosen.
        other: What stands in the line for values that are not among the options; None if there is no such line.
        suggestions: For a line that may also hold something else.
        errors: Chinese sentences.
        parts: Of a group.
        rare: Parts that stand behind 更多.
        rows: Of a list.
        can_add: Whether one more row fits.
        is_open: Whether what stands behind 更多, or an optional group, is shown.
    """

    name: str
    ident: str
    label: str
    input: Input
    is_required: bool
    help: str = ""
    unit: str = ""
    longest: int | None = None
    value: str = ""
    options: tuple[Option, ...] = ()
    other: str | None = None
    suggestions: tuple[Choice, ...] = ()
    errors: tuple[str, ...] = ()
    parts: "tuple[FormField, ...]" = ()
    rare: "tuple[FormField, ...]" = ()
    rows: "tuple[FormRow, ...]" = ()
    can_add: bool = False
    is_open: bool = False

    @property
    def type(self) -> str:
        """What an ``<input>`` of it is; one that browsers would empty since they cannot read it is a plain line."""
        form = _LOCAL.get(self.input)
        return "text" if form is None or (self.value and form[1].fullmatch(self.value) is None) else form[0]

    @property
    def height(self) -> int:
        """How many lines a box for it has."""
        lines = sum(1 + len(line) // _LINE_WIDTH for line in self.value.split("\n"))
        usual = _BOX_SHORT if self.input is Input.LINES or (self.longest or 0) <= _NOTE_MOST else _BOX_TALL
        return min(max(usual, lines), _BOX_TALLEST)

    @property
    def is_filled(self) -> bool:
        """Whether anything stands in it or is wrong with it."""
        inner = (*self.parts, *self.rare)
        return bool(self.value or self.other or self.rows or self.errors) or any(
            (*(one.is_chosen and one.value != "" for one in self.options), *(one.is_filled for one in inner))
        )


@dataclass(frozen=True, slots=True)
class FormRow:
    """One row of a list.

    Attributes:
        number: From 1, as people count.
        file: Where one of the known files is chosen; None if the list is not of files, or none is known.
    """

    name: str
    ident: str
    number: int
    parts: tuple[FormField, ...]
    rare: tuple[FormField, ...] = ()
    errors: tuple[str, ...] = ()
    is_open: bool = False
    file: FormField | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the row is one text and no group."""
        return len(self.parts) == 1 and self.parts[0].name == self.name


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of what is wrong.

    Attributes:
        ident: Of the field, to go there; empty if the form has none for it.
        label: What the field is called, and what it stands in.
    """

    ident: str
    label: str
    sentence: str
    code: str


@dataclass(frozen=True, slots=True)
class FormSection:
    """Fields under a heading; those behind 更多 apart."""

    title: str
    fields: tuple[FormField, ...]
    rare: tuple[FormField, ...] = ()
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A whole form."""

    sections: tuple[FormSection, ...]
    problems: tuple[Problem, ...] = ()
