"""An evidence file: one event, what proves it, and nothing that is not proved. It outlives the software that wrote it.

Bytes that were signed are carried as base64url exactly as they came. The file has one spelling: the compact JSON of
this model, nulls written; so no bit of it is free.

Source: docs/protocol.md, section "Evidence files".
"""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from schemas.base import Model
from schemas.documents import SignedDocument

EVIDENCE_MAX_BYTES: Final = 16 * 1024 * 1024
EVIDENCE_MAX_VALUES: Final = 400_000
REGISTRIES_MAX: Final = 64
LINKS_MAX: Final = 1024
"""On either side of the event."""
EARLIER_MAX: Final = 64
CHANGES_MAX: Final = 256
"""Changes of keys, branches kept and suspensions in one file; as many may be brought beside it."""
ANCESTORS_MAX: Final = 8192
HEADS_MAX: Final = 4
RECEIPTS_MAX: Final = 2048
RELEASES_MAX: Final = 16

Carried = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]*$", max_length=1024 * 1024)]
"""Bytes as base64url, no padding."""


class CarriedLink(Model):
    """A link of a chain: what was signed and by whom, without keys and content."""

    header: Carried
    signatures: Carried


class CarriedEnvelope(Model):
    """An envelope; null stands for a part that was detached and is known by its digest alone."""

    header: Carried
    signatures: Carried
    keys: Carried | None
    content: Carried | None


class Evidence(Model):
    """Everything that is needed to judge one event without a node, a network or this project."""

    format: Literal["sihu-evidence"] = "sihu-evidence"
    v: Literal[1, 2, 3] = 1
    registries: Annotated[tuple[SignedDocument, ...], Field(min_length=1, max_length=REGISTRIES_MAX, strict=False)]
    """The pinned version and every later one up to the newest that a header in this file names."""
    agreement: SignedDocument | None
    """The one that permits the event; null for a control record."""
    event: CarriedEnvelope
    before: Annotated[tuple[CarriedLink, ...], Field(max_length=LINKS_MAX, strict=False)]
    """Links of the same epoch, without a gap, the last one directly before the event."""
    after: Annotated[tuple[CarriedLink, ...], Field(max_length=LINKS_MAX, strict=False)]
    """Links of the same epoch, without a gap, the first one directly behind the event."""
    heads: Annotated[tuple[CarriedLink, ...], Field(max_length=HEADS_MAX, strict=False)]
    """Later links of the same channel: how far the source had come."""
    receipts: Annotated[tuple[CarriedEnvelope, ...], Field(max_length=RECEIPTS_MAX, strict=False)]


class ChangedEvidence(Evidence):
    """Version 2: what else it takes once keys have changed, a party has joined or one has left."""

    v: Literal[1, 2, 3] = 2
    earlier: Annotated[tuple[SignedDocument, ...], Field(max_length=EARLIER_MAX, strict=False)]
    """Older versions of the agreement that an accession stands on, up to the one directly before it."""
    changes: Annotated[tuple[SignedDocument, ...], Field(max_length=CHANGES_MAX, strict=False)]
    """Changes of keys, branches kept and suspensions, ascending by digest."""
    ancestors: Annotated[tuple[Carried, ...], Field(max_length=ANCESTORS_MAX, strict=False)]
    """Headers that lead from the last link an ended key is trusted for down to what it signed here."""


class ReleasedEvidence(ChangedEvidence):
    """Version 3: who released the event, as its source put it on record."""

    v: Literal[1, 2, 3] = 3
    releases: Annotated[tuple[CarriedEnvelope, ...], Field(min_length=1, max_length=RELEASES_MAX, strict=False)]
    """Records of release about this event, with what officers signed themselves."""
