"""Service requests across provinces: one line of steps, and exactly one office responsible after each of them.

Only the county whose turn it is may write the next step, and a step names the one before it. So honest counties make
one line, whatever is lost, late or doubled on the way, and every county holds a beginning of it, or a piece that begins
where it was drawn in. An office that gives a request away stays responsible until the other one's own step says that it
has it: it is never nobody's. And once it has given it away it may not decide any more: it is never two offices'.

Source: docs/decisions/0036-let-each-step-name-the-one-before.md
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from schemas.base import BEIJING
from schemas.courses import CourseKind, CourseRow, KeptStep
from schemas.errors import Fault
from schemas.governance.services import (
    MOST_PARTIES,
    MOST_STEPS,
    ClosingOutcome,
    Decision,
    MaterialKind,
    ServiceClosed,
    ServiceDecided,
    ServiceDelivered,
    ServiceFrame,
    ServiceMode,
    ServiceReceived,
    ServiceRequested,
    ServiceStep,
    ServiceSupplementAsked,
    ServiceSupplemented,
    ServiceTransferred,
)
from schemas.ids import CountyCode
from schemas.offices import Office
from services.domain.courses import event_of

TAKEN_WITHIN: Final = timedelta(days=3)
"""Who hands a request over is told if it has not been taken by then."""
OPEN: Final = "open"
"""The result of a request that has none yet."""
_LOOK_AGAIN: Final = timedelta(days=1)
_DAY: Final = timedelta(days=1)
_MOST_DAYS: Final = 400

IsWorkday = Callable[[date], bool]
"""Tells whether the offices of a county work on a day (Beijing)."""


class Stage(StrEnum):
    """What a request stands at."""

    HANDED_OVER = "handed_over"
    """Offered to an office that has not taken it; the one before is still responsible."""
    AT_WORK = "at_work"
    SUPPLEMENT = "supplement"
    """Papers are awaited; the promised time rests."""
    DECIDED = "decided"
    DELIVERED = "delivered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ServiceView:
    """What a county knows of one request.

    Attributes:
        frame: What it is about; ``parties`` are the counties that have had a part in it.
        step_no: Of the newest step that is here with all before it.
        head: Envelope id of that step.
        responsible: The one office that answers to the applicant.
        turn: The office that may write the next step; None once it is closed.
        moved_at: Time of that step.
        due_at: When it must have been decided; None before it was taken.
        asked_at: Since when papers are awaited.
        wanted: Which papers.
        answer_by: Until when.
        ended: How it was closed; None while it is not.
        line: The steps it follows from, in order.
    """

    request_id: str
    agreement_id: str
    frame: ServiceFrame
    step_no: int
    head: str
    responsible: Office
    turn: Office | None
    stage: Stage
    moved_at: datetime
    due_at: datetime | None = None
    asked_at: datetime | None = None
    wanted: tuple[MaterialKind, ...] = ()
    answer_by: datetime | None = None
    applicant_ref: str | None = None
    decision: Decision | None = None
    ended: ClosingOutcome | None = None
    line: tuple[KeptStep, ...] = ()

    def acts(self, county: str) -> bool:
        """Tell whether a county is responsible and may act on it now."""
        return self.responsible.adcode == county and self.turn == self.responsible


# -- the line of steps ---------------------------------------------------------------------------------------------


def view_of(steps: Sequence[KeptStep]) -> ServiceView | None:
    """Return what a request stands at; None if no step is here that a line can begin with.

    Args:
        steps: As kept, in any order. Those that lack the step before them wait; those that break a rule do not count.
    """
    read = [(one, event) for one in steps if isinstance(event := event_of(one.step), ServiceStep)]
    following: dict[str, list[tuple[KeptStep, ServiceStep]]] = {}
    for one, event in read:
        if event.previous is not None:
            following.setdefault(event.previous, []).append((one, event))
    begun = [view for one, event in read if (view := _begun(one, event)) is not None] or _joined(read)
    return min((_longest(view, following) for view in begun), key=_rank, default=None)


def _rank(view: ServiceView) -> tuple[int, str]:
    """Of two lines, which only a county that signs twice can make, the longer one counts; else the lower id."""
    return -view.step_no, view.head


def _longest(view: ServiceView, following: Mapping[str, Sequence[tuple[KeptStep, ServiceStep]]]) -> ServiceView:
    """Go on with a line as far as it leads. Each step has one before it, so nothing is looked at twice."""
    ends: list[ServiceView] = []
    waiting = [view]
    while waiting:
        last = waiting.pop()
        nexts = [
            _apply(last, event, one)
            for one, event in following.get(last.head, ())
            if refusal(last, event, source=one.source, to=one.to, at=one.time) is None
        ]
        if nexts:
            waiting += nexts
        else:
            ends.append(last)
    return min(ends, key=_rank)


def _begun(kept: KeptStep, event: ServiceStep) -> ServiceView | None:
    if not isinstance(event, ServiceRequested) or _judge_request(event, kept.source, kept.to) is not None:
        return None
    frame = ServiceFrame(
        mode=event.mode,
        item_code=event.item_code,
        item_name=event.item_name,
        receiving_office=event.receiving_office,
        promised_days=event.promised_days,
        parties=tuple(sorted({event.receiving_office.adcode, event.deciding_office.adcode})),
    )
    return ServiceView(
        event.request_id,
        kept.agreement_id,
        frame,
        event.step_no,
        kept.envelope_id,
        event.responsible_office,
        event.deciding_office,
        Stage.HANDED_OVER,
        kept.time,
        applicant_ref=event.applicant_ref,
        line=(kept,),
    )


def _joined(read: Sequence[tuple[KeptStep, ServiceStep]]) -> list[ServiceView]:
    """Begin where this county was drawn in: what was before is in the frame of the first transfer that it got."""
    transfers = [
        (one, event)
        for one, event in read
        if isinstance(event, ServiceTransferred) and {one.source, *one.to} == set(event.frame.parties)
    ]
    if not transfers:
        return []
    kept, event = min(transfers, key=lambda pair: (pair[1].step_no, pair[0].envelope_id))
    back = event.to_office == event.responsible_office
    view = ServiceView(
        event.request_id,
        kept.agreement_id,
        event.frame,
        event.step_no,
        kept.envelope_id,
        event.responsible_office,
        event.to_office,
        Stage.AT_WORK if back else Stage.HANDED_OVER,
        kept.time,
        due_at=event.frame.due_at,
        applicant_ref=event.applicant_ref,
        line=(kept,),
    )
    return [view]


def _apply(view: ServiceView, event: ServiceStep, kept: KeptStep) -> ServiceView:
    moved = replace(
        view,
        step_no=event.step_no,
        head=kept.envelope_id,
        responsible=event.responsible_office,
        moved_at=kept.time,
        line=(*view.line, kept),
    )
    return _MOVES[type(event)](moved, event)


def _received(view: ServiceView, event: ServiceStep) -> ServiceView:
    due_at = event.due_at if isinstance(event, ServiceReceived) else None
    return replace(view, stage=Stage.AT_WORK, turn=event.responsible_office, due_at=due_at)


def _asked(view: ServiceView, event: ServiceStep) -> ServiceView:
    if not isinstance(event, ServiceSupplementAsked):
        return view
    return replace(
        view,
        stage=Stage.SUPPLEMENT,
        turn=view.frame.receiving_office,
        asked_at=view.moved_at,
        wanted=event.wanted,
        answer_by=event.answer_by,
    )


def _supplemented(view: ServiceView, event: ServiceStep) -> ServiceView:
    due_at = event.due_at if isinstance(event, ServiceSupplemented) else view.due_at
    return replace(
        view, stage=Stage.AT_WORK, turn=view.responsible, due_at=due_at, asked_at=None, wanted=(), answer_by=None
    )


def _transferred(view: ServiceView, event: ServiceStep) -> ServiceView:
    if not isinstance(event, ServiceTransferred):
        return view
    stage = Stage.AT_WORK if event.to_office == view.responsible else Stage.HANDED_OVER
    ref = event.applicant_ref or view.applicant_ref
    return replace(view, stage=stage, turn=event.to_office, frame=event.frame, applicant_ref=ref)


def _decided(view: ServiceView, event: ServiceStep) -> ServiceView:
    decision = event.decision if isinstance(event, ServiceDecided) else None
    return replace(view, stage=Stage.DECIDED, turn=_deliverer(view), decision=decision)


def _delivered(view: ServiceView, _: ServiceStep) -> ServiceView:
    return replace(view, stage=Stage.DELIVERED, turn=view.frame.receiving_office)


def _closed(view: ServiceView, event: ServiceStep) -> ServiceView:
    ended = event.outcome if isinstance(event, ServiceClosed) else None
    return replace(view, stage=Stage.CLOSED, turn=None, ended=ended)


_MOVES: Final[Mapping[type[ServiceStep], Callable[[ServiceView, ServiceStep], ServiceView]]] = {
    ServiceReceived: _received,
    ServiceSupplementAsked: _asked,
    ServiceSupplemented: _supplemented,
    ServiceTransferred: _transferred,
    ServiceDecided: _decided,
    ServiceDelivered: _delivered,
    ServiceClosed: _closed,
}


def _deliverer(view: ServiceView) -> Office:
    """What is collected elsewhere is handed out where it was received; else by the office that decided."""
    return view.frame.receiving_office if view.frame.mode is ServiceMode.COLLECT else view.responsible


# -- the rules of a step -------------------------------------------------------------------------------------------


def judge_step(
    event: ServiceStep, kept: Sequence[KeptStep], *, source: str, to: Sequence[str], at: datetime, own: bool
) -> Fault | None:
    """Decide whether a county may take a step, by what is known here.

    A partner's step whose predecessor is not the newest one here cannot be judged yet: it is kept, and counts, or does
    not, once the others are in.

    Args:
        event: The step.
        kept: What is held of this request.
        source: Who takes it.
        to: Whom it is addressed to.
        at: The source's time.
        own: Whether it is our own officer's.
    """
    view = view_of(kept)
    if isinstance(event, ServiceRequested):
        twice = None if view is None else Fault("service.twice", "content.request_id", "choose a new number")
        return twice or _judge_request(event, source, to)
    if view is None or event.previous != view.head:
        if not own:
            return None
        mend = "there is no such request here, or somebody has taken the next step; look again with `sihu service show`"
        return Fault("service.not_next", "content.previous", mend)
    return refusal(view, event, source=source, to=to, at=at)


def _judge_request(event: ServiceRequested, source: str, to: Sequence[str]) -> Fault | None:
    if (source, tuple(to)) == (event.receiving_office.adcode, (event.deciding_office.adcode,)):
        return None
    return Fault("service.audience", "to", "it goes from the county that receives it to the one that decides it")


def refusal(view: ServiceView, event: ServiceStep, *, source: str, to: Sequence[str], at: datetime) -> Fault | None:
    """Tell why a step cannot follow a view, or None."""
    fault = _judge_turn(view, event, source) or _judge_kind(view, event, at)
    if fault is not None:
        return fault
    if event.responsible_office != _responsible_after(view, event):
        return Fault(
            "service.responsible", "content.responsible_office", "name the office that answers after this step"
        )
    if {source, *to} != set(parties_after(view, event)):
        return Fault("service.audience", "to", "address every county that has a part in it, and nobody else")
    return None


def _judge_turn(view: ServiceView, event: ServiceStep, source: str) -> Fault | None:
    if event.step_no != view.step_no + 1 or event.step_no > MOST_STEPS:
        return Fault("service.not_next", "content.step_no", f"step {view.step_no + 1} comes next")
    if view.turn is None:
        return Fault("service.closed", "content.request_id", "the request is closed")
    if source != view.turn.adcode:
        mend = f"it is the turn of {view.turn.adcode} {view.turn.name}; wait, or call that office"
        return Fault("service.not_your_turn", "type", mend)
    return None


STAGES_OF: Final[Mapping[type[ServiceStep], frozenset[Stage]]] = {
    ServiceReceived: frozenset({Stage.HANDED_OVER}),
    ServiceSupplementAsked: frozenset({Stage.AT_WORK}),
    ServiceSupplemented: frozenset({Stage.SUPPLEMENT}),
    ServiceTransferred: frozenset({Stage.HANDED_OVER, Stage.AT_WORK}),
    ServiceDecided: frozenset({Stage.AT_WORK}),
    ServiceDelivered: frozenset({Stage.DECIDED}),
    ServiceClosed: frozenset(Stage) - {Stage.CLOSED},
}


def _judge_kind(view: ServiceView, event: ServiceStep, at: datetime) -> Fault | None:
    if view.stage not in STAGES_OF.get(type(event), frozenset()):
        return Fault("service.not_now", "type", f"the request is at `{view.stage}`; this step does not follow")
    if isinstance(event, ServiceReceived) and event.due_at <= at:
        return Fault("service.due", "content.due_at", "set it after now")
    if isinstance(event, ServiceSupplemented) and view.due_at is not None and event.due_at < view.due_at:
        return Fault("service.due", "content.due_at", "the time rested; it does not come earlier")
    if isinstance(event, ServiceClosed) and event.outcome is ClosingOutcome.COMPLETED:
        done = view.stage is Stage.DELIVERED
        return None if done else Fault("service.not_now", "content.outcome", "deliver the result first")
    return _judge_transfer(view, event) if isinstance(event, ServiceTransferred) else None


def _judge_transfer(view: ServiceView, event: ServiceTransferred) -> Fault | None:
    if event.to_office == view.turn:
        return Fault("service.transfer", "content.to_office", "it lies there already; name another office")
    parties = parties_after(view, event)
    if len(parties) > MOST_PARTIES:
        return Fault("service.transfer", "content.to_office", f"at most {MOST_PARTIES} counties take part; decide it")
    if event.frame != view.frame.model_copy(update={"parties": parties, "due_at": view.due_at}):
        return Fault("service.frame", "content.frame", "say of the request what was said before")
    return None


def _responsible_after(view: ServiceView, event: ServiceStep) -> Office:
    return view.turn if isinstance(event, ServiceReceived) and view.turn is not None else view.responsible


def parties_after(view: ServiceView, event: ServiceStep) -> tuple[CountyCode, ...]:
    """Return the counties that have had a part in a request, that of this step among them."""
    parties = set(view.frame.parties)
    if isinstance(event, ServiceTransferred):
        parties.add(event.to_office.adcode)
    return tuple(sorted(parties))


# -- time ----------------------------------------------------------------------------------------------------------


def due_from(now: datetime, promised_days: int, is_workday: IsWorkday) -> datetime:
    """Return when a request must have been decided that is taken now: the same time of day, so many workdays later."""
    day, left = now, promised_days
    for _ in range(_MOST_DAYS):
        if left == 0:
            break
        day += _DAY
        left -= is_workday(day.astimezone(BEIJING).date())
    return day


def due_resumed(due_at: datetime, asked_at: datetime, now: datetime, is_workday: IsWorkday) -> datetime:
    """Return the time that was promised, later by the workdays for which it has rested."""
    first, last = asked_at.astimezone(BEIJING).date(), now.astimezone(BEIJING).date()
    days = min((last - first).days, _MOST_DAYS)
    rested = sum(is_workday(first + _DAY * number) for number in range(1, days + 1))
    return due_from(due_at, rested, is_workday)


def awaited_by(view: ServiceView, county: str) -> datetime | None:
    """Return by when something must have happened that this county's own officer sees to; None if nothing must."""
    ours = view.responsible.adcode == county
    if view.stage is Stage.HANDED_OVER and ours:
        return view.moved_at + TAKEN_WITHIN
    if view.stage is Stage.AT_WORK and ours:
        return view.due_at
    if view.stage is Stage.SUPPLEMENT and view.frame.receiving_office.adcode == county:
        return view.answer_by
    return None


def row_of(view: ServiceView, county: str, now: datetime) -> CourseRow:
    """Return what is kept for lists, and when this node must look at the request again.

    Args:
        view: What it stands at.
        county: Ourselves.
        now: Aware UTC.
    """
    due = awaited_by(view, county)
    look_at = due if due is None or now < due else now + _LOOK_AGAIN
    return CourseRow(
        CourseKind.SERVICE,
        view.request_id,
        view.stage,
        view.stage is not Stage.CLOSED,
        look_at,
        mode=view.frame.mode,
        outcome=result_of(view),
        opened_at=view.line[0].time,
        counties=view.frame.parties,
    )


def result_of(view: ServiceView) -> str:
    """Return what a request has come to: the decision, unless the applicant has withdrawn; ``open`` without one."""
    if view.ended is ClosingOutcome.WITHDRAWN:
        return ClosingOutcome.WITHDRAWN.value
    return OPEN if view.decision is None else view.decision.value
