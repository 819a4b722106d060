"""Sign with a key that was opened from its file."""

from adapters.keys.key_file import OpenKey


class FileSigner:
    """Satisfies ``services.ports.Signer``; the caller computes the ``kid``, for the rule is the domain's."""

    def __init__(self, key: OpenKey, kid: str) -> None:
        """Take an open Ed25519 key and its key id."""
        self.kid = kid
        self.public = key.public
        self._key = key

    def sign(self, to_be_signed: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature."""
        return self._key.sign(to_be_signed)
