"""Open the rooms that carry files: the folder and who tidies it, and the ways out and in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from adapters.files.folder import FileFolder
from adapters.jetstream.blobs import JetStreamChunkPublisher
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.pull import JetStreamPuller
from schemas.subjects import BLOB_STREAM
from services.completeness.file_asking import FileAsker
from services.completeness.writing import SignalWriter
from services.domain.trust import Trust
from services.ports import Clock, Store
from services.posting import Posting
from services.receiver.chunks import ChunkTaker
from services.relay.chunks import ChunkRelay
from services.settings import Settings
from services.upkeep.files import FileSweeper

FILES_FLOOR: Final = 2
"""Files stop at so many times the free space at which the database does: events still have room."""
CHUNKS_TAKEN: Final = 8
"""Chunks of one batch: half of what the hub hands over ahead of us."""
CHUNK_SILENCE_SECONDS: Final = 20.0
"""On a slow line the hub's heartbeats stand behind chunks."""


@asynccontextmanager
async def keeping_files(settings: Settings, store: Store, clock: Clock) -> AsyncIterator[FileFolder]:
    """Open the folder, swept once and then regularly for as long as the block lasts."""
    floor = FILES_FLOOR * settings.store.floor_mib << 20
    folder = await asyncio.to_thread(FileFolder, settings.files_folder, floor_bytes=floor)
    sweeper = FileSweeper(store=store, folder=folder, clock=clock)
    await sweeper.begin()
    async with sweeper.running():
        yield folder


@asynccontextmanager
async def carrying_files(
    settings: Settings,
    *,
    hub: HubConnection,
    store: Store,
    posting: Posting,
    folder: FileFolder,
    trust: Callable[[], Trust],
    signals: SignalWriter,
    clock: Clock,
) -> AsyncIterator[None]:
    """Publish, take and ask for chunks for as long as the block lasts; ``hub`` is a connection of their own."""
    county, spool_bytes = settings.county, settings.files.arriving_mib << 20
    relay = ChunkRelay(store=store, folder=folder, publisher=JetStreamChunkPublisher(hub), clock=clock, county=county)
    taker = ChunkTaker(
        store=store,
        posting=posting,
        puller=JetStreamPuller(hub, county, BLOB_STREAM, batch=CHUNKS_TAKEN, silence_seconds=CHUNK_SILENCE_SECONDS),
        folder=folder,
        trust=trust,
        clock=clock,
        spool_bytes=spool_bytes,
    )
    asker = FileAsker(
        store=store,
        writer=signals,
        clock=clock,
        spool_bytes=spool_bytes,
        quiet_seconds=settings.files.quiet_seconds,
    )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(relay.running())
        await stack.enter_async_context(taker.running())
        await stack.enter_async_context(asker.running())
        yield
