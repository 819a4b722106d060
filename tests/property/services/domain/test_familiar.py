"""A header read by its frame must be the very header that the strict parse reads, or be left to that parse.

If the two ever differed, one county would take an envelope for what another does not.
"""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from schemas.base import InformationClass, Kind, Status, format_time
from schemas.envelope import CONTENT_MAX_BYTES, MAX_INTEGER, Header
from schemas.errors import Fault
from services.domain.encoding import compact_json
from services.domain.familiar import FAMILIAR_MAX_BYTES, part
from services.domain.signing import parse_header, parse_header_strictly, prepare
from tests import papers

GOOD = json.loads(papers.envelope().header_bytes)
COUNTIES = [f"{451_221 + number}" for number in range(4)]


def mostly(sound: st.SearchStrategy[Any], strange: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw what is sound, but for once in sixteen times."""
    return st.integers(0, 15).flatmap(lambda die: strange if die == 7 else sound)


ids = st.binary(min_size=32, max_size=32).map(bytes.hex)
sound_times = st.integers(940_000_000_000, 4_150_000_000_000).map(  # milliseconds, 1999 to 2101
    lambda at: format_time(datetime.fromtimestamp(at / 1000, UTC))
)
strange_times = st.sampled_from(
    (
        "2026-02-29T10:00:00.000+08:00",
        "2028-02-29T23:59:59.999+08:00",
        "2026-07-01T24:00:00.000+08:00",
        "2026-07-01T10:00:60.000+08:00",
        "2026-07-01T10:00:00+08:00",
        "2026-07-01T02:00:00.000Z",
        "1700000000",
        "",
    )
)
times = mostly(sound_times, strange_times)
numbers = mostly(
    st.integers(0, CONTENT_MAX_BYTES),
    st.sampled_from((-1, CONTENT_MAX_BYTES + 1, 10**15 - 1, 10**15, MAX_INTEGER, MAX_INTEGER + 1, 1.0, True, "1")),
)
hexadecimal = mostly(ids, st.sampled_from(("a" * 63, "A" * 64, "a" * 32, "", None)))
audiences = mostly(
    st.sets(st.sampled_from(COUNTIES), min_size=1).map(sorted), st.lists(st.sampled_from(COUNTIES), max_size=3)
)


@st.composite
def headers(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what a neighbour might sign: mostly sound, with something amiss in any of the places that are read anew."""
    content = GOOD["content"] | {
        "encoding": draw(mostly(st.just("none"), st.just("hpke"))),
        "digest": draw(hexadecimal),
        "size": draw(numbers),
        "content_id": draw(hexadecimal.map(lambda text: text and text[:32])),
    }
    if draw(st.integers(0, 15)) == 0:
        content["keys_digest"] = draw(hexadecimal)
    found = GOOD | {
        "source": "451226",
        "to": draw(audiences),
        "seq": draw(numbers),
        "prev": draw(hexadecimal),
        "time": draw(times),
        "class": draw(st.sampled_from(InformationClass)),
        "status": draw(st.sampled_from(Status)),
        "kind": draw(st.sampled_from(Kind)),
        "priority": draw(st.integers(0, 5)),
        "content": content,
    }
    for name in ("expires", "acknowledge_by"):
        if draw(st.booleans()):
            found[name] = draw(times)
    return _in_order(found)


def _in_order(found: dict[str, Any]) -> dict[str, Any]:
    names = [field.alias or name for name, field in Header.model_fields.items()]
    return {name: found[name] for name in names if name in found}


def assert_alike(data: bytes) -> None:
    """Hold the two ways against each other."""
    strictly, found = parse_header_strictly(data), parse_header(data)
    assert found == strictly
    if isinstance(found, Header) and isinstance(strictly, Header):
        assert found.model_dump_json(by_alias=True, exclude_none=True) == strictly.model_dump_json(
            by_alias=True, exclude_none=True
        )
        assert repr(found) == repr(strictly)
        assert hash(found) == hash(strictly)


@given(value=headers())
def test_both_ways_give_the_same_header_or_the_same_fault(value: dict[str, Any]) -> None:
    """Whatever stands in the places that are read anew."""
    assert_alike(compact_json(value))


@given(first=headers(), second=headers())
def test_one_header_says_nothing_about_the_next(first: dict[str, Any], second: dict[str, Any]) -> None:
    """A specimen that is kept must not lend its values to another header."""
    for value in (first, second, first):
        assert_alike(compact_json(value))


@given(
    value=headers(),
    at=st.integers(0, 10_000),
    length=st.integers(0, 40),
    put=st.sampled_from(
        (
            *(
                b"",
                b'"',
                b"\\",
                b",",
                b"}",
                b"{",
                b" ",
                b"\t",
                b":",
                b"0",
                b"-",
                b"\x00",
                b"\xff",
                b"null",
                b"1.0",
                b"1e3",
            ),
            *(b'"seq":5,', b'"seq":5', b',"seq":5', b'"prev":"', b'"content":{', b"\\u0041", "\u0301".encode()),
            b'"encoding":"none","digest":"' + b"a" * 64 + b'","size":1,"content_id":"' + b"b" * 32 + b'"}',
            b'"seq":0,"prev":"' + b"a" * 64 + b'","time":"2026-07-01T10:00:00.000+08:00","to":',
        )
    ),
)
@example(value=GOOD, at=1, length=0, put=b" ")
def test_bytes_put_in_anywhere_are_judged_alike(value: dict[str, Any], at: int, length: int, put: bytes) -> None:
    """What the strict parse refuses is refused, with its fault, however it is spelt."""
    data = compact_json(value)
    at %= len(data) + 1
    assert_alike(data[:at] + put + data[at + length :])


@given(value=headers())
def test_blanks_and_another_order_are_judged_alike(value: dict[str, Any]) -> None:
    """The strict parse takes them; so they are taken."""
    assert_alike(json.dumps(value).encode())
    assert_alike(compact_json(dict(reversed(value.items()))))


def test_what_our_own_nodes_write_is_familiar() -> None:
    """Else all of this would be for nothing: the second header of a chain is read without the strict parse."""
    made = papers.envelope()
    own = part(made.header_bytes)
    assert own is not None
    assert own.specimen != made.header_bytes
    assert part(prepare(made.header.model_copy(update={"seq": 7, "expires": made.header.time})).header_bytes)
    later = part(prepare(made.header.model_copy(update={"seq": 8, "prev": "e" * 64})).header_bytes)
    assert later is not None
    assert later.specimen == own.specimen


def test_a_long_header_is_not_kept() -> None:
    """Strangers must not fill the memory with specimens."""
    data = papers.envelope().header_bytes
    assert part(data + b" " * (FAMILIAR_MAX_BYTES - len(data)))
    assert part(data + b" " * (FAMILIAR_MAX_BYTES - len(data) + 1)) is None
    assert isinstance(parse_header(data + b" " * 16 * 1024), Fault)
