"""Small forms: what a next act asks for, in few fields; read back into the content that the API takes.

A form is made anew from what stands now whenever something is sent, so what an officer cannot choose is never read
from what was sent. What fits is for the API to say.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, urlencode

from pydantic import JsonValue

from schemas.errors import Fault
from services.console.visit import Form

Choices = tuple[tuple[str, str], ...]
"""Value as it travels, and what an officer reads."""
CONTENT: Final = "content."
FILE_PARTS: Final = ("upload", "name", "sent", "sha256")
"""What a form keeps of a file: its number at the node, how it is called, the event that carries it, its digest."""
_NUMBER_DIGITS: Final = 15


class Kind(StrEnum):
    """What a field is, on the page and in the content."""

    FIXED = "fixed"
    """Nobody fills it in: it follows from what stands."""
    TEXT = "text"
    LONG = "long"
    LINES = "lines"
    """One text a line: a list."""
    DAY = "day"
    MOMENT = "moment"
    NUMBER = "number"
    FLAG = "flag"
    CHOICE = "choice"
    CHOICES = "choices"
    """Boxes to tick: a list."""
    FILE = "file"
    """A file of the officer's computer, or what was handed to the node before; the page that asks for it reads it."""
    SEVERAL = "several"
    """One choice that fills several fields: its value is spelled like a query."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One field.

    Attributes:
        name: In the content; a dot leads into what stands inside.
        value: At first; of several, with commas between; of a file, the endings that its chooser offers.
        length: Characters at most.
    """

    name: str
    label: str
    kind: Kind
    choices: Choices = ()
    value: str = ""
    required: bool = True
    hint: str = ""
    length: int = 120


@dataclass(frozen=True, slots=True)
class SmallForm:
    """What one act asks for.

    Attributes:
        key: Unique on its page.
        danger: It ends something.
    """

    key: str
    title: str
    asks: tuple[Ask, ...]
    hint: str = ""
    danger: bool = False

    @property
    def takes_files(self) -> bool:
        """Files go with it."""
        return any(ask.kind is Kind.FILE for ask in self.asks)


@dataclass(frozen=True, slots=True)
class ShownAsk:
    """A field on a page: its id, what stands in it, what is wrong with it."""

    ask: Ask
    id: str
    values: tuple[str, ...]
    errors: tuple[Fault, ...]

    @property
    def value(self) -> str:
        """What stands in it, if it is one thing."""
        return self.values[0] if self.values else ""

    @property
    def held(self) -> Choices:
        """Of a file: the names of hidden fields, and what stands in them once it was handed to the node."""
        base = self.ask.name.rpartition(".")[0]
        return tuple(zip((f"{base}.{part}" for part in FILE_PARTS), self.values, strict=True))


@dataclass(frozen=True, slots=True)
class ShownForm:
    """A form on a page.

    Attributes:
        once: Makes that pressing twice does it once.
        errors: What is wrong and stands at no field.
        refused: The API has just refused it; what was typed stands in it.
    """

    form: SmallForm
    fields: tuple[ShownAsk, ...]
    once: str
    errors: tuple[Fault, ...] = ()
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """What was sent and why it was not taken."""

    key: str
    typed: Form
    faults: Sequence[Fault]


def words(members: Iterable[StrEnum], said: Mapping[str, str]) -> Choices:
    """Return the members of an enumeration as choices."""
    return tuple((one.value, said[one.value]) for one in members)


def spelled(**fields: str) -> str:
    """Spell what one choice of ``SEVERAL`` fills in."""
    return urlencode(fields)


def today_ask(name: str, label: str, today: date) -> Ask:
    """Return a field for a day that is usually today."""
    return Ask(name, label, Kind.DAY, value=today.isoformat())


def note_ask(name: str, label: str, *, required: bool = True, length: int = 500) -> Ask:
    """Return a field for some sentences."""
    return Ask(name, label, Kind.LONG, required=required, length=length)


def is_fillable(form: SmallForm) -> bool:
    """Tell whether there is something to choose wherever something must be chosen."""
    chosen = (Kind.CHOICE, Kind.CHOICES, Kind.SEVERAL)
    return all(ask.choices or not ask.required for ask in form.asks if ask.kind in chosen)


def shown(form: SmallForm, once: str, refused: Refused | None = None) -> ShownForm:
    """Put a form on a page; what was typed before it was refused stands in it again."""
    mine = refused if refused is not None and refused.key == form.key else None
    asks = [ask for ask in form.asks if ask.kind is not Kind.FIXED]
    faults = tuple(mine.faults) if mine else ()
    fields = tuple(
        ShownAsk(ask, f"{form.key}-{ask.name}".replace(".", "-"), _values(ask, mine), _at(ask, faults)) for ask in asks
    )
    told = {id(fault) for field in fields for fault in field.errors}
    rest = tuple(fault for fault in faults if id(fault) not in told)
    return ShownForm(form, fields, once, rest, mine is not None)


def content_of(form: SmallForm, typed: Form) -> dict[str, JsonValue]:
    """Return the content that was filled in; what was left empty is left out, so the API names what is missing."""
    content: dict[str, JsonValue] = {}
    for ask in form.asks:
        if ask.kind is Kind.FILE:
            continue
        if ask.kind is Kind.SEVERAL:
            chosen = next((value for value, _ in ask.choices if value == typed.get(ask.name)), "")
            content |= dict(parse_qsl(chosen))
            continue
        value = ask.value if ask.kind is Kind.FIXED else _read(ask, typed)
        if value is not None and value != "":
            _put(content, ask.name, value)
    return content


def _values(ask: Ask, refused: Refused | None) -> tuple[str, ...]:
    if ask.kind is Kind.FILE:
        base = ask.name.rpartition(".")[0]
        return tuple(refused.typed.get(f"{base}.{part}") if refused else "" for part in FILE_PARTS)
    if refused is not None:
        return refused.typed.all(ask.name)
    return tuple(ask.value.split(",")) if ask.kind is Kind.CHOICES else (ask.value,)


def _at(ask: Ask, faults: Iterable[Fault]) -> tuple[Fault, ...]:
    name = CONTENT + ask.name
    return tuple(one for one in faults if one.field == name or one.field.startswith(f"{name}."))


def _read(ask: Ask, typed: Form) -> JsonValue:
    text = typed.get(ask.name)
    match ask.kind:
        case Kind.FLAG:
            return text == "true"
        case Kind.CHOICES:
            return list(typed.all(ask.name))
        case Kind.LINES:
            return [line.strip() for line in text.split("\n") if line.strip()]
        case Kind.NUMBER:
            return _number(text)
        case Kind.MOMENT:
            return f"{text}:00.000+08:00" if len(text) == len("2026-03-04T08:00") else text
        case _:
            return text


def _number(text: str) -> JsonValue:
    plain = text.isascii() and text.isdigit() and len(text) <= _NUMBER_DIGITS
    return int(text) if plain else text  # what is no number goes on as it is, for the API to name the mend


def _put(content: dict[str, JsonValue], name: str, value: JsonValue) -> None:
    outer, _, inner = name.partition(".")
    if not inner:
        content[outer] = value
        return
    held = content.setdefault(outer, {})
    if isinstance(held, dict):
        held[inner] = value
