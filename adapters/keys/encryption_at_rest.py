"""Encrypt a private key for its file: PKCS#8 under PBES2 with scrypt and AES-256-CBC.

``cryptography`` reads such files but writes PBKDF2 with 2,048 rounds only, which a thief tries millions of
times a second. The format stays the standard one, so OpenSSL opens our files as well.

Source: RFC 5958 (PKCS#8), RFC 8018 section 6.2 (PBES2), RFC 7914 section 7 (scrypt in it);
docs/decisions/0012-encrypt-key-files-at-rest.md.
"""

import base64
import os
import textwrap
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7

COST: Final = 2**14  # 16 MiB of memory; OpenSSL refuses to open files that need more than 32 MiB
BLOCK_SIZE: Final = 8
PARALLELISM: Final = 2
SALT_BYTES: Final = 16

_BLOCK_BITS: Final = 128
_KEY_BYTES: Final = 32
_BEGIN: Final = "-----BEGIN ENCRYPTED PRIVATE KEY-----"
_END: Final = "-----END ENCRYPTED PRIVATE KEY-----"

_INTEGER: Final = 0x02
_OCTETS: Final = 0x04
_SEQUENCE: Final = 0x30
_SHORT_LENGTH: Final = 0x80

# Object identifiers, tag and length included.
_PBES2: Final = bytes.fromhex("06092a864886f70d01050d")
_SCRYPT: Final = bytes.fromhex("06092b06010401da47040b")
_AES_256_CBC: Final = bytes.fromhex("060960864801650304012a")


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < _SHORT_LENGTH:
        return bytes((tag, len(body))) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, _SHORT_LENGTH | len(length))) + length + body


def _integer(value: int) -> bytes:
    return _der(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _head(salt: bytes) -> bytes:
    """Everything of the scheme before the initialisation vector; it changes with the salt alone."""
    cost = (_integer(COST), _integer(BLOCK_SIZE), _integer(PARALLELISM))
    return _der(_SEQUENCE, _SCRYPT, _der(_SEQUENCE, _der(_OCTETS, salt), *cost))


def _wrapped(salt: bytes, vector: bytes, body: bytes) -> bytes:
    cipher = _der(_SEQUENCE, _AES_256_CBC, _der(_OCTETS, vector))
    scheme = _der(_SEQUENCE, _PBES2, _der(_SEQUENCE, _head(salt), cipher))
    return _der(_SEQUENCE, scheme, _der(_OCTETS, body))


@lru_cache(maxsize=32)
def _derived(passphrase: bytes, salt: bytes) -> bytes:
    """One derivation opens every file made with this salt: a county's keys are unlocked once per process."""
    return Scrypt(salt=salt, length=_KEY_BYTES, n=COST, r=BLOCK_SIZE, p=PARALLELISM).derive(passphrase)


def encrypt(plain: bytes, passphrase: bytes, salt: bytes) -> bytes:
    """Return the PEM text of a PKCS#8 key, encrypted.

    Args:
        plain: DER of the unencrypted PKCS#8 structure.
        passphrase: What opens it again.
        salt: 16 random bytes; files that share one passphrase may share it, for the vector is always fresh.
    """
    vector = os.urandom(_BLOCK_BITS // 8)
    padder = PKCS7(_BLOCK_BITS).padder()
    encryptor = Cipher(AES256(_derived(passphrase, salt)), CBC(vector)).encryptor()
    body = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    lines = textwrap.wrap(base64.b64encode(_wrapped(salt, vector, body)).decode(), 64)
    return "\n".join([_BEGIN, *lines, _END, ""]).encode()


def decrypt(pem: bytes, passphrase: bytes) -> bytes | None:
    """Return the DER that ``encrypt`` wrapped; None if the file has another form.

    With a wrong passphrase the answer is noise, or ``ValueError`` where the padding shows it.
    """
    data = _unarmoured(pem)
    salt, vector, body = _parts(data)
    if data != _wrapped(salt, vector, body):
        return None
    decryptor = Cipher(AES256(_derived(passphrase, salt)), CBC(vector)).decryptor()
    unpadder = PKCS7(_BLOCK_BITS).unpadder()
    return unpadder.update(decryptor.update(body) + decryptor.finalize()) + unpadder.finalize()


def _unarmoured(pem: bytes) -> bytes:
    text = pem.decode("ascii", "replace").strip().removeprefix(_BEGIN).removesuffix(_END)
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return b""


def _parts(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Cut out salt, vector and body where our own form has them; the caller compares the whole."""
    salt_at = data.find(_SCRYPT) + len(_SCRYPT) + 4  # behind the heads of the parameters and of the salt
    vector_at = data.find(_AES_256_CBC) + len(_AES_256_CBC) + 2
    body_at = vector_at + _BLOCK_BITS // 8 + 2
    long_form = data[body_at - 1 : body_at]
    if long_form > bytes((_SHORT_LENGTH,)):
        body_at += long_form[0] & ~_SHORT_LENGTH
    return data[salt_at : salt_at + SALT_BYTES], data[vector_at : vector_at + _BLOCK_BITS // 8], data[body_at:]
