"""A county in small: rows, a clock that jumps, people who come, go and answer, a process that crashes.

The world only does what the notifier does: it plans what is due, writes a plan whole or not at all, submits pages that
may go, and wakes an escalation with everything that it writes. The engine under test is looked up by module on every
call, so that a test may plant a bug in it.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from pydantic import TypeAdapter

from schemas.base import BEIJING, Status
from schemas.escalations import (
    AlarmKind,
    AnswerGiven,
    Change,
    Escalation,
    EscalationKind,
    EscalationState,
    Hold,
    PageRow,
    PageState,
    Plan,
    Purpose,
    Silence,
    SourceWordKind,
    Transition,
)
from schemas.officers import AnswerWord
from schemas.pages import Medium, Recipient, Strength, Tier
from services.domain import escalation as engine
from services.domain import escalation_versions as versions
from services.domain.escalation_draft import Facts
from services.domain.policies import USUAL_POLICY, ladder_of
from tests.escalation_oracle import Oracle, demand
from tests.escalations import NOON, PERSON, ROOM, opened, recipient

ESCALATING: Final = {Purpose.STEP, Purpose.PASSED_ON}
PEOPLE: Final = (
    ("p1", Tier.PRIMARY),
    ("p2", Tier.PRIMARY),
    ("s1", Tier.SECONDARY),
    ("s2", Tier.SECONDARY),
    ("l1", Tier.LEADER),
    ("office", Tier.OFFICE),
    ("superior", Tier.SUPERIOR),
)
_ROW: Final = TypeAdapter(Escalation)
_PAGES: Final = TypeAdapter(tuple[PageRow, ...])
_ANSWERS: Final = TypeAdapter(tuple[AnswerGiven, ...])
WEAK: Final = (Strength.SMS_NUMBER, Strength.SMS_NUMBER, Strength.VOICE_PIN, Strength.WEB_SIGNED)
WORDS: Final = tuple(AnswerWord)


def loaded(row: Escalation) -> Escalation:
    """Return a row as it comes back from the database: as it went in."""
    return row


class CrashError(Exception):
    """The process dies here; rows stay."""


@dataclass
class Told:
    """One escalation in the database, with what is kept of it for good, and what the oracle says."""

    row: Escalation
    pages: dict[str, PageRow] = field(default_factory=dict)
    answers: list[AnswerGiven] = field(default_factory=list)
    log: list[Transition] = field(default_factory=list)
    alarms: list[AlarmKind] = field(default_factory=list)
    words: list[SourceWordKind] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)
    unwritten: Counter[str] = field(default_factory=Counter)
    oracle: Oracle = field(default_factory=Oracle)


class World:
    """One random schedule."""

    def __init__(self, seed: int) -> None:
        """Draw who is on duty, and open one or two alerts of an incident."""
        self.dice = Random(seed)
        self.real = 0.0
        self.offset = timedelta(minutes=self.dice.randrange(24 * 60))
        self.silences: tuple[Silence, ...] = ()
        self.roster = {name: self._person(name, tier) for name, tier in PEOPLE if self.dice.random() < 0.8}
        self.told: dict[str, Told] = {}
        for _ in range(1 + (self.dice.random() < 0.3)):
            self._open(self.dice.choice((1, 1, 1, 2, 2, 3, 4)))

    @property
    def now(self) -> datetime:
        """What the clock shows."""
        return NOON + self.offset + timedelta(seconds=self.real)

    def _person(self, name: str, tier: Tier) -> Recipient:
        media = ROOM if tier in {Tier.OFFICE, Tier.SUPERIOR} else PERSON
        chosen = tuple(one for one in media if self.dice.random() < 0.85)
        return recipient(name, tier, chosen or media)

    def _open(self, level: int) -> None:
        key = f"{len(self.told):064x}"
        status = Status.ACTUAL if self.dice.random() < 0.8 else Status.EXERCISE
        kind = EscalationKind.ALERT if self.dice.random() < 0.9 else EscalationKind.NEIGHBOUR
        row = opened(level, self.now, key=key, status=status)
        self.told[key] = Told(replace(row, kind=kind))

    # -- the notifier ---------------------------------------------------------------------------------

    def run(self) -> None:
        """Let things happen, then let them settle, and see how everything ended."""
        for _ in range(self.dice.choice((4, 12, 40))):
            self.real += self.dice.choice((0.5, 2.0, 7.0, 20.0, 60.0, 130.0))
            try:
                self._happen()
                self._work()
            except CrashError:
                self._restart()
        if self.dice.random() < 0.2:
            self.offset -= timedelta(hours=15)
        self._settle()
        for one in self.told.values():
            _judge_end(one)

    def _restart(self) -> None:
        for one in self.told.values():
            one.row = loaded(_ROW.validate_json(_ROW.dump_json(one.row)))
            pages = _PAGES.validate_json(_PAGES.dump_json(tuple(one.pages.values())))
            one.pages = {page.page_id: page for page in pages}
            one.answers = list(_ANSWERS.validate_json(_ANSWERS.dump_json(tuple(one.answers))))
        if self.dice.random() < 0.3:
            self.real += self.dice.choice((5.0, 60.0, 1200.0))

    def _maybe_crash(self) -> None:
        if self.dice.random() < 0.03:
            raise CrashError

    def _work(self) -> None:
        for one in list(self.told.values()):
            if engine.is_due(one.row, self.now):
                self._maybe_crash()
                self._plan(one)
            if self.dice.random() < 0.03:
                self._roster(one)  # between planning and submitting
            self._send(one)

    def _facts(self, one: Told) -> Facts:
        related = tuple(other.row for other in self.told.values() if other is not one)
        people = tuple(self.roster.values())
        answers = tuple(one.answers)
        return Facts(USUAL_POLICY, people, self.now, tuple(one.pages.values()), answers, self.silences, related)

    def _plan(self, one: Told) -> None:
        read = one.row
        facts = self._facts(one)
        plan = engine.plan(read, facts)
        if self.dice.random() < 0.05:
            self._answer(one)  # between planning and writing
        self._maybe_crash()
        if one.row.revision == read.revision:
            self._write(one, plan, facts)
            if self.dice.random() < 0.1:
                again = engine.plan(one.row, self._facts(one))
                demand(not (again.pages or again.changed or again.transitions), "a plan is not done with")

    def _write(self, one: Told, plan: Plan, facts: Facts) -> None:
        _judge_plan(one, plan, facts)
        for page in plan.pages:
            demand(page.page_id not in one.pages, "a page was made twice")
            one.pages[page.page_id] = page
        for page in plan.changed:
            demand(page.page_id in one.pages, "a page was changed that nobody made")
            one.pages[page.page_id] = page
        one.row = plan.escalation
        one.log += plan.transitions
        one.alarms += [alarm.kind for alarm in plan.alarms]
        one.words += [word.kind for word in plan.source_words]
        self._maybe_crash()

    def _send(self, one: Told, *, surely: bool = False) -> None:
        for page in list(one.pages.values()):
            if page.state is not PageState.DUE or not (surely or self.dice.random() < 0.8):
                continue
            if not engine.may_go(page, one.row, self._facts(one)):
                continue
            self._submit(one, page)
            if not surely and self.dice.random() < 0.03:
                one.unwritten[page.page_id] += 1
                raise CrashError
            at = self.now
            report_by = at + timedelta(seconds=self._report_seconds(one)) if page.medium is Medium.SMS else None
            taken = replace(page, state=PageState.SUBMITTED, submitted_at=at, report_by=report_by)
            one.pages[page.page_id] = taken
            one.row = engine.handed_over(one.row, report_by, at)

    def _report_seconds(self, one: Told) -> int:
        return ladder_of(USUAL_POLICY, one.row.level).report_seconds if one.row.level else 0

    def _submit(self, one: Told, page: PageRow) -> None:
        one.sent[page.page_id] += 1
        lost = one.unwritten[page.page_id]
        demand(one.sent[page.page_id] <= 1 + lost, "a page went out twice without a crash before it was written")
        demand(page.purpose is Purpose.ALL_CLEAR or page.recipient in self.roster, "an off-duty person was paged")
        if page.purpose in ESCALATING:
            demand(not one.oracle.after(one.answers, one.row).owner, "a page went out after a taking answer")
            demand(one.row.state is not EscalationState.CANCELLED, "a page went out after the end")

    # -- what happens to it ---------------------------------------------------------------------------

    def _happen(self) -> None:
        one = self.dice.choice(list(self.told.values()))
        acts = (self._answer, self._report, self._roster, self._jump, self._silence, self._version, self._end)
        if self.dice.random() < 0.6:
            self.dice.choices(acts, (5, 10, 3, 1, 1, 1, 0.4))[0](one)

    def _answer(self, one: Told) -> None:
        # An officer may answer by the console without a page; a telephone answers a page.
        strength = self.dice.choice(WEAK)
        called = [page.recipient for page in one.pages.values() if page.submitted_at]
        names = called if strength is not Strength.WEB_SIGNED else [name for name, _ in PEOPLE]
        if not names:
            return
        word = self.dice.choices(WORDS, (3, 2, 2, 1, 3))[0]
        to = self.dice.choice(["", *(name for name, _ in PEOPLE)]) if word is AnswerWord.PASSED_ON else ""
        number = len(one.answers) + 1
        one.answers.append(AnswerGiven(number, one.row.key, self.dice.choice(names), word, strength, self.now, to))
        one.row = engine.woken(one.row)

    def _report(self, one: Told) -> None:
        waiting = [page for page in one.pages.values() if page.state is PageState.SUBMITTED]
        for page in self.dice.sample(waiting, min(2, len(waiting))):
            state = PageState.DELIVERED if self.dice.random() < 0.6 else PageState.FAILED
            one.pages[page.page_id] = replace(page, state=state)
            one.row = engine.woken(one.row)

    def _roster(self, _: Told) -> None:
        name, tier = self.dice.choice(PEOPLE)
        if self.roster.pop(name, None) is None:
            self.roster[name] = self._person(name, tier)
        for one in self.told.values():
            one.row = engine.woken(one.row)

    def _jump(self, _: Told) -> None:
        self.offset += timedelta(minutes=self.dice.choice((-900, -60, -7, -2, 3, 9, 40)))

    def _silence(self, one: Told) -> None:
        leader, ends = self.dice.random() < 0.5, self.now + timedelta(minutes=self.dice.choice((5, 20, 90)))
        order = Silence(1, "", one.row.key, "l1", leader, self.now, ends, "道路施工")
        self.silences = (*self.silences, order)
        one.row = engine.woken(one.row)

    def _version(self, one: Told) -> None:
        level = self.dice.randint(1, 4)
        succession = versions.succession_of((one.row,), level)
        if succession.carried:
            facts = self._facts(one)
            self._write(one, versions.carry_on(one.row, facts, versions.NewVersion("e" * 64, level)), facts)
        elif succession.ended and len(self.told) < 4:
            facts = self._facts(one)
            self._write(one, engine.supersede(one.row, facts, f"{len(self.told):064x}"), facts)
            self._open(level)

    def _end(self, one: Told) -> None:
        facts = self._facts(one)
        self._write(one, engine.cancel(one.row, facts, "over"), facts)

    # -- the end --------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Nothing happens any more but time: every ladder must come to its end by its timers alone."""
        self._restart()
        until = self.real + 5 * 3600
        while self.real < until:
            for one in self.told.values():
                if engine.is_due(one.row, self.now):
                    facts = self._facts(one)
                    self._write_surely(one, engine.plan(one.row, facts), facts)
                self._send(one, surely=True)
            wakes = [one.row.wake_at for one in self.told.values() if one.row.wake_at]
            if not any(one.row.state is EscalationState.OPEN or self._waits(one) for one in self.told.values()):
                return
            if not wakes:
                return
            self.real += max(0.5, (min(wakes) - self.now).total_seconds())

    def _waits(self, one: Told) -> bool:
        return engine.is_due(one.row, self.now)

    def _write_surely(self, one: Told, plan: Plan, facts: Facts) -> None:
        try:
            self._write(one, plan, facts)
        except CrashError:
            self._restart()


