"""Encryption whose private keys follow from names, so that vectors and runs repeat."""

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class MemoryEncryption:
    """Satisfies ``services.key_ports.Encryption``; for tests and vectors only: the private keys are public."""

    def __init__(self, *names: str) -> None:
        """Hold one private key for each name, such as ``"451226 encryption"``."""
        self._private: dict[str, X25519PrivateKey] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> str:
        """Hold one more private key; return its kid."""
        private = X25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
        kid = kid_of_name(name)
        self._private[kid] = private
        return kid

    def forget(self, kid: str) -> None:
        """Destroy a private key."""
        self._private.pop(kid, None)

    def fresh(self) -> tuple[bytes, bytes]:
        """Return a new content key and a salt."""
        return os.urandom(32), os.urandom(16)

    def wrap(self, content_key: bytes, public: bytes, info: bytes) -> bytes:
        """Return the content key wrapped for the owner of ``public``."""
        return _SUITE.encrypt(content_key, X25519PublicKey.from_public_bytes(public), info)

    def unwrap(self, kid: str, wrapped: bytes, info: bytes) -> bytes | None:
        """Return what was wrapped for one of our keys; None if that is not here, empty if it does not open."""
        private = self._private.get(kid)
        if private is None:
            return None
        try:
            return _SUITE.decrypt(wrapped, private, info)
        except (InvalidTag, ValueError):  # ValueError: an encapsulated point of low order
            return b""


def public_of_name(name: str) -> bytes:
    """Return the 32 bytes of the public key that follows from a name."""
    private = X25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    return private.public_key().public_bytes_raw()


def kid_of_name(name: str) -> str:
    """Return the key id of the key that follows from a name."""
    return hashlib.sha256(b"x25519\0" + public_of_name(name)).hexdigest()[:32]
