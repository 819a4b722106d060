"""Whole counties as real processes: prepared by the product's commands, loaded over HTTP, killed by pid, recounted."""

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters.api_client.client import ApiClient
from adapters.clock import SystemClock
from schemas.base import InformationClass
from schemas.errors import UnavailableError
from services.bootstrap.client import open_client
from services.cli.captured import captured
from services.demo.cast import AGREEMENT_ID, Part
from services.demo.ceremony import EVENTS_PER_HOUR, Ceremony, Ports, Stage, choose_ports
from services.demo.link import Link
from services.demo.recount import Count, recount
from services.demo.sampling import Sample, sample
from services.demo.troupe import Troupe, start_hub

TRIO = (
    Part("451222", "天峨县联络办", "0778-7820110", behind_leaf=True),
    Part("451226", "环江毛南族自治县联络办", "0778-8820110"),
    Part("522722", "荔波县联络办", "0854-3610110"),
)
_IN_HAND = 24  # requests at once per county


@dataclass
class World:
    """A prepared world whose processes can be started, killed and loaded."""

    stage: Stage
    cast: Sequence[Part]
    ports: Ports
    troupe: Troupe
    accepted: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def prepared(
        cls,
        root: Path,
        cast: Sequence[Part] = TRIO,
        *,
        stored_seconds: int = 60,
        servers: int = 1,
        events_per_hour: int = EVENTS_PER_HOUR,
        class_ceiling: InformationClass = InformationClass.INTERNAL,
    ) -> "World":
        """Play the ceremony in ``root``."""
        ports = choose_ports(cast, servers)
        ceremony = Ceremony(Stage(root), cast, ports, captured)
        ceremony.perform(
            lambda _: None,
            today=SystemClock().now(),
            stored_seconds=stored_seconds,
            events_per_hour=events_per_hour,
            class_ceiling=class_ceiling,
        )
        return cls(Stage(root), cast, ports, Troupe(root / "logs"), {part.code: [] for part in cast})

    @asynccontextmanager
    async def running(self) -> AsyncIterator["World"]:
        """Start hub, leafs and nodes; end them all."""
        try:
            await start_hub(self.stage, self.troupe)
            for part in self.cast:
                if part.behind_leaf:
                    await self.troupe.start(f"leaf-{part.code}", "leaf", "--dir", str(self.stage.county(part.code)))
            await asyncio.gather(*(self.start(part.code) for part in self.cast))
            yield self
        finally:
            await self.troupe.stop_all()

    async def start(self, code: str) -> None:
        """Start one county's node."""
        await self.troupe.start(code, "node", "--dir", str(self.stage.county(code)))

    def client(self, code: str) -> AbstractAsyncContextManager[ApiClient]:
        """Open the API of a county's node."""
        token = (self.stage.county(code) / "cli.token").read_text(encoding="utf-8").strip()
        return open_client(f"http://127.0.0.1:{self.ports.api[code]}", token)

    async def send(self, code: str, one: Sample, key: str, to: Sequence[str] | None = None) -> dict[str, Any]:
        """Send one event, again and again under one key until it is accepted."""
        async with self.client(code) as client:
            return await self._send(client, code, one, key, to)

    async def _send(
        self,
        client: ApiClient,
        code: str,
        one: Sample,
        key: str,
        to: Sequence[str] | None,
    ) -> dict[str, Any]:
        draft: dict[str, Any] = {"type": one.wire_type, "agreement": AGREEMENT_ID, "content": one.content}
        draft |= {"to": sorted(to)} if to else {}
        body = json.dumps(draft, ensure_ascii=False).encode()
        while True:
            try:
                answer = json.loads(await client.post("/events", body, idempotency_key=key))
                break
            except UnavailableError:
                self.troupe.check()
                await asyncio.sleep(0.1)  # the node was killed under us: the same key is the same event
        audience = sorted(to) if to else sorted(part.code for part in self.cast if part.code != code)
        row = {**answer, "source": code, "type": one.wire_type, "to": audience}
        self.accepted[code].append(row)
        return row

    async def load(self, code: str, count: int, seed: int) -> None:
        """Send ``count`` bulletins from one county, some to all, some to one."""
        others = sorted(part.code for part in self.cast if part.code != code)
        rng = random.Random(f"{seed}-{code}")
        jobs = iter([(number, rng.choice((None, None, [rng.choice(others)]))) for number in range(count)])
        bulletin = sample("work_bulletin", begin=SystemClock().now())

        async def worker() -> None:
            async with self.client(code) as client:
                for number, to in jobs:
                    await self._send(client, code, bulletin, f"load-{seed}-{number}", to)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(_IN_HAND):
                tasks.create_task(worker())

    async def gauges(self, code: str) -> dict[str, float]:
        """Read the numbers of a county's metrics that have no labels, without ``_total``; empty while it is down."""
        try:
            async with self.client(code) as client:
                text = (await client.get("/metrics")).decode()
        except UnavailableError:
            return {}
        lines = (line.split() for line in text.splitlines() if not line.startswith("#") and "{" not in line)
        return {name.removesuffix("_total"): float(value) for name, value in lines}

    async def in_flight(self) -> int:
        """Count deliveries that were accepted and whose *stored* receipt is not back."""
        gauges = [await self.gauges(part.code) for part in self.cast]
        return int(sum(one.get("sihu_deliveries", 0) - one.get("sihu_stored", 0) for one in gauges))

    async def complete(self, seconds: float) -> float:
        """Wait until nothing is in flight; return how long it took."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.timeout(seconds):
            while await self._owing():
                self.troupe.check()
                await asyncio.sleep(0.1)
        return loop.time() - began

    async def keyed(self, seconds: float) -> None:
        """Wait until every county has published its office key of this month, and everybody has it."""
        logs = [self.stage.root / "logs" / f"{part.code}.log" for part in self.cast]
        async with asyncio.timeout(seconds):
            while not all("rotation.published" in log.read_text(encoding="utf-8") for log in logs):
                self.troupe.check()
                await asyncio.sleep(0.1)
        await self.complete(seconds)

    async def _owing(self) -> bool:
        gauges = [await self.gauges(part.code) for part in self.cast]
        return any(not one or one["sihu_deliveries"] > one["sihu_stored"] for one in gauges)

    def server_pid(self, name: str) -> int:
        """Return the pid of the nats-server that a hub or leaf supervises now."""
        folder = self.stage.hub if name == "hub" else self.stage.county(name.removeprefix("leaf-")) / "leaf"
        newest = max((folder / "server").glob("*_*.ports"), key=lambda path: path.stat().st_mtime)
        return int(newest.stem.rpartition("_")[2])

    async def kill_server(self, name: str) -> None:
        """SIGKILL the nats-server of a hub or leaf; its supervisor starts it again. Waits for one that is starting."""
        while True:
            try:
                return os.kill(self.server_pid(name), signal.SIGKILL)
            except (ValueError, FileNotFoundError, ProcessLookupError):
                await asyncio.sleep(0.005)

    def write_logs(self) -> None:
        """Write what each sender was answered, for the recount."""
        for code, rows in self.accepted.items():
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (self.stage.county(code) / "accepted.jsonl").write_text(text, encoding="utf-8")

    def recounted(self) -> Count:
        """Write the senders' logs and recount; call after the processes have ended, or at least rest."""
        self.write_logs()
        return recount(self.stage.root)


def report(text: str) -> None:
    """Say something that belongs to the record of the run, past pytest's capture."""
    sys.__stderr__.write(f"\n{text}\n") if sys.__stderr__ else None


__all__ = ["TRIO", "Link", "World", "report"]
