"""Personal content is shown to who says why, after that was written down; and the log of it is shown to the auditor."""

from typing import Final

from schemas.access import Access
from schemas.base import InformationClass
from schemas.custody import Opening, OpeningReason
from schemas.records import StoredEvent
from services.domain.openings import NONE_YET, LogVerdict, go_on, next_opening
from services.ports import Clock, Store, Transaction

_PAGE: Final = 2000
"""Rows of one look at the log; between two of them others are served."""


def is_withheld(event: StoredEvent) -> bool:
    """Tell whether the content of an event is personal, and still here: then it is shown only with a reason."""
    return event.envelope.header.information_class is InformationClass.PERSONAL and bool(event.envelope.content)


async def write_down(store: Store, clock: Clock, envelope_id: str, *, access: Access, reason: OpeningReason) -> Opening:
    """Append to the log that the content of an event is about to be shown; it is durable when this returns.

    Raises:
        UnavailableError: It cannot be written down now, so nothing is shown.
    """

    def work(tx: Transaction) -> Opening:
        last, now = tx.last_opening(), clock.now()
        row = next_opening(last, envelope_id=envelope_id, access=access, reason=reason, now=now)
        tx.custody.log_opening(row)
        return row

    return await store.write(work)


async def judged_log(store: Store) -> LogVerdict:
    """Walk over the whole log and tell whether every row follows the one before."""
    verdict = LogVerdict(0, NONE_YET)
    while verdict.holds:
        after = verdict.count
        rows = await store.read(lambda snapshot, after=after: snapshot.openings(after, _PAGE))  # type: ignore[misc]
        if not rows:
            break
        verdict = go_on(verdict, rows)
    return verdict
