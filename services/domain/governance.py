"""Judge the documents of the control plane: who signed, and is that enough?

Source: docs/protocol.md, section "Trust".
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from schemas.agreements import Agreement
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import Fault
from schemas.officers import OfficerCredential
from schemas.registry import KeyRecord, KeyUse, MemberCard, Registry
from services.domain.documents import document_digest, open_payload, valid_signers
from services.domain.encoding import from_base64url
from services.domain.trust import AgreementInForce, Trust, keys_of


def kid_of(algorithm: str, public: bytes) -> str:
    """Return the key id: first 16 bytes of SHA-256 over algorithm, NUL and the key, in hex."""
    return hashlib.sha256(algorithm.encode() + b"\0" + public).hexdigest()[:32]


def _misnamed(key: KeyRecord) -> bool:
    public = from_base64url(key.public)
    return public is None or kid_of(key.algorithm, public) != key.kid


def judge_card(document: SignedDocument) -> MemberCard | Fault:
    """A card must be signed by the governance key that it introduces, and name its keys truly."""
    card = open_payload(document, PayloadType.MEMBER_CARD, MemberCard)
    if isinstance(card, Fault):
        return card
    if wrong := next((key for key in card.member.keys if _misnamed(key)), None):
        return Fault("key.misnamed", "member.keys", f"{wrong.kid} is not the id of its key")
    governance = {key.kid: key for key in card.member.keys if key.use is KeyUse.GOVERNANCE}
    if not valid_signers(document, governance):
        return Fault("card.unsigned", "signatures", "the card is not signed by its own governance key")
    return card


def signing_members(document: SignedDocument, registry: Registry) -> frozenset[str]:
    """Return the counties whose governance key validly signed."""
    governance = keys_of(registry, KeyUse.GOVERNANCE)
    signed = valid_signers(document, {kid: owner.key for kid, owner in governance.items()})
    return frozenset(governance[kid].county for kid in signed)


def judge_registry(document: SignedDocument, *, pinned: str | None, previous: Trust | None) -> Registry | Fault:
    """Decide whether a registry may be trusted.

    Args:
        document: The registry with its signatures.
        pinned: For version 1: the digest that was read out to us. Never optional there.
        previous: For later versions: what we trust now.
    """
    registry = open_payload(document, PayloadType.REGISTRY, Registry)
    if isinstance(registry, Fault):
        return registry
    if wrong := next((k for m in registry.members for k in m.keys if _misnamed(k)), None):
        return Fault("key.misnamed", "members.keys", f"{wrong.kid} is not the id of its key")
    signed = signing_members(document, registry)
    if len(signed) < registry.threshold:
        mend = f"{registry.threshold} members must sign, {len(signed)} did; collect more signatures"
        return Fault("registry.too_few_signatures", "signatures", mend)
    return _unlinked(document, registry, pinned, previous) or registry


def _unlinked(document: SignedDocument, registry: Registry, pinned: str | None, previous: Trust | None) -> Fault | None:
    digest = document_digest(document)
    if previous is None:
        if pinned is None or digest != pinned:
            mend = "compare the digest with another member by telephone, then run `sihu registry trust DIGEST`"
            return Fault("registry.not_pinned", "digest", mend)
        return None
    old = previous.registry
    if registry.version == old.version and digest == previous.registry_digest:
        return None
    if registry.version != old.version + 1 or registry.previous != previous.registry_digest:
        return Fault("registry.not_next", "version", f"version {old.version + 1}, naming ours as previous, is expected")
    if len(signing_members(document, old)) < old.threshold:
        return Fault("registry.too_few_signatures", "signatures", "the old threshold of members must sign as well")
    return None


def judge_agreement(
    document: SignedDocument,
    registry: Registry,
    earlier: Sequence[Registry] = (),
    previous: Agreement | None = None,
) -> AgreementInForce | Fault:
    """Every party must be a member and have signed with its governance key.

    A version that does nothing but take in new parties needs their signatures and those of the coordinators alone.

    A party that has left since was a member in an earlier version of the registry and signed then: the agreement goes
    on among the others, and nothing goes to it or comes from it.

    Args:
        document: With its signatures.
        registry: The newest one trusted.
        earlier: Older versions, the oldest first.
        previous: The version before, if it is in force here.
    """
    agreement = open_payload(document, PayloadType.AGREEMENT, Agreement)
    if isinstance(agreement, Fault):
        return agreement
    versions: dict[str, Registry] = {member.county: one for one in (*earlier, registry) for member in one.members}
    if stranger := next((party for party in agreement.parties if party not in versions), None):
        return Fault("agreement.not_member", "parties", f"{stranger} is no member of the registry")
    signed = {id(one): signing_members(document, one) for one in versions.values()}
    needed = acceding(agreement, previous) if previous else frozenset(agreement.parties)
    missing = sorted(party for party in needed if party not in signed[id(versions[party])])
    if missing:
        return Fault("agreement.unsigned", "signatures", f"the signature of {missing[0]} is missing")
    reference = f"{agreement.id}@{agreement.version}:{document_digest(document)}"
    return AgreementInForce(agreement, reference)


def acceding(agreement: Agreement, previous: Agreement) -> frozenset[str]:
    """Return who must sign a version: everybody, or the newcomers and the old coordinators if it is an accession.

    An accession changes nothing but the parties, of whom none goes, and adds contacts.
    """
    grown = {"version": agreement.version, "parties": agreement.parties, "contacts": agreement.contacts}
    grown |= {"valid_from": agreement.valid_from}
    newcomers = set(agreement.parties) - set(previous.parties)
    whole = (
        agreement.version == previous.version + 1
        and newcomers
        and set(previous.parties) <= set(agreement.parties)
        and set(previous.contacts) <= set(agreement.contacts)
        and previous.valid_from <= agreement.valid_from
        and previous.model_copy(update=grown) == agreement
    )
    return frozenset(newcomers | set(previous.coordinators)) if whole else frozenset(agreement.parties)


def _certifiers(document: SignedDocument, trust: Trust, county: str) -> dict[str, KeyRecord]:
    """Return the event keys by which this credential may be certified: an ended one for those named at its end."""
    digest = document_digest(document)
    return {
        kid: one.key
        for kid, one in trust.keys.items()
        if one.county == county
        and one.key.use is KeyUse.EVENT
        and (kid not in trust.ended or digest in trust.ended[kid].credentials)
    }


def judge_officer(document: SignedDocument, trust: Trust, county: str, at: datetime) -> OfficerCredential | Fault:
    """A credential must be signed by its county's event key and be valid at ``at``."""
    credential = open_payload(document, PayloadType.OFFICER, OfficerCredential)
    if isinstance(credential, Fault):
        return credential
    if credential.county != county:
        return Fault("officer.wrong_county", "county", f"the credential is of {credential.county}, not {county}")
    if not valid_signers(document, _certifiers(document, trust, county)):
        return Fault("officer.unsigned", "signatures", f"the credential is not signed by an event key of {county}")
    if not credential.issued_at <= at < credential.expires_at:
        return Fault("officer.expired", "expires_at", "the credential is not valid at that time; issue a new one")
    return credential
