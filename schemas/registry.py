"""The registry of members and keys, signed k-of-n by the members' offline governance keys.

Source: docs/protocol.md, section "Trust".
"""

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import Model, VersionOne, WireTime
from schemas.ids import CountyId, Digest, KeyId

Text = Annotated[str, StringConstraints(min_length=1, max_length=80)]
PublicKeyText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]  # base64url of 32 bytes
NkeyText = Annotated[str, StringConstraints(pattern=r"^U[A-Z2-7]{55}$")]
PhoneText = Annotated[str, StringConstraints(pattern=r"^[0-9+][0-9 -]{2,30}$")]


class KeyUse(StrEnum):
    """One key, one use."""

    GOVERNANCE = "governance"
    RECOVERY = "recovery"
    EVENT = "event"
    RECEIPT = "receipt"
    ENCRYPTION = "encryption"


class KeyRecord(Model):
    """One public key of a member; ``kid`` = first 16 bytes of SHA-256 over algorithm, NUL, key, in hex."""

    kid: KeyId
    use: KeyUse
    algorithm: Literal["ed25519", "x25519"]
    public: PublicKeyText
    valid_from: WireTime
    valid_until: WireTime | None = None
    next_digest: Digest | None = None
    """SHA-256 over algorithm, NUL and the next public key: rotation is committed beforehand."""


class Member(Model):
    """A county that runs a node."""

    county: CountyId
    office: Text
    """Name of the liaison office, e.g. 环江县联络办."""
    duty_phone: PhoneText
    keys: Annotated[tuple[KeyRecord, ...], Field(min_length=1, max_length=64, strict=False)]
    transport_key: NkeyText
    """Public nkey that the hub lets in."""

    @model_validator(mode="after")
    def _one_record_a_key(self) -> Self:
        kids = [key.kid for key in self.keys]
        if len(set(kids)) != len(kids):
            raise ValueError("each key stands once in `keys`")
        return self


class MemberCard(Model):
    """What `sihu init` writes: a member introduces itself, signed by its own governance key."""

    v: VersionOne = 1
    member: Member
    certificate_request: Annotated[str, StringConstraints(max_length=8192)]
    """PEM of the TLS certificate request for the link to the hub."""


class Registry(Model):
    """Who is a member, by which keys. Later versions are also signed by the old threshold."""

    v: VersionOne = 1
    version: Annotated[int, Field(ge=1)]
    previous: Digest | None
    """Digest of the version before; null for version 1."""
    issued_at: WireTime
    expires_at: WireTime
    threshold: Annotated[int, Field(ge=1)]
    """How many members' governance keys must sign."""
    members: Annotated[tuple[Member, ...], Field(min_length=1, max_length=2048, strict=False)]

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        counties = [member.county for member in self.members]
        if any(a >= b for a, b in pairwise(counties)):
            raise ValueError("`members` lists each county once, in ascending order of code")
        if self.threshold > len(counties):
            raise ValueError("`threshold` is at most the number of members")
        if (self.version == 1) != (self.previous is None):
            raise ValueError("`previous` is null for version 1 and only then")
        if self.expires_at <= self.issued_at:
            raise ValueError("`expires_at` lies after `issued_at`")
        kids = [key.kid for member in self.members for key in member.keys]
        if len(set(kids)) != len(kids):
            raise ValueError("no two members share a key")
        return self
