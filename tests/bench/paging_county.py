"""Child: what tells people in a county: the product's desk on its own store and roster, before W8's gateway.

Alerts come in as a neighbour signed them, are opened, and their first step is taken by a clock that stands still; so
the second step of all falls due at one moment. Then the clock is set to shortly before it, and the desk runs as in a
node.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from adapters.clock import SystemClock
from adapters.ids import SystemIds
from adapters.keys.pins import PinFiles
from adapters.memory.encryption import MemoryEncryption
from adapters.sqlite.store import SqliteStore, open_store
from schemas.carriage import Arrival
from schemas.pages import Capabilities, Dispatch, Health, Medium, PartResult, Submitted
from schemas.subjects import Lane
from services.bootstrap.logs import set_up_logging
from services.bootstrap.node import SWITCH_SECONDS
from services.bootstrap.rosters import open_rosters
from services.domain.policies import USUAL_POLICY, ladder_of
from services.domain.receiving import Examined, conclude, open_arrival
from services.domain.releasing import UNATTENDED
from services.domain.signing import first_broken
from services.domain.sms_text import Signature, SignaturePlace
from services.duty import RosterDuty
from services.gateway.submit import Submitter
from services.notifier.paging import PagingDesk, PagingRules
from services.paging_ports import Hear
from services.posting import Posting
from services.receiver.settling import Settlement
from services.rostering import Rostering
from services.settings import read_settings
from tests.bench.gateway import Gateway
from tests.bench.members import FixedDirectory, county_codes, signers_of, trust_of
from tests.bench.pages import numbered_alert
from tests.bench.processes import serve

SOURCE, COUNTY = county_codes(2)
DATABASE: Final = "sihu.db"
STEP: Final = 1
"""The step of the usual policy that is overdue: the second officer of level 2 is told by SMS after four minutes."""
_LEVEL: Final = 2
_ALL: Final = 1_000_000
_IN_FLIGHT: Final = 256
_STEP_AFTER: Final = timedelta(seconds=ladder_of(USUAL_POLICY, _LEVEL).steps[STEP].after_seconds)
_SMS: Final = Capabilities(reply=True, report=True, extension=True, segments=True)


class ShiftedClock(SystemClock):
    """The machine's clocks, or a moment that stands still."""

    def __init__(self) -> None:
        """Show the machine's time."""
        self.ahead = timedelta()
        self.stands_at: datetime | None = None

    def now(self) -> datetime:
        """Return aware UTC."""
        return self.stands_at or super().now() + self.ahead


class GatewayPager:
    """Satisfies ``services.paging_ports.Pager`` by the gateway; without one it takes everything by itself."""

    name, medium = "gateway", Medium.SMS

    def __init__(self, gateway: Gateway | None) -> None:
        """Take an open gateway, or none."""
        self._gateway = gateway
        self.capabilities = _SMS if gateway else Capabilities(segments=True)  # the first step waits for no report

    @asynccontextmanager
    async def running(self, hear: Hear) -> AsyncIterator[None]:  # noqa: ARG002  nothing comes back
        """Keep nothing: the connection is open."""
        yield

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        """Hand every part over."""
        return tuple([Submitted(part.number, await self._send(dispatch, part.text)) for part in dispatch.parts])

    def health(self) -> Health:
        """Say that it is ready."""
        return Health(ready=True, since=datetime(2026, 1, 1, tzinfo=UTC))

    async def _send(self, dispatch: Dispatch, text: str) -> str:
        return await self._gateway.send(dispatch.address, text) if self._gateway else dispatch.page_id


