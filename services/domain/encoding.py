"""Bytes to sign, digests, base64url, and the strict JSON profile.

Source: docs/protocol.md, sections "Encoding" and "Strict profile"; the pre-authentication encoding
is that of DSSE v1 (secure-systems-lab/dsse), with lengths counted in bytes.
"""

import base64
import binascii
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import JsonValue
from pydantic_core import to_json

from schemas.envelope import MAX_DEPTH, MAX_INTEGER
from schemas.errors import Fault, InvariantError

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
MAX_VALUES: Final = 20_000
"""More values than any content needs: each one costs time at both ends."""
_INTEGER_DIGITS: Final = 17  # 2^53 has 16 digits, and one more for the sign


def digest_of(data: bytes) -> str:
    """Return the lowercase hex SHA-256 of ``data`` (64 characters)."""
    return hashlib.sha256(data).hexdigest()


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes to sign: ``DSSEv1 SP len(type) SP type SP len(payload) SP payload``."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def length_prefixed(parts: Iterable[str]) -> bytes:
    """Join texts so that no two different lists give the same bytes: each behind its 4-byte big-endian length."""
    out = bytearray()
    for part in parts:
        data = part.encode()
        out += len(data).to_bytes(4, "big") + data
    return bytes(out)


def to_base64url(data: bytes) -> str:
    """Encode without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes | None:
    """Decode unpadded canonical base64url; None if it is anything else.

    Python's decoder skips foreign characters and ignores stray bits, so the answer is encoded
    again and compared: one value has one spelling.
    """
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError):
        return None
    return data if to_base64url(data) == text else None


def compact_json(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Serialise for signing or digesting: UTF-8, no spaces, keys in the given order.

    Args:
        value: Of the strict profile, so it holds no float.
    """
    return to_json(value)


class _StrictnessError(ValueError):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _StrictnessError(Fault("json.duplicate_key", twice, "the key stands twice in one object; keep one"))
    return found


def _no_float(text: str) -> JsonValue:
    raise _StrictnessError(Fault("json.float", "", f"write the number {text[:20]} as a string; floats are refused"))


def _integer(text: str) -> int:
    if len(text) <= _INTEGER_DIGITS and abs(value := int(text)) <= MAX_INTEGER:
        return value
    raise _StrictnessError(Fault("json.integer_too_large", "", "integers stay below 2^53; use a string"))


def _no_constant(text: str) -> JsonValue:
    raise _StrictnessError(Fault("json.float", "", f"{text} is no JSON value"))


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_no_float, parse_int=_integer, parse_constant=_no_constant
)


def parse_strict(data: bytes, *, max_bytes: int, what: str = "body", max_values: int = MAX_VALUES) -> JsonValue | Fault:
    """Parse JSON of the strict profile.

    Args:
        data: UTF-8, NFC, no duplicate key, no float, integers below 2^53, depth at most 8.
        max_bytes: Upper bound on ``len(data)``.
        what: Names the input in faults.
        max_values: Upper bound on the values in it.

    Returns:
        The value, or the first fault.
    """
    text = _text_of(data, max_bytes, what, max_values)
    if isinstance(text, Fault):
        return text
    try:
        value = _DECODER.decode(text)
    except _StrictnessError as exc:
        return exc.fault
    except RecursionError:
        return _too_deep(what)
    except ValueError as exc:
        return Fault("json.malformed", what, f"it is not valid JSON: {exc}")
    return _unfit(value, text, what) or value


def _text_of(data: bytes, max_bytes: int, what: str, max_values: int) -> str | Fault:
    if len(data) > max_bytes:
        return Fault("json.too_large", what, f"it has {len(data)} bytes; at most {max_bytes} are taken")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        return Fault("json.not_utf8", what, f"send UTF-8; byte {exc.start} is not")
    if text.count(",") > max_values:  # each comma may part two values; prose has commas, but not by the ten thousand
        mend = f"send at most {max_values} values; split the content or attach a file"
        return Fault("json.too_many_values", what, mend)
    return text


def _too_deep(what: str) -> Fault:
    return Fault("json.too_deep", what, f"nest at most {MAX_DEPTH} levels")


def _unfit(value: JsonValue, text: str, what: str) -> Fault | None:
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        return Fault("json.not_nfc", what, "send Unicode in NFC, the composed form")
    if "[[" not in text and text.count("{") + text.count("[") < MAX_DEPTH and "\\u" not in text:
        return None  # too few brackets to be too deep, and no escape can hide a character
    return _walk(value, what, escaped="\\u" in text)


def _walk(value: JsonValue, what: str, *, escaped: bool) -> Fault | None:
    level: list[Any] = [value]
    depth = 0
    while level:
        if escaped and (fault := _bad_text(level, what)):
            return fault
        level = _inside(level)
        depth += 1
        if depth == MAX_DEPTH and any(isinstance(item, dict | list) for item in level):
            return _too_deep(what)
    return None


def _inside(level: list[Any]) -> list[Any]:
    below: list[Any] = []
    for item in level:
        if isinstance(item, dict):
            below += item.keys()
            below += item.values()
        elif isinstance(item, list):
            below += item
    return below


def _bad_text(level: list[Any], what: str) -> Fault | None:
    texts = [item for item in level if isinstance(item, str)]
    if any("\x00" in text or _SURROGATE.search(text) for text in texts):
        return Fault("json.bad_character", what, "leave out NUL and lone surrogates")
    if not all(unicodedata.is_normalized("NFC", text) for text in texts):
        return Fault("json.not_nfc", what, "send Unicode in NFC, the composed form")
    return None


@dataclass(frozen=True, slots=True)
class WireParts:
    """The four byte strings of a message, split but not judged."""

    header: bytes
    signatures: bytes
    keys: bytes
    content: bytes


_PARTS: Final = 4


def split_wire(message: bytes, *, max_bytes: int) -> WireParts | Fault:
    """Split a message as it came; judges nothing but its size and the three line ends."""
    if len(message) > max_bytes:
        return Fault("wire.too_large", "message", f"it has {len(message)} bytes; at most {max_bytes} are taken")
    parts = message.split(b"\n", _PARTS - 1)
    if len(parts) != _PARTS:
        return Fault("wire.malformed", "message", "a message is header, signatures and keys as lines, then content")
    return WireParts(*parts)


def require_base64url(text: str) -> bytes:
    """Decode what our own schema already checked.

    Raises:
        InvariantError: It is not canonical after all.
    """
    data = from_base64url(text)
    if data is None:
        raise InvariantError("base64url that passed its schema is not canonical")
    return data
