"""A fork as one file that is judged alone: written here, and verified with the file's bytes and an anchor.

Source: docs/protocol.md, section "Fork files".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from schemas.completeness import ForkEvidence, SignedBytes
from schemas.documents import SignedDocument
from schemas.envelope import Envelope, PayloadType
from schemas.errors import Fault
from schemas.evidence import EVIDENCE_MAX_BYTES, EVIDENCE_MAX_VALUES, CarriedLink
from schemas.faults import faults_of
from schemas.fork_files import FORK_FORMAT, ForkFile
from schemas.registry import Registry
from services.domain.chain import matching_kind
from services.domain.documents import open_payload, valid_signers
from services.domain.encoding import (
    digest_of,
    from_base64url,
    parse_strict,
    pre_authentication_encoding,
    to_base64url,
)
from services.domain.evidence_changes import Lines
from services.domain.evidence_trust import Lineage, governing, judge_reach, judge_versions
from services.domain.evidence_verifying import UNTRUSTED, Outcome
from services.domain.evidence_writing import TrustPapers
from services.domain.forks import contradicts
from services.domain.signing import parse_header, payload_type_of

LAST_STEP: Final = 4
_BEGINS: Final = b'{"format":"' + FORK_FORMAT.encode() + b'"'


@dataclass(frozen=True, slots=True)
class ForkVerdict:
    """What the examination found.

    Attributes:
        outcome: As of evidence.
        step: 1 form, 2 registries, 3 signatures, 4 contradiction: the one that failed, or None.
        fault: Why it is not trusted, or None.
        anchor: Digest of the first registry, if the registries hold.
        first, second: The two links, if the form holds.
    """

    outcome: Outcome
    step: int | None = None
    fault: Fault | None = None
    anchor: str | None = None
    first: Envelope | None = None
    second: Envelope | None = None


def is_fork_file(data: bytes) -> bool:
    """Tell whether a file says of itself that it is one."""
    return data.startswith(_BEGINS)


def spell_fork(file: ForkFile) -> bytes:
    """Return the one spelling of a file."""
    return file.model_dump_json(by_alias=True).encode()


def write_fork(evidence: ForkEvidence, papers: TrustPapers) -> bytes | Fault:
    """Write a kept proof with the registries that its two headers need.

    Returns:
        The file, or why it would not verify: a key in it came by a change, which registries alone do not tell of.
    """
    links = tuple(_carried(one) for one in (evidence.first, evidence.second))
    registries, verdict = _counting(papers.registries), ForkVerdict(Outcome.REFUSED)
    for count in range(1, len(registries) + 1):  # no more of them than the headers name
        data = spell_fork(ForkFile(registries=registries[:count], links=links))
        verdict = verify_fork_file(data, None)
        if verdict.outcome is Outcome.CONSISTENT:
            return data
    return verdict.fault or Fault("evidence.registry_missing", "registries", "no registry is kept here")


def _counting(documents: Sequence[SignedDocument]) -> tuple[SignedDocument, ...]:
    """Keep the signatures that count, in their order: others would be a place where bits are free."""
    kept: list[SignedDocument] = []
    previous: Registry | None = None
    for document in documents:
        registry = open_payload(document, PayloadType.REGISTRY, Registry)
        if isinstance(registry, Fault):
            break
        signers = valid_signers(document, governing(registry, previous))
        signatures = sorted((one for one in document.signatures if one.kid in signers), key=lambda one: one.kid)
        kept.append(document.model_copy(update={"signatures": tuple(signatures)}))
        previous = registry
    return tuple(kept)


def _carried(one: SignedBytes) -> CarriedLink:
    return CarriedLink(header=to_base64url(one.header_bytes), signatures=to_base64url(one.signatures_bytes))


def verify_fork_file(data: bytes, anchor: str | None) -> ForkVerdict:
    """Verify a file. Whatever the bytes are, nothing is raised.

    Args:
        data: The whole file.
        anchor: Digest of the registry that the verifying person knows; None gives at most ``CONSISTENT``.
    """
    opened = _open(data)
    if isinstance(opened, Fault):
        return ForkVerdict(Outcome.REFUSED, 1, opened)
    file, first, second = opened
    versions = judge_versions(file.registries, anchor)
    fault = versions if isinstance(versions, Fault) else judge_reach(versions, (first, second))
    if isinstance(versions, Fault) or fault is not None:
        return ForkVerdict(Outcome.REFUSED, 2, fault, None, first, second)
    lineage = Lineage(tuple(versions), Lines((first, second)))
    step, fault = _judge(first, second, lineage)
    if fault is not None:
        return ForkVerdict(Outcome.REFUSED, step, fault, lineage.anchor, first, second)
    if anchor is None:
        return ForkVerdict(Outcome.CONSISTENT, None, UNTRUSTED, lineage.anchor, first, second)
    return ForkVerdict(Outcome.HOLDS, None, None, lineage.anchor, first, second)


def _judge(first: Envelope, second: Envelope, lineage: Lineage) -> tuple[int, Fault | None]:
    if fault := lineage.verify(first) or lineage.verify(second):
        return 3, fault
    one, other = first.header, second.header
    if not contradicts(one, first.envelope_id, other, second.envelope_id) or matching_kind(one) is None:
        return 4, Fault("fork.no_contradiction", "links", "the two headers can both be true")
    return 4, None


def _open(data: bytes) -> tuple[ForkFile, Envelope, Envelope] | Fault:
    value = parse_strict(data, max_bytes=EVIDENCE_MAX_BYTES, what="fork", max_values=EVIDENCE_MAX_VALUES)
    if isinstance(value, Fault):
        return value
    named = (value.get("format"), value.get("v")) if isinstance(value, dict) else (None, None)
    if named != (FORK_FORMAT, 1) or named[1] is True:  # to Python, true equals 1
        return Fault("evidence.unsupported_version", "fork.v", "this verifier reads fork files of version 1")
    try:
        file = ForkFile.model_validate_json(data, by_alias=True, by_name=False)
    except ValidationError as exc:
        return faults_of(exc, "fork")[0]
    if spell_fork(file) != data:
        return Fault("evidence.not_canonical", "fork", "the file is not in its one spelling")
    first, second = (_open_link(link) for link in file.links)
    if isinstance(first, Fault):
        return first
    return second if isinstance(second, Fault) else (file, first, second)


def _open_link(link: CarriedLink) -> Envelope | Fault:
    header_bytes, signatures = from_base64url(link.header), from_base64url(link.signatures)
    if header_bytes is None or signatures is None:
        return Fault("evidence.not_base64url", "links", "it is not canonical base64url without padding")
    header = parse_header(header_bytes)
    if isinstance(header, Fault):
        return header
    envelope_id = digest_of(pre_authentication_encoding(payload_type_of(header.type), header_bytes))
    return Envelope(envelope_id, header, header_bytes, signatures, b"", b"")
