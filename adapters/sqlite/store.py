"""The store of a county node: one database file, one writer, readers beside it."""

import asyncio
import queue
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

import apsw

from adapters.sqlite.connection import open_reader, open_writer
from adapters.sqlite.failures import RETRYABLE, DiskLowError, StoreClosedError, translated
from adapters.sqlite.lock import DatabaseLock
from adapters.sqlite.migrate import migrate
from adapters.sqlite.snapshot import SqliteSnapshot
from adapters.sqlite.transaction import Limits, SqliteTransaction
from adapters.sqlite.upkeep import Progress, back_up, free_bytes, problems_of
from adapters.sqlite.writer import Outcome, Writer
from schemas.errors import Fault, RequestError

T = TypeVar("T")

_READERS: Final = 2
_DISK_LOOK_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class FileLayer:
    """How the database file is reached; only tests say anything but the default.

    Attributes:
        vfs: Name of SQLite's file layer; None is the system's own. Tests record and fail there.
        synchronous: Anything but ``FULL`` loses acknowledged events at a power cut, which a test shows.
        free_bytes: Says how much space is left beside the file.
    """

    vfs: str | None = None
    synchronous: str = "FULL"
    free_bytes: Callable[[Path], int] = free_bytes


class SqliteStore:
    """Satisfies ``services.ports.Store``; opened by ``open_store``."""

    def __init__(
        self,
        path: Path,
        writer: apsw.Connection,
        readers: Sequence[apsw.Connection],
        *,
        limits: Limits,
        monotonic: Callable[[], float],
        layer: FileLayer,
    ) -> None:
        """Take open connections of a migrated database; needs a running loop."""
        self.path = path
        self._monotonic, self._limits, self._layer = monotonic, limits, layer
        self._loop = asyncio.get_running_loop()
        self._readers: queue.SimpleQueue[apsw.Connection] = queue.SimpleQueue()
        for reader in readers:
            self._readers.put(reader)
        self._pool = ThreadPoolExecutor(len(readers), thread_name_prefix="sihu-reader")
        self._journal_end = SqliteSnapshot(writer).journal_end()
        self._waiters: set[asyncio.Future[None]] = set()
        self._disk_looked_at = float("-inf")
        self._disk_free = 0
        self._closed = False
        self._writer = Writer(writer, limits=limits, loop=self._loop, told=self._told)

    # -- the port -----------------------------------------------------------------------------------

    async def write(self, work: Callable[[SqliteTransaction], T]) -> T:
        """Run ``work`` in the next group commit and return its result once that is fsynced.

        An exception of ``work`` undoes that work alone and is raised here.

        Raises:
            UnavailableError: ``disk.failed``, ``disk.low``, ``store.busy`` or ``store.closed``; nothing happened.
        """
        self._refuse_if_disk_is_low()
        return await self._writer.submit(work)

    async def read(self, work: Callable[[SqliteSnapshot], T]) -> T:
        """Run reading ``work`` on a consistent snapshot, beside the writer.

        Raises:
            UnavailableError: The disk cannot be read, or the store is closed.
        """
        if self._closed:
            raise StoreClosedError("the store is closed")
        return await self._loop.run_in_executor(self._pool, self._read, work)

    async def changed(self, after: int) -> int:
        """Wait until the journal has moved past ``after``; return its newest sequence.

        Raises:
            UnavailableError: The store was closed meanwhile.
        """
        while self._journal_end <= after:
            if self._closed:
                raise StoreClosedError("the store is closed")
            waiter = self._loop.create_future()
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)
        return self._journal_end

    # -- upkeep -------------------------------------------------------------------------------------

    async def check(self) -> list[str]:
        """Return what SQLite finds wrong with the file; empty if nothing."""
        return await self._loop.run_in_executor(self._pool, self._with_reader, problems_of)

    async def backup(self, target: Path, progress: Progress | None = None) -> None:
        """Copy the database as it stands now to ``target``, fsynced, while writing goes on.

        Args:
            target: A path that does not exist yet; it appears when the copy is complete.
            progress: Called in a thread with (pages copied, pages in all).
        """
        await asyncio.to_thread(back_up, self.path, target, progress)

    # -- inside -------------------------------------------------------------------------------------

    def _read(self, work: Callable[[SqliteSnapshot], T]) -> T:
        return self._with_reader(lambda connection: work(SqliteSnapshot(connection)))

    def _with_reader(self, work: Callable[[apsw.Connection], T]) -> T:
        connection = self._readers.get()
        try:
            connection.execute("BEGIN")
            try:
                return work(connection)
            finally:
                connection.execute("ROLLBACK")
        except RETRYABLE as exc:
            raise translated(exc) from exc
        finally:
            self._readers.put(connection)

    def _refuse_if_disk_is_low(self) -> None:
        now = self._monotonic()
        if now - self._disk_looked_at >= _DISK_LOOK_SECONDS:
            self._disk_looked_at, self._disk_free = now, self._layer.free_bytes(self.path)
        if self._disk_free < self._limits.disk_floor_bytes:
            raise DiskLowError(f"{self._disk_free} bytes are free beside {self.path}")

    def _told(self, outcomes: Sequence[Outcome], journal_end: int) -> None:
        for future, result, error in outcomes:
            if future.done():  # its caller gave up waiting
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        if journal_end > self._journal_end:
            self._journal_end = journal_end
            self._wake()

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _close(self) -> None:
        await self._writer.close()
        await asyncio.sleep(0)  # the last outcomes are told on the loop
        self._closed = True
        self._wake()
        await asyncio.to_thread(self._pool.shutdown)
        while not self._readers.empty():
            self._readers.get().close()


