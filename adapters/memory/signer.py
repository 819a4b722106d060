"""A signer whose key follows from a name, so that vectors and runs repeat."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class MemorySigner:
    """Satisfies ``services.ports.Signer``; for tests and vectors only, for its private key is public knowledge."""

    def __init__(self, name: str, *, kid: str | None = None) -> None:
        """Derive the key from ``name``.

        Args:
            name: Such as ``"451226 event"``; the same name gives the same key.
            kid: Key id as the registry names it; computed by the registry's rule if left out.
        """
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
        self.public = self._key.public_key().public_bytes_raw()
        """32 bytes."""
        self.kid = kid or hashlib.sha256(b"ed25519\0" + self.public).hexdigest()[:32]

    def sign(self, to_be_signed: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature."""
        return self._key.sign(to_be_signed)
