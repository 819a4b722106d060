"""Threads are folded in the transaction that brings an act or takes one away: what lists see is never behind."""

from schemas.threads import ACTS_MAX, ThreadOf
from services.domain.threads import acts_of, row_of
from services.ports import Transaction


def refold(tx: Transaction, thread: ThreadOf) -> None:
    """Write the row of a thread anew from the acts that are recorded now; a thread that lost its opening has none."""
    row = row_of(thread, acts_of(tx.threads.acts(thread, ACTS_MAX)))
    if row is None:
        tx.threads.drop(thread)
    else:
        tx.threads.put(row)
