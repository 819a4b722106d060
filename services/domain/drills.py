"""What an exercise over the live bus showed: which county took which exercise alert, in time or not; its record.

Source: docs/people.md
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from schemas.base import Status, format_time
from schemas.catalogue import parse_new
from schemas.counties import name_of
from schemas.envelope import Header
from schemas.errors import Fault, InvariantError
from schemas.governance.plans import DrillHeld, DrillStep
from schemas.ids import CountyCode
from schemas.offices import Office
from schemas.records import Delivery


@dataclass(frozen=True, slots=True)
class ExerciseAlert:
    """An alert of ours that travelled as an exercise, and what its recipients have proved.

    Attributes:
        headline: As its recipients read it.
    """

    envelope_id: str
    header: Header
    headline: str
    deliveries: tuple[Delivery, ...]


def steps_of(alerts: Sequence[ExerciseAlert]) -> tuple[DrillStep, ...] | Fault:
    """Return a step for each recipient of each alert: it had to be acknowledged by then, and was, or was not.

    Args:
        alerts: In any order.
    """
    steps: list[DrillStep] = []
    for one in alerts:
        if one.header.status is not Status.EXERCISE:
            mend = f"{one.envelope_id[:10]} did not travel as an exercise; a drill never counts real alerts"
            return Fault("drill.not_exercise", "alerts", mend)
        due = one.header.acknowledge_by
        if due is None:
            return Fault("drill.no_deadline", "alerts", f"{one.envelope_id[:10]} asked nobody for an answer by a time")
        steps += [_step(one, delivery, due) for delivery in one.deliveries]
    return tuple(sorted(steps, key=lambda step: (step.due, step.office.adcode)))


def record_of(
    plan_id: str, version: int, alerts: Sequence[ExerciseAlert], findings: Sequence[str]
) -> DrillHeld | tuple[Fault, ...]:
    """Return the record of a drill: a step for each recipient of each alert, from the first alert to the last answer.

    Args:
        plan_id: Of the plan that was tried.
        version: Of it.
        alerts: In any order.
        findings: What is to be done better, as an officer wrote it.
    """
    steps = steps_of(alerts)
    if isinstance(steps, Fault):
        return (steps,)
    if not steps:
        return (Fault("drill.nobody", "alerts", "name exercise alerts that went to somebody"),)
    ends = [at for step in steps for at in (step.due, step.done_at) if at is not None]
    content: dict[str, JsonValue] = {
        "plan_id": plan_id,
        "plan_version": version,
        "started_at": format_time(min(one.header.time for one in alerts)),
        "ended_at": format_time(max(ends)),
        "alerts": [one.envelope_id for one in alerts],
        "steps": [one.model_dump(mode="json") for one in steps],
        "findings": list(findings),
    }
    made = parse_new(DrillHeld.wire_type, content)
    if isinstance(made, tuple):
        return made
    if not isinstance(made, DrillHeld):
        raise InvariantError("the catalogue knows another model of a drill")
    return made


def _step(alert: ExerciseAlert, delivery: Delivery, due: datetime) -> DrillStep:
    county = delivery.recipient
    return DrillStep(
        what=f"签收演练预警：{alert.headline}"[:120].rstrip(),
        office=Office(adcode=CountyCode(county), name=f"{name_of(county)}值班室"),
        due=due,
        done_at=delivery.acknowledged_at,
    )
