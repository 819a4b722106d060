"""Reaching people: what has come is opened, what is due is planned, what is planned is handed over."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

import structlog

from schemas.errors import SihuError, UnavailableError
from schemas.escalations import Escalation, EscalationKind, Policy
from schemas.records import NoticeKind
from services.domain.escalation import woken
from services.domain.neighbours import silence_in
from services.domain.sms_text import Signature
from services.domain.telling import phone_of
from services.notifier.hearing import Hearer
from services.notifier.opening import Opener
from services.notifier.planning import Planner, event_of
from services.notifier.sending import Claimed, Sender, Style
from services.notifier.wording import Told, told_of
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
_ROSTER: Final = "roster/"


@dataclass(frozen=True, slots=True)
class PagingRules:
    """What a county has set: how its people are told, and by which name its SMS speak."""

    policy: Callable[[], Policy]
    signature: Signature
    print_page: Callable[[str], Awaitable[bytes]] | None = None
    """Turns HTML into PDF for fax and mail; without it neither has one."""


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
        self._duty = duty
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
        self._turn = asyncio.Lock()
        self._out: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()
        self._goes_on = False
        self._due_at: datetime | None = None
        self._swept_at: float | None = None
        self._on_duty: frozenset[str] | None = None

    async def run_once(self) -> int:
        """Do everything that is due now; return how many pages were handed over.

        Raises:
            UnavailableError: The store cannot write now; what is due stays due.
        """
        claimed = await self._claim()
        await asyncio.gather(*(self._sender.submit(one) for one in claimed))
        return len(claimed)

    async def _claim(self) -> list[Claimed]:
        async with self._turn:
            now, limit = self._clock.now(), _AT_ONCE - len(self._out)
            more = await self._store.write(lambda tx: self._plan(tx, now))
            claimed, waits = await self._sender.claim(limit) if limit else ([], False)
            await self._sweep(now)
            self._due_at = await self._store.read(lambda snapshot: snapshot.paging.next_due_at())
            self._goes_on = more or waits
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

    def _plan(self, tx: Transaction, now: datetime) -> bool:
        self._watch_duty(tx, now)
        came = self._opener.open_new(tx, now)
        self._opener.end_neighbours(tx, now)
        return self._planner.plan_due(tx, now) or came

    def _watch_duty(self, tx: Transaction, now: datetime) -> None:
        """Who comes on duty is told of what is open: plan it anew when the set of people has changed."""
        on_duty = frozenset(one.officer for one in self._duty.on_duty(now))
        if on_duty == self._on_duty:
            return
        if self._on_duty is not None:
            for one in tx.paging.escalations(live_only=True, limit=_LIVE_MOST):
                tx.paging.keep(woken(one))
        self._on_duty = on_duty

    async def _sweep(self, now: datetime) -> None:
        since = self._clock.monotonic()
        if self._swept_at is None or since - self._swept_at >= _SWEEP_SECONDS:
            missing = self._duty.findings(now)
            await self._store.write(lambda tx: self._tidy(tx, missing, now))
            self._swept_at = since

    def _tidy(self, tx: Transaction, missing: Mapping[str, str], now: datetime) -> None:
        """Forget what nobody asks for any more; tell what the roster lacks, and resolve what was mended."""
        tx.paging.forget(now - _KEPT, _FORGOTTEN)
        notices = tx.notices(open_only=True, limit=_SWEPT)
        told = {one.about for one in notices if one.kind is NoticeKind.COVERAGE_GAP and one.about.startswith(_ROSTER)}
        for about, line in missing.items():
            tx.waiting_room.tell(NoticeKind.COVERAGE_GAP, _ROSTER + about, "", line[:200], now)
        present = {one.tier.value for one in self._duty.on_duty(now)}
        filled = {one.about for one in notices if one.kind is NoticeKind.COVERAGE_GAP and one.about in present}
        for about in sorted(filled | told - {_ROSTER + one for one in missing}):
            tx.waiting_room.resolve(NoticeKind.COVERAGE_GAP, about, "", now)

    def _told(self, tx: Transaction, escalation: Escalation) -> Told:
        event = event_of(tx, escalation.version)
        phone = ""
        if escalation.kind is EscalationKind.NEIGHBOUR and event is not None:
            silence = silence_in(escalation.key)
            county = silence.county if silence else ""
            phone = phone_of(self._directory.trust(), event.envelope.header.agreement_id, county)
        return told_of(escalation, event, phone)

    @asynccontextmanager
    async def running(self, tick_seconds: float = 1.0) -> AsyncIterator[Self]:
        """Keep every provider's link, and work, until the block ends."""
        await self._store.write(lambda tx: tx.paging.release())  # one process a database: no lease is held
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
            news = tasks.create_task(self._on_news(tasks), name="paging-news")
            room = tasks.create_task(self._on_room(tasks), name="paging-room")
            try:
                yield self
            finally:
                for task in (news, room, *self._out):
                    task.cancel()

    async def _on_news(self, tasks: asyncio.TaskGroup) -> None:
        """Work at once when something has come, not only at the next tick."""
        end = await self._store.read(lambda snapshot: snapshot.journal_end())
        while True:
            end = await self._store.changed(end)
            await self._work_now(tasks)

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
