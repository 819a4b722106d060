"""The signatures of a document in an evidence file: each one counts and holds, so that no bit is free.

Source: docs/protocol.md, section "Evidence files".
"""

from collections.abc import Mapping
from itertools import pairwise

from schemas.documents import SignedDocument
from schemas.errors import Fault
from schemas.registry import KeyRecord
from services.domain.documents import bytes_to_sign, valid_signers
from services.domain.signing import key_signed


def is_ordered(document: SignedDocument) -> bool:
    """Tell whether signatures stand in their one order."""
    return all(first.kid < second.kid for first, second in pairwise(document.signatures))


def superfluous(document: SignedDocument, keys: Mapping[str, KeyRecord]) -> Fault | None:
    """Refuse a document with a signature that proves nothing: it would be a place where bits are free."""
    if not is_ordered(document):
        return Fault("signature.order", "signatures", "signatures of a document ascend by kid, each once")
    to_be_signed = bytes_to_sign(document)
    for one in document.signatures:
        if one.kid not in keys:
            return Fault("signature.superfluous", "signatures", f"{one.kid} is no key that counts here")
        if not key_signed(keys[one.kid], to_be_signed, one.sig):
            return Fault("signature.invalid", "signatures", f"the signature by {one.kid} does not cover the document")
    return None


def counting(document: SignedDocument, keys: Mapping[str, KeyRecord]) -> SignedDocument:
    """Keep the signatures that count, in their order: what ``superfluous`` lets pass."""
    signers = valid_signers(document, dict(keys))
    kept = sorted((one for one in document.signatures if one.kid in signers), key=lambda one: one.kid)
    return document.model_copy(update={"signatures": tuple(kept)})
