"""联合调解, first part: from the registration of a case to its sessions, and everything that may end it on the way.

The thread is in the header, which outlives the content: ``case`` names the event that registered the case and
``replies`` the newest events of it that the writer had seen. There is no field for a fee: mediation is free.

Source: docs/mediation.md; docs/decisions/0034-let-two-counties-write-one-case.md
"""

from datetime import date
from typing import Annotated, ClassVar, Final, Self

from pydantic import Field, model_validator

from schemas.base import Event, InformationClass, Kind, WireTime
from schemas.faults import broken_rule
from schemas.forms import Line, LongText, Name, Note
from schemas.governance.mediation_parts import (
    MEDIATORS_MAX,
    PARTIES_MAX,
    Authority,
    CaseParty,
    ChallengeGround,
    ConsentMatter,
    DisputeKind,
    EvidenceKind,
    Means,
    Mediator,
    MediatorRef,
    NoticeMatter,
    Offices,
    OtherWay,
    OutOfScope,
    Parties,
    PartyRef,
    RiskKind,
    Screening,
    each_once,
)
from schemas.ids import CountyId, Digest, EnvelopeId

CASE_PURPOSE: Final = "dispute_mediation"
CASE_PREFIX: Final = "cn.sihu.governance.case_"
COUNTIES_OF_A_CASE: Final = 2


class CaseEvent(Event):
    """One act in a case of joint mediation, signed by the county whose office did it."""

    information_class: ClassVar[InformationClass] = InformationClass.PERSONAL
    purposes: ClassVar[tuple[str, ...]] = (CASE_PURPOSE,)


class CaseRegistered(CaseEvent):
    """A case begins; its id is this event's envelope id."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}registered.v1"
    title_zh: ClassVar[str] = "调解登记"
    kind: ClassVar[Kind] = Kind.REQUEST

    case_no: Name
    title: Line
    dispute_kind: DisputeKind
    place: Line
    summary: LongText
    parties: Annotated[tuple[CaseParty, ...], Field(min_length=2, max_length=PARTIES_MAX)]
    applied_by: Annotated[tuple[PartyRef, ...], Field(max_length=PARTIES_MAX)] = ()
    """Empty: the offices offer to mediate."""
    lead: CountyId
    registered_on: date
    screening: Screening

    @model_validator(mode="after")
    def _rules(self) -> Self:
        refs, counties = [one.ref for one in self.parties], {one.county for one in self.parties}
        each_once("parties", refs)
        each_once("applied_by", self.applied_by)
        if len(counties) != COUNTIES_OF_A_CASE:
            raise broken_rule("parties", "name parties of exactly two counties")
        if self.lead not in counties:
            raise broken_rule("lead", "one of the two counties of the parties leads")
        if set(self.applied_by) - set(refs):
            raise broken_rule("applied_by", "name references that `parties` gives")
        return self


class CaseConsentGiven(CaseEvent):
    """A party agrees, before the office of its own county."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}consent_given.v1"
    title_zh: ClassVar[str] = "当事人同意"

    party: PartyRef
    matter: ConsentMatter
    until: date | None = None
    """To which day the party lets the mediation go on; with `longer_term` alone."""
    means: Means
    given_on: date

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if (self.matter is ConsentMatter.LONGER_TERM) != (self.until is not None):
            raise broken_rule("until", "give the day exactly if the matter is `longer_term`")
        return self


class CaseConsentRefused(CaseEvent):
    """A party does not agree. Refusing the mediation ends it, at every step before an agreement is in force."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}consent_refused.v1"
    title_zh: ClassVar[str] = "当事人不同意"

    party: PartyRef
    matter: ConsentMatter
    refused_on: date
    reason: Note | None = None


class CaseAccepted(CaseEvent):
    """The case is taken: every party had agreed."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}accepted.v1"
    title_zh: ClassVar[str] = "受理"

    accepted_on: date
    due_on: date
    """Last day of the one month, moved to a workday of the writer's county if it falls on a day off."""

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.due_on <= self.accepted_on:
            raise broken_rule("due_on", "set it after `accepted_on`")
        return self


class CaseRefused(CaseEvent):
    """The case is not taken, and whoever came is told the right address."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}refused.v1"
    title_zh: ClassVar[str] = "不予受理"

    reason: OutOfScope
    directed_to: Line
    refused_on: date


class CasePanelSet(CaseEvent):
    """Who mediates: chosen or accepted by the parties, at least one from each county."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}panel_set.v1"
    title_zh: ClassVar[str] = "确定调解员"

    mediators: Annotated[tuple[Mediator, ...], Field(min_length=2, max_length=MEDIATORS_MAX)]
    set_on: date

    @model_validator(mode="after")
    def _rules(self) -> Self:
        each_once("mediators", (one.ref for one in self.mediators))
        if len({one.county for one in self.mediators}) != COUNTIES_OF_A_CASE:
            raise broken_rule("mediators", "name at least one mediator from each of the two counties")
        return self


