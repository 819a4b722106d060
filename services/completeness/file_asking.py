"""Ask for the chunks of files that do not come: of the source first, then of every member that may hold them.

Partners are told besides how far each file is, so that they neither send the event again nor wonder.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Self

import structlog

from schemas.control import WANTED_FILES_MAX, ChunksRequested, WantedFile
from schemas.errors import SihuError, UnavailableError
from schemas.files import KeptFile
from services.completeness.writing import SignalWriter
from services.domain.chunks import count_of, missing_of
from services.domain.files import with_room
from services.ports import Clock, Snapshot, Store
from services.recurring import recurring

log = structlog.get_logger()

_ARRIVING_MAX: Final = 1000
_TELL_SECONDS: Final = 15.0
_LONGEST_SECONDS: Final = 600.0


@dataclass(slots=True)
class _Watched:
    """How long we have been waiting for one file; seconds that never go back."""

    held: int
    due: float
    attempt: int = 0


class FileAsker:
    """Ask for what is missing."""

    def __init__(
        self, *, store: Store, writer: SignalWriter, clock: Clock, spool_bytes: int, quiet_seconds: float
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: Knows what is missing.
            writer: The way out for requests.
            clock: Seconds that never go back.
            spool_bytes: Most that the files of one source may take while they arrive: later ones are not asked for yet.
            quiet_seconds: After so long without a chunk the missing ones are asked for, then less and less often.
        """
        self._store, self._writer, self._clock = store, writer, clock
        self._spool_bytes, self._quiet_seconds = spool_bytes, quiet_seconds
        self._watched: dict[str, _Watched] = {}
        self._told: dict[str, float] = {}

    async def run_once(self) -> int:
        """Ask and tell what is due; return how many signals went out.

        Raises:
            UnavailableError: The store cannot be read, or the hub takes nothing now.
        """
        arriving = await self._store.read(lambda snapshot: _look(snapshot, self._writer.county))
        roomy = {one.envelope_id for one in with_room([kept for kept, _ in arriving], self._spool_bytes)}
        self._forget({kept.envelope_id for kept, _ in arriving})
        asked: dict[str, list[WantedFile]] = {}
        urgent: set[str] = set()
        for kept, holders in arriving:
            watched = self._watch(kept)
            is_due = kept.envelope_id in roomy and self._clock.monotonic() >= watched.due
            if is_due:
                self._postpone(watched)
            stalled = watched.attempt > 0 and kept.envelope_id in roomy
            holder = _holder(holders, watched.attempt) if stalled else holders[0]
            missing = missing_of(kept.held, kept.chunks.count) if stalled else ()
            asked.setdefault(holder, []).append(WantedFile(id=kept.envelope_id, held=watched.held, missing=missing))
            if is_due:
                urgent.add(holder)
        return sum([await self._say(holder, wanted, holder in urgent) for holder, wanted in asked.items()])

    def _watch(self, kept: KeptFile) -> _Watched:
        held, now = count_of(kept.held), self._clock.monotonic()
        watched = self._watched.get(kept.envelope_id)
        if watched is None or watched.held != held:
            watched = self._watched[kept.envelope_id] = _Watched(held, now + self._quiet_seconds)
        return watched

    def _postpone(self, watched: _Watched) -> None:
        watched.attempt += 1
        wait = min(self._quiet_seconds * 2 ** min(watched.attempt, 16), _LONGEST_SECONDS)
        watched.due = self._clock.monotonic() + wait

    def _forget(self, arriving: set[str]) -> None:
        for envelope_id in self._watched.keys() - arriving:
            del self._watched[envelope_id]

    async def _say(self, holder: str, wanted: list[WantedFile], urgent: bool) -> int:  # noqa: FBT001 - a fact
        now = self._clock.monotonic()
        if not urgent and now - self._told.get(holder, -_TELL_SECONDS) < _TELL_SECONDS:
            return 0
        self._told[holder] = now
        wanted.sort(key=lambda one: not one.missing)  # what is asked for comes before what is only told
        await self._writer.send(ChunksRequested(wanted=tuple(wanted[:WANTED_FILES_MAX])), holder)
        if urgent:
            log.info("completeness.chunks_asked", county=holder, count=len(wanted))
        return 1

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Look often enough until the block ends."""
        async with recurring(
            self.run_once,
            name="file-asker",
            clock=self._clock,
            every_seconds=min(2.0, self._quiet_seconds / 2),
            deferred=_tell_deferred,
            may_fail_by=(UnavailableError,),
        ):
            yield self


def _holder(holders: tuple[str, ...], attempt: int) -> str:
    """Return whom to ask: the source twice, then others in turn, the source every second time."""
    others = holders[1:]
    if attempt <= 2 or attempt % 2 == 0 or not others:  # noqa: PLR2004 - as the docstring says
        return holders[0]
    return others[(attempt // 2 - 1) % len(others)]


def _look(snapshot: Snapshot, county: str) -> list[tuple[KeptFile, tuple[str, ...]]]:
    """Return the files that are arriving, and who may hold each, the source first; ourselves left out."""
    found: list[tuple[KeptFile, tuple[str, ...]]] = []
    for kept in snapshot.files.arriving(_ARRIVING_MAX):
        event = snapshot.event(kept.envelope_id)
        header = event.envelope.header if event else None
        holders = (header.source, *header.to) if header else ()
        if others := tuple(one for one in holders if one != county):
            found.append((kept, others))
    return found


def _tell_deferred(error: SihuError) -> None:
    log.warning("completeness.deferred", what="files", code=error.code)
