"""A CAP document as lines of an event, and back: what the event says by itself is left out of the lines.

The same ``Teller`` says on both ways what the event says for an element, so a line is written exactly where the two
differ.

Source: docs/decisions/0031-map-cap-both-ways.md
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from schemas.cap import BLOCKS, ELEMENTS, CapAlert, CapBlock, CapPair, Element, Shape
from schemas.errors import Fault
from schemas.information.alert_parts import Area, LocalText
from schemas.information.alerts import Alert, SucceedingAlert
from schemas.information.cap_lines import CapElement, CapLine
from services.domain.cap import (
    EVENT_NAME_MAX,
    GEOCODE,
    HEADLINE_MAX,
    LINE_MAX,
    NOTE_MAX,
    TEXT_MAX,
    cap_word,
    category_of,
    message_type,
    shortened,
    shortened_text,
    spelled,
)
from services.domain.cap_rules import elements_of

Told = str | CapPair

_ESCAPED: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\\\\]")
_NON_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_ESCAPE: Final = re.compile(r"\\(?:([\\es])|u([0-9a-f]{4})|U([0-9a-f]{8}))")
_PLAIN: Final = {"\\": "\\", "e": "", "s": " "}
_LAST_CHARACTER: Final = 0x10FFFF
_FOUR_DIGITS: Final = 0xFFFF

_SHORTENING: Final[dict[str, tuple[Callable[[str, int], str], int]]] = {
    "event": (shortened, EVENT_NAME_MAX),
    "headline": (shortened, HEADLINE_MAX),
    "description": (shortened_text, TEXT_MAX),
    "instruction": (shortened_text, TEXT_MAX),
    "areaDesc": (shortened, LINE_MAX),
    "note": (shortened_text, NOTE_MAX),
}
"""Where an event holds less than CAP: a longer text stands in its line, for as long as the event still shortens it."""

_OWNERS: Final[dict[str, type[CapBlock]]] = {
    element.tag: block for block, elements in ELEMENTS.items() for element in elements
}
_ELEMENTS: Final[dict[str, Element]] = {element.tag: element for row in ELEMENTS.values() for element in row}


def primary_of(languages: Sequence[str | None]) -> int:
    """Return the index of the info block that an event's own fields tell: the first Chinese one, else the first."""
    chinese = (i for i, language in enumerate(languages) if (language or "").strip().lower().startswith("zh"))
    return next(chinese, 0)


def language_owners(languages: Sequence[str | None]) -> dict[int, str]:
    """Return which further info blocks give the event's text of a language: the first of each other language."""
    first = primary_of(languages)
    seen = {_language(languages[first])} if languages else set()
    owners: dict[int, str] = {}
    for index, language in enumerate(languages):
        tag = _language(language)
        if index != first and tag not in seen:
            seen.add(tag)
            owners[index] = tag
    return owners


def _language(language: str | None) -> str:
    head, dash, rest = (language or "en-US").strip().partition("-")
    return head.lower() + dash + rest


def lines_of(document: CapAlert, alert: Alert) -> tuple[CapLine, ...]:
    """Return what a document says beyond an alert, one line an element.

    Raises:
        pydantic.ValidationError: A text is longer than a line may be.
    """
    teller = _Teller(alert, [info.language for info in document.infos])
    return tuple(_line(element, value, teller) for element, value in elements_of(document))


def _line(element: Element, value: object, teller: "_Teller") -> CapLine:
    name = CapElement(element.tag)
    if element.shape is Shape.BLOCK:
        teller.enter(element.tag)
        return CapLine(name=name)
    if teller.told(element.tag) == value:
        teller.take(element.tag)
        return CapLine(name=name)
    if isinstance(value, CapPair):
        return CapLine(name=name, key=escaped(value.name), value=escaped(value.value))
    if element.tag in _SHORTENING:
        teller.take(element.tag)
    return CapLine(name=name, value=escaped(str(value)))


def rebuilt(alert: Alert) -> CapAlert | Fault:
    """Return the CAP document that an alert was imported from, by the alert alone.

    Returns:
        The document with every correction that was made to the alert's own fields since, or why the alert's
        ``cap_lines`` make none.
    """
    texts = [line.value for line in alert.cap_lines if line.name is CapElement.LANGUAGE]
    if any(text is None for text in texts):
        return _astray("language")
    teller = _Teller(alert, list(_languages(alert.cap_lines)))
    builder = _Builder()
    for line in alert.cap_lines:
        fault = _put(line, teller, builder)
        if fault is not None:
            return fault
    return builder.document()


