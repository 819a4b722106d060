"""Change this county's signing keys when a person has ordered it, and tell the partners how keys have changed.

A rotation is decided in the writer, between two events: the document that ends the old key names the heads as they are
at that moment and is durable before the next event is signed, so nothing is ever signed by a key beyond its end. What
the partners are told comes after, as often as it takes.

Source: docs/decisions/0020-change-keys-by-position.md
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, Self

import structlog

from schemas.control import DocumentsPublished
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import Fault, InvariantError, RequestError, SihuError, UnavailableError
from schemas.key_changes import ChangeReason, KeyChange
from schemas.registry import KeyRecord, KeyUse
from services.domain.delivery import URGENT_PRIORITY
from services.domain.documents import add_signature, document_digest, draft
from services.domain.drafting import Outgoing, control_report
from services.domain.encoding import digest_of
from services.domain.key_changes import committed_kid
from services.domain.key_drafting import ends_of, follower, key_change, publication_of
from services.domain.partnership import is_partner_at, partners_channel, partners_of
from services.domain.trust import AgreementInForce, Trust
from services.ports import Clock, Signer, Store, Transaction
from services.posting import Posting
from services.recurring import recurring
from services.rekeying.signers import CurrentSigners
from services.signing_ports import OwnSigner, Papers, SigningKeys

log = structlog.get_logger()

_USES: Final = (KeyUse.EVENT, KeyUse.RECEIPT)
_TOLD: Final = "keys_told "


class Rekeying:
    """Rotates, and tells."""

    def __init__(
        self,
        *,
        store: Store,
        posting: Posting,
        keys: SigningKeys,
        signers: CurrentSigners,
        papers: Papers,
        trust: Callable[[], Trust],
        credentials: Callable[[], Iterable[str]],
        clock: Clock,
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: The county's one database.
            posting: The way out for what is told.
            keys: The private halves.
            signers: The ones in force; ``posting`` signs by them.
            papers: Where a change is kept.
            trust: Returns what is trusted now.
            credentials: Returns the digests of the officers' credentials in force.
            clock: Reads the time.
        """
        self._store, self._posting, self._keys, self._signers = store, posting, keys, signers
        self._papers, self._trust, self._credentials, self._clock = papers, trust, credentials, clock
        self._told = ""

    async def run_once(self) -> int:
        """Carry out what was ordered and tell what is not told yet; return how many records went out.

        Raises:
            RequestError: A key file is damaged or cannot be opened.
            UnavailableError: Disk or store cannot be written now; the next pass tries again.
        """
        for use in _USES:
            kid = await asyncio.to_thread(self._keys.ordered, use)
            if kid is not None:
                await self._carry_out(use, kid)
        return await self._tell()

    # -- rotation ------------------------------------------------------------------------------------------------------

    async def _carry_out(self, use: KeyUse, kid: str) -> None:
        record = self._trust().key(kid)
        if record is None or record.county != self._posting.county or self._signers[use].kid != kid:
            log.warning("rekeying.order_void", use=use, kid=kid)
            await asyncio.to_thread(self._keys.done, use, kid if kid in self._trust().ended else "")
            return
        follows = await asyncio.to_thread(self._following, record.key)
        if follows is None:
            log.error("rekeying.no_next_key", use=use, kid=kid)
            await asyncio.to_thread(self._keys.done, use, "")
            return
        public = await asyncio.to_thread(self._keys.make, use)
        await self._store.write(lambda tx: self._rotate(tx, record.key, follows, public))
        await asyncio.to_thread(self._keys.done, use, kid)
        log.info("rekeying.rotated", use=use, kid=kid, next=follows.kid)

    def _following(self, old: KeyRecord) -> OwnSigner | None:
        return self._keys.signers().get(committed_kid(old.next_digest or ""))

    def _rotate(self, tx: Transaction, old: KeyRecord, follows: OwnSigner, next_public: bytes) -> None:
        """Let the old key end at the heads of this moment. Nothing else is signed meanwhile: this is the writer.

        The file is durable before the transaction is. If that fails, the old key has ended all the same, and fewer
        links than it says were signed by it.
        """
        now = self._clock.now()
        old_signer = self._signers[old.use]
        change = key_change(
            county=self._posting.county,
            old=old,
            key=follower(follows.public, next_public, now),
            ends=ends_of(tx.chains_of(self._posting.county), old.use, lambda chain: tx.chains.held_id(chain.number, 0)),
            credentials=self._credentials() if old.use is KeyUse.EVENT else (),
            reason=ChangeReason.ROTATED,
            now=now,
        )
        if isinstance(change, Fault):
            raise RequestError(change)
        self._papers.keep(_signed(change, old_signer, follows))
        if self._signers[old.use].kid != follows.kid:
            raise InvariantError(f"the {old.use} key that follows {old.kid} does not count here")
        self._post_all(tx, self._untold(tx, now), now)

    # -- telling -------------------------------------------------------------------------------------------------------

    async def _tell(self) -> int:
        trust, now = self._trust(), self._clock.now()
        state = " ".join((trust.state, *sorted(trust.by_reference)))
        if state == self._told or publication_of(trust, self._posting.county) is None:
            return 0

        def work(tx: Transaction) -> int:
            return self._post_all(tx, self._untold(tx, now), now)

        count = await self._store.write(work)
        self._told = state
        return count

    def _untold(self, tx: Transaction, now: datetime) -> list[AgreementInForce]:
        told, news = tx.memory.settings(), self._news()
        return [one for one in self._ours(now) if told.get(_TOLD + self._channel(one)) != news]

    def _news(self) -> str:
        record = publication_of(self._trust(), self._posting.county)
        digests = [document_digest(one) for one in record.documents] if record else []
        return digest_of(" ".join(digests).encode())

    def _post_all(self, tx: Transaction, agreements: Iterable[AgreementInForce], now: datetime) -> int:
        record = publication_of(self._trust(), self._posting.county)
        if record is None:
            return 0
        count = 0
        for one in agreements:
            posted = self._posting.post(tx, self._outgoing(one, record), now)
            tx.memory.put_setting(_TOLD + posted.channel, self._news())
            log.info("rekeying.told", agreement=one.agreement.id, envelope_id=posted.envelope_id)
            count += 1
        return count

    def _ours(self, now: datetime) -> list[AgreementInForce]:
        county, trust = self._posting.county, self._trust()
        return [one for one in trust.agreements.values() if is_partner_at(one.agreement, county, trust, now)]

    def _outgoing(self, agreement: AgreementInForce, record: DocumentsPublished) -> Outgoing:
        to = partners_of(agreement.agreement, self._posting.county, self._trust())
        return control_report(record, agreement, to, URGENT_PRIORITY)

    def _channel(self, one: AgreementInForce) -> str:
        return partners_channel(one.agreement, self._posting.county, self._trust())

    @asynccontextmanager
    async def running(self, tick_seconds: float = 1.0) -> AsyncIterator[Self]:
        """Look every ``tick_seconds`` until the block ends."""
        async with recurring(
            self.run_once,
            name="rekeying",
            clock=self._clock,
            every_seconds=tick_seconds,
            deferred=_tell_deferred,
            may_fail_by=(RequestError, UnavailableError),
        ):
            yield self


def _tell_deferred(error: SihuError) -> None:
    log.warning("rekeying.deferred", reason=str(error))


def _signed(change: KeyChange, *signers: Signer) -> SignedDocument:
    document = draft(PayloadType.KEY_CHANGE, change)
    for one in signers:
        document = add_signature(document, one.kid, one.sign)
    return document
