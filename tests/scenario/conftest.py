"""What scenario tests share: a real hub, as many as a test needs.

``open_hub`` starts nats-server on loopback with mutual TLS, an account for each county, the streams and the consumers::

    async def test_something(open_hub: OpenHub) -> None:
        hub = await open_hub("451226", "522722", agreements={"border": ("451226", "522722")})
        async with hub.connect("451226") as connection:             # a HubConnection, in contact
            appender = JetStreamAppender(connection, "451226")
        hub.credentials("522722")                                   # for a node that connects by itself
        os.kill(hub.server.pid, signal.SIGKILL)                     # its supervisor brings it back
        await hub.admit(["451222"], agreements={})                  # counties join while it runs

``tests.hubs.real_leaf`` adds a county's own leaf server, ``tests.links.link_to`` a link that can be broken. Everything
ends with the test.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest

from adapters.jetstream.streams import StreamLimits
from tests.hubs import RealHub, real_hub


class OpenHub(Protocol):
    """Starts a hub for the named counties."""

    async def __call__(
        self,
        *counties: str,
        agreements: Mapping[str, Collection[str]] | None = None,
        limits: StreamLimits | None = None,
    ) -> RealHub:
        """Return the hub, serving."""
        ...


@pytest.fixture
async def open_hub(tmp_path: Path) -> AsyncIterator[OpenHub]:
    """See the module's docstring."""
    async with AsyncExitStack() as stack:
        opened = 0

        async def start(
            *counties: str,
            agreements: Mapping[str, Collection[str]] | None = None,
            limits: StreamLimits | None = None,
        ) -> RealHub:
            nonlocal opened
            opened += 1
            directory = tmp_path / f"hub-{opened}"
            directory.mkdir()
            return await stack.enter_async_context(real_hub(directory, counties, agreements, limits))

        yield start
