"""Content for its audience alone: bound to one place, spelt in one way, opened by its readers and by nobody else."""

import json
from dataclasses import replace
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.memory.encryption import MemoryEncryption
from schemas.base import InformationClass
from schemas.envelope import KEYS_MAX_BYTES, Envelope
from schemas.errors import Fault, InvariantError
from services.domain.encoding import digest_of, to_base64url
from services.domain.encryption import (
    OVERHEAD_BYTES,
    OpenedContent,
    commitment_of,
    content_aad,
    decrypt_content,
    encrypt_content,
    must_be_encrypted,
    no_private_keys,
    open_content,
    parse_keys,
    read_content,
    readers_of,
    spell_keys,
)
from tests import papers
from tests.encrypted import BODY, CONTENT_ID, KEY, SALT, encrypted_envelope, keyring, wrapped_for
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.vectors.two_stories import colliding

GOOD: Final = encrypted_envelope()


def code_of(envelope: Envelope, county: str = HUANJIANG, ring: MemoryEncryption | None = None) -> str:
    """Return why an envelope does not open, or how it does."""
    found = open_content(envelope, county, (ring or keyring(county)).unwrap)
    return found.code if isinstance(found, Fault) else "opened"


@pytest.mark.parametrize("county", [NANDAN, HUANJIANG, LIBO])
def test_every_reader_opens_it_the_source_too(county: str) -> None:
    """A county must be able to read what it sent itself, also after a restore."""
    assert open_content(GOOD, county, keyring(county).unwrap) == OpenedContent(BODY, KEY)


def test_what_is_carried_shows_nothing() -> None:
    """Neither text nor title nor length to the byte of the salt."""
    assert BODY not in GOOD.to_wire()
    assert "直接结算".encode() not in GOOD.to_wire()
    assert GOOD.header.content.size == len(BODY) + OVERHEAD_BYTES


def test_equal_contents_differ_by_salt_and_key() -> None:
    """Who sees two ciphertexts must not learn that they say the same."""
    other = encrypt_content(BODY, source=LIBO, content_id=CONTENT_ID, key=bytes(32), salt=SALT)
    salted = encrypt_content(BODY, source=LIBO, content_id=CONTENT_ID, key=KEY, salt=bytes(16))
    assert len({GOOD.content, other.carried, salted.carried}) == 3


def test_a_content_is_bound_to_its_source_and_its_id() -> None:
    """Else a county could carry another's ciphertext under its own name."""
    carried = GOOD.content
    assert decrypt_content(carried, source=LIBO, content_id=CONTENT_ID, key=KEY) == BODY
    assert decrypt_content(carried, source=NANDAN, content_id=CONTENT_ID, key=KEY) is None
    assert decrypt_content(carried, source=LIBO, content_id="11" * 16, key=KEY) is None
    assert decrypt_content(carried, source=LIBO, content_id=CONTENT_ID, key=b"") is None
    assert decrypt_content(b"short", source=LIBO, content_id=CONTENT_ID, key=KEY) is None


def test_a_ciphertext_tells_no_two_stories() -> None:
    """A source wraps one key for 南丹 and another for 环江: AES-GCM opens one ciphertext by both, to two texts."""
    other, aad = bytes(reversed(KEY)), content_aad(LIBO, CONTENT_ID)
    closed = colliding(KEY, other, aad, SALT + b"sixteen bytes...")
    stories = {AESGCM(key).decrypt(bytes(12), closed, aad) for key in (KEY, other)}
    assert len(stories) == 2

    for named in (KEY, other):
        carried = commitment_of(named) + closed
        opening = [decrypt_content(carried, source=LIBO, content_id=CONTENT_ID, key=key) for key in (KEY, other)]
        assert sum(one is not None for one in opening) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"seq": 2},
        {"epoch": "2-00000000000000aa"},
        {"agreement": papers.in_force(id="work-only").reference},
        {"type": papers.WORK},
    ],
    ids=["seq", "epoch", "channel", "type"],
)
def test_a_key_opens_at_its_own_place_alone(changes: dict[str, Any]) -> None:
    """The keys part of one event, put into another header of the same source."""
    moved = encrypted_envelope(keys=GOOD.keys_bytes, **changes)
    assert code_of(moved) == "encryption.key_not_opened"


def test_a_key_opens_for_its_own_reader_alone() -> None:
    """南丹 hands its entry to 环江, under 环江's name and key id."""
    entries = json.loads(GOOD.keys_bytes)
    by_county = {entry["to"]: entry for entry in entries}
    by_county[HUANJIANG]["wrapped"] = by_county[NANDAN]["wrapped"]
    assert code_of(encrypted_envelope(keys=papers.as_bytes(entries))) == "encryption.key_not_opened"


def test_a_county_without_the_private_half_says_so() -> None:
    """A key that was destroyed, or never came back from a backup: the source must hear which."""
    assert code_of(GOOD, ring=MemoryEncryption("another")) == "encryption.unknown_key"
    found = open_content(GOOD, HUANJIANG, no_private_keys)
    assert isinstance(found, Fault)
    assert papers.encryption_record(HUANJIANG).kid in found.mend


