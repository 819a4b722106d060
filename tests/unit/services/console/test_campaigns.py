"""活动日历: the month shows what is on, an answer pressed here is seen at the county that leads."""

import re
from typing import Any

import pytest

from schemas.officers import Role
from schemas.outreach.campaigns import CampaignAnnounced, CampaignChanged
from schemas.outreach.materials import MaterialShared
from services.console.month import Month, month_of
from services.gateway.threads import campaign_detail
from tests import joint
from tests.console import Browser, Shown, visiting
from tests.joint import LEAD, UID, draft
from tests.papers import LIBO, NANDAN, NOW, TIANE
from tests.world import County, World

PAGE = f"/campaigns/{UID}"
ANSWER = {"reply": "tentative", "office": "荔波县文化馆", "note": "待定车辆", "sequence": "0", "once": "a" * 32}


@pytest.fixture
def world() -> World:
    return joint.world_of_four()


async def invited(world: World, **changes: Any) -> None:  # noqa: ANN401 - any field of the plan
    await world[LEAD].send(draft(CampaignAnnounced, joint.campaign(**changes)))
    await world.carry()


async def replies(county: County) -> dict[str, str | None]:
    """What a county knows of who comes."""
    found = await county.store.read(lambda snapshot: campaign_detail(snapshot, UID))
    return {one.county: one.reply for one in found.answers}


async def page(browser: Browser, path: str) -> Shown:
    """Open a page that must open."""
    found = await browser.get(path)
    assert found.status == 200, found.text
    return found


async def test_a_month_lacks_a_festival_or_a_campaign(world: World) -> None:
    """分龙节 2027 and the campaign on the same day: an officer who does not see them plans against them."""
    await invited(world)
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        june = await page(browser, "/campaigns?month=2027-06")
        april = await page(browser, "/campaigns?month=2027-04")

    assert june.has("2027年6月", "毛南族分龙节", "毛南族分龙节联办", f'href="{PAGE}"', "等待本县答复", "廿六")
    assert april.has("壮族三月三", "初三", 'href="/campaigns?month=2027-03"', 'href="/campaigns?month=2027-05"')
    assert "毛南族分龙节联办" in april.text.partition("月份")[0]  # it waits for an answer, whatever month is shown
    assert "毛南族分龙节联办" not in april.text.partition("月份")[2]


async def test_an_empty_month_says_what_to_do(world: World) -> None:
    """A blank calendar looks like a broken one."""
    async with visiting(world[LIBO], Role.DUTY) as browser:
        shown = await page(browser, "/campaigns?month=2035-12")
        everything = await page(browser, "/campaigns/all")
        nothing = await page(browser, "/campaigns/materials")

    assert shown.has("这一时段没有活动", "发起联合活动")
    assert everything.has("还没有联合活动")
    assert nothing.has("还没有宣传素材")


@pytest.mark.parametrize("month", ["2027-13", "27-06", "2027-6", "1999-12", "²027-06", "<script>"])
async def test_a_month_that_is_none_is_refused_with_the_mend(world: World, month: str) -> None:
    """An address that was typed wrong must not end in an error of ours."""
    async with visiting(world[LIBO], Role.DUTY) as browser:
        shown = await browser.get("/campaigns", params={"month": month})

    assert shown.status == 422
    assert "<script>alert" not in shown.text


async def test_an_answer_pressed_here_is_seen_at_the_lead(world: World) -> None:
    """Pressed twice, it is sent once; later it is changed, and the change counts."""
    await invited(world)
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        before = await page(browser, PAGE)
        first = await browser.post(f"{PAGE}/answer", ANSWER)
        again = await browser.post(f"{PAGE}/answer", ANSWER)
        await world.carry()
        told = await page(browser, PAGE)
        at_lead, at_nandan = await replies(world[LEAD]), await replies(world[NANDAN])
        world.clock.jump(60)
        await browser.post(f"{PAGE}/answer", ANSWER | {"reply": "accepted", "once": "b" * 32})
        await world.carry()

    assert before.has("本县答复", "未答复", "下南乡文化广场", "千人至五千人")
    assert (first.status, first.location, again.status) == (303, PAGE, 303)
    assert told.has("改变本县答复", "荔波县文化馆", "暂定")
    assert told.text.count("联合活动答复") == 1
    assert at_lead == {NANDAN: None, TIANE: None, LIBO: "tentative"} == at_nandan
    assert (await replies(world[LEAD]))[LIBO] == "accepted"


async def test_a_wrong_answer_loses_nothing_of_what_was_typed(world: World) -> None:
    """The plan changed meanwhile: what was typed stands there, and the page answers the new plan."""
    await invited(world)
    await world[LEAD].send(draft(CampaignChanged, joint.campaign(1)))
    await world.carry()
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        stale = await browser.post(f"{PAGE}/answer", ANSWER)
        blank = await browser.post(f"{PAGE}/answer", ANSWER | {"sequence": "1", "office": ""})

    assert stale.status == blank.status == 422
    assert stale.has("没有发出", "campaign.sequence", "待定车辆", 'name="sequence" value="1"', "改到下午")
    assert stale.has('<option value="tentative" selected>')
    assert blank.has('id="office-wrong"', "待定车辆")
    assert (await replies(world[LIBO]))[LIBO] is None


