"""Whatever is encrypted comes back to its readers, and one flipped bit anywhere in keys or content is refused."""

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Fault
from services.domain.encryption import (
    OpenedContent,
    content_aad,
    decrypt_content,
    encrypt_content,
    open_content,
    parse_keys,
    wrap_info,
)
from services.domain.receiving import Outcome, examine
from tests import papers
from tests.encrypted import BODY, GOOD_ENVELOPE, KEY, encrypted_envelope, keyring
from tests.papers import HUANJIANG, LIBO

TRUST = papers.trust()
KEYS_BYTES = st.binary(min_size=32, max_size=32)


@given(st.binary(max_size=2000), KEYS_BYTES, st.binary(min_size=16, max_size=16))
def test_every_content_comes_back(plain: bytes, key: bytes, salt: bytes) -> None:
    """Also the empty one."""
    made = encrypt_content(plain, source=LIBO, content_id="00" * 16, key=key, salt=salt)
    assert decrypt_content(made.carried, source=LIBO, content_id="00" * 16, key=key) == plain


def outcome(keys: bytes, content: bytes) -> Outcome:
    """Examine the envelope at 环江 with these parts, signed anew: a source that tampers with its own."""
    made = encrypted_envelope(keys=keys, carried=content)
    return examine(papers.arrival(made), trust=TRUST, county=HUANJIANG, unwrap=keyring(HUANJIANG).unwrap).outcome


def test_the_envelope_itself_is_good() -> None:
    """Else what follows would prove nothing."""
    assert outcome(GOOD_ENVELOPE.keys_bytes, GOOD_ENVELOPE.content) is Outcome.ACCEPTABLE


def test_every_single_bit_of_the_content() -> None:
    """Although the header binds the changed bytes and the signature holds."""
    for place in range(len(GOOD_ENVELOPE.content) * 8):
        flipped = bytearray(GOOD_ENVELOPE.content)
        flipped[place // 8] ^= 1 << place % 8
        assert outcome(GOOD_ENVELOPE.keys_bytes, bytes(flipped)) is Outcome.REJECTED, place


def test_every_single_bit_of_our_entry_and_of_all_that_is_not_a_wrapped_key() -> None:
    """Only the wrapped keys and key ids of others are theirs to refuse: we cannot look into those."""
    keys = GOOD_ENVELOPE.keys_bytes
    ours = keys.index(f'{{"to":"{HUANJIANG}"'.encode())
    of_others = [at for at in range(len(keys)) if _is_of_another(keys, at, ours)]
    for place in range(len(keys) * 8):
        flipped = bytearray(keys)
        flipped[place // 8] ^= 1 << place % 8
        is_refused = outcome(bytes(flipped), GOOD_ENVELOPE.content) is not Outcome.ACCEPTABLE
        assert is_refused or place // 8 in of_others, place


def _is_of_another(keys: bytes, at: int, ours: int) -> bool:
    end = keys.index(b"}", ours)
    if ours <= at <= end:
        return False
    start = max(keys.rfind(b'"kid":"', 0, at + 1), keys.rfind(b'"wrapped":"', 0, at + 1))
    return start >= 0 and keys.find(b'"', keys.index(b':"', start) + 2) > at


@given(st.lists(st.text(max_size=9), min_size=5, max_size=5), st.lists(st.text(max_size=9), min_size=5, max_size=5))
@settings(max_examples=200)
def test_no_two_places_are_bound_alike(one: list[str], other: list[str]) -> None:
    """Lengths stand in front of texts, so no two lists of names give one binding."""

    def bound(names: list[str]) -> bytes:
        wire_type, source, channel, recipient, content_id = names
        return wrap_info(
            wire_type=wire_type,
            source=source,
            channel=channel,
            epoch="1",
            seq=1,
            recipient=recipient,
            content_id=content_id,
        )

    assert (bound(one) == bound(other)) == (one == other)
    assert content_aad(one[0], one[1]) != bound(one)


def test_a_reader_reads_the_same_as_its_neighbour() -> None:
    """One content for all: no source can tell two readers two stories under one signature and one key."""
    opened = {county: open_content(GOOD_ENVELOPE, county, keyring(county).unwrap) for county in papers.COUNTIES}
    assert set(opened.values()) == {OpenedContent(BODY, KEY)}


@given(
    st.binary(max_size=400) | st.recursive(st.none() | st.text(max_size=9), st.lists, max_leaves=9).map(papers.as_bytes)
)
def test_whatever_stands_in_the_keys_part_nothing_is_raised(keys: bytes) -> None:
    """A partner's bytes: refused, or the one spelling."""
    found = parse_keys(keys, GOOD_ENVELOPE.header)
    assert isinstance(found, Fault)


@given(st.binary(max_size=200), st.binary(min_size=32, max_size=32))
def test_whatever_is_carried_nothing_is_raised(carried: bytes, key: bytes) -> None:
    """Shorter than a tag, empty, noise."""
    assert decrypt_content(carried, source=LIBO, content_id="00" * 16, key=key) is None
