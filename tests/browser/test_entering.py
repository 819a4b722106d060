"""Entering in a real browser: from the printed link over the telephone to a security key, with and without script."""

import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import pytest
from playwright.async_api import Browser, CDPSession, Page, expect

from schemas.officers import Role
from services.bootstrap.console import console_mount
from services.domain.one_time import STEP_SECONDS
from services.gateway.app import serving
from services.gateway.gateway import Limits
from tests import papers
from tests.browsers import NARROW, WIDE, findings
from tests.console import house_of
from tests.entering import PASSWORD, House, Officer, Telephone
from tests.world import County, World

LABEL: Final = "抽屉里的 <b>U 盾</b>"
_WIDER: Final = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
_TOKEN: Final = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": False,
    "hasUserVerification": False,
    "isUserVerified": False,
    "automaticPresenceSimulation": True,
}


@dataclass
class Gate:
    """One county's console at an address that browsers let security keys be used at."""

    county: County
    house: House
    url: str

    def telephone(self, secret: str) -> Telephone:
        """Return a telephone with this secret and our clock."""
        return Telephone(secret, self.county.clock)


@asynccontextmanager
async def gate() -> AsyncIterator[Gate]:
    """Serve it; a security key is bound to the address, so the port is chosen first."""
    county = World()[papers.HUANJIANG]
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    url = f"http://localhost:{port}"
    house = house_of(county, origin=url)
    mount = console_mount(county.code, house.door, county.clock.now, url)
    async with serving(county.gateway(Limits(heartbeat_seconds=1.0)), host="127.0.0.1", port=port, mounts=(mount,)):
        yield Gate(county, house, url)
    assert county.crashes == []


@asynccontextmanager
async def tab(browser: Browser, *, width: int = WIDE, script: bool = True) -> AsyncIterator[Page]:
    """Open a window of its own; what goes wrong in it fails the test."""
    context = await browser.new_context(
        viewport={"width": width, "height": 800}, locale="zh-CN", java_script_enabled=script
    )
    wrong: list[str] = []
    try:
        page = await context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
        yield page
    finally:
        await context.close()
    assert wrong == []


