"""An arrival is judged by what came before it, within one transaction.

This end need not hold everything that came before: what is not held says nothing against an arrival. So the author of
an update is judged by the alerts that are here, and whether it names all that are in force is left to its sender.
"""

from datetime import datetime

from schemas.courses import CourseKind, CourseStep, KeptStep
from schemas.envelope import Header
from schemas.errors import Fault, InvariantError
from schemas.information.population import PopulationFlowReported
from schemas.notices import NoticeKind
from schemas.records import AlertFacts, FlowPeople, HeldAlert, Mark
from schemas.threads import ACTS_MAX, ThreadOf
from services.courses import judge_course, kept_step
from services.domain.acts import Act
from services.domain.disclosure import MOST_RELEASES, judge_releases, reports_of
from services.domain.histories import marks_of
from services.domain.receiving import Examined
from services.domain.succession import judge_authorship, judge_status
from services.domain.telling import told_of_clock, told_of_missing
from services.domain.threads import act_of, acts_of, judge
from services.planning import judge_together
from services.ports import Transaction
from services.receiver.keeping import envelope_of
from services.threads import refold


class History:
    """What the store holds, and what this batch has brought so far: it is not written yet."""

    def __init__(self, tx: Transaction, now: datetime) -> None:
        """Read through ``tx``; ``now`` is this county's time for the whole batch."""
        self._tx, self._now = tx, now
        self._alerts: list[HeldAlert] = []
        self._reports: list[tuple[str, PopulationFlowReported]] = []
        self._steps: list[KeptStep] = []
        self._on_time: set[str] = set()
        self._acts: dict[ThreadOf, list[Act]] = {}

    def judge(self, found: Examined) -> Fault | None:
        """Tell why an arrival must be rejected for what came before it, or None."""
        header, about = envelope_of(found).header, found.about
        source = header.source
        if isinstance(about, AlertFacts) and about.predecessors:
            named = self._named(about)
            return judge_authorship(about, source, named) or judge_status(about, source, header.status, named)
        if isinstance(about, FlowPeople) and isinstance(found.event, PopulationFlowReported):
            earlier = reports_of(self._tx.flow_reports(source, about, MOST_RELEASES))
            return judge_releases(found.event, [*earlier, *(one for by, one in self._reports if by == source)])
        if isinstance(about, CourseStep):
            return self._judge_course(found, about)
        if isinstance(about, ThreadOf):
            return self._judge_act(found, about)
        return judge_together(self._tx, found.event, own=False)

    def _judge_course(self, found: Examined, about: CourseStep) -> Fault | None:
        header = envelope_of(found).header
        in_hand = [one for one in self._steps if (one.step.kind, one.step.course_id) == (about.kind, about.course_id)]
        kept = [*self._tx.steps_of(about.kind, about.course_id), *in_hand]
        return judge_course(about, kept, source=header.source, to=tuple(header.to), at=header.time, own=False)

    def _judge_act(self, found: Examined, thread: ThreadOf) -> Fault | None:
        """Refuse what nothing that may still arrive could make right; an act that is only out of turn is kept."""
        held = [*acts_of(self._tx.threads.acts(thread, ACTS_MAX)), *self._acts.get(thread, ())]
        refusal = judge(thread, held, _act(found), envelope_of(found).header.to)
        return refusal.fault if refusal and refusal.final else None

    def fold_threads(self) -> None:
        """Write the threads anew whose acts this batch has brought; they are recorded by now."""
        for thread in self._acts:
            refold(self._tx, thread)

    def take(self, found: Examined) -> tuple[Mark, ...]:
        """Count an accepted arrival among what comes before the next; return what is doubtful about it."""
        header, about = envelope_of(found).header, found.about
        marks = marks_of(header, found.event, self._now)
        self._compare_clocks(header, marks)
        if isinstance(about, AlertFacts):
            missing = self._missing(about)
            if missing:
                marks = (*marks, Mark.PREDECESSOR_MISSING)
                text = told_of_missing(header.source, missing)
                about_id = envelope_of(found).envelope_id
                self._tx.waiting_room.tell(NoticeKind.PREDECESSOR_MISSING, about_id, header.source, text, self._now)
            self._alerts.append(HeldAlert(header.source, about, header.status))
        elif isinstance(found.event, PopulationFlowReported):
            self._reports.append((header.source, found.event))
        elif isinstance(about, CourseStep):
            self._steps.append(kept_step(about, envelope_of(found), self._now))
        elif isinstance(about, ThreadOf):
            self._acts.setdefault(about, []).append(_act(found))
        return marks

    def moved(self) -> list[tuple[CourseKind, str]]:
        """Return the courses that have moved, each once."""
        return list(dict.fromkeys((one.step.kind, one.step.course_id) for one in self._steps))

    def _named(self, about: AlertFacts) -> list[HeldAlert]:
        in_hand = [one for one in self._alerts if one.facts.alert_id in about.predecessors]
        return [*self._tx.alerts(about.predecessors), *in_hand]

    def _missing(self, about: AlertFacts) -> list[str]:
        held = {one.facts.alert_id for one in self._named(about)} if about.predecessors else set()
        return [alert_id for alert_id in about.predecessors if alert_id not in held]

    def _compare_clocks(self, header: Header, marks: tuple[Mark, ...]) -> None:
        source = header.source
        if Mark.CLOCK_AHEAD in marks:
            self._on_time.discard(source)
            text = told_of_clock(source, int((header.time - self._now).total_seconds()))
            self._tx.waiting_room.tell(NoticeKind.CLOCK_AHEAD, source, source, text, self._now)
        elif source not in self._on_time:
            self._on_time.add(source)
            self._tx.waiting_room.resolve(NoticeKind.CLOCK_AHEAD, source, source, self._now)


def _act(found: Examined) -> Act:
    envelope = envelope_of(found)
    if found.event is None:
        raise InvariantError("an act of a thread has no content")
    return act_of(found.event, envelope.header, envelope.envelope_id)
