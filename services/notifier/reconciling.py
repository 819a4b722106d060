"""Providers that can be asked are asked again about what they took and did not report: by what the store holds.

Nothing else needs it. A report that came before its page was kept is joined when that is kept; a page whose report does
not come is followed by the next medium at its own moment; a report that fits nothing is told of when it comes, and
forgotten with the rest.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from schemas.sms import PartTry
from services.paging_ports import AskedPager, Duty, Pager
from services.ports import Clock, Snapshot, Store

EVERY_SECONDS: Final = 300.0
_ASKED_FOR: Final = timedelta(hours=24)
"""A telephone that was off for so long has another SMS by now."""
_MOST: Final = 10_000
"""Of one provider in one pass; what is left has its turn once these are reported."""


class Reconciler:
    """Says to providers what they have to be asked about."""

    def __init__(self, *, store: Store, duty: Duty, pagers: Mapping[str, Pager], clock: Clock) -> None:
        """Take ready-made ports; open nothing."""
        self._store, self._duty, self._clock = store, duty, clock
        self._asked = {name: pager for name, pager in pagers.items() if isinstance(pager, AskedPager)}

    async def run_once(self) -> int:
        """Have everything asked for that is without a final report; return how many parts that are.

        Raises:
            UnavailableError: The store cannot be read now.
        """
        now = self._clock.now()
        found = [await self._store.read(_unreported(name, now)) for name in self._asked]
        return sum(self._expect(recipient, one) for rows in found for recipient, one in rows)

    def _expect(self, recipient: str, one: PartTry) -> bool:
        known, pager = self._duty.recipient(recipient), self._asked[one.provider]
        address = known.address(pager.medium) if known else None
        if address is None:  # gone from the roster: nobody can say any more which number it went to
            return False
        pager.expect(one.reference, address, one.tried_at)
        return True


def _unreported(provider: str, now: datetime) -> Callable[[Snapshot], list[tuple[str, PartTry]]]:
    """Return what reads a provider's tries without a final report, each with who it went to."""

    def read(snapshot: Snapshot) -> list[tuple[str, PartTry]]:
        rows = snapshot.paging.unreported(provider, now - _ASKED_FOR, now, _MOST)
        pages = ((snapshot.paging.page(one.page_id), one) for one in rows)
        return [(page.recipient, one) for page, one in pages if page is not None]

    return read
