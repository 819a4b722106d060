"""What changed, told to a live client: journal entries become messages with a summary of what they are about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from schemas.access import Scope
from schemas.catalogue import parse_received
from schemas.control import DutyTold, Receipt
from schemas.notices import Notice
from schemas.records import Direction, JournalEntry, JournalKind, Quarantined, StoredEvent
from services.domain.sharing import CONTROL_PREFIX
from services.domain.vouching import credential_name
from services.gateway.answers import LiveMessage, ReceiptNews
from services.gateway.views import event_line, notice_line, quarantine_line
from services.ports import Snapshot

_LOOK_BACK: Final = 500
"""Notices and refused messages looked through, newest first; an older one is named by its reference alone."""
_NEEDS: Final[Mapping[JournalKind, Scope]] = {
    JournalKind.POSTED: Scope.EVENTS_READ,
    JournalKind.ARRIVED: Scope.EVENTS_READ,
    JournalKind.RECEIPT: Scope.EVENTS_READ,
    JournalKind.NOTICE: Scope.OPERATE,
    JournalKind.QUARANTINED: Scope.OPERATE,
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages in order, and the sequence up to which the journal was read for them."""

    messages: tuple[LiveMessage, ...]
    read_up_to: int


def read_news(snapshot: Snapshot, after: int, limit: int, scopes: tuple[Scope, ...]) -> Batch:
    """Read what changed behind ``after``.

    Args:
        snapshot: One consistent view.
        after: Last sequence that the client has, 0 for none.
        limit: Most journal entries to read.
        scopes: What the client may see; entries of other kinds are passed over.
    """
    entries = snapshot.journal(after, limit)
    teller = _Teller(snapshot)
    told = (teller.tell(entry) for entry in entries if _NEEDS[entry.kind] in scopes)
    return Batch(tuple(one for one in told if one is not None), entries[-1].sequence if entries else after)


class _Teller:
    """Looks up what journal entries refer to; the short lists are read once a batch."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def tell(self, entry: JournalEntry) -> LiveMessage | None:
        """Return the message, or None for control records, which are no event for anybody.

        Of who is on duty next door there is one without a body: desks that show it ask for the links again.
        """
        dispatch: Mapping[JournalKind, Callable[[JournalEntry], LiveMessage | None]] = {
            JournalKind.POSTED: self._event,
            JournalKind.ARRIVED: self._event,
            JournalKind.RECEIPT: self._receipt,
            JournalKind.NOTICE: self._notice,
            JournalKind.QUARANTINED: self._refused,
        }
        return dispatch[entry.kind](entry)

    def _event(self, entry: JournalEntry) -> LiveMessage | None:
        stored = self._snapshot.event(entry.reference)
        if stored is None:
            return None
        if stored.envelope.header.type.startswith(CONTROL_PREFIX):
            return _message(entry) if _is_duty_there(stored) else None
        page = self._snapshot.events(direction=None, wire_type=None, since=stored.position - 1, limit=1)
        lines = [event_line(row) for row in page.rows if row.envelope_id == entry.reference]
        return _message(entry).model_copy(update={"event": lines[0] if lines else None})

    def _receipt(self, entry: JournalEntry) -> LiveMessage | None:
        stored = self._snapshot.event(entry.reference)
        receipt = None if stored is None else _receipt_in(stored)
        news = _receipt_news(stored, receipt) if stored and receipt else None
        return _message(entry).model_copy(update={"receipt": news})

    def _notice(self, entry: JournalEntry) -> LiveMessage | None:
        notice = self._notices.get(entry.reference)
        return _message(entry).model_copy(update={"notice": notice_line(notice) if notice else None})

    def _refused(self, entry: JournalEntry) -> LiveMessage | None:
        refused = self._quarantined.get(entry.reference)
        return _message(entry).model_copy(update={"quarantined": quarantine_line(refused) if refused else None})

    @cached_property
    def _notices(self) -> Mapping[str, Notice]:
        return {str(one.number): one for one in self._snapshot.notices(open_only=False, limit=_LOOK_BACK)}

    @cached_property
    def _quarantined(self) -> Mapping[str, Quarantined]:
        return {one.digest: one for one in self._snapshot.quarantined(_LOOK_BACK)}


def _message(entry: JournalEntry) -> LiveMessage:
    return LiveMessage(sequence=entry.sequence, kind=entry.kind, reference=entry.reference, at=entry.at)


def _is_duty_there(stored: StoredEvent) -> bool:
    return stored.direction is Direction.INCOMING and stored.envelope.header.type == DutyTold.wire_type


def _receipt_in(stored: StoredEvent) -> Receipt | None:
    header = stored.envelope.header
    parsed = parse_received(header.type, stored.envelope.content, header.schema_ref.digest)
    if isinstance(parsed, tuple) or not isinstance(parsed.event, Receipt):
        return None
    return parsed.event


def _receipt_news(stored: StoredEvent, receipt: Receipt) -> ReceiptNews:
    proof = receipt.officer
    return ReceiptNews(
        envelope_id=stored.envelope.envelope_id,
        direction=stored.direction,
        receiver=receipt.receiver,
        stage=receipt.stage,
        channel=receipt.channel,
        epoch=receipt.epoch,
        first_seq=receipt.first_seq,
        seq=receipt.seq,
        head=receipt.head,
        received_at=receipt.received_at,
        officer=credential_name(proof) if proof else None,
        answer=proof.answer.answer if proof else None,
        means=proof.means if proof else None,
        code=receipt.code,
    )
