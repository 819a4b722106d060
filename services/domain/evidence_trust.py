"""The trust that an evidence file brings along: registry versions from the anchor on, and the agreement.

Source: docs/protocol.md, section "Evidence files".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from schemas.agreements import Agreement
from schemas.documents import SignedDocument
from schemas.envelope import Envelope, PayloadType
from schemas.errors import Fault
from schemas.registry import KeyRecord, KeyUse, Registry
from services.domain.documents import bytes_to_sign, document_digest, open_payload
from services.domain.governance import judge_registry, signing_members
from services.domain.signing import key_signed, key_valid_at, verify
from services.domain.trust import AgreementInForce, Trust, assemble, keys_of

_OTHER_ANCHOR: Final = Fault(
    "registry.not_pinned", "registries.0", "the file begins with another registry than the anchor names"
)


@dataclass(frozen=True, slots=True)
class Lineage:
    """Registry versions without a gap, each signed as the one before demands; the oldest first."""

    versions: tuple[Trust, ...]

    @property
    def anchor(self) -> str:
        """Digest of the first version: what a person compares."""
        return self.versions[0].registry_digest

    @property
    def newest(self) -> int:
        """Number of the last version."""
        return self.versions[-1].registry.version

    def from_version(self, version: int) -> tuple[Trust, ...]:
        """Return the version that a header names, or the first if that is older, and all behind it."""
        return self.versions[max(0, version - self.versions[0].registry.version) :]

    def verify(self, envelope: Envelope) -> Fault | None:
        """Verify an envelope under the version that its header names; no later one here may have dropped its keys."""
        named, *later = self.from_version(envelope.header.registry)
        return verify(envelope, named) or next((fault for one in later if (fault := _outlived(envelope, one))), None)


def _outlived(envelope: Envelope, later: Trust) -> Fault | None:
    for kid in envelope.header.signers:
        record = later.key(kid)
        if record is None:
            mend = f"registry {later.registry.version} dropped {kid}: whether it was stolen before cannot be told"
            return Fault("signature.key_revoked", "signers", mend)
        if not key_valid_at(record.key, envelope.header.time):
            mend = f"{kid} is not valid at that time by registry {later.registry.version}"
            return Fault("signature.key_not_valid", "time", mend)
    return None


def judge_lineage(documents: Sequence[SignedDocument], anchor: str | None, newest_named: int) -> Lineage | Fault:
    """Judge the registry versions of a file.

    Args:
        documents: In the order of the file.
        anchor: Digest of the first one, as the verifying person knows it; None if nothing is known.
        newest_named: The highest version that a header in the file names.
    """
    versions: list[Trust] = []
    for document in documents:
        previous = versions[-1] if versions else None
        judged = _judge_version(document, anchor or document_digest(document), previous)
        if isinstance(judged, Fault):
            return judged
        versions.append(judged)
    lineage = Lineage(tuple(versions))
    if newest_named > lineage.newest:
        mend = f"a header names version {newest_named}, and the last one here is {lineage.newest}"
        return Fault("registry.missing_version", "registries", mend)
    return lineage


def _judge_version(document: SignedDocument, pinned: str, previous: Trust | None) -> Trust | Fault:
    registry = judge_registry(document, pinned=pinned, previous=previous)
    if isinstance(registry, Fault):
        return _OTHER_ANCHOR if registry.code == _OTHER_ANCHOR.code else registry
    if previous is not None and registry.version != previous.registry.version + 1:
        return Fault("registry.not_next", "version", f"version {previous.registry.version + 1} is expected")
    fault = superfluous(document, governing(registry, previous.registry if previous else None))
    return fault or assemble(registry, document_digest(document), ())


def governing(*registries: Registry | None) -> dict[str, KeyRecord]:
    """Return the governance keys of registries by kid."""
    return {
        kid: one.key
        for registry in registries
        if registry is not None
        for kid, one in keys_of(registry, KeyUse.GOVERNANCE).items()
    }


def superfluous(document: SignedDocument, keys: Mapping[str, KeyRecord]) -> Fault | None:
    """Refuse a document with a signature that proves nothing: it would be a place where bits are free."""
    if any(first.kid >= second.kid for first, second in pairwise(document.signatures)):
        return Fault("signature.order", "signatures", "signatures of a document ascend by kid, each once")
    to_be_signed = bytes_to_sign(document)
    for one in document.signatures:
        if one.kid not in keys:
            return Fault("signature.superfluous", "signatures", f"{one.kid} is no governance key that counts here")
        if not key_signed(keys[one.kid], to_be_signed, one.sig):
            return Fault("signature.invalid", "signatures", f"the signature by {one.kid} does not cover the document")
    return None


def judge_permitting(document: SignedDocument, lineage: Lineage, named: int) -> AgreementInForce | Fault:
    """Judge the agreement of a file: every party is a member and signed.

    Args:
        document: With its signatures.
        lineage: What the file's registries give.
        named: Version that the event's header names; keys of a later one count, too, for an agreement may have been
            signed again.
    """
    agreement = open_payload(document, PayloadType.AGREEMENT, Agreement)
    if isinstance(agreement, Fault):
        return agreement
    versions = lineage.from_version(named)
    if stranger := next((party for party in agreement.parties if versions[0].member(party) is None), None):
        return Fault("agreement.not_member", "parties", f"{stranger} is no member of the registry")
    signed = frozenset[str]().union(*(signing_members(document, one.registry) for one in versions))
    if missing := sorted(set(agreement.parties) - signed):
        return Fault("agreement.unsigned", "signatures", f"the signature of {missing[0]} is missing")
    keys = party_keys(agreement, [one.registry for one in versions])
    reference = f"{agreement.id}@{agreement.version}:{document_digest(document)}"
    return superfluous(document, keys) or AgreementInForce(agreement, reference)


def party_keys(agreement: Agreement, registries: Sequence[Registry]) -> dict[str, KeyRecord]:
    """Return the governance keys of the parties by kid."""
    return {
        kid: one.key
        for registry in registries
        for kid, one in keys_of(registry, KeyUse.GOVERNANCE).items()
        if one.county in agreement.parties
    }
