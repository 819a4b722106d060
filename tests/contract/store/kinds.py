"""Every store behind one name: the memory store is the reference and comes first."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

from adapters.memory.state import Limits as MemoryLimits
from adapters.memory.store import MemoryStore
from adapters.sqlite.store import SqliteStore, open_store
from adapters.sqlite.transaction import Limits as SqliteLimits
from schemas.records import HeldBack, Quarantined, ReceiptRow
from services.ports import Store, Transaction
from tests.contract.store.samples import chain, envelope, link

T = TypeVar("T")

HELD_LINKS: Final = 3
HELD_BYTES: Final = 100
QUARANTINE_BYTES: Final = 100
KINDS: Final = ("memory", "sqlite")


@asynccontextmanager
async def opened(kind: str, directory: Path) -> AsyncIterator[Store]:
    """Open an empty store with small bounds."""
    if kind == "memory":
        limits = MemoryLimits(held_links=HELD_LINKS, held_bytes=HELD_BYTES, quarantine_bytes=QUARANTINE_BYTES)
        yield MemoryStore(limits)
        return
    bounds = SqliteLimits(
        held_links=HELD_LINKS, held_bytes=HELD_BYTES, quarantine_bytes=QUARANTINE_BYTES, disk_floor_bytes=0
    )
    async with open_store(directory / "county.db", limits=bounds) as store:
        yield store


async def together(store: Store, *writing: Awaitable[T]) -> list[T | BaseException]:
    """Let these reach the store while it is busy, so that one commit takes them all; return what came of each."""
    taken, gate = threading.Event(), threading.Event()

    def keep_busy(_: Transaction) -> None:
        taken.set()
        gate.wait(30)

    busy = isinstance(store, SqliteStore) and asyncio.ensure_future(store.write(keep_busy))
    if busy:
        await asyncio.to_thread(taken.wait, 30)
    works = asyncio.gather(*writing, return_exceptions=True)
    await asyncio.sleep(0)
    gate.set()
    if busy:
        await busy
    return await works


def posted(tx: Transaction, count: int, *, to: tuple[str, ...] = ("522722",), first: int = 1) -> int:
    """Record ``count`` own events on the first chain, opening it if need be, each expected of ``to``."""
    number = (tx.chains.current(envelope().header.channel) or tx.chains.open(chain())).number
    for seq in range(first, first + count):
        one = envelope(seq, to=to)
        tx.outbox.record([link(number, one, seconds=seq)])
        tx.dues.expect(number, seq, to)
        tx.chains.advance(number, one.link.position)
    return number


def marking(row: ReceiptRow) -> Callable[[Transaction], int]:
    """The work that applies a receipt to the deliveries."""
    return lambda tx: tx.dues.mark(row)


def noting(row: ReceiptRow) -> Callable[[Transaction], None]:
    """The work that records a receipt."""
    return lambda tx: tx.receipt_book.record(row)


def holding(one: HeldBack) -> Callable[[Transaction], bool]:
    """The work that holds a link back."""
    return lambda tx: tx.waiting_room.hold(one)


def quarantining(one: Quarantined) -> Callable[[Transaction], None]:
    """The work that quarantines a message."""
    return lambda tx: tx.waiting_room.quarantine(one)
