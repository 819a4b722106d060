"""The strict profile and the bytes to sign: what a careless parser would let through."""

import json

import pytest

from schemas.envelope import MAX_INTEGER
from schemas.errors import Fault, InvariantError
from services.domain.encoding import (
    WireParts,
    compact_json,
    digest_of,
    from_base64url,
    length_prefixed,
    parse_strict,
    pre_authentication_encoding,
    require_base64url,
    split_wire,
    to_base64url,
)

KILOBYTE = 1024


def code_of(data: bytes | str, max_bytes: int = KILOBYTE) -> str | None:
    """Return the code of the fault, None if the data is fine."""
    found = parse_strict(data.encode() if isinstance(data, str) else data, max_bytes=max_bytes)
    return found.code if isinstance(found, Fault) else None


@pytest.mark.parametrize("value", [{}, [], "", 0, None, False, {"a": [1, "二", None]}, MAX_INTEGER, -MAX_INTEGER])
def test_strict_values_come_through_unchanged(value: object) -> None:
    """An empty or false value must not be mistaken for a fault or for nothing."""
    assert parse_strict(json.dumps(value, ensure_ascii=False).encode(), max_bytes=KILOBYTE) == value


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"a":1,"a":1}', "json.duplicate_key"),
        ('{"b":{"a":1,"\\u0061":2}}', "json.duplicate_key"),
        ("1.0", "json.float"),
        ('{"a":1e3}', "json.float"),
        ("[-0.0]", "json.float"),
        ("NaN", "json.float"),
        ("[Infinity]", "json.float"),
        ("-Infinity", "json.float"),
        (str(MAX_INTEGER + 1), "json.integer_too_large"),
        (str(-MAX_INTEGER - 1), "json.integer_too_large"),
        ("9" * 900, "json.integer_too_large"),
        ("", "json.malformed"),
        ("{'a':1}", "json.malformed"),
        ('{"a":1,}', "json.malformed"),
        ("[1] [2]", "json.malformed"),
        ('"\x01"', "json.malformed"),
        ("\ufeff{}", "json.malformed"),
        ('"e\u0301"', "json.not_nfc"),
        ('"e\\u0301"', "json.not_nfc"),
        ('{"e\\u0301":1}', "json.not_nfc"),
        ('"\\u0000"', "json.bad_character"),
        ('"\\ud800"', "json.bad_character"),
        ('{"\\udfff":1}', "json.bad_character"),
        ("[[[[[[[[[]]]]]]]]]", "json.too_deep"),
        ('{"a":' * 9 + "1" + "}" * 9, "json.too_deep"),
        ('[{"a":' * 4 + "[1]" + "}]" * 4, "json.too_deep"),
        ("[" * 500, "json.malformed"),
    ],
)
def test_what_the_profile_forbids_is_refused(text: str, code: str) -> None:
    """Two readers would understand such text differently, so nobody may sign it."""
    assert code_of(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "[[[[[[[[1]]]]]]]]",
        '{"a":' * 8 + '"\\u4e2d"' + "}" * 8,
        '[{"a":' * 4 + "1" + "}]" * 4,
        '"[[[[[[[[[[["',
        '["{{{{{{{{{{", "[["]',
        '"\\u00e9"',
        '"é"',
        '"\\ud83d\\ude00"',
        "  [1]\n",
    ],
)
def test_what_only_looks_forbidden_is_taken(text: str) -> None:
    """Eight levels, brackets inside texts, composed characters and paired surrogates are all legal."""
    assert code_of(text) is None


def test_depth_beyond_the_interpreters_own_limit_is_a_fault_and_no_crash() -> None:
    """A hundred thousand brackets must not take the reader down."""
    assert code_of("[" * 100_000 + "]" * 100_000, max_bytes=300_000) == "json.too_deep"
    assert code_of('{"a":' * 100_000 + "1" + "}" * 100_000, max_bytes=700_000) == "json.too_deep"


@pytest.mark.parametrize("data", [b"\xff", b'"\xed\xa0\x80"', b'"\xc0\xaf"', '"中"'.encode("gbk")])
def test_other_encodings_are_refused(data: bytes) -> None:
    """GBK, overlong forms and encoded surrogates are no UTF-8."""
    assert code_of(data) == "json.not_utf8"


