"""A large file goes from one county to five, with the link cut on the way: whole everywhere, in little memory."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from adapters.jetstream.monitor import ask
from schemas.subjects import BLOB_STREAM
from services.demo.cast import CAST, Part
from services.demo.ceremony import set_hub_url
from tests.attachments import Memory, read_back, send_file
from tests.counties import World, report
from tests.links import Link, Mood, link_to

SOURCE = "522722"
MIB = 1024 * 1024
GROWTH_MAX = 64 * MIB
CUTS = 2
CUT_SECONDS = 2.0
SECONDS = 400


@dataclass
class Seen:
    """What was measured."""

    seconds: float = 0.0
    cut_at: list[int] = field(default_factory=list)
    """Chunks that the slowest county held when the link was cut."""
    chunks: int = 0
    digests: dict[str, str] = field(default_factory=dict)
    grown: dict[str, int] = field(default_factory=dict)
    published: int = 0
    """Messages that the hub's stream of chunks holds."""


@pytest.mark.timeout(600)
def test_a_file_reaches_five_counties_although_the_link_is_cut_twice(
    tmp_path: Path, reduced: Callable[[int, int], int]
) -> None:
    """64 MiB, whole at all five; no process grows by more than 64 MiB, the source, the hub and the recipients alike."""
    size = reduced(8 * MIB, 64 * MIB)
    cast = tuple(Part(one.code, one.office, one.duty_phone) for one in CAST)
    world = World.prepared(tmp_path, cast)
    sent, seen = asyncio.run(_run(world, size))
    grown = ", ".join(f"{name} {count / MIB:.1f}" for name, count in sorted(seen.grown.items()))
    report(
        f"{size / MIB:.0f} MiB to five counties in {seen.seconds:.1f} s, link cut at {seen.cut_at} of {seen.chunks} "
        f"chunks; {seen.published} were published; peak memory grew by MiB: {grown}"
    )
    assert len(seen.cut_at) == CUTS
    assert all(0 < held < seen.chunks for held in seen.cut_at), "the cuts must fall into the transfer"
    assert seen.digests == {part.code: sent for part in cast}
    assert seen.published == seen.chunks, "once for all five, and after a cut only what was missing"
    assert max(seen.grown.values()) <= GROWTH_MAX
    assert world.recounted().holds


async def _run(world: World, size: int) -> tuple[str, Seen]:
    seen = Seen()
    async with link_to(world.ports.hub, bytes_per_second=size / 8) as link:
        set_hub_url(world.stage, SOURCE, link.port)
        async with world.running():
            pids = {part.code: world.troupe.pid(part.code) for part in world.cast}
            memory = Memory(pids | {"hub": world.troupe.pid("hub"), "nats-server": world.server_pid("hub")})
            async with world.client(SOURCE) as client:
                began = time.monotonic()
                sent = await send_file(client, size)
            for share in range(1, CUTS + 1):
                await _cut(world, link, sent.envelope_id, share / (CUTS + 1), seen)
            await world.complete(SECONDS)
            seen.seconds = time.monotonic() - began
            for part in world.cast:
                async with world.client(part.code) as client:
                    seen.digests[part.code] = await read_back(client, sent.envelope_id)
            seen.grown = memory.grown()
            seen.published = await _messages(world.ports.servers[0].monitor)
    return sent.sha256, seen


async def _messages(monitor: int) -> int:
    """Ask the hub how many chunks it was given."""
    found: Any = await ask(monitor, "/jsz?accounts=true&streams=true")
    streams = (one for account in found["account_details"] for one in account.get("stream_detail") or [])
    return int(next(one["state"]["messages"] for one in streams if one["name"] == BLOB_STREAM))


async def _cut(world: World, link: Link, envelope_id: str, share: float, seen: Seen) -> None:
    """Wait until a share of the chunks is everywhere, and cut the link for a while."""
    async with asyncio.timeout(SECONDS):
        while True:
            files = [await _file(world, part.code, envelope_id) for part in world.cast if part.code != SOURCE]
            if all(one and one["held"] >= share * one["chunks"] for one in files):
                break
            await asyncio.sleep(0.05)
    seen.cut_at.append(min(one["held"] for one in files if one))
    seen.chunks = files[0]["chunks"] if files[0] else 0
    link.become(Mood.REFUSING)
    await asyncio.sleep(CUT_SECONDS)
    link.become(Mood.WELL)


async def _file(world: World, code: str, envelope_id: str) -> dict[str, Any] | None:
    async with world.client(code) as client:
        page = json.loads(await client.get("/events", {"direction": "in", "limit": "10"}))
        if all(one["envelope_id"] != envelope_id for one in page["events"]):
            return None
        found: dict[str, Any] | None = json.loads(await client.get(f"/events/{envelope_id}"))["file"]
        return found
