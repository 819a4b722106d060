"""The one thread that writes: all work that waits goes into one transaction and one fsync.

Source: docs/decisions/0009-commit-in-groups.md
"""

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import apsw

from adapters.sqlite.batch import Batch
from adapters.sqlite.connection import BUSY_MILLISECONDS
from adapters.sqlite.failures import StoreBusyError, StoreClosedError, translated
from adapters.sqlite.transaction import Limits, SqliteTransaction

T = TypeVar("T")


_SCRUB_MILLISECONDS: Final = 100
_SCRUB_AGAIN_SECONDS: Final = 2.0

_Job = tuple[Callable[[SqliteTransaction], Any], asyncio.Future[Any]]
"""A work and whom to tell."""

Outcome = tuple[asyncio.Future[Any], Any, BaseException | None]
"""Whom to tell, and either the result or the error."""

Told = Callable[[Sequence[Outcome], int], None]
"""Called on the loop once per group with the outcomes and the newest journal sequence."""


class Writer:
    """Owns the writing connection on a thread of its own."""

    def __init__(
        self, connection: apsw.Connection, *, limits: Limits, loop: asyncio.AbstractEventLoop, told: Told
    ) -> None:
        """Start the thread; ``connection`` is used by it alone from now on."""
        self._connection = connection
        self._batch = Batch(connection)
        self._scrub_after = float("-inf")
        self._transaction = SqliteTransaction(self._batch, limits)
        self._limits = limits
        self._loop, self._told = loop, told
        self._jobs: deque[_Job] = deque()
        self._signal = threading.Event()
        self._closing = False
        self._wal_bytes = 0
        self._page_bytes = int(connection.pragma("page_size"))
        connection.set_wal_hook(self._on_commit)
        self._thread = threading.Thread(target=self._run, name="sihu-writer", daemon=True)
        self._thread.start()

    # -- called on the loop -------------------------------------------------------------------------

    def submit(self, work: Callable[[SqliteTransaction], T]) -> asyncio.Future[T]:
        """Queue a work for the next group.

        Raises:
            StoreBusyError: Too many wait already.
            StoreClosedError: The store is closing.
        """
        if self._closing:
            raise StoreClosedError("the store is closed")
        if len(self._jobs) >= self._limits.queued_works:
            raise StoreBusyError(f"{len(self._jobs)} works wait for the writer")
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.append((work, future))
        if not self._signal.is_set():
            self._signal.set()
        return future

    async def close(self) -> None:
        """Finish what is queued and end the thread."""
        self._closing = True
        self._signal.set()
        await asyncio.to_thread(self._thread.join)

    # -- the thread ---------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            self._signal.wait()
            self._signal.clear()  # before taking: what is queued from here on sets it again
            jobs = self._take()
            if jobs:
                self._commit(jobs)
                self._checkpoint_if_due()
            elif self._closing:
                return
            if self._closing:
                self._signal.set()

    def _take(self) -> list[_Job]:
        jobs: list[_Job] = []
        with contextlib.suppress(IndexError):
            while True:
                job = self._jobs.popleft()
                if not job[1].cancelled():
                    jobs.append(job)
        return jobs

    def _commit(self, jobs: list[_Job]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes = [self._outcome(work, future) for work, future in jobs]
            self._batch.finish()
            self._connection.execute("COMMIT")
            self._scrub_if_due()  # before anybody is told: who hears that it is erased finds nothing in the log
        except Exception as exc:  # noqa: BLE001 - the thread must live; every caller of the group is told
            self._lose()
            outcomes = [(future, None, translated(exc)) for _, future in jobs]
        self._tell(outcomes)

    def _outcome(self, work: Callable[[SqliteTransaction], Any], future: asyncio.Future[Any]) -> Outcome:
        self._batch.begin()
        try:
            result = work(self._transaction)
        except apsw.Error:
            raise  # the transaction itself is in doubt: the group is lost
        except BaseException as exc:  # noqa: BLE001 - whatever a work raises undoes that work and is its caller's
            self._batch.undo()
            return (future, None, exc)
        self._batch.keep()
        return (future, result, None)

    def _lose(self) -> None:
        with contextlib.suppress(apsw.Error):  # SQLite has rolled back by itself if the disk is full
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        self._batch.lose()

    def _tell(self, outcomes: list[Outcome]) -> None:
        try:
            journal_end = self._transaction.journal_end()
        except apsw.Error:
            journal_end = 0
        with contextlib.suppress(RuntimeError):  # the loop is gone, and with it whoever waited
            self._loop.call_soon_threadsafe(self._told, outcomes, journal_end)

    # -- the write-ahead log ------------------------------------------------------------------------

    def _on_commit(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self._wal_bytes = pages * self._page_bytes
        return apsw.SQLITE_OK

    def _scrub_if_due(self) -> None:
        """After an erasure empty the log: the pages of before lie in it. A reader in the way lets it be tried again."""
        if not self._batch.scrub or time.monotonic() < self._scrub_after:
            return
        self._connection.set_busy_timeout(_SCRUB_MILLISECONDS)
        try:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            self._batch.scrub = False
        except apsw.Error:
            self._scrub_after = time.monotonic() + _SCRUB_AGAIN_SECONDS
        finally:
            self._connection.set_busy_timeout(BUSY_MILLISECONDS)

    def _checkpoint_if_due(self) -> None:
        """Move pages from the log into the database between two groups, when nobody waits for this commit any more."""
        if self._wal_bytes >= self._limits.log_bytes:
            with contextlib.suppress(apsw.Error):  # the log grows on and the next group tries again
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