DEFAULT_LIMITS: Final = Limits()
DEFAULT_LAYER: Final = FileLayer()


@asynccontextmanager
async def open_store(
    path: Path,
    *,
    county: str | None = None,
    floor_bytes: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    monotonic: Callable[[], float] = time.monotonic,
    layer: FileLayer = DEFAULT_LAYER,
) -> AsyncIterator[SqliteStore]:
    """Open the database of one county, making or migrating it, for as long as the block lasts.

    Args:
        path: The database file; ``<path>.lock`` beside it keeps a second process out.
        county: To whom it belongs: noted in a new database, compared with what an old one says.
        floor_bytes: Free disk space below which every write is refused; overrides that of ``limits``.
        limits: Bounds; the defaults suit a county.
        monotonic: Seconds that never go back: the disk is looked at once a second.
        layer: How the file is reached.

    Raises:
        UnavailableError: ``store.locked``: another process has it open; the message names its pid.
        RequestError: ``store.not_ours``, ``store.newer_version`` or ``store.other_county``.
    """
    if floor_bytes is not None:
        limits = replace(limits, disk_floor_bytes=floor_bytes)
    lock = DatabaseLock(path)
    try:
        writer = await asyncio.to_thread(_open_migrated, path, county, layer)
        try:
            readers = [open_reader(path, vfs=layer.vfs) for _ in range(_READERS)]
            store = SqliteStore(path, writer, readers, limits=limits, monotonic=monotonic, layer=layer)
            try:
                yield store
            finally:
                await store._close()  # noqa: SLF001 - opening and closing belong together
        finally:
            writer.close()
    finally:
        lock.release()


def _open_migrated(path: Path, county: str | None, layer: FileLayer) -> apsw.Connection:
    connection = open_writer(path, vfs=layer.vfs, synchronous=layer.synchronous)
    try:
        migrate(connection)
        if county is not None:
            _claim(connection, county)
    except BaseException:
        connection.close()
        raise
    return connection


def _claim(connection: apsw.Connection, county: str) -> None:
    """Note whose database it is; a county that opens another's would go on with its chains."""
    connection.execute("INSERT INTO settings (name, value) VALUES ('county', ?) ON CONFLICT DO NOTHING", (county,))
    owner = connection.execute("SELECT value FROM settings WHERE name = 'county'").get
    if owner != county:
        mend = f"it belongs to {owner}: name the database of {county}"
        raise RequestError(Fault("store.other_county", connection.filename, mend))
