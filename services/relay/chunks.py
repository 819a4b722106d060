"""The way out for files: chunks are published below everything else, and only those that the hub is not known to hold.

Nothing waits for them.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final, Self

import structlog

from schemas.envelope import ChunkBinding
from schemas.errors import UnavailableError
from schemas.files import FileState, KeptFile, Sending
from schemas.ids import CountyCode
from schemas.subjects import ChunkSubject
from services.domain.chunks import first_of, none_of, size_of, spell_chunk, without_chunks
from services.domain.merkle import Levels, levels
from services.file_ports import ChunkPublisher, FileFolder
from services.file_work import chunk_digests
from services.ports import Clock, Store, Transaction

log = structlog.get_logger()

_RUN_BYTES: Final = 1024 * 1024  # of one file, before another has its turn
_LOOKED_AT: Final = 64  # sendings, for one whose event has left
_IDLE_SECONDS: Final = 0.5
_TREES_KEPT: Final = 4  # files whose tree is remembered: 64 KiB each


class ChunkRelay:
    """Publish the chunks of files that are wanted."""

    def __init__(
        self, *, store: Store, folder: FileFolder, publisher: ChunkPublisher, clock: Clock, county: CountyCode
    ) -> None:
        """Take ready-made ports; open nothing."""
        self._store, self._folder, self._publisher = store, folder, publisher
        self._clock, self._county = clock, county
        self._trees: dict[str, Levels[bytes]] = {}
        self._left: set[int] = set()
        """Sendings whose events are known to be at the hub."""

    async def run_once(self) -> int:
        """Publish some chunks of the file whose turn it is; return how many the hub took.

        Raises:
            UnavailableError: The hub or the disk cannot be reached now; what is wanted stays wanted.
        """
        found = await self._next()
        if found is None:
            return 0
        sending, kept = found
        indices = first_of(sending.todo, max(1, _RUN_BYTES // kept.chunks.chunk_size))
        messages = await asyncio.to_thread(self._spelt, sending, kept, indices)
        if messages is None:
            await self._store.write(lambda tx: _lost(tx, kept))
            log.warning("relay.file_lost", envelope_id=kept.envelope_id)
            return 0
        subject = str(ChunkSubject(self._county, sending.destination))
        count = await self._publisher.publish(subject, messages)
        todo = without_chunks(sending.todo, indices[:count])
        await self._store.write(lambda tx: tx.files.sent(sending.number, todo))
        if not any(todo):
            self._left.discard(sending.number)
            log.info("relay.file_published", envelope_id=kept.envelope_id, destination=sending.destination)
        return count

    async def _next(self) -> tuple[Sending, KeptFile] | None:
        """Return whose turn it is: what is wanted of a file whose event has left, so that it can be known there."""
        sendings = await self._store.read(lambda snapshot: snapshot.files.sendings(_LOOKED_AT))
        if not sendings:
            return None
        found = await self._store.write(lambda tx: _ready(tx, sendings, self._left))
        if found is not None:
            self._left.add(found[0].number)
        return found

    def _spelt(self, sending: Sending, kept: KeptFile, indices: list[int]) -> list[tuple[str, bytes]] | None:
        """Read chunks and spell their messages; None if the file is not what it was."""
        tree = self._tree_of(kept)
        if tree is None:
            return None
        messages: list[tuple[str, bytes]] = []
        for index in indices:
            length = size_of(kept.chunks, index)
            data = self._folder.read(kept.name, index * kept.chunks.chunk_size, length)
            if len(data) != length:
                return None
            name = f"{sending.envelope_id[:16]}-{sending.number}-{index}"
            messages.append((name, spell_chunk(sending.envelope_id, index, tree, data)))
        return messages

    def _tree_of(self, kept: KeptFile) -> Levels[bytes] | None:
        found = self._trees.get(kept.envelope_id)
        if found is None:
            if not _is_there(self._folder, kept.name, kept.chunks):
                return None
            while len(self._trees) >= _TREES_KEPT:
                del self._trees[next(iter(self._trees))]
            tree = levels(chunk_digests(self._folder, kept.name, kept.chunks))
            if tree[-1][0].hex() != kept.chunks.root:
                return None
            found = self._trees[kept.envelope_id] = tree
        return found

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Publish until the block ends; what was under way is published again."""
        async with asyncio.TaskGroup() as tasks:
            loop = tasks.create_task(self._loop(), name="relay-chunks")
            try:
                yield self
            finally:
                loop.cancel()

    async def _loop(self) -> None:
        deferred = False
        while True:
            try:
                moved = await self.run_once()
                deferred = False
            except UnavailableError as exc:
                if not deferred:
                    log.warning("relay.chunks_deferred", code=exc.code)
                moved, deferred = 0, True
            if not moved:
                await self._clock.sleep(_IDLE_SECONDS)


def _ready(tx: Transaction, sendings: Iterable[Sending], left: Collection[int]) -> tuple[Sending, KeptFile] | None:
    """Return the first sending of a file that is whole, and whose event is at the hub."""
    for sending in sendings:
        kept = tx.files.file_of(sending.envelope_id)
        if kept is None or kept.state is not FileState.WHOLE:
            continue
        if sending.number in left or not tx.outbox.is_waiting(sending.envelope_id):
            return sending, kept
    return None


def _is_there(folder: FileFolder, name: str, chunks: ChunkBinding) -> bool:
    return folder.size(name) == chunks.size


def _lost(tx: Transaction, kept: KeptFile) -> None:
    """Note that a file is not here any more, as after a restore: it is asked for like any that is missing."""
    tx.files.settle(kept.envelope_id, FileState.ARRIVING, kept.moved_at)
    tx.files.keep(replace(kept, state=FileState.ARRIVING, held=none_of(kept.chunks.count)))
