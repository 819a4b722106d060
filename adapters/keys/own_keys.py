"""Officers' own Ed25519 keys as bare seeds, for as long as one signature takes."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.keys.key_file import OpenKey, generate


class SeedKeys:
    """Satisfies ``services.console_ports.OwnKeys``."""

    def fresh(self) -> tuple[bytes, bytes]:
        """Return a new seed and its public key, 32 bytes each."""
        key = generate("ed25519")
        return key.seed, key.public

    def sign(self, seed: bytes, to_be_signed: bytes) -> bytes:
        """Return the 64-byte signature."""
        return OpenKey("ed25519", Ed25519PrivateKey.from_private_bytes(seed)).sign(to_be_signed)
