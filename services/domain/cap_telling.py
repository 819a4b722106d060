"""Alerts that this node holds, told to systems that speak CAP: one document, the feed of what is in force, an answer.

What is personal is never told so: CAP has no way to keep it to those it is for. The feed lists public alerts alone.

Source: docs/alerting/cap.md, section "On a running node"
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schemas.base import InformationClass, Status, format_time
from schemas.cap import CapAlert
from schemas.cap_records import FeedEntry
from schemas.catalogue import model_of, parse_received
from schemas.control import ReceiptStage
from schemas.errors import Fault
from schemas.information.alerts import Alert, AlertCancelled, AlertIssued, AlertUpdated, SucceedingAlert
from schemas.records import ReceiptRow, StoredEvent
from services.domain.cap import office_of, sent_of
from services.domain.cap_answers import CapAnswer, answer_to_cap
from services.domain.cap_lines import rebuilt
from services.domain.cap_rules import CapReference, reference_of
from services.domain.cap_writing import to_cap
from services.domain.reading import content_of
from services.domain.succession import may_change

ALERT_TYPES: Final = (AlertIssued.wire_type, AlertUpdated.wire_type, AlertCancelled.wire_type)
COUNTY: Final = "urn:sihu:county:"
"""Begins the ``sender`` of an answer; the six digits of the county that gave it follow."""
_EVENT: Final = "urn:sihu:event:"
_EXERCISE: Final = "【演练】"
_TOLD: Final = frozenset(
    {ReceiptStage.ACKNOWLEDGED, ReceiptStage.ACTIONED, ReceiptStage.DECLINED, ReceiptStage.REJECTED}
)


@dataclass(frozen=True, slots=True)
class KeptAlert:
    """An alert of the store, read."""

    event: StoredEvent
    alert: Alert


def alert_of(event: StoredEvent) -> KeptAlert | Fault:
    """Return the alert in a kept event, or why it is not told as CAP."""
    header = event.envelope.header
    model = model_of(header.type)
    if model is None or not issubclass(model, Alert):
        return Fault("cap.no_alert", "id", "it is no alert; only alerts can be told as CAP")
    if header.information_class is InformationClass.PERSONAL:
        return Fault("cap.personal", "id", "it is personal, which CAP has no way to keep to those it is for")
    content = content_of(event)
    if not content:
        return Fault("cap.erased", "id", "its content was erased")
    parsed = parse_received(header.type, content, header.schema_ref.digest)
    if isinstance(parsed, tuple) or not isinstance(parsed.event, Alert):
        return Fault("cap.no_alert", "id", "its content is not understood by this version")
    return KeptAlert(event, parsed.event)


def document_of(kept: KeptAlert) -> CapAlert:
    """Return an alert in our own words."""
    header = kept.event.envelope.header
    return to_cap(kept.alert, status=header.status, information_class=header.information_class)


def received_of(kept: KeptAlert) -> CapAlert | Fault:
    """Return the document that an imported alert came from, with every correction made since."""
    if not kept.alert.cap_lines:
        return Fault("cap.not_imported", "as_received", "it was not imported from CAP; leave `as_received` out")
    return rebuilt(kept.alert)


def is_listed(kept: KeptAlert, status: Status, now: datetime) -> bool:
    """Tell whether an alert stands in the feed: public, of the status asked for, not expired."""
    header = kept.event.envelope.header
    is_public = header.information_class is InformationClass.PUBLIC
    return is_public and header.status is status and kept.alert.expires > now


def in_force(alerts: Sequence[KeptAlert]) -> list[KeptAlert]:
    """Leave out what a later one of these replaces or ends; cancellations stay, for readers must hear of them.

    No exercise ends what was meant, although an older program may have let one pass that says so.
    """
    gone = {
        (one.alert_id, kept.event.envelope.header.source, kept.event.envelope.header.status)
        for kept in alerts
        if isinstance(kept.alert, SucceedingAlert)
        for one in kept.alert.predecessors
    }
    return [kept for kept in alerts if not _is_gone(kept, gone)]


def _is_gone(kept: KeptAlert, gone: Iterable[tuple[str, str, Status]]) -> bool:
    header, alert_id = kept.event.envelope.header, kept.alert.alert_id
    return any(
        alert_id == one and may_change(by, header.source) and status is header.status for one, by, status in gone
    )


def entry_of(kept: KeptAlert, address: str) -> FeedEntry:
    """Return an alert as an entry; ``address`` is that of its document."""
    header = kept.event.envelope.header
    mark = _EXERCISE if header.status is Status.EXERCISE else ""
    return FeedEntry(
        id=_EVENT + kept.event.envelope.envelope_id,
        title=mark + kept.alert.headline,
        updated=format_time(kept.event.recorded_at),
        link=address,
        summary="，".join(dict.fromkeys(area.desc for area in kept.alert.areas)),
    )


def reference_to(kept: KeptAlert) -> CapReference | None:
    """Return what names the document that an alert came from, or else the one that tells it in our words."""
    document = rebuilt(kept.alert) if kept.alert.cap_lines else None
    if isinstance(document, CapAlert):
        return reference_of(f"{document.sender},{document.identifier},{document.sent}")
    alert_id = kept.alert.alert_id
    return reference_of(f"{office_of(alert_id)},{alert_id},{sent_of(alert_id)}")


def answer_of_county(kept: KeptAlert, receipts: Sequence[ReceiptRow], county: str) -> CapAlert | Fault:
    """Return what a county answered to an alert of ours, as CAP's Ack or Error.

    Args:
        kept: The alert.
        receipts: All that cover it, oldest first.
        county: Whose answer.
    """
    told = [row for row in receipts if row.receiver == county and row.stage in _TOLD]
    about = reference_to(kept)
    if not told or about is None:
        return Fault("cap.no_answer_yet", "county", "no officer there has answered, and nothing was refused")
    row = told[-1]
    note = "：".join(part for part in (row.code, row.answer, row.text) if part)
    answer = CapAnswer(row.stage, (about,), note, COUNTY + county, row.envelope_id, row.received_at)
    document = answer_to_cap(answer, status=kept.event.envelope.header.status)
    return document or Fault("cap.no_answer_yet", "county", "CAP has no word for what came from there")
