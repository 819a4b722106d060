"""联合应急: a plan of several counties, a drill of it, and a check along the border. Offices act; nobody is named.

Source: docs/people.md; 突发事件应对法.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Self

from pydantic import Field, model_validator

from schemas.base import Event, InformationClass, Model, WireTime
from schemas.faults import broken_rule
from schemas.forms import DivisionCode, Line, Note
from schemas.ids import ContentId, EnvelopeId
from schemas.offices import Office

PURPOSE: Final = "joint_response"
PlanId = ContentId
"""32 hexadecimal digits, the same for every version of a plan."""


class Hazard(StrEnum):
    """What may come over the border.

    洪涝, 水库泄洪, 山体滑坡, 森林火灾, 低温冰冻, 地震, 干旱; 交通, 危化品, 矿山, 水污染, 断电断网;
    疫情, 食品, 动物疫病; 走失, 人群.
    """

    FLOOD = "flood"
    RESERVOIR = "reservoir"
    LANDSLIDE = "landslide"
    FOREST_FIRE = "forest_fire"
    ICE = "ice"
    EARTHQUAKE = "earthquake"
    DROUGHT = "drought"
    TRAFFIC = "traffic"
    DANGEROUS_GOODS = "dangerous_goods"
    MINE = "mine"
    WATER_POLLUTION = "water_pollution"
    NETWORK_FAILURE = "network_failure"
    EPIDEMIC = "epidemic"
    FOOD = "food"
    ANIMAL_DISEASE = "animal_disease"
    MISSING_PERSON = "missing_person"
    CROWD = "crowd"


class Channel(StrEnum):
    """How partners tell each other: 总线, 电话, 短信, 传真, 对讲."""

    BUS = "bus"
    TELEPHONE = "telephone"
    SMS = "sms"
    FAX = "fax"
    RADIO = "radio"


class PlanRole(Model):
    """An office and what it does when the plan begins."""

    office: Office
    duty: Line


class Trigger(Model):
    """When the plan begins: a fact that anybody can check."""

    when: Line
    begins: Line
    """What is done then."""


class PlanPublished(Event):
    """A joint plan, or its next version (联合应急预案)."""

    wire_type: ClassVar[str] = "cn.sihu.governance.plan_published.v1"
    title_zh: ClassVar[str] = "联合应急预案"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = (PURPOSE,)

    plan_id: PlanId
    version: Annotated[int, Field(ge=1, le=999)]
    supersedes: EnvelopeId | None = None
    """Envelope id of the version before; null for the first one alone."""
    title: Line
    hazard: Hazard
    areas: Annotated[tuple[DivisionCode, ...], Field(min_length=1, max_length=64)]
    roles: Annotated[tuple[PlanRole, ...], Field(min_length=2, max_length=40)]
    triggers: Annotated[tuple[Trigger, ...], Field(min_length=1, max_length=20)]
    channels: Annotated[tuple[Channel, ...], Field(min_length=1, max_length=len(Channel))]
    """The first one first."""
    review_by: date

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if (self.version == 1) != (self.supersedes is None):
            raise broken_rule("supersedes", "name the version before, unless this is the first")
        if len({one.office.adcode for one in self.roles}) == 1:
            raise broken_rule("roles", "a joint plan gives a duty to offices of two counties at least")
        for field in ("areas", "channels"):
            if len(set(getattr(self, field))) != len(getattr(self, field)):
                raise broken_rule(field, "give each entry once")
        return self


class DrillStep(Model):
    """What had to be done by when, and when it was."""

    what: Line
    office: Office
    due: WireTime
    done_at: WireTime | None = None
    """Null: it was not done."""


class DrillHeld(Event):
    """A drill of a plan. The alerts of it travelled with status ``exercise``, over the same bus (演练)."""

    wire_type: ClassVar[str] = "cn.sihu.governance.drill_held.v1"
    title_zh: ClassVar[str] = "联合演练"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = (PURPOSE,)

    plan_id: PlanId
    plan_version: Annotated[int, Field(ge=1, le=999)]
    started_at: WireTime
    ended_at: WireTime
    alerts: Annotated[tuple[EnvelopeId, ...], Field(max_length=40)] = ()
    """Envelope ids of the exercise alerts."""
    steps: Annotated[tuple[DrillStep, ...], Field(min_length=1, max_length=60)]
    findings: Annotated[tuple[Note, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.ended_at <= self.started_at:
            raise broken_rule("ended_at", "set it after `started_at`")
        for number, step in enumerate(self.steps):
            if step.done_at is not None and not self.started_at <= step.done_at <= self.ended_at:
                raise broken_rule(
                    f"steps.{number}.done_at", "it was done between the beginning and the end, or not at all"
                )
        if len(set(self.alerts)) != len(self.alerts):
            raise broken_rule("alerts", "give each entry once")
        return self


class RiskLevel(StrEnum):
    """重大, 较大, 一般, 低."""

    MAJOR = "major"
    LARGER = "larger"
    GENERAL = "general"
    LOW = "low"


class FindingKind(StrEnum):
    """边坡, 河道, 道路, 桥涵, 林火, 水源, 输电通信, 矿井尾矿, 其他."""

    SLOPE = "slope"
    RIVER = "river"
    ROAD = "road"
    BRIDGE = "bridge"
    FOREST = "forest"
    WATER_SOURCE = "water_source"
    LINE = "line"
    MINE = "mine"
    OTHER = "other"


class HazardFinding(Model):
    """What was found, and which office mends it by when."""

    kind: FindingKind
    place: Line
    risk: RiskLevel
    what: Note
    owner_office: Office
    due: date


class HazardChecked(Event):
    """Offices of two counties have gone along their border together (边界联合排查)."""

    wire_type: ClassVar[str] = "cn.sihu.governance.hazard_checked.v1"
    title_zh: ClassVar[str] = "边界联合排查"
    information_class: ClassVar[InformationClass] = InformationClass.INTERNAL
    purposes: ClassVar[tuple[str, ...]] = (PURPOSE,)

    line: Line
    """The stretch or place, in words."""
    adcodes: Annotated[tuple[DivisionCode, ...], Field(min_length=1, max_length=8)]
    checked_at: WireTime
    by_offices: Annotated[tuple[Office, ...], Field(min_length=1, max_length=20)]
    findings: Annotated[tuple[HazardFinding, ...], Field(max_length=60)] = ()
    plan_id: PlanId | None = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        checked_on = self.checked_at.date()
        for number, finding in enumerate(self.findings):
            if finding.due < checked_on:
                raise broken_rule(f"findings.{number}.due", "set it on or after the day of the check")
        for field in ("adcodes", "by_offices"):
            if len(set(getattr(self, field))) != len(getattr(self, field)):
                raise broken_rule(field, "give each entry once")
        return self
