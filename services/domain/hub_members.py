"""Whom a hub lets in and what it brings to whom: read from the registry and the agreements, which are no secrets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schemas.agreements import Agreement
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import Fault
from schemas.registry import Registry
from services.domain.documents import document_digest, open_payload
from services.domain.governance import acceding, judge_agreement, judge_registry, signing_members


@dataclass(frozen=True, slots=True)
class HubMembers:
    """What a hub needs to know.

    Attributes:
        version: Of the registry.
        nkeys: Public nkey of each member, by county.
        parties: Of each agreement, by its id without version; of several versions everybody who is in any of them.
        versions: The newest version of each agreement.
    """

    version: int
    nkeys: Mapping[str, str]
    parties: Mapping[str, frozenset[str]]
    versions: Mapping[str, int]


def _version_of(document: SignedDocument) -> int:
    agreement = open_payload(document, PayloadType.AGREEMENT, Agreement)
    return 0 if isinstance(agreement, Fault) else agreement.version


def _remaining(
    document: SignedDocument, registry: Registry, taken: Mapping[tuple[str, int], Agreement]
) -> Agreement | Fault:
    """Take an agreement some of whose parties have left: of those that must sign, the members must have signed."""
    agreement = open_payload(document, PayloadType.AGREEMENT, Agreement)
    if isinstance(agreement, Fault):
        return agreement
    members = {member.county for member in registry.members}
    if len(members & set(agreement.parties)) <= 1:
        judged = judge_agreement(document, registry)
        return judged if isinstance(judged, Fault) else judged.agreement
    previous = taken.get((agreement.id, agreement.version - 1))
    needed = acceding(agreement, previous) if previous else frozenset(agreement.parties)
    missing = sorted(needed & members - signing_members(document, registry))
    if missing:
        return Fault("agreement.unsigned", "signatures", f"the signature of {missing[0]} is missing")
    return agreement


def hub_members(registry: SignedDocument, agreements: Iterable[SignedDocument]) -> HubMembers | Fault:
    """Judge the documents that a hub was given.

    A hub is trusted with nothing, so it pins nothing: signatures must hold, and every county judges for itself.
    """
    judged = judge_registry(registry, pinned=document_digest(registry), previous=None)
    if isinstance(judged, Fault):
        return judged
    parties: dict[str, frozenset[str]] = {}
    versions: dict[str, int] = {}
    taken: dict[tuple[str, int], Agreement] = {}
    for document in sorted(agreements, key=_version_of):
        agreement = _remaining(document, judged, taken)
        if isinstance(agreement, Fault):
            return agreement
        taken[agreement.id, agreement.version] = agreement
        versions[agreement.id] = max(versions.get(agreement.id, 0), agreement.version)
        members = {member.county for member in judged.members}
        parties[agreement.id] = parties.get(agreement.id, frozenset()) | (set(agreement.parties) & members)
    nkeys: dict[str, str] = {member.county: member.transport_key for member in judged.members}
    return HubMembers(judged.version, nkeys, parties, versions)
