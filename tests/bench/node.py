"""Child: a whole county node, opened by the product's own composition root, with the harness's hands on it."""

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from services.bootstrap.logs import set_up_logging
from services.bootstrap.node import SWITCH_SECONDS, Node, open_node
from services.settings import read_settings
from tests.bench.county_folder import PASSPHRASE
from tests.bench.driver import Driver
from tests.bench.processes import serve


class WholeNode:
    """Everything that ``sihu node`` runs: HTTP API, relay, receiver, the own watch."""

    def __init__(self, stack: AsyncExitStack) -> None:
        """Everything opened ends with ``stack``."""
        self._stack = stack
        self.node: Node
        self.handlers: dict[str, Any] = {"open": self.open, "where": self.where}

    async def open(self, folder: str) -> dict[str, Any]:
        """Open the node of a county's directory."""
        opened = time.monotonic_ns()
        settings = read_settings(Path(folder))
        set_up_logging(settings.log.format, settings.log.level, county=settings.county)
        self.node = node = await self._stack.enter_async_context(open_node(settings, PASSPHRASE, crash=_crash))
        await node.hub.contact(timeout_seconds=10)
        self.handlers |= Driver(node.store, node.submitter, opened_ns=opened).handlers()
        return {"port": node.port}

    async def where(self) -> dict[str, Any]:
        """Tell where the HTTP API listens."""
        return {"port": self.node.port}


def _crash(bug: BaseException) -> None:
    raise SystemExit(1) from bug


async def main() -> None:
    """Take orders."""
    sys.setswitchinterval(SWITCH_SECONDS)
    async with AsyncExitStack() as stack:
        node = WholeNode(stack)
        await serve(node.handlers)


if __name__ == "__main__":
    asyncio.run(main())
