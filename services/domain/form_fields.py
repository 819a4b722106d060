"""What a form asks for, read off a schema: every field with its Chinese words, its kind of input and its limits.

A form says nothing that its schema does not: which fields there are, which must be filled in, what may stand in them.
What the schema cannot say — how a field is called, what helps whoever fills it in, which fields are seldom used — are
tables of words beside it.

Source: docs/decisions/0042-make-forms-from-the-schemas.md
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum, StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Final, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import AwareDatetime, BaseModel, StringConstraints
from pydantic.fields import FieldInfo

from schemas.errors import InvariantError
from schemas.forms import (
    AMOUNT_PATTERN,
    DECIMAL_PATTERN,
    EVENT_CODE_PATTERN,
    FILE_NAME_PATTERN,
    LINE_PATTERN,
    MEDIATOR_PATTERN,
    PARTY_PATTERN,
    TEXT_PATTERN,
)
from schemas.ids import COUNTY_PATTERN, HEX64_PATTERN
from services.domain.form_help import Limits, event_codes, help_of
from services.domain.form_layout import LEFT_OUT, RARE
from services.domain.form_words import LEVELS, SUGGESTIONS, UNITS, label_of, value_of

SENTENCE: Final = 200
"""Texts that may be longer than this get a box of several lines."""


class Input(StrEnum):
    """How a field is filled in."""

    LINE = "line"
    TEXT = "text"
    LINES = "lines"
    """Several short texts, one a line."""
    INTEGER = "integer"
    NUMBER = "number"
    """A decimal, which travels as a string."""
    DATE = "date"
    TIME = "time"
    """Date and time of day, in Beijing time."""
    CHOICE = "choice"
    LEVEL = "level"
    """A choice whose values are whole numbers."""
    CHOICES = "choices"
    YES_NO = "yes_no"
    """A question that must be answered."""
    CHECK = "check"
    GROUP = "group"
    ROWS = "rows"


class Source(StrEnum):
    """From where a page can offer what may stand in a field."""

    COUNTY = "county"
    PARTY = "party"
    MEDIATOR = "mediator"
    FILE = "file"


SEVERAL: Final = frozenset({Input.LINES, Input.CHOICES})
"""Whose value is a list."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value and what it is called."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Shape:
    """One field as a form asks for it.

    Attributes:
        key: Its name in the content.
        label: Its name in Chinese.
        required: Whether the schema refuses a content without it.
        default: What stands in it at first.
        longest: Characters at most.
        least: Smallest number, or fewest entries of a list.
        most: Largest number, or most entries of a list.
        unit: Written behind the input.
        choices: What may stand in it; the first choice of a field that may stay empty is made by the form.
        suggestions: What often stands in it, although other texts may, too.
        source: From where a page may offer choices.
        parts: Fields of a group, or of one row.
        entry: What one row is where it is no group.
        rare: Shown only to whoever asks for it.
        bears_file: A row that names a file: a page that knows files lets one be chosen.
        latin: Digits and letters alone: those of a Chinese keyboard, which are wider, are read as the plain ones.
    """

    key: str
    label: str
    input: Input
    required: bool = True
    help: str = ""
    default: str = ""
    longest: int | None = None
    least: int | None = None
    most: int | None = None
    unit: str = ""
    choices: tuple[Choice, ...] = ()
    suggestions: tuple[Choice, ...] = ()
    source: Source | None = None
    parts: "tuple[Shape, ...]" = ()
    entry: "Shape | None" = None
    rare: bool = False
    bears_file: bool = False
    latin: bool = False


@dataclass(frozen=True, slots=True)
class _Type:
    """What an annotation says once its wrappings are off."""

    of: object
    optional: bool = False
    pattern: str = ""
    longest: int | None = None
    fewest: int | None = None
    least: int | None = None
    most: int | None = None


@cache
def shapes_of(model: type[BaseModel], without: frozenset[str] = frozenset()) -> tuple[Shape, ...]:
    """Return the fields of a model in the order in which a form asks for them.

    Args:
        model: Of a content, or of a draft.
        without: Names that this form does not ask for, e.g. because its page knows them.

    Raises:
        InvariantError: A field has a type that no input was made for yet.
    """
    return tuple(_shapes(model, model.__name__, without))


