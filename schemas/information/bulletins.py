"""政策通报 and 工作动态: what a county decided, what it did, what it learned.

Source: docs/events.md, section "information".
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from schemas.base import Event, InformationClass, Model, WireTime
from schemas.faults import broken_rule
from schemas.forms import LINE_PATTERN, Body, Label, Line, Name, Note
from schemas.parts import Attachments, Period, each_once

DocumentNumber = Annotated[str, StringConstraints(max_length=60, pattern=LINE_PATTERN)]
"""As printed on the document: issuer, year in brackets, number."""

Topics = Annotated[tuple[Label, ...], Field(max_length=10)]


class Openness(StrEnum):
    """主动公开, 依申请公开, 不予公开."""

    OPEN = "open"
    ON_REQUEST = "on_request"
    CLOSED = "closed"


class BulletinKind(StrEnum):
    """简报, 经验典型, 会议纪要, 统计."""

    BRIEF = "brief"
    EXPERIENCE = "experience"
    MINUTES = "minutes"
    STATISTICS = "statistics"


class PolicyBulletinPublished(Event):
    """A policy, rule or decision that concerns the neighbours (政策通报)."""

    wire_type: ClassVar[str] = "cn.sihu.information.policy_bulletin_published.v1"
    title_zh: ClassVar[str] = "政策通报"
    purposes: ClassVar[tuple[str, ...]] = ("policy_exchange",)

    doc_no: DocumentNumber
    title: Line
    issuer: Name
    issued_on: date
    effective_on: date | None = None
    expires_on: date | None = None
    repeals: Annotated[tuple[DocumentNumber, ...], Field(max_length=20)] = ()
    topics: Topics = ()
    applies_to: Line
    """Whom or what it concerns, in words."""
    summary: Note
    attachments: Attachments = ()
    openness: Openness
    reply_wanted: bool = False
    reply_due: WireTime | None = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        begins = self.effective_on or self.issued_on
        if self.expires_on is not None and self.expires_on < begins:
            raise broken_rule("expires_on", "set it on or after the day the policy takes effect")
        if self.reply_wanted != (self.reply_due is not None):
            raise broken_rule("reply_due", "give the time by which a reply is wanted, exactly if one is wanted")
        if self.doc_no in self.repeals:
            raise broken_rule("repeals", "a document cannot repeal itself")
        each_once("topics", self.topics)
        each_once("repeals", self.repeals)
        each_once("attachments", tuple(one.name for one in self.attachments))
        return self


class Action(Model):
    """Something agreed to be done, by an office."""

    text: Annotated[Line, Field(max_length=120)]
    owner_office: Name
    due: date | None = None


class WorkBulletinPublished(Event):
    """News, experience, minutes or figures of the work (工作动态、经验典型). ``kind`` is ``bulletin_kind`` in code."""

    model_config = ConfigDict(validate_by_name=False, validate_by_alias=True, serialize_by_alias=True)

    wire_type: ClassVar[str] = "cn.sihu.information.work_bulletin_published.v1"
    title_zh: ClassVar[str] = "工作动态"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = ("work_exchange",)

    period: Period
    bulletin_kind: Annotated[BulletinKind, Field(alias="kind")]
    title: Line
    body: Body
    topics: Topics = ()
    actions: Annotated[tuple[Action, ...], Field(max_length=50)] = ()
    attachments: Attachments = ()

    @model_validator(mode="after")
    def _rules(self) -> Self:
        each_once("topics", self.topics)
        each_once("attachments", tuple(one.name for one in self.attachments))
        return self