def _languages(lines: Sequence[CapLine]) -> Iterator[str | None]:
    """Give the language of each info block; it stands first in its block."""
    for place, line in enumerate(lines):
        if line.name is CapElement.INFO:
            following = lines[place + 1] if place + 1 < len(lines) else None
            is_language = following is not None and following.name is CapElement.LANGUAGE
            yield unescaped(following.value or "") if following is not None and is_language else None


def _put(line: CapLine, teller: "_Teller", builder: "_Builder") -> Fault | None:
    tag = line.name.value
    element = _ELEMENTS[tag]
    if element.shape is Shape.BLOCK:
        teller.enter(tag)
        return builder.begin(element)
    value = _value(line, element, teller)
    return _astray(tag) if value is None else builder.add(element, value)


def _value(line: CapLine, element: Element, teller: "_Teller") -> Told | None:
    tag = element.tag
    told = teller.told(tag)
    if line.value is None:
        teller.take(tag)
        return told
    value = unescaped(line.value)
    if element.shape is Shape.PAIR:
        return CapPair(unescaped(line.key or "\\e"), value)
    if tag not in _SHORTENING:
        return value
    teller.take(tag)
    shorten, limit = _SHORTENING[tag]
    kept = told is None or not teller.owns(tag) or shorten(value, limit) in {"", told}
    return value if kept else told


def _astray(tag: str) -> Fault:
    return Fault("cap.lines", f"cap_lines.{tag}", "these lines make no CAP document; leave them as they were imported")


class _Builder:
    """Blocks as they are filled, the innermost last."""

    def __init__(self) -> None:
        self._open: list[tuple[type[CapBlock], dict[str, Any]]] = [(CapAlert, {})]

    def begin(self, element: Element) -> Fault | None:
        if fault := self._close_down_to(_OWNERS[element.tag]):
            return fault
        self._open.append((BLOCKS[element.tag], {}))
        return None

    def add(self, element: Element, value: object) -> Fault | None:
        if fault := self._close_down_to(_OWNERS[element.tag]):
            return fault
        fields = self._open[-1][1]
        if element.many:
            fields.setdefault(element.field, []).append(value)
        elif element.field in fields:
            return _astray(element.tag)
        else:
            fields[element.field] = value
        return None

    def document(self) -> CapAlert | Fault:
        if fault := self._close_down_to(CapAlert):
            return fault
        whole = _made(*self._open[0])
        return whole if isinstance(whole, CapAlert) else _astray("alert")

    def _close_down_to(self, kind: type[CapBlock]) -> Fault | None:
        while self._open[-1][0] is not kind:
            if len(self._open) == 1:
                return _astray(kind.__name__)
            made_of, fields = self._open.pop()
            block = _made(made_of, fields)
            if block is None:
                return _astray(made_of.__name__)
            tag = next(tag for tag, one in BLOCKS.items() if one is made_of)
            self._open[-1][1].setdefault(_ELEMENTS[tag].field, []).append(block)
        return None


def _made(kind: type[CapBlock], fields: dict[str, Any]) -> CapBlock | None:
    whole: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    try:
        return kind(**whole)
    except TypeError:  # an element that every such block has is not there
        return None


class _Teller:
    """What an alert says for the elements of a document, asked in their order.

    Lists are told entry by entry: ``take`` goes on to the next one.
    """

    def __init__(self, alert: Alert, languages: Sequence[str | None]) -> None:
        self._alert = alert
        self._primary = primary_of(languages)
        self._owners = language_owners(languages)
        self._info = -1
        self._area = -1
        self._taken: dict[str, int] = {}

    def enter(self, tag: str) -> None:
        """A block begins."""
        if tag == "info":
            self._info, self._area, self._taken = self._info + 1, -1, {}
        elif tag == "area":
            self._area += 1
            for one in ELEMENTS[BLOCKS["area"]]:
                self._taken.pop(one.tag, None)

    def take(self, tag: str) -> None:
        """What was told for this element is said."""
        self._taken[tag] = self._taken.get(tag, 0) + 1

    def told(self, tag: str) -> Told | None:
        """Return what the alert says for this element now, None if nothing."""
        tell = _TELLING.get(tag)
        values = tell(self) if tell is not None else ()
        place = self._taken.get(tag, 0)
        return values[place] if place < len(values) else None

    @property
    def alert(self) -> Alert:
        """The alert that tells."""
        return self._alert

    @property
    def is_primary(self) -> bool:
        """Whether the block at hand is the one that the alert's own fields tell."""
        return self._info == self._primary

    def owns(self, tag: str) -> bool:
        """Whether a correction of the alert's own field corrects this element; areas are told to other blocks, too."""
        return tag != "areaDesc" or self.is_primary

    def area(self) -> Area | None:
        """Return the alert's area of the same number, if it has one."""
        areas = self._alert.areas
        return areas[self._area] if 0 <= self._area < len(areas) else None

    def text(self) -> Alert | LocalText | None:
        """Return whose headline, description and instruction the block at hand gives."""
        if self.is_primary:
            return self._alert
        language = self._owners.get(self._info)
        return next((text for text in self._alert.texts if text.lang == language), None)