def _shapes(model: type[BaseModel], place: str, without: frozenset[str]) -> Iterator[Shape]:
    for name, info in model.model_fields.items():
        key = info.alias or name
        if key in without or key in LEFT_OUT.get(model.__name__, frozenset()):
            continue
        plain = _unwrapped(info.annotation, _Type(object), info.metadata)
        if plain.least is not None and plain.least == plain.most and not info.is_required():
            continue  # only one value may stand there, and it does
        shape = _shape(key, plain, f"{place}.{key}", required=info.is_required())
        default = info.default if not info.is_required() else None
        yield replace(
            shape,
            default=_spelt(default),
            rare=key in RARE.get(model.__name__, frozenset()),
        )


def _unwrapped(annotation: object, found: _Type, metadata: Iterable[object] = ()) -> _Type:
    found = _narrowed(found, metadata)
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _unwrapped(inner[0], found, inner[1:])
    if origin in {Union, UnionType}:
        kept = [one for one in inner if one is not NoneType]
        if len(kept) != 1:
            raise InvariantError(f"no form is made for a field that is one of several types: {annotation}")
        return _unwrapped(kept[0], replace(found, optional=True))
    supertype = getattr(annotation, "__supertype__", None)
    return _unwrapped(supertype, found) if supertype is not None else replace(found, of=annotation)


def _narrowed(found: _Type, metadata: Iterable[object]) -> _Type:
    for one in metadata:
        match one:
            case FieldInfo():
                found = _narrowed(found, one.metadata)
            case StringConstraints():
                found = replace(
                    found,
                    pattern=str(one.pattern or found.pattern),
                    longest=_tighter(found.longest, one.max_length),
                    fewest=one.min_length if one.min_length is not None else found.fewest,
                )
            case MaxLen():
                found = replace(found, longest=_tighter(found.longest, one.max_length))
            case MinLen():
                found = replace(found, fewest=one.min_length)
            case Ge(ge=int() as least):
                found = replace(found, least=least)
            case Le(le=int() as most):
                found = replace(found, most=most)
            case _:
                pass
    return found


def _tighter(one: int | None, other: int | None) -> int | None:
    return min((length for length in (one, other) if length is not None), default=None)


def _shape(key: str, found: _Type, place: str, *, required: bool) -> Shape:
    bare = Shape(
        key=key,
        label=label_of(place),
        input=Input.LINE,
        required=required,
        unit=UNITS.get(key, ""),
        suggestions=_choices(SUGGESTIONS.get(key, {})),
    )
    made = _typed(bare, found, place)
    return replace(
        made,
        help=help_of(
            place, _limits(made, found), one_a_line=made.input is Input.LINES and made.source is not Source.COUNTY
        ),
    )


def _limits(shape: Shape, found: _Type) -> Limits:
    several = shape.input in SEVERAL or shape.input is Input.ROWS
    entry = _unwrapped(get_args(found.of)[0], _Type(object)) if get_origin(found.of) is tuple else found
    offered = bool(shape.choices) or shape.source is Source.COUNTY
    return Limits(
        pattern="" if offered else entry.pattern,
        longest=None if offered or several else found.longest,
        entry_longest=entry.longest if shape.input is Input.LINES and not offered else None,
        fewest=shape.least if several else None,
        entries=shape.most if several and not shape.choices else None,
        least=None if several or shape.input is not Input.INTEGER else found.least,
        most=None if several or shape.input is not Input.INTEGER else found.most,
    )


def _typed(bare: Shape, found: _Type, place: str) -> Shape:
    if get_origin(found.of) is tuple:
        return _listed(bare, found, place)
    if not isinstance(found.of, type):
        raise InvariantError(f"{place}: no input is made for {found.of}")
    of = found.of
    for kind, made in _KINDS:
        if issubclass(of, kind):
            return made(bare, found, place)
    raise InvariantError(f"{place}: no input is made for {of}")


def _group(bare: Shape, found: _Type, _: str) -> Shape:
    return replace(bare, input=Input.GROUP, parts=_parts_of(found.of))


def _choice(bare: Shape, found: _Type, place: str) -> Shape:
    return replace(bare, input=Input.CHOICE, choices=_members(found.of, place))


