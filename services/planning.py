"""Look up what a plan or a drill names, for the rules that judge it; the same at both ends."""

from schemas.base import Event
from schemas.errors import Fault
from schemas.governance.plans import DrillHeld, PlanPublished
from services.domain.plans import judge_drill, judge_plan
from services.domain.reading import event_in
from services.ports import Snapshot


def judge_together(snapshot: Snapshot, event: Event | None, *, own: bool) -> Fault | None:
    """Judge a plan or a drill by what it names; any other event passes.

    Args:
        snapshot: The store.
        event: Valid by itself.
        own: Whether it is ours.
    """
    if isinstance(event, PlanPublished):
        return judge_plan(event, _plan(snapshot, event.supersedes), own=own)
    if isinstance(event, DrillHeld):
        found = {one: kept for one in event.alerts if (kept := snapshot.event(one)) is not None}
        statuses = {one: kept.envelope.header.status for one, kept in found.items()}
        return judge_drill(event, statuses, own=own)
    return None


def _plan(snapshot: Snapshot, envelope_id: str | None) -> PlanPublished | None:
    kept = snapshot.event(envelope_id) if envelope_id is not None else None
    said = event_in(kept) if kept is not None else None
    return said if isinstance(said, PlanPublished) else None
