"""Private keys in files: made here, encrypted at rest, opened once per process."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_p256
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

from adapters.keys.durable import PRIVATE, read_bytes, write_whole
from adapters.keys.encryption_at_rest import SALT_BYTES, decrypt, encrypt
from schemas.errors import Fault, RequestError

Algorithm = Literal["ed25519", "x25519", "p256"]
Private = Ed25519PrivateKey | X25519PrivateKey | EllipticCurvePrivateKey

PASSPHRASE_MIN: Final = 12  # characters
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class OpenKey:
    """A private key in memory. Its ``repr`` shows nothing of it.

    Attributes:
        algorithm: ``ed25519`` signs, ``x25519`` decrypts, ``p256`` speaks TLS.
        private: The library's own object.
    """

    algorithm: Algorithm
    private: Private

    def __repr__(self) -> str:
        """Name the algorithm alone."""
        return f"OpenKey({self.algorithm})"

    @property
    def public(self) -> bytes:
        """The public key: 32 raw bytes, or DER of the public key for ``p256``."""
        if isinstance(self.private, EllipticCurvePrivateKey):
            return self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes of an Ed25519 key: what an nkey seed spells."""
        if not isinstance(self.private, Ed25519PrivateKey):
            raise RequestError(Fault("key.wrong_algorithm", self.algorithm, "expected an Ed25519 key"))
        return self.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())

    def sign(self, to_be_signed: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature."""
        if not isinstance(self.private, Ed25519PrivateKey):
            raise RequestError(Fault("key.wrong_algorithm", self.algorithm, "expected an Ed25519 key"))
        return self.private.sign(to_be_signed)


def generate(algorithm: Algorithm) -> OpenKey:
    """Make a new key from the system's randomness."""
    match algorithm:
        case "ed25519":
            return OpenKey(algorithm, Ed25519PrivateKey.generate())
        case "x25519":
            return OpenKey(algorithm, X25519PrivateKey.generate())
        case "p256":
            return OpenKey(algorithm, generate_p256(SECP256R1()))


def new_salt() -> bytes:
    """Return a salt; files under one passphrase may share it, so that one derivation opens them all."""
    return os.urandom(SALT_BYTES)


def save(path: Path, key: OpenKey, passphrase: str, salt: bytes) -> None:
    """Write a new key file, readable by its owner alone; an existing one is never overwritten.

    Raises:
        RequestError: The passphrase is too short, or the file is there already.
        UnavailableError: The disk is full or failing.
    """
    if len(passphrase) < PASSPHRASE_MIN:
        mend = f"take at least {PASSPHRASE_MIN} characters; several words in a row are easy to keep"
        raise RequestError(Fault("key.passphrase_too_short", "passphrase", mend))
    plain = key.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    write_whole(path, encrypt(plain, passphrase.encode(), salt), mode=PRIVATE, replace=False)


def load(path: Path, passphrase: str) -> OpenKey:
    """Open a key file.

    Raises:
        NotFoundError: There is no such file.
        RequestError: The passphrase is wrong, the file is not encrypted or damaged, or others may read it.
    """
    pem = read_bytes(path, what=path.name, max_bytes=64 * 1024)
    if path.stat().st_mode & _OTHERS:
        raise RequestError(Fault("key.open_to_others", path.name, f"others may read it; run `chmod 600 {path}`"))
    private = _opened(pem, passphrase.encode(), path)
    match private:
        case Ed25519PrivateKey():
            return OpenKey("ed25519", private)
        case X25519PrivateKey():
            return OpenKey("x25519", private)
        case EllipticCurvePrivateKey():
            return OpenKey("p256", private)
        case _:
            raise RequestError(Fault("key.wrong_algorithm", path.name, "expected Ed25519, X25519 or P-256"))


def _opened(pem: bytes, passphrase: bytes, path: Path) -> object:
    try:
        plain = decrypt(pem, passphrase)
        return load_pem_private_key(pem, passphrase) if plain is None else load_der_private_key(plain, None)
    except TypeError:
        mend = "the key lies in the file unencrypted; destroy it and make a new one"
        raise RequestError(Fault("key.not_encrypted", path.name, mend)) from None
    except ValueError:
        mend = f"the passphrase does not open {path}; give the one it was made with, or a sound copy of the file"
        raise RequestError(Fault("key.wrong_passphrase", path.name, mend)) from None
