"""联合宣传、节庆联办: a campaign is announced, changed, answered, closed.

A campaign is a thread of events under one ``ics_uid``, whose first six digits are the county that leads it. What may
follow what is judged by ``services.domain.campaigns``, at both ends. ``sequence`` is that of RFC 5545: the leading
county counts it up with every change, and an answer names the one that it answers.

Source: docs/events.md, section "outreach"; RFC 5545, RFC 5546.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Self

from pydantic import ConfigDict, Field, model_validator

from schemas.base import Event, InformationClass, Kind, Model, WireTime
from schemas.faults import broken_rule
from schemas.forms import CalendarUid, Line, Name, Note
from schemas.ids import CountyId, Digest
from schemas.parts import ContactOffice, Place, each_once

SEQUENCE_MAX: Final = 9999
_LONGEST: Final = timedelta(days=92)

Sequence = Annotated[int, Field(ge=0, le=SEQUENCE_MAX)]
Later = Annotated[int, Field(ge=1, le=SEQUENCE_MAX)]


class CampaignKind(StrEnum):
    """节庆, 宣传, 展会, 体育, 联合巡查, 互访."""

    FESTIVAL = "festival"
    PUBLICITY = "publicity"
    FAIR = "fair"
    SPORTS = "sports"
    PATROL = "patrol"
    EXCHANGE_VISIT = "exchange_visit"


class AttendanceBand(StrEnum):
    """How many people are expected; never counted person by person."""

    TENS = "0-99"
    HUNDREDS = "100-999"
    THOUSANDS = "1000-4999"
    MORE = "5000+"


class CampaignRole(StrEnum):
    """联办, 协办, 应邀."""

    CO_HOST = "co_host"
    SUPPORT = "support"
    GUEST = "guest"


class Reply(StrEnum):
    """PARTSTAT of RFC 5545 in lower case."""

    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


class CampaignOutcome(StrEnum):
    """如期举办, 取消."""

    HELD = "held"
    CANCELLED = "cancelled"


class CampaignPartner(Model):
    """A county that is invited, by one of its offices."""

    county: CountyId
    office: Name
    role: CampaignRole
    reply: Reply | None = None
    """What the leading county knows of its answer; that county's own ``campaign_answered`` prevails."""


class Campaign(Event):
    """What announcement and change share: the whole of the plan. ``kind`` on the wire is ``campaign_kind`` in code."""

    model_config = ConfigDict(validate_by_name=False, validate_by_alias=True, serialize_by_alias=True)

    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = ("joint_activity",)

    ics_uid: CalendarUid
    campaign_kind: Annotated[CampaignKind, Field(alias="kind")]
    name: Line
    starts: WireTime
    ends: WireTime
    places: Annotated[tuple[Place, ...], Field(min_length=1, max_length=10)]
    lead_office: Name
    partners: Annotated[tuple[CampaignPartner, ...], Field(min_length=1, max_length=64)]
    attendance_band: AttendanceBand
    safety_plan_sha256: Digest | None = None
    """Of the safety plan, which travels as an attachment."""
    traffic_note: Note | None = None
    contact_office: ContactOffice
    reply_by: WireTime | None = None

    @model_validator(mode="after")
    def _campaign_rules(self) -> Self:
        if self.ends <= self.starts:
            raise broken_rule("ends", "set it after `starts`")
        if self.ends - self.starts > _LONGEST:
            raise broken_rule("ends", f"a campaign lasts at most {_LONGEST.days} days; announce a longer one in parts")
        if self.reply_by is not None and self.reply_by > self.starts:
            raise broken_rule("reply_by", "set it before `starts`, or leave it out")
        each_once("partners", tuple(one.county for one in self.partners))
        if any(one.county == self.ics_uid[:6] for one in self.partners):
            raise broken_rule("partners", f"{self.ics_uid[:6]} leads this campaign; name the others alone")
        return self


class CampaignAnnounced(Campaign):
    """A county plans a campaign and invites its partners."""

    wire_type: ClassVar[str] = "cn.sihu.outreach.campaign_announced.v1"
    title_zh: ClassVar[str] = "联合活动邀请"
    kind: ClassVar[Kind] = Kind.REQUEST

    sequence: Annotated[int, Field(ge=0, le=0)] = 0
    """Always 0: RFC 5545 begins there."""

    @model_validator(mode="after")
    def _nobody_has_answered(self) -> Self:
        if any(one.reply is not None for one in self.partners):
            raise broken_rule("partners", "leave `reply` out: nobody can have answered yet")
        return self


class CampaignChanged(Campaign):
    """The plan has changed; the whole of the new plan."""

    wire_type: ClassVar[str] = "cn.sihu.outreach.campaign_changed.v1"
    title_zh: ClassVar[str] = "联合活动变更"
    kind: ClassVar[Kind] = Kind.UPDATE

    sequence: Later
    what_changed: Line


class CampaignAnswered(Event):
    """A county answers the invitation; a later answer of the same county takes its place."""

    wire_type: ClassVar[str] = "cn.sihu.outreach.campaign_answered.v1"
    title_zh: ClassVar[str] = "联合活动答复"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    kind: ClassVar[Kind] = Kind.RESPONSE
    purposes: ClassVar[tuple[str, ...]] = ("joint_activity",)

    ics_uid: CalendarUid
    sequence: Sequence
    """Of the plan that is answered."""
    reply: Reply
    office: Name
    """Who takes part, or who decided that nobody does."""
    note: Note | None = None


class CampaignClosed(Event):
    """It was held, or it will not be."""

    wire_type: ClassVar[str] = "cn.sihu.outreach.campaign_closed.v1"
    title_zh: ClassVar[str] = "联合活动结束"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    kind: ClassVar[Kind] = Kind.UPDATE
    purposes: ClassVar[tuple[str, ...]] = ("joint_activity",)

    ics_uid: CalendarUid
    sequence: Later
    outcome: CampaignOutcome
    attendance_band: AttendanceBand | None = None
    summary: Note
    """How it went, or why it is called off."""

    @model_validator(mode="after")
    def _attended_only_if_held(self) -> Self:
        if self.outcome is CampaignOutcome.CANCELLED and self.attendance_band is not None:
            raise broken_rule("attendance_band", "leave it out: a campaign that was cancelled had no visitors")
        return self
