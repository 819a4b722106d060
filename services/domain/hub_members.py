"""Whom a hub lets in and what it brings to whom: read from the registry and the agreements, which are no secrets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schemas.documents import SignedDocument
from schemas.errors import Fault
from services.domain.documents import document_digest
from services.domain.governance import judge_agreement, judge_registry


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


def hub_members(registry: SignedDocument, agreements: Iterable[SignedDocument]) -> HubMembers | Fault:
    """Judge the documents that a hub was given.

    A hub is trusted with nothing, so it pins nothing: signatures must hold, and every county judges for itself.
    """
    judged = judge_registry(registry, pinned=document_digest(registry), previous=None)
    if isinstance(judged, Fault):
        return judged
    parties: dict[str, frozenset[str]] = {}
    versions: dict[str, int] = {}
    for document in agreements:
        in_force = judge_agreement(document, judged)
        if isinstance(in_force, Fault):
            return in_force
        agreement = in_force.agreement
        parties[agreement.id] = parties.get(agreement.id, frozenset()) | set(agreement.parties)
        versions[agreement.id] = max(versions.get(agreement.id, 0), agreement.version)
    nkeys: dict[str, str] = {member.county: member.transport_key for member in judged.members}
    return HubMembers(judged.version, nkeys, parties, versions)
