"""What a search reads: the texts of an event, how they are compared, and what somebody asked for.

A text is compared after NFKC and case folding, without unseen characters and without blanks beside Chinese: a line
broken within a word hides nothing. A word is found wherever it stands in a text, as people look for words in Chinese,
which has no blanks between them.

Source: docs/decisions/0037-search-by-a-keyed-index.md
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final

from pydantic import JsonValue

from schemas.base import InformationClass
from schemas.catalogue import json_schema, model_of
from schemas.errors import Fault
from schemas.forms import ESCAPED_PATTERN, FILE_NAME_PATTERN, LINE_PATTERN, TEXT_PATTERN
from schemas.records import StoredEvent
from services.domain.reading import content_of

QUERY_MOST: Final = 64
"""Characters of what is asked for."""
WORDS_MOST: Final = 8
PAIR: Final = 2
"""Characters that the index goes by; a word must have as many."""

_HUMAN: Final = frozenset({LINE_PATTERN, TEXT_PATTERN, ESCAPED_PATTERN, FILE_NAME_PATTERN})
"""Forms in which people write; every other form of a string is that of a code, a digest, a time or a number."""
_UNSEEN: Final = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_BLANKS: Final = re.compile(r"\s+")
_BESIDE_CHINESE: Final = re.compile(r"(?<=[^ -~]) | (?=[^ -~])")
_AROUND: Final = 16  # characters shown before a word that was found
_SHOWN: Final = 48  # and from its beginning on


def normalised(text: str) -> str:
    """Return a text in the form in which texts are compared."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    if not plain.isascii():
        plain = _UNSEEN.sub("", unicodedata.normalize("NFKC", plain))
    parts = plain.split()
    return parts[0] if len(parts) == 1 else _BESIDE_CHINESE.sub("", " ".join(parts))


@dataclass(frozen=True, slots=True)
class Text:
    """A text of an event, as its author wrote it; ``field`` has dots between names and no indices."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for: words that must all occur in an event, each anywhere in its texts; at least one has a pair."""

    words: tuple[str, ...]

    @property
    def pairs(self) -> tuple[str, ...]:
        """Return the pairs of characters that every event asked for has, those of the longest word first."""
        longest_first = sorted(self.words, key=len, reverse=True)
        return tuple(dict.fromkeys(pair for word in longest_first for pair in pairs_of(word)))


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a word was found, as its author wrote it."""

    field: str
    before: str
    found: str
    after: str


def pairs_of(plain: str) -> list[str]:
    """Return each two neighbouring characters of a normalised text that no blank parts."""
    pairs = [plain[at : at + PAIR] for at in range(len(plain) - 1)]
    return [pair for pair in pairs if " " not in pair] if " " in plain else pairs


def read_query(text: str) -> Query | Fault:
    """Read what somebody typed, at most ``QUERY_MOST`` characters: words with blanks between."""
    words = tuple(dict.fromkeys(one for part in text.split() for one in normalised(part).split(" ") if one))
    if not any(len(word) >= PAIR for word in words):
        return Fault("query.too_short", "q", "write a word of two characters or more; one alone stands everywhere")
    if len(words) > WORDS_MOST:
        return Fault("query.too_many_words", "q", f"write at most {WORDS_MOST} words")
    return Query(words)


def texts_of(event: StoredEvent) -> list[Text]:
    """Return every text that a person wrote into an event: none of an erased one, and none of personal content."""
    header = event.envelope.header
    if header.information_class is InformationClass.PERSONAL:
        return []
    return texts_in(header.type, content_of(event))


def texts_in(wire_type: str, content: bytes) -> list[Text]:
    """Return the texts in a content of a type."""
    tree = _tree_of(wire_type)
    if tree is None or not content:
        return []
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return []
    return list(_found(value, tree, ""))


def find(query: Query, texts: Sequence[Text]) -> Hit | None:
    """Tell where the longest word of a query is, if all its words occur."""
    plain = [normalised(one.text) for one in texts]
    where = {word: next((at for at, text in enumerate(plain) if word in text), None) for word in query.words}
    if None in where.values():
        return None
    longest = max(query.words, key=len)
    place = next(at for at, text in enumerate(plain) if longest in text)
    return _hit(texts[place], plain[place], longest)


def _hit(text: Text, plain: str, word: str) -> Hit:
    start = plain.index(word)
    spelled, ends = _traced(text.text, plain)
    first = ends[start - 1] if start else 0
    last = ends[start + len(word) - 1]
    before, found, after = spelled[:first], spelled[first:last], spelled[last:]
    left, right = _BLANKS.sub(" ", before), _BLANKS.sub(" ", after)
    cut_left = f"…{left[-_AROUND:]}" if len(left) > _AROUND else left
    cut_right = f"{right[:_SHOWN]}…" if len(right) > _SHOWN else right
    return Hit(text.field, cut_left.lstrip(), found.strip(), cut_right.rstrip())


def _traced(text: str, plain: str) -> tuple[str, list[int]]:
    """Return a text, and for each character of its normalised form where its origin ends in it.

    Where the two cannot be laid side by side (letters that were composed), the normalised text stands for the other.
    """
    ends: list[int] = []
    rest = 0
    for at, char in enumerate(text):
        for one in _folded(char):
            if rest < len(plain) and plain[rest] == (" " if one.isspace() else one):
                ends.append(at + 1)
                rest += 1
    return (text, ends) if rest == len(plain) else (plain, list(range(1, len(plain) + 1)))


@lru_cache(maxsize=1 << 14)
def _folded(char: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", char).casefold())


@dataclass(slots=True)
class _Tree:
    """Where texts are in a content: here, or below named fields. Lists have no names and are passed through."""

    is_text: bool = False
    below: dict[str, "_Tree"] = field(default_factory=dict)


@cache
def _tree_of(wire_type: str) -> _Tree | None:
    model = model_of(wire_type)
    if model is None:
        return None
    schema, tree = json_schema(model), _Tree()
    _grow(tree, schema, schema.get("$defs", {}))
    return tree


def _grow(tree: _Tree, schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> None:
    """Add what a JSON Schema says; no type of the catalogue contains itself."""
    if "$ref" in schema:
        _grow(tree, definitions[schema["$ref"].rpartition("/")[2]], definitions)
    for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        _grow(tree, one, definitions)
    if schema.get("type") == "string" and _is_human(schema):
        tree.is_text = True
    if isinstance(schema.get("items"), dict):
        _grow(tree, schema["items"], definitions)
    for name, one in schema.get("properties", {}).items():
        grown = tree.below.get(name, _Tree())
        _grow(grown, one, definitions)
        if grown.is_text or grown.below:
            tree.below[name] = grown


def _is_human(schema: Mapping[str, Any]) -> bool:
    if {"enum", "const", "format"} & schema.keys():
        return False
    return schema.get("pattern") in _HUMAN or "pattern" not in schema


def _found(value: JsonValue, tree: _Tree, path: str) -> Iterator[Text]:
    if isinstance(value, str):
        if tree.is_text:
            yield Text(path, value)
    elif isinstance(value, list):
        for one in value:
            yield from _found(one, tree, path)
    elif isinstance(value, dict):
        for name, below in tree.below.items():
            if name in value:
                yield from _found(value[name], below, f"{path}.{name}" if path else name)
