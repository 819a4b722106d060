"""The way out for chunks of files: on a connection of its own, a few under way, each answered.

No order and no numbers are kept: a chunk is what it is wherever it comes, and one that comes twice changes nothing. The
hub passes over a repetition within two minutes by its name, which saves the line where an answer was lost in a cut.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from adapters.jetstream.connection import HubConnection
from adapters.jetstream.refusals import parsed
from adapters.jetstream.wire import Reply, command
from schemas.errors import UnavailableError

_WINDOW: Final = 4  # chunks under way: their answers are waited for while the next ones travel
_TIMEOUT_SECONDS: Final = 60.0  # a slow line carries what is under way within that


Ticket = tuple[bytes, asyncio.Future[Reply | None]]


class JetStreamChunkPublisher:
    """Satisfies ``services.file_ports.ChunkPublisher``."""

    def __init__(self, hub: HubConnection, *, timeout_seconds: float = _TIMEOUT_SECONDS) -> None:
        """Borrow a connection that carries nothing urgent."""
        self._hub, self._timeout_seconds = hub, timeout_seconds

    async def publish(self, subject: str, messages: Sequence[tuple[str, bytes]]) -> int:
        """Hand messages to the hub; return how many of them, from the front, it holds now.

        Raises:
            UnavailableError: The hub took none of them.
        """
        wire, held = self._hub.wire, 0
        tickets: list[Ticket] = []
        try:
            for name, message in messages:
                ticket = wire.ticket()
                headers = b"NATS/1.0\r\nNats-Msg-Id: %b\r\n\r\n" % name.encode()
                wire.write(command(subject, ticket[0], headers, message))
                tickets.append(ticket)
                await wire.room()
                if len(tickets) - held >= _WINDOW:
                    parsed(await wire.answer(tickets[held], self._timeout_seconds))
                    held += 1
            for ticket in tickets[held:]:
                parsed(await wire.answer(ticket, self._timeout_seconds))
                held += 1
        except UnavailableError:
            if not held:  # what still comes for the others is for nobody: they are published again
                raise
        return held
