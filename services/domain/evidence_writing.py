"""Put an evidence file together from what a county holds: nothing goes in that the file itself cannot prove.

Source: docs/protocol.md, section "Evidence files".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.agreements import Agreement
from schemas.documents import SignedDocument
from schemas.envelope import Envelope, PayloadType
from schemas.errors import Fault
from schemas.evidence import (
    EARLIER_MAX,
    EVIDENCE_MAX_BYTES,
    CarriedEnvelope,
    CarriedLink,
    ChangedEvidence,
    Evidence,
    ReleasedEvidence,
)
from schemas.records import KeptLink
from schemas.registry import KeyRecord, Registry
from services.domain.documents import document_digest, open_payload, valid_signers
from services.domain.encoding import to_base64url
from services.domain.evidence_changes import change_keys
from services.domain.evidence_choosing import Chosen, Gathered, Standing, choose
from services.domain.evidence_needing import needed_changes
from services.domain.evidence_signatures import counting
from services.domain.evidence_trust import governing, signing_rooms
from services.domain.key_changes import with_changes
from services.domain.sharing import CONTROL_PREFIX
from services.domain.trust import Trust, assemble


@dataclass(frozen=True, slots=True)
class TrustPapers:
    """The documents of trust as they are kept, signatures and all.

    Attributes:
        registries: Every version from the first pinned one on.
        agreements: Every version in hand by ``id@version:digest``.
        changes: Changes of keys, branches kept and suspensions.
    """

    registries: tuple[SignedDocument, ...]
    agreements: Mapping[str, SignedDocument]
    changes: tuple[SignedDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A file, and how many receipts and records of release could not go in.

    The range of such a receipt ends at a link that is not at hand, a registry that they need dropped a key that others
    need, or nothing here shows that they lie before the end of their key.
    """

    evidence: Evidence
    left_out: int


@dataclass(frozen=True, slots=True)
class _Bearing:
    """What goes in, the changes of keys that bear on it, and the registries that they are judged by."""

    chosen: Chosen
    changes: Sequence[SignedDocument]
    registries: Sequence[tuple[SignedDocument, Registry]]


@dataclass(frozen=True, slots=True)
class _Agreed:
    """The agreement, the older versions that it stands on, and whether a party has left since it was signed."""

    document: SignedDocument | None = None
    earlier: tuple[SignedDocument, ...] = ()
    has_leavers: bool = False


def write_evidence(gathered: Gathered, papers: TrustPapers, *, with_content: bool = True) -> Written | Fault:
    """Put one file together.

    Args:
        gathered: From the store.
        papers: From the county's own files.
        with_content: False leaves the event's content and keys out; their digests stay in its header.
    """
    every = _every_registry(papers)
    if isinstance(every, Fault):
        return every
    bearing = _bearing(gathered, papers, every)
    if isinstance(bearing, Fault):
        return bearing
    agreed = _agreed(papers, gathered.event, [registry for _, registry in bearing.registries])
    if isinstance(agreed, Fault):
        return agreed
    evidence = _put_together(gathered.event, bearing, agreed, with_content=with_content)
    if len(evidence.model_dump_json()) > EVIDENCE_MAX_BYTES:
        mend = f"the file would be larger than {EVIDENCE_MAX_BYTES} bytes; ask for fewer links"
        return Fault("evidence.too_large", "links", mend)
    put_in = len(bearing.chosen.receipts) + len(bearing.chosen.releases)
    return Written(evidence, len(gathered.receipts) + len(gathered.releases) - put_in)


def _bearing(gathered: Gathered, papers: TrustPapers, every: list[tuple[SignedDocument, Registry]]) -> _Bearing | Fault:
    header = gathered.event.header
    if not every:
        return _not_kept(header.registry)
    known = [registry for _, registry in every]
    trust = _trust(known, papers.changes)
    if not Standing(known, trust).knows(header.signers, header.registry):
        return Fault("evidence.key_changed", "event", "no registry and no change of keys here makes its key known")
    chosen = choose(gathered, known, trust)
    if isinstance(chosen, Fault):
        return chosen
    changes = needed_changes(gathered.event, chosen, trust)
    registries = _reaching(every, chosen.newest, changes)
    return registries if isinstance(registries, Fault) else _Bearing(chosen, changes, registries)