class CaseMediatorChallenged(CaseEvent):
    """A mediator has an interest, or a party objects: another takes his place before anything goes on."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}mediator_challenged.v1"
    title_zh: ClassVar[str] = "调解员回避"

    mediator: MediatorRef
    ground: ChallengeGround
    party: PartyRef | None = None
    """Who objects; none if he declares it himself."""
    challenged_on: date
    reason: Note | None = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if (self.ground is ChallengeGround.OBJECTION) != (self.party is not None):
            raise broken_rule("party", "give the party exactly if the ground is `objection`")
        return self


class CaseLeadOffered(CaseEvent):
    """The leading county asks the other one to lead."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}lead_offered.v1"
    title_zh: ClassVar[str] = "移交牵头"
    kind: ClassVar[Kind] = Kind.REQUEST

    to: CountyId
    reason: Note


class CaseLeadHanded(CaseEvent):
    """The other county takes the lead: this is the taker's signature."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}lead_handed.v1"
    title_zh: ClassVar[str] = "接收牵头"

    taken_from: CountyId


class CaseNoticeGiven(CaseEvent):
    """Parties were told something that the law wants them to be told."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}notice_given.v1"
    title_zh: ClassVar[str] = "告知"

    matter: NoticeMatter
    parties: Parties
    means: Means
    given_on: date
    text: Note | None = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        each_once("parties", self.parties)
        return self


class CaseEvidenceAdded(CaseEvent):
    """Something that proves something, by its digest; a file itself goes as an attachment that `evidence` refers to."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}evidence_added.v1"
    title_zh: ClassVar[str] = "证据"

    title: Line
    evidence_kind: EvidenceKind
    sha256: Digest
    party: PartyRef | None = None
    """Who brought it; none if the office did."""
    added_on: date
    note: Note | None = None


class CaseVisitMade(CaseEvent):
    """The place was looked at."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}visit_made.v1"
    title_zh: ClassVar[str] = "现场查看"

    visited_on: date
    place: Line
    offices: Offices
    findings: LongText


class CaseSessionSet(CaseEvent):
    """A session is called."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}session_set.v1"
    title_zh: ClassVar[str] = "召集调解"
    kind: ClassVar[Kind] = Kind.REQUEST

    session_no: Annotated[int, Field(ge=1, le=99)]
    starts_at: WireTime
    place: Line
    open_to_public: bool
    outsiders: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    """Relatives, neighbours, experts whom the mediators wish to invite; every party must agree."""


class CaseSessionHeld(CaseEvent):
    """The parties met."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}session_held.v1"
    title_zh: ClassVar[str] = "调解会"

    session_no: Annotated[int, Field(ge=1, le=99)]
    held_on: date
    parties: Parties
    mediators: Annotated[tuple[MediatorRef, ...], Field(min_length=1, max_length=MEDIATORS_MAX)]
    open_to_public: bool
    outsiders: Annotated[int, Field(ge=0, le=99)] = 0
    record: LongText


class CaseProposalMade(CaseEvent):
    """Somebody proposes how it could end."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}proposal_made.v1"
    title_zh: ClassVar[str] = "调解方案"

    party: PartyRef | None = None
    """Who proposes; none if the mediators do."""
    text: LongText
    made_on: date


class CaseExtended(CaseEvent):
    """The mediation goes on for longer than a month; every party had agreed to this day or a later one."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}extended.v1"
    title_zh: ClassVar[str] = "延长期限"

    until: date
    reason: Note


class CaseSuspended(CaseEvent):
    """Nothing goes on for a while; the time limit runs."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}suspended.v1"
    title_zh: ClassVar[str] = "中止"

    suspended_on: date
    reason: Note


class CaseResumed(CaseEvent):
    """It goes on where it stood."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}resumed.v1"
    title_zh: ClassVar[str] = "恢复"

    resumed_on: date


class CaseWithdrawn(CaseEvent):
    """A party leaves: possible at every step before an agreement is in force."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}withdrawn.v1"
    title_zh: ClassVar[str] = "撤回"

    party: PartyRef
    withdrawn_on: date
    reason: Note | None = None


class CaseEntryWithdrawn(CaseEvent):
    """An own entry is taken back. It stays in the file: nobody can delete."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}entry_withdrawn.v1"
    title_zh: ClassVar[str] = "撤回材料"

    entry: EnvelopeId
    reason: Note


class CaseRiskFlagged(CaseEvent):
    """Danger of crime or harm: an alert to the other office, with nothing of the case in it."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}risk_flagged.v1"
    title_zh: ClassVar[str] = "纠纷激化预警"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    priority: ClassVar[int] = 1

    risk: RiskKind
    imminent: bool
    told: Annotated[tuple[Authority, ...], Field(min_length=1, max_length=5)]
    """Who was told before this was sent."""


class CaseFailed(CaseEvent):
    """No agreement came about; the parties were told which other ways there are."""

    wire_type: ClassVar[str] = f"{CASE_PREFIX}failed.v1"
    title_zh: ClassVar[str] = "调解不成"

    failed_on: date
    other_ways: Annotated[tuple[OtherWay, ...], Field(min_length=1, max_length=3)]
    reason: Note
