"""Texts in and out, and long ones joined."""

import pytest

from adapters.sms.cmpp_bodies import Deliver
from adapters.sms.cmpp_text import (
    JOINING_MAX,
    Decoded,
    Joiner,
    Joining,
    Piece,
    decode_text,
    part_content,
    piece_of,
)

SENDER = "13900000001"


def deliver(content: bytes, *, udhi: int = 1, fmt: int = 8, msg_id: int = 1) -> Deliver:
    return Deliver(msg_id, "10690001", SENDER, content, fmt, tp_udhi=udhi)


@pytest.mark.parametrize(
    ("text", "number", "total", "expected"),
    [
        ("水" * 70, 1, 1, 140),
        ("水" * 71, 1, 1, None),
        ("水" * 67, 1, 2, 140),
        ("水" * 68, 1, 2, None),
        ("", 1, 1, 0),
        ("😀" * 35, 1, 1, 140),
        ("\ud83d", 1, 1, None),
        ("水", 0, 2, None),
        ("水", 3, 2, None),
        ("水", 1, 256, None),
    ],
)
def test_a_part_fits_or_is_none(text: str, number: int, total: int, expected: int | None) -> None:
    """What is too long is cut by the carrier, in the middle of a word or of a pair."""
    content = part_content(text, number=number, total=total, reference=0x1A5)
    assert (None if content is None else len(content)) == expected


def test_the_header_joins_by_one_octet() -> None:
    """05 00 03 reference total number, as every handset reads it."""
    assert part_content("水", number=2, total=3, reference=0xA5) == bytes.fromhex("050003a50302 6c34")


@pytest.mark.parametrize(
    ("content", "piece"),
    [
        ("0500037b0201 0031", Piece(0x7B, 1, 2, b"\x00\x31")),
        ("060804017b0202 0031", Piece(0x17B, 2, 2, b"\x00\x31")),
        ("08 240101 00037b0302 0031", Piece(0x7B, 2, 3, b"\x00\x31")),  # another element stands before
        ("03240101 0031", Piece(0, 1, 1, b"\x00\x31")),
        ("0500037b0200 0031", Piece(0, 1, 1, b"\x00\x31")),  # part 0
        ("0500037b0203 0031", Piece(0, 1, 1, b"\x00\x31")),  # part 3 of 2
        ("0500037b1101 0031", Piece(0, 1, 1, b"\x00\x31")),  # 17 parts
        ("0400027b02 0031", Piece(0, 1, 1, b"\x00\x31")),  # the element is too short
        ("0500047b0201 0031", Piece(0, 1, 1, b"\x00\x31")),  # and here longer than its header
        ("ff00037b0201 0031", Piece(0, 1, 1, bytes.fromhex("ff00037b02010031"))),  # no header at all
        ("", Piece(0, 1, 1, b"")),
    ],
)
def test_a_header_is_taken_off_if_it_holds_together(content: str, piece: Piece) -> None:
    """A broken header must not eat the answer behind it."""
    assert piece_of(deliver(bytes.fromhex(content))) == piece


def test_without_the_flag_nothing_is_a_header() -> None:
    """A text that begins with an octet 5 is still a text."""
    content = bytes.fromhex("0500037b02010031")
    assert piece_of(deliver(content, udhi=0)).octets == content


@pytest.mark.parametrize("fmt", [0, 3, 4, 8, 15, 21, 255])
def test_nothing_is_lost_whatever_it_declares(fmt: int) -> None:
    """Every octet shows and no two show alike: as a character, escaped, or in hexadecimal digits."""
    shown = {decode_text(fmt, bytes([octet])).text for octet in range(256)}
    assert len(shown) == 256
    assert all(text.encode("utf-8") for text in shown), "and it can be stored"


def test_gb18030_is_read_where_gbk_is_declared() -> None:
    """Handsets declare GBK and send its successor."""
    assert decode_text(15, "37收到㐀".encode("gb18030")) == Decoded("37收到㐀", faithful=True)


def test_a_pair_cut_at_the_border_is_whole_again() -> None:
    """Decoded part by part it would be two broken halves."""
    octets = "😀".encode("utf-16-be")
    joining = Joining(2, 8, {2: (deliver(b"", msg_id=6), octets[2:]), 1: (deliver(b"", msg_id=5), octets[:2])})
    assert joining.whole
    assert joining.text() == Decoded("😀", faithful=True)
    assert joining.msg_id == 5


def test_gaps_show() -> None:
    """A text that lost its middle must not read as if it were whole."""
    piece = "水".encode("utf-16-be")
    joining = Joining(7, 8, {number: (deliver(b""), piece) for number in (2, 3, 6)})
    assert joining.text().text == "…水水…水…"


def test_texts_under_way_are_bounded() -> None:
    """Beginnings without end, from one telephone or many."""
    joiner = Joiner()
    for reference in range(JOINING_MAX):
        assert joiner.add(deliver(b""), Piece(reference, 1, 2, b"")) is not None
    assert joiner.add(deliver(b""), Piece(JOINING_MAX, 1, 2, b"")) is None
    found = joiner.add(deliver(b""), Piece(0, 2, 2, b""))
    assert found is not None
    assert found[1].whole
    joiner.remove(found[0])
    assert joiner.add(deliver(b""), Piece(JOINING_MAX, 1, 2, b"")) is not None


def test_senders_do_not_mix() -> None:
    """Two officers with the same reference: half of each would be an answer of nobody."""
    joiner = Joiner()
    one = joiner.add(deliver(b""), Piece(1, 1, 2, b"a"))
    two = joiner.add(Deliver(2, "10690001", "13900000002", b"", 8, tp_udhi=1), Piece(1, 2, 2, b"b"))
    assert one is not None
    assert two is not None
    assert not one[1].whole
    assert not two[1].whole
