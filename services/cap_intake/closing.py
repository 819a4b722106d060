"""An officer has dealt with a document that was held: draft and bytes are destroyed, what it was stays on record."""

from datetime import datetime

from schemas.cap_records import CapDocument, CapState
from schemas.catalogue import model_of
from schemas.errors import Fault
from schemas.information.alerts import Alert
from schemas.notices import NoticeKind
from schemas.records import Direction
from services.domain.reading import content_of
from services.ports import Snapshot, Transaction


def close_document(
    tx: Transaction, number: int, event_id: str | None, *, by: str, now: datetime
) -> CapDocument | Fault:
    """Close one document; one that is closed, or went out, stays as it is.

    Args:
        tx: One unit of work.
        number: As listings show it.
        event_id: Of the alert that the officer sent instead; None if it was dropped. Later documents that change this
            one then change that alert.
        by: The officer.
        now: Aware UTC.

    Returns:
        The document as it stands now, or why it cannot be closed.
    """
    found = tx.cap.document(number)
    if found is None:
        return Fault("cap.not_found", "number", "there is no such document; see GET /api/v1/cap/documents?held=false")
    if found.state is not CapState.HELD:
        return found
    alert_id = found.alert_id if event_id is None else _own_alert(tx, event_id)
    if isinstance(alert_id, Fault):
        return alert_id
    tx.cap.close(number, event_id=event_id, alert_id=alert_id, by=by, at=now)
    tx.waiting_room.resolve(NoticeKind.CAP_HELD, str(number), "", now)
    return tx.cap.document(number) or found


def _own_alert(snapshot: Snapshot, event_id: str) -> str | Fault:
    event = snapshot.event(event_id)
    model = model_of(event.envelope.header.type) if event is not None else None
    if event is None or event.direction is not Direction.OUTGOING or model is None or not issubclass(model, Alert):
        return Fault("cap.no_alert", "event", "it is no alert that this county sent")
    content = content_of(event)
    if not content:
        return Fault("cap.erased", "event", "its content was erased")
    return model.model_validate_json(content, extra="ignore").alert_id
