"""Answers about agreements that are being made: a draft, copies put together, what was put in force."""

from typing import Annotated, Self

from pydantic import Field, JsonValue

from schemas.agreements import Agreement
from schemas.base import Model
from schemas.documents import SignedDocument
from schemas.errors import Fault
from schemas.ids import AgreementId, CountyCode, CountyId, Digest, KeyId, WireType
from services.domain.agreement_adopting import Adoption, Suspending
from services.domain.agreement_copies import COPIES_MAX, Collected, Flaw, WrongSignature
from services.domain.agreement_differences import Differences, Way
from services.domain.documents import document_digest
from services.gateway.answers import FaultLine

Copies = Annotated[tuple[SignedDocument, ...], Field(min_length=1, max_length=COPIES_MAX, strict=False)]


class AgreementCopies(Model):
    """Copies of one agreement, in any order, each with the signatures of some parties."""

    copies: Copies


class AdoptionDraft(Model):
    """What is to be put in force, and what the officer heard of its digest by telephone."""

    copies: Copies
    digest: Annotated[str, Field(max_length=120, description="The first group of four at least, as it was read out.")]


class SuspensionPaper(Model):
    """A signed suspension."""

    document: SignedDocument


class DraftedAgreement(Model):
    """A draft, fixed as the document to be signed. Nothing of it is kept here."""

    agreement: Agreement
    document: SignedDocument
    digest: Digest
    """What the parties compare by telephone; signatures do not change it."""


class WrongSignatureLine(Model):
    """A signature that does not count."""

    kid: KeyId
    county: CountyId | None
    """Whose key it names; null if the registry in force does not know."""
    flaw: Flaw

    @classmethod
    def of(cls, found: WrongSignature) -> Self:
        """Return what was found as an answer."""
        county = None if found.county is None else CountyCode(found.county)
        return cls(kid=found.kid, county=county, flaw=found.flaw)


class FlowLine(Model):
    """These types, from these counties, to those."""

    sources: tuple[CountyId, ...]
    recipients: tuple[CountyId, ...]
    types: tuple[WireType, ...]


class FieldChangeLine(Model):
    """A field of the agreement that says something else."""

    field: str
    way: Way
    before: JsonValue
    after: JsonValue


class DifferenceLine(Model):
    """What changes against the version in force."""

    gained: tuple[FlowLine, ...]
    """What will be permitted that is not."""
    lost: tuple[FlowLine, ...]
    """What is permitted and will be no longer."""
    fields: tuple[FieldChangeLine, ...]

    @classmethod
    def of(cls, found: Differences) -> Self:
        """Return what was found as an answer."""
        return cls.model_validate(found, from_attributes=True, strict=False)


class CollectedAgreement(Model):
    """Copies put together: who has signed, and what would follow. Nothing of it is kept here."""

    agreement: Agreement
    digest: Digest
    document: SignedDocument
    """With every signature that holds by the registry in force, and no other."""
    signed: tuple[CountyId, ...]
    missing: tuple[CountyId, ...]
    wrong: tuple[WrongSignatureLine, ...]
    """Signatures that do not count, twenty at most."""
    in_force: int | None
    """Version of this agreement that is in force here; null if none is."""
    differences: DifferenceLine
    adoptable: bool
    refusal: FaultLine | None
    """Why it cannot be adopted, if it cannot."""

    @classmethod
    def of(cls, found: Collected, in_force: int | None, changes: Differences, refusal: Fault | None) -> Self:
        """Return what was found as an answer."""
        return cls(
            agreement=found.agreement,
            digest=document_digest(found.document),
            document=found.document,
            signed=tuple(map(CountyCode, found.signed)),
            missing=tuple(map(CountyCode, found.missing)),
            wrong=tuple(map(WrongSignatureLine.of, found.wrong)),
            in_force=in_force,
            differences=DifferenceLine.of(changes),
            adoptable=refusal is None,
            refusal=FaultLine(code=refusal.code, field=refusal.field, mend=refusal.mend) if refusal else None,
        )


class AdoptedAgreement(Model):
    """An agreement that is in force here now."""

    id: AgreementId
    version: int
    digest: Digest
    is_new: bool
    """False: it was so already."""

    @classmethod
    def of(cls, done: Adoption) -> Self:
        """Return what was done as an answer."""
        one = done.in_force.agreement
        return cls(id=one.id, version=one.version, digest=document_digest(done.document), is_new=done.is_new)


class SuspendedAgreement(Model):
    """A suspension that counts here now."""

    id: AgreementId
    county: CountyId
    """Who has stepped out."""
    version: int
    positions: int
    """Of what is under way and still taken."""
    digest: Digest
    is_new: bool
    """False: it was so already."""

    @classmethod
    def of(cls, done: Suspending) -> Self:
        """Return what was done as an answer."""
        one = done.suspension
        return cls(
            id=one.agreement_id,
            county=one.county,
            version=one.version,
            positions=len(one.ends),
            digest=document_digest(done.document),
            is_new=done.is_new,
        )
