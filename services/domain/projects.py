"""Projects of several counties: who takes part, who reports on which milestone, who closes.

The plan stands in the proposal. A county's newest decision counts. Reports of a county are taken in the order of their
numbers; one that speaks of another's milestone, or takes a step that the table below lacks, is void as a whole.

Source: docs/decisions/0035-fold-threads-from-their-acts.md
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, cast

from schemas.development.projects import (
    Decision,
    MilestoneState,
    ProjectClosed,
    ProjectJoined,
    ProjectProgressed,
    ProjectProposed,
)
from schemas.errors import Fault
from schemas.threads import ThreadOf, ThreadParty, ThreadRow
from services.domain.acts import (
    Act,
    Refusal,
    Void,
    by_time,
    is_repeated,
    not_owner,
    opened_once,
    said_by,
    unknown,
    without_owner,
)

ASKED: Final = "asked"
OPEN: Final = "open"
KIND: Final = "project"
NEXT: Final[Mapping[MilestoneState, frozenset[MilestoneState]]] = {
    MilestoneState.PLANNED: frozenset({MilestoneState.STARTED, MilestoneState.DONE, MilestoneState.DROPPED}),
    MilestoneState.STARTED: frozenset({MilestoneState.DONE, MilestoneState.DROPPED}),
    MilestoneState.DONE: frozenset(),
    MilestoneState.DROPPED: frozenset(),
}
"""Steps of a milestone; what is done or dropped stays so."""

_KEY: Final = "content.project_id"
_CLOSED: Final = Fault("project.closed", _KEY, "it is closed; propose another one")
_TAKEN: Final = Fault("project.proposed", _KEY, "another project has this name; take a new one")
_UNINVITED: Final = Fault("project.not_invited", _KEY, "this county is not among its parties; call the one that leads")
_OUTSIDE: Final = Fault("project.not_joined", _KEY, "this county has not joined it; send `project_joined` first")
_COUNTED: Final = Fault("project.report_no", "content.report_no", "another report of this county has this number")


@dataclass(frozen=True, slots=True)
class ProjectState:
    """A project as its acts leave it.

    Attributes:
        decisions: County and its newest decision; the lead has none, it takes part.
        milestones: Number and state, as far as reports go.
        reports: County and the number of its last report that counts.
        closing: How it ended; None while it is open.
        void: Acts without effect.
    """

    plan: ProjectProposed
    opened_at: datetime
    changed_at: datetime
    decisions: Mapping[str, ProjectJoined]
    milestones: Mapping[int, MilestoneState]
    reports: Mapping[str, int]
    closing: ProjectClosed | None
    void: tuple[Void, ...]

    @property
    def word(self) -> str:
        """Its state in one word: open, achieved, partly, stopped."""
        return self.closing.outcome.value if self.closing else OPEN

    def word_of(self, county: str) -> str:
        """Return a party's state in one word: asked, join, decline."""
        decision = self.decisions.get(county)
        return decision.decision.value if decision else ASKED


@dataclass(frozen=True, slots=True)
class _Progress:
    """Milestones and reports while they are counted."""

    plan: ProjectProposed
    working: frozenset[str]
    milestones: Mapping[int, MilestoneState]
    reports: Mapping[str, int]


def fold(acts: Sequence[Act]) -> ProjectState | None:
    """Return the state that a set of acts leaves; None if the proposal is not among them.

    Args:
        acts: Of one project, in any order.
    """
    owner = next((_key(one)[:6] for one in acts), "")
    opened = opened_once(acts, owner, begins=ProjectProposed, ends=ProjectClosed, taken=_TAKEN)
    if opened is None:
        return None
    plan, ended = cast("ProjectProposed", opened.act.event), opened.ended
    decisions, void = _decisions(acts, plan)
    void += opened.void
    joined = {county for county, one in decisions.items() if _decided(one).decision is Decision.JOIN}
    progress, reports = _progress(acts, _Progress(plan, frozenset({owner, *joined}), _planned(plan), {}), void)
    counted = [opened.act, *decisions.values(), *reports, *([ended] if ended else [])]
    return ProjectState(
        plan=plan,
        opened_at=opened.act.at,
        changed_at=max(one.at for one in counted),
        decisions={county: _decided(one) for county, one in decisions.items()},
        milestones=progress.milestones,
        reports=progress.reports,
        closing=cast("ProjectClosed", ended.event) if ended else None,
        void=tuple(void),
    )


