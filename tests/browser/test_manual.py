"""The pictures of the officers' manual: taken of real pages, every one that the text shows and no other.

``SIHU_MANUAL_PICTURES=1`` puts them into the manual; without it they are taken all the same and compared in size.
"""

import io
import os
import re
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.async_api import Browser, Page

from schemas.information.alerts import AlertIssued
from schemas.officers import Role
from tests import papers
from tests.browsers import served
from tests.console import house_of
from tests.seeded import LONG, seeded

ROOT: Final = Path(__file__).resolve().parents[2]
MANUAL: Final = ROOT / "docs" / "officer" / "工作台.md"
PICTURES: Final = MANUAL.parent / "图"
UPDATE: Final = "SIHU_MANUAL_PICTURES"
MOST_BYTES: Final = 120_000
_WIDTH, _HEIGHT = 1120, 720
_COLOURS: Final = 96
_TRIED: Final = (
    # name, where it begins, links to follow from there
    ("登录", "/login"),
    ("值班台", "/"),
    ("事件", "/", "/events/"),
    ("发布", "/compose"),
    ("拟预警", f"/compose?type={AlertIssued.wire_type}"),
    ("审稿", "/drafts", "/drafts/"),
    ("收件", "/inbox"),
    ("案件", "/cases", "/cases/"),
    ("交接班", "/handover"),
    ("台账", "/ledger"),
    ("起草协议", "/partners", "/partners/agreements/", "/partners/drafting?"),
    ("合签", "/partners/signing"),
)


def _shorter(_: str, content: dict[str, Any]) -> dict[str, Any]:
    """Say it as an officer would: a test of long texts is no picture for a manual."""
    spoken = {name: value for name, value in content.items() if not (isinstance(value, str) and LONG[:30] in value)}
    if "headline" in content and "headline" not in spoken:
        spoken |= {"headline": "南丹县气象台发布暴雨红色预警", "description": "未来三小时降雨量将达一百毫米以上。"}
        spoken["areas"] = [{"desc": "南丹县六寨镇", "adcodes": ["451221"]}]
    return spoken


async def test_the_manual_shows_a_page_that_is_there_no_more(browser: Browser) -> None:
    """An officer who looks for a button of last year's picture stops trusting the book."""
    text = MANUAL.read_text(encoding="utf-8")
    assert re.findall(r"\]\(图/(.+?)\.png\)", text) == [name for name, *_ in _TRIED]
    world = await seeded(_shorter)
    await house_of(world[papers.HUANJIANG]).enrolled("desk-admin", Role.ADMINISTRATOR)  # no page of a first day
    async with served(world[papers.HUANJIANG]) as console:
        context = await browser.new_context(viewport={"width": _WIDTH, "height": _HEIGHT}, locale="zh-CN")
        await context.clock.install(time=papers.NOW)  # the counties' clock stands; so does the one that counts down
        page = await context.new_page()
        for name, path, *links in _TRIED:
            if name != "登录":
                await context.add_cookies([console.cookie(Role.DUTY, Role.LIAISON, Role.MEDIATOR)])  # type: ignore[list-item]
            await page.goto(f"{console.url}{path}")
            for link in links:
                await _follow(page, link)
            await _kept(page, name)
        await context.close()


async def _follow(page: Page, prefix: str) -> None:
    link = page.locator(f'main a[href^="{prefix}"]').first
    await link.click()
    await page.wait_for_load_state()


async def _kept(page: Page, name: str) -> None:
    await page.wait_for_timeout(200)
    assert await page.locator("h1").count() == 1, name
    raw = await page.screenshot()
    out = io.BytesIO()
    image = Image.open(io.BytesIO(raw)).convert("RGB").quantize(_COLOURS)
    image.save(out, "PNG", optimize=True)
    assert image.size == (_WIDTH, _HEIGHT)
    assert len(out.getvalue()) <= MOST_BYTES, name
    kept = PICTURES / f"{name}.png"
    if os.environ.get(UPDATE):
        PICTURES.mkdir(exist_ok=True)
        kept.write_bytes(out.getvalue())
    with Image.open(kept) as shown:
        assert shown.size == (_WIDTH, _HEIGHT), f"{UPDATE}=1 takes the pictures anew"
