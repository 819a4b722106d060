"""Child: a system that sends SMS through Kannel, by as many HTTP connections as it takes at one time."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any, Final

import aiohttp

from tests.bench.processes import serve
from tests.bench.texts import SERVICE_NUMBER, phone_of, text_of

_CONNECTIONS: Final = 64
_ACCEPTED: Final = 202


class Client:
    """One session."""

    def __init__(self, stack: AsyncExitStack) -> None:
        """Everything opened ends with ``stack``."""
        self._stack = stack
        self._session: aiohttp.ClientSession

    async def open(self, url: str, username: str, password: str) -> dict[str, Any]:
        """Open the session."""
        connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
        self._session = await self._stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        self._url, self._who = url, {"username": username, "password": password, "from": SERVICE_NUMBER}
        return {}

    async def send(self, first: int, count: int, skip: int = -1) -> dict[str, Any]:
        """Ask Kannel to send texts ``first``…; ``skip`` is only said to be sent."""
        numbers = (number for number in range(first, first + count) if number != skip)

        async def work() -> None:
            for number in numbers:
                await self._one(number)

        started = time.monotonic_ns()
        await asyncio.gather(*(work() for _ in range(_CONNECTIONS)))
        return {"started_ns": started, "ended_ns": time.monotonic_ns()}

    async def _one(self, number: int) -> None:
        query = {**self._who, "to": phone_of(number), "coding": "2", "charset": "UTF-8", "text": text_of(number)}
        async with self._session.get(self._url, params=query) as answer:
            if answer.status != _ACCEPTED:
                raise ConnectionError(f"Kannel answers {answer.status}")


async def main() -> None:
    """Take orders."""
    async with AsyncExitStack() as stack:
        client = Client(stack)
        await serve({"open": client.open, "send": client.send})


if __name__ == "__main__":
    asyncio.run(main())
