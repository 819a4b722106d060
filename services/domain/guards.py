"""The people's protection, on raw content: both ends call ``guard_content`` before any model is asked.

Three guards: no field for ethnicity, religion or political view under any name; no identity, mobile
or bank-card number in any text; and, at the sender only, no label of a state or work secret. They
know nothing of the models, so a partner cannot smuggle anything in a field we do not know.

Source: docs/decisions/0005-guard-people-first.md
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from schemas.errors import Fault
from services.domain.banned_names import is_banned_name
from services.domain.encoding import from_base64url, parse_strict
from services.domain.personal_numbers import NumberKind, find_numbers

Path = tuple[str, ...]

PHONE_FIELDS: Final[tuple[Path, ...]] = (("duty_contact", "phone"), ("hotlines", "*", "phone"))
"""Structured telephone numbers of offices: a mobile number is legal there, and only there."""

AMOUNT_FIELDS: Final[tuple[Path, ...]] = (("impact", "loss_cny"),)
"""A sum of eleven digits looks like a mobile number."""

CODE_FIELDS: Final[tuple[Path, ...]] = (
    ("epoch",),
    ("old_epoch",),
    ("key", "public"),
    ("officer", "signature"),
    ("officer", "credential", "payload"),
    ("officer", "credential", "signatures", "*", "sig"),
    ("officer", "credential", "payload", "public"),
    ("heads", "*", "epoch"),
    ("receipts_seen", "*", "epoch"),
    ("witnessed", "*", "epoch"),
    ("wanted", "*", "epoch"),
    ("links", "*", "header"),
    ("links", "*", "signatures"),
    ("documents", "*", "payload"),
    ("documents", "*", "signatures", "*", "sig"),
    ("documents", "*", "payload", "key", "public"),
    ("documents", "*", "payload", "ends", "*", "epoch"),
)
"""Random characters of control records, in which any number may stand by chance; the models bind each to its form.

Hexadecimal digests need no place here: they are told from numbers everywhere. The payload is read and judged by itself.
"""

PERSONAL_FIELDS: Final[Mapping[str, tuple[Path, ...]]] = {
    "cn.sihu.information.referral_offered.v1": (("fields", "identity_number"), ("fields", "phone")),
}
"""Where one person's own numbers are legal: in types that travel as personal content alone, encrypted and to be erased.

