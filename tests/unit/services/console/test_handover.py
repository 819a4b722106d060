"""Hand-over: whoever comes sees on one page what is open and due, and the sheet to sign carries no personal content."""

import pytest

from schemas.course_drafts import ServiceMove
from schemas.officers import Role
from schemas.rosters import HandoverNote
from tests import papers
from tests.console import visiting
from tests.coursework import REQUEST, offered, requested, stepped, three_counties
from tests.rosters import in_memory, room
from tests.world import County, World, alert_draft


@pytest.fixture
def world() -> World:
    return World()


def with_roster(county: County) -> County:
    """Give a county its roster, with a note."""
    county.roster = room(in_memory())
    fields = {"from_officer": "duty-a", "to_officer": "duty-b", "text": "水位上涨<i>，09:00 再报"}
    county.roster.rostering.record(HandoverNote, fields, by="duty-a", now=county.clock.now())
    return county


async def test_what_is_open_and_due_is_on_one_page(world: World) -> None:
    """What the one who goes forgets to say must stand on the page all the same."""
    county = with_roster(world[papers.HUANJIANG])
    posted = await world[papers.LIBO].send(alert_draft())
    await world.carry()
    async with visiting(county, Role.DUTY) as browser:
        shown = await browser.get("/handover")
        sheet = await browser.get("/handover/sheet")
        beyond = [(await browser.get(f"/handover/sheet?part={one}")).status for one in ("2", "0", "x", "٣", "9" * 40)]
    world.clock.jump(3 * 3600)
    async with visiting(county, Role.DUTY) as browser:
        later = await browser.get("/handover")

    assert shown.status == 200
    assert shown.has("荔波县气象台发布暴雨红色预警", "还没有人接手", "三天内到期", "水位上涨&lt;i&gt;", "带班领导甲")
    assert shown.has('href="/handover/sheet"')
    assert sheet.has(
        "荔波县气象台发布暴雨红色预警", "还没有人接手", "水位上涨&lt;i&gt;", "交班人", "带班领导甲", "data-print"
    )
    assert "份，共" not in sheet.text
    assert beyond == [404] * 5
    assert shown.has("写一条留言", f"/events/{posted.envelope_id}", "有人调离", "/roster/new/override")
    assert "/system/" not in shown.text.split("有人调离")[1]
    assert "已经超过期限" not in shown.text
    assert later.has("已经超过期限", "签收")


async def test_the_one_who_sends_sees_who_must_be_called(world: World) -> None:
    """An own alert that a neighbour has not taken is the next shift's telephone call."""
    await world[papers.LIBO].send(alert_draft())
    await world.carry()
    async with visiting(world[papers.LIBO], Role.DUTY) as browser:
        shown = await browser.get("/handover")

    assert shown.has("发出、仍有效的预警", "要催", "县未签收，打电话")


async def test_a_note_written_here_brings_one_back_here(world: World) -> None:
    """The page is printed after the note was written: one must not have to look for it again."""
    county = with_roster(world[papers.HUANJIANG])
    async with visiting(county, Role.DUTY) as browser:
        page = await browser.get("/handover")
        version = page.text.split('name="version" value="')[1][:32]
        fields = {"version": version, "back": "handover", "to_officer": "duty-b", "text": "交清"}
        done = await browser.post("/roster/new/note", fields)
        after = await browser.get("/handover")
        wrong = await browser.post("/roster/new/note", fields | {"to_officer": ""})

    assert (done.status, done.location) == (303, "/handover")
    assert wrong.status == 422
    assert wrong.has("交清", 'name="back" value="handover"')
    assert after.has("留言已记下", "交清")


async def test_an_empty_county_says_so(world: World) -> None:
    """Nothing to hand over is a finding, too; without a roster the page still opens."""
    async with visiting(world[papers.HUANJIANG], Role.AUDITOR) as browser:
        shown = await browser.get("/handover")
    async with visiting(world[papers.HUANJIANG], Role.ADMINISTRATOR) as browser:
        refused = await browser.get("/handover")

    assert shown.has("没有未结的案件", "还没有值班表", "没有拟到一半")
    assert "写一条留言" not in shown.text
    assert "/roster/new/" not in shown.text
    assert refused.status == 403


async def test_the_sheet_to_sign_says_who_sent_what_and_whom_to_call(world: World) -> None:
    """Where the office has no console at hand, paper carries the receipt."""
    posted = await world[papers.LIBO].send(alert_draft())
    await world.carry()
    async with visiting(world[papers.HUANJIANG], Role.DUTY) as browser:
        shown = await browser.get(f"/events/{posted.envelope_id}/paper")
        unknown = await browser.get(f"/events/{'0' * 64}/paper")

    assert shown.has("签收单位", "签收人", "签收后请立即电话告知", "荔波县", "值班联系")
    assert unknown.status == 404


async def test_a_request_that_waits_to_be_received_or_supplemented_is_not_handed_over() -> None:
    """Until an office has received a request it has no ``due_at``: the next shift must hear of it all the same."""
    world = await three_counties()
    await requested(world)
    referral = await offered(world)
    await world.carry()
    async with visiting(world[papers.HUANJIANG], Role.DUTY) as browser:
        waits = await browser.get("/handover")
    async with visiting(world[papers.LIBO], Role.DUTY) as browser:
        owed = await browser.get(f"/partners/{papers.HUANJIANG}")
    await stepped(world[papers.HUANJIANG], ServiceMove.RECEIVE)
    answer_by = "2026-03-05T17:00:00.000+08:00"
    await stepped(world[papers.HUANJIANG], ServiceMove.ASK, wanted=["household"], answer_by=answer_by)
    await world.carry()
    async with visiting(world[papers.LIBO], Role.DUTY) as browser:
        asked = await browser.get("/handover")

    assert waits.has("开具户籍类证明：待环江县公安局户政窗口受理", f'href="/services/{REQUEST}"')
    assert asked.has("开具户籍类证明：待荔波县政务服务中心补正", f'href="/services/{REQUEST}"')
    assert owed.has("服务对接单", "前受理", f'href="/services/{REQUEST}"', f'href="/population/referrals/{referral}"')
