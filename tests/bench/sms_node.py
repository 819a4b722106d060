"""Child: a whole node with a carrier's SMPP access; texts are put into its outbox, and the node sends them."""

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.clock import SystemClock
from schemas.page_work import PageWork, WorkKind
from schemas.pages import Medium
from services.bootstrap.node import SWITCH_SECONDS
from tests.bench.node import WholeNode
from tests.bench.processes import serve
from tests.bench.smpp_tap import Tap
from tests.bench.texts import officer_of, text_of, work_id_of

_LOWEST: Final = 4
_AT_ONCE: Final = 256


class SmsNode(WholeNode):
    """Everything that ``sihu node`` runs."""

    def __init__(self, stack: AsyncExitStack) -> None:
        """Everything opened ends with ``stack``."""
        super().__init__(stack)
        self._tap: Tap
        self.handlers |= {"carrier": self.carrier, "put": self.put, "answers": self.answers}

    async def carrier(self, port: int) -> dict[str, Any]:
        """Watch connections to the carrier, before the node is opened."""
        self._tap = Tap(port)
        self._tap.install()
        return {}

    async def put(self, first: int, count: int, lead_seconds: float, skip: int = -1) -> dict[str, Any]:
        """Put texts into the outbox, each in a work of its own; they fall due in ``lead_seconds``, all at once."""
        self._tap.answered_ms.clear()
        began = time.monotonic_ns()
        due_at = SystemClock().now() + timedelta(seconds=lead_seconds)
        numbers = (number for number in range(first, first + count) if number != skip)

        async def work() -> None:
            for number in numbers:
                await self._put_one(number, due_at)

        await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
        put_ns = time.monotonic_ns() - began
        return {"put_ns": put_ns, "due_ns": began + round(lead_seconds * 1e9)}

    async def _put_one(self, number: int, due_at: datetime) -> None:
        row = PageWork(
            page_id=work_id_of(number),
            kind=WorkKind.TEXT_BACK,
            medium=Medium.SMS,
            recipient=officer_of(number),
            level=_LOWEST,
            next_at=due_at,
            text=text_of(number),
        )
        await self.node.store.write(lambda tx: tx.paging.keep_work(row))

    async def answers(self) -> dict[str, Any]:
        """Return how long each answer of the carrier took, in milliseconds."""
        return {"answered_ms": self._tap.answered_ms}


async def main() -> None:
    """Take orders."""
    sys.setswitchinterval(SWITCH_SECONDS)
    async with AsyncExitStack() as stack:
        node = SmsNode(stack)
        await serve(node.handlers)


if __name__ == "__main__":
    asyncio.run(main())
