"""Seal small secrets for the database: AES-256-GCM under a key that HKDF makes of another secret.

The node's own secret is a key file of the county, encrypted at rest as every other: the database alone opens nothing.
"""

import hashlib
import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from adapters.keys.key_file import generate, load, new_salt, save
from schemas.errors import NotFoundError

CONSOLE_KEY: Final = "keys/console.pem"
_PERSON: Final = b"sihu-console"
_LABEL: Final = b"sihu-seal-v1\0"
_VERSION: Final = b"\x01"
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class FileSealer:
    """Satisfies ``services.console_ports.Sealer``."""

    def __init__(self, here: bytes) -> None:
        """Take the node's own secret, 32 bytes."""
        self._here = here

    def __repr__(self) -> str:
        """Show nothing of the secret."""
        return "FileSealer()"

    def seal(self, secret: bytes, plain: bytes, context: str) -> bytes:
        """Return ``plain`` as only the owner of ``secret`` can read it: version, salt, nonce, ciphertext."""
        salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
        sealed = AESGCM(_key(secret, salt, context)).encrypt(nonce, plain, _VERSION + context.encode())
        return _VERSION + salt + nonce + sealed

    def open(self, secret: bytes, sealed: bytes, context: str) -> bytes | None:
        """Return what was sealed; None if the secret or the context is another one, or it was changed."""
        version, salt = sealed[:1], sealed[1 : 1 + _SALT_BYTES]
        nonce, body = sealed[1 + _SALT_BYTES :][:_NONCE_BYTES], sealed[1 + _SALT_BYTES + _NONCE_BYTES :]
        if version != _VERSION or len(nonce) != _NONCE_BYTES:
            return None
        try:
            return AESGCM(_key(secret, salt, context)).decrypt(nonce, body, _VERSION + context.encode())
        except InvalidTag:
            return None

    def seal_here(self, plain: bytes, context: str) -> bytes:
        """Return ``plain`` as only this node can read it, once its passphrase was given."""
        return self.seal(self._here, plain, context)

    def open_here(self, sealed: bytes, context: str) -> bytes | None:
        """Return what was sealed by ``seal_here``, None if it cannot be opened."""
        return self.open(self._here, sealed, context)


def open_sealer(root: Path, passphrase: str) -> FileSealer:
    """Open the node's secret, made if it is not there. One that does not open is never replaced: telephones hang on it.

    Args:
        root: The county's directory.
        passphrase: Of the county's key files.

    Raises:
        RequestError: The passphrase is wrong, or the file is damaged.
        UnavailableError: The disk is full or failing.
    """
    path = root / CONSOLE_KEY
    try:
        seed = load(path, passphrase).seed
    except NotFoundError:
        key = generate("ed25519")  # its 32 secret bytes; nothing is ever signed by it
        save(path, key, passphrase, new_salt())
        seed = key.seed
    return FileSealer(hashlib.blake2b(seed, digest_size=_KEY_BYTES, person=_PERSON).digest())


def _key(secret: bytes, salt: bytes, context: str) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt, _LABEL + context.encode()).derive(secret)
