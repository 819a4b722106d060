"""HPKE with the private keys of a county's directory: the one of the registry, and the short-lived ones of the office.

A short-lived key is two files beside the database, where the node may write: ``office-<kid>.key``, encrypted at rest,
and its public record, ``office-<kid>.json``. The record is written last and removed first, so whoever finds a record
finds the key.
"""

import base64
import contextlib
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from pydantic import ValidationError

from adapters.keys.durable import PUBLIC, read_bytes, sync_directory, write_whole
from adapters.keys.key_file import OpenKey, generate, load, new_salt, save
from schemas.errors import Fault, RequestError
from schemas.registry import KeyRecord, KeyUse

OFFICE_RECORDS: Final = "office-*.json"
OFFICE_KEYS: Final = "office-*.key"

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_CONTENT_KEY_BYTES: Final = 32
_SALT_BYTES: Final = 16
_RECORD_MAX_BYTES: Final = 4096


class FileEncryption:
    """Satisfies ``services.key_ports.Encryption`` and ``services.key_ports.OfficeKeyChain``."""

    def __init__(self, folder: Path, passphrase: str, kid_of: Callable[[str, bytes], str]) -> None:
        """Take the folder of the short-lived keys; open nothing yet.

        Args:
            folder: Made with the first of them.
            passphrase: Opens the key files, also those that are made while the node runs.
            kid_of: The domain's rule: algorithm and public key to key id.
        """
        self._folder, self._passphrase, self._kid_of = folder, passphrase, kid_of
        self._private: dict[str, X25519PrivateKey] = {}

    def hold(self, key: OpenKey) -> str:
        """Open by this key, too; return its kid."""
        private = _x25519(key)
        kid = self._kid_of("x25519", key.public)
        self._private[kid] = private
        return kid

    # -- services.key_ports.Encryption -------------------------------------------------------------------

    def fresh(self) -> tuple[bytes, bytes]:
        """Return a new content key and a salt."""
        return os.urandom(_CONTENT_KEY_BYTES), os.urandom(_SALT_BYTES)

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

    # -- services.key_ports.OfficeKeyChain ---------------------------------------------------------------

    def records(self) -> list[KeyRecord]:
        """Return the records of the short-lived keys, and open those that were not open yet.

        Raises:
            RequestError: A file is damaged, or the passphrase does not open it.
        """
        found = self.listed()
        for record in found:
            if record.kid not in self._private:
                self._private[record.kid] = _x25519(load(self._path(record.kid, "key"), self._passphrase))
        return found

    def listed(self) -> list[KeyRecord]:
        """Return the records of the short-lived keys, without opening any.

        Raises:
            RequestError: A file is damaged.
        """
        return [_record_in(path) for path in sorted(self._folder.glob(OFFICE_RECORDS))]

    def make(self, valid_from: datetime, valid_until: datetime) -> KeyRecord:
        """Make a short-lived key, durable before it is returned.

        Raises:
            UnavailableError: The disk is full or failing.
        """
        key = generate("x25519")
        kid = self._kid_of("x25519", key.public)
        record = KeyRecord(
            kid=kid,
            use=KeyUse.ENCRYPTION,
            algorithm="x25519",
            public=base64.urlsafe_b64encode(key.public).rstrip(b"=").decode(),
            valid_from=valid_from,
            valid_until=valid_until,
        )
        save(self._path(kid, "key"), key, self._passphrase, new_salt())
        write_whole(self._path(kid, "json"), record.model_dump_json().encode() + b"\n", mode=PUBLIC)
        self._private[kid] = _x25519(key)
        return record

    def destroy(self, kid: str) -> None:
        """Destroy a private half: overwritten, removed, forgotten. What it alone could open stays shut for good."""
        self._private.pop(kid, None)
        path = self._path(kid, "key")
        self._path(kid, "json").unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            _overwrite(path)
            path.unlink()
            sync_directory(path.parent)

    def _path(self, kid: str, ending: str) -> Path:
        return self._folder / f"office-{kid}.{ending}"


def _x25519(key: OpenKey) -> X25519PrivateKey:
    if not isinstance(key.private, X25519PrivateKey):
        raise RequestError(Fault("key.wrong_algorithm", key.algorithm, "expected an X25519 key"))
    return key.private


def _record_in(path: Path) -> KeyRecord:
    try:
        return KeyRecord.model_validate_json(read_bytes(path, what=path.name, max_bytes=_RECORD_MAX_BYTES))
    except ValidationError:
        mend = "the record of this key is damaged; take it back from a backup, or remove both its files"
        raise RequestError(Fault("key.malformed", path.name, mend)) from None


def _overwrite(path: Path) -> None:
    # A file system that copies on write, or a flash disk, may keep the old bytes somewhere: they are still encrypted.
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(os.urandom(size))
        file.flush()
        os.fsync(file.fileno())
