"""From what was typed into a form to the content that the API judges; nothing is judged here.

What cannot be read — a word where a number belongs — goes on as it was typed, so that the schema itself says what is
wrong with it, by the path of its field. What was typed comes back whole, rows numbered anew, to be shown again.

Source: docs/decisions/0042-make-forms-from-the-schemas.md
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import JsonValue

from schemas.errors import Fault
from services.domain.form_fields import SEVERAL, Input, Shape, Source
from services.domain.form_pairs import (
    ADD,
    REMOVE,
    Names,
    Pairs,
    Typed,
    act_of,
    entries_of,
    gathered,
    joined,
    tree_of,
)

MARK: Final = "row"
"""What a row says of itself, so that one of unticked boxes alone is still there."""
CHOSEN_FILE: Final = "file"
"""Step of a name under which a row says which known file it means."""
TRUE: Final = "true"
FALSE: Final = "false"
_UNKNOWN_MOST: Final = 5
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_MOMENT: Final = re.compile(
    r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?[T ]+([0-9]{1,2}):([0-9]{2})(:[0-9]{2}(?:\.[0-9]{1,9})?)?",
    re.ASCII,
)
_DAY: Final = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?", re.ASCII)
_PLAIN: Final[dict[int, str | int | None]] = {
    0x3000: " ",
    0x2212: "-",
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
}
_SEPARATORS: Final = re.compile(r"[\s,，、;；]+")


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that a page can offer: one that was shared before, or lies uploaded.

    Attributes:
        size: Bytes.
        sha256: Hexadecimal.
    """

    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ReadForm:
    """What a form says.

    Attributes:
        content: For the API: what is empty is left out.
        typed: What was typed, for showing it again; rows are numbered anew.
        faults: Of the form itself; the schema's come from the API.
        shown: Name of the list of which a row was added or removed; the form is then shown again and not sent.
    """

    content: dict[str, JsonValue]
    typed: Typed
    faults: tuple[Fault, ...] = ()
    shown: str = ""


@dataclass(slots=True)
class _Reading:
    got: Mapping[str, tuple[str, ...]]
    act: str
    files: Mapping[str, KnownFile]
    typed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def texts(self, name: str) -> tuple[str, ...]:
        self.used.add(name)
        return self.got.get(name, ())

    def begun(self) -> "_Reading":
        return replace(self, typed={})


def read_form(
    shapes: Sequence[Shape], pairs: Pairs, *, prefix: str = "content", files: Sequence[KnownFile] = ()
) -> ReadForm:
    """Read what was typed.

    Args:
        shapes: Of the form that was shown, see ``shapes_of``.
        pairs: Names and texts as they came; fields of the page that lie outside ``prefix`` are passed over.
        prefix: First step of the names.
        files: Known to the page: a row that chooses one takes its name, type, size and digest from here.
    """
    pairs = list(pairs)
    got, fault = gathered(pairs, prefix)
    if fault is not None:
        return ReadForm({}, {}, (fault,))
    reading = _Reading(got, act_of(pairs), {one.sha256: one for one in files})
    names = tree_of(got)
    content = _read_parts(shapes, prefix, prefix, names.at(prefix) if prefix else names, reading)
    unknown = [name for name in got if name not in reading.used]
    faults = tuple(
        Fault("form.unknown_field", name, "this form has no such field; load the page anew")
        for name in unknown[:_UNKNOWN_MOST]
    )
    return ReadForm(content, reading.typed, faults, _shown(reading.act))


def _shown(act: str) -> str:
    if act.startswith(REMOVE):
        return act.removeprefix(REMOVE).rpartition(".")[0]
    return act.removeprefix(ADD)


def _read_parts(parts: Sequence[Shape], old: str, new: str, names: Names, reading: _Reading) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for part in parts:
        key = part.key
        value = _read(part, joined(old, key), joined(new, key), names.at(key), reading)
        if value is not None:
            found[key] = value
    return found


def _read(shape: Shape, old: str, new: str, names: Names, reading: _Reading) -> JsonValue:
    if shape.input is Input.GROUP:
        inner = _read_parts(shape.parts, old, new, names, reading)
        return inner if shape.required or any(value != [] for value in inner.values()) else None
    if shape.input is Input.ROWS:
        return _read_rows(shape, old, new, names, reading)
    texts = reading.texts(old)
    if texts:
        reading.typed[new] = texts
    return _value_of(shape, texts)


