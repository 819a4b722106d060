"""Signed documents: open, sign, count signatures. Registry, agreement, card and credential alike.

Source: docs/protocol.md, section "Signed documents".
"""

from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError

from schemas.base import Model
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType, Signature
from schemas.errors import Fault
from schemas.faults import faults_of
from schemas.registry import KeyRecord
from services.domain.encoding import (
    digest_of,
    from_base64url,
    parse_strict,
    pre_authentication_encoding,
    to_base64url,
)
from services.domain.signing import key_signed

M = TypeVar("M", bound=Model)

DOCUMENT_MAX_BYTES = 4 * 1024 * 1024
DOCUMENT_MAX_VALUES = 400_000


def draft(payload_type: PayloadType, payload: Model) -> SignedDocument:
    """Fix the payload's bytes for all signers; nobody serialises it again."""
    data = payload.model_dump_json(by_alias=True, exclude_none=False).encode()
    return SignedDocument(payload_type=payload_type, payload=to_base64url(data))


def bytes_to_sign(document: SignedDocument) -> bytes:
    """Return the pre-authentication encoding of the payload."""
    return pre_authentication_encoding(document.payload_type, from_base64url(document.payload) or b"")


def document_digest(document: SignedDocument) -> str:
    """Return the digest that people read out: SHA-256 (hex) of the bytes to sign; signatures do not change it."""
    return digest_of(bytes_to_sign(document))


def spoken(digest: str) -> str:
    """Group a digest for the telephone: 16 groups of four."""
    return " ".join(digest[i : i + 4] for i in range(0, len(digest), 4))


def read_file(data: bytes) -> SignedDocument | Fault:
    """Parse the JSON form of a signed document, strictly."""
    value = parse_strict(data, max_bytes=DOCUMENT_MAX_BYTES * 2, what="document")
    if isinstance(value, Fault):
        return value
    try:
        return SignedDocument.model_validate_json(data)
    except ValidationError as exc:
        field = faults_of(exc, "document")[0].field
        return Fault("document.malformed", field, "this is no signed document of Sihu")


def open_payload(document: SignedDocument, payload_type: PayloadType, model: type[M]) -> M | Fault:
    """Return the payload as its model. Says nothing about signatures."""
    if document.payload_type is not payload_type:
        return Fault("document.wrong_type", "payload_type", f"expected {payload_type}, got {document.payload_type}")
    data = from_base64url(document.payload)
    if data is None:
        return Fault("document.malformed", "payload", "the payload is not canonical base64url")
    value = parse_strict(data, max_bytes=DOCUMENT_MAX_BYTES, what="payload", max_values=DOCUMENT_MAX_VALUES)
    if isinstance(value, Fault):
        return value
    try:
        return model.model_validate_json(data, by_alias=True, by_name=False)
    except ValidationError as exc:
        return faults_of(exc, "document")[0]


def add_signature(document: SignedDocument, kid: str, sign: Callable[[bytes], bytes]) -> SignedDocument:
    """Return the document with one more signature; signing twice with one key changes nothing."""
    others = tuple(one for one in document.signatures if one.kid != kid)
    mine = Signature(kid=kid, sig=to_base64url(sign(bytes_to_sign(document))))
    return document.model_copy(update={"signatures": (*others, mine)})


def merge_signatures(first: SignedDocument, *others: SignedDocument) -> SignedDocument | Fault:
    """Collect the signatures of several copies of one document."""
    merged = {one.kid: one for one in first.signatures}
    for other in others:
        if other.payload != first.payload or other.payload_type is not first.payload_type:
            return Fault("document.differs", "payload", "these files are not copies of one document; compare digests")
        merged |= {one.kid: one for one in other.signatures}
    return first.model_copy(update={"signatures": tuple(merged.values())})


def valid_signers(document: SignedDocument, keys: dict[str, KeyRecord]) -> frozenset[str]:
    """Return the key ids, out of ``keys``, whose signature over the document holds."""
    to_be_signed = bytes_to_sign(document)
    return frozenset(
        one.kid for one in document.signatures if one.kid in keys and key_signed(keys[one.kid], to_be_signed, one.sig)
    )