The models bind them to their forms, and ``services.domain.referrals.judge_handling`` to how they travel.
"""

_CREDENTIAL: Final[Path] = ("officer", "credential", "payload")
_DOCUMENT: Final[Path] = ("documents", "0", "payload")

_MENDS: Final = {
    NumberKind.IDENTITY: "take the resident identity number out; no person is named here",
    NumberKind.MOBILE: "take the mobile number out; an office's number belongs into `duty_contact` or `hotlines`",
    NumberKind.CARD: "take the bank card number out",
}
_ROOT: Final = "content"
_MAX_STEP: Final = 48  # characters of a stranger's name in a fault
_NAMING: Final = ("name", "value_name", "valueName", "key", "field", "label", "scheme")
_NAME_LISTS: Final = frozenset({"fields", "field_names", "columns", "dimensions", "headers"})

# For the quick look: what can stand between digits is dropped, the first byte of a digit of another
# script becomes "o", any other byte but a digit a blank. Ideographs begin with E4–E9 and so stay blanks.
_GLUE: Final = b" -\t\n\v\f\r\x1c\x1d\x1e\x1f" + bytes(range(0x80, 0xC0)) + b"\xc2\xe2\xe3\xef"
_ODD_LEADS: Final = b"\xd9\xdb\xdf\xe0\xe1\xea\xf0"
_DIGITS: Final = b"0123456789"
_THIN: Final = bytes(b if b in _DIGITS else ord("o") if b in _ODD_LEADS else ord(" ") for b in range(256))
_ALIKE: Final = bytes(ord("d") if b in _DIGITS else ord(" ") for b in range(256))
_ELEVEN: Final = re.compile(rb"1[3-9][0-9]{9}")
_SIXTEEN: Final = b"d" * 16
_FULL_WIDTH: Final = re.compile(rb"\xef\xbc[\x90-\x99]")
_DOTTED: Final = re.compile(rb"1[3-9][0-9]\.[0-9]{4}\.[0-9]{4}")

_DEGREE: Final = r"(?:[绝絕]\s*密|[机機]\s*密|秘\s*密|工作秘密)"
_BLANK: Final = r"[^\S\n]"
_STAR: Final = r"[★☆※]"
_OPEN, _CLOSE = r"[【\[（(\u3014〖《「]", r"[】\]）)\u3015〗》」]"
_LABEL: Final = re.compile(
    rf"{_DEGREE}\s*{_STAR}|{_STAR}\s*{_DEGREE}"
    rf"|{_OPEN}\s*{_DEGREE}\s*{_CLOSE}"
    rf"|(?:密级|密級|保密等级|保密级别)\s*(?:[:：为是]\s*)?{_DEGREE}"
    rf"|{_DEGREE}\s*启用前"
    rf"|^{_BLANK}*{_DEGREE}(?:{_BLANK}*(?:\d+{_BLANK}*(?:年|个月|月|天)|长期|特急|加急|急件|平急))?{_BLANK}*$",
    re.MULTILINE,
)
_DENSE: Final = "密".encode()


def guard_content(value: JsonValue, raw: bytes, wire_type: str = "") -> Fault | None:
    """Judge raw content at either end.

    Args:
        value: The content, parsed from ``raw`` by the strict profile.
        raw: Its bytes, for the quick look that lets ordinary content pass.
        wire_type: What it claims to be: a few types have fields for a person's own number.
    """
    fault = banned_names(value)
    if fault is None and may_hold_numbers(raw):
        fault = personal_numbers(value, codes=PERSONAL_FIELDS.get(wire_type, ()))
    return fault


def guard_control(value: JsonValue, raw: bytes) -> Fault | None:
    """Judge the raw content of a control record at either end: its texts for people, and names we do not know.

    Args:
        value: The content, parsed from ``raw`` by the strict profile. An officer's credential in it is read, too.
        raw: Its bytes.
    """
    fault = _guard_documents(_below(value, "documents"))
    if fault is not None:
        return fault
    credential = _below(_below(value, "officer"), "credential")
    payload = _payload_of(_below(credential, "payload"))
    fault = banned_names(value) or banned_names(payload)
    if fault is None and may_hold_numbers(raw):
        fault = personal_numbers(value, codes=CODE_FIELDS)
    return fault or personal_numbers(payload, codes=CODE_FIELDS, within=_CREDENTIAL)


def _guard_documents(documents: JsonValue) -> Fault | None:
    """Read what published documents carry in base64url, as the credential of an officer is read."""
    for document in documents if isinstance(documents, list) else ():
        payload = _payload_of(_below(document, "payload"))
        fault = banned_names(payload) or personal_numbers(payload, codes=CODE_FIELDS, within=_DOCUMENT)
        if fault is not None:
            return fault
    return None


def _below(value: JsonValue, key: str) -> JsonValue:
    return value.get(key) if isinstance(value, dict) else None


def _payload_of(text: JsonValue) -> JsonValue:
    """Read what stands in base64url; None if it is nothing that the credential's own check would take."""
    raw = from_base64url(text) if isinstance(text, str) else None
    value = parse_strict(raw, max_bytes=len(raw), what="payload") if raw is not None else None
    return None if isinstance(value, Fault) else value


def guard_new(value: JsonValue, raw: bytes, wire_type: str = "") -> Fault | None:
    """Judge raw content at the sender: the same, and no label of a secret."""
    fault = guard_content(value, raw, wire_type)
    if fault is None and (_DENSE in raw or b"\\u" in raw):
        fault = secret_label(value)
    return fault


def guard_text(text: str, *, new: bool) -> Fault | None:
    """Judge text out of a file that an event carries; ``new`` at the sender, where labels of secrets are refused."""
    value: JsonValue = {"file": text}
    fault = personal_numbers(value, exempt=())
    return fault or (secret_label(value) if new and "密" in text else None)


def banned_names(value: JsonValue) -> Fault | None:
    """Refuse a key, or a name beside a value, that says what must never be recorded."""
    if not _has_banned_name(value):
        return None
    found = next(path for path, item in _walk(value) if any(map(is_banned_name, _own_names(path, item))))
    mend = "remove it: no ethnicity, religion, belief, political view or party membership is recorded or sent"
    return Fault("guard.banned_name", _spell(found), mend)


