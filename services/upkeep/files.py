"""Files beside the database that nobody counts on: swept at start, and whenever an event was erased or given up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Final, Self

import structlog

from schemas.errors import SihuError
from schemas.files import FileState, KeptFile
from services.domain.chunks import none_of
from services.file_ports import FileFolder
from services.ports import Clock, Store, Transaction
from services.recurring import recurring

log = structlog.get_logger()

UPLOADS_KEPT: Final = timedelta(hours=24)
"""After that long an upload that no event has used is given up."""
_STEP: Final = 200
_EVERY_SECONDS: Final = 5.0


class FileSweeper:
    """Keep folder and rows in step."""

    def __init__(self, *, store: Store, folder: FileFolder, clock: Clock) -> None:
        """Take ready-made ports; open nothing."""
        self._store, self._folder, self._clock = store, folder, clock

    async def begin(self) -> int:
        """Remove what a crash left behind, before anybody writes; return how many files.

        A file that has gone, as with a database that came back from a backup, counts as missing: it is asked for.

        Raises:
            UnavailableError: The store or the disk cannot be used now.
        """
        kept, uploads = await self._store.read(
            lambda snapshot: (snapshot.files.kept_names(), {one.number for one in snapshot.files.uploads(_STEP)})
        )
        present = set(await asyncio.to_thread(self._folder.names))
        for name in sorted(present - kept):
            await asyncio.to_thread(self._folder.remove, name)
        for name in sorted(kept - present - uploads):
            await self._store.write(lambda tx, name=name: _lose(tx, name))  # type: ignore[misc]
        if present - kept:
            log.info("upkeep.files_swept", count=len(present - kept))
        return len(present - kept)

    async def run_once(self) -> int:
        """Remove the files of erased and refused events, and uploads that nobody used; return how many.

        Raises:
            UnavailableError: The store or the disk cannot be used now.
        """
        gone = await self._store.read(lambda snapshot: snapshot.files.gone(_STEP))
        for one in gone:
            await self._remove(one)
        return len(gone) + await self._give_up()

    async def _remove(self, one: KeptFile) -> None:
        await asyncio.to_thread(self._folder.remove, one.name)
        await self._store.write(lambda tx: tx.files.forget_name(one.envelope_id))
        log.info("upkeep.file_removed", envelope_id=one.envelope_id, state=one.state)

    async def _give_up(self) -> int:
        before = self._clock.now() - UPLOADS_KEPT
        uploads = await self._store.read(lambda snapshot: snapshot.files.uploads(_STEP))
        old = [one.number for one in uploads if one.started_at < before]
        for number in old:
            await self._store.write(lambda tx, number=number: tx.files.drop(number))  # type: ignore[misc]
            await asyncio.to_thread(self._folder.remove, number)
        return len(old)

    @asynccontextmanager
    async def running(self, every_seconds: float = _EVERY_SECONDS) -> AsyncIterator[Self]:
        """Look every ``every_seconds`` until the block ends."""
        async with recurring(
            self.run_once,
            name="file-sweeper",
            clock=self._clock,
            every_seconds=every_seconds,
            deferred=_tell_deferred,
        ):
            yield self


def _lose(tx: Transaction, name: str) -> None:
    kept = tx.files.file_named(name)
    if kept is None or kept.state not in {FileState.WHOLE, FileState.ARRIVING}:
        return
    if any(kept.held):
        tx.files.settle(kept.envelope_id, FileState.ARRIVING, kept.moved_at)
        tx.files.keep(replace(kept, state=FileState.ARRIVING, held=none_of(kept.chunks.count)))
        log.warning("upkeep.file_lost", envelope_id=kept.envelope_id)


def _tell_deferred(error: SihuError) -> None:
    log.warning("upkeep.deferred", code=error.code)
