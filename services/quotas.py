"""Counting what goes out and what comes in against the agreement's quotas, in the transaction that takes it."""

from datetime import datetime

from schemas.agreements import Agreement
from schemas.errors import Fault
from services.domain.quotas import hour_of, is_counted, judge_quota, quota_of
from services.ports import Transaction


def take_from_quota(
    tx: Transaction, agreement: Agreement, *, source: str, wire_type: str, priority: int, size: int, claimed: datetime
) -> Fault | None:
    """Count one event that is taken if this lets it; a refused one is not counted.

    Args:
        tx: The transaction that takes the event.
        agreement: The version that the event names.
        source: Who sent it.
        wire_type: What it is.
        priority: That of its header: what is urgent is neither counted nor refused.
        size: Bytes of its content as they travel.
        claimed: Its source's time.

    Returns:
        Why it must be refused, or None.
    """
    quota = quota_of(agreement, source)
    if quota is None or not is_counted(wire_type, priority):
        return None
    hour = hour_of(claimed)
    fault = judge_quota(quota, agreement.id, tx.quota_book.used(source, agreement.id, hour), size)
    if fault is None:
        tx.quota_book.use(source, agreement.id, hour, size)
    return fault
