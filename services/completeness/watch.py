"""Beaconer, listener and inquirer of one county, run together."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self

from services.completeness.beaconer import Beaconer
from services.completeness.inquirer import Inquirer
from services.completeness.listener import Listener
from services.completeness.writing import SignalWriter, Wishes
from services.domain.completeness import INTERVAL_SECONDS
from services.domain.trust import Trust
from services.hub_ports import Puller
from services.ports import Clock, Store
from services.posting import Posting


class Watch:
    """Tell, hear and ask."""

    def __init__(
        self,
        *,
        store: Store,
        posting: Posting,
        writer: SignalWriter,
        puller: Puller,
        trust: Callable[[], Trust],
        clock: Clock,
        contact: Callable[[], int],
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        """Take ready-made ports; open nothing.

        Args:
            store: The county's one database.
            posting: Puts recorded bytes into the lane of repairs.
            writer: The way out for signals.
            puller: Of the hub's stream of signals.
            trust: Returns what is trusted now.
            clock: Reads the time.
            contact: The number of the present contact with the hub, 0 if there is none.
            interval_seconds: How often partners are told.
        """
        wishes = Wishes()
        self.beaconer = Beaconer(
            store=store, writer=writer, trust=trust, clock=clock, wishes=wishes, interval_seconds=interval_seconds
        )
        self.listener = Listener(
            store=store,
            posting=posting,
            puller=puller,
            trust=trust,
            clock=clock,
            wishes=wishes,
            interval_seconds=interval_seconds,
        )
        self.inquirer = Inquirer(
            store=store,
            writer=writer,
            trust=trust,
            clock=clock,
            wishes=wishes,
            contact=contact,
            interval_seconds=interval_seconds,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Run all three until the block ends."""
        async with AsyncExitStack() as stack:
            for part in (self.listener, self.beaconer, self.inquirer):
                await stack.enter_async_context(part.running())
            yield self
