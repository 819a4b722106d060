"""Who is told what, over the memory store's containers."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from adapters.memory.state import State
from schemas.escalations import (
    AnswerGiven,
    Escalation,
    EscalationKind,
    EscalationState,
    PageRow,
    PageState,
    Silence,
    Transition,
)
from schemas.officers import AnswerWord
from schemas.page_work import PageWork, PagingFigures, ReplyTaken, WorkKind
from schemas.pages import Medium, Report, ReportState, Strength
from schemas.sms import CodeUse, PartTry, SmsTold, Suppression

D = TypeVar("D")
K = TypeVar("K", bound=Hashable)

_LIVE = frozenset({EscalationState.OPEN, EscalationState.EXHAUSTED})


def _is_live(one: Escalation) -> bool:
    return one.state in _LIVE and one.kind is not EscalationKind.NUMBER_TEST


class MemoryPagingShown:
    """Satisfies ``services.paging_ports.PagingShown``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def escalation(self, key: str) -> Escalation | None:
        """Return one escalation, or None."""
        return self._state.escalations.get(key)

    def escalations(self, *, live_only: bool, limit: int) -> list[Escalation]:
        """Return escalations, the newest first."""
        rows = (one for one in self._state.escalations.values() if not live_only or _is_live(one))
        return sorted(sorted(rows, key=lambda one: one.key), key=lambda one: one.opened_at, reverse=True)[:limit]

    def live_neighbours(self, limit: int) -> list[Escalation]:
        """Return live escalations about neighbours that did not answer, oldest first."""
        rows = (one for one in self._state.escalations.values() if one.state in _LIVE)
        about = (one for one in rows if one.kind is EscalationKind.NEIGHBOUR)
        return sorted(about, key=lambda one: (one.opened_at, one.key))[:limit]

    def of_incident(self, incident: str) -> list[Escalation]:
        """Return the escalations of one incident that are not cancelled, oldest first."""
        rows = (one for one in self._state.escalations.values() if one.incident == incident != "")
        live = (one for one in rows if one.state is not EscalationState.CANCELLED)
        return sorted(live, key=lambda one: (one.opened_at, one.key))

    def of_version(self, envelope_id: str) -> Escalation | None:
        """Return the escalation that tells of this version of an alert, or None."""
        rows = (one for one in self._state.escalations.values() if one.version == envelope_id)
        told = (one for one in rows if one.kind is not EscalationKind.NEIGHBOUR)
        return max(told, key=lambda one: one.opened_at, default=None)

    def key_of_alert(self, source: str, alert_id: str) -> str | None:
        """Return the key of the escalation that tells of a county's alert, or None."""
        return self._state.told_alerts.get((source, alert_id))

    def pages_of(self, key: str) -> list[PageRow]:
        """Return the pages of an escalation, by when they were due."""
        rows = (one for one in self._state.pages.values() if one.escalation == key)
        return sorted(rows, key=lambda one: (one.due_at, one.page_id))

    def page(self, page_id: str) -> PageRow | None:
        """Return one page, or None."""
        return self._state.pages.get(page_id)

    def answers_to(self, key: str) -> list[AnswerGiven]:
        """Return the answers to an escalation in the order of their numbers."""
        return [one for one in self._state.answers if one.escalation == key]

    def transitions_of(self, key: str) -> list[Transition]:
        """Return what happened to an escalation, in order."""
        return [one for one in self._state.transitions if one.escalation == key]

    def silences(self, now: datetime) -> list[Silence]:
        """Return the silences that have not ended."""
        return [one for one in self._state.silences.values() if one.ends_at > now]

    def work_of(self, page_id: str) -> PageWork | None:
        """Return what is still to be handed over of a page, or None."""
        return self._state.page_work.get(page_id)

    def next_due_at(self) -> datetime | None:
        """Return when the earliest wake-up of an escalation, work or lease's end is due; None if nothing waits."""
        rows = (one for one in self._state.page_work.values() if one.kind is not WorkKind.NUMBER_MARK)
        work = (max(one.next_at, one.lease_until or one.next_at) for one in rows)
        wakes = (one.wake_at for one in self._state.escalations.values() if one.wake_at is not None)
        return min((*work, *wakes), default=None)

    def tries_of(self, page_id: str) -> list[PartTry]:
        """Return what was handed to providers of a page, by part and attempt."""
        rows = (one for one in self._state.tries.values() if one.page_id == page_id)
        return sorted(rows, key=lambda one: (one.part, one.attempt))

    def report(self, provider: str, reference: str) -> Report | None:
        """Return the strongest report under a reference, or None."""
        return self._state.reports.get((provider, reference))

    def unreported(self, provider: str, since: datetime, until: datetime, limit: int) -> list[PartTry]:
        """Return what a provider took in a span and has not reported finally; oldest first."""
        taken = (one for one in self._state.tries.values() if one.provider == provider and one.reference)
        lately = (one for one in taken if since <= one.tried_at < until)
        rows = (one for one in lately if not self._is_final(self.report(provider, one.reference)))
        return sorted(rows, key=lambda one: (one.tried_at, one.page_id, one.part))[:limit]

    @staticmethod
    def _is_final(report: Report | None) -> bool:
        return report is not None and report.state in {ReportState.DELIVERED, ReportState.FAILED}

    def replies_of(self, officer: str, since: datetime) -> list[ReplyTaken]:
        """Return what came from an officer's number since then, oldest first."""
        rows = (one for one in self._state.replies.values() if one.officer == officer and one.heard_at >= since)
        return sorted(rows, key=lambda one: (one.heard_at, one.reply_id))

    def uses_of(self, number: str) -> list[CodeUse]:
        """Return the reply codes of a number, in use or resting, by when they were opened."""
        rows = (one for one in self._state.codes.values() if one.number == number)
        return sorted(rows, key=lambda one: (one.opened_at, one.code))

    def told_to(self, recipient: str, since: datetime) -> list[SmsTold]:
        """Return the SMS that an officer was sent since then, oldest first."""
        rows = (one for one in self._state.told if one.recipient == recipient and one.told_at >= since)
        return sorted(rows, key=lambda one: one.told_at)

    def held_for(self, recipient: str) -> list[Suppression]:
        """Return the SMS that are held back for an officer and were not told of yet."""
        rows = (one for one in self._state.suppressions.values() if one.recipient == recipient)
        return _by_due(one for one in rows if one.told_at is None)

    def figures(self) -> PagingFigures:
        """Return what waits now."""
        states = [one.state for one in self._state.escalations.values() if _is_live(one)]
        work = [one for one in self._state.page_work.values() if one.kind is not WorkKind.NUMBER_MARK]
        return PagingFigures(
            states.count(EscalationState.OPEN),
            states.count(EscalationState.EXHAUSTED),
            len(work),
            min((one.next_at for one in work), default=None),
            sum(one.told_at is None for one in self._state.suppressions.values()),
        )

    def marks_due(self, limit: int) -> list[PageWork]:
        """Return the marks of numbers that are still to be recorded, oldest first."""
        rows = (one for one in self._state.page_work.values() if one.kind is WorkKind.NUMBER_MARK)
        return sorted(rows, key=lambda one: (one.next_at, one.page_id))[:limit]

    def number_tests(self, since: datetime) -> list[Escalation]:
        """Return the test pages of numbers that were opened since then, the newest first."""
        tests = (one for one in self._state.escalations.values() if one.kind is EscalationKind.NUMBER_TEST)
        rows = sorted((one for one in tests if one.opened_at >= since), key=lambda one: one.key)
        return sorted(rows, key=lambda one: one.opened_at, reverse=True)

    def idle_pages(self, limit: int) -> list[PageRow]:
        """Return pages that are due and that nobody is to hand over, by when they were due."""
        due = (one for one in self._state.pages.values() if one.state is PageState.DUE)
        idle = (one for one in due if one.medium is not Medium.CONSOLE and one.page_id not in self._state.page_work)
        return sorted(idle, key=lambda one: (one.due_at, one.page_id))[:limit]

    def suppression(self, page_id: str) -> Suppression | None:
        """Return why a page was held back, or None."""
        return self._state.suppressions.get(page_id)


