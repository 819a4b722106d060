"""Copies of one agreement that parties have signed apart: put together, whatever order they come in.

Only a signature that holds by the registry in force is kept. So a copy that somebody has spoilt, or has signed in
another's name, neither counts nor takes the place of one that is good.

Source: docs/protocol.md, section "Agreements"; docs/decisions/0045-put-agreements-together-on-a-page.md
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from schemas.agreements import Agreement
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType, Signature
from schemas.errors import Fault
from schemas.registry import KeyUse, Registry
from services.domain.documents import bytes_to_sign, open_payload
from services.domain.governance import acceding
from services.domain.signing import key_signed
from services.domain.trust import MemberKey, keys_of

COPIES_MAX: Final = 32
_WRONG_MOST: Final = 20
"""Signatures that do not count and are told; a file may hold a thousand."""


class Flaw(StrEnum):
    """Why a signature does not count."""

    BROKEN = "broken"
    """It names a member's key, and that key has not made it."""
    STRANGER = "stranger"
    """The registry in force knows no governance key of this id."""
    NOT_PARTY = "not_party"
    """Its member has no part in the agreement."""


@dataclass(frozen=True, slots=True)
class WrongSignature:
    """A signature that does not count.

    Attributes:
        kid: Of the key that it names.
        county: Whose key that is; None if the registry does not say.
    """

    kid: str
    county: str | None
    flaw: Flaw


@dataclass(frozen=True, slots=True)
class Collected:
    """One agreement with every signature that counts.

    Attributes:
        document: With those signatures alone, in the order of their keys' ids.
        signed: Parties that have signed, ascending.
        missing: Parties that must sign yet, ascending.
        wrong: Signatures that do not count, the first twenty by key id.
    """

    document: SignedDocument
    agreement: Agreement
    signed: tuple[str, ...]
    missing: tuple[str, ...]
    wrong: tuple[WrongSignature, ...]


def collect(copies: Sequence[SignedDocument], registry: Registry, previous: Agreement | None) -> Collected | Fault:
    """Put copies of one agreement together.

    Args:
        copies: One or more, in any order; each with any signatures.
        registry: The one in force: by its governance keys each signature is judged.
        previous: The version before, if it is in force here: an accession needs fewer signatures.
    """
    if not copies:
        return Fault("agreement.no_copy", "copies", "give at least one copy of the agreement")
    first = copies[0].model_copy(update={"signatures": ()})
    if any(one.payload != first.payload or one.payload_type is not first.payload_type for one in copies):
        return Fault("document.differs", "copies", "these files are not copies of one document; compare digests")
    agreement = open_payload(first, PayloadType.AGREEMENT, Agreement)
    if isinstance(agreement, Fault):
        return agreement
    governance = keys_of(registry, KeyUse.GOVERNANCE)
    given = {(one.kid, one.sig): one for copy in copies for one in copy.signatures}
    good = _holding(first, given.values(), governance, agreement)
    signed = sorted({governance[kid].county for kid in good})
    needed = acceding(agreement, previous) if previous else frozenset(agreement.parties)
    return Collected(
        document=first.model_copy(update={"signatures": tuple(good[kid] for kid in sorted(good))}),
        agreement=agreement,
        signed=tuple(signed),
        missing=tuple(sorted(needed.difference(signed))),
        wrong=_wrong(given.values(), good, governance, agreement),
    )


def _holding(
    document: SignedDocument, given: Iterable[Signature], governance: dict[str, MemberKey], agreement: Agreement
) -> dict[str, Signature]:
    """Return one good signature for each key: the same one, whichever came first."""
    to_be_signed, good = bytes_to_sign(document), dict[str, Signature]()
    for one in sorted(given, key=lambda found: (found.kid, found.sig)):
        owner = governance.get(one.kid)
        if owner is None or one.kid in good or owner.county not in agreement.parties:
            continue
        if key_signed(owner.key, to_be_signed, one.sig):
            good[one.kid] = one
    return good


def _wrong(
    given: Iterable[Signature], good: dict[str, Signature], governance: dict[str, MemberKey], agreement: Agreement
) -> tuple[WrongSignature, ...]:
    found: dict[str, WrongSignature] = {}
    for one in given:
        if one.kid in good:  # its key has signed: what else stands under its name is noise
            continue
        owner = governance.get(one.kid)
        if owner is None:
            found[one.kid] = WrongSignature(one.kid, None, Flaw.STRANGER)
        else:
            flaw = Flaw.BROKEN if owner.county in agreement.parties else Flaw.NOT_PARTY
            found[one.kid] = WrongSignature(one.kid, owner.county, flaw)
    return tuple(found[kid] for kid in sorted(found)[:_WRONG_MOST])
