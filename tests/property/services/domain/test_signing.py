"""No single bit of an envelope can be flipped on its way without somebody noticing."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.envelope import ContentBinding, Envelope
from services.domain.encoding import digest_of, to_base64url
from services.domain.receiving import Outcome, examine
from tests import papers

TRUST = papers.trust()
KEYS = b'{"451221":"wrapped","451226":"wrapped"}'


def _with_keys() -> Envelope:
    """Return an envelope all four parts of which hold something."""
    content = papers.as_bytes(papers.policy_content())
    binding = ContentBinding(
        media_type="application/json",
        encoding="none",
        digest=digest_of(content),
        size=len(content),
        content_id="00" * 16,
        keys_digest=digest_of(KEYS),
    )
    made = papers.envelope(content, content=binding)
    return Envelope(made.envelope_id, made.header, made.header_bytes, made.signatures_bytes, KEYS, made.content)


GOOD = _with_keys()
WIRE = GOOD.to_wire()
SUBJECT = papers.arrival(GOOD).subject


def outcome_of(message: bytes) -> Outcome:
    """Examine a message at 环江."""
    return examine(papers.arrival(message, subject=SUBJECT), trust=TRUST, county=papers.HUANJIANG).outcome


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