# -- invariants -----------------------------------------------------------------------------------------------


def _judge_plan(one: Told, plan: Plan, facts: Facts) -> None:
    before, after = one.row, plan.escalation
    _judge_transitions(before, plan)
    advances = _hear(one, before, after)
    taken = after.state is EscalationState.ACKNOWLEDGED
    if after.state is not EscalationState.CANCELLED:
        owner = one.oracle.owner
        demand(taken == bool(owner), f"{after.state}, but by the answers it is {'taken' if owner else 'not taken'}")
        demand(after.owner == owner, "the owner is another than by the answers")
    last = len(ladder_of(facts.policy, after.level or 4).steps) - 1
    demand(after.step <= last, "it stands on a step that its ladder has not")
    if after.state is EscalationState.OPEN and advances and not after.held and after.level == before.level:
        demand(after.step > before.step or after.step == last, "a refusal advanced nothing")
    rows = one.pages | {page.page_id: page for page in (*plan.pages, *plan.changed)}
    _judge_steps(one, plan, facts, rows)
    if all(transition.change is not Change.VERSION_CHANGED for transition in plan.transitions):  # else planned again
        _judge_told(one, plan, facts, rows)
        _judge_media(one, plan, facts, rows)
        _judge_hold(after, facts)
    if after.state is EscalationState.OPEN:
        demand(after.wake_at is not None, "an open escalation has no timer")


