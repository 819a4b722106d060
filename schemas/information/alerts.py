"""预警与突发事件: an alert is issued, updated, cancelled.

Each message has an ``alert_id`` of its own; an update and a cancellation name, in ``predecessors``,
every alert still in force that they replace. The content must stand alone — in a CAP document, in an
archive, after a restore — so it names alert ids; the header's ``refs`` name the same alerts by
envelope id, for the bus. Both are compared by ``services.domain.succession``.

Source: docs/events.md, section "information"; maps to CAP 1.2 and GB/T 35965.1.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final, Self

from pydantic import ConfigDict, Field, model_validator

from schemas.base import BEIJING, Event, Kind, WireTime
from schemas.cap import ELEMENTS_MAX
from schemas.faults import broken_rule
from schemas.forms import AlertId, EventCodeText, Label, Line, LongText, Name, Note
from schemas.information.alert_parts import (
    MAX_POINTS,
    Area,
    Certainty,
    Code,
    DutyContact,
    HelpWanted,
    Hotline,
    Impact,
    Level,
    LocalText,
    NamedValue,
    NeighbourRisk,
    Predecessor,
    ReportStage,
    Resource,
    ResponseType,
    Severity,
    Urgency,
)
from schemas.information.cap_lines import CapLine
from schemas.information.event_codes import CLASS_DIGITS, SCHEME, EventClass

_CODE_LENGTH: Final = 5
_LONGEST: Final = timedelta(days=366)


class Alert(Event):
    """What the three alert types share. ``class`` on the wire is ``event_class`` in code."""

    model_config = ConfigDict(validate_by_name=False, validate_by_alias=True, serialize_by_alias=True)

    priority: ClassVar[int] = 1
    purposes: ClassVar[tuple[str, ...]] = ("emergency_warning", "joint_response")

    alert_id: AlertId
    cap_identifier: Annotated[Line, Field(max_length=120)] | None = None
    """Identifier of the imported foreign CAP document, if this alert came from one."""
    report_stage: ReportStage
    report_no: Annotated[int, Field(ge=1, le=999)]
    event_class: Annotated[EventClass, Field(alias="class")]
    event_code: EventCodeText
    event_name: Label
    code_scheme: Label = SCHEME
    warning_level: Level | None = None
    """Colour: 1 red, 2 orange, 3 yellow, 4 blue."""
    event_grade: Level | None = None
    """Grade of the event: 1 特别重大 … 4 一般."""
    response_level: Level | None = None
    """Level of the emergency response: 1 Ⅰ级 … 4 Ⅳ级."""
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    effective: WireTime
    onset: WireTime | None = None
    expires: WireTime
    headline: Annotated[Line, Field(max_length=60)]
    description: LongText
    instruction: LongText | None = None
    response_types: Annotated[tuple[ResponseType, ...], Field(max_length=9)] = ()
    areas: Annotated[tuple[Area, ...], Field(min_length=1, max_length=50)]
    neighbour_risk: Annotated[tuple[NeighbourRisk, ...], Field(max_length=64)] = ()
    impact: Impact | None = None
    measures_taken: LongText | None = None
    help_wanted: Annotated[tuple[HelpWanted, ...], Field(max_length=20)] = ()
    duty_contact: DutyContact
    hotlines: Annotated[tuple[Hotline, ...], Field(max_length=20)] = ()
    approved_by_role: Name
    """A role such as 值班领导, never a person's name."""
    approved_at: WireTime
    texts: Annotated[tuple[LocalText, ...], Field(max_length=8)] = ()
    parameters: Annotated[tuple[NamedValue, ...], Field(max_length=32)] = ()
    codes: Annotated[tuple[Code, ...], Field(max_length=16)] = ()
    resources: Annotated[tuple[Resource, ...], Field(max_length=16)] = ()
    note: Note | None = None
    cap_lines: Annotated[tuple[CapLine, ...], Field(max_length=ELEMENTS_MAX)] = ()
    """What the imported CAP document says beyond the fields above, one line an element."""

    @model_validator(mode="after")
    def _alert_rules(self) -> Self:
        _judge_identity(self)
        _judge_times(self)
        _judge_scales(self)
        _judge_report(self)
        _judge_lists(self)
        return self


class AlertIssued(Alert):
    """A new alert (发布)."""

    wire_type: ClassVar[str] = "cn.sihu.information.alert_issued.v1"
    title_zh: ClassVar[str] = "预警发布"