Telling = Callable[[_Teller], Sequence[Told]]


def _present(*values: str | None) -> tuple[str, ...]:
    return tuple(value for value in values if value is not None)


def _of_text(name: str) -> Telling:
    def tell(teller: _Teller) -> Sequence[Told]:
        text = teller.text()
        return () if text is None else _present(getattr(text, name))

    return tell


def _of_area(read: Callable[[Area], Sequence[Told]]) -> Telling:
    def tell(teller: _Teller) -> Sequence[Told]:
        area = teller.area()
        return () if area is None else read(area)

    return tell


def _references(teller: _Teller) -> Sequence[Told]:
    alert = teller.alert
    if not isinstance(alert, SucceedingAlert):
        return ()
    named = [one.cap_reference for one in alert.predecessors]
    return () if None in named else (" ".join(name for name in named if name is not None),)


def _parameters(teller: _Teller) -> Sequence[Told]:
    return tuple(CapPair(one.name, one.value) for one in teller.alert.parameters) if teller.is_primary else ()


def _event_codes(teller: _Teller) -> Sequence[Told]:
    alert = teller.alert
    return (CapPair(alert.code_scheme, alert.event_code), *(CapPair(one.scheme, one.value) for one in alert.codes))


_TELLING: Final[dict[str, Telling]] = {
    "identifier": lambda teller: _present(teller.alert.cap_identifier),
    "msgType": lambda teller: (message_type(teller.alert),),
    "note": lambda teller: _present(teller.alert.note),
    "references": _references,
    "category": lambda teller: (category_of(teller.alert.event_class, teller.alert.event_code),),
    "event": lambda teller: (teller.alert.event_name,) if teller.is_primary else (),
    "responseType": lambda teller: [cap_word(one) for one in teller.alert.response_types],
    "urgency": lambda teller: (cap_word(teller.alert.urgency),),
    "severity": lambda teller: (cap_word(teller.alert.severity),),
    "certainty": lambda teller: (cap_word(teller.alert.certainty),),
    "eventCode": _event_codes,
    "effective": lambda teller: (spelled(teller.alert.effective),),
    "onset": lambda teller: (spelled(teller.alert.onset),) if teller.alert.onset else (),
    "expires": lambda teller: (spelled(teller.alert.expires),),
    "headline": _of_text("headline"),
    "description": _of_text("description"),
    "instruction": _of_text("instruction"),
    "parameter": _parameters,
    "areaDesc": _of_area(lambda area: (area.desc,)),
    "polygon": _of_area(lambda area: area.polygon),
    "circle": _of_area(lambda area: area.circle),
    "geocode": _of_area(lambda area: [CapPair(GEOCODE, code) for code in area.adcodes]),
    "altitude": _of_area(lambda area: _present(area.altitude)),
    "ceiling": _of_area(lambda area: _present(area.ceiling)),
}


def escaped(text: str) -> str:
    """Return a text as a line may hold it; ``unescaped`` gives it back, whatever it is."""
    if not text:
        return "\\e"
    out = _ESCAPED.sub(_escape, text)
    if not unicodedata.is_normalized("NFC", text):
        out = _NON_ASCII.sub(_escape, out)
    head = out[0]
    if head.isspace():
        out = _escape_character(head) + out[1:]
    return out[:-1] + _escape_character(out[-1]) if out[-1].isspace() else out


def _escape(found: re.Match[str]) -> str:
    return _escape_character(found[0])


def _escape_character(char: str) -> str:
    if char in {"\\", " "}:
        return "\\\\" if char == "\\" else "\\s"
    code = ord(char)
    return f"\\u{code:04x}" if code <= _FOUR_DIGITS else f"\\U{code:08x}"


def unescaped(text: str) -> str:
    """Return the text that a line holds; what is no escape stays as it is."""
    return _ESCAPE.sub(_unescape, text)


def _unescape(found: re.Match[str]) -> str:
    if found[1] is not None:
        return _PLAIN[found[1]]
    code = int(found[2] or found[3], 16)
    return chr(code) if code <= _LAST_CHARACTER else found[0]