def _truth(bare: Shape, *_: object) -> Shape:
    return replace(bare, input=Input.YES_NO if bare.required else Input.CHECK)


def _moment(bare: Shape, *_: object) -> Shape:
    return replace(bare, input=Input.TIME)


def _day(bare: Shape, *_: object) -> Shape:
    return replace(bare, input=Input.DATE)


def _whole(bare: Shape, found: _Type, _: str) -> Shape:
    shape = replace(bare, least=found.least, most=found.most)
    words = LEVELS.get(shape.key)
    if words is None:
        return replace(shape, input=Input.INTEGER)
    return replace(shape, input=Input.LEVEL, choices=_choices(words))


_WRITTEN: Final = frozenset({"", LINE_PATTERN, TEXT_PATTERN, FILE_NAME_PATTERN})
_NUMBERS: Final = frozenset({AMOUNT_PATTERN, DECIMAL_PATTERN})
_SOURCES: Final[Mapping[str, Source]] = {
    COUNTY_PATTERN: Source.COUNTY,
    PARTY_PATTERN: Source.PARTY,
    MEDIATOR_PATTERN: Source.MEDIATOR,
}


def _text(shape: Shape, found: _Type, _: str) -> Shape:
    shape = replace(shape, longest=found.longest, source=_source(shape.key, found), latin=found.pattern not in _WRITTEN)
    if found.pattern in _NUMBERS:
        return replace(shape, input=Input.NUMBER)
    if found.pattern == EVENT_CODE_PATTERN and shape.key == "event_code":
        return replace(shape, suggestions=_choices(event_codes()))
    if found.pattern == TEXT_PATTERN or (found.pattern != LINE_PATTERN and (found.longest or 0) > SENTENCE):
        return replace(shape, input=Input.TEXT)
    return shape


# The first that fits: a choice is a text as well, a truth a number, a moment a day.
_KINDS: Final[tuple[tuple[type, Callable[[Shape, _Type, str], Shape]], ...]] = (
    (BaseModel, _group),
    (Enum, _choice),
    (bool, _truth),
    (int, _whole),
    (AwareDatetime, _moment),
    (datetime, _moment),
    (date, _day),
    (str, _text),
)


def _source(key: str, found: _Type) -> Source | None:
    if found.pattern == HEX64_PATTERN and key.endswith("sha256"):
        return Source.FILE
    return _SOURCES.get(found.pattern)


def _listed(bare: Shape, found: _Type, place: str) -> Shape:
    within = _unwrapped(get_args(found.of)[0], _Type(object))
    counted = replace(bare, least=found.fewest, most=found.longest)
    if isinstance(within.of, type) and issubclass(within.of, BaseModel):
        parts = _parts_of(within.of)
        file = {"media_type", "size", "sha256"} <= {one.key for one in parts}
        return replace(counted, input=Input.ROWS, parts=parts, bears_file=file)
    if isinstance(within.of, type) and issubclass(within.of, Enum):
        return replace(counted, input=Input.CHOICES, choices=_members(within.of, place))
    if within.pattern == TEXT_PATTERN:
        entry = Shape(bare.key, bare.label, Input.TEXT, longest=within.longest)
        return replace(counted, input=Input.ROWS, entry=entry)
    latin = within.pattern not in _WRITTEN
    return replace(counted, input=Input.LINES, longest=within.longest, source=_source(bare.key, within), latin=latin)


def _parts_of(model: object) -> tuple[Shape, ...]:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise InvariantError(f"{model} is no model")
    return tuple(_shapes(model, model.__name__, frozenset()))


def _members(members: object, place: str) -> tuple[Choice, ...]:
    if not (isinstance(members, type) and issubclass(members, Enum)):
        raise InvariantError(f"{place}: {members} is no enumeration")
    return tuple(Choice(str(one.value), value_of(place, str(one.value))) for one in members)


def _choices(words: Mapping[str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(value, label) for value, label in words.items())


def _spelt(default: object) -> str:
    if isinstance(default, bool) or default is None or isinstance(default, tuple):
        return ""  # a box that is not ticked, an empty list
    return str(default.value if isinstance(default, Enum) else default)
