"""An agreement as it was signed: the very text, its digest, and whose signatures over it hold."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import Fault
from schemas.registry import KeyUse, Registry
from services.domain.documents import open_payload, valid_signers
from services.domain.encoding import digest_of, from_base64url
from services.domain.trust import Trust, keys_of


@dataclass(frozen=True, slots=True)
class SignatureOf:
    """One signature under a document.

    Attributes:
        county: Whose governance key it is; None if no registry in hand has it.
        holds: It was verified now, over the very bytes.
    """

    kid: str
    county: str | None
    holds: bool


@dataclass(frozen=True, slots=True)
class SignedText:
    """What the parties signed.

    Attributes:
        text: The payload as it was signed, byte for byte.
        size: In bytes of UTF-8.
        digest: SHA-256 (hex) of these bytes alone. The one that people read out covers their type, too.
        signatures: In the order in which they stand.
    """

    text: str
    size: int
    digest: str
    signatures: tuple[SignatureOf, ...]


def signed_text(document: SignedDocument, trust: Trust, registries: Iterable[SignedDocument]) -> SignedText:
    """Return the text of an agreement that is in force here, and who stands under it.

    Args:
        document: As it is kept.
        trust: What this node trusts now.
        registries: Every version in hand, the oldest first; looked into for keys of those who have left or changed it.
    """
    data = from_base64url(document.payload) or b""
    keys = keys_of(trust.registry, KeyUse.GOVERNANCE)
    wanted = {one.kid for one in document.signatures}
    for earlier in _opened(registries) if wanted - keys.keys() else ():
        keys = {**keys_of(earlier, KeyUse.GOVERNANCE), **keys}
    held = valid_signers(document, {kid: keys[kid].key for kid in wanted & keys.keys()})
    signatures = (
        SignatureOf(one.kid, keys[one.kid].county if one.kid in keys else None, one.kid in held)
        for one in document.signatures
    )
    return SignedText(data.decode(), len(data), digest_of(data), tuple(signatures))


def _opened(registries: Iterable[SignedDocument]) -> Iterator[Registry]:
    for document in registries:
        registry = open_payload(document, PayloadType.REGISTRY, Registry)
        if not isinstance(registry, Fault):
            yield registry
