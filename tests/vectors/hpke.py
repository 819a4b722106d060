"""HPKE base mode over X25519 and HKDF-SHA256, spelt a second time out of RFC 9180; shares no code with the project.

With a given ephemeral key a wrapped key can be written down, which the library rightly never allows.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

AES_128_GCM: Final = (1, 16)
"""Number in the registry of RFC 9180, and length of the key in bytes."""
AES_256_GCM: Final = (2, 32)
KEM_SUITE: Final = b"KEM" + (0x20).to_bytes(2, "big")
_NONCE_BYTES: Final = 12
_ENC_BYTES: Final = 32


def _extract(salt: bytes, keying: bytes) -> bytes:
    return hmac.new(salt or bytes(32), keying, sha256).digest()


def _expand(key: bytes, info: bytes, length: int) -> bytes:
    out, block = b"", b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.new(key, block + info + bytes([counter]), sha256).digest()
        out += block
    return out[:length]


def _labelled_extract(suite: bytes, salt: bytes, label: bytes, keying: bytes) -> bytes:
    return _extract(salt, b"HPKE-v1" + suite + label + keying)


def _labelled_expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    return _expand(key, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, length)


@dataclass(frozen=True)
class Schedule:
    """What RFC 9180 section 5.1 derives for one message, with every step on the way."""

    shared_secret: bytes
    key_schedule_context: bytes
    secret: bytes
    key: bytes
    base_nonce: bytes


def shared_secret(dh: bytes, enc: bytes, public: bytes) -> bytes:
    """DHKEM, section 4.1: both ends reach it, one by the ephemeral key, the other by its own."""
    prk = _labelled_extract(KEM_SUITE, b"", b"eae_prk", dh)
    return _labelled_expand(KEM_SUITE, prk, b"shared_secret", enc + public, 32)


def schedule(secret: bytes, info: bytes, aead: tuple[int, int] = AES_256_GCM) -> Schedule:
    """Key schedule of mode 0 (base): no pre-shared key."""
    number, length = aead
    suite = b"HPKE" + b"".join(one.to_bytes(2, "big") for one in (0x20, 1, number))
    psk_id_hash = _labelled_extract(suite, b"", b"psk_id_hash", b"")
    context = b"\0" + psk_id_hash + _labelled_extract(suite, b"", b"info_hash", info)
    derived = _labelled_extract(suite, secret, b"secret", b"")
    key = _labelled_expand(suite, derived, b"key", context, length)
    return Schedule(
        secret, context, derived, key, _labelled_expand(suite, derived, b"base_nonce", context, _NONCE_BYTES)
    )


def seal(ephemeral: bytes, public: bytes, info: bytes, plain: bytes, *, aad: bytes = b"") -> bytes:
    """Encapsulated key and ciphertext, by a given ephemeral private key (32 bytes)."""
    own = X25519PrivateKey.from_private_bytes(ephemeral)
    enc = own.public_key().public_bytes_raw()
    made = schedule(shared_secret(own.exchange(X25519PublicKey.from_public_bytes(public)), enc, public), info)
    return enc + AESGCM(made.key).encrypt(made.base_nonce, plain, aad)


def opened(private: bytes, sealed: bytes, info: bytes, *, aad: bytes = b"") -> bytes:
    """What ``seal`` closed."""
    own, enc = X25519PrivateKey.from_private_bytes(private), sealed[:_ENC_BYTES]
    secret = shared_secret(
        own.exchange(X25519PublicKey.from_public_bytes(enc)), enc, own.public_key().public_bytes_raw()
    )
    made = schedule(secret, info)
    return AESGCM(made.key).decrypt(made.base_nonce, sealed[_ENC_BYTES:], aad)
