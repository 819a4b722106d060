"""The codec of key files: whatever goes in comes back, and whatever is damaged never comes back the same or crashes."""

import contextlib
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.keys.encryption_at_rest import SALT_BYTES, decrypt, encrypt

PASSPHRASE: Final = b"one passphrase, derived once"
SALT: Final = bytes(range(SALT_BYTES))
UNHURRIED: Final = settings(deadline=None, max_examples=200)  # the first derivation takes its time, on purpose
PLAIN: Final = st.binary(min_size=1, max_size=400)


@given(PLAIN)
@UNHURRIED
def test_what_goes_in_comes_back(plain: bytes) -> None:
    """At every length: DER switches to the long form of lengths at 128 bytes, and padding fills whole blocks."""
    assert decrypt(encrypt(plain, PASSPHRASE, SALT), PASSPHRASE) == plain


@given(st.binary(min_size=32, max_size=32))
@settings(deadline=None, max_examples=20)  # the foreign reader derives its key anew each time
def test_the_library_reads_what_we_write(seed: bytes) -> None:
    """The encoder is our own; the reader here is not."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    pem = encrypt(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), PASSPHRASE, SALT)
    foreign = load_pem_private_key(pem, PASSPHRASE)
    assert isinstance(foreign, Ed25519PrivateKey)
    assert foreign.private_bytes_raw() == seed


@given(PLAIN, st.data())
@UNHURRIED
def test_a_flipped_bit_never_goes_unnoticed(plain: bytes, data: st.DataObject) -> None:
    """It is refused, or the key that comes out is another one, which its public record then gives away."""
    pem = bytearray(encrypt(plain, PASSPHRASE, SALT))
    # From behind the salt (another salt is another derivation) to before the last group of base64, whose spare bits
    # mean nothing; and no line ends.
    places = [at for at in range(130, len(pem) - 44) if pem[at : at + 1] != b"\n"]
    at = data.draw(st.sampled_from(places))
    pem[at] ^= 1 << data.draw(st.integers(0, 7))
    with contextlib.suppress(ValueError):
        assert decrypt(bytes(pem), PASSPHRASE) != plain


@given(st.binary(max_size=600))
@UNHURRIED
def test_rubbish_is_not_ours(rubbish: bytes) -> None:
    """A file of another kind goes on to the library, which says what it thinks of it."""
    assert decrypt(rubbish, PASSPHRASE) is None