def _read_rows(shape: Shape, old: str, new: str, names: Names, reading: _Reading) -> JsonValue:
    rows: list[JsonValue] = []
    numbers = names.rows()
    spare = 0 if reading.act else len(numbers) - (shape.least or 0)
    for number in numbers:
        was, now = f"{old}.{number}", f"{new}.{len(rows)}"
        inner = reading.begun()
        row = _read_row(shape, was, now, names.at(str(number)), inner)
        if reading.act == REMOVE + was:
            continue
        if spare > 0 and not _is_filled(shape, inner.typed, now):
            spare -= 1  # nobody wrote into it: it was offered, or added by mistake
            continue
        reading.typed |= inner.typed
        reading.typed.setdefault(now, (MARK,))
        rows.append(row)
    if reading.act == ADD + old and (shape.most is None or len(rows) < shape.most):
        reading.typed[f"{new}.{len(rows)}"] = (MARK,) if shape.entry is None else ("",)
        rows.append({} if shape.entry is None else "")
    return rows or ([] if shape.required else None)


def _read_row(shape: Shape, old: str, new: str, names: Names, reading: _Reading) -> JsonValue:
    texts = reading.texts(old)
    if shape.entry is not None:
        reading.typed[new] = texts[:1] or ("",)
        return _value_of(shape.entry, texts) or ""
    row = _read_parts(shape.parts, old, new, names, reading)
    if shape.bears_file:
        _take_file(shape, joined(old, CHOSEN_FILE), new, row, reading)
    return row


def _take_file(shape: Shape, old: str, new: str, row: dict[str, JsonValue], reading: _Reading) -> None:
    chosen = reading.files.get("".join(reading.texts(old)[:1]))
    if chosen is None:
        return
    facts: dict[str, JsonValue] = {
        "media_type": chosen.media_type,
        "size": chosen.size,
        "sha256": chosen.sha256,
    }
    told = next((part.key for part in shape.parts if part.key in {"name", "desc"} and part.key not in row), None)
    for key, value in (facts | ({told: chosen.name} if told else {})).items():
        row[key] = value
        reading.typed[joined(new, key)] = (str(value),)


def _is_filled(shape: Shape, typed: Typed, row: str) -> bool:
    defaults = {joined(row, part.key): part.default for part in shape.parts}
    return any(
        text.strip() not in {"", defaults.get(name, "")}
        for name, texts in typed.items()
        if name != row or shape.entry is not None
        for text in texts
    )


def _value_of(shape: Shape, texts: Sequence[str]) -> JsonValue:
    if shape.input in SEVERAL:
        return _list_of(shape, texts)
    text = texts[0] if texts else ""
    match shape.input:
        case Input.TEXT:
            read: JsonValue = text.replace("\r\n", "\n").replace("\r", "\n").strip()
        case Input.INTEGER | Input.LEVEL:
            read = _whole(text)
        case Input.TIME:
            read = _moment(text)
        case Input.DATE:
            read = _day(text)
        case Input.CHECK | Input.YES_NO:
            read = _truth(text, asked=shape.input is Input.YES_NO)
        case Input.NUMBER:
            read = text.translate(_PLAIN).strip()
        case _:
            read = (text.translate(_PLAIN) if shape.latin else text).strip()
    return None if read == "" else read


def _list_of(shape: Shape, texts: Sequence[str]) -> JsonValue:
    entries = list(entries_of(texts))
    if shape.source is Source.COUNTY:
        entries = [code for entry in entries for code in _SEPARATORS.split(entry.translate(_PLAIN)) if code]
    elif shape.latin:
        entries = [entry.translate(_PLAIN) for entry in entries]
    found: list[JsonValue] = list(dict.fromkeys(entries)) if shape.source is not None else list(entries)
    return found or ([] if shape.required else None)


def _whole(text: str) -> JsonValue:
    plain = text.translate(_PLAIN).strip()
    return int(plain) if _WHOLE.fullmatch(plain) else plain


def _truth(text: str, *, asked: bool) -> JsonValue:
    if text == TRUE:
        return True
    if text == FALSE and asked:
        return False
    return text


def _moment(text: str) -> str:
    plain = text.translate(_PLAIN).strip()
    found = _MOMENT.fullmatch(plain)
    if found is None:
        return plain
    year, month, day, hour, minute, second = found.groups()
    return f"{year}-{month:0>2}-{day:0>2}T{hour:0>2}:{minute}{second or ':00'}+08:00"


def _day(text: str) -> str:
    plain = text.translate(_PLAIN).strip()
    found = _DAY.fullmatch(plain)
    return f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}" if found else plain