class MemoryPaging(MemoryPagingShown):
    """Satisfies ``services.paging_ports.Paging``."""

    def to_plan(self, now: datetime, limit: int) -> list[Escalation]:
        """Return escalations whose wake-up has passed, or that were planned by a clock set back since."""
        rows = [
            (9 if one.level is None else one.level, one.wake_at, one.key, one)
            for one in self._state.escalations.values()
            if one.wake_at is not None and (one.wake_at <= now or (one.planned_at is not None and one.planned_at > now))
        ]
        return [one for *_, one in sorted(rows, key=lambda row: row[:3])[:limit]]

    def keep(self, escalation: Escalation) -> None:
        """Keep a row in place of the one with its key."""
        self._state.escalations[escalation.key] = escalation

    def note_alert(self, source: str, alert_id: str, key: str) -> None:
        """From now on this escalation tells of a county's alert."""
        self._state.told_alerts[source, alert_id] = key

    def add_page(self, page: PageRow) -> bool:
        """Keep a new page; False, and nothing changes, if its id is known."""
        return _add(self._state.pages, page.page_id, page)

    def keep_page(self, page: PageRow) -> None:
        """Keep a page in place of the one with its id."""
        self._state.pages[page.page_id] = page

    def add_answer(
        self, key: str, officer: str, word: AnswerWord, *, strength: Strength, at: datetime, to_officer: str = ""
    ) -> AnswerGiven:
        """Keep an answer under the next number of its escalation."""
        number = 1 + max((one.number for one in self.answers_to(key)), default=0)
        answer = AnswerGiven(number, key, officer, word, strength, at, to_officer)
        self._state.answers.append(answer)
        return answer

    def add_transition(self, one: Transition) -> None:
        """Write down what happened."""
        self._state.transitions.append(one)

    def add_silence(self, silence: Silence) -> Silence:
        """Keep a silence (its ``number`` is ignored) and return it with its number."""
        kept = replace(silence, number=1 + max(self._state.silences, default=0))
        self._state.silences[kept.number] = kept
        return kept

    def end_silence(self, number: int, at: datetime) -> None:
        """End a silence now; one that has ended stays as it is."""
        held = self._state.silences.get(number)
        if held is not None and held.ends_at > at:
            self._state.silences[number] = replace(held, ends_at=at)

    def work_due(self, now: datetime, limit: int) -> list[PageWork]:
        """Return what may be handed over now and nobody is at, the highest level first, then what waits longest."""
        rows = (
            one for one in self._state.page_work.values() if one.next_at <= now and one.kind is not WorkKind.NUMBER_MARK
        )
        free = (one for one in rows if one.lease_until is None or one.lease_until <= now)
        return sorted(free, key=lambda one: (one.level, one.next_at, one.page_id))[:limit]

    def release(self) -> None:
        """End every lease."""
        for page_id, work in self._state.page_work.items():
            self._state.page_work[page_id] = replace(work, lease_until=None)

    def keep_work(self, work: PageWork) -> None:
        """Keep work in place of that of the same page."""
        self._state.page_work[work.page_id] = work

    def drop_work(self, page_id: str) -> None:
        """Nothing more is handed over of a page."""
        self._state.page_work.pop(page_id, None)

    def add_try(self, one: PartTry) -> None:
        """Keep what a provider said of a part."""
        _add(self._state.tries, (one.page_id, one.part, one.attempt), one)

    def try_under(self, provider: str, reference: str) -> PartTry | None:
        """Return the newest try that a provider took under a reference, or None."""
        rows = (one for one in self._state.tries.values() if (one.provider, one.reference) == (provider, reference))
        return max((one for one in rows if one.reference), key=lambda one: one.tried_at, default=None)

    def keep_report(self, report: Report) -> None:
        """Keep a report in place of the one under its reference."""
        self._state.reports[report.provider, report.reference] = report

    def keep_use(self, use: CodeUse) -> None:
        """Keep a reply code in place of the same opening."""
        self._state.codes[use.number, use.code, use.opened_at] = use

    def holders(self, holder: str) -> list[CodeUse]:
        """Return every open code of a holder, of whichever number."""
        rows = (one for one in self._state.codes.values() if one.holder == holder and one.closed_at is None)
        return sorted(rows, key=lambda one: (one.number, one.opened_at))

    def add_told(self, told: SmsTold) -> None:
        """Keep that an SMS went to an officer."""
        self._state.told.append(told)

    def keep_suppression(self, held: Suppression) -> None:
        """Keep that, why and until when a page is held back, or that it was told of."""
        self._state.suppressions[held.page_id] = held

    def members_of(self, bundle: str) -> list[Suppression]:
        """Return every page of a bundle, told of or not, by when it was due."""
        return _by_due(one for one in self._state.suppressions.values() if one.bundle == bundle)

    def take_reply(self, reply: ReplyTaken) -> bool:
        """Keep what came back; False, and nothing changes, if it came before."""
        return _add(self._state.replies, reply.reply_id, reply)

    def forget(self, before: datetime, limit: int) -> int:
        """Drop tries, reports, closed codes, told SMS and replies of before then; close codes opened before."""
        state, waiting = self._state, self._state.page_work
        for key, use in state.codes.items():
            if use.closed_at is None and use.opened_at < before:
                state.codes[key] = replace(use, closed_at=before)
        gone = _drop(state.tries, lambda one: one.tried_at < before and one.page_id not in waiting, limit)
        gone += _drop(state.reports, lambda one: one.heard_at < before, limit)
        gone += _drop(state.codes, lambda one: one.closed_at is not None and one.closed_at < before, limit)
        gone += _drop(state.suppressions, lambda one: one.told_at is not None and one.told_at < before, limit)
        gone += _drop(state.replies, lambda one: one.heard_at < before, limit)
        old = [one for one in state.told if one.told_at < before][:limit]
        state.told = [one for one in state.told if one not in old]
        return gone + len(old)


def _add(rows: dict[K, D], key: K, value: D) -> bool:
    return rows.setdefault(key, value) is value


def _by_due(rows: Iterable[Suppression]) -> list[Suppression]:
    return sorted(rows, key=lambda one: (one.due_at, one.page_id))


def _drop(rows: dict[K, D], is_old: Callable[[D], bool], limit: int) -> int:
    old = [key for key, one in rows.items() if is_old(one)][:limit]
    for key in old:
        del rows[key]
    return len(old)
