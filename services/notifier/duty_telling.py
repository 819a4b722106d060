"""Partners are told who is on duty here: one signed record to each when other people come on duty, none otherwise.

What was told stands in the store, so a restart tells nothing twice.

Source: docs/decisions/0047-tell-partners-who-is-on-duty.md
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, Protocol, Self

import structlog

from schemas.control import DutyTold, OnDuty
from schemas.duties import ToldDuty
from schemas.errors import RequestError, SihuError
from schemas.ids import CountyCode
from services.domain.duty_telling import duty_outgoing, is_due, record_of_duty, told_partners, told_row
from services.domain.trust import AgreementInForce, Trust
from services.ports import Clock, Snapshot, Store, Transaction
from services.posting import Posting
from services.recurring import recurring

log = structlog.get_logger()

_EVERY_SECONDS: Final = 1.0


class Stands(Protocol):
    """The roster, asked who of it partners may read; ``refresh`` alone looks at its files."""

    def refresh(self) -> None:
        """Look whether the files have changed."""

    def told_people(self, at: datetime) -> tuple[OnDuty, ...] | None:
        """Return primary and secondary at a moment; None while there is no good roster."""

    def withheld(self, at: datetime) -> tuple[str, ...]:
        """Return the officers on duty who are not told of: a personal number stands in their name."""

    def stands_until(self, at: datetime) -> datetime:
        """Return until when these people stand, at most seven days."""


class DutyTeller:
    """Tells partners who is on duty."""

    def __init__(
        self,
        *,
        store: Store,
        posting: Posting,
        trust: Callable[[], Trust],
        duty: Stands,
        clock: Clock,
        office: str,
        is_on: bool = True,
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: The county's one database.
            posting: The way out.
            trust: Returns what is trusted now.
            duty: The roster.
            clock: Reads the time.
            office: Name of the county's own office.
            is_on: False tells partners once, where it has to, that nobody is named any more, and then nothing.
        """
        self._store, self._posting, self._trust = store, posting, trust
        self._duty, self._clock = duty, clock
        self._office, self._is_on = office, is_on
        self._withheld: tuple[str, ...] = ()
        self._untold: set[str] = set()
        """Partners of which the log says already that they cannot be told."""

    async def run_once(self) -> int:
        """Tell every partner to which something else is due; return how many were told.

        Raises:
            UnavailableError: The store cannot write now; the next round tells.
        """
        now = self._clock.now()
        people = await asyncio.to_thread(self._people, now)
        if people is None:
            return 0  # what was told runs out by itself
        partners = told_partners(self._trust(), self._posting.county, now)
        due = await self._store.read(lambda snapshot: _due(snapshot, partners, people, now))
        if not due:
            return 0
        until = await asyncio.to_thread(self._duty.stands_until, now) if people else None
        return sum([await self._tell(one, partners[one], people, until, now) for one in due])

    def _people(self, now: datetime) -> tuple[OnDuty, ...] | None:
        if not self._is_on:
            return ()
        self._duty.refresh()
        withheld = self._duty.withheld(now)
        if withheld and withheld != self._withheld:
            log.warning("notifier.name_withheld", officers=withheld, mend="take the number out of `display`")
        self._withheld = withheld
        return self._duty.told_people(now)

    async def _tell(
        self,
        partner: CountyCode,
        agreement: AgreementInForce,
        people: tuple[OnDuty, ...],
        until: datetime | None,
        now: datetime,
    ) -> bool:
        try:
            told = await self._store.write(lambda tx: self._post(tx, partner, agreement, people, until, now))
        except RequestError as exc:  # no key that it could be encrypted to: it stays due
            if partner not in self._untold:
                log.warning("notifier.duty_not_told", county=partner, code=exc.fault.code)
            self._untold.add(partner)
            return False
        self._untold.discard(partner)
        return told

    def _post(
        self,
        tx: Transaction,
        partner: CountyCode,
        agreement: AgreementInForce,
        people: tuple[OnDuty, ...],
        until: datetime | None,
        now: datetime,
    ) -> bool:
        before = _told(tx, partner)
        end = until or (before.valid_until if before else now)
        if end <= now:
            return False  # the roster went while it was asked
        record: DutyTold = record_of_duty(self._office, people, now, end)
        posted = self._posting.post(tx, duty_outgoing(record, agreement, partner), now)
        tx.duties.note_told(told_row(record, partner, posted.envelope_id, before, now))
        log.info("notifier.duty_told", county=partner, people=len(people), envelope_id=posted.envelope_id)
        return True

    @asynccontextmanager
    async def running(self, every_seconds: float = _EVERY_SECONDS) -> AsyncIterator[Self]:
        """Look at once and every ``every_seconds`` until the block ends."""
        async with recurring(
            self.run_once, name="duty-telling", clock=self._clock, every_seconds=every_seconds, deferred=_tell_deferred
        ):
            yield self


def _told(snapshot: Snapshot, partner: str) -> ToldDuty | None:
    return next((one for one in snapshot.duties.told() if one.partner == partner), None)


def _due(
    snapshot: Snapshot, partners: Iterable[CountyCode], people: tuple[OnDuty, ...], now: datetime
) -> list[CountyCode]:
    told = {one.partner: one for one in snapshot.duties.told()}
    return [one for one in partners if is_due(people, told.get(one), now, _refusal(snapshot, told.get(one)))]


def _refusal(snapshot: Snapshot, told: ToldDuty | None) -> str | None:
    deliveries = snapshot.deliveries(told.envelope_id) if told else []
    return next((one.refused_code for one in deliveries if one.refused_code), None)


def _tell_deferred(error: SihuError) -> None:
    log.warning("notifier.deferred", code=error.code)
