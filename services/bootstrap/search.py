"""Open the search: its key, and what keeps its index."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.keys.search_key import open_search_key
from services.ports import Clock, Store
from services.settings import Settings
from services.upkeep.indexing import Indexer


@asynccontextmanager
async def indexing(settings: Settings, passphrase: str, store: Store, clock: Clock) -> AsyncIterator[bytes]:
    """Index words for as long as the block lasts; gives the key to search by."""
    key = await asyncio.to_thread(open_search_key, settings.office_keys, passphrase)
    indexer = Indexer(store=store, clock=clock, key=key)
    await indexer.begin()
    async with indexer.running():
        yield key
