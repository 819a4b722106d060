"""联合调解, second part: the agreement, its signatures, what follows from it, and the end of the case.

Source: docs/mediation.md
"""

from datetime import date
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from schemas.faults import broken_rule
from schemas.forms import Line, LongText, Name, Note
from schemas.governance.mediation import CASE_PREFIX, CaseEvent
from schemas.governance.mediation_parts import (
    PARTIES_MAX,
    AdviceReason,
    AgreementForm,
    AgreementText,
    CaseOutcome,
    CourtResult,
    DueItem,
    Means,
    MediatorRef,
    Parties,
    PartyRef,
    Performance,
    Signatory,
    agreement_digest,
    each_once,
)
from schemas.ids import Digest

ItemNumber = Annotated[int, Field(ge=1, le=99)]


class CaseAgreementDrafted(CaseEvent):
    """The parties have agreed on one text: noted, if they agreed by word of mouth, or to be signed by all."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}agreement_drafted.v1"
    title_zh: ClassVar[str] = "调解协议文本"

    form: AgreementForm
    document: AgreementText
    sha256: Digest
    """Of the document, as ``agreement_bytes`` spells it."""
    agreed_by: Annotated[tuple[PartyRef, ...], Field(max_length=PARTIES_MAX)] = ()
    """Who agreed by word of mouth; with `oral` alone."""

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.sha256 != agreement_digest(self.document):
            raise broken_rule("sha256", "give the SHA-256 of the document: canonical JSON, see docs/mediation.md")
        if (self.form is AgreementForm.ORAL) != bool(self.agreed_by):
            raise broken_rule("agreed_by", "name who agreed, exactly if the form is `oral`")
        each_once("agreed_by", self.agreed_by)
        return self


class CaseAgreementSigned(CaseEvent):
    """A party, a mediator or the county itself stands behind the text of this digest."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}agreement_signed.v1"
    title_zh: ClassVar[str] = "签署协议"

    sha256: Digest
    signatory: Signatory
    party: PartyRef | None = None
    mediator: MediatorRef | None = None
    means: Means
    signed_on: date

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if (self.signatory is Signatory.PARTY) != (self.party is not None):
            raise broken_rule("party", "give the reference exactly if a party signs")
        if (self.signatory is Signatory.MEDIATOR) != (self.mediator is not None):
            raise broken_rule("mediator", "give the reference exactly if a mediator signs")
        if self.means is Means.SPOKEN:
            raise broken_rule("means", "a signature is `signed`, `sealed` or `electronic`")
        return self


class CaseStamped(CaseEvent):
    """The committee has put its seal on the text of this digest."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}stamped.v1"
    title_zh: ClassVar[str] = "加盖印章"

    sha256: Digest
    committee: Name
    stamped_on: date


class CaseInForce(CaseEvent):
    """The agreement binds the parties."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}in_force.v1"
    title_zh: ClassVar[str] = "协议生效"

    sha256: Digest
    in_force_on: date
    confirm_by: date
    """Last day on which the parties can ask a court to confirm it."""
    courts: Annotated[tuple[Line, ...], Field(min_length=1, max_length=6)]
    """Those that may have it."""
    copies_to: Annotated[tuple[PartyRef, ...], Field(max_length=PARTIES_MAX)] = ()
    """Who has a copy; of a written agreement everybody."""

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.confirm_by <= self.in_force_on:
            raise broken_rule("confirm_by", "set it after `in_force_on`")
        each_once("copies_to", self.copies_to)
        return self


class CaseConfirmationFiled(CaseEvent):
    """All parties together have asked a court to confirm the agreement."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}confirmation_filed.v1"
    title_zh: ClassVar[str] = "申请司法确认"

    court: Line
    parties: Parties
    filed_on: date


class CaseConfirmationResult(CaseEvent):
    """What the court said."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}confirmation_result.v1"
    title_zh: ClassVar[str] = "司法确认结果"

    result: CourtResult
    doc_no: Name | None = None
    decided_on: date
    note: Note | None = None


class CasePerformanceDue(CaseEvent):
    """Who has to do what, until when."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}performance_due.v1"
    title_zh: ClassVar[str] = "履行事项"

    items: Annotated[tuple[DueItem, ...], Field(min_length=1, max_length=30)]

    @model_validator(mode="after")
    def _rules(self) -> Self:
        each_once("items", (one.no for one in self.items))
        return self


class CasePerformanceReported(CaseEvent):
    """How far one duty was met."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}performance_reported.v1"
    title_zh: ClassVar[str] = "履行情况"

    item_no: ItemNumber
    outcome: Performance
    reported_on: date
    note: Note | None = None


class CaseFollowedUp(CaseEvent):
    """The office asked how it goes."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}followed_up.v1"
    title_zh: ClassVar[str] = "回访"

    followed_up_on: date
    note: Note


class CaseUrged(CaseEvent):
    """A party was urged to do what it has promised."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}urged.v1"
    title_zh: ClassVar[str] = "督促履行"

    party: PartyRef
    urged_on: date
    note: Note | None = None


class CaseBreached(CaseEvent):
    """A party did not do what it has promised."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}breached.v1"
    title_zh: ClassVar[str] = "未履行"

    party: PartyRef
    item_no: ItemNumber
    found_on: date
    note: Note | None = None


class CaseCourtAdvised(CaseEvent):
    """The parties were told that a court is where to go now."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}court_advised.v1"
    title_zh: ClassVar[str] = "告知诉讼"

    reason: AdviceReason
    courts: Annotated[tuple[Line, ...], Field(min_length=1, max_length=6)]
    advised_on: date


class CaseReopened(CaseEvent):
    """A court did not confirm the agreement: the parties talk again."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}reopened.v1"
    title_zh: ClassVar[str] = "重新调解"

    reopened_on: date
    due_on: date
    reason: Note

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.due_on <= self.reopened_on:
            raise broken_rule("due_on", "set it after `reopened_on`")
        return self


class CaseClosed(CaseEvent):
    """There is nothing left to do."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}closed.v1"
    title_zh: ClassVar[str] = "结案"

    outcome: CaseOutcome
    closed_on: date
    summary: LongText


class CaseArchived(CaseEvent):
    """The file is put away, and kept."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}archived.v1"
    title_zh: ClassVar[str] = "归档"

    archive_no: Name
    archived_on: date
    keep_until: date
    file_sha256: Digest
    """Of the case file as it was printed."""
