"""What a hub's server does about its own copies of the streams: it looks, tells, and takes a damaged one anew.

Nothing here is needed for correctness: the sources keep what has no receipt, and publish it again. But a copy that lost
something says so to nobody, and one day it leads: then every county has to find out by itself.

Source: docs/decisions/0027-repair-the-hubs-streams.md
"""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import structlog

from adapters.jetstream.connection import HubConnection
from adapters.jetstream.copies import leading_copies, own_copies
from adapters.jetstream.embedded import EmbeddedServer
from schemas.hub_copies import StreamCopy
from schemas.subjects import streams
from services.domain.hub_copies import Step, damaged, is_turn, lacking, step

log = structlog.get_logger()

SET_ASIDE: Final = "jetstream.damaged"
_INDEXES: Final = "jetstream/HUB/streams/*/msgs/index.db"
_BLOCKS: Final = "jetstream/HUB/streams/*/msgs/*.blk"
_CHECKED_BYTES: Final = 4 << 30  # reading more takes longer than a start may
_LOOKS_OF_A_TURN: Final = 12


def forget_indexes(store: Path) -> None:
    """Let nats-server read every file of its copies at its next start, and check every message's checksum.

    It would go by its indexes, and find a damaged message when somebody wants it. A file is lost from that message on:
    for one of three copies that is the way to be found out and taken anew, for an only copy it would be a loss.
    """
    size = sum(block.stat().st_size for block in store.glob(_BLOCKS))
    if size > _CHECKED_BYTES:
        log.warning("hub.files_unchecked", mib=size >> 20)
        return
    for index in store.glob(_INDEXES):
        index.unlink(missing_ok=True)


class HubWatch:
    """Looks at one server's copies, again and again."""

    def __init__(
        self,
        *,
        server: EmbeddedServer,
        connection: HubConnection,
        store: Path,
        name: str | None,
        look_seconds: float,
        now: Callable[[], float],
    ) -> None:
        """Borrow server and connection; look at nothing yet.

        Args:
            server: Ours.
            connection: The registrar's.
            store: Where the server keeps its copies.
            name: The server's name among three; None if it is alone.
            look_seconds: Between two looks; a turn to repair takes twelve.
            now: Seconds of the clock that the three share.
        """
        self._server, self._connection, self._store, self._name = server, connection, store, name
        self._turn_seconds, self._now = _LOOKS_OF_A_TURN * look_seconds, now
        self._before: Mapping[str, StreamCopy] | None = None
        self._absent: dict[str, int] = {}  # looks at which a copy was not there: being made, recovered, or never to be
        self._planned = Step.NOTHING
        self._told: dict[str, int] = {}

    async def look(self) -> Step:
        """Compare this server's copies with those that lead; return what was to be done about them.

        Raises:
            UnavailableError: A server does not answer, or a stream has no leader now.
        """
        await self._server.serving()
        held = await own_copies(self._server.ports.monitor, self._name or "")
        own = {stream: held[stream] for stream in streams() if stream in held}
        before, self._before = self._before, own
        if self._name is None:
            self._tell({stream: own[stream].missing for stream in damaged(own, own)})
            return Step.NOTHING
        leading = await leading_copies(self._connection)
        if before is None:
            return Step.NOTHING
        self._absent = {stream: self._absent.get(stream, 0) + 1 for stream in leading if stream not in own}
        bad = {
            stream
            for stream in damaged(before, leading)
            if stream in before or self._absent.get(stream, 0) >= _LOOKS_OF_A_TURN
        }
        self._tell({stream: lacking(before.get(stream), leading[stream]) for stream in bad})
        planned, self._planned = self._planned, step(self._name, bad, leading)
        holders = {name for one in leading.values() for name in one.holders}
        if planned is self._planned and is_turn(self._name, holders, self._now(), self._turn_seconds):
            await self._do(planned, sorted(bad))
        return self._planned

    async def _do(self, planned: Step, bad: list[str]) -> None:
        if planned is Step.HAND_OVER:
            log.error("hub.copy_handed_over", streams=bad)
            await self._server.restart(lambda: None)
        elif planned is Step.REFILL:
            log.error("hub.copies_refilled", streams=bad, kept=str(self._store.with_name(SET_ASIDE)))
            await self._server.restart(self._set_aside)
        if planned in {Step.HAND_OVER, Step.REFILL}:
            self._before, self._absent, self._planned = None, {}, Step.NOTHING

    def _set_aside(self) -> None:
        """Keep what was damaged for a person to look at; only the newest, or it would fill the disk."""
        kept = self._store.with_name(SET_ASIDE)
        shutil.rmtree(kept, ignore_errors=True)
        self._store.rename(kept)

    def _tell(self, missing: dict[str, int]) -> None:
        for stream, count in missing.items():
            if self._told.get(stream) != count:
                log.error("hub.copy_damaged", stream=stream, missing=count)
        for stream in self._told.keys() - missing.keys():
            log.info("hub.copy_mended", stream=stream)
        self._told = missing