class PagingCounty:
    """One county, without a hub."""

    def __init__(self, stack: AsyncExitStack) -> None:
        """Everything opened ends with ``stack``."""
        self._stack = stack
        self._clock = ShiftedClock()
        self._directory = FixedDirectory(trust_of((SOURCE, COUNTY)))
        self._posting = _posting_of(COUNTY, self._directory)
        self._store: SqliteStore
        self._gateway = Gateway()

    async def open(self, folder: str, port: int) -> dict[str, Any]:
        """Open the store and the roster of a county's directory, and connect to the gateway."""
        set_up_logging("json", "info", county=COUNTY)
        home = Path(folder)
        self._home, self._settings = home, read_settings(home)
        rosters = open_rosters(self._settings, monotonic=self._clock.monotonic)
        self._duty = RosterDuty(Rostering(rosters, SystemIds()))
        self._store = await self._stack.enter_async_context(open_store(home / DATABASE, county=COUNTY))
        await self._gateway.open(port)
        return {}

    async def stage(self, first: int, count: int, skip: int = -1) -> dict[str, Any]:
        """Take alerts in and their first step; ``skip`` is only said to be overdue."""
        self._clock.stands_at = now = SystemClock().now()
        examined = await self._arrived([number for number in range(first, first + count) if number != skip], now)
        posting, trust = self._posting, self._directory.trust()
        await self._store.write(lambda tx: Settlement(tx, posting=posting, trust=trust, now=now).settle(examined))
        desk = self._desk(None)
        while await desk.run_once() or await self._unsettled(now):
            pass
        return {}

    async def run(self, lead_seconds: float = 0.0, ahead_us: int | None = None) -> dict[str, Any]:
        """Run the desk by a clock that reaches the overdue step in ``lead_seconds``, or goes on as before a kill."""
        at, self._clock.stands_at = self._clock.stands_at, None
        if ahead_us is None and at is not None:
            ahead_us = (at + _STEP_AFTER - SystemClock().now()) // timedelta(microseconds=1) - round(lead_seconds * 1e6)
        due_ns = time.monotonic_ns() + round(lead_seconds * 1e9)
        self._clock.ahead = timedelta(microseconds=ahead_us or 0)
        await self._stack.enter_async_context(self._desk(self._gateway).running())
        return {"due_ns": due_ns, "ahead_us": ahead_us}

    def _desk(self, gateway: Gateway | None) -> PagingDesk:
        return PagingDesk(
            store=self._store,
            posting=self._posting,
            directory=self._directory,
            clock=self._clock,
            duty=self._duty,
            pins=PinFiles(self._settings.directory),
            pagers={"gateway": GatewayPager(gateway)},
            rules=PagingRules(lambda: USUAL_POLICY, Signature("基准应急", SignaturePlace.FIRST)),
            jitter=lambda: 0.5,
        )

    async def _unsettled(self, now: datetime) -> bool:
        return await self._store.write(lambda tx: bool(tx.paging.to_plan(now, 1) or tx.paging.work_due(now, 1)))

    async def _arrived(self, numbers: Iterable[int], now: datetime) -> list[Examined]:
        """Let the neighbour send the alerts; return them as a receiver has examined them."""
        trust = self._directory.trust()
        async with open_store(self._home / "source.db", county=SOURCE) as store:
            posting = _posting_of(SOURCE, self._directory)
            submitter = Submitter(store=store, posting=posting, directory=self._directory, clock=self._clock)
            waiting = iter(numbers)

            async def work() -> None:
                for number in waiting:
                    await submitter.submit(
                        numbered_alert(number, now), idempotency_key=None, access_name="bench", standing=UNATTENDED
                    )

            await asyncio.gather(*(work() for _ in range(_IN_FLIGHT)))
            sent = await store.read(lambda tx: tx.waiting(Lane.URGENT, 0, _ALL, 2**40))
        arrivals = (Arrival(sequence=one.sequence, subject=one.subject, message=one.message) for one in sent)
        opened = [open_arrival(one, trust) for one in arrivals]
        return [
            conclude(one, first_broken(one.claims), trust=trust, county=COUNTY, unwrap=self._posting.encryption.unwrap)
            for one in opened
        ]


def _posting_of(county: str, directory: FixedDirectory) -> Posting:
    return Posting(
        county=county,
        signers=signers_of(county),
        trust=directory.trust,
        ids=SystemIds(),
        encryption=MemoryEncryption(county),
    )


async def main() -> None:
    """Take orders."""
    sys.setswitchinterval(SWITCH_SECONDS)
    async with AsyncExitStack() as stack:
        county = PagingCounty(stack)
        await serve({"open": county.open, "stage": county.stage, "run": county.run})


if __name__ == "__main__":
    asyncio.run(main())
