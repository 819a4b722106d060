"""Two real nodes, a real hub, a real browser: an officer enrols, logs in, hears an alert and answers it."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

import pytest
from playwright.async_api import BrowserContext, Page

from adapters.api_client.client import ApiClient
from adapters.clock import SystemClock
from services.demo.sampling import Sample, sample
from tests.browser.enrolling import enrol
from tests.browsers import desktop
from tests.commands import done
from tests.counties import World

SOURCE: Final = "522722"
DESK: Final = "451226"
SECONDS: Final = 0.5
_TIMES: Final = 20
_WAIT_MS: Final = 30_000
_COMPLETE_SECONDS: Final = 60
_HEARD: Final = """
(was) => new Promise((done) => {
  const look = () => { if ((document.body.dataset.heard || null) !== was) { watcher.disconnect(); done(Date.now()); } };
  const watcher = new MutationObserver(look);
  watcher.observe(document.body, { attributes: true });
  look();
})
"""


def _alert(number: int) -> Sample:
    """Return the next alert of the source."""
    one = sample("rainstorm_issued", begin=SystemClock().now() - timedelta(minutes=5) + timedelta(seconds=number))
    content = one.content | {"headline": f"荔波县气象台发布第{number}号暴雨预警", "report_no": 1}
    return Sample(one.wire_type, SOURCE, content)


async def _invited(world: World) -> str:
    home = world.stage.county(DESK)
    words = ("officer", "invite", "duty-z", "--name", "值班员丙", "--role", "duty", "--dir", home)
    made: dict[str, Any] = await asyncio.to_thread(done, *words)
    return str(made["secret"])


async def _send(world: World, number: int) -> float:
    """Let the source accept an alert; return when it had."""
    await world.send(SOURCE, _alert(number), f"alert-{number}", [DESK])
    return time.time()


async def _measured(world: World, page: Page) -> list[float]:
    times = []
    for number in range(1, _TIMES + 1):
        heard = asyncio.create_task(page.evaluate(_HEARD, await page.evaluate("document.body.dataset.heard")))
        await asyncio.sleep(0.3)
        accepted = await _send(world, number)
        times.append(await heard / 1000 - accepted)
    return times


@pytest.mark.timeout(400)
async def test_an_alert_is_lost_between_two_real_nodes(tmp_path: Path, figure: Callable[[str], None]) -> None:
    """From the API of one county over the hub to the officer's screen in the other, and the answer back."""
    world = await asyncio.to_thread(World.prepared, tmp_path / "world")
    url = f"http://127.0.0.1:{world.ports.api[DESK]}"
    async with world.running(), desktop(tmp_path / "profile") as window:
        await world.keyed(_COMPLETE_SECONDS)
        page = await window.new_page()
        await enrol(page, url, await _invited(world))
        times = await _measured(world, page)
        figure(f"two real nodes, alarm: median {median(times):.3f} s, worst {max(times):.3f} s of {len(times)}")
        assert median(times) <= SECONDS
        await _missed(world, page)
        await _answered(world, window, url)


async def _missed(world: World, page: Page) -> None:
    """Kill the desk's node; what arrives meanwhile is heard once it is back, without logging in again."""
    await page.click("#alarm button")
    await world.troupe.kill(DESK)
    await page.wait_for_function("() => document.getElementById('live-state').textContent.includes('中断')")
    for number in range(_TIMES + 1, _TIMES + 4):
        await _send(world, number)
    await world.start(DESK)
    for number in range(_TIMES + 1, _TIMES + 4):
        await page.wait_for_selector(f"#alerts >> text=第{number}号", timeout=_WAIT_MS)
    assert "第23号" in await page.inner_text("#alarm")


async def _answered(world: World, window: BrowserContext, url: str) -> None:
    """One press; the sender's node knows who it was, by their own key."""
    page = await window.new_page()
    await page.goto(url)
    card = page.locator("li.card", has_text="第23号")
    await card.get_by_role("button", name="签收", exact=True).click()
    await page.wait_for_selector("text=已签收，回执已发往来源县。", timeout=_WAIT_MS)
    async with asyncio.timeout(_COMPLETE_SECONDS), world.client(SOURCE) as client:
        while not await _is_answered(client):
            await asyncio.sleep(0.2)


async def _is_answered(client: ApiClient) -> bool:
    listed = await client.get("/events?direction=out&limit=1&newest=true")
    return b'"acknowledged_count":1' in listed.replace(b" ", b"")
