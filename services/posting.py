"""The only door out: whatever leaves this county is placed in its chain, signed and put into the outbox here.

Runs inside the caller's transaction, so an event, its chain head, its outbox row and what it
attests become durable together or not at all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from schemas.base import InformationClass, Kind, Status
from schemas.control import CONTROL_PURPOSE, ChainKind, EpochOpened, LastLink, OpeningReason, Receipt
from schemas.envelope import Envelope, Position
from schemas.errors import Fault, RequestError
from schemas.ids import NO_LINK, CountyCode
from schemas.records import Chain, Direction, NewLink
from schemas.registry import KeyRecord, KeyUse
from schemas.releases import Fixed
from schemas.subjects import Lane, Subject
from schemas.threads import ThreadOf
from services.domain.batches import sign_run
from services.domain.chain import BEFORE_EPOCH, channel_of, next_epoch
from services.domain.custody import end_of
from services.domain.delivery import URGENT_PRIORITY, lane_of, subjects_for, watches_for
from services.domain.drafting import Outgoing, schema_ref
from services.domain.encoding import digest_of, require_base64url
from services.domain.encryption import encrypt_content, readers_of, spell_keys, wrap_info
from services.domain.heading import place
from services.domain.office_keys import choose_key
from services.domain.receipting import row_of
from services.domain.signing import attach, attach_later, key_use_of, payload_type_of, to_be_signed_of
from services.domain.trust import AgreementInForce, Trust
from services.filing import send_file
from services.key_ports import Encryption
from services.ports import Ids, Signer, Transaction
from services.run_ports import SignRun
from services.threads import refold


@dataclass(frozen=True, slots=True)
class Posted:
    """Where an event stands: the answer to 202 Accepted."""

    envelope_id: str
    channel: str
    epoch: str
    seq: int


class Posting:
    """Place, sign, record, enqueue."""

    def __init__(
        self,
        *,
        county: str,
        signers: Mapping[KeyUse, Signer],
        trust: Callable[[], Trust],
        ids: Ids,
        encryption: Encryption,
        in_runs: bool = False,
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            county: Ourselves.
            signers: The event and the receipt key.
            trust: Returns what is trusted now; agreements and registries may change while we run.
            ids: Randomness.
            encryption: Wraps content keys for their readers, and opens those that were wrapped for us.
            in_runs: Sign what waits for one commit by one signature: every partner must read batch signatures.
        """
        self._in_runs = in_runs
        self._runs: dict[KeyUse, tuple[Signer, SignRun]] = {}
        self.county = county
        self.encryption = encryption
        self._signers = signers
        self._trust = trust
        self._ids = ids

    def encrypted(self, outgoing: Outgoing) -> Outgoing:
        """Encrypt the content if it must be and is not yet: it needs no place, so do it before the writer has it."""
        if not outgoing.encrypt or outgoing.encrypted is not None:
            return outgoing
        key, salt = self.encryption.fresh()
        content_id = self._ids.hex(16)
        if outgoing.fixed is not None:  # officers have signed what comes of these
            content_id, key, salt = outgoing.fixed.content_id, outgoing.fixed.key, outgoing.fixed.salt
        if outgoing.file is not None:  # its file was encrypted first, under the same key
            key, content_id = outgoing.file.key, outgoing.file.content_id
        made = encrypt_content(outgoing.content, source=self.county, content_id=content_id, key=key, salt=salt)
        return replace(outgoing, encrypted=made)

    def draw(self) -> Fixed:
        """Draw what fixes the content of a draft as it will travel."""
        key, salt = self.encryption.fresh()
        return Fixed(self._ids.hex(16), key, salt)

    def post(self, tx: Transaction, outgoing: Outgoing, now: datetime) -> Posted:
        """Give an outgoing event or receipt the next place of its channel and put it into the outbox.

        Raises:
            RequestError: A reader has no key that its content could be encrypted to.
            InvariantError: Our own chain does not hold together.
        """
        outgoing = self.encrypted(outgoing)
        keys = self._reader_keys(tx, outgoing, now)
        chain = self._chain(tx, outgoing, now)
        envelope, sign_later = self._seal(outgoing, chain, now, keys)
        link = NewLink(
            chain.number,
            Direction.OUTGOING,
            envelope,
            now,
            level=outgoing.level,
            about=outgoing.about,
            content_key=outgoing.encrypted.key if outgoing.encrypted else b"",
            ends_at=end_of(envelope.header, outgoing.agreement.agreement),
        )
        if sign_later is None:
            tx.outbox.record([link])
        else:
            tx.outbox.record_unsigned(link, sign_later)
        tx.chains.advance(chain.number, envelope.link.position)
        self._enqueue(tx, envelope, outgoing.agreement)
        if isinstance(outgoing.about, ThreadOf):
            refold(tx, outgoing.about)
        if outgoing.file is not None:
            send_file(tx, envelope, outgoing.file, outgoing.agreement.agreement, now)
        if outgoing.chain_kind is ChainKind.EVENT:
            self._expect(tx, chain, envelope, outgoing, now)
        return Posted(envelope.envelope_id, chain.channel, chain.epoch, envelope.header.seq)

    def post_receipt(
        self,
        tx: Transaction,
        receipt: Receipt,
        *,
        source: str,
        agreement: AgreementInForce,
        lane_priority: int,
        now: datetime,
        target: int,
    ) -> Posted:
        """Attest something to ``source`` on the receipt chain of this pair, in the transaction that makes it true.

        ``target`` is the number of the chain that the receipt is about, for the own book.
        """
        outgoing = Outgoing(
            wire_type=Receipt.wire_type,
            content=receipt.model_dump_json(exclude_none=True).encode(),
            schema_ref=schema_ref(Receipt.wire_type),
            agreement=agreement,
            to=(CountyCode(source),),
            purpose=CONTROL_PURPOSE,
            information_class=InformationClass.INTERNAL,
            status=Status.SYSTEM,
            kind=Kind.RESPONSE,
            priority=lane_priority,
            chain_kind=ChainKind.RECEIPT,
        )
        posted = self.post(tx, outgoing, now)
        tx.receipt_book.record(row_of(receipt, Direction.OUTGOING, target, now, posted.envelope_id))
        return posted

    def repost(self, tx: Transaction, envelope: Envelope, *, to: str | None = None) -> None:
        """Publish recorded bytes once more, unchanged, in the repair lane.

        Args:
            tx: The caller's transaction.
            envelope: Ours; or, with ``to``, also what another county addressed to both of us.
            to: The one member that lacks it; everybody it is addressed to if left out.
        """
        if to is not None:
            alone = Subject(CountyCode(self.county), Lane.REPAIR, to, envelope.header.type)
            tx.outbox.enqueue(Lane.REPAIR, str(alone), envelope.envelope_id)
            return
        agreement = self._trust().agreement(envelope.header.agreement_id)
        for subject in subjects_for(envelope.header, Lane.REPAIR, agreement.agreement if agreement else None):
            tx.outbox.enqueue(Lane.REPAIR, subject, envelope.envelope_id)

    def _chain(self, tx: Transaction, outgoing: Outgoing, now: datetime) -> Chain:
        agreement_id = outgoing.agreement.agreement.id
        channel = channel_of(outgoing.chain_kind, self.county, agreement_id, outgoing.to)
        chain = tx.chains.current(channel)
        if chain is not None and chain.ended is None and not self._is_closed(chain):
            return chain
        return self._open_epoch(tx, outgoing, channel, chain, now)

    def _open_epoch(self, tx: Transaction, outgoing: Outgoing, channel: str, old: Chain | None, now: datetime) -> Chain:
        epoch = next_epoch(old.epoch if old else None, self._ids.hex(8))
        before = Position(BEFORE_EPOCH, old.head.envelope_id if old else NO_LINK)
        agreement_id = outgoing.agreement.agreement.id
        chain = Chain(0, channel, epoch, self.county, agreement_id, outgoing.chain_kind, outgoing.to, before)
        envelope, _ = self._seal(_opening(outgoing, chain, old, self._reason(old)), chain, now, {})  # urgent: signed
        chain = tx.chains.open(replace(chain, head=envelope.link.position))
        tx.outbox.record([NewLink(chain.number, Direction.OUTGOING, envelope, now)])
        self._enqueue(tx, envelope, outgoing.agreement)
        return chain

    def _is_closed(self, chain: Chain) -> bool:
        return (self.county, chain.channel, chain.epoch) in self._trust().closed

    def _reason(self, old: Chain | None) -> OpeningReason:
        if old is not None and self._is_closed(old):
            return OpeningReason.REVOKED
        return (old.ended if old else None) or OpeningReason.FIRST

    def _reader_keys(self, tx: Transaction, outgoing: Outgoing, now: datetime) -> Mapping[str, KeyRecord]:
        """Choose the key of each reader, or refuse before anything has been placed."""
        chosen: dict[str, KeyRecord] = {}
        for county in readers_of(self.county, outgoing.to) if outgoing.encrypted else ():
            published, trust = tx.key_book.of(county), self._trust()
            found = choose_key(
                county, now, published=published, trust=trust, information_class=outgoing.information_class
            )
            if isinstance(found, Fault):
                raise RequestError(found)
            chosen[county] = found
        return chosen

    def _wrapped(self, outgoing: Outgoing, chain: Chain, keys: Mapping[str, KeyRecord]) -> bytes:
        """Return the keys part for the next place of a chain; empty for content in clear."""
        content = outgoing.encrypted
        if content is None:
            return b""
        wrapped: dict[str, tuple[str, bytes]] = {}
        for county, key in keys.items():
            info = wrap_info(
                wire_type=outgoing.wire_type,
                source=self.county,
                channel=chain.channel,
                epoch=chain.epoch,
                seq=chain.head.seq + 1,
                recipient=county,
                content_id=content.content_id,
            )
            wrapped[county] = (key.kid, self.encryption.wrap(content.key, require_base64url(key.public), info))
        return spell_keys(wrapped)

    def _seal(
        self, outgoing: Outgoing, chain: Chain, now: datetime, keys: Mapping[str, KeyRecord]
    ) -> tuple[Envelope, SignRun | None]:
        """Return the next link of a chain, signed; or without signatures, and what signs it with its run."""
        use = key_use_of(payload_type_of(outgoing.wire_type))
        signer = self._signers[use]
        keys_part, content = self._wrapped(outgoing, chain, keys), outgoing.encrypted
        prepared = place(
            outgoing,
            chain,
            now=now,
            content_id=_content_id(outgoing) or self._ids.hex(16),
            registry_version=self._trust().registry.version,
            signer=signer.kid,
            keys_digest=digest_of(keys_part) if keys_part else None,
        )
        carried = content.carried if content else outgoing.content
        if self._in_runs and outgoing.priority > URGENT_PRIORITY:
            return attach_later(prepared, carried, keys_part), self._run_of(use, signer)
        return attach(prepared, [(signer.kid, signer.sign(prepared.to_be_signed))], carried, keys_part), None

    def _run_of(self, use: KeyUse, signer: Signer) -> SignRun:
        """Return what signs runs by this key: the same one as long as the key is, for that is what goes together."""

        def sign_them(run: Sequence[Envelope]) -> list[bytes]:
            return sign_run(run, to_be_signed_of, signer.kid, signer.sign)

        if use not in self._runs or self._runs[use][0] is not signer:
            self._runs[use] = signer, sign_them  # a key that has ended is not kept in memory
        return self._runs[use][1]

    def _enqueue(self, tx: Transaction, envelope: Envelope, agreement: AgreementInForce) -> None:
        lane = lane_of(envelope.header.priority)
        for subject in subjects_for(envelope.header, lane, agreement.agreement):
            tx.outbox.enqueue(lane, subject, envelope.envelope_id)

    def _expect(self, tx: Transaction, chain: Chain, envelope: Envelope, outgoing: Outgoing, now: datetime) -> None:
        tx.dues.expect(chain.number, envelope.header.seq, outgoing.to)
        if not outgoing.watched:
            return
        tx.waiting_room.watch(
            watches_for(
                envelope.header,
                envelope_id=envelope.envelope_id,
                chain_number=chain.number,
                level=outgoing.level,
                agreement=outgoing.agreement.agreement,
                now=now,
            )
        )


