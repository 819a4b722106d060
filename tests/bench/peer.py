"""FastStream as a peer: the same server, durability, signature and inbox as the floor, in the framework's own way."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.bench.bare_server import bare_server
from tests.bench.floor import Floor
from tests.bench.harness import say
from tests.bench.processes import actor, spawn

SENDER: Final = "tests.bench.peer_sender"
RECEIVER: Final = "tests.bench.peer_receiver"
NAME: Final = "faststream"


@asynccontextmanager
async def faststream(folder: Path, *, batch: bool, plant: bool = False) -> AsyncIterator[Floor | None]:
    """Open a server, a sender and a receiver; all end with the block. None where FastStream is not installed.

    Args:
        folder: For the server's store and the receiver's inbox.
        batch: The handler takes up to 500 at once; else one by one.
        plant: Leave out one event, to see the figure go.
    """
    if find_spec(NAME) is None:
        say("FastStream is not installed (it is in requirements-dev.lock.txt): that peer is left out")
        yield None
        return
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(bare_server(folder))
        sender = await stack.enter_async_context(actor(SENDER, folder / "sender.log", url=server.url))
        one = Floor(folder, server, sender, plant=plant)
        stack.push_async_callback(one.close)
        receiver = await spawn(RECEIVER, folder / "receiver.log")
        one.started.append(receiver)
        await receiver.ask("open", url=server.url, inbox=str(folder / "inbox.db"), durable="to_0", batch=batch)
        one.receivers.append(receiver)
        yield one
