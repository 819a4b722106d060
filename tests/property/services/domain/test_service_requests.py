"""Three counties, a carrier that delays, doubles and reorders, nodes that die: one office is responsible, always.

Each county acts on its own view alone, taking any step that the rules let it take; what it has taken is in its store
for good, whether it was sent or not. Nothing else is given.
"""

# ruff: noqa: ANN401 - changes of any field, drafts as JSON

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.catalogue import parse_new
from schemas.course_drafts import ServiceMove
from schemas.courses import KeptStep
from schemas.governance.services import ServiceStep
from services.domain.course_drafts import request_draft, service_draft
from services.domain.courses import step_of
from services.domain.encoding import digest_of
from services.domain.service_requests import ServiceView, Stage, judge_step, view_of
from tests import papers
from tests.coursework import HALL, POLICE, REQUEST, every_weekday, request
from tests.papers import COUNTIES, HUANJIANG, LIBO, NANDAN

OFFICES: Final = (
    HALL,
    POLICE,
    {"adcode": HUANJIANG, "name": "环江县人力资源和社会保障局窗口"},
    {"adcode": NANDAN, "name": "南丹县公安局户政窗口"},
)
CONTENTS: Final[dict[ServiceMove, list[dict[str, Any]]]] = {
    ServiceMove.RECEIVE: [{}],
    ServiceMove.ASK: [{"wanted": ["household"], "answer_by": "2026-03-20T00:00:00.000+08:00"}],
    ServiceMove.SUPPLEMENT: [{}],
    ServiceMove.TRANSFER: [{"to_office": office, "reason": "not_competent"} for office in OFFICES],
    ServiceMove.DECIDE: [
        {"decision": "granted", "reason": "conditions_met"},
        {"decision": "not_competent", "reason": "not_competent"},
    ],
    ServiceMove.DELIVER: [{"way": "desk"}],
    ServiceMove.CLOSE: [{"outcome": "completed"}, {"outcome": "withdrawn"}],
}


DOINGS: Final = ("act", "send", "send", "deliver", "deliver")
SELDOM: Final = 0.9
"""How often a county that could close a request goes on with it."""


@dataclass
class Case:
    """One request, as far as each county has heard of it; ``mail`` is on its way, once or more often."""

    random: Random
    held: dict[str, list[KeptStep]] = field(default_factory=lambda: {code: [] for code in COUNTIES})
    mail: list[tuple[str, KeptStep]] = field(default_factory=list)
    unsent: list[tuple[str, KeptStep]] = field(default_factory=list)
    """In somebody's outbox: a node that dies sends it when it is back."""
    ticks: int = 0

    def union(self) -> ServiceView:
        """What somebody would say who has everything that was ever signed."""
        everything = {one.envelope_id: one for steps in self.held.values() for one in steps}
        view = view_of(list(everything.values()))
        assert view is not None
        return view

    def view(self, code: str) -> ServiceView | None:
        """What a county says."""
        return view_of(self.held[code])

    def begin(self, **changes: Any) -> None:
        """荔波 receives it."""
        self.take(LIBO, request_draft(papers.AGREEMENT, request(**changes), number=REQUEST))

    def take(self, code: str, draft: Any) -> bool:
        """Let a county take a step, if its own node lets it; tell whether it did."""
        assert isinstance(draft, dict)
        event = parse_new(draft["type"], draft["content"])
        if not isinstance(event, ServiceStep):
            return False
        self.ticks += 1
        at, to = papers.later(minutes=self.ticks), tuple(draft["to"])
        if judge_step(event, self.held[code], source=code, to=to, at=at, own=True) is not None:
            return False
        about = step_of(event)
        assert about is not None
        envelope_id = digest_of(f"{self.ticks} {code} {json.dumps(draft, sort_keys=True)}".encode())
        step = KeptStep(about, envelope_id, code, to, papers.AGREEMENT, at, at)
        self.held[code].append(step)
        self.unsent += [(county, step) for county in to]
        return True

    def act(self) -> None:
        """Let some county do something that its own view allows; the drawn ones that it does not allow are refused."""
        choices = [(code, move, content) for code in COUNTIES for move in ServiceMove for content in CONTENTS[move]]
        self.random.shuffle(choices)
        for code, move, content in choices:
            view = self.view(code)
            if view is None or (move is ServiceMove.CLOSE and self.random.random() < SELDOM):
                continue
            now = papers.later(minutes=self.ticks + 1)
            if self.take(code, service_draft(view, move, content, code, now=now, is_workday=every_weekday)):
                return

    def send(self) -> None:
        """Something leaves an outbox, perhaps twice."""
        if self.unsent:
            one = self.unsent.pop(self.random.randrange(len(self.unsent)))
            self.mail += [one] * self.random.choice((1, 1, 2))

    def deliver(self) -> None:
        """Something arrives, whatever was sent before it."""
        if self.mail:
            self.arrive(self.mail.pop(self.random.randrange(len(self.mail))))

    def arrive(self, one: tuple[str, KeptStep]) -> None:
        """A county takes what came, if its node lets it; the same once more changes nothing."""
        code, step = one
        if any(kept.envelope_id == step.envelope_id for kept in self.held[code]):
            return
        event = _event_of(step)
        fault = judge_step(event, self.held[code], source=step.source, to=step.to, at=step.time, own=False)
        assert fault is None, f"what one node let out another refuses: {fault}"
        self.held[code].append(step)

    def everything_arrives(self) -> None:
        """The carrier is whole again, and whoever was down is back."""
        waiting = [*self.unsent, *self.mail]
        self.random.shuffle(waiting)
        for one in waiting:
            self.arrive(one)
        self.unsent, self.mail = [], []

    def check(self) -> None:
        """One office is responsible, its county knows it, and nobody else may act in its place."""
        whole = self.union()
        offices = {office["name"] for office in OFFICES}
        assert whole.responsible.name in offices
        knows = self.view(whole.responsible.adcode)
        assert knows is not None, "nobody's: the responsible county has never heard of it"
        assert knows.responsible == whole.responsible, "nobody's: its county takes another office for responsible"
        acting = [code for code in COUNTIES if (view := self.view(code)) is not None and view.acts(code)]
        assert len(acting) <= 1, f"two offices act: {acting}"
        assert set(acting) <= {whole.responsible.adcode}


