"""A foreign system answers an alert by CAP's Ack or Error: it is put on record, and nothing more is made of it.

No officer stands behind it, so it is no acknowledgement and has no strength: it ends no page and no deadline. Of an
alert that a neighbour sent, an Ack proves that a system of this county has it, and that is what the neighbour is told:
*handed over*. An Error is a matter for our own duty officer.

Source: docs/alerting/cap.md, section "On a running node".
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from pydantic import JsonValue

from schemas.cap_records import CapAnswerRow, CapRead
from schemas.control import TAKING_STAGES, ReceiptStage
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.notices import NoticeKind
from schemas.records import Direction, StoredEvent
from services.domain.cap_answers import CapAnswer, answer_of
from services.domain.cap_taking import CapAsk, key_of, key_of_reference, name_of
from services.domain.encoding import compact_json
from services.domain.guards import guard_new
from services.domain.receipting import receipt_about
from services.domain.trust import Trust
from services.ports import Snapshot, Store, Transaction
from services.posting import Posting

log = structlog.get_logger()

ANSWERS_MAX: Final = 1000
"""To one alert."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was put on record.

    Attributes:
        stage: What it says: acknowledged, actioned, declined or rejected.
        events: Envelope ids of the alerts that it is about.
        is_new: False if all of it was here before.
    """

    stage: ReceiptStage
    events: tuple[str, ...]
    is_new: bool


class CapAnswering:
    """Take answers."""

    def __init__(self, *, store: Store, posting: Posting, trust: Callable[[], Trust]) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: The county's one database.
            posting: The way out for receipts.
            trust: Returns what is trusted now.
        """
        self._store, self._posting, self._trust = store, posting, trust

    async def take(self, found: CapRead, ask: CapAsk, now: datetime) -> Answered:
        """Put an answer on record for every alert that it is about.

        Raises:
            NotFoundError: None of them is here.
            RequestError: It is no valid answer, or a text in it must not be kept.
            UnavailableError: The store cannot write now; nothing happened.
        """
        answer = answer_of(found.document)
        fault = answer if isinstance(answer, Fault) else _guarded(answer)
        if isinstance(answer, Fault) or fault is not None:
            raise RequestError(fault or Fault("cap.answer", "msgType", ""))
        row = CapAnswerRow(
            key_of(answer.sender, answer.identifier, answer.sent_at),
            answer.stage,
            name_of(answer.sender),
            name_of(answer.identifier),
            answer.sent_at,
            answer.note,
            ask.origin,
            found.signer,
            now,
        )
        outcome = await self._store.write(lambda tx: self._keep(tx, answer, row, now))
        log.info("cap.answered", stage=outcome.stage, events=len(outcome.events), origin=ask.origin)
        return outcome

    def _keep(self, tx: Transaction, answer: CapAnswer, row: CapAnswerRow, now: datetime) -> Answered:
        events = _events_of(tx, answer)
        if not events:
            mend = "it answers no alert that is here; name it as sender,identifier,sent of the document you got"
            raise NotFoundError(Fault("cap.unknown_reference", "references", mend))
        fresh = [one for one in events if self._keep_one(tx, one, row, now)]
        return Answered(answer.stage, tuple(one.envelope.envelope_id for one in events), bool(fresh))

    def _keep_one(self, tx: Transaction, event: StoredEvent, row: CapAnswerRow, now: datetime) -> bool:
        event_id = event.envelope.envelope_id
        if len(tx.cap.answers(event_id, ANSWERS_MAX)) >= ANSWERS_MAX:
            mend = f"{ANSWERS_MAX} answers to this alert are on record; no more are kept"
            raise RequestError(Fault("cap.answers_full", "references", mend))
        if not tx.cap.add_answer(event_id, row):
            return False
        if row.stage not in TAKING_STAGES:
            text = f"外部系统未接收预警：{row.stage}（{row.origin}）。sihu cap answers {event_id[:10]} 查看"
            tx.waiting_room.tell(NoticeKind.CAP_ANSWER, event_id, "", text, now)
        elif event.direction is Direction.INCOMING:
            self._tell_source(tx, event, now)
        return True

    def _tell_source(self, tx: Transaction, event: StoredEvent, now: datetime) -> None:
        """Attest once that a system of this county has an event; without an agreement there is nothing to answer by."""
        header, trust = event.envelope.header, self._trust()
        agreement = trust.by_reference.get(header.agreement) or trust.agreement(header.agreement_id)
        ours = (one for one in tx.receipts(event.envelope.envelope_id) if one.direction is Direction.OUTGOING)
        if agreement is None or any(one.stage is ReceiptStage.HANDED_OVER for one in ours):
            return
        receipt = receipt_about(
            event,
            ReceiptStage.HANDED_OVER,
            receiver=self._posting.county,
            trust=trust,
            now=now,
            text="CAP Ack",
        )
        self._posting.post_receipt(
            tx,
            receipt,
            source=header.source,
            agreement=agreement,
            lane_priority=header.priority,
            now=now,
            target=event.chain_number,
        )


def _guarded(answer: CapAnswer) -> Fault | None:
    """Judge the texts that would be kept as any other text of ours."""
    said: dict[str, JsonValue] = {"note": answer.note, "sender": answer.sender, "identifier": answer.identifier}
    return guard_new(said, compact_json(said))


def _events_of(snapshot: Snapshot, answer: CapAnswer) -> list[StoredEvent]:
    """Return the alerts that an answer is about: by our id of them, or by the document that they came from."""
    ids = [event_id for alert_id in answer.alert_ids for event_id in snapshot.cap.events_of(alert_id)]
    rows = (snapshot.cap.by_key(key_of_reference(one)) for one in answer.about)
    ids += [row.event_id for row in rows if row is not None and row.event_id is not None]
    events = (snapshot.event(one) for one in dict.fromkeys(ids))
    return [one for one in events if one is not None]
