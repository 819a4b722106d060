"""From the form of an agreement to a node that goes by it: signed by the real command, with and without script."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from services.demo.cast import AGREEMENT_ID
from services.demo.troupe import start_hub
from tests.browser.enrolling import WAIT_MS, enrol
from tests.browsers import NARROW, WIDE, findings
from tests.commands import done
from tests.counties import World

DESK: Final = "451226"
NEIGHBOUR: Final = "522722"
_WIDER: Final = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
_TAKEN_SECONDS: Final = 5


@asynccontextmanager
async def _one_node(root: Path) -> AsyncIterator[World]:
    """Three counties' directories, made by the product's commands; the hub and the node of one of them run."""
    world = await asyncio.to_thread(World.prepared, root)
    try:
        await start_hub(world.stage, world.troupe)
        await world.start(DESK)
        yield world
    finally:
        await world.troupe.stop_all()


@asynccontextmanager
async def _seat(browser: Browser, cookies: Any, *, script: bool) -> AsyncIterator[Page]:  # noqa: ANN401 - as Playwright has them
    context: BrowserContext = await browser.new_context(locale="zh-CN", java_script_enabled=script)
    try:
        await context.add_cookies(cookies)
        yield await context.new_page()
    finally:
        await context.close()


async def _judged(page: Page) -> None:
    """What a screen reader or a telephone could not read, on a page that no link leads to."""
    wrong = await findings(page)
    await page.set_viewport_size({"width": NARROW, "height": 844})
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
    wrong += ["wider than the telephone"] if await page.evaluate(_WIDER) else []
    wrong += await findings(page)
    await page.set_viewport_size({"width": WIDE, "height": 900})
    assert wrong == []


async def _downloaded(page: Page, button: str, folder: Path) -> Path:
    async with page.expect_download(timeout=WAIT_MS) as waiting:
        await page.get_by_role("button", name=button).click()
    download = await waiting.value
    path = folder / download.suggested_filename
    await download.save_as(path)
    return path


async def _drafted(page: Page, url: str, version: int, folder: Path, *, script: bool) -> Path:
    """Fill in the next version; first wrongly, then rightly; bring the file home."""
    await page.goto(f"{url}/partners/drafting?from={AGREEMENT_ID}")
    assert await page.input_value("#f-content-version") == str(version)
    await page.fill("#f-content-retention_days", "7")
    await page.click("button.primary")
    await page.wait_for_selector("text=不能小于 30", timeout=WAIT_MS)
    if script:
        await _judged(page)
    await page.fill("#f-content-retention_days", str(400 + version))
    await page.fill("#f-content-title", f"桂黔边界协作协议（第 {version} 版）")
    await page.click("button.primary")
    await page.wait_for_selector("text=写得齐全，可以签了", timeout=WAIT_MS)
    if script:
        await _judged(page)
    file = await _downloaded(page, "下载", folder)
    assert file.name == f"{AGREEMENT_ID}-{version}-待签.json"
    return file


def _signed(world: World, file: Path, codes: Sequence[str]) -> list[Path]:
    """Let each county's key holder run the one command, on a copy in a folder of its own."""
    copies = []
    for code in codes:
        copy = file.with_name(f"{code}-{file.name}")
        shutil.copy(file, copy)
        done("agreement", "sign", copy, "--dir", world.stage.county(code))
        copies.append(copy)
    return copies


async def _put_together(page: Page, url: str, copies: Sequence[Path]) -> None:
    await page.goto(f"{url}/partners/signing")
    await page.set_input_files("#copies", copies)
    await page.click("main button.primary")
    await page.wait_for_selector("text=各方的签名", timeout=WAIT_MS)