def personal_numbers(
    value: JsonValue,
    exempt: tuple[Path, ...] = PHONE_FIELDS + AMOUNT_FIELDS,
    *,
    codes: tuple[Path, ...] = (),
    within: Path = (),
) -> Fault | None:
    """Refuse an identity, mobile or bank-card number in any text, name or number.

    Args:
        value: Raw content.
        exempt: Paths from the content where a mobile number (only that) is legal; ``*`` is any index.
        codes: Paths whose values are not read as text.
        within: Where in the content ``value`` stands.
    """
    for below, item in _walk(value):
        path = within + below
        for text in (*path[-1:], *(() if any(_fits(path, one) for one in codes) else _as_text(item))):
            if not may_hold_numbers(text.encode(errors="surrogatepass")):
                continue
            for kind in find_numbers(text):
                if kind is not NumberKind.MOBILE or not any(_fits(path, one) for one in exempt):
                    return Fault("guard.personal_number", _spell(path), _MENDS[kind])
    return None


def without_numbers(text: str) -> str:
    """Return a text for logs, rows and receipts: all its digits are masked if a personal number is among them."""
    if not may_hold_numbers(text.encode(errors="surrogatepass")) or next(find_numbers(text), None) is None:
        return text
    return "".join("#" if char.isdecimal() else char for char in text)


def secret_label(value: JsonValue) -> Fault | None:
    """Refuse the label of a state or work secret; talking about secrecy is no label."""
    for path, item in _walk(value):
        if isinstance(item, str) and _LABEL.search(item):
            mend = "this bears the label of a secret, which has other channels; do not send it here"
            return Fault("guard.secret_label", _spell(path), mend)
    return None


def may_hold_numbers(raw: bytes) -> bool:
    """Tell in a few microseconds whether a personal number is possible at all; never says no wrongly."""
    thin = raw.translate(_THIN, _GLUE)
    return (
        b"o" in thin
        or b"\\" in raw  # an escape may hide a digit or a gap
        or _ELEVEN.search(thin) is not None
        or _SIXTEEN in thin.translate(_ALIKE)
        or _FULL_WIDTH.search(raw) is not None
        or _DOTTED.search(raw) is not None
    )


def _as_text(item: JsonValue) -> tuple[str, ...]:
    if isinstance(item, str):
        return (item,)
    return (str(item),) if isinstance(item, int) and not isinstance(item, bool) else ()


def _has_banned_name(value: JsonValue) -> bool:
    """Look at every name quickly, without paths: this runs for each message at both ends."""
    waiting: list[JsonValue] = [value]
    while waiting:
        item = waiting.pop()
        if type(item) is dict:
            if any(map(is_banned_name, item)):
                return True
            if ("value" in item or "values" in item) and any(map(is_banned_name, _labels(item))):
                return True
            if not _NAME_LISTS.isdisjoint(item) and any(map(is_banned_name, _listed(item))):
                return True
            waiting += item.values()
        elif type(item) is list:
            waiting += item
    return False


def _labels(item: dict[str, JsonValue]) -> list[str]:
    """Names given as text beside a value: ``{"name": …, "value": …}``."""
    return [name for key in _NAMING if isinstance(name := item.get(key), str)]


def _listed(item: dict[str, JsonValue]) -> list[str]:
    """Names given as a list: ``{"columns": […]}``."""
    return [text for key in _NAME_LISTS for text in _texts_of(item.get(key))]


def _own_names(path: Path, item: JsonValue) -> list[str]:
    names = list(path[-1:])
    if isinstance(item, dict):
        names += _labels(item) if "value" in item or "values" in item else []
        names += _listed(item)
    return names


def _texts_of(item: JsonValue) -> list[str]:
    return [text for text in item if isinstance(text, str)] if isinstance(item, list) else []


def _walk(value: JsonValue) -> Iterator[tuple[Path, JsonValue]]:
    """Every value with its path, outermost first."""
    waiting: list[tuple[Path, JsonValue]] = [((), value)]
    while waiting:
        path, item = waiting.pop()
        yield path, item
        if isinstance(item, dict):
            waiting += [((*path, key), below) for key, below in reversed(item.items())]
        elif isinstance(item, list):
            waiting += [((*path, str(place)), below) for place, below in reversed(list(enumerate(item)))]


def _fits(path: Path, pattern: Path) -> bool:
    return len(path) == len(pattern) and all(
        wanted == step or (wanted == "*" and step.isdecimal()) for step, wanted in zip(path, pattern, strict=True)
    )


def _spell(path: Path) -> str:
    return ".".join((_ROOT, *(without_numbers(step)[:_MAX_STEP] for step in path)))
