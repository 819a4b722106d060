"""What an officer signs about an event with the officer's own key: handed in, approved, countersigned.

An approval is signed before the event has its place in a chain, so it names what is fixed by then: the terms, which
whoever holds the event's header computes again.

Source: docs/protocol.md, section "Releases"
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.base import InformationClass, Kind, Model, Status, VersionOne, WireTime
from schemas.envelope import AUDIENCE_MAX, SIGNATURE_TEXT, ContentBinding, Ref
from schemas.ids import AgreementRef, CountyId, Digest, OfficerId, WireType


class ReleaseVerdict(StrEnum):
    """What the officer says: 送审, 审核通过, 补签."""

    DRAFTED = "drafted"
    APPROVED = "approved"
    COUNTERSIGNED = "countersigned"


class ReleaseTerms(Model):
    """What is fixed of an event before it has a place: its header without what is given to it as it is sent."""

    type: WireType
    source: CountyId
    expires: WireTime | None = None
    to: Annotated[tuple[CountyId, ...], Field(min_length=1, max_length=AUDIENCE_MAX, strict=False)]
    agreement: AgreementRef
    purpose: str
    information_class: Annotated[InformationClass, Field(alias="class")]
    status: Status
    kind: Kind
    priority: int
    refs: Annotated[tuple[Ref, ...], Field(max_length=32, strict=False)] = ()
    content: ContentBinding
    """As carried, so of encrypted content too; without the digest of keys, which are wrapped for the place."""


class ReleaseStatement(Model):
    """One officer's word about one event."""

    v: VersionOne = 1
    county: CountyId
    officer: OfficerId
    verdict: ReleaseVerdict
    subject: Digest
    """``drafted`` and ``approved``: digest of the terms; ``countersigned``: envelope id of the event."""
    acknowledge_by: WireTime | None = None
    """The time by which a person is to answer, if the draft set one; else it follows from when the event is sent."""
    signed_at: WireTime


class SignedStatement(Model):
    """A statement and its signature by the key of the officer's credential."""

    statement: ReleaseStatement
    signature: Annotated[str, StringConstraints(pattern=SIGNATURE_TEXT)]
