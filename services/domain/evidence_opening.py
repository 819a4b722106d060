"""Open an evidence file: within bounds, in its one spelling, every header in it strict. Nothing is believed yet.

Source: docs/protocol.md, section "Evidence files".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from pydantic import JsonValue, ValidationError

from schemas.documents import SignedDocument
from schemas.envelope import CONTENT_MAX_BYTES, KEYS_MAX_BYTES, Envelope
from schemas.errors import Fault
from schemas.evidence import (
    EVIDENCE_MAX_BYTES,
    EVIDENCE_MAX_VALUES,
    CarriedEnvelope,
    CarriedLink,
    ChangedEvidence,
    Evidence,
    ReleasedEvidence,
)
from schemas.faults import faults_of
from services.domain.encoding import digest_of, from_base64url, parse_strict, pre_authentication_encoding
from services.domain.signing import parse_header, payload_type_of

_ROOMS: Final = ("before", "after", "heads", "receipts", "ancestors", "releases")


@dataclass(frozen=True, slots=True)
class Part:
    """One envelope or link of the file.

    Attributes:
        place: Where it stands, e.g. ``receipts.2``.
        envelope: With empty bytes for what is detached; ``has_keys`` and ``has_content`` tell.
    """

    place: str
    envelope: Envelope
    has_keys: bool
    has_content: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """A file whose form holds."""

    evidence: Evidence
    event: Part
    before: tuple[Part, ...]
    after: tuple[Part, ...]
    heads: tuple[Part, ...]
    receipts: tuple[Part, ...]
    ancestors: tuple[Part, ...] = ()
    """Headers alone: nothing is believed of them but what they name as ``prev``."""
    releases: tuple[Part, ...] = ()

    @property
    def earlier(self) -> tuple[SignedDocument, ...]:
        """Older versions of the agreement."""
        return self.evidence.earlier if isinstance(self.evidence, ChangedEvidence) else ()

    @property
    def changes(self) -> tuple[SignedDocument, ...]:
        """Changes of keys, branches kept and suspensions."""
        return self.evidence.changes if isinstance(self.evidence, ChangedEvidence) else ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything that was signed by a node."""
        return (self.event, *self.before, *self.after, *self.heads, *self.receipts, *self.releases)


def spell(evidence: Evidence) -> bytes:
    """Return the one spelling of a file."""
    return evidence.model_dump_json(by_alias=True).encode()


def open_evidence(data: bytes) -> Opened | Fault:
    """Read a file strictly; the first thing that is not as it must be is returned."""
    value = parse_strict(data, max_bytes=EVIDENCE_MAX_BYTES, what="evidence", max_values=EVIDENCE_MAX_VALUES)
    if isinstance(value, Fault):
        return value
    model = _model_of(value)
    if model is None:
        mend = "this verifier reads evidence files of the versions 1 to 3"
        return Fault("evidence.unsupported_version", "evidence.v", mend)
    try:
        evidence = model.model_validate_json(data, by_alias=True, by_name=False)
    except ValidationError as exc:
        return faults_of(exc, "evidence")[0]
    if spell(evidence) != data:
        mend = "the file is not in its one spelling: somebody wrote it anew or changed it"
        return Fault("evidence.not_canonical", "evidence", mend)
    return _open_parts(evidence)


def _model_of(value: JsonValue) -> type[Evidence] | None:
    if not isinstance(value, dict) or value.get("format") != "sihu-evidence" or isinstance(value.get("v"), bool):
        return None  # to Python, true equals 1
    if value.get("v") == 1:
        return Evidence
    if value.get("v") == 3:  # noqa: PLR2004 - the version
        return ReleasedEvidence if "releases" in value else None
    return ChangedEvidence if value.get("v") == 2 and "changes" in value else None  # noqa: PLR2004


def _open_parts(evidence: Evidence) -> Opened | Fault:
    found: dict[str, list[Part]] = {}
    for room, place, carried in _carried(evidence):
        part = _open(carried, place)
        if isinstance(part, Fault):
            return replace(part, field=f"{place}.{part.field}")
        found.setdefault(room, []).append(part)
    if any(_place_of(first) >= _place_of(second) for first, second in pairwise(found.get("ancestors", ()))):
        return Fault("evidence.not_canonical", "ancestors", "they ascend by channel, epoch and seq, each place once")
    before, after, heads, receipts, ancestors, releases = (tuple(found.get(room, ())) for room in _ROOMS)
    return Opened(evidence, found["event"][0], before, after, heads, receipts, ancestors, releases)


def _place_of(part: Part) -> tuple[str, str, int]:
    header = part.envelope.header
    return header.channel, header.epoch, header.seq


def _carried(evidence: Evidence) -> Iterator[tuple[str, str, CarriedEnvelope | CarriedLink]]:
    yield "event", "event", evidence.event
    headers = evidence.ancestors if isinstance(evidence, ChangedEvidence) else ()
    ancestors = [CarriedLink(header=one, signatures="") for one in headers]
    rooms: Sequence[Sequence[CarriedEnvelope | CarriedLink]] = (
        evidence.before,
        evidence.after,
        evidence.heads,
        evidence.receipts,
        ancestors,
        evidence.releases if isinstance(evidence, ReleasedEvidence) else (),
    )
    for room, entries in zip(_ROOMS, rooms, strict=True):
        for index, carried in enumerate(entries):
            yield room, f"{room}.{index}", carried


def _open(carried: CarriedEnvelope | CarriedLink, place: str) -> Part | Fault:
    keys = carried.keys if isinstance(carried, CarriedEnvelope) else None
    content = carried.content if isinstance(carried, CarriedEnvelope) else None
    texts = {"header": carried.header, "signatures": carried.signatures, "keys": keys or "", "content": content or ""}
    decoded = {name: from_base64url(text) for name, text in texts.items()}
    if wrong := next((name for name, data in decoded.items() if data is None), None):
        return Fault("evidence.not_base64url", wrong, "it is not canonical base64url without padding")
    header_bytes, signatures, keys_bytes, content_bytes = (data or b"" for data in decoded.values())
    if len(keys_bytes) > KEYS_MAX_BYTES or len(content_bytes) > CONTENT_MAX_BYTES:
        return Fault("json.too_large", "content", "a part is larger than any envelope may carry")
    header = parse_header(header_bytes)
    if isinstance(header, Fault):
        return header
    to_be_signed = pre_authentication_encoding(payload_type_of(header.type), header_bytes)
    envelope = Envelope(digest_of(to_be_signed), header, header_bytes, signatures, keys_bytes, content_bytes)
    return Part(place, envelope, has_keys=keys is not None, has_content=content is not None)
