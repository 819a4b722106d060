"""联合应急: plans with their drills and checks, a drill recorded from signed answers, an exercise of own people."""

import re

import pytest

from schemas.officers import Role
from tests import papers
from tests.console import Browser, Shown, visiting
from tests.night import Night
from tests.papers import HUANJIANG, LIBO
from tests.plans import CHECK, DRILL, PLAN, check, drill, plan
from tests.world import World, alert_draft

NUMBER = "3" * 32
PAGE = f"/plans/{NUMBER}"


@pytest.fixture
def world() -> World:
    return World()


async def page(browser: Browser, path: str) -> Shown:
    """Open a page that must open."""
    found = await browser.get(path)
    assert found.status == 200, found.text
    return found


async def published(world: World, **changes: object) -> str:
    """荔波 publishes a plan; its event's id."""
    body = {"type": PLAN, "agreement": papers.AGREEMENT, "content": plan(**changes)}
    posted = await world[LIBO].send(body)
    await world.carry()
    return posted.envelope_id


async def exercised(world: World, **changes: object) -> str:
    """荔波 sends an alert that travels as an exercise; its id."""
    given = alert_draft(status="exercise", acknowledge_by="2026-03-04T09:00:00.000+08:00", **changes)
    posted = await world[LIBO].send(given)
    await world.carry()
    return posted.envelope_id


async def test_empty_lists_say_what_to_do(world: World) -> None:
    """A blank page looks like a broken one."""
    async with visiting(world[HUANJIANG], Role.LIAISON) as browser:
        shown = await page(browser, "/plans")

    assert shown.has(
        '<option value="2" selected>',
        "还没有联合预案",
        "还没有演练记录",
        "还没有演练过本县人员的通知",
        "还没有排查记录",
    )


async def test_a_plan_is_shown_with_its_newest_version_its_drills_and_its_checks(world: World) -> None:
    """Whoever opens an old version at night acts by what was changed."""
    first = await published(world)
    await published(world, version=2, supersedes=first, title="樟江流域防汛联动预案（修订）", review_by="2026-03-01")
    for wire_type, content in ((DRILL, drill(alerts=[])), (CHECK, check(plan_id=NUMBER))):
        await world[LIBO].send({"type": wire_type, "agreement": papers.AGREEMENT, "content": content})
    await world.carry()
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        listed = await page(browser, "/plans")
        shown = await page(browser, PAGE)

    assert listed.has(
        "樟江流域防汛联动预案（修订）", "第 2 版", "应复审", "【演练】", "全部按时", "樟江沿线荔波至环江段"
    )
    assert shown.has("三小时降雨量达一百毫米", "组织沿河转移", "四互、电话", "历次版本", "第 1 版", "洪涝")
    assert shown.has("签收演练预警", "樟江沿线荔波至环江段")
    assert re.search(r"<h1>\s*樟江流域防汛联动预案（修订）", shown.text)


async def test_a_drill_is_recorded_from_the_answers_that_were_signed(world: World) -> None:
    """环江 answered, the others did not: the record says so and goes to the plan's counties as it does."""
    await published(world)
    alert = await exercised(world)
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        there = await page(browser, "/plans")
        await browser.post(f"/events/{alert}/acknowledgement", {"answer": "received"})
        await world.carry()
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        before = await page(browser, PAGE)
        fields = {"alert": alert, "findings": "夜间第二值班员未应答\n\n通报用时偏长", "once": "a" * 32}
        sent = await browser.post(f"{PAGE}/drills", fields)
        await world.carry()
        after = await page(browser, PAGE)
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        seen = await page(browser, PAGE)

    assert there.has("演练消息", "【演练】")
    assert before.has("登记演练", f'value="{alert}"')
    assert (sent.status, sent.location) == (303, PAGE)
    for one in (after, seen):
        assert one.has("夜间第二值班员未应答", "通报用时偏长", "未完成", "按时", "1/2 项完成")


async def test_a_drill_of_a_real_alert_is_refused_and_nothing_is_lost(world: World) -> None:
    """A real alert never counts as a drill; what was typed stands there still."""
    await published(world)
    real = (await world[LIBO].send(alert_draft())).envelope_id
    exercise = await exercised(world)
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        fields = [("findings", "通报偏慢"), ("alert", exercise), ("alert", real)]
        refused = await browser.post(f"{PAGE}/drills", fields)
        none = await browser.post(f"{PAGE}/drills", [("findings", "通报偏慢")])
        many = await browser.post(f"{PAGE}/drills", [("findings", "慢\n" * 21), ("alert", exercise)])

    assert (refused.status, none.status) == (422, 422)
    assert refused.has("drill.not_exercise", "通报偏慢", f'value="{exercise}" checked')
    assert none.has("drill.nobody", "请勾选至少一份", "通报偏慢")
    assert (many.status, many.has('id="findings-wrong"')) == (422, True)


