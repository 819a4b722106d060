"""Our own twin: partners confirm beacons in our name that this process never wrote.

Each beacon names the newest one of its recipient that was heard. Of two nodes of one county, whoever did not write that
one learns of the other within two intervals, whether or not either of them sends any event.
"""

from datetime import datetime

import structlog

from schemas.notices import NoticeKind
from services.completeness.writing import SignalWriter, Wishes
from services.domain.telling import told_of_own_twin
from services.ports import Store

log = structlog.get_logger()


class TwinWatch:
    """Compares what is confirmed with what was written."""

    def __init__(self, *, store: Store, writer: SignalWriter, wishes: Wishes) -> None:
        """Take ready-made ports; open nothing."""
        self._store, self._writer, self._wishes = store, writer, wishes
        self._told: dict[str, int] = {}

    async def run_once(self, now: datetime) -> int:
        """Tell our officer of every partner that has heard another node of ours since; return how many.

        Raises:
            UnavailableError: The store cannot write now.
        """
        strange = {
            partner: echo
            for partner, echo in self._wishes.echoes.items()
            if echo is not None and echo > self._told.get(partner, 0) and self._writer.denies(partner, echo)
        }
        if strange:
            await self._store.write(
                lambda tx: [
                    tx.waiting_room.tell(NoticeKind.TWINS, partner, self._writer.county, told_of_own_twin(partner), now)
                    for partner in sorted(strange)
                ]
            )
            log.error("completeness.twin", heard_by=sorted(strange))
            self._told |= strange
        return len(strange)
