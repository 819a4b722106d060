"""Reaching people: what has come is opened, what is due is planned, what is planned is handed over."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self

import structlog

from schemas.errors import SihuError, UnavailableError
from schemas.escalations import Escalation, EscalationKind, Policy
from schemas.notices import NoticeKind
from schemas.pages import Recipient
from services.domain.duty_telling import names_of, shown_duty
from services.domain.escalation import woken
from services.domain.neighbours import silence_in
from services.domain.number_tests import filed_under
from services.domain.sms_text import Signature
from services.domain.telling import phone_of
from services.notifier import number_testing, reconciling
from services.notifier.hearing import OPTED_OUT, Hearer
from services.notifier.marking import Marker
from services.notifier.number_testing import NumberTester
from services.notifier.opening import Opener
from services.notifier.planning import Planner, event_of
from services.notifier.reconciling import Reconciler
from services.notifier.sending import Claimed, Sender, Style
from services.notifier.wording import Told, superseded_by, told_of
from services.paging_ports import Duty, Pager, Pins
from services.ports import Clock, Directory, Store, Transaction
from services.posting import Posting
from services.recurring import recurring

log = structlog.get_logger()

_KEPT: Final = timedelta(hours=96)
_SWEPT: Final = 500
_FORGOTTEN: Final = 20_000
"""Rows of each kind that one sweep forgets: more than the worst hour of a county brings."""
_LIVE_MOST: Final = 1000
_AT_ONCE: Final = 256
"""Pages that providers are busy with at one time."""
_SWEEP_SECONDS: Final = 3600.0
_NEWS_SECONDS: Final = 0.05
"""Between two looks at what has come: a flood is worked off twenty times a second, and not once an event."""
_HEALED: Final = 10_000
_ROSTER: Final = "roster/"
_SILENT_NUMBER: Final = "number-test/"


@dataclass(frozen=True, slots=True)
class PagingRules:
    """What a county has set: how its people are told, and by which name its SMS speak."""

    policy: Callable[[], Policy]
    signature: Signature
    print_page: Callable[[str], Awaitable[bytes]] | None = None
    """Turns HTML into PDF for fax and mail; without it neither has one."""
    number_tests: bool = True
    """Whether each number has its monthly test page."""


@dataclass(frozen=True, slots=True)
class _RosterFacts:
    """What the roster says, asked outside the transaction that compares it with the notices."""

    missing: Mapping[str, str]
    untested: frozenset[str]
    """What notices of the numbers that a test is due to are filed under."""
    doubtful: frozenset[str]


@dataclass(slots=True)
class _Chore:
    """Work that has its turn now and then."""

    work: Callable[[], Awaitable[object]]
    every_seconds: float
    done_at: float | None = None

    async def run_if_due(self, monotonic: float) -> None:
        """Do it, if it is time; what fails is due still."""
        if self.done_at is None or monotonic - self.done_at >= self.every_seconds:
            await self.work()
            self.done_at = monotonic


class PagingDesk:
    """Opens, plans, sends and hears."""

    def __init__(  # noqa: PLR0913 - ports, each named
        self,
        *,
        store: Store,
        posting: Posting,
        directory: Directory,
        clock: Clock,
        duty: Duty,
        pins: Pins,
        pagers: Mapping[str, Pager],
        rules: PagingRules,
        jitter: Callable[[], float],
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: The county's one database.
            posting: The way out for receipts.
            directory: What is trusted, and the officers' credentials.
            clock: Reads the time.
            duty: The roster.
            pins: What officers key in.
            pagers: By name, in the order of preference.
            rules: What the county has set.
            jitter: Returns a number in [0, 1) for each wait.
        """
        self._store, self._directory, self._clock, self._pagers = store, directory, clock, pagers
        self._duty, self._county = duty, posting.county
        self._planner = Planner(policy=rules.policy, duty=duty, posting=posting, directory=directory)
        self._opener = Opener(planner=self._planner, policy=rules.policy, duty=duty)
        self._sender = Sender(
            store=store,
            planner=self._planner,
            duty=duty,
            pagers=pagers,
            told=self._told,
            clock=clock,
            jitter=jitter,
            style=Style(rules.signature, rules.print_page),
        )
        self.hearer = Hearer(store=store, duty=duty, pins=pins, told=self._told, clock=clock)
        self._marker = Marker(store=store, duty=duty)
        reconciler = Reconciler(store=store, duty=duty, pagers=pagers, clock=clock)
        self._chores = [_Chore(reconciler.run_once, reconciling.EVERY_SECONDS)]
        if rules.number_tests:
            tester = NumberTester(store=store, planner=self._planner, policy=rules.policy, duty=duty, clock=clock)
            self._chores.append(_Chore(tester.run_once, number_testing.EVERY_SECONDS))
        self._turn = asyncio.Lock()
        self._out: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()
        self._goes_on = False
        self._due_at: datetime | None = None
        self._swept_at: float | None = None
        self._on_duty: frozenset[Recipient] | None = None
        self._roster = ""

    async def run_once(self) -> int:
        """Do everything that is due now; return how many pages were handed over.

        Raises:
            UnavailableError: The store cannot write now; what is due stays due.
        """
        await self._tend()
        claimed = await self._claim()
        await self._sweep()
        await asyncio.gather(*(self._sender.submit(one) for one in claimed))
        return len(claimed)

    async def _tend(self) -> None:
        """What must not hold up a page: files are read and written here, providers asked, numbers tested."""
        await asyncio.to_thread(self._duty.refresh)
        for chore in self._chores:
            await chore.run_if_due(self._clock.monotonic())
        await self._marker.run_once()

    async def _claim(self) -> list[Claimed]:
        """Plan and claim what is due; note whether more of it is left, and when the next falls due."""
        async with self._turn:
            now, room = self._clock.now(), _AT_ONCE - len(self._out)
            self._on_duty, has_more_due = await self._store.write(lambda tx: self._plan(tx, now))
            claimed, has_more_to_send = await self._sender.claim(room) if room else ([], False)
            self._due_at = await self._store.read(lambda snapshot: snapshot.paging.next_due_at())
            fell_due = self._due_at is not None and now < self._due_at <= self._clock.now()
            self._goes_on = has_more_due or has_more_to_send or fell_due
            return claimed

    async def _work(self, tasks: asyncio.TaskGroup) -> None:
        """As ``run_once``, but until nothing is due, and wait for no provider: a call must not hold up an alert."""
        self._goes_on = True
        while self._goes_on:
            for one in await self._claim():
                task = tasks.create_task(self._submit(one), name=f"page-{one.work.page_id[:8]}")
                self._out.add(task)
                task.add_done_callback(self._is_out)

    def _is_out(self, task: asyncio.Task[None]) -> None:
        self._out.discard(task)
        if len(self._out) == _AT_ONCE // 2:
            self._room.set()

    def _pause(self, tick_seconds: float) -> float:
        """Return how long nothing falls due, a tick at most; what was left over waits for the tick, or for room."""
        ahead = (self._due_at - self._clock.now()).total_seconds() if self._due_at else tick_seconds
        return min(ahead, tick_seconds) if ahead > 0 else tick_seconds

    async def _submit(self, one: Claimed) -> None:
        try:
            await self._sender.submit(one)
        except UnavailableError as exc:
            _deferred(exc)

    def _plan(self, tx: Transaction, now: datetime) -> tuple[frozenset[Recipient], bool]:
        """Open what has come and plan what is due.

        Returns:
            Who was on duty, and how they are reached: it counts once it is written. Whether more of it is left.
        """
        on_duty = frozenset(self._duty.on_duty(now))
        if on_duty != self._on_duty:
            self._wake(tx)
        has_more_news = self._opener.open_new(tx, now)
        self._opener.end_neighbours(tx, now)
        return on_duty, self._planner.plan_due(tx, now) or has_more_news

    def _wake(self, tx: Transaction) -> None:
        """Who comes on duty is told of what is open: plan it anew, also at the start: the roster changed meanwhile."""
        for one in tx.paging.escalations(live_only=True, limit=_LIVE_MOST):
            tx.paging.keep(woken(one))

    async def _sweep(self) -> None:
        """Tidy up once an hour, and as soon as anything in the roster has changed: it may lack something else."""
        now, since, version = self._clock.now(), self._clock.monotonic(), self._duty.version()
        if version != self._roster:
            self._roster, self._swept_at = version, None
        if self._swept_at is None or since - self._swept_at >= _SWEEP_SECONDS:
            found = await asyncio.to_thread(self._ask_roster, now)
            await self._store.write(lambda tx: self._tidy(tx, found, now))
            self._swept_at = since

    def _ask_roster(self, now: datetime) -> _RosterFacts:
        due = self._duty.due_tests(now)
        untested = frozenset(filed_under(one.owner, one.number.medium, one.number.address) for one in due)
        return _RosterFacts(self._duty.findings(now), untested, self._duty.doubtful())

    def _tidy(self, tx: Transaction, found: _RosterFacts, now: datetime) -> None:
        """Forget what nobody asks for any more; tell what the roster lacks, and resolve what was mended."""
        tx.paging.forget(now - _KEPT, _FORGOTTEN)
        notices = tx.notices(open_only=True, limit=_SWEPT)
        for about, line in found.missing.items():
            tx.waiting_room.tell(NoticeKind.COVERAGE_GAP, _ROSTER + about, "", line[:200], now)
        unrecorded = {OPTED_OUT + one.recipient for one in tx.paging.marks_due(_SWEPT)}
        standing = {_ROSTER + one for one in found.missing} | found.untested
        standing |= {OPTED_OUT + one for one in found.doubtful} | unrecorded
        present = {one.tier.value for one in self._duty.on_duty(now)}
        for about in sorted(one.about for one in notices if one.kind is NoticeKind.COVERAGE_GAP):
            is_known = about.startswith((_ROSTER, _SILENT_NUMBER, OPTED_OUT))
            if about in present or (is_known and about not in standing):
                tx.waiting_room.resolve(NoticeKind.COVERAGE_GAP, about, "", now)

    def _told(self, tx: Transaction, escalation: Escalation) -> Told:
        event = event_of(tx, escalation.version)
        phone = on_duty = ""
        if escalation.kind is EscalationKind.NEIGHBOUR and event is not None:
            silence = silence_in(escalation.key)
            county = silence.county if silence else ""
            phone = phone_of(self._directory.trust(), event.envelope.header.agreement_id, county)
            on_duty = self._on_duty_at(tx, county)
        told = replace(told_of(escalation, event, phone), on_duty=on_duty)
        return replace(told, is_raised=any(self._was_lower(tx, told, one) for one in superseded_by(told)))

    def _on_duty_at(self, tx: Transaction, county: str) -> str:
        """Name who is on duty at a neighbour now, by its own word; empty if that is not known."""
        now, trust = self._clock.now(), self._directory.trust()
        held = tx.duties.neighbour(county)
        shown = shown_duty([held] if held else [], trust, self._county, now).get(county)
        return names_of(shown.people) if shown else ""

    @staticmethod
    def _was_lower(tx: Transaction, told: Told, alert_id: str) -> bool:
        """Tell whether an alert was told of at a lower level before this one took its place."""
        one = told.escalation
        key = tx.paging.key_of_alert(one.source, alert_id)
        before = tx.paging.escalation(key) if key else None
        return before is not None and before.superseded_by == one.key and (before.level or 0) > (one.level or 0)

    @asynccontextmanager
    async def running(self, tick_seconds: float = 1.0) -> AsyncIterator[Self]:
        """Keep every provider's link, and work, until the block ends."""
        await asyncio.to_thread(self._duty.refresh)
        await self._store.write(self._begin)
        async with AsyncExitStack() as stack:
            for pager in self._pagers.values():
                await stack.enter_async_context(pager.running(self.hearer.hear))
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            await stack.enter_async_context(
                recurring(
                    lambda: self._work(tasks),
                    name="paging",
                    clock=self._clock,
                    every_seconds=lambda: self._pause(tick_seconds),
                    deferred=_deferred,
                )
            )
            for work, name in ((self._tend, "paging-chores"), (self._sweep, "paging-sweep")):
                await stack.enter_async_context(
                    recurring(work, name=name, clock=self._clock, every_seconds=tick_seconds, deferred=_deferred)
                )
            news = tasks.create_task(self._on_news(tasks), name="paging-news")
            room = tasks.create_task(self._on_room(tasks), name="paging-room")
            try:
                yield self
            finally:
                for task in (news, room, *self._out):
                    task.cancel()

    def _begin(self, tx: Transaction) -> None:
        """Take up what the process before left: a lease of its own, and pages that nobody is to hand over."""
        tx.paging.release()  # one process a database: no lease is held
        idle = tx.paging.idle_pages(_HEALED)
        for page in idle:
            escalation = tx.paging.escalation(page.escalation)
            if escalation is not None:
                self._planner.put_to_work(tx, escalation, page)
        if idle:
            log.warning("notifier.healed", pages=len(idle))

    async def _on_news(self, tasks: asyncio.TaskGroup) -> None:
        """Work at once when something has come, not only at the next tick; a flood is taken in gulps."""
        end = await self._store.read(lambda snapshot: snapshot.journal_end())
        while True:
            end = await self._store.changed(end)
            await self._work_now(tasks)
            await self._clock.sleep(_NEWS_SECONDS)

    async def _on_room(self, tasks: asyncio.TaskGroup) -> None:
        """Hand over more when half of what providers were busy with is done."""
        while True:
            await self._room.wait()
            self._room.clear()
            await self._work_now(tasks)

    async def _work_now(self, tasks: asyncio.TaskGroup) -> None:
        try:
            await self._work(tasks)
        except UnavailableError as exc:
            _deferred(exc)
            await self._clock.sleep(1.0)


def _deferred(error: SihuError) -> None:
    log.warning("notifier.deferred", code=error.code)
