"""What an exercise over the live bus showed: which county took which exercise alert, in time or not; its record.

Source: docs/people.md
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.base import Status
from schemas.counties import name_of
from schemas.envelope import Header
from schemas.errors import Fault
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
) -> DrillHeld | Fault:
    """Return the record of a drill: a step for each recipient of each alert, from the first alert to the last answer.

    Args:
        plan_id: Of the plan that was tried.
        version: Of it.
        alerts: In any order.
        findings: What is to be done better.
    """
    steps = steps_of(alerts)
    if isinstance(steps, Fault):
        return steps
    if not steps:
        return Fault("drill.nobody", "alerts", "these alerts went to nobody")
    return DrillHeld(
        plan_id=plan_id,
        plan_version=version,
        started_at=min(one.header.time for one in alerts),
        ended_at=max(at for step in steps for at in (step.due, step.done_at) if at is not None),
        alerts=tuple(one.envelope_id for one in alerts),
        steps=steps,
        findings=tuple(findings),
    )


def _step(alert: ExerciseAlert, delivery: Delivery, due: datetime) -> DrillStep:
    county = delivery.recipient
    return DrillStep(
        what=f"签收演练预警：{alert.headline}"[:120].rstrip(),
        office=Office(adcode=CountyCode(county), name=f"{name_of(county)}值班室"),
        due=due,
        done_at=delivery.acknowledged_at,
    )