async def plugged_in(page: Page) -> CDPSession:
    """Plug a security key in that is touched whenever it blinks."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": _TOKEN})
    return session


async def with_password(page: Page, at: Gate, officer: str = "duty-a") -> None:
    """Take the first step."""
    await page.goto(f"{at.url}/login")
    await page.fill("#officer", officer)
    await page.fill("#password", PASSWORD)
    await page.click("button.primary")
    await page.wait_for_url("**/login/second*")


async def with_code(page: Page, code: str) -> None:
    """Take the second one."""
    await page.fill("#totp", code)
    await page.press("#totp", "Enter")


async def proves(page: Page, at: Gate, officer: Officer, form: str) -> None:
    """Fill in what a form asks again, with the next one-time password."""
    await at.county.clock.move(STEP_SECONDS)
    await page.fill(f"#{form}-password", PASSWORD)
    await page.fill(f"#{form}-code", officer.telephone.code())


async def judged(page: Page) -> list[str]:
    """Return what is wrong with an open page."""
    wrong = await findings(page)
    if await page.evaluate(_WIDER):
        wrong.append("wider than the window")
    return [f"{page.url}: {one}" for one in wrong]


@pytest.mark.parametrize("width", [WIDE, NARROW])
async def test_an_officer_cannot_enrol_from_the_link(browser: Browser, width: int) -> None:
    """From the link to the desk, on a computer and on a telephone; each page readable for everybody on the way."""
    async with gate() as at, tab(browser, width=width) as page:
        wrong: list[str] = []
        await page.goto(f"{at.url}/setup")
        wrong += await judged(page)
        await page.goto(f"{at.url}/enrol")
        wrong += await judged(page)
        secret = at.house.told("duty-a", Role.DUTY)
        await page.goto("about:blank")  # a link is opened, not changed in the bar
        await page.goto(f"{at.url}/enrol#{secret}")
        await page.wait_for_selector("#again")
        wrong += await judged(page)
        await page.fill("#password", PASSWORD)
        await page.fill("#again", PASSWORD)
        await page.click("button[value=make]")
        await page.wait_for_url("**/enrol/second")
        wrong += await judged(page)
        shown = await page.get_attribute("[data-secret]", "data-secret")
        await with_code(page, "000000")
        await expect(page.locator(".errors")).to_contain_text("验证码不对")
        await with_code(page, at.telephone(shown or "").code())
        await expect(page.locator("h1")).to_contain_text("恢复码")
        wrong += await judged(page)
        codes = await page.locator("[data-code]").all_inner_texts()
        await expect(page.locator("[data-print]")).to_be_visible()
        await page.click("a.primary")
        await expect(page.locator(".who")).to_contain_text("duty-a 甲")
        history = await page.evaluate("performance.getEntriesByType('navigation')[0].name")
        await page.click(".who button")
        await page.wait_for_url("**/login")
        wrong += await judged(page)
        await with_password(page, at)
        wrong += await judged(page)
    assert wrong == []
    assert len(codes) == len(set(codes)) == 10
    assert secret not in history


async def test_a_security_key_does_not_let_in(browser: Browser) -> None:
    """Registered once at the desk, then instead of the telephone; taken away, it lets nobody in."""
    async with gate() as at, tab(browser) as page:
        who = await at.house.enrolled("duty-a", Role.DUTY)
        await plugged_in(page)
        await with_password(page, at)
        assert await page.locator("#use-key").count() == 0
        await with_code(page, who.telephone.code())
        await page.goto(f"{at.url}/me")
        await page.fill("#key-label", LABEL)
        await page.fill("#key-password", PASSWORD)
        await page.fill("#key-code", who.telephone.code())  # that of the log-in
        await page.click("#add-key button[type=submit]")
        await expect(page.locator("#key-state")).to_contain_text("验证码不对")
        await proves(page, at, who, "key")
        await page.click("#add-key button[type=submit]")
        await expect(page.locator("tbody th", has_text=LABEL)).to_be_visible()
        await page.fill("#key-label", "又一次")
        await page.fill("#key-password", PASSWORD)
        await page.click("#add-key [data-use-key]")
        await expect(page.locator("#key-state")).to_contain_text("已登记过")

        await page.click(".who button")
        await page.goto(f"{at.url}/inbox")  # and from there to where one wanted
        await page.fill("#officer", "duty-a")
        await page.fill("#password", PASSWORD)
        await page.click("button.primary")
        await page.click("#use-key")
        await page.get_by_role("heading", name="收件").wait_for()  # the address of the log-in ends in /inbox, too
        assert len(await at.house.door.accounts.security_keys(await at.house.visitor(who))) == 1

        await page.goto(f"{at.url}/me")
        await page.click("a[aria-label^='移除']")
        assert await judged(page) == []
        await page.fill("#drop-password", "not this one at all")
        await page.fill("#drop-code", "000000")
        await page.click("form[action$='/removal'] button[type=submit]")
        await expect(page.locator(".errors")).to_contain_text("不是您现在的密码")
        await page.fill("#drop-password", PASSWORD)
        await page.click("[data-use-key]")
        await expect(page.locator(".said")).to_contain_text("安全密钥已移除")
        await page.click(".who button")
        await with_password(page, at)
        assert await page.locator("#use-key").count() == 0


async def test_without_script_a_stolen_session_makes_recovery_codes(browser: Browser) -> None:
    """The form asks for what the cookie does not hold, and locks the entrance behind who guesses."""
    async with gate() as at, tab(browser, script=False) as page:
        who = await at.house.enrolled("duty-a", Role.DUTY)
        await page.context.add_cookies([{"name": "sihu", "value": who.secret, "url": at.url}])
        await page.goto(f"{at.url}/me")
        await expect(page.locator("#add-key")).to_be_hidden()
        for _ in range(5):
            await page.fill("#recovery-password", PASSWORD)
            await page.fill("#recovery-code", "000000")
            await page.press("#recovery-code", "Enter")
            await expect(page.locator(".errors")).to_contain_text("验证码不对")
        await page.fill("#recovery-password", PASSWORD)
        await page.fill("#recovery-code", who.telephone.code())
        await page.press("#recovery-code", "Enter")
        await expect(page.locator(".errors")).to_contain_text("失败次数太多")
        await at.county.clock.move(60)
        await proves(page, at, who, "recovery")
        await page.press("#recovery-code", "Enter")
        await expect(page.locator("h1")).to_contain_text("恢复码")


async def test_a_security_key_of_somebody_else_lets_in(browser: Browser) -> None:
    """Found in a drawer: with another officer's password it opens nothing, and the page says so."""
    async with gate() as at, tab(browser) as page, tab(browser) as other:
        mine = await at.house.enrolled("duty-a", Role.DUTY)
        await plugged_in(page)
        await with_password(page, at)
        await with_code(page, mine.telephone.code())
        await page.goto(f"{at.url}/me")
        await proves(page, at, mine, "key")
        await page.click("#add-key button[type=submit]")
        await expect(page.locator("a[aria-label^='移除']")).to_be_visible()

        session = await plugged_in(other)  # another key in another window
        await with_password(other, at)
        await other.click("#use-key")
        await expect(other.locator("#key-state")).to_contain_text("没有完成", timeout=30_000)
        await expect(other.locator("#use-key")).to_be_enabled()
        await session.detach()
        await at.county.clock.move(STEP_SECONDS)
        await with_code(other, mine.telephone.code())  # the other way in is still open
        await expect(other.locator(".who")).to_contain_text("duty-a 甲")


