"""Keep this county's short-lived encryption keys young: one pass makes, publishes and destroys what is due.

A key may also come from ``sihu key rotate-office``: it lies in the directory, and the next pass publishes it.

Source: docs/decisions/0016-rotate-office-keys-monthly.md
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, Self

import structlog

from schemas.control import HeadBeaconed, MemberKeyPublished
from schemas.errors import RequestError, SihuError, UnavailableError
from schemas.records import Delivery
from schemas.registry import KeyRecord
from services.domain.custody import Partner, renewal_due, replaced
from services.domain.drafting import Outgoing, control_report
from services.domain.office_keys import LIFE, RENEWAL_WANTED, is_due, needs_office_keys, newest_valid, outlived
from services.domain.partnership import is_partner_at, partners_channel, partners_of
from services.domain.trust import AgreementInForce, Trust
from services.key_ports import OfficeKeyChain
from services.ports import Clock, Snapshot, Store, Transaction
from services.posting import Posting
from services.recurring import recurring

log = structlog.get_logger()

_LOOKED_AT: Final = 1000


class Rotation:
    """Makes, publishes and destroys."""

    def __init__(
        self, *, store: Store, posting: Posting, keys: OfficeKeyChain, trust: Callable[[], Trust], clock: Clock
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: The county's one database.
            posting: The way out for what is published.
            keys: The private halves.
            trust: Returns what is trusted now.
            clock: Tells when a key ends.
        """
        self._store, self._posting, self._keys = store, posting, keys
        self._trust, self._clock = trust, clock
        self._looked_for_renewal = False

    async def run_once(self) -> int:
        """Make, publish and destroy what is due; return how many records went out.

        Raises:
            RequestError: A key file is damaged or cannot be opened.
            UnavailableError: Disk or store cannot be written now; the next pass tries again.
        """
        now = self._clock.now()
        own = await asyncio.to_thread(self._keys.records)
        condemned = await self._store.read(lambda snapshot: dict(snapshot.condemned()))
        if is_due(own, now) or renewal_due(own, condemned, now) or await self._renewal_wanted():
            own.append(await asyncio.to_thread(self._keys.make, now, now + LIFE))
            log.info("rotation.made", kid=own[-1].kid)
            await self._store.write(lambda tx: tx.memory.put_setting(RENEWAL_WANTED, ""))
        self._looked_for_renewal = True
        published = await self._publish(own, now)
        await self._destroy(own, now)
        if condemned:
            await self._destroy_condemned(own, condemned, now)
        return published

    async def _renewal_wanted(self) -> bool:
        """Ask once in the life of a process: a store is restored while no node runs on it."""
        if self._looked_for_renewal:
            return False
        return await self._store.write(lambda tx: bool(tx.memory.settings().get(RENEWAL_WANTED)))

    async def _publish(self, own: list[KeyRecord], now: datetime) -> int:
        newest = newest_valid(own, now)
        agreements = [one for one in self._trust().agreements.values() if self._concerns(one, now)]
        if newest is None:
            return 0
        missing = await self._store.read(
            lambda snapshot: [one for one in agreements if not snapshot.is_published(newest.kid, self._channel(one))]
        )
        if missing:
            await self._store.write(lambda tx: self._post(tx, newest, missing, now))
        return len(missing)

    def _concerns(self, one: AgreementInForce, now: datetime) -> bool:
        partner = is_partner_at(one.agreement, self._posting.county, self._trust(), now)
        return partner and needs_office_keys(one.agreement)

    def _post(self, tx: Transaction, key: KeyRecord, agreements: Iterable[AgreementInForce], now: datetime) -> None:
        tx.key_book.keep(self._posting.county, key)
        for one in agreements:
            posted = self._posting.post(tx, self._publication(one, key), now)
            tx.key_book.note_published(key.kid, posted.channel, posted.envelope_id)
            log.info("rotation.published", kid=key.kid, agreement=one.agreement.id, envelope_id=posted.envelope_id)

    def _publication(self, agreement: AgreementInForce, key: KeyRecord) -> Outgoing:
        to = partners_of(agreement.agreement, self._posting.county, self._trust())
        return control_report(MemberKeyPublished(key=key), agreement, to)

    def _channel(self, one: AgreementInForce) -> str:
        return partners_channel(one.agreement, self._posting.county, self._trust())

    async def _destroy(self, own: list[KeyRecord], now: datetime) -> None:
        oldest_held = await self._store.read(lambda snapshot: snapshot.oldest_held())
        for key in outlived(own, now, oldest_held):
            await asyncio.to_thread(self._keys.destroy, key.kid)
            log.info("rotation.destroyed", kid=key.kid)

    async def _destroy_condemned(self, own: list[KeyRecord], condemned: Mapping[str, datetime], now: datetime) -> None:
        """Destroy keys that open what was erased, once nothing that is on its way to us can need them."""
        newest = newest_valid(own, now)
        older = [key.kid for key in own if newest and key.kid in condemned and key.kid != newest.kid]
        if newest is not None and older and await self._store.read(lambda one: self._is_replaced(one, newest, now)):
            for kid in older:
                await asyncio.to_thread(self._keys.destroy, kid)
                log.info("rotation.destroyed_early", kid=kid)
        left = {key.kid for key in await asyncio.to_thread(self._keys.records)}
        for kid in condemned.keys() - left:
            await self._store.write(lambda tx, kid=kid: tx.custody.forget_key(kid))  # type: ignore[misc]

    def _is_replaced(self, snapshot: Snapshot, newest: KeyRecord, now: datetime) -> bool:
        """Tell whether every partner uses the newest key and everything that it sent before is here."""
        if snapshot.oldest_held() is not None:
            return False
        taken = [snapshot.deliveries(one.envelope_id) for one in snapshot.publications_of(newest.kid)]
        told = {one.county: one.claimed_at for one in snapshot.heard(HeadBeaconed.wire_type)}
        lacking = {one.source for one in snapshot.claims(_LOOKED_AT)}
        lacking |= {one.chain.source for one in snapshot.gaps(_LOOKED_AT)}
        concerned = [one for one in self._trust().agreements.values() if self._concerns(one, now)]
        partners = {
            county for one in concerned for county in partners_of(one.agreement, self._posting.county, self._trust())
        }
        return replaced(
            Partner(_taken_at(taken, county), told.get(county), county in lacking) for county in sorted(partners)
        )

    @asynccontextmanager
    async def running(self, tick_seconds: float = 15.0) -> AsyncIterator[Self]:
        """Look every ``tick_seconds`` until the block ends."""
        async with recurring(
            self.run_once,
            name="rotation",
            clock=self._clock,
            every_seconds=tick_seconds,
            deferred=_tell_deferred,
            may_fail_by=(RequestError, UnavailableError),
        ):
            yield self


def _taken_at(publications: Iterable[Sequence[Delivery]], county: str) -> datetime | None:
    """Return when a county had stored the last of the records that were addressed to it; None if it lacks one."""
    times = [one.stored_at for deliveries in publications for one in deliveries if one.recipient == county]
    stored = [at for at in times if at is not None]
    return max(stored) if stored and len(stored) == len(times) else None


def _tell_deferred(error: SihuError) -> None:
    log.warning("rotation.deferred", reason=str(error))
