"""Texts in an SMS: which octets are which characters by the declared coding, and the user data header before them.

Outbound is UCS-2 alone (UTF-16BE, data coding 8). Inbound is read by what is declared and never guessed: what cannot be
read stands as U+FFFD, so that an officer's answer is seen to have come even if nobody can read it.

Source: SMPP 3.4, section 5.2.19; 3GPP TS 23.038, sections 6.2.1 and 6.2.1.1; 3GPP TS 23.040, section 9.2.3.24
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from schemas.errors import Fault
from schemas.pages import Part

UCS2: Final = 0x08
UDH_INDICATOR: Final = 0x40
"""In ``esm_class``: a user data header stands before the text."""
SINGLE_UNITS: Final = 70
PART_UNITS: Final = 67
UNREADABLE: Final = "\ufffd"

_OCTET_MAX: Final = 0xFF
_CONCATENATION_8: Final = 0x00
_CONCATENATION_16: Final = 0x08
_CONCATENATION_OCTETS: Final = {_CONCATENATION_8: 3, _CONCATENATION_16: 4}


class Alphabet(Enum):
    """How octets are read."""

    GSM7 = "gsm7"
    """The default alphabet of GSM, one septet per octet."""
    ASCII = "ascii"
    LATIN1 = "latin-1"
    UTF16 = "utf-16-be"


@dataclass(frozen=True, slots=True)
class Header:
    """What a user data header says, as far as it is read.

    Attributes:
        octets: How many it takes, its own length octet included.
        join: Reference, total and number if the text is one part of several; None if it is alone.
    """

    octets: int
    join: tuple[int, int, int] | None


def alphabet_of(coding: int, default: Alphabet) -> Alphabet | None:
    """Return how a text of a data coding is read; None if it is no text or in a coding that is not declared here.

    Args:
        coding: ``data_coding``; the groups 0x1_ and 0xF_ are GSM's own, which some carriers pass through.
        default: What the carrier means by 0, "SMSC default alphabet".
    """
    if coding in _DEFAULT:
        return default
    return _DECLARED.get(coding)


_DEFAULT: Final = frozenset({0x00, 0x10, 0x11, 0x12, 0x13, 0xF0, 0xF1, 0xF2, 0xF3})
_DECLARED: Final = {
    0x01: Alphabet.ASCII,
    0x03: Alphabet.LATIN1,
    0x08: Alphabet.UTF16,
    0x18: Alphabet.UTF16,
    0x19: Alphabet.UTF16,
    0x1A: Alphabet.UTF16,
    0x1B: Alphabet.UTF16,
}


def decoded(octets: bytes, alphabet: Alphabet | None) -> str:
    """Return a text; what its coding does not allow stands as U+FFFD, a coding that is not known as one U+FFFD."""
    match alphabet:
        case None:
            return UNREADABLE if octets else ""
        case Alphabet.GSM7:
            return _from_gsm7(octets)
        case Alphabet.ASCII | Alphabet.LATIN1:
            return octets.decode(alphabet.value, "replace")
        case Alphabet.UTF16:
            return octets.decode(alphabet.value, "replace").removeprefix("\ufeff")


def _from_gsm7(octets: bytes) -> str:
    found: list[str] = []
    escaped = False
    for octet in octets:
        if escaped:
            found.append(_EXTENSION.get(octet) or _BASIC.get(octet, UNREADABLE))
            escaped = False
        elif octet == _ESCAPE:
            escaped = True
        else:
            found.append(_BASIC.get(octet, UNREADABLE))
    if escaped:
        found.append(UNREADABLE)
    return "".join(found)


_ESCAPE: Final = 0x1B
_BASIC: Final = dict(
    enumerate(
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
        " !\"#¤%&'()*+,-./0123456789:;<=>?"
        "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
        "¿abcdefghijklmnopqrstuvwxyzäöñüà"
    )
)
_EXTENSION: Final = {
    0x0A: "\f",
    0x14: "^",
    0x1B: " ",  # kept free for a further table: a space, says the standard
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}


def parse_header(octets: bytes) -> Header | Fault:
    """Read the user data header at the start of a short message."""
    end = 1 + octets[0] if octets else 0
    if not octets or end > len(octets):
        return Fault("sms.header", "short_message", "the user data header claims more octets than came")
    join, at = None, 1
    while at < end:
        content = octets[at + 2 : at + 2 + octets[at + 1]] if at + 1 < end else b""
        if at + 1 >= end or at + 2 + octets[at + 1] > end:
            return Fault("sms.header", "short_message", "an element of the user data header is longer than the header")
        if len(content) == _CONCATENATION_OCTETS.get(octets[at]):
            join = joined_as(int.from_bytes(content[:-2], "big"), content[-2], content[-1]) or join
        at += 2 + len(content)
    return Header(end, join)


def joined_as(reference: int, total: int, number: int) -> tuple[int, int, int] | None:
    """Return the place of a part; None if it is no part of several or names a place that there is not."""
    return (reference, total, number) if total > 1 and 1 <= number <= total else None


def spell_part(part: Part) -> tuple[int, bytes] | Fault:
    """Return ``esm_class`` and the short message of one part: UTF-16BE, behind a header if there are several parts."""
    alone = part.total == 1
    try:
        text = part.text.encode("utf-16-be")
    except UnicodeEncodeError:
        return Fault("sms.surrogate", "parts.text", "a part must not hold half a surrogate pair")
    most = SINGLE_UNITS if alone else PART_UNITS
    if not 0 < len(text) <= 2 * most:
        return Fault(
            "sms.length", "parts.text", f"this part may have 1 to {most} UTF-16 units, it has {len(text) // 2}"
        )
    if alone:
        return 0, text
    place = (part.reference, part.total, part.number)
    if not all(0 <= octet <= _OCTET_MAX for octet in place) or joined_as(*place) is None:
        return Fault(
            "sms.place", "parts", "reference, total and number of a part are octets, the number up to the total"
        )
    return UDH_INDICATOR, bytes([5, _CONCATENATION_8, 3, *place]) + text
