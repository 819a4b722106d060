"""Counties at work with everything that proves completeness, in memory: one clock, one hub that may hide things."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final

from adapters.memory.bus import MemoryAppender, MemoryHub, MemoryPuller, MemorySignaller, Stored
from adapters.memory.clock import ManualClock
from adapters.memory.encryption import kid_of_name
from adapters.memory.ids import SequentialIds
from adapters.memory.store import MemoryStore
from schemas.envelope import Envelope
from schemas.notices import Notice, NoticeKind
from schemas.registry import KeyUse
from schemas.subjects import SIGNAL_STREAM, streams
from services.completeness.resender import Resender
from services.completeness.watch import Watch
from services.completeness.writing import SignalWriter
from services.domain.encryption import OpenedContent, open_content
from services.receiver.receiver import Receiver
from services.relay.relay import Relay
from tests import papers
from tests.desk import Office, opened
from tests.papers import COUNTIES

INTERVAL: Final = 60.0
_STEP: Final = 0.5
_PATIENCE_SECONDS: Final = 60.0


def new_hub() -> MemoryHub:
    """A hub that knows the agreement."""
    return MemoryHub({papers.AGREEMENT: COUNTIES})


def new_offices() -> dict[str, Office]:
    """Three counties with empty stores and one clock."""
    clock = ManualClock(papers.NOW)
    return {code: Office(code, MemoryStore(), clock=clock) for code in COUNTIES}


def forget_key(office: Office) -> None:
    """Destroy the private half of the key that the registry lists for a county."""
    office.encryption.forget(kid_of_name(papers.encryption_name(office.code)))


def writer_of(office: Office, hub: MemoryHub) -> SignalWriter:
    """The way out for a county's signals."""
    return SignalWriter(
        county=office.code,
        signer=papers.signer(office.code, KeyUse.EVENT),
        signaller=MemorySignaller(hub),
        trust=partial(getattr, office, "trusted"),
        clock=office.clock,
        ids=SequentialIds(f"signals {office.code}"),
        encryption=office.encryption,
    )


def watch_of(office: Office, hub: MemoryHub, *, interval: float = INTERVAL) -> Watch:
    """Beaconer, listener and inquirer of a county."""
    return Watch(
        store=office.store,
        posting=office.posting,
        writer=writer_of(office, hub),
        puller=MemoryPuller(hub, office.code, SIGNAL_STREAM),
        trust=partial(getattr, office, "trusted"),
        clock=office.clock,
        contact=lambda: 0 if hub.down else hub.contacts,
        interval_seconds=interval,
    )


@asynccontextmanager
async def on_watch(
    offices: Iterable[Office], hub: MemoryHub, *, repairs: bool = False, watches: bool = True
) -> AsyncIterator[None]:
    """Run relay, receiver and watch of every county against one hub; the resender only if it is asked for."""
    async with AsyncExitStack() as stack:
        executor = stack.enter_context(ThreadPoolExecutor(2))
        for one in offices:
            appender = MemoryAppender(hub, one.code)
            relay = Relay(store=one.store, appender=appender, clock=one.clock)
            receiver = Receiver(
                store=one.store,
                posting=one.posting,
                pullers=[MemoryPuller(hub, one.code, stream) for stream in streams()],
                trust=partial(getattr, one, "trusted"),
                clock=one.clock,
                executor=executor,
            )
            await stack.enter_async_context(relay.running(idle_seconds=0.02))
            await stack.enter_async_context(receiver.running())
            if watches:
                await stack.enter_async_context(watch_of(one, hub).running())
            if repairs:
                ids = SequentialIds(f"jitter {one.code}")
                resender = Resender(store=one.store, posting=one.posting, appender=appender, clock=one.clock, ids=ids)
                await stack.enter_async_context(resender.running())
        yield


async def passes(offices: Mapping[str, Office], seconds: float) -> None:
    """Let time pass for everybody."""
    clock = next(iter(offices.values())).clock
    for _ in range(int(seconds / _STEP)):
        await clock.move(_STEP)
        await asyncio.sleep(0.002)


async def within(
    offices: Mapping[str, Office], seconds: float, settled: Callable[[], Awaitable[object]]
) -> float | None:
    """Let time pass until ``settled()`` is true; return after how many seconds, None if it does not become so."""
    clock = next(iter(offices.values())).clock
    began = clock.monotonic()
    while clock.monotonic() - began <= seconds:
        if await settled():
            return clock.monotonic() - began
        await clock.move(_STEP)
        await asyncio.sleep(0.004)
    return None


async def told(office: Office, kind: NoticeKind, *, open_only: bool = False) -> list[Notice]:
    """What a county's officer has been told of one kind, the newest first."""
    notices = await office.store.read(lambda s: s.notices(open_only=open_only, limit=100))
    return [one for one in notices if one.kind is kind]


def envelope_in(stored: Stored) -> Envelope:
    """Read what the hub keeps."""
    return opened(stored.message)


def said_in(stored: Stored, office: Office) -> bytes:
    """Read what a signal in the hub says, with the eyes of its recipient."""
    envelope = envelope_in(stored)
    found = open_content(envelope, office.code, office.encryption.unwrap, readers=envelope.header.to)
    assert isinstance(found, OpenedContent), found
    return found.content
