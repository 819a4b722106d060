"""A CAP document comes in: an alert goes out as an event of ours or waits for an officer, an answer is put on record.

What became of a document is written in the transaction that makes it true: it is taken once, whenever a process ends.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

import structlog

from schemas.base import Status
from schemas.cap import CapAlert
from schemas.cap_records import CapDocument, CapRead, CapState
from schemas.errors import ConflictError, Fault, RequestError, UnavailableError
from schemas.information.alert_parts import DutyContact
from schemas.notices import NoticeKind
from services.cap_intake.answering import Answered, CapAnswering
from services.cap_ports import CapText
from services.domain.cap import our_word
from services.domain.cap_reading import Held, ImportDesk, Imported, import_cap
from services.domain.cap_rules import CapReference, references_of, sent_at
from services.domain.cap_taking import (
    HELD_MAX,
    Before,
    CapAsk,
    alternatives,
    draft_body,
    free_number,
    judge_known,
    key_of,
    key_of_reference,
    meaning_of,
    name_of,
    numbers_of,
    why_held,
    yet_to_complete,
)
from services.domain.encoding import digest_of
from services.domain.releasing import NOBODY, SECOND_OFFICER, Standing
from services.domain.succession import in_force
from services.ports import Clock, Snapshot, Store, Transaction
from services.posting import Posted

log = structlog.get_logger()

ANSWERS: Final = frozenset({"Ack", "Error"})
_EXPIRED: Final = "request.expired"
_READING_MAX: Final = 64


class DeskFullError(UnavailableError):
    """Too many documents wait for an officer: nothing was kept of this one."""

    code = "cap.desk_full"


class Submit(Protocol):
    """The way in for events, as behind ``POST events``."""

    async def submit(
        self,
        body: bytes,
        *,
        idempotency_key: str | None,
        access_name: str,
        also: Callable[[Transaction, Posted], None] | None = None,
        standing: Standing = NOBODY,
    ) -> Posted:
        """Make an event durable; ``also`` writes what belongs to it in the same transaction.

        Raises:
            RequestError: It does not fit; names the mend.
            UnavailableError: The node cannot accept now; nothing happened.
        """


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an alert.

    Attributes:
        document: As it stands in the book now.
        is_new: False if it was taken before.
    """

    document: CapDocument
    is_new: bool


