"""What an exercise over the live bus showed: which county took which exercise alert, and whether in time.

Source: docs/people.md
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.base import Status
from schemas.counties import name_of
from schemas.envelope import Header
from schemas.errors import Fault
from schemas.governance.plans import DrillStep
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


def _step(alert: ExerciseAlert, delivery: Delivery, due: datetime) -> DrillStep:
    county = delivery.recipient
    return DrillStep(
        what=f"签收演练预警：{alert.headline}"[:120].rstrip(),
        office=Office(adcode=CountyCode(county), name=f"{name_of(county)}值班室"),
        due=due,
        done_at=delivery.acknowledged_at,
    )
