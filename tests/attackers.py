"""Whoever has a capture and every file of a county, and tries everything in them against it."""

import base64
import hashlib
import re
import sqlite3
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.keys.key_file import load
from schemas.envelope import Envelope
from schemas.errors import SihuError
from services.domain.encoding import require_base64url
from services.domain.encryption import COMMITMENT_BYTES, commitment_of, decrypt_content, parse_keys, wrap_info
from services.domain.signals import SIGNAL_TYPES

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_KEY_BYTES: Final = 32
_COMMITMENT_LABEL: Final = b"sihu-content-commitment-v1\0"
_WORDS: Final = re.compile(rb"[A-Za-z0-9+/_-]{43}=?|[0-9a-fA-F]{64}")
"""Spellings of 32 bytes: base64 of either alphabet, hexadecimal."""


@dataclass(frozen=True, slots=True)
class Loot:
    """What lies in somebody's files.

    Attributes:
        keys: Every 32 bytes that are spelt somewhere, stand in a column, or come out of a key file.
        raw: The bytes of every file, of which every window of 32 is tried as a content key.
    """

    keys: frozenset[bytes]
    raw: tuple[bytes, ...]


def loot(folder: Path, passphrase: str) -> Loot:
    """Take everything out of a folder: key files with the passphrase that opens them, rows, texts, raw bytes."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    raw = tuple(path.read_bytes() for path in files)
    keys = set(_opened(files, passphrase))
    for path in files:
        if path.suffix == ".db":
            keys |= set(_columns(path))
    for data in raw:
        keys |= set(_spelt(data))
    return Loot(frozenset(keys), raw)


def _opened(files: Iterable[Path], passphrase: str) -> Iterator[bytes]:
    for path in files:
        try:
            private = load(path, passphrase).private
            yield private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        except (SihuError, ValueError, UnicodeDecodeError):
            continue  # no key file, or one of a kind that has no 32 bytes


def _columns(database: Path) -> Iterator[bytes]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for name in names:
            for row in connection.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 - the database's own names
                yield from (value for value in row if isinstance(value, bytes) and len(value) == _KEY_BYTES)


def _spelt(data: bytes) -> Iterator[bytes]:
    for found in _WORDS.findall(data):
        word = found.rstrip(b"=")
        if len(word) == 2 * _KEY_BYTES:
            yield bytes.fromhex(word.decode())
        else:
            yield base64.urlsafe_b64decode(word.translate(bytes.maketrans(b"+/", b"-_")) + b"=")


def opened_by(captured: Envelope, spoils: Loot) -> str | None:
    """Try everything in somebody's files against a captured event; return what it said, or None."""
    (said,) = opened_each([captured], spoils)
    return said


def opened_each(captured: Sequence[Envelope], spoils: Loot) -> list[str | None]:
    """Try everything in somebody's files against captured events; return what each said, or None."""
    committed = _committed({_commitment(one) for one in captured}, spoils.raw)
    return [
        _plain(one, (*_unwrapped(one, spoils.keys), *committed.get(_commitment(one), ()), *spoils.keys))
        for one in captured
    ]


def _commitment(captured: Envelope) -> bytes:
    return captured.content[:COMMITMENT_BYTES]


def _plain(captured: Envelope, keys: Iterable[bytes]) -> str | None:
    header = captured.header
    for key in keys:
        plain = decrypt_content(captured.content, source=header.source, content_id=header.content.content_id, key=key)
        if plain is not None:
            return plain.decode()
    return None


def _unwrapped(captured: Envelope, keys: Iterable[bytes]) -> Iterator[bytes]:
    """Try every secret as the private key of every reader."""
    header = captured.header
    entries = parse_keys(captured.keys_bytes, header, header.to if header.type in SIGNAL_TYPES else None)
    assert isinstance(entries, dict), "the capture holds the keys part as it travelled"
    infos = [
        (
            require_base64url(entry.wrapped),
            wrap_info(
                wire_type=header.type,
                source=header.source,
                channel=header.channel,
                epoch=header.epoch,
                seq=header.seq,
                recipient=county,
                content_id=header.content.content_id,
            ),
        )
        for county, entry in entries.items()
    ]
    for key in keys:
        private = X25519PrivateKey.from_private_bytes(key)
        for wrapped, info in infos:
            try:
                yield _SUITE.decrypt(wrapped, private, info)
            except (InvalidTag, ValueError):
                continue


def _committed(wanted: Container[bytes], files: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    """Try every window of every file as a content key: the key's digest stands before the ciphertext."""
    found, start = dict[bytes, list[bytes]](), hashlib.sha256(_COMMITMENT_LABEL)
    assert commitment_of(bytes(_KEY_BYTES)) == hashlib.sha256(_COMMITMENT_LABEL + bytes(_KEY_BYTES)).digest()
    for data in files:
        for at in range(len(data) - _KEY_BYTES + 1):
            attempt = start.copy()
            attempt.update(data[at : at + _KEY_BYTES])
            digest = attempt.digest()
            if digest in wanted:
                found.setdefault(digest, []).append(data[at : at + _KEY_BYTES])
    return found
