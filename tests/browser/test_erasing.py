"""Destroying content in a real browser, with and without script, on a computer and on a telephone."""

import pytest
from playwright.async_api import Browser, Page, expect

from schemas.officers import Role
from tests.browsers import NARROW, WIDE, findings
from tests.console import console_of, house_of
from tests.coursework import offered, three_counties
from tests.entering import PASSWORD
from tests.papers import HUANJIANG, LIBO
from tests.world import policy_draft

_WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


async def asked_for(page: Page, reason: str) -> None:
    """Take the first step."""
    await page.click("text=销毁内容…")
    await page.check(f"#reason-{reason}")
    await page.click("main button[type=submit]")


async def pressed(page: Page, typed: str) -> None:
    """Take the last one."""
    await page.fill("#typed", typed)
    await page.fill("#erase-password", PASSWORD)
    await page.press("#erase-password", "Enter")


@pytest.mark.parametrize(("script", "width"), [(True, WIDE), (True, NARROW), (False, WIDE)])
async def test_content_is_not_destroyed_by_the_form(browser: Browser, width: int, *, script: bool) -> None:
    """From the event's button over both steps to the page that says who has destroyed; readable for everybody."""
    world = await three_counties()
    county, house = world[LIBO], house_of(world[LIBO])
    who = await house.enrolled("liaison-a", Role.LIAISON)
    sent = (await county.send(policy_draft())).envelope_id
    await offered(world)
    await world.carry()
    wrong: list[str] = []
    context = await browser.new_context(
        viewport={"width": width, "height": 800}, locale="zh-CN", java_script_enabled=script
    )
    async with console_of(county, house) as port:
        url = f"http://127.0.0.1:{port}"
        await context.add_cookies([{"name": "sihu", "value": who.secret, "url": url}])
        page = await context.new_page()

        async def judged() -> None:
            if script:
                wrong.extend(await findings(page))
                if await page.evaluate(_WIDER):
                    wrong.append(f"{page.url} is wider than the window")

        await page.goto(f"{url}/events/{sent}")
        await judged()
        await page.goto(f"{url}/events/{sent}/erasure")
        await judged()
        await expect(page.locator("main")).to_contain_text("不能撤销")
        await page.goto(f"{url}/events/{sent}")
        await asked_for(page, "mistaken")
        await expect(page.locator("h1")).to_contain_text("最后确认")
        await judged()
        await pressed(page, "删除")
        await expect(page.locator(".errors")).to_contain_text("没有销毁")
        await judged()
        assert await county.store.read(lambda s: s.erasures_of(sent)) == []
        await pressed(page, "销毁")
        await expect(page.locator(".said")).to_contain_text("本县已销毁")
        await expect(page.locator("main")).to_contain_text("尚未回报销毁")
        await judged()
        await world.carry()
        await page.reload()
        await expect(page.locator("main")).not_to_contain_text("尚未回报销毁")

        await page.goto(f"{url}/population/referrals/{'1' * 32}")
        await judged()
        await asked_for(page, "withdrawn")
        await pressed(page, "销毁")
        await expect(page.locator("h1")).to_contain_text("服务对接单")
        await expect(page.locator("main")).to_contain_text("谁确认已销毁")
    await context.close()
    assert wrong == []
    assert {one.county for one in await world[HUANJIANG].store.read(lambda s: s.erasures_of(sent))} == {HUANJIANG}
