"""A CMPP pager beside a gateway that follows a script (tests/ismg.py), on the loopback.

Time is a manual clock: minutes of silence pass at once, only the bytes take real time.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from adapters.memory.clock import ManualClock
from adapters.sms.cmpp import CmppPager
from adapters.sms.cmpp_bodies import Version
from adapters.sms.cmpp_settings import CmppSettings
from schemas.errors import UnavailableError
from schemas.pages import Dispatch, Inbound, Medium, Part, PartResult, Reply, Report
from tests.ismg import SECRET, SP_ID, Ismg, eventually

NUMBER = "13900000001"
BOTH = pytest.mark.parametrize("major", [2, 3])
TEXT = "【联络办】Ⅱ级 暴雨 天峨县 37"


@dataclass
class Ear:
    """What the notifier would keep; ``fails`` times the database is away first."""

    heard: list[Inbound] = field(default_factory=list)
    fails: int = 0
    gate: asyncio.Event | None = None

    async def __call__(self, inbound: Inbound) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.fails:
            self.fails -= 1
            raise UnavailableError("the database is away")
        self.heard.append(inbound)

    @property
    def replies(self) -> list[Reply]:
        return [one for one in self.heard if isinstance(one, Reply)]

    @property
    def reports(self) -> list[Report]:
        return [one for one in self.heard if isinstance(one, Report)]


@dataclass
class Desk:
    """A pager that runs beside its gateway."""

    ismg: Ismg
    pager: CmppPager
    clock: ManualClock
    ear: Ear

    async def ready(self) -> None:
        await eventually(lambda: self.pager.health().ready)

    async def submit(self, *texts: str) -> tuple[PartResult, ...]:
        return await self.pager.submit(page(*texts))


def settings(port: int, major: int = 2, **more: float) -> CmppSettings:
    base = CmppSettings(
        name="mobile-cmpp",
        host="127.0.0.1",
        port=port,
        source_addr=SP_ID,
        secret=SECRET,
        service_number="10690001",
        service_id="HELP",
        version=Version.V2 if major == 2 else Version.V3,
    )
    return replace(base, **more)  # type: ignore[arg-type]


def page(*texts: str, address: str = NUMBER, extension: str = "37", reference: int = 0xA5) -> Dispatch:
    parts = tuple(Part(number, len(texts), reference, text) for number, text in enumerate(texts, start=1))
    return Dispatch("0" * 32, Medium.SMS, address, "".join(texts), parts, extension)


@asynccontextmanager
async def desk(ismg: Ismg, ear: Ear | None = None, **more: float) -> AsyncIterator[Desk]:
    """A gateway and a pager that runs; not yet let in."""
    clock, ear = ManualClock(), ear or Ear()
    async with ismg.serving():
        pager = CmppPager(settings(ismg.port, ismg.major, **more), clock=clock)
        async with pager.running(ear):
            yield Desk(ismg, pager, clock, ear)


@asynccontextmanager
async def ready_desk(ismg: Ismg, ear: Ear | None = None, **more: float) -> AsyncIterator[Desk]:
    """The same, let in."""
    async with desk(ismg, ear, **more) as at:
        await at.ready()
        yield at
