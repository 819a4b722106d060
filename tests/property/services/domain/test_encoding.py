"""Codecs for any input: one value has one spelling, and no reader is taken down."""

import json
import unicodedata
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import MAX_DEPTH, MAX_INTEGER
from schemas.errors import Fault
from services.domain.encoding import (
    compact_json,
    from_base64url,
    length_prefixed,
    parse_strict,
    pre_authentication_encoding,
    split_wire,
    to_base64url,
)

BOUND = 1_000_000
_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")).map(
    lambda text: unicodedata.normalize("NFC", text)
)
_scalars = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | _texts
_any_json = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4), max_leaves=20
)


def depth_of(value: Any) -> int:  # noqa: ANN401 - any JSON value
    """Return how deep containers nest."""
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@given(_any_json, st.booleans())
def test_strict_json_is_taken_exactly_up_to_eight_levels(value: Any, ascii_only: bool) -> None:  # noqa: ANN401, FBT001
    """Whatever way the text is escaped, the value is the same and the depth is counted the same."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    found = parse_strict(text.encode(), max_bytes=BOUND)
    if depth_of(value) <= MAX_DEPTH:
        assert found == value
    else:
        assert isinstance(found, Fault)
        assert found.code == "json.too_deep"


@given(st.binary(max_size=300) | st.text(st.sampled_from('{}[]",:\\ue0189aé\u0301.-tn'), max_size=200).map(str.encode))
def test_no_bytes_take_the_parser_down(data: bytes) -> None:
    """Whatever comes, the answer is a value or a fault; a value survives being written again."""
    found = parse_strict(data, max_bytes=BOUND)
    if not isinstance(found, Fault):
        assert parse_strict(compact_json(found), max_bytes=BOUND) == found


@given(st.dictionaries(_texts, _scalars, min_size=1, max_size=5), st.data())
def test_a_repeated_key_is_always_found(value: dict[str, Any], data: st.DataObject) -> None:
    """Wherever the second copy stands and whatever it holds."""
    again = data.draw(st.sampled_from(sorted(value)))
    pairs = [*value.items(), (again, data.draw(_scalars))]
    text = "{" + ",".join(f"{json.dumps(key)}:{json.dumps(held)}" for key, held in pairs) + "}"
    found = parse_strict(f'[{{"x":{text}}}]'.encode(), max_bytes=BOUND)
    assert isinstance(found, Fault)
    assert (found.code, found.field) == ("json.duplicate_key", again)


@given(st.binary(max_size=200))
def test_base64url_round_trip(data: bytes) -> None:
    """What is written is read back."""
    assert from_base64url(to_base64url(data)) == data


@given(st.text(st.sampled_from("ABQRabz019-_=+/ \n"), max_size=12))
def test_base64url_is_canonical(text: str) -> None:
    """What is read at all is spelt the one right way."""
    data = from_base64url(text)
    assert data is None or to_base64url(data) == text


@given(st.lists(st.text(max_size=6), max_size=5), st.lists(st.text(max_size=6), max_size=5))
def test_length_prefixes_keep_different_lists_apart(first: list[str], second: list[str]) -> None:
    """No shifting of a boundary gives the same bytes."""
    assert (length_prefixed(first) == length_prefixed(second)) == (first == second)


@given(st.lists(st.text("ab", max_size=3), max_size=4), st.lists(st.text("ab", max_size=3), max_size=4))
def test_length_prefixes_keep_alike_lists_apart(first: list[str], second: list[str]) -> None:
    """Short alphabets make near misses likely."""
    assert (length_prefixed(first) == length_prefixed(second)) == (first == second)


_kinds = st.text("a0 /", max_size=4)


@given(_kinds, st.binary(max_size=8), _kinds, st.binary(max_size=8))
def test_bytes_to_sign_name_type_and_payload(kind: str, payload: bytes, other: str, second: bytes) -> None:
    """No payload can pass for another type's, even one with blanks and digits."""
    same = pre_authentication_encoding(kind, payload) == pre_authentication_encoding(other, second)
    assert same == ((kind, payload) == (other, second))


_line = st.binary(max_size=20).map(lambda data: data.replace(b"\n", b""))


@given(_line, _line, _line, st.binary(max_size=40))
def test_a_split_message_joins_to_the_same_bytes(header: bytes, signatures: bytes, keys: bytes, content: bytes) -> None:
    """The four parts come back exactly."""
    found = split_wire(b"\n".join((header, signatures, keys, content)), max_bytes=BOUND)
    assert not isinstance(found, Fault)
    assert (found.header, found.signatures, found.keys, found.content) == (header, signatures, keys, content)
