"""A person closes a notice: what it was about has been dealt with, and who says so is kept."""

from dataclasses import replace
from datetime import datetime

from schemas.errors import Fault
from schemas.notices import SELF_ENDING, Notice
from services.ports import Transaction


def close_notice(tx: Transaction, number: int, by: str, now: datetime) -> Notice | Fault:
    """Close one notice; one that is closed already stays as it is, with whoever closed it first.

    Args:
        tx: One unit of work.
        number: As listings show it.
        by: The officer, or the name of a token that is bound to none.
        now: Aware UTC.

    Returns:
        The notice as it stands now, or why it cannot be closed.
    """
    found = tx.waiting_room.notice(number)
    if found is None:
        return Fault("notice.not_found", "number", "there is no such notice; see GET /api/v1/notices?open=false")
    if found.resolved_at is not None:
        return found
    if found.kind in SELF_ENDING:
        return Fault(
            "notice.ends_itself",
            "number",
            "it ends by itself once its cause is gone: renew what expires, or take the step that is due",
        )
    tx.waiting_room.close(number, by, now)
    return replace(found, resolved_at=now, closed_by=by)
