"""台账: the figures of a period, as a page, as a workbook, on paper."""

import io
import re

import openpyxl
import pytest

from schemas.access import Scope
from schemas.officers import Role
from schemas.outreach.campaigns import CampaignAnnounced
from tests import joint
from tests.caller import calling
from tests.console import Browser, Shown, visiting
from tests.joint import LEAD, MODELS, draft
from tests.papers import LIBO
from tests.world import World

MARCH = "first=2026-03-01&last=2026-03-31"


@pytest.fixture
async def world() -> World:
    """环江 invites to a campaign and offers oranges; 荔波 accepts after ten minutes."""
    world = joint.world_of_four()
    await world[LEAD].send(draft(CampaignAnnounced, joint.campaign()))
    await world[LEAD].send(draft(MODELS["offered"], joint.offer()))
    await world.carry()
    world.clock.jump(600)
    await world[LIBO].send(draft(MODELS["turn"], joint.turn(1, "accept"), to=[LEAD]))
    await world.carry()
    return world


async def page(browser: Browser, path: str) -> Shown:
    """Open a page that must open."""
    found = await browser.get(path)
    assert found.status == 200, found.text
    return found


async def test_a_period_is_shown_with_tables_charts_and_the_checklist(world: World) -> None:
    """What the county reports must stand there, and how to take it along."""
    async with visiting(world[LEAD], Role.LIAISON) as browser:
        now = await page(browser, "/ledger")
        march = await page(browser, f"/ledger?period=&{MARCH}")
        year = await page(browser, "/ledger?period=2026&first=2026-03-01&last=2026-03-02")

    assert now.has("环江毛南族自治县跨省协作台账（2026-03-01至2026-03-04）", "2026年3月（至今）", "2026年第一季度")
    for one in (now, march, year):
        assert one.has("按协作县", "按四互", "协作事项", "产品供应", "事项中各县", "统计口径", "对应示范创建清单")
        assert one.has("第 29 条", "第 32 条", "第 46 条", "第 48 条", "第 49 条")
        assert one.has('role="img"', "各月送出与收到（件次）：2026-03 送出 6，收到 1", "各县入库用时（秒）")
    assert march.has(f"/ledger.xlsx?{MARCH.replace('&', '&amp;')}", f"/ledger.pdf?{MARCH.replace('&', '&amp;')}")
    assert march.has("/compose?type=cn.sihu.information.situation_brief_published.v1&amp;first=2026-03-01")
    assert year.has("（2026-01-01至2026-03-04）", '<option value="2026" selected>')
    assert len(year.text.encode()) < 100_000


async def test_a_period_without_anything_says_so(world: World) -> None:
    """Zeros are a record, but a page of nothing needs a word."""
    async with visiting(world[LEAD], Role.LIAISON) as browser:
        shown = await page(browser, "/ledger?period=2025")

    assert shown.has("本期没有消息", "本期没有可画的数字", "本期无记录", "第 49 条")


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("first=2026-03-31&last=2026-03-01", 'value="2026-03-31"'),
        ("first=2024-01-01&last=2026-03-01", 'value="2024-01-01"'),
        ("first=2026-02-30&last=2026-03-01", 'value="2026-02-30"'),
        ("first=2026-03-01", 'value="2026-03-01"'),
        ("period=2026-13", "按起止日期"),
        ("period=<script>", "按起止日期"),
    ],
)
async def test_wrong_days_are_named_and_stand_there_still(world: World, query: str, kept: str) -> None:
    """Whoever typed a day wrong corrects it, instead of beginning anew."""
    async with visiting(world[LEAD], Role.LIAISON) as browser:
        shown = await browser.get(f"/ledger?{query}")

    assert shown.status == 422
    assert shown.has('role="alert"', "data-code=", kept)
    assert '"<script>' not in shown.text
    assert "按协作县" not in shown.text


async def test_the_files_hold_the_same_figures(world: World) -> None:
    """A workbook that says something else than the page cannot be signed."""
    async with visiting(world[LEAD], Role.AUDITOR) as browser:
        reply = await browser.session.get(f"/ledger.xlsx?{MARCH}")
        book = openpyxl.load_workbook(io.BytesIO(await reply.read()))
        paper = await browser.session.get(f"/ledger.pdf?{MARCH}")
        head = (await paper.read())[:5]
        wrong = await browser.get("/ledger.xlsx?first=2026-03-31&last=2026-03-01")

    assert reply.headers["Content-Disposition"].endswith('"sihu-ledger-451226-20260301-20260331.xlsx"')
    overview = {row[0].value: row[1].value for row in book["概况"].iter_rows(min_row=2)}
    assert (overview["发出消息"], overview["收到消息"]) == (2, 1)
    assert (head, paper.headers["Content-Type"]) == (b"%PDF-", "application/pdf")
    assert wrong.status == 400


async def test_a_program_gets_the_files_by_its_token(world: World) -> None:
    """The console has nothing that the API lacks; a token that may not read is refused."""
    county = world[LEAD]
    async with calling(county, county.let_in("desk", Scope.EVENTS_READ)) as caller:
        book = await caller.get(f"/ledger.xlsx?{MARCH}")
        nothing = await caller.get("/ledger.xlsx")
    async with calling(county, county.let_in("blind", Scope.ACKNOWLEDGE, officer="duty-a")) as caller:
        shut = await caller.get(f"/ledger.pdf?{MARCH}")

    assert (book.status, nothing.status, shut.status) == (200, 400, 403)


async def test_who_only_reads_is_offered_no_brief_and_the_administrator_nothing(world: World) -> None:
    """The auditor checks figures; whoever keeps the system needs none."""
    async with visiting(world[LEAD], Role.AUDITOR) as browser:
        shown = await page(browser, "/ledger")
    async with visiting(world[LEAD], Role.ADMINISTRATOR) as browser:
        shut = [(await browser.get(path)).status for path in ("/ledger", f"/ledger.xlsx?{MARCH}")]

    assert "/compose" not in shown.text.partition("<main")[2]
    assert shut == [403, 403]


async def test_a_brief_begins_with_the_same_figures(world: World) -> None:
    """An officer who copies figures by hand copies one wrong; the text is his to write."""
    async with visiting(world[LEAD], Role.LIAISON) as browser:
        shown = await page(browser, f"/ledger?period=&{MARCH}")
        (address,) = re.findall(r'href="(/compose[^"]+)"', shown.text.partition("<main")[2])
        form = await page(browser, address.replace("&amp;", "&"))
        blank = await page(browser, "/compose?type=cn.sihu.information.situation_brief_published.v1")

    assert form.has('value="2026-03-01"', 'value="2026-03-31"', "请联络员在此撰写")
    assert form.has("2026年03月01日至2026年03月31日协作态势简报")
    assert "请联络员在此撰写" not in blank.text
