"""From the screen of the demonstration to an alert acknowledged and a bulletin published, with nothing else read."""

import asyncio
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, Page

ROOT: Final = Path(__file__).resolve().parents[2]
MOST_SECONDS: Final = 60.0
"""From the moment at which the screen says where to sit down; a person needs longer to read and to type."""
_READY_SECONDS: Final = 200.0
_WAIT_MS: Final = 20_000


class Screen:
    """What the demonstration prints."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.text = ""

    def found(self, pattern: str) -> str:
        """Return what stands on the screen."""
        match = re.search(pattern, self.text)
        assert match is not None, f"the screen does not say {pattern}:\n{self.text}"
        return match[1]

    def code_of(self, account: str, county: str = "环江") -> str:
        """Return the first recovery code of an account."""
        return self.found(rf"{county}\s+{account}\s+\S+\s+([0-9A-Z]{{4}}(?:-[0-9A-Z]{{4}}){{3}})")


@asynccontextmanager
async def demonstration() -> AsyncIterator[Screen]:
    """Start it as the README says and wait until it invites to sit down; Ctrl-C ends it."""
    words = (sys.executable, str(ROOT / "run.py"), "demo")
    process = await asyncio.create_subprocess_exec(
        *words, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True
    )
    assert process.stdout is not None
    screen = Screen()
    try:
        async with asyncio.timeout(_READY_SECONDS):
            while "待审稿件" not in screen.text:
                line = await process.stdout.readline()
                assert line, screen.text
                screen.text += line.decode()
        reading = asyncio.create_task(process.stdout.read())
        yield screen
        reading.cancel()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.wait()


@asynccontextmanager
async def seated(browser: Browser, screen: Screen, account: str) -> AsyncIterator[Page]:
    """Open the address on the screen in a fresh browser, and log in as the screen says."""
    context = await browser.new_context(locale="zh-CN")
    page = await context.new_page()
    page.set_default_timeout(_WAIT_MS)
    try:
        await page.goto(screen.found(r"sit down at a desk：环江 (http://\S+/)"))
        await page.get_by_label("账号").fill(account)
        await page.get_by_label("密码").fill(screen.found(r"the password of all: (\S+)"))
        await page.get_by_role("button", name="下一步").click()
        await page.get_by_text("手机不在身边：用恢复码").click()
        await page.get_by_label("恢复码").fill(screen.code_of(account))
        await page.get_by_role("button", name="用恢复码登录").click()
        await page.get_by_role("heading", name="值班台").wait_for()
        yield page
    finally:
        await context.close()


@pytest.mark.timeout(400)
async def test_a_newcomer_is_lost(browser: Browser, figure: Callable[[str], None]) -> None:
    """Whoever tries Sihu for the first time gives up where the screen says nothing of the next step."""
    async with demonstration() as screen:
        begun = time.monotonic()
        async with seated(browser, screen, "desk-duty") as page:
            alert = page.locator("#alerts .card").filter(has_text="荔波县发布暴雨橙色预警").first
            await alert.get_by_role("button", name="签收", exact=True).click()
            await page.get_by_text("已签收，回执已发往来源县。").wait_for()
            acknowledged = time.monotonic() - begun

            await page.get_by_role("link", name="发布", exact=True).click()
            await page.get_by_role("link", name="政策通报").click()
            for label, text in (
                ("文号", "环政办2026年第9号"),
                ("标题", "关于两县边界集市开市时间的通知"),
                ("适用对象", "两县赶集群众和经营户"),
                ("摘要", "自十二月起，下南边界集市每逢农历三、六、九开市。"),
            ):
                await page.get_by_label(re.compile(f"^{label}")).first.fill(text)
            await page.get_by_role("button", name=re.compile("^签发")).click()
            await page.get_by_text("已送审").first.wait_for()
        async with seated(browser, screen, "desk-reviewer") as page:
            await page.get_by_role("link", name="待审稿件", exact=True).click()
            await page.get_by_role("link", name="关于两县边界集市开市时间的通知").click()
            await page.get_by_role("button", name="审核通过并签发").click()
            await page.get_by_text("已签发，正在送往各收件县。").wait_for()
            published = time.monotonic() - begun
    figure(f"from the screen to 签收: {acknowledged:.1f} s; to a bulletin published by two: {published:.1f} s")
    assert published <= MOST_SECONDS