async def _adopted(page: Page, world: World, version: int, copies: Sequence[Path], *, script: bool) -> None:
    """Upload, compare, press; the node goes by it within seconds."""
    url = f"http://127.0.0.1:{world.ports.api[DESK]}"
    await _put_together(page, url, copies[:2])
    assert "还没有签" in await page.inner_text("main")
    assert await page.locator("#digest").count() == 0
    await _put_together(page, url, copies)
    if script:
        await _judged(page)
    heard = str(
        (await asyncio.to_thread(done, "agreement", "show", copies[0], "--dir", world.stage.county(NEIGHBOUR)))[
            "digest"
        ]
    )
    await page.fill("#digest", "0000" if not heard.startswith("0000") else "1111")
    await page.get_by_role("button", name="启用", exact=True).click()
    await page.wait_for_selector("text=摘要对不上", timeout=WAIT_MS)
    assert await _version(world) == version - 1
    await page.fill("#digest", f"{heard[:4]} {heard[4:8].upper()}")
    await page.get_by_role("button", name="启用", exact=True).click()
    await page.wait_for_url(f"**/partners/agreements/{AGREEMENT_ID}", timeout=WAIT_MS)
    assert re.search(rf"第 {version} 版", await page.inner_text("h1 + p"))
    async with asyncio.timeout(_TAKEN_SECONDS):
        while await _version(world) != version:
            await asyncio.sleep(0.1)
    listed = await asyncio.to_thread(done, "agreement", "list", "--dir", world.stage.county(DESK))
    assert [one["version"] for one in listed["agreements"] if one["id"] == AGREEMENT_ID] == [*range(1, version + 1)]
    assert listed["left_out"] == []


async def _version(world: World) -> int:
    async with world.client(DESK) as client:
        answer = (await client.get("/agreements")).replace(b" ", b"")
    found = re.search(rf'"id":"{AGREEMENT_ID}","version":(\d+)'.encode(), answer)
    assert found, answer
    return int(found[1])


async def _suspended(page: Page, world: World, folder: Path) -> None:
    """The neighbour steps out by its own command; the file comes on a stick."""
    url, file = f"http://127.0.0.1:{world.ports.api[DESK]}", folder / "中止.json"
    words = ("agreement", "suspend", AGREEMENT_ID, "--reason", "核查", "--output", file)
    # The neighbour has adopted the version in force, as it stands in this county.
    held = world.stage.county(DESK) / "trust/agreements"
    await asyncio.to_thread(
        shutil.copytree, held, world.stage.county(NEIGHBOUR) / "trust/agreements", dirs_exist_ok=True
    )
    await asyncio.to_thread(done, *words, "--dir", world.stage.county(NEIGHBOUR))
    await page.goto(f"{url}/partners/suspending/{AGREEMENT_ID}")
    await page.set_input_files("#suspension", held / f"{AGREEMENT_ID}@1.json")
    await page.click("button.danger")
    await page.wait_for_selector("text=文件类型不对", timeout=WAIT_MS)
    await _judged(page)
    await page.set_input_files("#suspension", file)
    await page.click("button.danger")
    await page.wait_for_url(f"**/partners/agreements/{AGREEMENT_ID}", timeout=WAIT_MS)
    shown = await page.inner_text("main")
    assert re.search(r"荔波已于 .* 中止本协议（至第 3 版）：核查", shown)
    assert "起生效，此前按旧版" in shown


@pytest.mark.timeout(400)
async def test_an_agreement_cannot_be_made_at_the_desk(browser: Browser, tmp_path: Path) -> None:
    """Drafted on the page, signed by `sihu agreement sign`, adopted on the page: once without script, once with it."""
    files = tmp_path / "post"
    files.mkdir()
    async with _one_node(tmp_path / "world") as world:
        url, home = f"http://127.0.0.1:{world.ports.api[DESK]}", world.stage.county(DESK)
        words = ("officer", "invite", "liaison-z", "--name", "联络员甲", "--role", "liaison", "--dir", home)
        secret = str((await asyncio.to_thread(done, *words))["secret"])
        context = await browser.new_context(locale="zh-CN")
        page = await context.new_page()
        await enrol(page, url, secret)
        cookies = await context.cookies()
        for version, script in ((2, False), (3, True)):
            async with _seat(browser, cookies, script=script) as seat:
                file = await _drafted(seat, url, version, files, script=script)
                codes = [part.code for part in world.cast]
                copies = await asyncio.to_thread(_signed, world, file, codes)
                await _adopted(seat, world, version, copies, script=script)
        await _suspended(page, world, files)
        await context.close()
