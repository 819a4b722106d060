"""A co-operation agreement (协作协议): who may send what to whom, until when.

Source: docs/protocol.md, section "Trust".
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import InformationClass, Model, VersionOne, WireTime
from schemas.envelope import CONTENT_MAX_BYTES, FILE_MAX_BYTES
from schemas.faults import broken_rule
from schemas.ids import AgreementId, CountyId, WireType
from schemas.registry import PhoneText, Text

Purpose = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Counties = Annotated[tuple[CountyId, ...], Field(min_length=1, max_length=512, strict=False)]


class Grant(Model):
    """One row of the matrix: these types, from these counties, to those. Null means every party."""

    types: Annotated[tuple[WireType, ...], Field(min_length=1, max_length=256, strict=False)]
    sources: Counties | None = None
    recipients: Counties | None = None


class Deadline(Model):
    """By when an alert of one effective level must be stored and acknowledged."""

    level: Annotated[int, Field(ge=1, le=4)]
    stored_seconds: Annotated[int, Field(ge=1, le=86_400)]
    acknowledged_minutes: Annotated[int, Field(ge=1, le=14_400)]


class Quota(Model):
    """How much a party may send within one hour of its own clock; what travels in the urgent lane is never counted."""

    county: CountyId | None = None
    """Null: every party that has no row of its own, each for itself."""
    events_per_hour: Annotated[int, Field(ge=1, le=1_000_000)]
    bytes_per_hour: Annotated[int, Field(ge=CONTENT_MAX_BYTES, le=2**40)] | None = None
    """Of content, as it travels. At least one event of the largest size fits in."""


class Contact(Model):
    """The office to telephone when the wire is silent."""

    county: CountyId
    office: Text
    duty_phone: PhoneText


class Agreement(Model):
    """One object signed by every party's governance key; checked by the same function at both ends."""

    v: VersionOne = 1
    id: AgreementId
    version: Annotated[int, Field(ge=1, le=999_999)]
    title: Text
    parties: Annotated[tuple[CountyId, ...], Field(min_length=2, max_length=512, strict=False)]
    coordinators: Counties
    valid_from: WireTime
    valid_until: WireTime
    grants: Annotated[tuple[Grant, ...], Field(min_length=1, max_length=256, strict=False)]
    class_ceiling: InformationClass
    internal_in_clear: bool
    """True lets `internal` content travel unencrypted; `personal` never does."""
    purposes: Annotated[tuple[Purpose, ...], Field(min_length=1, max_length=64, strict=False)]
    retention_days: Annotated[int, Field(ge=30, le=36_500)]
    deadlines: Annotated[tuple[Deadline, ...], Field(max_length=4, strict=False)] = ()
    content_max_bytes: Annotated[int, Field(ge=1024, le=CONTENT_MAX_BYTES)] = CONTENT_MAX_BYTES
    contacts: Annotated[tuple[Contact, ...], Field(max_length=512, strict=False)] = ()
    quotas: Annotated[tuple[Quota, ...], Field(max_length=512, strict=False, exclude_if=lambda rows: not rows)] = ()
    """Left out where there are none: versions that know no quotas go on reading such an agreement."""
    file_max_bytes: Annotated[
        int, Field(ge=1024, le=FILE_MAX_BYTES, exclude_if=lambda size: size == FILE_MAX_BYTES)
    ] = FILE_MAX_BYTES
    """Of a file that an event carries, as it is read. Not written if it is the most there may be, for older nodes."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if any(a >= b for a, b in pairwise(self.parties)):
            raise broken_rule("parties", "`parties` lists each county once, in ascending order of code")
        if self.id == "control":
            raise broken_rule("id", "`control` is reserved")
        if self.valid_until <= self.valid_from:
            raise broken_rule("valid_until", "`valid_until` lies after `valid_from`")
        parties = set(self.parties)
        for place, county in self._named():
            if county not in parties:
                raise broken_rule(place, f"{county} is named but is no party")
        limited = [quota.county for quota in self.quotas]
        if len(set(limited)) < len(limited):
            raise broken_rule("quotas", "`quotas` has one row for a county, and one without a county")
        return self

    def _named(self) -> Iterator[tuple[str, str]]:
        """Yield every county that must be a party, with the field in which it stands."""
        for county in self.coordinators:
            yield "coordinators", county
        for number, grant in enumerate(self.grants):
            for county in grant.sources or ():
                yield f"grants.{number}.sources", county
            for county in grant.recipients or ():
                yield f"grants.{number}.recipients", county
        for number, quota in enumerate(self.quotas):
            if quota.county is not None:
                yield f"quotas.{number}.county", quota.county
