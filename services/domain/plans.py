"""Joint plans and drills beside what came before them: a version follows on another, a drill counts exercises alone.

Source: docs/people.md
"""

from collections.abc import Mapping

from schemas.base import Status
from schemas.errors import Fault
from schemas.governance.plans import DrillHeld, PlanPublished


def judge_plan(plan: PlanPublished, before: PlanPublished | None, *, own: bool) -> Fault | None:
    """Decide whether a version of a plan follows on the one that it names.

    Args:
        plan: The new version.
        before: The event that it names, if that is here and a plan.
        own: Whether it is our own; a partner's may name what never came here.
    """
    field = "content.supersedes"
    if plan.supersedes is None:
        return None
    if before is None:
        return Fault("plan.unknown", field, "no such plan is here; see `sihu plan list`") if own else None
    if before.plan_id != plan.plan_id:
        return Fault("plan.other", field, "it is a version of another plan")
    if plan.version != before.version + 1:
        return Fault("plan.version", "content.version", f"version {before.version + 1} follows on that one")
    return None


def judge_drill(drill: DrillHeld, statuses: Mapping[str, Status], *, own: bool) -> Fault | None:
    """Decide whether a drill names exercises alone.

    Args:
        drill: The record.
        statuses: Of those of its alerts that are here, by envelope id.
        own: Whether it is our own, whose alerts must all be here.
    """
    real = next((one for one in drill.alerts if statuses.get(one, Status.EXERCISE) is not Status.EXERCISE), None)
    if real is not None:
        return Fault(
            "drill.not_exercise", "content.alerts", f"{real[:10]} was no exercise; a drill counts no real alerts"
        )
    missing = next((one for one in drill.alerts if one not in statuses), None)
    if own and missing is not None:
        return Fault("drill.unknown_alert", "content.alerts", f"{missing[:10]} is not here")
    return None
