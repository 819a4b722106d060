"""What the harness can have a running county do: submit, trickle, wait, watch. The county's rooms are its own.

Events come in through ``Submitter``, the function behind ``POST /api/v1/events``; without HTTP, for the floor has none.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from adapters.clock import SystemClock
from schemas.errors import UnavailableError
from schemas.records import JournalEntry, JournalKind
from services.domain.releasing import UNATTENDED
from services.gateway.submit import Submitter
from services.ports import Store
from services.posting import Posted
from tests.bench.events import alert_draft, draft_of
from tests.bench.floor_sender import due_times
from tests.bench.processes import Handler

_IN_FLIGHT: Final = 256
_WHO: Final = "bench"
_PAGE: Final = 10_000
_BACK_OFF_SECONDS: Final = 0.01


class Driver:
    """Hands for the harness inside a county's process."""

    def __init__(self, store: Store, submitter: Submitter, *, opened_ns: int = 0) -> None:
        """Borrow what runs already; ``opened_ns`` is when the county began to open."""
        self._store, self._submitter, self._opened_ns = store, submitter, opened_ns
        self._watching: asyncio.Task[None] | None = None
        self._seen: list[tuple[str, str, int]] = []

    def handlers(self) -> Mapping[str, Handler]:
        """Return the orders it takes."""
        return {
            "submit": self.submit,
            "trickle": self.trickle,
            "alert": self.alert,
            "reach": self.reach,
            "watch": self.watch,
            "seen": self.seen,
            "watched": self.watched,
        }

    async def submit(self, first: int, count: int, skip: int = -1) -> dict[str, Any]:
        """Submit events ``first``… with as many in flight as the floor has; ``skip`` is only said to be sent."""
        numbers, sent = iter(range(first, first + count)), {}

        async def work() -> None:
            for number in numbers:
                sent[number] = await self._submit_unless(number, skip)

        started = time.monotonic_ns()
        await asyncio.gather(*(work() for _ in range(_IN_FLIGHT)))
        return {"started_ns": started, "ended_ns": time.monotonic_ns(), "sent": in_order(sent.values())}

    async def trickle(self, first: int, count: int, every_ms: float, skip: int = -1) -> dict[str, Any]:
        """Submit one event every ``every_ms`` by the clock (open loop); tell when each was due."""
        started, sent, made = time.monotonic_ns(), {}, {}

        async def one(number: int, due_ns: int) -> None:
            sent[number] = posted = await self._submit_unless(number, skip)
            made[posted.envelope_id] = due_ns

        async with asyncio.TaskGroup() as tasks:
            for number, due in zip(range(first, first + count), due_times(started, every_ms), strict=False):
                await asyncio.sleep(max(0.0, (due - time.monotonic_ns()) / 1e9))
                tasks.create_task(one(number, due))
        return {"started_ns": started, "sent": in_order(sent.values()), "made_ns": made}

    async def alert(self) -> dict[str, Any]:
        """Submit a red alert: it travels in the urgent lane."""
        made = time.monotonic_ns()
        posted = await self._submit(alert_draft(SystemClock().now()))
        return {"made_ns": made, "envelope_id": posted.envelope_id}

    async def _submit_unless(self, number: int, skip: int) -> Posted:
        return _never_sent(number) if number == skip else await self._submit(draft_of(number))

    async def _submit(self, body: bytes) -> Posted:
        while True:
            try:
                return await self._submitter.submit(body, idempotency_key=None, access_name=_WHO, standing=UNATTENDED)
            except UnavailableError:  # 503 with Retry-After, over HTTP
                await asyncio.sleep(_BACK_OFF_SECONDS)

    async def reach(self, gauge: str, value: int, timeout_seconds: float) -> dict[str, Any]:
        """Wait until a gauge of the store (see ``Snapshot.counts``) is at least ``value``, or time runs out."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._reached(gauge, value)
        except TimeoutError:
            pass  # what is missing is counted by the harness
        ended = time.monotonic_ns()
        return {"ended_ns": ended, "counts": dict(await self._store.read(lambda tx: tx.counts()))}

    async def _reached(self, gauge: str, value: int) -> None:
        seen = 0
        while (await self._store.read(lambda tx: tx.counts()))[gauge] < value:
            seen = await self._store.changed(seen)

    async def watch(self) -> dict[str, Any]:
        """From now on note when each change of the journal is durable and to be seen."""
        self._seen = []
        end = await self._store.read(lambda tx: tx.journal_end())
        self._watching = asyncio.create_task(self._watch(end), name="bench-watch")
        return {"opened_ns": self._opened_ns}

    async def seen(self) -> dict[str, Any]:
        """Return [kind, reference, nanoseconds] of each change so far."""
        return {"seen": self._seen}

    async def watched(self) -> dict[str, Any]:
        """Stop noting; return [kind, reference, nanoseconds] of each change."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        return {"seen": self._seen}

    async def _watch(self, end: int) -> None:
        while True:
            await self._store.changed(end)
            now = time.monotonic_ns()
            entries = await self._store.read(_journal_after(end))
            self._seen += [(str(entry.kind), entry.reference, now) for entry in entries]
            end = entries[-1].sequence if entries else end


def _journal_after(end: int) -> Callable[[Any], list[JournalEntry]]:
    return lambda tx: list(tx.journal(end, _PAGE))


def in_order(posted: Iterable[Posted]) -> list[tuple[str, str, str, int]]:
    """Return (envelope id, channel, epoch, seq) in the order of the chain."""
    places = [(one.envelope_id, one.channel, one.epoch, one.seq) for one in posted]
    return sorted(places, key=lambda place: place[3])


def _never_sent(number: int) -> Posted:
    """Stand in for the answer to a planted event that was never accepted; it stands nowhere in the chain."""
    return Posted(hashlib.sha256(b"planted %d" % number).hexdigest(), "planted", "planted", number)


ARRIVED: Final = str(JournalKind.ARRIVED)
RECEIPT: Final = str(JournalKind.RECEIPT)
