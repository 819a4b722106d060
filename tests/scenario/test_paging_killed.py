"""环江's node is killed at drawn moments while alerts are told: no page is lost, at most one doubled for a person."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.clock import SystemClock
from schemas.errors import NotFoundError
from services.demo.cast import AGREEMENT_ID
from services.demo.sampling import sample
from tests.counties import World, report
from tests.people import CREW, add_people, add_providers, smpp
from tests.smsc import PASSWORD, SYSTEM_ID, npm_smsc

HUANJIANG: Final = "451226"
LIBO: Final = "522722"
A: Final = CREW[0].phone
PROVINCES: Final = ("45", "52", "53")


@pytest.mark.timeout(900)
def test_kills_while_an_alert_is_told_lose_no_page(tmp_path: Path, reduced: Callable[[int, int], int]) -> None:
    """Between the alert's arrival and the answer of the carrier: planned, claimed, handed over, kept."""
    count, seed = reduced(6, 50), random.SystemRandom().randrange(1 << 32)
    world = World.prepared(tmp_path)
    add_people(world.stage.county(HUANJIANG), HUANJIANG, CREW[:1])
    texts = asyncio.run(_told_and_killed(world, count, random.Random(seed)))
    times = Counter(texts)
    report(
        f"seed {seed}: {count} alerts, {count} kills, {len(times)} texts, {sum(times.values()) - len(times)} doubled"
    )
    assert len(times) == count, f"seed {seed}: a page was lost, or one went out with two codes"
    assert max(times.values()) <= 2, f"seed {seed}"


async def _told_and_killed(world: World, count: int, rng: random.Random) -> list[str]:
    home = world.stage.county(HUANJIANG)
    async with npm_smsc() as smsc:
        add_providers(home, smpp(smsc.port, SYSTEM_ID, PASSWORD))
        async with world.running():
            await smsc.event("bound")
            for number in range(count):
                alert = await _send(world, number)
                await asyncio.sleep(rng.uniform(0.0, 0.6))
                await world.troupe.kill(HUANJIANG)
                await world.start(HUANJIANG)
                await smsc.event("bound")
                await _until_told(world, alert)
            return [one["text"] for one in smsc.events if one["event"] == "submitted" and one["destination"] == A]


async def _send(world: World, number: int) -> str:
    """Let 荔波 send an alert of level 2 about a prefecture that none before was about: a storm would bundle them."""
    one = sample("rainstorm_issued", begin=SystemClock().now())
    place = f"{PROVINCES[number % len(PROVINCES)]}{number // len(PROVINCES) + 1:02d}00"
    content = one.content | {
        "alert_id": f"52272241600{number:03d}_20260304074500_1",
        "report_stage": "followup",
        "report_no": 2,
        "warning_level": 2,
        "areas": [{"desc": place, "adcodes": [place]}],
    }
    async with world.client(LIBO) as client:
        draft = {"type": one.wire_type, "agreement": AGREEMENT_ID, "content": content}
        body = json.dumps(draft, ensure_ascii=False).encode()
        answer: dict[str, Any] = json.loads(await client.post("/events", body))
    return str(answer["envelope_id"])


async def _until_told(world: World, alert: str) -> None:
    """Wait until the node holds that the page was taken by the carrier."""
    async with asyncio.timeout(60), world.client(HUANJIANG) as client:
        while True:
            try:
                found = json.loads(await client.get(f"/escalations/{alert}"))
            except NotFoundError:  # the alert is not here yet
                found = {"pages": []}
            if any(one["medium"] == "sms" and one["submitted_at"] for one in found["pages"]):
                return
            await asyncio.sleep(0.1)
