"""Tell every partner, every minute and soon after sending, how far our channels go and how far we hold others'."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Self

import structlog

from schemas.completeness import ForkEvidence
from schemas.control import HeadBeaconed
from schemas.errors import SihuError
from schemas.records import Chain
from services.completeness.writing import SignalWriter, Wishes
from services.domain.completeness import (
    IDLE_AFTER,
    INTERVAL_SECONDS,
    bounded,
    by_partner,
    fold,
    head_of,
    own_chains,
    partners_of,
    receipts_seen,
    witnessed,
)
from services.domain.forks import spelled
from services.domain.trust import Trust
from services.ports import Clock, Snapshot, Store
from services.recurring import recurring

log = structlog.get_logger()

TICKS: Final = 12
"""Looks in an interval: what was sent is told within a twelfth of it."""
_FORKS_MAX: Final = 100
_SENT_KEPT: Final = 64  # beacons to one partner: more than five intervals of them


Place = tuple[str, str, int]
"""Channel, epoch and the sequence at its head."""


@dataclass(slots=True)
class _Told:
    """What one partner was told last, and for how many beacons each channel has not moved."""

    at: float
    heads: frozenset[Place] = frozenset()
    still: dict[Place, int] = field(default_factory=dict)
    turn: int = 0


@dataclass(frozen=True, slots=True)
class _View:
    """What the store holds at one moment."""

    chains: dict[str, list[Chain]]
    """By whom they concern."""
    owed: frozenset[tuple[str, int]]
    forks: Sequence[ForkEvidence]
    heard: dict[str, int]
    """Sequence of the newest beacon of each county."""


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
            chains = view.chains.get(partner, [])
            mine = own_chains(chains, self._writer.county, partner)
            if self._is_due(partner, frozenset(map(_place, mine))):
                await self._send(partner, chains, mine, view)
                sent += 1
        return sent

    def _is_due(self, partner: str, heads: frozenset[Place]) -> bool:
        told, now = self._told.get(partner), self._clock.monotonic()
        if told is None:
            return True
        soon = heads != told.heads or partner in self._wishes.list_all_for
        return now - told.at >= (self._interval_seconds / TICKS if soon else self._interval_seconds)

    async def _send(self, partner: str, chains: Sequence[Chain], mine: Sequence[Chain], view: _View) -> None:
        told = self._told.get(partner) or _Told(self._clock.monotonic())
        listed = bounded([one for one in mine if self._is_listed(partner, one, told, view)], told.turn)
        named = {one.number for one in listed}
        beacon = HeadBeaconed(
            heads=tuple(map(head_of, listed)),
            idle=fold([head_of(one) for one in mine if one.number not in named]),
            receipts_seen=tuple(bounded(receipts_seen(chains, partner), told.turn)),
            witnessed=tuple(bounded(witnessed(chains, self._writer.county, partner), told.turn)),
            heard=view.heard.get(partner),
        )
        number = await self._writer.send(beacon, partner)
        self._wishes.sent.setdefault(partner, deque(maxlen=_SENT_KEPT)).append((number, self._clock.monotonic()))
        self._wishes.list_all_for.discard(partner)
        still = {_place(one): told.still.get(_place(one), 0) + 1 for one in mine}
        self._told[partner] = _Told(self._clock.monotonic(), frozenset(still), still, told.turn + 1)
        await self._send_proof(partner, view, told.turn)

    def _is_listed(self, partner: str, chain: Chain, told: _Told, view: _View) -> bool:
        """Leave out what has not moved for a while and is proved to be there; nothing if all was asked for."""
        lively = told.still.get(_place(chain), 0) < IDLE_AFTER or (partner, chain.number) in view.owed
        return lively or partner in self._wishes.list_all_for

    async def _send_proof(self, partner: str, view: _View, turn: int) -> None:
        """Hand on one proof with every beacon: to whom the channel addresses, and to whose key signed it."""
        about = [one for one in view.forks if partner in one.audience or partner == one.source]
        if about:
            await self._writer.send(spelled(about[turn % len(about)]), partner)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Look twelve times in an interval until the block ends."""
        async with recurring(
            self.run_once,
            name="beaconer",
            clock=self._clock,
            every_seconds=self._interval_seconds / TICKS,
            deferred=_tell_deferred,
        ):
            yield self


def _tell_deferred(error: SihuError) -> None:
    log.warning("completeness.deferred", what="beacons", code=error.code)


def _look(snapshot: Snapshot) -> _View:
    owed = frozenset((one.recipient, one.chain_number) for one in snapshot.owing())
    heard = {one.county: one.number for one in snapshot.heard(HeadBeaconed.wire_type)}
    return _View(by_partner(snapshot.heads()), owed, snapshot.forks(_FORKS_MAX), heard)


def _place(chain: Chain) -> Place:
    return chain.channel, chain.epoch, chain.head.seq