def test_one_byte_too_many_is_refused_before_anything_is_parsed() -> None:
    """The size bound is on bytes and exact."""
    assert code_of("[" + " " * 8 + "]", max_bytes=10) is None
    assert code_of("[" + " " * 9 + "]", max_bytes=10) == "json.too_large"


def test_a_fault_names_what_was_parsed() -> None:
    """An officer must see which part is meant."""
    found = parse_strict(b"[", max_bytes=10, what="header")
    assert isinstance(found, Fault)
    assert found.field == "header"


def test_a_duplicate_key_is_named() -> None:
    """The second of three keys stands twice: that one is named."""
    found = parse_strict(b'{"a":1,"b":2,"b":3,"c":4}', max_bytes=100)
    assert isinstance(found, Fault)
    assert found.field == "b"


def test_pre_authentication_encoding_is_that_of_dsse() -> None:
    """The example of the DSSE specification."""
    assert (
        pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_lengths_are_counted_in_bytes() -> None:
    """Three bytes for a Chinese character, not one."""
    assert pre_authentication_encoding("类", "中".encode()) == b"DSSEv1 3 \xe7\xb1\xbb 3 \xe4\xb8\xad"
    assert length_prefixed(["中"]) == b"\x00\x00\x00\x03\xe4\xb8\xad"


def test_digest_is_lowercase_sha256() -> None:
    """The digest of nothing is well known."""
    assert digest_of(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("text", ["QQ==", "QQ=", "QR", "Q", "Q Q", "QQ\n", "+/", "Q+", "é", "QUJD\u0000"])
def test_base64url_has_one_spelling(text: str) -> None:
    """Padding, stray bits, foreign characters and the other alphabet would each give one value two names."""
    assert from_base64url(text) is None


def test_base64url_knows_its_own_alphabet() -> None:
    """The two characters that differ from plain base64."""
    assert to_base64url(b"\xfb\xff") == "-_8"
    assert from_base64url("-_8") == b"\xfb\xff"
    assert from_base64url("") == b""


def test_our_own_base64url_must_hold() -> None:
    """What passed a schema and still is not canonical is our bug, not the partner's."""
    assert require_base64url("QQ") == b"A"
    with pytest.raises(InvariantError):
        require_base64url("QR")


def test_a_message_is_split_at_the_first_three_line_ends_only() -> None:
    """Content may hold line ends of its own."""
    assert split_wire(b"h\ns\n\nc\nc\n", max_bytes=100) == WireParts(b"h", b"s", b"", b"c\nc\n")


@pytest.mark.parametrize(("message", "code"), [(b"h\ns\nk", "wire.malformed"), (b"", "wire.malformed")])
def test_a_message_with_too_few_lines_is_refused(message: bytes, code: str) -> None:
    """A part is missing."""
    found = split_wire(message, max_bytes=100)
    assert isinstance(found, Fault)
    assert found.code == code


def test_a_message_too_large_is_refused_before_it_is_split() -> None:
    """One byte over the bound."""
    assert isinstance(split_wire(b"h\ns\n\nc", max_bytes=6), WireParts)
    found = split_wire(b"h\ns\n\ncc", max_bytes=6)
    assert isinstance(found, Fault)
    assert found.code == "wire.too_large"


def test_compact_json_keeps_order_and_writes_no_blank() -> None:
    """Key order is the signer's; nothing is escaped that need not be."""
    assert compact_json({"b": 1, "a": ["中", None]}) == '{"b":1,"a":["中",null]}'.encode()
    every = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x11000))))
    assert compact_json([every]) == json.dumps([every], ensure_ascii=False).encode()


def test_more_values_than_any_content_needs_are_refused() -> None:
    """A quarter of a megabyte of tiny values would cost each end a second; prose with commas is no such thing."""
    many = parse_strict(json.dumps([0] * 20_002).encode(), max_bytes=300 * KILOBYTE)
    assert isinstance(many, Fault)
    assert many.code == "json.too_many_values"
    assert parse_strict(json.dumps("一句，两句, " * 9_000).encode(), max_bytes=300 * KILOBYTE) is not None
