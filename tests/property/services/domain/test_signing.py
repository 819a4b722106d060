"""No single bit of an envelope can be flipped on its way without somebody noticing."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.domain.encoding import to_base64url
from services.domain.receiving import Outcome, examine
from tests import papers
from tests.encrypted import GOOD_ENVELOPE, keyring

TRUST = papers.trust()
GOOD = GOOD_ENVELOPE
"""Encrypted, so that all four parts hold something."""
KEYS = GOOD.keys_bytes
WIRE = GOOD.to_wire()
SUBJECT = papers.arrival(GOOD).subject


def outcome_of(message: bytes) -> Outcome:
    """Examine a message at 环江."""
    arrival, unwrap = papers.arrival(message, subject=SUBJECT), keyring(papers.HUANJIANG).unwrap
    return examine(arrival, trust=TRUST, county=papers.HUANJIANG, unwrap=unwrap).outcome


def test_the_envelope_itself_is_good() -> None:
    """Else the property below would prove nothing."""
    assert outcome_of(WIRE) is Outcome.ACCEPTABLE


def test_every_single_bit_of_a_whole_envelope() -> None:
    """All of them, one after the other: header, signatures, keys, content and the line ends between."""
    for place in range(len(WIRE) * 8):
        flipped = bytearray(WIRE)
        flipped[place // 8] ^= 1 << place % 8
        assert outcome_of(bytes(flipped)) is Outcome.QUARANTINED, f"bit {place % 8} of byte {place // 8}"


@given(st.integers(0, len(WIRE) - 1), st.integers(1, 255), st.integers(0, len(WIRE) - 1), st.integers(0, 255))
@settings(max_examples=300)
def test_changed_bytes_are_refused(one: int, mask: int, other: int, second: int) -> None:
    """Two bytes changed at once: no repair of one by the other."""
    changed = bytearray(WIRE)
    changed[one] ^= mask
    changed[other] ^= second
    if bytes(changed) != WIRE:
        assert outcome_of(bytes(changed)) is Outcome.QUARANTINED


@given(st.binary(max_size=200), st.integers(0, len(WIRE)), st.integers(0, len(WIRE)))
@example(b"", 0, len(WIRE))
@example(b"\n\n\n", 0, 0)
def test_cut_and_pasted_bytes_are_refused_and_nothing_is_raised(pasted: bytes, start: int, stop: int) -> None:
    """Anything put in the place of anything: refused, or it was the same."""
    message = WIRE[:start] + pasted + WIRE[stop:]
    outcome = outcome_of(message)
    assert outcome is Outcome.QUARANTINED or message == WIRE


@given(st.binary(min_size=64, max_size=64))
def test_no_made_up_signature_holds(forged: bytes) -> None:
    """Sixty-four bytes of anything in the place of the signature."""
    signature = GOOD.signatures_bytes.replace(
        GOOD.signatures_bytes.split(b'"sig":"')[1][:86], to_base64url(forged).encode()
    )
    message = b"\n".join((GOOD.header_bytes, signature, KEYS, GOOD.content))
    assert message == WIRE or outcome_of(message) is Outcome.QUARANTINED
