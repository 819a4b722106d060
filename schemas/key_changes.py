"""What a county says at named positions: a key ends, a branch is kept after a fork, an agreement is suspended.

Source: docs/protocol.md, section "Key changes"; docs/decisions/0020-change-keys-by-position.md
"""

from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import Model, VersionOne, WireTime
from schemas.envelope import MAX_INTEGER
from schemas.ids import AgreementId, ChannelId, CountyId, Digest, EnvelopeId, Epoch, KeyId
from schemas.registry import KeyRecord, KeyUse

ENDS_MAX: Final = 900
"""Positions in one document: it must fit into the content of one envelope."""


class ChangeReason(StrEnum):
    """Why a key ends."""

    ROTATED = "rotated"
    """As planned: the next key was committed beforehand."""
    REVOKED = "revoked"
    """Stolen, or feared to be: its epochs are closed, and its owner goes on in new ones."""


class KeyEnd(Model):
    """The last link of one epoch that the key is trusted for: this one and what it names by the chain."""

    channel: ChannelId
    epoch: Epoch
    seq: Annotated[int, Field(ge=0, le=MAX_INTEGER)]
    id: EnvelopeId


class KeyChange(Model):
    """One key of a member ends at named positions; where none is named it is trusted for nothing."""

    v: VersionOne = 1
    county: CountyId
    use: Literal[KeyUse.EVENT, KeyUse.RECEIPT]
    old: KeyId
    reason: ChangeReason
    ends: Annotated[tuple[KeyEnd, ...], Field(max_length=ENDS_MAX, strict=False)]
    credentials: Annotated[tuple[Digest, ...], Field(max_length=512, strict=False)] = ()
    """Digests of the officers' credentials that the old key certified and that stay valid."""
    key: KeyRecord | None = None
    """The key that follows; it names the digest of the one after it. Null only if the key is revoked."""
    issued_at: WireTime

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        places = [(end.channel, end.epoch) for end in self.ends]
        if len(set(places)) != len(places):
            raise ValueError("each epoch of a channel stands once in `ends`")
        if self.key is None and self.reason is ChangeReason.ROTATED:
            raise ValueError("a rotation names the key that follows")
        if self.key is not None and (self.key.use is not self.use or self.key.algorithm != "ed25519"):
            raise ValueError("the key that follows has the same use and signs")
        if self.key is not None and self.key.kid == self.old:
            raise ValueError("the key that follows is another one")
        return self


class BranchKept(Model):
    """After forks: in each of these epochs the branch that ends with the link named is the true one."""

    v: VersionOne = 1
    county: CountyId
    branches: Annotated[tuple[KeyEnd, ...], Field(min_length=1, max_length=ENDS_MAX, strict=False)]
    issued_at: WireTime


class Suspension(Model):
    """A party stops sending and taking under an agreement, alone and at once; a newer version of it ends that."""

    v: VersionOne = 1
    county: CountyId
    agreement_id: AgreementId
    version: Annotated[int, Field(ge=1, le=999_999)]
    """This version and every older one."""
    ends: Annotated[tuple[KeyEnd, ...], Field(max_length=ENDS_MAX, strict=False)]
    """The last event of each epoch that is still permitted; where none is named, none is."""
    reason: Annotated[str, StringConstraints(max_length=200)] = ""
    issued_at: WireTime