def _hear(one: Told, before: Escalation, after: Escalation) -> bool:
    demand(after.heard >= before.heard, "answers were forgotten")
    fresh = [answer for answer in one.answers if before.heard < answer.number <= after.heard]
    if before.state is EscalationState.CANCELLED:
        return False
    verdicts = [one.oracle.hear(answer, before.level or 4) for answer in fresh]
    return any(verdicts)


def _judge_transitions(before: Escalation, plan: Plan) -> None:
    state = before.state
    for transition in plan.transitions:
        demand(transition.before is state, "a transition is not recorded")
        state = transition.after
    demand(state is plan.escalation.state, "the last transition is not recorded")
    changes = {transition.change for transition in plan.transitions}
    after = plan.escalation
    if after.step != before.step and after.level == before.level:
        demand(Change.STEP_TAKEN in changes, "a step is not recorded")
    if after.owner != before.owner:
        demand(changes & {Change.ACKNOWLEDGED, Change.OWNER_CHANGED, Change.REOPENED}, "a new owner is not recorded")
    if Change.EXHAUSTED in changes:
        demand(any(alarm.kind is AlarmKind.EXHAUSTED for alarm in plan.alarms), "exhausted without an alarm")
        told = after.kind is EscalationKind.NEIGHBOUR or SourceWordKind.EXHAUSTED in {w.kind for w in plan.source_words}
        demand(told, "the source was not told")


