"""Child: what a careful programmer writes to page people: due rows are read, sent, and marked once they were taken.

Up to 256 rows at a time, all of them on their way at once, and one transaction (``synchronous = FULL``) marks them:
as much at once as Sihu has, and after a crash no more goes out twice. With ``at_once`` 1 each row is sent and marked
alone.
"""

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import Any, Final

from tests.bench.gateway import Gateway
from tests.bench.pages import bare_text
from tests.bench.processes import serve

DATABASE: Final = "due.db"
_SCHEMA: Final = """
pragma journal_mode = wal;
pragma synchronous = full;
create table if not exists due (
    number integer primary key, phone text not null, text text not null, due_ns integer, sent_ns integer, reference text
);
create index if not exists waiting on due (due_ns) where sent_ns is null;
"""
_WAITING: Final = "select number, phone, text from due where sent_ns is null and due_ns <= ? order by due_ns limit ?"
_SENT: Final = "update due set sent_ns = ?, reference = ? where number = ?"
_PHONE: Final = "13900000002"
_TICK_SECONDS: Final = 0.05


class Loop:
    """One table and one connection."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self._gateway = Gateway()
        self._table: sqlite3.Connection
        self._task: asyncio.Task[None] | None = None

    async def open(self, folder: str, port: int, at_once: int) -> dict[str, Any]:
        """Open the table and connect to the gateway."""
        self._table = sqlite3.connect(Path(folder) / DATABASE, isolation_level=None)
        self._table.executescript(_SCHEMA)
        self._at_once = at_once
        await self._gateway.open(port)
        return {}

    async def stage(self, first: int, count: int, skip: int = -1) -> dict[str, Any]:
        """Write rows down; ``skip`` is only said to be overdue."""
        numbers = (number for number in range(first, first + count) if number != skip)
        self._table.execute("begin")
        self._table.executemany(
            "insert into due (number, phone, text) values (?, ?, ?)",
            ((number, _PHONE, bare_text(number)) for number in numbers),
        )
        self._table.execute("commit")
        return {}

    async def run(self, lead_seconds: float = 0.0, ahead_us: int | None = None) -> dict[str, Any]:
        """Begin; everything falls due in ``lead_seconds``, or is due already after a kill."""
        due_ns = time.monotonic_ns() + round(lead_seconds * 1e9)
        if ahead_us is None:
            self._table.execute("update due set due_ns = ?", (due_ns,))
        self._task = asyncio.create_task(self._send_due(due_ns), name="floor-pages")
        return {"due_ns": due_ns, "ahead_us": 0}

    async def _send_due(self, due_ns: int) -> None:
        await asyncio.sleep(max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
        while True:
            rows = self._table.execute(_WAITING, (time.monotonic_ns(), self._at_once)).fetchall()
            if not rows:
                await asyncio.sleep(_TICK_SECONDS)
                continue
            taken = await asyncio.gather(*(self._gateway.send(phone, text) for _, phone, text in rows))
            now = time.monotonic_ns()
            marks = ((now, reference, number) for reference, (number, _, _) in zip(taken, rows, strict=True))
            self._table.execute("begin immediate")
            self._table.executemany(_SENT, marks)
            self._table.execute("commit")


async def main() -> None:
    """Take orders."""
    loop = Loop()
    await serve({"open": loop.open, "stage": loop.stage, "run": loop.run})


if __name__ == "__main__":
    asyncio.run(main())