class SucceedingAlert(Alert):
    """An alert that names the ones before it."""

    predecessors: Annotated[tuple[Predecessor, ...], Field(min_length=1, max_length=32)]
    """Every alert of this event that is still in force."""

    @model_validator(mode="after")
    def _predecessor_rules(self) -> Self:
        named = [one.alert_id for one in self.predecessors]
        if len(set(named)) != len(named):
            raise broken_rule("predecessors", "name each earlier alert once")
        if self.alert_id in named:
            raise broken_rule("alert_id", "give this message an alert_id of its own; it cannot replace itself")
        return self


class AlertUpdated(SucceedingAlert):
    """New facts or another level (更新)."""

    wire_type: ClassVar[str] = "cn.sihu.information.alert_updated.v1"
    title_zh: ClassVar[str] = "预警更新"
    kind: ClassVar[Kind] = Kind.UPDATE


class AlertCancelled(SucceedingAlert):
    """The alert is over, or was wrong (解除); ``note`` says which."""

    wire_type: ClassVar[str] = "cn.sihu.information.alert_cancelled.v1"
    title_zh: ClassVar[str] = "预警解除"
    kind: ClassVar[Kind] = Kind.CANCEL

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.note is None:
            raise broken_rule("note", "say in one sentence why the alert is cancelled")
        return self


def _judge_identity(alert: Alert) -> None:
    moment = alert.alert_id.split("_")[1]
    date, time = (int(moment[:4]), int(moment[4:6]), int(moment[6:8])), moment[8:]
    try:
        datetime(*date, int(time[:2]), int(time[2:4]), int(time[4:]), tzinfo=BEIJING)
    except ValueError:
        raise broken_rule("alert_id", "the middle of alert_id is a real Beijing time, YYYYMMDDhhmmss") from None
    if alert.code_scheme != SCHEME:
        return
    digits = CLASS_DIGITS[alert.event_class]
    if len(alert.event_code) != _CODE_LENGTH or not alert.event_code.startswith(digits):
        mend = f"a {SCHEME} code of class {alert.event_class} has five characters and begins with {digits}"
        raise broken_rule("event_code", mend)


def _judge_times(alert: Alert) -> None:
    if alert.expires <= alert.effective:
        raise broken_rule("expires", "set it after `effective`")
    if alert.expires - alert.effective > _LONGEST:
        raise broken_rule("expires", "an alert is in force for at most 366 days; issue an update to prolong it")
    if alert.onset is not None and alert.onset >= alert.expires:
        raise broken_rule("onset", "set it before `expires`, or leave it out")


def _judge_scales(alert: Alert) -> None:
    if alert.event_class is not EventClass.SAFETY:
        return
    for field in ("warning_level", "event_grade"):
        if getattr(alert, field) is not None:
            raise broken_rule(field, "set it to null: class safety has no warning colour and no grade")


def _judge_report(alert: Alert) -> None:
    if (alert.report_stage is ReportStage.FIRST) != (alert.report_no == 1):
        raise broken_rule("report_no", "the first report has number 1, and later ones count on from 2")
    if alert.report_stage is ReportStage.FINAL and not (alert.impact and alert.impact.reviewed):
        raise broken_rule(
            "impact.reviewed", "check the figures of `impact` and set it to true; a final report needs it"
        )


def _judge_lists(alert: Alert) -> None:
    points = sum(1 + polygon.count(" ") for area in alert.areas for polygon in area.polygon)
    if points > MAX_POINTS:
        raise broken_rule("areas", f"use at most {MAX_POINTS} polygon points in all; this alert has {points}")
    for field, keys in _keys_of(alert):
        if len(set(keys)) != len(keys):
            raise broken_rule(field, "give each entry once")


def _keys_of(alert: Alert) -> Iterator[tuple[str, Sequence[object]]]:
    if len(alert.response_types) > 1:
        yield "response_types", alert.response_types
    if len(alert.neighbour_risk) > 1:
        yield "neighbour_risk", [risk.adcode for risk in alert.neighbour_risk]
    if len(alert.texts) > 1:
        yield "texts", [text.lang for text in alert.texts]
    if len(alert.parameters) > 1:
        yield "parameters", [(parameter.name, parameter.value) for parameter in alert.parameters]