def test_a_content_that_its_own_key_does_not_open_is_refused() -> None:
    """A source that exchanged the content and signed that."""
    other = encrypt_content(BODY, source=LIBO, content_id=CONTENT_ID, key=bytes(32), salt=SALT).carried
    assert code_of(encrypted_envelope(carried=other)) == "encryption.content_not_opened"
    assert code_of(encrypted_envelope(carried=b"")) == "encryption.content_not_opened"


def _spelt(*counties: str) -> bytes:
    return spell_keys({county: wrapped_for(county) for county in counties})


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        (b"[]", "encryption.readers"),
        (_spelt(NANDAN, HUANJIANG), "encryption.readers"),
        (_spelt(HUANJIANG, LIBO), "encryption.readers"),
        (_spelt(NANDAN, HUANJIANG, LIBO, "532628"), "encryption.readers"),
        (GOOD.keys_bytes + b" ", "encryption.malformed"),
        (GOOD.keys_bytes.replace(b",", b", ", 1), "encryption.malformed"),
        (GOOD.keys_bytes.replace(b'"kid":', b'"key":'), "encryption.malformed"),
        (GOOD.keys_bytes.replace(b'"wrapped":"', b'"wrapped":"A'), "encryption.malformed"),
        (b"{}", "encryption.malformed"),
        (b"[1]", "encryption.malformed"),
        (b"[", "json.malformed"),
        (b'[{"to":"451221","to":"451226"}]', "json.duplicate_key"),
        (b"[" * 9 + b"]" * 9, "json.too_deep"),
    ],
)
def test_keys_have_one_spelling(keys: bytes, code: str) -> None:
    """What is not written in exactly that form is no keys part, so nothing can be hidden beside the keys."""
    found = parse_keys(keys, GOOD.header)
    assert isinstance(found, Fault)
    assert (found.code, found.field) == (code, "keys" if found.field == "keys" else found.field)


def test_the_last_bits_of_a_wrapped_key_are_not_free() -> None:
    """Base64url of 80 bytes leaves two bits over; set, they would be a second spelling."""
    entries = json.loads(GOOD.keys_bytes)
    wrapped = entries[0]["wrapped"]
    entries[0]["wrapped"] = wrapped[:-1] + "BFJNRVZdhlptx159"["AEIMQUYcgkosw048".index(wrapped[-1])]
    found = parse_keys(papers.as_bytes(entries), GOOD.header)
    assert isinstance(found, Fault)
    assert found.code == "encryption.malformed"


def test_the_largest_audience_fits() -> None:
    """512 recipients and the source stay below the bound of the keys part."""
    counties = tuple(str(code) for code in range(451000, 451512))
    spelt = spell_keys({county: ("0" * 32, bytes(80)) for county in readers_of(LIBO, counties)})
    assert len(spelt) <= KEYS_MAX_BYTES


def test_clear_content_brings_no_keys_and_encrypted_content_does() -> None:
    """A keys part beside clear content would be 128 KiB that no guard looks at."""
    clear = papers.envelope()
    assert open_content(clear, HUANJIANG, no_private_keys) == OpenedContent(clear.content)
    assert code_of(replace(clear, keys_bytes=GOOD.keys_bytes)) == "encryption.malformed"
    assert code_of(replace(GOOD, keys_bytes=b"")) == "content.encoding"


def test_kept_content_is_read_by_its_key() -> None:
    """The private half may be destroyed as soon as the content key is kept; without that key nothing can be read."""
    assert read_content(GOOD, KEY) == BODY
    assert read_content(GOOD, b"") is None
    assert read_content(papers.envelope(), b"") == papers.as_bytes(papers.policy_content())


def test_what_must_be_encrypted() -> None:
    """Personal content always, public never, internal unless the agreement lets it go in clear."""
    personal, internal, public = InformationClass.PERSONAL, InformationClass.INTERNAL, InformationClass.PUBLIC
    assert [must_be_encrypted(one, internal_in_clear=True) for one in (personal, internal, public)] == [
        True,
        False,
        False,
    ]
    assert [must_be_encrypted(one, internal_in_clear=False) for one in (personal, internal, public)] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(("key", "salt"), [(b"", SALT), (KEY, b""), (KEY[:16], SALT)])
def test_no_weak_key_is_used(key: bytes, salt: bytes) -> None:
    """Sixteen bytes would be AES-128, and a missing salt a bug."""
    with pytest.raises(InvariantError):
        encrypt_content(BODY, source=LIBO, content_id=CONTENT_ID, key=key, salt=salt)


def test_no_key_shows_in_a_log() -> None:
    """The values that hold a content key are printed by whoever debugs."""
    shown = repr(encrypt_content(BODY, source=LIBO, content_id=CONTENT_ID, key=KEY, salt=SALT)) + repr(
        OpenedContent(BODY, KEY)
    )
    assert KEY.hex() not in shown
    assert repr(KEY) not in shown
    assert "直接结算" not in shown


def test_the_header_binds_keys_and_content() -> None:
    """Or the guards would look at one content and the reader at another."""
    assert GOOD.header.content.keys_digest == digest_of(GOOD.keys_bytes)
    assert GOOD.header.content.digest == digest_of(GOOD.content)
    assert to_base64url(wrapped_for(NANDAN)[1]) not in GOOD.header_bytes.decode()