async def test_the_lead_ends_its_campaign_and_nobody_else_can(world: World) -> None:
    """Only the county that leads has the form, and it counts at its partners."""
    await invited(world)
    fields = {"outcome": "cancelled", "summary": "暴雨，改期另行通知。", "sequence": "1", "once": "c" * 32}
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        partner = await page(browser, PAGE)
        refused = await browser.post(f"{PAGE}/closing", fields)
    async with visiting(world[LEAD], Role.LIAISON) as browser:
        own = await page(browser, PAGE)
        wrong = await browser.post(f"{PAGE}/closing", fields | {"attendance_band": "0-99"})
        ended = await browser.post(f"{PAGE}/closing", fields)
        await world.carry()
        calendar = await page(browser, "/campaigns?month=2027-06")
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        seen = await page(browser, PAGE)

    assert "结束活动" not in partner.text
    assert (refused.status, refused.has("thread.not_owner")) == (422, True)
    assert own.has("结束活动", "/compose?type=cn.sihu.outreach.campaign_changed.v1&amp;after=")
    assert "本县答复" not in own.text
    assert (wrong.status, wrong.has("暴雨，改期另行通知。", 'id="attendance_band-wrong"')) == (422, True)
    assert (ended.status, ended.location) == (303, PAGE)
    assert calendar.has("已取消")
    assert seen.has("已取消", "暴雨，改期另行通知。")
    assert "签名并发出" not in seen.text


async def test_what_a_neighbour_wrote_is_escaped(world: World) -> None:
    """Markup in a plan is text; a long Chinese line stays one."""
    name = "<script>alert(1)</script>" + "长" * 90
    await invited(world, name=name, traffic_note="<b>绕行</b>")
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        shown = [await page(browser, path) for path in (PAGE, "/campaigns?month=2027-06", "/campaigns/all")]

    for one in shown:
        assert "<script>alert" not in one.text
        assert one.has("&lt;script&gt;alert(1)&lt;/script&gt;" + "长" * 90)
    assert shown[0].has("&lt;b&gt;绕行&lt;/b&gt;")


async def test_who_only_reads_finds_no_form(world: World) -> None:
    """The auditor reads everything and changes nothing; the administrator does not come in."""
    await invited(world)
    async with visiting(world[LIBO], Role.AUDITOR) as browser:
        shown = [await page(browser, path) for path in ("/campaigns", "/campaigns/materials", PAGE)]
        pressed = await browser.post(f"{PAGE}/answer", ANSWER)
    async with visiting(world[LIBO], Role.ADMINISTRATOR) as browser:
        shut = [(await browser.get(path)).status for path in ("/campaigns", "/campaigns/all", PAGE)]

    assert all("/compose" not in one.text.partition("<main")[2] and "签名并发出" not in one.text for one in shown)
    assert pressed.status == 403
    assert shut == [403, 403, 403]
    assert (await replies(world[LIBO]))[LIBO] is None


async def test_the_calendar_file_is_given_for_a_calendar_program(world: World) -> None:
    """The browser saves it under a name that a program takes."""
    await invited(world)
    async with visiting(world[LIBO], Role.DUTY) as browser:
        found = await page(browser, "/campaigns/calendar.ics")

    assert found.headers["Content-Type"].startswith("text/calendar")
    assert found.headers["Content-Disposition"] == 'attachment; filename="sihu.ics"'
    assert "BEGIN:VCALENDAR" in found.text


async def test_material_whose_licence_ended_is_marked(world: World) -> None:
    """A poster that is shown after its end is a breach of what was agreed."""
    common = {
        "kind": "poster",
        "languages": ["zh-CN", "za"],
        "attachments": [{"name": "分龙节.png", "media_type": "image/png", "size": 9, "sha256": "a" * 64}],
    }
    for title, more in (
        ("春季海报", {"licence": "CC-BY-4.0", "credit": "环江县文化馆", "expires": "2026-03-10T00:00:00.000+08:00"}),
        ("长期海报", {"licence": "CC0-1.0"}),
    ):
        await world[LEAD].send(draft(MaterialShared, common | {"title": title} | more))
    await world.carry()
    async with visiting(world[LIBO], Role.DUTY) as browser:
        fresh = await page(browser, "/campaigns/materials")
        world.clock.jump(300 * 86_400)
        late = await page(browser, "/campaigns/materials")

    assert fresh.has("CC-BY-4.0（署名）", "署名：环江县文化馆", "长期", "海报", "zh-CN、za")
    assert late.has("已到期，不得再用")


async def test_a_campaign_that_is_not_here_is_said_to_be_so(world: World) -> None:
    """A link of yesterday's mail must not end in an error of ours."""
    async with visiting(world[LIBO], Role.DUTY) as browser:
        gone = await browser.get("/campaigns/451226-nothing@sihu")

    assert gone.status == 404


def test_months_follow_one_another_over_the_year() -> None:
    """December goes on with January."""
    assert str(Month(2027, 12).moved(1)) == "2028-01"
    assert str(Month(2027, 1).moved(-1)) == "2026-12"
    assert month_of(None, NOW.date()) == Month(2026, 3)
    assert [len(week) for week in Month(2027, 2).weeks] == [7] * 4


async def test_a_change_begins_with_the_newest_plan(world: World) -> None:
    """Whoever moves the day by an hour must not type the whole plan again, nor count the revisions."""
    await invited(world)
    await world[LEAD].send(draft(CampaignChanged, joint.campaign(1)))
    async with visiting(world[LEAD], Role.LIAISON) as browser:
        own = await page(browser, PAGE)
        (address,) = re.findall(r'href="(/compose[^"]+after=[^"]+)"', own.text)
        form = await page(browser, address.replace("&amp;", "&"))
        fresh = await page(browser, "/compose?type=cn.sihu.outreach.campaign_announced.v1")

    assert re.search(r'name="content.sequence"[^>]*value="2"|value="2"[^>]*name="content.sequence"', form.text)
    assert form.has("毛南族分龙节联办", "下南乡文化广场", UID)
    assert re.search(r"451226-n[0-9a-f]{8}@sihu", fresh.text)
