"""Tell every partner, every minute and soon after sending, how far our channels go and how far we hold others'."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Self

import structlog

from schemas.control import ChannelHead, HeadBeaconed
from schemas.errors import UnavailableError
from schemas.records import Chain, ForkEvidence, Owing
from services.completeness.writing import SignalWriter, Wishes
from services.domain.completeness import (
    IDLE_AFTER,
    INTERVAL_SECONDS,
    bounded,
    fold,
    own_heads,
    partners_of,
    receipts_seen,
    witnessed,
)
from services.domain.forks import spelled
from services.domain.trust import Trust
from services.ports import Clock, Snapshot, Store

log = structlog.get_logger()

TICKS: Final = 12
"""Looks in an interval: what was sent is told within a twelfth of it."""
_FORKS_MAX: Final = 100


@dataclass(slots=True)
class _Told:
    """What one partner was told last, and for how many beacons each channel has not moved."""

    at: float
    heads: tuple[ChannelHead, ...] = ()
    still: dict[ChannelHead, int] = field(default_factory=dict)
    turn: int = 0


@dataclass(frozen=True, slots=True)
class _View:
    """What the store holds at one moment."""

    chains: Sequence[Chain]
    owed: frozenset[tuple[str, int]]
    forks: Sequence[ForkEvidence]
    numbers: dict[tuple[str, str], int]


class Beaconer:
    """Send beacons, and the proofs of forks with them."""

    def __init__(
        self,
        *,
        store: Store,
        writer: SignalWriter,
        trust: Callable[[], Trust],
        clock: Clock,
        wishes: Wishes,
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        """Take ready-made ports; open nothing."""
        self._store, self._writer, self._trust, self._clock = store, writer, trust, clock
        self._wishes, self._interval_seconds = wishes, interval_seconds
        self._told: dict[str, _Told] = {}
        self._deferred = False

    async def run_once(self) -> int:
        """Send every beacon that is due; return how many.

        Raises:
            UnavailableError: The hub does not take them now, or the store cannot be read.
        """
        partners = partners_of(self._trust(), self._writer.county, self._clock.now())
        view = await self._store.read(_look)
        self._told = {county: told for county, told in self._told.items() if county in partners}
        sent = 0
        for partner in sorted(partners):
            heads = tuple(own_heads(view.chains, self._writer.county, partner))
            if self._is_due(partner, heads):
                await self._send(partner, heads, view)
                sent += 1
        return sent

    def _is_due(self, partner: str, heads: tuple[ChannelHead, ...]) -> bool:
        told, now = self._told.get(partner), self._clock.monotonic()
        if told is None:
            return True
        soon = heads != told.heads or partner in self._wishes.list_all_for
        return now - told.at >= (self._interval_seconds / TICKS if soon else self._interval_seconds)

    async def _send(self, partner: str, heads: tuple[ChannelHead, ...], view: _View) -> None:
        told = self._told.get(partner) or _Told(self._clock.monotonic())
        listed = self._listed(partner, heads, told, view)
        beacon = HeadBeaconed(
            heads=tuple(listed),
            idle=fold([one for one in heads if one not in listed]),
            receipts_seen=tuple(bounded(receipts_seen(view.chains, partner), told.turn)),
            witnessed=tuple(bounded(witnessed(view.chains, self._writer.county, partner), told.turn)),
        )
        await self._writer.send(beacon, partner)
        self._wishes.list_all_for.discard(partner)
        still = {one: told.still.get(one, 0) + 1 for one in heads}
        self._told[partner] = _Told(self._clock.monotonic(), heads, still, told.turn + 1)
        await self._send_proof(partner, view, told.turn)

    def _listed(self, partner: str, heads: Sequence[ChannelHead], told: _Told, view: _View) -> list[ChannelHead]:
        """Leave out what has not moved for a while and is proved to be there; everything if it was asked for."""
        if partner in self._wishes.list_all_for:
            return bounded(heads, told.turn)
        lively = [one for one in heads if told.still.get(one, 0) < IDLE_AFTER or self._is_owed(partner, one, view)]
        return bounded(lively, told.turn)

    def _is_owed(self, partner: str, head: ChannelHead, view: _View) -> bool:
        return (partner, view.numbers[head.channel, head.epoch]) in view.owed

    async def _send_proof(self, partner: str, view: _View, turn: int) -> None:
        """Hand on one proof with every beacon: to whom the channel addresses, and to whose key signed it."""
        about = [one for one in view.forks if partner in one.audience or partner == one.source]
        if about:
            await self._writer.send(spelled(about[turn % len(about)]), partner)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Look twelve times in an interval until the block ends."""
        async with asyncio.TaskGroup() as tasks:
            loop = tasks.create_task(self._loop(), name="beaconer")
            try:
                yield self
            finally:
                loop.cancel()

    async def _loop(self) -> None:
        while True:
            try:
                await self.run_once()
                self._deferred = False
            except UnavailableError as exc:
                if not self._deferred:
                    log.warning("completeness.deferred", what="beacons", code=exc.code)
                self._deferred = True
            await self._clock.sleep(self._interval_seconds / TICKS)


def _look(snapshot: Snapshot) -> _View:
    chains, owing = snapshot.heads(), snapshot.owing()
    return _View(
        chains,
        frozenset(_pair(one) for one in owing),
        snapshot.forks(_FORKS_MAX),
        {(one.channel, one.epoch): one.number for one in chains},
    )


def _pair(one: Owing) -> tuple[str, int]:
    return one.recipient, one.chain_number
