"""Put an evidence file together from what a county holds: nothing goes in that the file itself cannot prove.

Source: docs/protocol.md, section "Evidence files".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.agreements import Agreement
from schemas.documents import SignedDocument
from schemas.envelope import Envelope, PayloadType
from schemas.errors import Fault
from schemas.evidence import EVIDENCE_MAX_BYTES, RECEIPTS_MAX, CarriedEnvelope, CarriedLink, Evidence
from schemas.records import KeptLink
from schemas.registry import KeyRecord, Registry
from services.domain.documents import open_payload, valid_signers
from services.domain.encoding import to_base64url
from services.domain.evidence_choosing import Gathered, Standing, choose
from services.domain.evidence_trust import governing, party_keys
from services.domain.sharing import CONTROL_PREFIX


@dataclass(frozen=True, slots=True)
class TrustPapers:
    """The documents of trust as they are kept, signatures and all.

    Attributes:
        registries: Every version from the first pinned one on.
        agreements: Every version in hand by ``id@version:digest``.
    """

    registries: tuple[SignedDocument, ...]
    agreements: Mapping[str, SignedDocument]


@dataclass(frozen=True, slots=True)
class Written:
    """A file, and how many receipts could not go in.

    Their range ends at a link that is not at hand, or a registry that they need dropped a key that others need.
    """

    evidence: Evidence
    left_out: int


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
    known = [registry for _, registry in every]
    if not Standing(known).knows(gathered.event.header.signers, gathered.event.header.registry):
        mend = "its key came by a change of keys, which a file of this version cannot carry yet"
        return Fault("evidence.key_changed", "event", mend)
    chosen = choose(gathered, known)
    registries = [(document, registry) for document, registry in every if registry.version <= chosen.newest]
    if not registries or registries[-1][1].version < chosen.newest:
        mend = f"registry version {chosen.newest}, which this event names, is not kept here"
        return Fault("evidence.registry_missing", "registries", mend)
    agreement = _agreement(papers, gathered.event, registries)
    if isinstance(agreement, Fault):
        return agreement
    evidence = Evidence(
        registries=tuple(document for document, _ in registries),
        agreement=agreement,
        event=_carried(gathered.event, with_content=with_content),
        before=tuple(map(_link, chosen.before)),
        after=tuple(map(_link, chosen.after)),
        heads=tuple(map(_link, chosen.heads)),
        receipts=tuple(_carried(one, with_content=True) for one in chosen.receipts[:RECEIPTS_MAX]),
    )
    if len(evidence.model_dump_json()) > EVIDENCE_MAX_BYTES:
        mend = f"the file would be larger than {EVIDENCE_MAX_BYTES} bytes; ask for fewer links"
        return Fault("evidence.too_large", "links", mend)
    return Written(evidence, len(gathered.receipts) - len(evidence.receipts))


def _every_registry(papers: TrustPapers) -> list[tuple[SignedDocument, Registry]] | Fault:
    found: list[tuple[SignedDocument, Registry]] = []
    for document in papers.registries:
        registry = open_payload(document, PayloadType.REGISTRY, Registry)
        if isinstance(registry, Fault):
            return registry
        keys = governing(registry, found[-1][1] if found else None)
        found.append((_counting(document, keys), registry))
    return found


def _agreement(
    papers: TrustPapers, event: Envelope, registries: Sequence[tuple[SignedDocument, Registry]]
) -> SignedDocument | Fault | None:
    if event.header.type.startswith(CONTROL_PREFIX):
        return None
    document = papers.agreements.get(event.header.agreement)
    if document is None:
        mend = f"the agreement {event.header.agreement.partition(':')[0]} is not kept here"
        return Fault("evidence.agreement_missing", "agreement", mend)
    agreement = open_payload(document, PayloadType.AGREEMENT, Agreement)
    if isinstance(agreement, Fault):
        return agreement
    first = registries[0][1].version
    named = [registry for _, registry in registries[max(0, event.header.registry - first) :]]
    return _counting(document, party_keys(agreement, named))


def _counting(document: SignedDocument, keys: Mapping[str, KeyRecord]) -> SignedDocument:
    """Keep the signatures that count, in their order: others would be a place where bits are free."""
    signers = valid_signers(document, dict(keys))
    kept = sorted((one for one in document.signatures if one.kid in signers), key=lambda one: one.kid)
    return document.model_copy(update={"signatures": tuple(kept)})


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
