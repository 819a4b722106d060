"""The source's own watch: a silent neighbour must never be just a line on a board.

Alerts of levels 1–2 without *stored* in 60 s, or without *acknowledged* by the deadline, are told to
this county's own duty officer with the neighbour's telephone; the notice is resolved when the receipt comes.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, Self

import structlog

from schemas.control import ReceiptStage
from schemas.errors import SihuError
from schemas.escalations import EscalationKind, Policy
from schemas.notices import Notice, NoticeKind
from schemas.records import Delivery, Watch
from services.domain.escalation import Opening, open_escalation
from services.domain.expiry import Expiry, ends_of, expiring
from services.domain.neighbours import Silence
from services.domain.reading import line_of
from services.domain.telling import phone_of, told_of_expiry, told_of_silence
from services.domain.trust import Trust
from services.notifier.case_days import tell_case_days
from services.notifier.countersigning import tell_missing_names
from services.ports import Clock, Snapshot, Store, Transaction
from services.recurring import recurring

log = structlog.get_logger()

_BATCH: Final = 500
_ENDS_SECONDS: Final = 3600.0
_KIND: Final = {ReceiptStage.STORED: NoticeKind.NOT_STORED, ReceiptStage.ACKNOWLEDGED: NoticeKind.NOT_ACKNOWLEDGED}


class Notifier:
    """Tell the own duty officer what is overdue next door."""

    def __init__(
        self,
        *,
        store: Store,
        trust: Callable[[], Trust],
        clock: Clock,
        certificate_ends_at: Callable[[], datetime | None] = lambda: None,
        policy: Callable[[], Policy] | None = None,
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: The county's one database.
            trust: Returns what is trusted now.
            clock: Reads the time.
            certificate_ends_at: Returns the last moment of the certificate that the link shows; None without TLS.
            policy: How people are told; None where nobody is paged.
        """
        self._store, self._trust, self._clock = store, trust, clock
        self._certificate_ends_at, self._policy = certificate_ends_at, policy
        self._looked_for_ends_at: float | None = None

    async def run_once(self) -> int:
        """Tell what has become overdue and resolve what has come since; return how many notices changed.

        Raises:
            UnavailableError: The store cannot write now; the watches stay.
        """
        now = self._clock.now()
        told = await self._store.write(lambda tx: self._tell_overdue(tx, now))
        resolved = await self._resolve(now)
        return told + resolved + await tell_missing_names(self._store, now) + await self._warn(now)

    async def _warn(self, now: datetime) -> int:
        """Once an hour: tell what comes to its end and which days of cases have come, and resolve what is over."""
        looked, since = self._looked_for_ends_at, self._clock.monotonic()
        if looked is not None and since - looked < _ENDS_SECONDS:
            return 0
        ending = {one.about: one for one in expiring(ends_of(self._trust(), self._certificate_ends_at()), now)}
        notices = await self._store.read(lambda snapshot: snapshot.notices(open_only=True, limit=_BATCH))
        known = {one.about: one for one in notices if one.kind is NoticeKind.EXPIRING}
        fresh = [ending[about] for about in sorted(ending.keys() - known.keys())]
        renewed = [known[about] for about in sorted(known.keys() - ending.keys())]
        if fresh or renewed:
            await self._store.write(lambda tx: _note_ends(tx, fresh, renewed, now))
        cases = await tell_case_days(self._store, now)
        self._looked_for_ends_at = since
        return len(fresh) + len(renewed) + cases

    def _tell_overdue(self, tx: Transaction, now: datetime) -> int:
        trust = self._trust()
        passed = tx.waiting_room.due(now, _BATCH)
        due = [watch for watch in passed if trust.member(watch.recipient) is not None]  # nobody waits for who has left
        for watch in due:
            text = self._text(tx, watch)
            tx.waiting_room.tell(_KIND[watch.stage], watch.envelope_id, watch.recipient, text, now)
            self._page_own_desk(tx, watch, now)
            log.error("notifier.told", kind=_KIND[watch.stage], county=watch.recipient, envelope_id=watch.envelope_id)
        return len(due)

    def _page_own_desk(self, tx: Transaction, watch: Watch, now: datetime) -> None:
        """Have our own duty officer paged to call the neighbour, once for an event, a county and a stage."""
        event, key = tx.event(watch.envelope_id), Silence(watch.envelope_id, watch.recipient, watch.stage).key
        if self._policy is None or event is None or tx.paging.escalation(key) is not None:
            return
        header = event.envelope.header
        kind = EscalationKind.NEIGHBOUR
        opening = Opening(key, kind, "", watch.level, header.status, header.source, header.expires)
        tx.paging.keep(open_escalation(opening, self._policy(), now))

    def _text(self, tx: Transaction, watch: Watch) -> str:
        event = tx.event(watch.envelope_id)
        agreement_id = event.envelope.header.agreement_id if event else ""
        headline = line_of(event) if event else ""
        phone = phone_of(self._trust(), agreement_id, watch.recipient)
        return told_of_silence(watch.stage, watch.recipient, phone, headline)

    async def _resolve(self, now: datetime) -> int:
        answered = await self._store.read(_answered)
        if answered:
            await self._store.write(lambda tx: _resolve_all(tx, answered, now))
        return len(answered)

    @asynccontextmanager
    async def running(self, tick_seconds: float = 1.0) -> AsyncIterator[Self]:
        """Look every ``tick_seconds`` until the block ends."""
        async with recurring(
            self.run_once,
            name="notifier",
            clock=self._clock,
            every_seconds=tick_seconds,
            deferred=_tell_deferred,
        ):
            yield self


def _tell_deferred(error: SihuError) -> None:
    log.warning("notifier.deferred", code=error.code)


def _answered(snapshot: Snapshot) -> list[Notice]:
    """Return open notices of silence whose receipt is in by now."""
    waiting = [n for n in snapshot.notices(open_only=True, limit=_BATCH) if n.kind in set(_KIND.values())]
    return [notice for notice in waiting if _has_come(notice, snapshot.deliveries(notice.about))]


def _has_come(notice: Notice, deliveries: list[Delivery]) -> bool:
    one = next((delivery for delivery in deliveries if delivery.recipient == notice.county), None)
    if one is None:
        return False
    if notice.kind is NoticeKind.NOT_STORED:
        return one.stored_at is not None or one.acknowledged_at is not None or one.refused_code is not None
    return one.acknowledged_at is not None


def _note_ends(tx: Transaction, fresh: list[Expiry], renewed: list[Notice], now: datetime) -> None:
    for end in fresh:
        tx.waiting_room.tell(NoticeKind.EXPIRING, end.about, "", told_of_expiry(end.title, end.ends_at), now)
        log.warning("notifier.expiring", about=end.about, ends_at=end.ends_at.isoformat())
    _resolve_all(tx, renewed, now)


def _resolve_all(tx: Transaction, notices: list[Notice], now: datetime) -> None:
    for notice in notices:
        tx.waiting_room.resolve(notice.kind, notice.about, notice.county, now)
