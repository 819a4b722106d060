"""The store in plain Python: what every other store is compared with."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from adapters.memory.books import MemoryChains, MemoryDeliveries, MemoryOutbox, MemoryReceipts
from adapters.memory.erasures import MemoryErasures
from adapters.memory.office_keys import MemoryOfficeKeys
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
        self.key_book = MemoryOfficeKeys(state)
        self.quota_book = MemoryQuotas(state)
        self.waiting_room = MemoryWaiting(state, limits)
        self.signal_book = MemorySignals(state)
        self.memory = MemoryFacts(state)


class MemoryStore:
    """Satisfies ``services.ports.Store``: a work changes a copy, which replaces the state if it succeeds."""

    def __init__(self, limits: Limits | None = None) -> None:
        """Start empty."""
        self._limits = limits or Limits()
        self._state = State()
        self._waiters: dict[asyncio.Future[None], None] = {}  # in order, so that a run can be repeated
        self.disk_full = False
        """Set by a test: every write is refused until it is cleared."""

    async def write(self, work: Callable[[MemoryTransaction], T]) -> T:
        """Run ``work`` on a copy; its exception leaves everything as it was.

        Raises:
            UnavailableError: The test said so.
        """
        await asyncio.sleep(0)  # a real store lets others run here
        if self.disk_full:
            raise UnavailableError("the disk is full")
        state = self._state.copy()
        result = work(MemoryTransaction(state, self._limits))
        self._state = state
        self._wake()
        return result

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
