"""An event is judged by what this county sent and received before, in the transaction that will post it.

Here, at the sender, the own alerts and releases are all known; docs/events.md, section "Judged by what came before",
says what the other end judges.
"""

from datetime import datetime
from typing import Final

from schemas.catalogue import parse_new
from schemas.courses import CourseStep
from schemas.errors import Fault
from schemas.governance.plans import DrillHeld, PlanPublished
from schemas.information.population import PopulationFlowReported
from schemas.records import AlertFacts, FlowPeople
from services.courses import judge_course
from services.domain.disclosure import MOST_RELEASES, judge_releases, reports_of
from services.domain.drafting import Outgoing, unpaged
from services.domain.levels import LevelChange
from services.domain.succession import change_of, in_force, judge_authorship, judge_predecessors, may_change
from services.planning import judge_together
from services.ports import Snapshot

_TOGETHER: Final = frozenset({PlanPublished.wire_type, DrillHeld.wire_type})


def judge_history(tx: Snapshot, outgoing: Outgoing, *, county: str, now: datetime) -> Outgoing | Fault:
    """Judge an outgoing event by those before it.

    Args:
        tx: The transaction in hand.
        outgoing: Complete, and permitted by its agreement.
        county: Ourselves.
        now: Aware UTC, the time at which it was completed.

    Returns:
        What is to be posted: an update that lowers the level pages nobody.
    """
    about = outgoing.about
    if isinstance(about, AlertFacts) and about.predecessors:
        return _judge_successor(tx, outgoing, about, county, now)
    if isinstance(about, FlowPeople):
        return _judge_release(tx, outgoing, about, county) or outgoing
    if isinstance(about, CourseStep):
        kept = tx.steps_of(about.kind, about.course_id)
        return judge_course(about, kept, source=county, to=outgoing.to, at=now, own=True) or outgoing
    return _judge_together(tx, outgoing) or outgoing


def _judge_together(tx: Snapshot, outgoing: Outgoing) -> Fault | None:
    if outgoing.wire_type not in _TOGETHER:
        return None
    event = parse_new(outgoing.wire_type, outgoing.content)
    return None if isinstance(event, tuple) else judge_together(tx, event, own=True)


def _judge_successor(
    tx: Snapshot, outgoing: Outgoing, about: AlertFacts, county: str, now: datetime
) -> Outgoing | Fault:
    named = tx.alerts(about.predecessors)
    fault = judge_authorship(about, county, named)
    if fault is not None:
        return fault
    changeable = {county, *(one.source for one in named if may_change(county, one.source))}
    event = tx.alerts_of_event(about.predecessors, changeable)
    current = in_force(event, county, now)
    fault = judge_predecessors(about, current)
    if fault is not None:
        return fault
    return unpaged(outgoing, now) if change_of(about, event, current) is LevelChange.LOWERED else outgoing


def _judge_release(tx: Snapshot, outgoing: Outgoing, about: FlowPeople, county: str) -> Fault | None:
    report = parse_new(outgoing.wire_type, outgoing.content)
    if not isinstance(report, PopulationFlowReported):
        return None
    return judge_releases(report, reports_of(tx.flow_reports(county, about, MOST_RELEASES)))
