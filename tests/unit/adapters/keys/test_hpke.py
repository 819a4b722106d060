"""HPKE as the library does it, held against RFC 9180 and against a second spelling of it."""

import hashlib
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from adapters.keys.encryption import FileEncryption
from adapters.keys.key_file import OpenKey
from adapters.memory.encryption import MemoryEncryption, kid_of_name, public_of_name
from services.domain.governance import kid_of
from tests.vectors import hpke

# RFC 9180, appendix A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode. The RFC prints none for
# X25519 with AES-256-GCM; what differs there are the number of the suite and the length of the key.
INFO: Final = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
SK_E: Final = bytes.fromhex("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736")
PK_E: Final = bytes.fromhex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431")
SK_R: Final = bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")
PK_R: Final = bytes.fromhex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d")
SHARED: Final = bytes.fromhex("fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc")
CONTEXT: Final = bytes.fromhex(
    "00725611c9d98c07c03f60095cd32d400d8347d45ed67097bbad50fc56da742d07"
    "cb6cffde367bb0565ba28bb02c90744a20f5ef37f30523526106f637abb05449"
)
SECRET: Final = bytes.fromhex("12fff91991e93b48de37e7daddb52981084bd8aa64289c3788471d9a9712f397")
KEY: Final = bytes.fromhex("4531685d41d65f03dc48f6b8302c05b0")
NONCE: Final = bytes.fromhex("56d890e5accaaf011cff4b7d")
PLAIN: Final = bytes.fromhex("4265617574792069732074727574682c20747275746820626561757479")
AAD: Final = bytes.fromhex("436f756e742d30")
CIPHERTEXT: Final = bytes.fromhex(
    "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
)

OURS: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
CONTENT_KEY: Final = bytes(range(32))
PLACE: Final = b"one place of one chain"


def test_the_second_spelling_is_that_of_the_rfc() -> None:
    """Every step that appendix A.1.1 prints."""
    exchanged = X25519PrivateKey.from_private_bytes(SK_E).exchange(X25519PublicKey.from_public_bytes(PK_R))
    made = hpke.schedule(hpke.shared_secret(exchanged, PK_E, PK_R), INFO, hpke.AES_128_GCM)
    assert (made.shared_secret, made.key_schedule_context, made.secret) == (SHARED, CONTEXT, SECRET)
    assert (made.key, made.base_nonce) == (KEY, NONCE)
    assert AESGCM(made.key).encrypt(made.base_nonce, PLAIN, AAD) == CIPHERTEXT


def test_the_library_opens_what_the_rfc_prints() -> None:
    """Decapsulation, key schedule and opening of the very code that we use, by its entrance for additional data."""
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    private = X25519PrivateKey.from_private_bytes(SK_R)
    found = openssl.hpke._decrypt_with_aad(suite, PK_E + CIPHERTEXT, private, INFO, AAD)  # noqa: SLF001 - no other entrance
    assert found == PLAIN


def test_our_suite_is_the_same_in_both_spellings() -> None:
    """AES-256-GCM: each opens what the other wrapped, so both derive the same key."""
    private = X25519PrivateKey.from_private_bytes(SK_R)
    assert OURS.decrypt(hpke.seal(SK_E, PK_R, PLACE, CONTENT_KEY), private, PLACE) == CONTENT_KEY
    assert hpke.opened(SK_R, OURS.encrypt(CONTENT_KEY, private.public_key(), PLACE), PLACE) == CONTENT_KEY


def _file_encryption(root: Path, name: str) -> FileEncryption:
    made = FileEncryption(root, "", kid_of)
    made.hold(OpenKey("x25519", X25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())))
    return made


@pytest.fixture(params=["memory", "file"])
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> MemoryEncryption | FileEncryption:
    """Return the key ring of 环江, both adapters."""
    name = "451226 encryption"
    return MemoryEncryption(name) if request.param == "memory" else _file_encryption(tmp_path, name)


def test_what_was_wrapped_for_us_opens_and_nothing_else(reader: MemoryEncryption | FileEncryption) -> None:
    """Another place, another key, a changed byte, a point of low order: empty. A key that is not here: None."""
    public, kid = public_of_name("451226 encryption"), kid_of_name("451226 encryption")
    wrapped = reader.wrap(CONTENT_KEY, public, PLACE)
    assert len(wrapped) == 80
    assert reader.unwrap(kid, wrapped, PLACE) == CONTENT_KEY
    assert reader.unwrap(kid, wrapped, b"another place") == b""
    assert reader.unwrap(kid, wrapped[:-1] + bytes([wrapped[-1] ^ 1]), PLACE) == b""
    assert reader.unwrap(kid, reader.wrap(CONTENT_KEY, public_of_name("other"), PLACE), PLACE) == b""
    assert reader.unwrap(kid, bytes(80), PLACE) == b""
    assert reader.unwrap(kid_of_name("other"), wrapped, PLACE) is None


def test_nothing_is_wrapped_for_a_point_of_low_order(reader: MemoryEncryption | FileEncryption) -> None:
    """Everybody could open it."""
    with pytest.raises(ValueError, match="shared key"):
        reader.wrap(CONTENT_KEY, bytes(32), PLACE)


def test_content_keys_and_salts_are_fresh(reader: MemoryEncryption | FileEncryption) -> None:
    """One nonce serves only because no key serves twice."""
    made = [reader.fresh() for _ in range(50)]
    assert len({key for key, _ in made}) == len({salt for _, salt in made}) == 50
    assert {(len(key), len(salt)) for key, salt in made} == {(32, 16)}