def _event_of(step: KeptStep) -> ServiceStep:
    event = parse_new(step.step.wire_type, json.loads(step.step.facts))
    assert isinstance(event, ServiceStep)
    return event


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), doings=st.lists(st.sampled_from(DOINGS), min_size=30, max_size=90))
def test_a_request_is_nobodys_or_two_offices(seed: int, doings: Sequence[str]) -> None:
    """At every moment, whoever has heard of what; and once everything has come, all who have a part say the same."""
    case = Case(Random(seed))
    case.begin(mode=Random(seed).choice(("online", "collect", "joint")))
    case.check()
    for doing in doings:
        getattr(case, doing)()
        case.check()
    case.everything_arrives()
    case.check()
    whole = case.union()
    for code in whole.frame.parties:
        view = case.view(code)
        assert view is not None
        assert (view.step_no, view.head, view.responsible, view.turn, view.stage, view.due_at) == (
            whole.step_no,
            whole.head,
            whole.responsible,
            whole.turn,
            whole.stage,
            whole.due_at,
        )
    assert {code for code in COUNTIES if case.held[code]} <= set(whole.frame.parties)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_requests_get_stuck(seed: int) -> None:
    """While everybody is in touch, somebody may always take a step, until it is closed; and it does get there."""
    case = Case(Random(seed))
    case.begin()
    case.everything_arrives()
    stages = {case.union().stage}
    for _ in range(3000):
        if case.union().stage is Stage.CLOSED:
            break
        case.act()
        case.everything_arrives()
        stages.add(case.union().stage)
        assert case.union().turn is not None or case.union().stage is Stage.CLOSED
    assert case.union().stage is Stage.CLOSED


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), order=st.permutations(range(8)))
def test_the_order_of_arrival_decides(seed: int, order: Sequence[int]) -> None:
    """A store that got the same steps in another order says the same."""
    case = Case(Random(seed))
    case.begin()
    case.everything_arrives()
    for _ in range(40):
        case.act()
        case.everything_arrives()
    steps = case.held[LIBO]
    shuffled = sorted(steps, key=lambda one: (order[int(one.envelope_id[0], 16) % 8], one.envelope_id))
    assert view_of(shuffled) == view_of(steps)


def test_the_promise_rests_while_papers_are_awaited() -> None:
    """Asked on Thursday, answered on the Tuesday after: three workdays more, not five days."""
    case = Case(Random(1))
    case.begin(promised_days=5)
    case.everything_arrives()
    view = case.view(HUANJIANG)
    assert view is not None
    wednesday = papers.NOW
    draft = service_draft(view, ServiceMove.RECEIVE, {}, HUANJIANG, now=wednesday, is_workday=every_weekday)
    assert case.take(HUANJIANG, draft)
    taken = case.view(HUANJIANG)
    assert taken is not None
    assert taken.due_at == wednesday + timedelta(days=7)
    asked = CONTENTS[ServiceMove.ASK][0]
    case.ticks = 24 * 60
    draft = service_draft(taken, ServiceMove.ASK, asked, HUANJIANG, now=wednesday, is_workday=every_weekday)
    assert case.take(HUANJIANG, draft)
    case.everything_arrives()
    waiting = case.view(LIBO)
    assert waiting is not None
    assert (waiting.stage, waiting.responsible.name) == (Stage.SUPPLEMENT, POLICE["name"])
    case.ticks = 6 * 24 * 60
    tuesday = papers.later(days=6)
    draft = service_draft(waiting, ServiceMove.SUPPLEMENT, {}, LIBO, now=tuesday, is_workday=every_weekday)
    assert case.take(LIBO, draft)
    case.everything_arrives()
    resumed = case.view(HUANJIANG)
    assert resumed is not None
    assert resumed.due_at == wednesday + timedelta(days=12)
    assert resumed.acts(HUANJIANG)


def test_a_county_that_signs_twice_splits_the_others() -> None:
    """A restored node that takes a step it had taken: whatever came first, all count the same one."""
    case = Case(Random(1))
    case.begin()
    case.everything_arrives()
    before = list(case.held[HUANJIANG])
    for minutes in (1, 2):
        case.held[HUANJIANG] = list(before)
        case.ticks = minutes
        view = case.view(HUANJIANG)
        assert view is not None
        now = papers.later(minutes=minutes)
        draft = service_draft(view, ServiceMove.RECEIVE, {}, HUANJIANG, now=now, is_workday=every_weekday)
        assert case.take(HUANJIANG, draft)
    twins = [step for _, step in case.unsent]
    both, other_way = [*before, *twins], [*before, *reversed(twins)]
    assert view_of(both) == view_of(other_way)