def judge(held: Sequence[Act], act: Act, audience: Collection[str]) -> Refusal | None:
    """Tell why an act may not be made after those that are held; None if it may. The one function of both ends."""
    forbidden = _judge_author(act, _key(act)[:6], audience)
    if forbidden is not None:
        return forbidden
    if is_repeated(act, held) and not isinstance(act.event, ProjectJoined):
        return None
    state = fold(held)
    if isinstance(act.event, ProjectProposed):
        return None if state is None else Refusal(_TAKEN)
    return unknown(_KEY) if state is None else _judge_turn(held, act, state)


def row_of(thread: ThreadOf, state: ProjectState, position: int) -> ThreadRow:
    """Return a project as lists see it."""
    plan = state.plan
    parties = (ThreadParty(one.county, "", state.word_of(one.county)) for one in plan.parties)
    return ThreadRow(
        thread=thread,
        kind=KIND,
        title=plan.title,
        state=state.word,
        opened_at=state.opened_at,
        changed_at=state.changed_at,
        starts_at=None,
        ends_at=None,
        position=position,
        parties=tuple(sorted(parties, key=lambda one: one.county)),
    )


def _judge_author(act: Act, owner: str, audience: Collection[str]) -> Refusal | None:
    if isinstance(act.event, ProjectProposed | ProjectClosed):
        return not_owner(owner, _KEY) if act.source != owner else None
    if act.source != owner:
        return without_owner(owner, audience)
    if isinstance(act.event, ProjectJoined):
        return Refusal(Fault("project.own", _KEY, "this county leads it and takes part by itself"), final=True)
    return None


def _judge_turn(held: Sequence[Act], act: Act, state: ProjectState) -> Refusal | None:
    event = act.event
    if state.closing is not None:
        return Refusal(_CLOSED)
    if isinstance(event, ProjectJoined) and act.source not in {one.county for one in state.plan.parties}:
        return Refusal(_UNINVITED)
    if not isinstance(event, ProjectProgressed):
        return None
    wanted = state.reports.get(act.source, 0) + 1
    if event.report_no != wanted:
        return Refusal(Fault("project.report_no", "content.report_no", f"count up by one: write {wanted}"))
    after = fold([*held, act])
    fault = next((one.fault for one in after.void if one.act is act), None) if after else None
    return Refusal(fault) if fault else None


def _decisions(acts: Sequence[Act], plan: ProjectProposed) -> tuple[dict[str, Act], list[Void]]:
    invited = {one.county for one in plan.parties}
    said = sorted((one for one in acts if isinstance(one.event, ProjectJoined)), key=by_time)
    void = [Void(one, _UNINVITED) for one in said if one.source not in invited]
    return {one.source: one for one in said if one.source in invited}, void


def _progress(acts: Sequence[Act], progress: _Progress, void: list[Void]) -> tuple[_Progress, list[Act]]:
    counted: list[Act] = []
    reports = [one for one in acts if isinstance(one.event, ProjectProgressed)]
    said = set()
    for act in sorted(reports, key=lambda one: (one.source, _report(one).report_no, *by_time(one))):
        if said_by(act) in said:
            continue
        found = _after(progress, act.source, _report(act))
        if isinstance(found, Fault):
            void.append(Void(act, found))
        else:
            progress = found
            counted.append(act)
            said.add(said_by(act))
    return progress, counted


def _after(progress: _Progress, source: str, report: ProjectProgressed) -> _Progress | Fault:
    if source not in progress.working:
        return _OUTSIDE
    if report.report_no <= progress.reports.get(source, 0):
        return _COUNTED
    owners = {one.number: one.county for one in progress.plan.milestones}
    states = dict(progress.milestones)
    for place, one in enumerate(report.milestones):
        field = f"content.milestones.{place}"
        if owners.get(one.number) != source:
            return Fault(
                "project.not_responsible", f"{field}.number", f"milestone {one.number} is none of this county's"
            )
        if one.state not in NEXT[states[one.number]]:
            mend = f"milestone {one.number} is {states[one.number]}; it cannot become {one.state}"
            return Fault("project.milestone", f"{field}.state", mend)
        states[one.number] = one.state
    return replace(progress, milestones=states, reports={**progress.reports, source: report.report_no})


def _planned(plan: ProjectProposed) -> dict[int, MilestoneState]:
    return {one.number: MilestoneState.PLANNED for one in plan.milestones}


def _report(act: Act) -> ProjectProgressed:
    return cast("ProjectProgressed", act.event)


def _decided(act: Act) -> ProjectJoined:
    return cast("ProjectJoined", act.event)


def _key(act: Act) -> str:
    return str(act.event.project_id)  # type: ignore[attr-defined]  # each type of this family has one
