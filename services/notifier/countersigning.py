"""A second name that is missing under an alert which one officer sent alone: the own duty officer is told once.

Source: docs/releasing.md, section "Alone at night"
"""

from datetime import datetime
from typing import Final

import structlog

from schemas.notices import NoticeKind
from schemas.releases import Countersigning
from services.domain.reading import line_of
from services.domain.telling import told_of_one_name
from services.ports import Store, Transaction

log = structlog.get_logger()

_MOST: Final = 100


async def tell_missing_names(store: Store, now: datetime) -> int:
    """Tell of every second name that is overdue and was not told of; return how many there were.

    Raises:
        UnavailableError: The store cannot read or write now; they are told next time.
    """
    late = await store.read(lambda snapshot: snapshot.releases.overdue(now, _MOST))
    return await store.write(lambda tx: _tell(tx, now)) if late else 0


def _tell(tx: Transaction, now: datetime) -> int:
    late = tx.releases.overdue(now, _MOST)  # once more: somebody may have countersigned meanwhile
    for one in late:
        tx.waiting_room.tell(NoticeKind.NOT_COUNTERSIGNED, one.envelope_id, "", _text(tx, one), now)
        tx.releases.mark_told(one.envelope_id)
        log.warning("notifier.not_countersigned", envelope_id=one.envelope_id)
    return len(late)


def _text(tx: Transaction, one: Countersigning) -> str:
    event = tx.event(one.envelope_id)
    return told_of_one_name(one.name, one.due_at, line_of(event) if event else "")
