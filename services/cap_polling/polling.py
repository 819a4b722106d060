"""Ask one feed again and again: each document is taken once; what cannot be taken becomes a notice, never a crash."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

import structlog

from schemas.cap import CapAlert
from schemas.cap_records import CapRead, Polled
from schemas.errors import Fault, RequestError, SihuError, UnavailableError
from schemas.notices import NoticeKind
from services.cap_intake.intake import CapIntake, DeskFullError, Taken
from services.cap_ports import CapFeed
from services.domain.cap_rules import sent_at
from services.domain.cap_taking import NOT_TOLD, CapAsk
from services.ports import Clock, Store, Transaction
from services.recurring import recurring

log = structlog.get_logger()

BACK_OFF_MAX_SECONDS: Final = 3600.0
TOLD_AFTER: Final = 3
"""Rounds in a row that fail before the duty officer hears of it."""
_DOUBLINGS_MAX: Final = 16
_LINKS: Final = "links"


@dataclass(frozen=True, slots=True)
class FeedRules:
    """One feed as it is set.

    Attributes:
        name: Unique in this node.
        url: Where it is.
        seconds: Between two rounds.
        ask: How its documents are taken.
    """

    name: str
    url: str
    seconds: float
    ask: CapAsk


class FeedPoller:
    """One feed and its rounds."""

    def __init__(self, *, rules: FeedRules, feed: CapFeed, intake: CapIntake, store: Store, clock: Clock) -> None:
        """Take ready-made ports; open nothing."""
        self.rules = rules
        self._feed, self._intake, self._store, self._clock = feed, intake, store, clock
        self._failures = 0
        self._not_before = float("-inf")
        self._has_answered = False

    @property
    def is_ready(self) -> bool:
        """Whether the last round went well; true before the first."""
        return self._failures == 0

    async def run_once(self) -> int:
        """Ask once, unless it is too early after a failure; return how many documents were taken anew.

        Raises:
            UnavailableError: The feed or the store does not answer; the next rounds come later and later.
        """
        if self._clock.monotonic() < self._not_before:
            return 0
        try:
            taken = await self._round()
        except UnavailableError as exc:
            await self._put_off(exc.code)
            raise
        if taken is None:
            return 0
        self._failures, self._not_before = 0, float("-inf")
        return taken

    async def _round(self) -> int | None:
        seen = await self._store.read(lambda snapshot: snapshot.cap.feed(self.rules.name, self.rules.url))
        polled = await self._feed.poll(seen)
        if isinstance(polled, Fault):
            log.warning("cap.feed_refused", feed=self.rules.name, code=polled.code)
            await self._put_off(polled.code, at_once=True)
            return None
        taken, refused = await self._take(polled)
        if polled.seen != seen or refused or polled.faults or not (self.is_ready and self._has_answered):
            await self._store.write(lambda tx: self._write_down(tx, polled, refused, self._clock.now()))
        self._has_answered = True
        return taken

    async def _take(self, polled: Polled) -> tuple[int, list[str]]:
        """Take documents in the order in which they were sent: an update comes behind what it updates."""
        refused: list[str] = []
        read: list[tuple[CapRead, bytes]] = []
        for _, data in polled.documents:
            try:
                read.append((await self._intake.read(data, self.rules.ask), data))
            except RequestError as exc:
                refused.append(self._refused(exc))
        taken, full = 0, None
        for found, data in sorted(read, key=lambda one: _order(one[0].document)):
            try:
                outcome = await self._intake.take(found, data, self.rules.ask)
            except DeskFullError as exc:
                full = exc  # what an officer need not see goes out all the same
            except RequestError as exc:
                refused.append(self._refused(exc))
            else:
                taken += isinstance(outcome, Taken) and outcome.is_new
        if full is not None:
            raise full
        return taken, refused

    def _refused(self, error: RequestError) -> str:
        code = error.fault.code
        if code not in NOT_TOLD:
            log.warning("cap.refused", feed=self.rules.name, code=code, field=error.fault.field)
        return code

    def _write_down(self, tx: Transaction, polled: Polled, refused: list[str], now: datetime) -> None:
        name = self.rules.name
        tx.cap.keep_feed(name, self.rules.url, polled.seen)
        tx.waiting_room.resolve(NoticeKind.CAP_FEED, name, "", now)
        for code in sorted(set(refused) - NOT_TOLD):
            text = f"预警源 {name} 有文件未被采用：{code}"
            tx.waiting_room.tell(NoticeKind.CAP_FEED, f"{name}/{code}", "", text, now)
        if polled.faults:
            text = f"预警源 {name} 有 {len(polled.faults)} 份文件无法读取：{polled.faults[0].code}"
            tx.waiting_room.tell(NoticeKind.CAP_FEED, f"{name}/{_LINKS}", "", text, now)
        else:
            tx.waiting_room.resolve(NoticeKind.CAP_FEED, f"{name}/{_LINKS}", "", now)

    async def _put_off(self, code: str, *, at_once: bool = False) -> None:
        self._failures += 1
        wait = max(self.rules.seconds, BACK_OFF_MAX_SECONDS)
        wait = min(wait, self.rules.seconds * 2.0 ** min(self._failures, _DOUBLINGS_MAX))
        self._not_before = self._clock.monotonic() + wait
        if at_once or self._failures == TOLD_AFTER:
            now, name = self._clock.now(), self.rules.name
            text = f"预警源 {name} 读取失败：{code}。请核对地址和网络"
            await self._store.write(lambda tx: tx.waiting_room.tell(NoticeKind.CAP_FEED, name, "", text, now))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Ask at once, and again until the block ends."""
        async with recurring(
            self.run_once,
            name=f"cap-{self.rules.name}",
            clock=self._clock,
            every_seconds=self.rules.seconds,
            deferred=self._tell_deferred,
        ):
            yield self

    def _tell_deferred(self, error: SihuError) -> None:
        log.warning("cap.feed_deferred", feed=self.rules.name, code=error.code)


def _order(document: CapAlert) -> float:
    sent = sent_at(document)
    return float("inf") if isinstance(sent, Fault) else sent.timestamp()
