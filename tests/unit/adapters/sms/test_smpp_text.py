"""What telephones write: by the declared coding, never by a guess; and what our parts look like."""

import pytest

from adapters.sms.smpp_text import Alphabet, Header, alphabet_of, decoded, parse_header, spell_part
from schemas.errors import Fault
from schemas.pages import Part


def read(octets: bytes, coding: int, default: Alphabet = Alphabet.GSM7) -> str:
    return decoded(octets, alphabet_of(coding, default))


@pytest.mark.parametrize(
    ("octets", "coding", "text"),
    [
        ("00330037002065365230", 0x08, "37 收到"),
        ("d842dfb75230", 0x08, "𠮷到"),
        ("feff65365230", 0x08, "收到"),
        ("00330037002065365230", 0x18, "37 收到"),
        ("3337", 0x00, "37"),
        ("0002111b651b3c", 0x00, "@$_€["),
        ("1b280a1b291b1b", 0xF0, "{\n} "),
        ("4040", 0x00, "¡¡"),
        ("404024", 0x01, "@@$"),
        ("e9a4", 0x03, "é¤"),
        ("5444", 0x11, "TD"),
    ],
)
def test_by_the_declared_coding(octets: str, coding: int, text: str) -> None:
    """GSM's @ is 0x00, ASCII's is 0x40: whoever mixes them up reads another code."""
    assert read(bytes.fromhex(octets), coding) == text


@pytest.mark.parametrize(
    ("octets", "coding", "text"),
    [
        ("653652", 0x08, "收\ufffd"),
        ("d8426536", 0x08, "\ufffd收"),
        ("6536dfb7", 0x08, "收\ufffd"),
        ("3780", 0x00, "7\ufffd"),
        ("371b", 0x00, "7\ufffd"),
        ("37e6", 0x01, "7\ufffd"),
        ("e694b6e588b0", 0x04, "\ufffd"),
        ("e694b6e588b0", 0x02, "\ufffd"),
        ("cad5b5bd", 0x0F, "\ufffd"),
        ("", 0x04, ""),
    ],
)
def test_what_cannot_be_read_is_seen(octets: str, coding: int, text: str) -> None:
    """Neither lost nor guessed: UTF-8 in a binary coding is no text, a lone half of a pair no character."""
    assert read(bytes.fromhex(octets), coding) == text


def test_utf8_under_ucs2_is_not_guessed() -> None:
    """收到 in UTF-8 is valid UTF-16BE of other characters: what is declared counts."""
    assert read("收到".encode(), 0x08) == b"\xe6\x94\xb6\xe5\x88\xb0".decode("utf-16-be")


def test_a_carrier_may_mean_latin_by_its_default() -> None:
    """Some do; then 0x40 is @."""
    assert read(b"@\xe9", 0x00, Alphabet.LATIN1) == "@é"


@pytest.mark.parametrize(
    ("octets", "header"),
    [
        ("050003a50201", Header(6, (0xA5, 2, 1))),
        ("060804a5ff0302", Header(7, (0xA5FF, 3, 2))),
        ("00", Header(1, None)),
        ("0605040b8423f0", Header(7, None)),
        ("0b05040b8423f0000301030300", Header(12, (1, 3, 3))),
        ("050003a50203", Header(6, None)),
        ("050003a50200", Header(6, None)),
        ("050003a50101", Header(6, None)),
        ("04000201020304", Header(5, None)),
    ],
)
def test_headers(octets: str, header: Header) -> None:
    """8 and 16 bit references, ports before them, places that there are not."""
    assert parse_header(bytes.fromhex(octets)) == header


@pytest.mark.parametrize("octets", ["", "05", "050003a502", "0300ff01", "0100", "020805"])
def test_broken_headers(octets: str) -> None:
    """A header that claims more than there is must not be read as words."""
    fault = parse_header(bytes.fromhex(octets))
    assert isinstance(fault, Fault)
    assert fault.code == "sms.header"


def test_a_single_text_has_no_header() -> None:
    """70 units, the longest."""
    assert spell_part(Part(1, 1, 0xA5, "收" * 70)) == (0, b"\x65\x36" * 70)


def test_a_part_has_its_place_before_it() -> None:
    """67 units behind six octets are 140."""
    spelled = spell_part(Part(2, 3, 0xA5, "收" * 66 + "到"))
    assert spelled == (0x40, bytes.fromhex("050003a50302") + b"\x65\x36" * 66 + b"\x52\x30")
    assert isinstance(spelled, tuple)
    assert len(spelled[1]) == 140


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (Part(1, 1, 0, "收" * 71), "sms.length"),
        (Part(1, 2, 0, "收" * 68), "sms.length"),
        (Part(1, 1, 0, "𠮷" * 36), "sms.length"),
        (Part(1, 1, 0, ""), "sms.length"),
        (Part(1, 2, 0, "收\ud842"), "sms.surrogate"),
        (Part(3, 2, 0, "收"), "sms.place"),
        (Part(1, 2, 256, "收"), "sms.place"),
        (Part(0, 2, 1, "收"), "sms.place"),
        (Part(1, 0, 1, "收"), "sms.place"),
    ],
)
def test_parts_that_no_telephone_could_show(part: Part, code: str) -> None:
    """A part too long would go out as one message_payload, half a pair as a box: refused before they are sent."""
    fault = spell_part(part)
    assert isinstance(fault, Fault)
    assert fault.code == code
