"""An event is judged by what this county sent and received before, in the transaction that will post it.

Here, at the sender, the own alerts and releases are all known; docs/events.md, section "Judged by what came before",
says what the other end judges.
"""

from datetime import datetime, timedelta
from typing import Final

from schemas.catalogue import parse_new
from schemas.courses import CourseStep
from schemas.errors import Fault
from schemas.governance.mediation import CASE_PREFIX, CaseEvent
from schemas.governance.plans import DrillHeld, PlanPublished
from schemas.information.population import PopulationFlowReported
from schemas.records import AlertFacts, FlowPeople
from schemas.threads import ACTS_MAX, ThreadOf
from services.casework import SILENT_AFTER, Writer, judge_own, own_entry
from services.courses import judge_course
from services.domain.acts import Act
from services.domain.disclosure import MOST_RELEASES, judge_releases, reports_of
from services.domain.drafting import Outgoing, unpaged
from services.domain.levels import LevelChange
from services.domain.succession import (
    change_of,
    in_force,
    judge_authorship,
    judge_predecessors,
    judge_status,
    may_change,
)
from services.domain.threads import acts_of, judge
from services.planning import judge_together
from services.ports import Snapshot

_TOGETHER: Final = frozenset({PlanPublished.wire_type, DrillHeld.wire_type})


def judge_history(
    tx: Snapshot, outgoing: Outgoing, *, county: str, now: datetime, silent_after: timedelta = SILENT_AFTER
) -> Outgoing | Fault:
    """Judge an outgoing event by those before it.

    Args:
        tx: The transaction in hand.
        outgoing: Complete, and permitted by its agreement.
        county: Ourselves.
        now: Aware UTC, the time at which it was completed.
        silent_after: Older than that, a partner's newest beacon proves nothing.

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
    if isinstance(about, ThreadOf):
        return _judge_act(tx, outgoing, about, county, now) or outgoing
    if outgoing.wire_type.startswith(CASE_PREFIX):
        writer = Writer(county, outgoing.to, outgoing.agreement.agreement.id, silent_after)
        return _judge_case(tx, outgoing, writer, now) or outgoing
    return _judge_together(tx, outgoing) or outgoing


def _judge_together(tx: Snapshot, outgoing: Outgoing) -> Fault | None:
    if outgoing.wire_type not in _TOGETHER:
        return None
    event = parse_new(outgoing.wire_type, outgoing.content)
    return None if isinstance(event, tuple) else judge_together(tx, event, own=True)


def _judge_case(tx: Snapshot, outgoing: Outgoing, writer: Writer, now: datetime) -> Fault | None:
    event = parse_new(outgoing.wire_type, outgoing.content)
    if not isinstance(event, CaseEvent):
        return None
    return judge_own(tx, own_entry(event, outgoing, county=writer.county, now=now), writer, now)


def _judge_successor(
    tx: Snapshot, outgoing: Outgoing, about: AlertFacts, county: str, now: datetime
) -> Outgoing | Fault:
    named = tx.alerts(about.predecessors)
    fault = judge_authorship(about, county, named) or judge_status(about, county, outgoing.status, named)
    if fault is not None:
        return fault
    changeable = {county, *(one.source for one in named if may_change(county, one.source))}
    joined = tx.alerts_of_event(about.predecessors, changeable)
    event = [one for one in joined if one.status is outgoing.status]  # it cannot name the others
    current = in_force(event, county, now)
    fault = judge_predecessors(about, current)
    if fault is not None:
        return fault
    return unpaged(outgoing) if change_of(about, event, current) is LevelChange.LOWERED else outgoing


def _judge_release(tx: Snapshot, outgoing: Outgoing, about: FlowPeople, county: str) -> Fault | None:
    report = parse_new(outgoing.wire_type, outgoing.content)
    if not isinstance(report, PopulationFlowReported):
        return None
    return judge_releases(report, reports_of(tx.flow_reports(county, about, MOST_RELEASES)))


def _judge_act(tx: Snapshot, outgoing: Outgoing, thread: ThreadOf, county: str, now: datetime) -> Fault | None:
    event = parse_new(outgoing.wire_type, outgoing.content)
    if isinstance(event, tuple):
        return None
    held = acts_of(tx.threads.acts(thread, ACTS_MAX))
    refusal = judge(thread, held, Act(event, county, now, ""), outgoing.to)
    return refusal.fault if refusal else None