@pytest.mark.parametrize("ahead", [-STEP_SECONDS, 0, STEP_SECONDS])
async def test_a_telephone_that_is_half_a_minute_off_keeps_out(browser: Browser, ahead: int) -> None:
    """And nothing of it needs a script."""
    async with gate() as at, tab(browser, script=False) as page:
        who = await at.house.enrolled("duty-a", Role.DUTY)
        await at.county.clock.move(2 * STEP_SECONDS)
        await with_password(page, at)
        await with_code(page, who.telephone.code(ahead))
        await expect(page.locator(".who")).to_contain_text("duty-a 甲")
        await page.click(".who button")
        await with_password(page, at)
        await with_code(page, who.telephone.code(ahead))  # seen by somebody, a moment later
        await expect(page.locator(".errors")).to_contain_text("验证码不对")


async def test_a_recovery_code_needs_a_script_or_counts_twice(browser: Browser) -> None:
    """The telephone is in the river."""
    async with gate() as at, tab(browser, script=False) as page:
        who: Officer = await at.house.enrolled("duty-a", Role.DUTY)
        for expected in ("本人", "恢复码"):
            await with_password(page, at)
            await page.click("summary")
            await page.fill("#recovery", who.codes[3].lower().replace("-", " "))
            await page.press("#recovery", "Enter")
            await expect(page.locator(".said, .errors")).to_contain_text(expected)
            if expected == "本人":
                await page.click(".who button")


async def test_without_script_nobody_enrols(browser: Browser) -> None:
    """The end of the link is pasted into the field."""
    async with gate() as at, tab(browser, script=False) as page:
        secret = at.house.told("duty-a", Role.DUTY)
        await page.goto(f"{at.url}/enrol#{secret}")
        await page.fill("#invitation", f"{at.url}/enrol#{secret}")
        await page.click("button.primary")
        await page.fill("#password", PASSWORD)
        await page.fill("#again", PASSWORD)
        await page.click("button[value=make]")
        text = await page.content()
        found = re.search(r'data-secret="([A-Z2-7]+)"', text)
        assert found is not None
        await with_code(page, at.telephone(found[1]).code())
        await expect(page.locator("h1")).to_contain_text("恢复码")


@pytest.mark.parametrize("width", [WIDE, NARROW])
async def test_a_page_of_accounts_is_closed_to_somebody(browser: Browser, width: int) -> None:
    """The pages that are shown once, too: nothing that axe-core finds, and nothing wider than a telephone."""
    async with gate() as at, tab(browser, width=width) as page:
        admin = await at.house.enrolled("admin-a", Role.ADMINISTRATOR)
        await at.house.enrolled("duty-a", Role.DUTY)
        await with_password(page, at, "admin-a")
        await with_code(page, admin.telephone.code())
        await page.wait_for_url("**/system/officers")
        wrong = await judged(page)
        await page.fill("#officer", "duty-b")
        await page.fill("#display_name", "值班员乙")
        await page.fill("#invite-password", PASSWORD)
        await page.click("main button.primary")
        await expect(page.locator(".errors")).to_contain_text("至少选一个角色")
        wrong += await judged(page)
        await page.check("#role-duty")
        await page.fill("#invite-password", PASSWORD)
        await page.click("main button.primary")
        await expect(page.locator("h1")).to_contain_text("邀请链接")
        wrong += await judged(page)
        for path in ("/system/officers", "/system/officers/duty-a", "/system/officers/admin-a", "/audit/log", "/me"):
            await page.goto(f"{at.url}{path}")
            wrong += await judged(page)
        await page.goto(f"{at.url}/system/tokens")
        await page.fill("#name", "wall")
        await page.check("input[value='calendar:read']")
        await page.fill("#issue-password", PASSWORD)
        await page.click("main button.primary")
        await expect(page.locator("h1")).to_contain_text("新令牌")
        wrong += await judged(page)
        await page.goto(f"{at.url}/system/tokens")
        wrong += await judged(page)
        await page.goto(f"{at.url}/me")
        await proves(page, at, admin, "recovery")
        await page.press("#recovery-code", "Enter")
        await expect(page.locator("h1")).to_contain_text("恢复码")
        wrong += await judged(page)
    assert wrong == []


async def test_a_desk_whose_session_was_ended_shows_old_alerts(browser: Browser) -> None:
    """Ended by the administrator, the open desk leads to the log-in at once, and from there back."""
    async with gate() as at, tab(browser) as page:
        who = await at.house.enrolled("duty-a", Role.DUTY)
        admin = await at.house.enrolled("admin-a", Role.ADMINISTRATOR)
        await with_password(page, at)
        await with_code(page, who.telephone.code())
        await page.goto(f"{at.url}/inbox?level=1")
        await page.wait_for_function("document.getElementById('live-state').textContent.includes('正常')")
        visitor = await at.house.visitor(admin)
        for one in await at.house.door.accounts.sessions(visitor, of_all=True):
            if one.officer == "duty-a":
                await at.house.door.accounts.revoke(visitor, one.name)
        await at.county.clock.move(60)  # the stream looks from time to time whether it may still speak
        await page.wait_for_url("**/login?why=late*")
        await expect(page.locator("input[name=next]").first).to_have_value("/inbox?level=1")
        await expect(page.locator(".note")).to_contain_text("登录超时或已结束")
