"""No bit of a batch-signed envelope is free, and the short way to read its signatures is the strict one."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from services.domain.batches import sign_run
from services.domain.encoding import compact_json
from services.domain.receiving import Outcome, examine
from services.domain.signatures import parse_signatures, parse_signatures_strictly
from services.domain.signing import attach_later, prepare, to_be_signed_of
from tests import papers

KEY, TRUST, BODY = papers.signer(papers.LIBO), papers.trust(), papers.as_bytes(papers.policy_content())
RUN = [attach_later(prepare(papers.header(BODY, seq=seq)), BODY) for seq in range(1, 12)]
PARTS = sign_run(RUN, to_be_signed_of, KEY.kid, KEY.sign)
GOOD = replace(RUN[9], signatures_bytes=PARTS[9])
WIRE = GOOD.to_wire()
SUBJECT = papers.arrival(GOOD).subject
ENTRY = json.loads(GOOD.signatures_bytes)[0]


def outcome_of(message: bytes) -> Outcome:
    """Examine a message at 环江."""
    return examine(papers.arrival(message, subject=SUBJECT), trust=TRUST, county=papers.HUANJIANG).outcome


def test_the_envelope_itself_is_good() -> None:
    """Else the properties below would prove nothing."""
    assert outcome_of(WIRE) is Outcome.ACCEPTABLE


def test_every_single_bit_of_the_signatures_part() -> None:
    """Root record, index, path, signature: all of them, one after the other."""
    start = len(GOOD.header_bytes) + 1
    for place in range(start * 8, (start + len(GOOD.signatures_bytes)) * 8):
        flipped = bytearray(WIRE)
        flipped[place // 8] ^= 1 << place % 8
        assert outcome_of(bytes(flipped)) is Outcome.QUARANTINED, f"bit {place % 8} of byte {place // 8}"


@given(st.integers(0, len(PARTS[9]) - 1), st.binary(max_size=3), st.integers(0, 3))
@example(0, b" ", 0)
def test_what_is_pasted_in_is_read_alike_both_ways(at: int, pasted: bytes, cut: int) -> None:
    """The expression that reads nearly every entry must take nothing that the strict parse refuses or reads anew."""
    data = PARTS[9][:at] + pasted + PARTS[9][at + cut :]
    assert parse_signatures(data) == parse_signatures_strictly(data)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "count": st.sampled_from((0, 1, 2, 9, 11, 4096, 4097, 9999, -1, "11", True, None, 2**53)),
    "source": st.sampled_from(("522722", "451221", "022722", "5227222", 522722)),
    "root": st.sampled_from((ENTRY["root"]["root"], "0" * 64, "G" * 64, "0" * 63)),
    "v": st.sampled_from((1, 2, 0, True, "1", 10)),
}


@given(
    st.fixed_dictionaries({}, optional=VALUES),
    st.integers(-1, 5000) | st.sampled_from(("9", None, True)),
    st.lists(st.sampled_from((*ENTRY["path"], "A" * 43, "A" * 42 + "B", "A" * 42, "", 7)), max_size=13),
)
def test_whatever_an_entry_claims_is_read_alike_both_ways(root: dict[str, Any], index: object, path: list[Any]) -> None:
    """Bounds of index, count and path have one answer."""
    record = {name: (ENTRY["root"] | root)[name] for name in ("v", "source", "count", "root")}
    data = compact_json([ENTRY | {"root": record, "index": index, "path": path}])
    assert parse_signatures(data) == parse_signatures_strictly(data)