def _content_id(outgoing: Outgoing) -> str | None:
    if outgoing.encrypted is not None:
        return outgoing.encrypted.content_id
    if outgoing.file is not None:
        return outgoing.file.content_id
    return outgoing.fixed.content_id if outgoing.fixed else None


def _control(outgoing_like: Outgoing, event: EpochOpened, priority: int) -> Outgoing:
    return replace(
        outgoing_like,
        wire_type=event.wire_type,
        content=event.model_dump_json(exclude_none=True).encode(),
        schema_ref=schema_ref(event.wire_type),
        purpose=CONTROL_PURPOSE,
        information_class=InformationClass.INTERNAL,
        status=Status.SYSTEM,
        kind=Kind.REPORT,
        priority=priority,
        expires=None,
        acknowledge_by=None,
        refs=(),
        level=None,
        encrypt=False,
        encrypted=None,
        file=None,
        fixed=None,
    )


def _opening(outgoing: Outgoing, chain: Chain, old: Chain | None, reason: OpeningReason) -> Outgoing:
    # Always urgent: whatever follows, in whichever lane, is judged against this record.
    opened = EpochOpened(
        channel=chain.channel,
        chain_kind=chain.kind,
        agreement_id=chain.agreement_id,
        audience=tuple(CountyCode(county) for county in chain.audience),
        epoch=chain.epoch,
        reason=reason,
        old_epoch=old.epoch if old else None,
        last=LastLink(seq=old.head.seq, id=old.head.envelope_id) if old else None,
    )
    return _control(outgoing, opened, URGENT_PRIORITY)
