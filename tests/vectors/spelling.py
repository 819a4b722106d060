"""The wire format in a few lines of hashlib, json and cryptography: a second spelling, without this project's code.

If ``services.domain`` and this module disagree, one of them has changed the wire.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Json = dict[str, Any]

EVENT = "application/vnd.sihu.event.v1+json"
RECEIPT = "application/vnd.sihu.receipt.v1+json"


def base64url(data: bytes) -> str:
    """Unpadded."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def sha256(data: bytes) -> str:
    """Lowercase hex."""
    return hashlib.sha256(data).hexdigest()


def compact(value: object) -> bytes:
    """UTF-8 without blanks, keys as they stand."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def pae(payload_type: str, payload: bytes) -> bytes:
    """Bytes to sign."""
    return b"DSSEv1 %d %s %d %s" % (len(payload_type), payload_type.encode(), len(payload), payload)


def channel(source: str, agreement_id: str, to: Sequence[str], label: bytes = b"sihu-channel-v1\0") -> str:
    """Channel id."""
    parts = [one.encode() for one in (source, agreement_id, *sorted(to))]
    return sha256(label + b"".join(len(one).to_bytes(4, "big") + one for one in parts))


class Key:
    """A test key: its private half is public knowledge."""

    def __init__(self, name: str) -> None:
        """Derive the key from ``name``."""
        self.name = name
        self.seed = hashlib.sha256(f"sihu test vectors: {name}".encode()).digest()
        self._private = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.public = self._private.public_key().public_bytes_raw()
        self.kid = hashlib.sha256(b"ed25519\0" + self.public).hexdigest()[:32]

    def sign(self, data: bytes) -> str:
        """Signature as base64url."""
        return base64url(self._private.sign(data))

    def described(self) -> Json:
        """Everything about the key."""
        return {
            "name": self.name,
            "private_seed_hex": self.seed.hex(),
            "public": base64url(self.public),
            "kid": self.kid,
        }


def signature_list(keys: Iterable[Key], data: bytes) -> list[Json]:
    """One entry for each key."""
    return [{"kid": key.kid, "sig": key.sign(data)} for key in keys]


def document(payload_type: str, payload: Json, keys: Iterable[Key]) -> Json:
    """A signed document: registry, agreement, card, credential."""
    data = compact(payload)
    return {
        "payload_type": payload_type,
        "payload": base64url(data),
        "signatures": signature_list(keys, pae(payload_type, data)),
    }


def document_digest(made: Json) -> str:
    """The digest that people read out."""
    data = base64.urlsafe_b64decode(made["payload"] + "=" * (-len(made["payload"]) % 4))
    return sha256(pae(made["payload_type"], data))


@dataclass(frozen=True)
class Sealed:
    """An envelope and everything on the way to it."""

    header: Json
    header_bytes: bytes
    to_be_signed: bytes
    envelope_id: str
    signatures: bytes
    content: bytes
    keys: bytes = b""

    @property
    def wire(self) -> bytes:
        """The message."""
        return b"\n".join((self.header_bytes, self.signatures, self.keys, self.content))


def seal(header: Json, content: bytes, keys: Sequence[Key], payload_type: str = EVENT) -> Sealed:
    """Sign a header as it stands."""
    header_bytes = compact(header)
    to_be_signed = pae(payload_type, header_bytes)
    signatures = compact(signature_list(keys, to_be_signed))
    return Sealed(header, header_bytes, to_be_signed, sha256(to_be_signed), signatures, content)
