"""What became known of a number is recorded in the roster: outside every transaction, and again until it is done.

The roster is a file, and a record of it is synced: in a transaction every other one would wait for that. So the
transaction that learns of it leaves a row, and the row goes once the record is there. A crash between the two records
nothing twice, for a record says when.
"""

import asyncio
import hashlib
from datetime import datetime
from typing import Final

from schemas.page_work import PageWork, WorkKind
from schemas.pages import Medium
from schemas.rosters import Mark
from services.paging_ports import Duty
from services.ports import Store

_AT_ONCE: Final = 50
_LOWEST: Final = 4
_ID_DIGITS: Final = 32


def mark_due(owner: str, medium: Medium, tag: str, mark: Mark, at: datetime) -> PageWork:
    """Return the row that has a number's mark recorded."""
    named = f"{owner}/{medium.value}/{tag}/{mark.value}/{at.isoformat()}"
    work_id = hashlib.sha256(named.encode()).hexdigest()[:_ID_DIGITS]
    return PageWork(work_id, WorkKind.NUMBER_MARK, medium, owner, _LOWEST, at, text=f"{mark.value} {tag}")


class Marker:
    """Records what is to be recorded."""

    def __init__(self, *, store: Store, duty: Duty) -> None:
        """Take ready-made ports; open nothing."""
        self._store, self._duty = store, duty

    async def run_once(self) -> int:
        """Record what is due; return how many marks that were.

        Raises:
            UnavailableError: The disk or the store cannot be written now; what is left is due still.
        """
        due = await self._store.read(lambda snapshot: snapshot.paging.marks_due(_AT_ONCE))
        for one in due:
            mark, _, tag = one.text.partition(" ")
            await asyncio.to_thread(self._duty.mark_number, one.recipient, one.medium, tag, Mark(mark), one.next_at)
            await self._store.write(lambda tx, one=one: tx.paging.drop_work(one.page_id))  # type: ignore[misc]
        return len(due)
