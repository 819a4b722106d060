"""The trust that an evidence file brings along: registry versions from the anchor on, and the agreement.

Source: docs/protocol.md, section "Evidence files".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from schemas.agreements import Agreement
from schemas.documents import SignedDocument
from schemas.envelope import Envelope, PayloadType
from schemas.errors import Fault
from schemas.evidence import ChangedEvidence
from schemas.registry import KeyRecord, KeyUse, Registry
from services.domain.documents import document_digest, open_payload, valid_signers
from services.domain.evidence_changes import Lines, judge_changes, judge_end
from services.domain.evidence_opening import Opened
from services.domain.evidence_signatures import superfluous
from services.domain.governance import acceding, judge_registry
from services.domain.signing import key_valid_at, verify
from services.domain.trust import AgreementInForce, Trust, assemble, keys_of

_OTHER_ANCHOR: Final = Fault(
    "registry.not_pinned", "registries.0", "the file begins with another registry than the anchor names"
)


@dataclass(frozen=True, slots=True)
class Lineage:
    """Registry versions without a gap, each signed as the one before demands; the oldest first.

    Attributes:
        versions: Each with the keys that have changed, and with the ends that are known of keys.
        lines: What the headers of the file show below those ends.
    """

    versions: tuple[Trust, ...]
    lines: Lines

    @property
    def anchor(self) -> str:
        """Digest of the first version: what a person compares."""
        return self.versions[0].registry_digest

    @property
    def known(self) -> Trust:
        """The last version, with everything that is known of changes of keys."""
        return self.versions[-1]

    @property
    def as_of(self) -> datetime:
        """How far the papers go by what they claim: a later one would not be known here."""
        known = self.known
        times = [known.registry.issued_at, *(one.change.issued_at for one in known.changes)]
        times += [one.kept.issued_at for one in known.kept]
        return max(*times, *(one.suspension.issued_at for one in known.suspended), known.registry.issued_at)

    @property
    def registries(self) -> tuple[Registry, ...]:
        """Return them without what is known of keys."""
        return tuple(one.registry for one in self.versions)

    @property
    def newest(self) -> int:
        """Number of the last version."""
        return self.versions[-1].registry.version

    def from_version(self, version: int) -> tuple[Trust, ...]:
        """Return the version that a header names, or the first if that is older, and all behind it."""
        return self.versions[max(0, version - self.versions[0].registry.version) :]

    def verify(self, envelope: Envelope) -> Fault | None:
        """Verify an envelope under the version that its header names.

        No later one here may have dropped its keys without a change, and no key may have ended before it.
        """
        named, *later = self.from_version(envelope.header.registry)
        return (
            verify(envelope, named)
            or next((fault for one in later if (fault := _outlived(envelope, one))), None)
            or judge_end(envelope, self.known, self.lines)
        )


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


def judge_lineage(opened: Opened, anchor: str | None, papers: Sequence[SignedDocument] = ()) -> Lineage | Fault:
    """Judge the registry versions of a file and the changes of keys.

    Args:
        opened: The file.
        anchor: Digest of the first registry, as the verifying person knows it; None if nothing is known.
        papers: Later registries and changes of keys that this person knows of besides.
    """
    versions = judge_versions(opened.evidence.registries, anchor)
    if isinstance(versions, Fault):
        return versions
    if (fault := _bring_registries(versions, papers)) is not None:
        return fault
    if (fault := judge_reach(versions, (part.envelope for part in opened.parts))) is not None:
        return fault
    brought = [one for one in papers if one.payload_type is not PayloadType.REGISTRY]
    changed = judge_changes(opened.changes, brought, versions)
    if isinstance(changed, Fault):
        return changed
    return Lineage(changed, Lines(part.envelope for part in (*opened.parts, *opened.ancestors)))


def judge_versions(documents: Sequence[SignedDocument], anchor: str | None) -> list[Trust] | Fault:
    """Judge registry versions, the oldest first, each by the one before; the first by ``anchor`` if that is known."""
    versions: list[Trust] = []
    for document in documents:
        previous = versions[-1] if versions else None
        judged = _judge_version(document, anchor or document_digest(document), previous)
        if isinstance(judged, Fault):
            return judged
        versions.append(judged)
    return versions


def judge_reach(versions: Sequence[Trust], envelopes: Iterable[Envelope]) -> Fault | None:
    """Tell if a header names a registry version behind the last one here."""
    named, newest = max(one.header.registry for one in envelopes), versions[-1].registry.version
    if named <= newest:
        return None
    mend = f"a header names version {named}, and the last one here is {newest}"
    return Fault("registry.missing_version", "registries", mend)


def _bring_registries(versions: list[Trust], papers: Sequence[SignedDocument]) -> Fault | None:
    for place, document in enumerate(papers):
        known = {one.registry_digest for one in versions}
        if document.payload_type is not PayloadType.REGISTRY or document_digest(document) in known:
            continue
        registry = judge_registry(document, pinned=None, previous=versions[-1])
        if isinstance(registry, Fault):
            return replace(registry, field=f"papers.{place}")
        versions.append(assemble(registry, document_digest(document), ()))
    return None


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


def judge_permitting(opened: Opened, lineage: Lineage, document: SignedDocument) -> AgreementInForce | Fault:
    """Judge the agreement of a file, and the older versions that an accession stands on.

    Args:
        opened: The file.
        lineage: What its registries give.
        document: The agreement, with its signatures.
    """
    before: AgreementInForce | None = None
    for one in (*opened.earlier, document):
        judged = _judge_agreement(one, opened, lineage, before.agreement if before else None)
        if isinstance(judged, Fault):
            return judged
        before = judged
    if before is None or before.reference != opened.event.envelope.header.agreement:
        return Fault("agreement.not_referred", "agreement", "it is not the agreement that the header names")
    return before


def _judge_agreement(
    document: SignedDocument, opened: Opened, lineage: Lineage, before: Agreement | None
) -> AgreementInForce | Fault:
    agreement = open_payload(document, PayloadType.AGREEMENT, Agreement)
    if isinstance(agreement, Fault):
        return agreement
    if before is not None and (agreement.id, agreement.version) != (before.id, before.version + 1):
        return Fault("agreement.not_next", "version", f"version {before.version + 1} of {before.id} is expected here")
    named = opened.event.envelope.header.registry
    rooms = signing_rooms(agreement, lineage.registries, named, leavers=isinstance(opened.evidence, ChangedEvidence))
    if isinstance(rooms, Fault):
        return rooms
    needed = acceding(agreement, before) if before else frozenset(agreement.parties)
    signed = frozenset(party for party, keys in rooms.items() if valid_signers(document, keys))
    if missing := sorted(needed - signed):
        return Fault("agreement.unsigned", "signatures", f"the signature of {missing[0]} is missing")
    reference = f"{agreement.id}@{agreement.version}:{document_digest(document)}"
    every = {kid: key for keys in rooms.values() for kid, key in keys.items()}
    return superfluous(document, every) or AgreementInForce(agreement, reference)


def signing_rooms(
    agreement: Agreement, registries: Sequence[Registry], named: int, *, leavers: bool
) -> dict[str, dict[str, KeyRecord]] | Fault:
    """Return by which governance keys each party may have signed.

    Those of the version under which the event is judged and of later ones, for an agreement may have been signed again;
    of a party that has left before that, those of the last version that lists it.

    Args:
        agreement: Whose parties.
        registries: Every version of the file, the oldest first.
        named: Version that the event's header names.
        leavers: False if every party must be a member still, as in a file of version 1.
    """
    first = max(0, named - registries[0].version)
    found: dict[str, dict[str, KeyRecord]] = {}
    for party in agreement.parties:
        versions = registries[first:] if _lists(registries[first], party) else ()
        if not versions and leavers:
            versions = [one for one in registries[:first] if _lists(one, party)][-1:]
        if not versions:
            return Fault("agreement.not_member", "parties", f"{party} is no member of the registry")
        found[party] = {
            kid: one.key
            for registry in versions
            for kid, one in keys_of(registry, KeyUse.GOVERNANCE).items()
            if one.county == party
        }
    return found


def _lists(registry: Registry, county: str) -> bool:
    return any(one.county == county for one in registry.members)
