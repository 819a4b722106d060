"""The store in plain Python: what every other store is compared with."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from adapters.memory.books import MemoryChains, MemoryDeliveries, MemoryOutbox, MemoryReceipts
from adapters.memory.calls import MemoryCalls
from adapters.memory.cap import MemoryCap
from adapters.memory.cases import MemoryCases
from adapters.memory.courses import MemoryCourses
from adapters.memory.custody import MemoryCustody
from adapters.memory.erasures import MemoryErasures
from adapters.memory.files import MemoryFileBook
from adapters.memory.office_keys import MemoryOfficeKeys
from adapters.memory.paging import MemoryPaging
from adapters.memory.quotas import MemoryQuotas
from adapters.memory.signals import MemorySignals
from adapters.memory.snapshot import MemorySnapshot
from adapters.memory.state import Limits, State
from adapters.memory.waiting import MemoryFacts, MemoryWaiting
from schemas.errors import UnavailableError

T = TypeVar("T")


class MemoryTransaction(MemorySnapshot):
    """Satisfies ``services.ports.Transaction`` on a copy of the state."""

    def __init__(self, state: State, limits: Limits) -> None:
        """Open every book on ``state``."""
        super().__init__(state)
        self.chains = MemoryChains(state)
        self.outbox = MemoryOutbox(state)
        self.dues = MemoryDeliveries(state)
        self.receipt_book = MemoryReceipts(state)
        self.erasures = MemoryErasures(state)
        self.custody = MemoryCustody(state)
        self.call_book = MemoryCalls(state)
        self._course_book = MemoryCourses(state)
        self.key_book = MemoryOfficeKeys(state)
        self.quota_book = MemoryQuotas(state)
        self._file_book = MemoryFileBook(state)
        self._case_book = MemoryCases(state)
        self._paging = MemoryPaging(state)
        self._cap = MemoryCap(state)
        self.waiting_room = MemoryWaiting(state, limits)
        self.signal_book = MemorySignals(state)
        self.memory = MemoryFacts(state)

    @property
    def files(self) -> MemoryFileBook:
        """Files that events carry."""
        return self._file_book

    @property
    def course_book(self) -> MemoryCourses:
        """What courses stand at."""
        return self._course_book

    @property
    def cap(self) -> MemoryCap:
        """CAP documents, answers, feeds."""
        return self._cap

    @property
    def cases(self) -> MemoryCases:
        """Cases of joint mediation."""
        return self._case_book

    @property
    def paging(self) -> MemoryPaging:
        """Who is told what."""
        return self._paging


@dataclass(slots=True, eq=False)
class _Job:
    """A work that waits for the next commit, and what came of it."""

    work: Callable[[MemoryTransaction], Any]
    result: Any = None
    error: BaseException | None = None


class MemoryStore:
    """Satisfies ``services.ports.Store``: works change copies, which replace the state if they succeed.

    Whoever comes first commits for all that wait, as the writer of a real store does.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        """Start empty."""
        self._limits = limits or Limits()
        self._state = State()
        self._jobs: list[_Job] = []
        self._waiters: dict[asyncio.Future[None], None] = {}  # in order, so that a run can be repeated
        self.disk_full = False
        """Set by a test: every write is refused until it is cleared."""

    async def write(self, work: Callable[[MemoryTransaction], T]) -> T:
        """Run ``work`` on a copy, together with all that wait; its exception leaves everything as it was.

        Raises:
            UnavailableError: The test said so.
        """
        job = _Job(work)
        self._jobs.append(job)
        try:
            await asyncio.sleep(0)  # a real store lets others run here
        except BaseException:
            if job in self._jobs:
                self._jobs.remove(job)
            raise
        self._commit()
        if job.error is not None:
            raise job.error
        return cast("T", job.result)

    def _commit(self) -> None:
        jobs, self._jobs = self._jobs, []
        if self.disk_full:
            for job in jobs:
                job.error = UnavailableError("the disk is full")
            return
        state = self._state
        for job in jobs:
            trial = state.copy()
            try:
                job.result = job.work(MemoryTransaction(trial, self._limits))
            except BaseException as exc:  # noqa: BLE001 - whatever a work raises undoes that work and is its caller's
                job.error = exc
            else:
                state = trial
        if state is not self._state:
            state.sign()
            self._state = state
            self._wake()

    async def read(self, work: Callable[[MemorySnapshot], T]) -> T:
        """Run reading ``work`` on a state that no later write changes."""
        await asyncio.sleep(0)
        return work(MemorySnapshot(self._state))

    async def changed(self, after: int) -> int:
        """Wait until the journal has moved past ``after``; return its newest sequence."""
        while len(self._state.journal) <= after:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters[waiter] = None
            try:
                await waiter
            finally:
                self._waiters.pop(waiter, None)
        return len(self._state.journal)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