async def test_own_people_are_told_of_an_exercise_and_nobody_else() -> None:
    """The button tells the roster's people, marked as a drill, and its page says who was told."""
    night = Night()
    async with visiting(night.county, Role.DUTY, officer="duty-a") as browser:
        begun = await browser.post("/plans/drills", {"level": "2"})
        fresh = await page(browser, begun.location)
        await night.desk.run_once()
        told = await page(browser, begun.location)
        listed = await page(browser, "/plans")
        wrong = await browser.post("/plans/drills", {"level": "9"})

    assert begun.status == 303
    assert re.fullmatch(r"/plans/drills/drill-[0-9a-f]{16}", begun.location)
    assert fresh.has("【演练】", "本县人员演练", "正在通知")
    assert told.has("值班员甲", "短信", "已发出")
    assert listed.has("开始的演练", begun.location)
    assert (wrong.status, wrong.has("没有发出")) == (422, True)


async def test_pressed_twice_own_people_are_told_of_one_exercise() -> None:
    """A slow page is pressed again; the telephones must not ring twice."""
    night = Night()
    async with visiting(night.county, Role.DUTY, officer="duty-a") as browser:
        listed = await page(browser, "/plans")
        once = re.findall(r'name="once" value="([0-9a-f]{32})"', listed.text)
        begun = [await browser.post("/plans/drills", {"level": "2", "once": once[0]}) for _ in range(2)]

    assert len(once) == 1
    assert begun[0].location == begun[1].location


async def test_without_a_roster_a_drill_says_so(world: World) -> None:
    """Nobody can be told: the page says why instead of failing."""
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        refused = await browser.post("/plans/drills", {"level": "2"})

    assert (refused.status, refused.has("paging.off")) == (422, True)


async def test_what_a_neighbour_wrote_is_escaped(world: World) -> None:
    """Markup in a plan or a check is text."""
    mark = "<script>alert(1)</script>"
    await published(world, title=mark)
    await world[LIBO].send({"type": CHECK, "agreement": papers.AGREEMENT, "content": check(line=mark)})
    await world.carry()
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        shown = [await page(browser, path) for path in ("/plans", PAGE)]

    for one in shown:
        assert mark not in one.text
        assert one.has("&lt;script&gt;alert(1)&lt;/script&gt;")


async def test_who_only_reads_finds_no_form(world: World) -> None:
    """The auditor reads everything and changes nothing; reviewers begin no drill; the administrator is kept out."""
    await published(world)
    async with visiting(world[HUANJIANG], Role.AUDITOR) as browser:
        shown = [await page(browser, path) for path in ("/plans", PAGE)]
        pressed = [(await browser.post(path)).status for path in ("/plans/drills", f"{PAGE}/drills")]
    async with visiting(world[HUANJIANG], Role.REVIEWER) as browser:
        reviewing = await page(browser, "/plans")
        begun = await browser.post("/plans/drills", {"level": "2"})
    async with visiting(world[HUANJIANG], Role.ADMINISTRATOR) as browser:
        shut = [(await browser.get(path)).status for path in ("/plans", PAGE)]

    assert all('<form class="filters"' not in one.text and "/compose" not in one.text for one in shown)
    assert pressed == [403, 403]
    assert ("开始演练" in reviewing.text, begun.status) == (False, 403)
    assert shut == [403, 403]


async def test_a_plan_that_is_not_here_is_said_to_be_so(world: World) -> None:
    """A link of yesterday's mail must not end in an error of ours."""
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        gone = await browser.get(f"/plans/{'9' * 32}")
        ended = await browser.get("/plans/drills/drill-0123456789abcdef")

    assert (gone.status, ended.status) == (404, 404)


async def test_the_next_version_begins_with_the_one_before(world: World) -> None:
    """Number, version and the event that it follows stand there; an exercise alert is marked as one from the start."""
    first = await published(world)
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        shown = await page(browser, PAGE)
        (address,) = re.findall(r'href="(/compose[^"]+after=[^"]+)"', shown.text)
        form = await page(browser, address.replace("&amp;", "&"))
        fresh = await page(browser, f"/compose?type={PLAN}")
        exercise = await page(browser, f"/compose?type={papers.ALERT}&status=exercise")

    assert form.has("樟江流域防汛联动预案", first, NUMBER, 'value="2"')
    assert re.search(r'value="[0-9a-f]{32}"', fresh.text)
    assert re.search(r'<option value="exercise"[^>]* selected|value="exercise"[^>]* checked', exercise.text)


async def test_what_is_left_out_of_a_list_is_said(world: World) -> None:
    """Whoever looks for an old drill must learn that the list begins later."""
    await published(world)
    for number in range(51):
        body = drill(alerts=[], findings=[f"第{number}次"])
        await world[LIBO].send({"type": DRILL, "agreement": papers.AGREEMENT, "content": body})
    async with visiting(world[LIBO], Role.DUTY) as browser:
        shown = await page(browser, "/plans")
        one = await page(browser, PAGE)

    assert shown.has("只列出最近的")
    assert one.has("更早的演练", "第50次")
    assert "第0次" not in one.text
