"""A real Chromium before a county's console: pages that are looked at, typed into, and listened to.

Debian's package ``chromium`` brings it; a test without it is skipped, which CI counts as a failure. Two ways::

    async with chromium() as browser, served(county) as console:          # pages as Playwright drives them
        async with visiting_page(browser, console, Role.DUTY, width=390) as seen:
            await seen.open("/inbox")
    async with desktop(folder) as window, ...                             # a person's window with tabs, nothing tuned:
        tab = await window.new_page()                                     # a tab behind another one is hidden

``Seen`` keeps what must never happen: errors on the console, breaches of the content policy, dialogs, failed requests.
"""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, async_playwright

from schemas.officers import Role
from services.bootstrap.console import console_mount
from services.gateway.app import Mount, serving
from tests.console import OpenEntrance, house_of
from tests.world import OFFICER, County

FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE: Final = 1280
NARROW: Final = 390
HEIGHT: Final = 800
ARTEFACTS: Final = "SIHU_CONSOLE_ARTEFACTS"
"""Environment variable: the folder that keeps what pages looked like; pytest's own if it is not set."""
_AXE: Final = Path(__file__).parent / "interop" / "node_modules" / "axe-core" / "axe.min.js"
_NOTED: Final = """
window.sihuBreaches = [];
document.addEventListener("securitypolicyviolation", (one) => {
  window.sihuBreaches.push(`${one.violatedDirective} ${one.blockedURI} ${one.sample}`);
});
"""
_SECONDS: Final = 20
_LEFT: Final = "net::ERR_ABORTED"
"""Of a request that was under way when somebody went to another page."""
CONNECTED: Final = "() => document.getElementById('live-state').textContent.includes('正常')"


def chromium_path() -> str:
    """Return where Chromium is; without it the test is skipped, which CI does not accept."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no chromium on this machine: install Debian's chromium")
    return found


def axe_script() -> str:
    """Return the text of axe-core; without it the test is skipped, which CI does not accept."""
    if not _AXE.exists():
        pytest.skip("no npm package `axe-core`: npm ci --prefix tests/interop")
    return _AXE.read_text(encoding="utf-8")


def artefacts(otherwise: Path) -> Path:
    """Return the folder where screenshots and prints are kept."""
    folder = Path(os.environ.get(ARTEFACTS) or otherwise)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start a browser that Playwright drives; it ends with the block."""
    path = chromium_path()
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def desktop(folder: Path) -> AsyncIterator[BrowserContext]:
    """Start a browser as a person has it: one window, its tabs hidden but the one in front, timers slowed as usual.

    Args:
        folder: Of its profile; the browser makes it.
    """
    path = chromium_path()
    flags = (*FLAGS, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={folder}", "--lang=zh-CN")
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(path, *flags, "about:blank", stdout=quiet, stderr=quiet)
    try:
        port = await asyncio.to_thread(_debugging_port, folder / "DevToolsActivePort")
        async with async_playwright() as driver:
            # No defaults: Playwright's own would make every tab believe that it is in front.
            browser = await driver.chromium.connect_over_cdp(f"http://127.0.0.1:{port}", no_defaults=True)
            yield browser.contexts[0]
            await browser.close()
    finally:
        process.terminate()
        await process.wait()


def _debugging_port(file: Path) -> int:
    """Wait until the browser has written where it listens; runs in a thread."""
    ends = time.monotonic() + _SECONDS
    while not file.exists() or "\n" not in file.read_text(encoding="utf-8"):
        if time.monotonic() > ends:
            raise TimeoutError(file)
        time.sleep(0.02)
    return int(file.read_text(encoding="utf-8").split()[0])


@dataclass
class Console:
    """A county's console that is served."""

    county: County
    entrance: OpenEntrance
    port: int = 0
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def cookie(self, *roles: Role, officer: str = OFFICER) -> dict[str, Any]:
        """Let an officer in; return the cookie as Playwright sets it."""
        return {"name": "sihu", "value": self.entrance.let_in(*roles, officer=officer), "url": self.url}

    def mount(self) -> Mount:
        """Return what is served beside the API."""
        door = house_of(self.county).door
        return console_mount(self.county.code, door, self.county.clock.now, entrance=self.entrance)

    async def up(self) -> None:
        """Serve, on the port of before if there was one."""
        serve = serving(self.county.gateway(), host="127.0.0.1", port=self.port, mounts=(self.mount(),))
        self.port = await self._open.enter_async_context(serve)

    async def down(self) -> None:
        """Serve no more; what is stored stays."""
        await self._open.aclose()
        self._open = AsyncExitStack()


@asynccontextmanager
async def served(county: County) -> AsyncIterator[Console]:
    """Serve a county's console."""
    console = Console(county, OpenEntrance(county.code))
    await console.up()
    try:
        yield console
    finally:
        await console.down()


@dataclass
class Seen:
    """One tab of an officer, and everything that went wrong in it."""

    page: Page
    console: Console
    wrong: list[str] = field(default_factory=list)

    async def open(self, path: str) -> int:
        """Open a page and wait until its live stream stands; return the status."""
        reply = await self.page.goto(f"{self.console.url}{path}")
        assert reply is not None, path
        if await self.page.locator("#live-state").count():
            await self.page.wait_for_function(CONNECTED)
        return reply.status

    async def breaches(self) -> list[str]:
        """Return what the page did wrong so far, the content policy's breaches among it."""
        noted: list[str] = await self.page.evaluate("window.sihuBreaches || []")
        return [*self.wrong, *noted]

    def listen(self) -> None:
        """Note what must not happen from now on."""
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("dialog", self._dialog)
        self.page.on("requestfailed", self._failed)

    def _said(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.wrong.append(f"console: {said.text}")

    def _failed(self, request: Request) -> None:
        if request.failure != _LEFT:
            self.wrong.append(f"failed: {request.url} {request.failure}")

    async def _dialog(self, dialog: Dialog) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        await dialog.dismiss()


@asynccontextmanager
async def visiting_page(
    browser: Browser,
    console: Console,
    *roles: Role,
    width: int = WIDE,
    script: bool = True,
    officer: str = OFFICER,
) -> AsyncIterator[Seen]:
    """Open a tab as an officer with these roles."""
    context = await browser.new_context(
        viewport={"width": width, "height": HEIGHT}, locale="zh-CN", java_script_enabled=script
    )
    try:
        await context.add_cookies([console.cookie(*roles, officer=officer)])  # type: ignore[list-item]
        if script:
            await context.add_init_script(_NOTED)
        seen = Seen(await context.new_page(), console)
        seen.listen()
        yield seen
    finally:
        async with asyncio.timeout(_SECONDS):  # a page that hangs does not hold up what comes behind
            await context.close()


async def findings(page: Page) -> list[str]:
    """Let axe-core judge a page; return every finding, best practices among them."""
    if not await page.evaluate("typeof window.axe === 'object'"):
        await page.evaluate(axe_script())
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']}).then((all) => all.violations)")
    return [f"{one['id']} ({one['impact']}): {node['html'][:120]}" for one in found for node in one["nodes"]]


__all__ = ["ARTEFACTS", "NARROW", "WIDE", "Console", "Seen", "artefacts", "chromium", "desktop", "findings"]
