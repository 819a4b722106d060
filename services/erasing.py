"""Take a content out of this county's keeping: what opens it goes with it, and so does the key that opens a capture."""

from schemas.records import ErasureRow
from services.domain.custody import reader_key
from services.ports import Transaction
from services.threads import refold


def erase_here(tx: Transaction, envelope_id: str, row: ErasureRow, *, condemn: bool = True) -> bool:
    """Erase keys part, content and content key, and condemn our office key that opens them elsewhere.

    Args:
        tx: The caller's transaction.
        envelope_id: Of the event.
        row: Ourselves, why and when.
        condemn: Whether our office key that opens copies elsewhere is to go early.

    Returns:
        False if no such envelope is here, or we have erased it before.
    """
    event = tx.event(envelope_id)
    if event is None or any(one.county == row.county for one in tx.erasures_of(envelope_id)):
        return False
    kid = reader_key(event.envelope, row.county)
    thread = tx.threads.thread_of(event.position)
    tx.erasures.erase(envelope_id, row)
    if thread is not None:
        refold(tx, thread)
    if kid is not None and condemn:
        tx.custody.condemn(kid, row.erased_at)
    return True