def _judge_steps(one: Told, plan: Plan, facts: Facts, rows: dict[str, PageRow]) -> None:
    """Everybody on duty who has not answered was told by every medium of every step that was taken."""
    level = one.row.level or 4  # a version that is carried on takes its steps before it changes the level
    if level == 4 and _is_night(facts.now):
        return
    steps = ladder_of(facts.policy, level).steps
    have = {(page.recipient, page.step, page.medium) for page in rows.values() if page.purpose is Purpose.STEP}
    taken = [int(one.reason.split(":")[0].split()[1]) for one in plan.transitions if one.change is Change.STEP_TAKEN]
    for person in facts.roster:
        for number in taken if person.officer not in one.oracle.seen else ():
            if person.tier in steps[number].tiers:
                wanted = [medium for medium in steps[number].media if person.address(medium)]
                complete = all((person.officer, number, one) in have for one in wanted)
                demand(complete, f"step {number} left a medium out")


def _judge_told(one: Told, plan: Plan, facts: Facts, rows: dict[str, PageRow]) -> None:
    """Whoever is on duty in a tier that was told, and has not answered, has a page."""
    after = plan.escalation
    at_night = after.level == 4 and _is_night(facts.now)
    if after.state is not EscalationState.OPEN or after.held or at_night:
        return
    steps = ladder_of(facts.policy, after.level or 4).steps[: after.step + 1]
    tiers = {tier for step in steps for tier in step.tiers}
    live = [page for page in rows.values() if page.purpose in ESCALATING and page.state is not PageState.DROPPED]
    told = {page.recipient for page in live} | one.oracle.seen
    untold = [person for person in facts.roster if person.tier in tiers and person.officer not in told]
    demand(not untold, "somebody on duty was not told")


def _judge_media(one: Told, plan: Plan, facts: Facts, rows: dict[str, PageRow]) -> None:
    """Nobody is left with nothing but failures while there is a medium that was not tried."""
    after = plan.escalation
    at_night = after.level == 4 and _is_night(facts.now)
    if after.state is not EscalationState.OPEN or after.held or at_night:
        return
    for person in facts.roster:
        live = [page for page in rows.values() if page.recipient == person.officer and page.purpose in ESCALATING]
        tried = {page.medium for page in live if page.state is not PageState.DROPPED}
        failed = {page.medium for page in live if page.state is PageState.FAILED}
        untried = {medium for medium, _ in person.addresses} - tried
        hopeless = failed and tried == failed and all(page.state is PageState.FAILED for page in live)
        demand(person.officer in one.oracle.seen or not (hopeless and untried), "no medium took over")


def _judge_hold(after: Escalation, facts: Facts) -> None:
    """Only a leader silences an actual alert of level 1 or 2."""
    grave = after.status is Status.ACTUAL and (after.level or 4) <= 2 and after.state is EscalationState.OPEN
    if after.held is Hold.SILENCED and grave:
        orders = [one for one in facts.silences if one.by_leader and one.starts_at <= facts.now < one.ends_at]
        demand(orders, "somebody else than the leader silenced a grave alert")


def _is_night(now: datetime) -> bool:
    return not 7 <= now.astimezone(BEIJING).hour < 22


def _judge_end(one: Told) -> None:
    row = one.row
    demand(row.state is not EscalationState.OPEN, f"level {row.level} never ends")
    if row.state is EscalationState.EXHAUSTED:
        demand(AlarmKind.EXHAUSTED in one.alarms, "exhausted without an alarm")
    if row.state is EscalationState.CANCELLED and not row.superseded_by:
        told = {page.recipient for page in one.pages.values() if page.submitted_at}
        clear = {page.recipient for page in one.pages.values() if page.purpose is Purpose.ALL_CLEAR}
        demand(told <= clear, "somebody who was told did not hear that it is over")
    if not row.held and row.state is not EscalationState.CANCELLED:
        demand(all(page.state is not PageState.DUE for page in one.pages.values()), "a page was lost")
    answered = {answer.number for answer in one.answers}
    demand(row.heard == max(answered, default=0), "an answer was lost")
