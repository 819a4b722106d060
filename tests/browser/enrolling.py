"""Let an officer into the console of a real node by its pages, from the link of an invitation to the desk."""

import re
from typing import Final

import pyotp
from playwright.async_api import Page

from tests.browsers import CONNECTED
from tests.entering import PASSWORD

WAIT_MS: Final = 30_000


async def enrol(page: Page, url: str, secret: str) -> None:
    """Go from the link of an invitation to the desk, as a person does."""
    await page.goto(f"{url}/enrol")
    await page.fill("#invitation", secret)
    await page.click("button.primary")
    await page.fill("#password", PASSWORD)
    await page.fill("#again", PASSWORD)
    await page.click("button.primary")
    await page.wait_for_url("**/enrol/second", timeout=WAIT_MS)
    shown = re.sub(r"\s", "", await page.inner_text("main"))
    found = re.search(r"[A-Z2-7]{32}", shown)
    assert found, shown
    await page.fill("input[name=code]", pyotp.TOTP(found[0]).now())
    await page.click("button.primary")
    await page.wait_for_selector("text=恢复码", timeout=WAIT_MS)
    await page.click("a.button.primary")
    await page.wait_for_selector("h1 >> text=值班台", timeout=WAIT_MS)
    await page.wait_for_function(CONNECTED, timeout=WAIT_MS)
