"""W9: texts over SMPP to a carrier that others wrote: a whole node, a bare loop, and Kannel."""

import contextlib
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.processes import Actor, ActorError, cpu_seconds, pss_mib, until
from tests.bench.samples import Faults, Sample, latencies
from tests.bench.texts import judge
from tests.smsc import Smsc

_PATIENCE_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.01
_LEAD_SECONDS: Final = 1.0
_PUT_AT_LEAST: Final = 1_000.0
"""Texts a second: so long they lie in the outbox before the first is due."""
_TRIED: Final = "select count(*) from page_tries where retry is null"
_WAITING: Final = "select count(*) from page_work"


@dataclass(slots=True)
class Numbers:
    """Numbers of texts; each is used once in a run, by whichever side."""

    plant: bool = False
    _next: int = 0

    def take(self, count: int) -> tuple[range, int]:
        """Return the next ``count``, and the one that is only said to be sent, or -1."""
        first, self._next = self._next, self._next + count
        numbers = range(first, first + count)
        return numbers, numbers[count // 2] if self.plant else -1


@dataclass(slots=True)
class Carrier:
    """The SMSC, which notes what it is given and says nothing."""

    smsc: Smsc

    async def count(self) -> int:
        """Return how many texts it has noted."""
        await self.smsc.tell("count")
        return int((await self.smsc.event("counted"))["count"])

    async def judged(self, numbers: range) -> Faults:
        """Compare what it was given with what was sent, and have it forget that."""
        await self.smsc.tell("taken")
        return judge(numbers, [(phone, text) for phone, text in (await self.smsc.event("taken"))["texts"]])


@dataclass(slots=True)
class NodeTexts:
    """Sihu: put into the outbox, durable; sent; the answer durable."""

    carrier: Carrier
    numbers: Numbers
    node: Actor
    database: Path

    async def run(self, count: int) -> Sample:
        """Send ``count`` texts. The time is that of putting them in, and from when they fall due to the last answer."""
        numbers, skip = self.numbers.take(count)
        owed = self._says(_TRIED) + count - (skip >= 0)
        idle = pss_mib(self.node.pid)
        before = cpu_seconds([self.node.pid])
        lead = _LEAD_SECONDS + count / _PUT_AT_LEAST
        put = await self.node.ask("put", first=numbers.start, count=count, lead_seconds=lead, skip=skip)
        if put["put_ns"] > lead * 1e9:
            raise ActorError("putting took longer than the texts were to wait: the two cannot be told apart")
        await until(lambda: self._says(_TRIED) >= owed, _PATIENCE_SECONDS, _LOOK_SECONDS)
        seconds, spent = (time.monotonic_ns() - put["due_ns"]) / 1e9, cpu_seconds([self.node.pid]) - before
        values = {
            **latencies((await self.node.ask("answers"))["answered_ms"]),
            "mib": pss_mib(self.node.pid),
            "idle_mib": idle,
            "put_rate": count / (put["put_ns"] / 1e9),
            "send_rate": count / seconds,
        }
        faults = await self.carrier.judged(numbers)
        faults += Faults(receipts_missing=max(0, owed - self._says(_TRIED)) + self._says(_WAITING))
        return Sample(count, put["put_ns"] / 1e9 + seconds, spent, faults, values)

    def _says(self, sql: str) -> int:
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            return int(database.execute(sql).fetchone()[0])


@dataclass(slots=True)
class BareTexts:
    """The floor: a loop with a window, no outbox."""

    carrier: Carrier
    numbers: Numbers
    client: Actor

    async def run(self, count: int) -> Sample:
        """Send ``count`` texts, from the first submit to the last answer."""
        numbers, skip = self.numbers.take(count)
        before = cpu_seconds([self.client.pid])
        done = await self.client.ask("send", first=numbers.start, count=count, skip=skip)
        spent = cpu_seconds([self.client.pid]) - before
        values = {**latencies(done["answered_ms"]), "mib": pss_mib(self.client.pid)}
        seconds = (done["ended_ns"] - done["started_ns"]) / 1e9
        return Sample(count, seconds, spent, await self.carrier.judged(numbers), values)


@dataclass(slots=True)
class KannelTexts:
    """The ceiling: Kannel, which keeps nothing on disk as it is set up here."""

    carrier: Carrier
    numbers: Numbers
    client: Actor
    pids: Sequence[int]

    async def run(self, count: int) -> Sample:
        """Have Kannel send ``count`` texts, from the first request until the carrier has the last."""
        numbers, skip = self.numbers.take(count)
        before = cpu_seconds(self.pids)
        done = await self.client.ask("send", first=numbers.start, count=count, skip=skip)
        limit = time.monotonic() + _PATIENCE_SECONDS
        while await self.carrier.count() < count - (skip >= 0) and time.monotonic() < limit:
            pass  # asking is the pause
        seconds, spent = (time.monotonic_ns() - done["started_ns"]) / 1e9, cpu_seconds(self.pids) - before
        values = {"mib": sum(map(pss_mib, self.pids))}
        return Sample(count, seconds, spent, await self.carrier.judged(numbers), values)
