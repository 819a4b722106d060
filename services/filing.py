"""Files and the events that carry them: begun in the transaction that records the event, at either end.

Source: docs/protocol.md, section "Files"
"""

from datetime import datetime
from typing import Final

from schemas.agreements import Agreement
from schemas.envelope import Envelope
from schemas.files import FileState, KeptFile
from schemas.records import Direction
from schemas.subjects import Lane, parse_subject
from services.domain.chunks import all_of, none_of
from services.domain.delivery import subjects_for
from services.domain.files import OutgoingFile
from services.ports import Transaction

_INCOMING: Final = "in-"


def send_file(tx: Transaction, envelope: Envelope, file: OutgoingFile, agreement: Agreement, now: datetime) -> None:
    """Let the file of an own event be published: once for all parties, or once for each recipient, as the event is.

    Its upload ends with it, so that no other event uses the same key.
    """
    every = all_of(file.chunks.count)
    tx.files.keep(
        KeptFile(
            envelope_id=envelope.envelope_id,
            name=file.name,
            direction=Direction.OUTGOING,
            source=envelope.header.source,
            chunks=file.chunks,
            state=FileState.WHOLE,
            held=every,
            started_at=now,
            moved_at=now,
        )
    )
    tx.files.drop(file.upload)
    for text in subjects_for(envelope.header, Lane.NORMAL, agreement):
        subject = parse_subject(text)
        if subject is not None:
            tx.files.send(envelope.envelope_id, subject.destination, every)


def await_file(tx: Transaction, envelope: Envelope, now: datetime) -> bool:
    """Make ready for the file of a partner's event; False if it carries none."""
    chunks = envelope.header.content.chunks
    if chunks is None:
        return False
    tx.files.keep(
        KeptFile(
            envelope_id=envelope.envelope_id,
            name=_INCOMING + envelope.envelope_id,
            direction=Direction.INCOMING,
            source=envelope.header.source,
            chunks=chunks,
            state=FileState.ARRIVING,
            held=none_of(chunks.count),
            started_at=now,
            moved_at=now,
        )
    )
    return True
