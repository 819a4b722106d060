"""合作项目: a project is proposed, joined, worked on, closed.

A project is a thread under one ``project_id``, whose first six digits are the county that leads. The plan stands in
the proposal and does not change; each milestone has one county that is responsible, and it alone reports on it.

Source: docs/events.md, section "development".
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from schemas.base import Event, InformationClass, Kind, Model
from schemas.faults import broken_rule
from schemas.forms import Line, LongText, Name, Note, ThreadId
from schemas.ids import CountyId
from schemas.parts import ContactOffice, each_once

MilestoneNumber = Annotated[int, Field(ge=1, le=30)]


class BudgetBand(StrEnum):
    """Yuan in all; no exact sum travels."""

    NONE = "none"
    UNDER_100K = "under_100k"
    UNDER_1M = "100k_to_1m"
    UNDER_10M = "1m_to_10m"
    MORE = "over_10m"


class MilestoneState(StrEnum):
    """未开始, 进行中, 完成, 取消."""

    PLANNED = "planned"
    STARTED = "started"
    DONE = "done"
    DROPPED = "dropped"


class Decision(StrEnum):
    """参加, 不参加."""

    JOIN = "join"
    DECLINE = "decline"


class ProjectOutcome(StrEnum):
    """全部完成, 部分完成, 终止."""

    ACHIEVED = "achieved"
    PARTLY = "partly"
    STOPPED = "stopped"


class ProjectParty(Model):
    """A county that is asked to take part, by one of its offices."""

    county: CountyId
    office: Name
    task: Line
    """What it would do."""


class Milestone(Model):
    """Something to be reached, by one county, by a day."""

    number: MilestoneNumber
    name: Line
    due: date
    county: CountyId
    """Who is responsible and reports."""


class ProjectProposed(Event):
    """A county proposes a project: the whole plan."""

    wire_type: ClassVar[str] = "cn.sihu.development.project_proposed.v1"
    title_zh: ClassVar[str] = "合作项目建议"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    kind: ClassVar[Kind] = Kind.REQUEST
    purposes: ClassVar[tuple[str, ...]] = ("mutual_development",)

    project_id: ThreadId
    title: Line
    goal: LongText
    lead_office: Name
    parties: Annotated[tuple[ProjectParty, ...], Field(min_length=1, max_length=64)]
    milestones: Annotated[tuple[Milestone, ...], Field(min_length=1, max_length=30)]
    budget_band: BudgetBand
    contact_office: ContactOffice

    @model_validator(mode="after")
    def _rules(self) -> Self:
        lead, counties = self.project_id[:6], tuple(one.county for one in self.parties)
        each_once("parties", counties)
        if lead in counties:
            raise broken_rule("parties", f"{lead} leads this project; name the others alone")
        if tuple(one.number for one in self.milestones) != tuple(range(1, len(self.milestones) + 1)):
            raise broken_rule("milestones", "number them 1, 2, 3 … in this order")
        if strangers := {one.county for one in self.milestones} - {lead, *counties}:
            raise broken_rule("milestones", f"{', '.join(sorted(strangers))} is neither the lead nor one of `parties`")
        return self


class ProjectJoined(Event):
    """A county takes part, or does not; a later decision of the same county takes its place."""

    wire_type: ClassVar[str] = "cn.sihu.development.project_joined.v1"
    title_zh: ClassVar[str] = "合作项目答复"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    kind: ClassVar[Kind] = Kind.RESPONSE
    purposes: ClassVar[tuple[str, ...]] = ("mutual_development",)

    project_id: ThreadId
    decision: Decision
    office: Name
    note: Note | None = None


class MilestoneReport(Model):
    """Where one milestone stands."""

    number: MilestoneNumber
    state: MilestoneState


class ProjectProgressed(Event):
    """A county reports on milestones of its own."""

    wire_type: ClassVar[str] = "cn.sihu.development.project_progressed.v1"
    title_zh: ClassVar[str] = "合作项目进展"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    kind: ClassVar[Kind] = Kind.UPDATE
    purposes: ClassVar[tuple[str, ...]] = ("mutual_development",)

    project_id: ThreadId
    report_no: Annotated[int, Field(ge=1, le=999)]
    """Counted by each county for itself, from 1."""
    milestones: Annotated[tuple[MilestoneReport, ...], Field(max_length=30)] = ()
    text: Note

    @model_validator(mode="after")
    def _rules(self) -> Self:
        each_once("milestones", tuple(one.number for one in self.milestones))
        return self


class ProjectClosed(Event):
    """The project is over."""

    wire_type: ClassVar[str] = "cn.sihu.development.project_closed.v1"
    title_zh: ClassVar[str] = "合作项目结束"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    kind: ClassVar[Kind] = Kind.UPDATE
    purposes: ClassVar[tuple[str, ...]] = ("mutual_development",)

    project_id: ThreadId
    outcome: ProjectOutcome
    summary: Note