def _put_together(event: Envelope, bearing: _Bearing, agreed: _Agreed, *, with_content: bool) -> Evidence:
    chosen, changes, registries = bearing.chosen, bearing.changes, bearing.registries
    plain = Evidence(
        registries=tuple(document for document, _ in registries),
        agreement=agreed.document,
        event=_carried(event, with_content=with_content),
        before=tuple(map(_link, chosen.before)),
        after=tuple(map(_link, chosen.after)),
        heads=tuple(map(_link, chosen.heads)),
        receipts=tuple(_carried(one, with_content=True) for one in chosen.receipts),
    )
    if not (changes or agreed.earlier or agreed.has_leavers or chosen.releases):
        return plain
    known = [registry for _, registry in registries]
    trust = _trust(known, changes)
    said = [counting(one, change_keys(one, known, trust)) for one in changes]
    further = ChangedEvidence(
        **{name: getattr(plain, name) for name in Evidence.model_fields if name != "v"},
        earlier=agreed.earlier,
        changes=tuple(sorted(said, key=document_digest)),
        ancestors=tuple(to_base64url(one.header_bytes) for one in chosen.ancestors),
    )
    if not chosen.releases:
        return further
    return ReleasedEvidence(
        **{name: getattr(further, name) for name in ChangedEvidence.model_fields if name != "v"},
        releases=tuple(_carried(one, with_content=True) for one in chosen.releases),
    )


def _trust(registries: Sequence[Registry], changes: Iterable[SignedDocument]) -> Trust:
    *older, newest = registries
    return with_changes(assemble(newest, "", ()), changes, older)[0]


def _every_registry(papers: TrustPapers) -> list[tuple[SignedDocument, Registry]] | Fault:
    found: list[tuple[SignedDocument, Registry]] = []
    for document in papers.registries:
        registry = open_payload(document, PayloadType.REGISTRY, Registry)
        if isinstance(registry, Fault):
            return registry
        keys = governing(registry, found[-1][1] if found else None)
        found.append((counting(document, keys), registry))
    return found


def _reaching(
    every: Sequence[tuple[SignedDocument, Registry]], newest: int, changes: Sequence[SignedDocument]
) -> list[tuple[SignedDocument, Registry]] | Fault:
    """Take the registries up to the newest one named; further if the changes were signed by keys of a later one."""
    if every[-1][1].version < newest or newest < every[0][1].version:
        return _not_kept(newest)
    for length, (_, registry) in enumerate(every, start=1):
        known = [one for _, one in every[:length]]
        *older, last = known
        if registry.version >= newest and not with_changes(assemble(last, "", ()), changes, older)[1]:
            return list(every[:length])
    mend = "a change of its keys is not signed by an offline key of the newest registry; let its county sign it again"
    return Fault("evidence.key_changed", "changes", mend)


def _not_kept(version: int) -> Fault:
    mend = f"registry version {version}, which this event names, is not kept here"
    return Fault("evidence.registry_missing", "registries", mend)


def _agreed(papers: TrustPapers, event: Envelope, registries: Sequence[Registry]) -> _Agreed | Fault:
    if event.header.type.startswith(CONTROL_PREFIX):
        return _Agreed()
    document = papers.agreements.get(event.header.agreement)
    if document is None:
        return _agreement_missing(event.header.agreement.partition(":")[0])
    found: list[SignedDocument] = []
    has_leavers = False
    while True:
        agreement = open_payload(document, PayloadType.AGREEMENT, Agreement)
        if isinstance(agreement, Fault):
            return agreement
        named = event.header.registry
        rooms = signing_rooms(agreement, registries, named, leavers=True)
        if isinstance(rooms, Fault):
            return rooms
        has_leavers |= isinstance(signing_rooms(agreement, registries, named, leavers=False), Fault)
        every = {kid: key for keys in rooms.values() for kid, key in keys.items()}
        found.insert(0, counting(document, every))
        if _is_whole(document, rooms) or len(found) > EARLIER_MAX:
            return _Agreed(found[-1], tuple(found[:-1]), has_leavers)
        before = _version_before(papers, agreement)
        if before is None:
            return _agreement_missing(f"{agreement.id}@{agreement.version - 1}")
        document = before


def _is_whole(document: SignedDocument, rooms: Mapping[str, Mapping[str, KeyRecord]]) -> bool:
    return all(valid_signers(document, dict(keys)) for keys in rooms.values())


def _version_before(papers: TrustPapers, agreement: Agreement) -> SignedDocument | None:
    named = f"{agreement.id}@{agreement.version - 1}:"
    return next((one for reference, one in papers.agreements.items() if reference.startswith(named)), None)


def _agreement_missing(named: str) -> Fault:
    return Fault("evidence.agreement_missing", "agreement", f"the agreement {named} is not kept here")


def _carried(envelope: Envelope, *, with_content: bool) -> CarriedEnvelope:
    binding = envelope.header.content
    erased = not envelope.content and binding.size > 0
    keys_gone = binding.keys_digest is not None and (not with_content or not envelope.keys_bytes)
    return CarriedEnvelope(
        header=to_base64url(envelope.header_bytes),
        signatures=to_base64url(envelope.signatures_bytes),
        keys=None if keys_gone else to_base64url(envelope.keys_bytes),
        content=to_base64url(envelope.content) if with_content and not erased else None,
    )


def _link(one: KeptLink) -> CarriedLink:
    return CarriedLink(header=to_base64url(one.header_bytes), signatures=to_base64url(one.signatures_bytes))
