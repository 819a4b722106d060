"""The hub's disk is lost: what the counties keep is enough, and a renewed certificate lets everybody in again."""

import asyncio
import shutil
from pathlib import Path

import pytest

from adapters.tls.authority import ends_at
from services.cli.captured import captured
from services.demo.cast import Part
from tests.counties import World

PAIR = (Part("451226", "环江毛南族自治县联络办", "0778-8820110"), Part("522722", "荔波县联络办", "0854-3610110"))
SECONDS = 60


@pytest.mark.timeout(240)
async def test_a_hub_that_lost_everything_it_carried_loses_nothing(tmp_path: Path) -> None:
    """Streams and consumers are gone for good, with messages that nobody had fetched yet."""
    world = await asyncio.to_thread(World.prepared, tmp_path, PAIR)
    async with world.running():
        await asyncio.gather(*(world.load(part.code, 50, seed=1) for part in PAIR))
        await world.troupe.kill("451226")
        await world.load("522722", 20, seed=2)  # at the hub, and not fetched
        await asyncio.sleep(0.5)
        await world.troupe.stop("hub")
        shutil.rmtree(world.stage.hub / "jetstream")
        await world.load("522722", 10, seed=3)
        await world.troupe.start("hub", "hub", "run", "--dir", str(world.stage.hub))
        await world.start("451226")
        await world.complete(SECONDS)
    count = world.recounted()
    assert count.holds, count
    assert count.events == 130


@pytest.mark.timeout(240)
async def test_a_renewed_certificate_is_believed_by_everybody(tmp_path: Path) -> None:
    """Thirteen months later: the operator renews, restarts, and no county has to do anything."""
    world = await asyncio.to_thread(World.prepared, tmp_path, PAIR)
    certificate = world.stage.hub / "tls" / "hub.pem"
    before = certificate.read_bytes()
    async with world.running():
        await world.load("522722", 3, seed=1)
        await world.complete(SECONDS)
        assert "restart" in await asyncio.to_thread(captured, "hub", "renew", "--dir", str(world.stage.hub))
        assert certificate.read_bytes() != before
        assert ends_at(certificate.read_bytes()) >= ends_at(before)
        assert (world.stage.hub / "tls" / "hub.key").stat().st_mode & 0o077 == 0
        await world.troupe.stop("hub")
        await world.troupe.start("hub", "hub", "run", "--dir", str(world.stage.hub))
        await world.load("451226", 3, seed=2)
        await world.complete(SECONDS)
    assert world.recounted().holds