class CapIntake:
    """Take documents, one after the other: two of one second must not get one number."""

    def __init__(
        self,
        *,
        office: str,
        contact: DutyContact,
        county: str,
        text: CapText,
        submitter: Submit,
        answering: CapAnswering,
        store: Store,
        clock: Clock,
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            office: Ourselves, 14 digits.
            contact: Our duty room, whom readers call.
            county: Ourselves, six digits.
            text: Reads documents.
            submitter: The way in for events.
            answering: Takes answers.
            store: The county's one database.
            clock: Reads the time.
        """
        self._desk = ImportDesk(office, contact)
        self._county, self._text, self._submitter, self._answering = county, text, submitter, answering
        self._store, self._clock = store, clock
        self._lock = asyncio.Lock()
        self._reading = 0

    async def read(self, data: bytes, ask: CapAsk) -> CapRead:
        """Read a document.

        Raises:
            RequestError: It is refused; one line says why.
            UnavailableError: Too many are being read.
        """
        if self._reading >= _READING_MAX:
            raise UnavailableError("too many CAP documents at once")
        self._reading += 1
        try:
            found = await self._text.read(
                data, must_be_signed=ask.must_be_signed, signers=ask.signers, now=self._clock.now()
            )
        finally:
            self._reading -= 1
        if isinstance(found, Fault):
            raise RequestError(found)
        return found

    async def take(self, found: CapRead, data: bytes, ask: CapAsk) -> Taken | Answered:
        """Take a document that was read.

        Args:
            found: What it says.
            data: Its bytes as they came.
            ask: How documents that come this way are taken.

        Raises:
            ConflictError: Another document of the same sender, identifier and time was taken, or a later one.
            RequestError: It is refused; names the mend. Of a feed only what no officer could send either.
            UnavailableError: The node cannot take it now; nothing happened.
        """
        async with self._lock:
            if found.document.msg_type in ANSWERS:
                return await self._answering.take(found, ask, self._clock.now())
            return await self._take_alert(found, data, ask)

    async def _take_alert(self, found: CapRead, data: bytes, ask: CapAsk) -> Taken:
        document = found.document
        sent = sent_at(document)
        if isinstance(sent, Fault):
            raise RequestError(sent)
        before = await self._store.read(lambda snapshot: self._look(snapshot, document, sent))
        if before.same is not None:
            return _again(before.same, document)
        draft, guarded = self._imported(document, sent, data, ask, before)
        row = CapDocument(
            number=0,
            key=key_of(document.sender, document.identifier, sent),
            meaning=meaning_of(document),
            digest=digest_of(data),
            message_type=document.msg_type,
            sender=name_of(document.sender),
            identifier=name_of(document.identifier),
            sent_at=sent,
            origin=ask.origin,
            signer=found.signer,
            state=CapState.SENT,
            alert_id=draft.event.alert_id,
            event_id=None,
            faults=yet_to_complete(draft, ask),
            recorded_at=self._clock.now(),
            original=data,
        )
        faults = guarded or why_held(document, draft, ask=ask, signer=found.signer, before=before)
        if faults:
            return await self._hold(row, draft, (*faults, *row.faults), ask)
        return await self._send(row, draft, ask)

    def _look(self, snapshot: Snapshot, document: CapAlert, sent: datetime) -> Before:
        keys = {key_of_reference(one): one for one in references_of(document)}
        changed = {key: row for key in keys if (row := snapshot.cap.by_key(key)) is not None}
        strange = [self._number_of(one) for key, one in keys.items() if key not in changed]
        named = [*strange, *(row.alert_id for row in changed.values())]
        joined, status = snapshot.alerts_of_event(named, [self._county]), our_word(Status, document.status)
        event = [one for one in joined if status in {None, one.status}]  # None: a Draft, of which an officer decides
        also = sorted(in_force(event, self._county, self._clock.now()) - set(named))
        rows = [snapshot.cap.by_alert(one) for one in also]
        possible = alternatives(self._desk.number_of(document.sender, document.identifier, sent))
        return Before(
            same=snapshot.cap.by_key(key_of(document.sender, document.identifier, sent)),
            changed=changed | {row.key: row for row in rows if row is not None},
            near=(*snapshot.alerts_of_event(possible, [self._county]), *snapshot.alerts([document.identifier])),
            named=tuple(snapshot.alerts(named)),
            also=tuple(also),
            is_unsure=None in rows or bool(snapshot.alerts(strange)),
        )

    def _number_of(self, reference: CapReference) -> str:
        return self._desk.number_of(reference.sender, reference.identifier, reference.sent_at)

    def _imported(
        self, document: CapAlert, sent: datetime, data: bytes, ask: CapAsk, before: Before
    ) -> tuple[Imported, tuple[Fault, ...]]:
        """Return the draft, and what the guards found in it.

        Raises:
            RequestError: No alert can say this, or it is none that is wanted.
        """
        if not ask.agreement:
            mend = "name the agreement under which it goes out: ?agreement=ID"
            raise RequestError(Fault("cap.agreement", "agreement", mend))
        found = import_cap(document, original=data, desk=self._desk_for(document, sent, ask, before))
        if isinstance(found, Fault):
            raise RequestError(found)
        draft = found.draft if isinstance(found, Held) else found
        fault = judge_known(document, draft, ask=ask, before=before)
        if fault is not None:
            raise ConflictError(fault)
        return draft, found.faults if isinstance(found, Held) else ()

    def _desk_for(self, document: CapAlert, sent: datetime, ask: CapAsk, before: Before) -> ImportDesk:
        own = self._desk.number_of(document.sender, document.identifier, sent)
        free = free_number(own, {one.facts.alert_id for one in before.near}) or own
        numbers = numbers_of(document, before.changed) | {(document.sender, document.identifier, sent): free}
        return replace(
            self._desk,
            approved_by_role=ask.released_by or self._desk.approved_by_role,
            numbers=numbers,
            also=before.also,
        )

    async def _send(self, row: CapDocument, draft: Imported, ask: CapAsk) -> Taken:
        kept: list[CapDocument] = []

        def write_down(tx: Transaction, posted: Posted) -> None:
            kept.append(tx.cap.add(replace(row, event_id=posted.envelope_id)))

        try:
            await self._submitter.submit(
                draft_body(draft, ask),
                idempotency_key=None,
                access_name=ask.origin,
                also=write_down,
                standing=Standing(unattended=ask.unattended),
            )
        except RequestError as refusal:
            is_waiting = refusal.fault.code == SECOND_OFFICER.code  # kept, so that officers can make a draft of it
            if not is_waiting and (not ask.is_feed or refusal.fault.code == _EXPIRED):
                raise
            return await self._hold(row, draft, refusal.faults, ask)  # nobody else would ever hear of it
        document = kept[-1]
        log.info("cap.sent", number=document.number, envelope_id=document.event_id, origin=ask.origin)
        return Taken(document, is_new=True)

    async def _hold(self, row: CapDocument, draft: Imported, faults: tuple[Fault, ...], ask: CapAsk) -> Taken:
        held = replace(row, state=CapState.HELD, faults=faults, draft=draft_body(draft, ask))
        kept = await self._store.write(lambda tx: _keep(tx, held))
        log.warning("cap.held", number=kept.number, code=faults[0].code, origin=ask.origin)
        return Taken(kept, is_new=True)


def _keep(tx: Transaction, held: CapDocument) -> CapDocument:
    if tx.cap.figures().held >= HELD_MAX:
        raise DeskFullError(f"{HELD_MAX} documents wait for an officer")
    kept = tx.cap.add(held)
    text = f"CAP 文件 {kept.number}（{kept.origin}）等待处理：{held.faults[0].code}。sihu cap held {kept.number} 查看"
    tx.waiting_room.tell(NoticeKind.CAP_HELD, str(kept.number), "", text, kept.recorded_at)
    return kept


def _again(row: CapDocument, document: CapAlert) -> Taken:
    if row.meaning == meaning_of(document):
        return Taken(row, is_new=False)
    mend = f"document {row.number} has the same sender, identifier and time, and says something else; give a new one"
    raise ConflictError(Fault("cap.differs", "identifier", mend))
