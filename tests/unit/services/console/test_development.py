"""合作对接: a negotiation and a project go on by small forms, and the other county sees it."""

import re
from typing import Any

import pytest

from schemas.officers import Role
from services.domain.offers import answers_open
from services.gateway.thread_answers import NegotiationLine
from services.gateway.threads import offer_detail, project_detail
from tests import joint
from tests.console import Browser, Shown, visiting
from tests.joint import LEAD, MODELS, OFFER, PROJECT, draft
from tests.papers import LIBO, NANDAN
from tests.world import County, World

OFFERED = f"/development/offers/{OFFER}"
PROJECTED = f"/development/projects/{PROJECT}"
TURN = {"county": LIBO, "number": "1", "office": "荔波县商务局", "once": "a" * 32}


@pytest.fixture
def world() -> World:
    return joint.world_of_four()


async def say(world: World, county: Any, word: str, content: dict[str, Any], **changes: Any) -> None:  # noqa: ANN401
    """Send an act from a county and carry everything."""
    await world[county].send(draft(MODELS[word], content, **changes))
    await world.carry()


async def talks(county: County) -> list[NegotiationLine]:
    """Where the negotiations stand in a county's own store."""
    return list((await county.store.read(lambda snapshot: offer_detail(snapshot, OFFER))).negotiations)


async def page(browser: Browser, path: str) -> Shown:
    """Open a page that must open."""
    found = await browser.get(path)
    assert found.status == 200, found.text
    return found


def choices(shown: Shown, name: str) -> list[str]:
    """The values that a select offers."""
    (found,) = re.findall(rf'<select id="{name}"[^>]*>(.*?)</select>', shown.text, re.DOTALL)
    return re.findall(r'value="([^"]*)"', found)


async def test_an_empty_page_says_what_to_do(world: World) -> None:
    """A blank page looks like a broken one."""
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        shown = await page(browser, "/development")
        lists = [await page(browser, f"/development/{one}") for one in ("offers", "projects")]
        filtered = await page(browser, "/development/offers?state=withdrawn")

    assert shown.has(
        "没有进行中的供给", "没有进行中的合作项目", "/compose?type=cn.sihu.development.resource_offered.v1"
    )
    assert all(one.has("还没有记录") for one in lists)
    assert filtered.has("没有这一状态的记录")


async def test_a_negotiation_goes_on_by_forms_at_both_ends(world: World) -> None:
    """荔波 counters, 环江 accepts: both stores say so, and a stranger was told nothing of it."""
    await say(world, LEAD, "offered", joint.offer())
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        waiting = await page(browser, "/development")
        before = await page(browser, OFFERED)
        countered = await browser.post(
            f"{OFFERED}/answer", TURN | {"answer": "counter", "quantity": "40", "terms": "分两批交货"}
        )
        await world.carry()
    async with visiting(world[LEAD], Role.LIAISON) as browser:
        talked = await page(browser, "/development")
        there = await page(browser, OFFERED)
        accepted = await browser.post(
            f"{OFFERED}/answer", TURN | {"number": "2", "answer": "accept", "office": "环江县商务局", "once": "b" * 32}
        )
        await world.carry()
        over = await page(browser, OFFERED)

    assert waiting.has("本县尚未答复", "沙糖桔一百吨")
    assert choices(before, f"answer-{LIBO}") == ["", "accept", "counter", "decline", "question"]
    assert (countered.status, countered.location, accepted.status) == (303, OFFERED, 303)
    assert talked.has("本县供给正在商谈")
    assert there.has("分两批交货", "40 吨", "眼下条件（荔波提出）", "签名并发给荔波")
    assert over.has("达成", "已谈妥 40 吨", "商定条件（荔波提出）")
    assert "签名并发给" not in over.text
    for county in (LEAD, LIBO):
        assert [(one.state, one.quantity) for one in await talks(world[county])] == [("agreed", 40)]
    assert await talks(world[NANDAN]) == []


async def test_who_wrote_too_late_reads_what_came_between_and_loses_nothing(world: World) -> None:
    """Both wrote at once: the form comes back with what was typed, and counts on from what is there now."""
    await say(world, LEAD, "offered", joint.offer())
    await say(world, LIBO, "turn", joint.turn(1, "question"), to=[LEAD])
    fields = TURN | {"answer": "counter", "terms": "先付三成", "quantity": "许多"}
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        late = await browser.post(f"{OFFERED}/answer", fields | {"quantity": "30"})
        wrong = await browser.post(f"{OFFERED}/answer", fields | {"number": "2"})

    assert (late.status, wrong.status) == (422, 422)
    assert late.has("offer.late", "先付三成", 'name="number" value="2"', "荔波有询问待答")
    assert wrong.has(f'id="quantity-{LIBO}-wrong"', 'value="许多"', "先付三成")
    assert [one.number for one in await talks(world[LIBO])] == [1]


async def test_an_offer_is_withdrawn_and_what_was_agreed_stays(world: World) -> None:
    """The form carries how far each negotiation had come, so that both ends agree on what was agreed."""
    await say(world, LEAD, "offered", joint.offer())
    await say(world, LIBO, "turn", joint.turn(1, "accept"), to=[LEAD])
    fields = [("once", "c" * 32), ("reason", "已售罄。")]
    async with visiting(world[LEAD], Role.LIAISON) as browser:
        shown = await page(browser, OFFERED)
        stale = await browser.post(f"{OFFERED}/withdrawal", fields)
        seen = re.findall(r'name="seen" value="([^"]+)"', shown.text)
        gone = await browser.post(f"{OFFERED}/withdrawal", [*fields, *(("seen", one) for one in seen)])
        await world.carry()
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        there = await page(browser, OFFERED)

    assert seen == [f"{LIBO} 1"]
    assert (stale.status, stale.has("offer.seen", "已售罄。")) == (422, True)
    assert (gone.status, gone.location) == (303, OFFERED)
    assert there.has("已撤回", "已售罄。", "达成")
    assert "撤回供给" not in there.text


async def test_an_offer_whose_time_has_passed_takes_no_answer(world: World) -> None:
    """A form that can only be refused wastes an officer's time."""
    await say(world, LEAD, "offered", joint.offer())
    world.clock.jump(800 * 86_400)
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        shown = await page(browser, OFFERED)
        listed = await page(browser, "/development/offers")

    assert shown.has("已过期")
    assert listed.has("已过期")
    assert "签名并发给" not in shown.text


async def test_a_project_is_joined_reported_on_and_closed_by_forms(world: World) -> None:
    """荔波 joins and reports on its own milestone; 环江 closes; each sees what the other did."""
    await say(world, LEAD, "proposed", joint.project())
    joining = {"decision": "join", "office": "荔波县交通运输局", "once": "a" * 32}
    reporting = {"report_no": "1", "milestone-2": "started", "text": "北岸已进场。", "once": "b" * 32}
    closing = {"outcome": "partly", "summary": "便桥通车，引道续建。", "once": "c" * 32}
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        asked = await page(browser, "/development")
        before = await page(browser, PROJECTED)
        early = await browser.post(f"{PROJECTED}/report", reporting)
        joined = await browser.post(f"{PROJECTED}/decision", joining)
        working = await page(browser, PROJECTED)
        foreign = await browser.post(f"{PROJECTED}/report", reporting | {"milestone-1": "done"})
        reported = await browser.post(f"{PROJECTED}/report", reporting)
        after = await page(browser, PROJECTED)
        await world.carry()
    async with visiting(world[LEAD], Role.LIAISON) as browser:
        there = await page(browser, PROJECTED)
        closed = await browser.post(f"{PROJECTED}/closing", closing)
        await world.carry()
        listed = await page(browser, "/development/projects")

    assert asked.has("邀请参加项目", "界河便桥")
    assert "报告进展" not in before.text
    assert (early.status, early.has("project.not_joined")) == (422, True)
    assert (joined.status, reported.status, closed.status) == (303, 303, 303)
    assert choices(working, "milestone-2") == ["", "started", "done", "dropped"]
    assert 'id="milestone-1"' not in working.text
    assert (foreign.status, foreign.has("project.not_responsible", "北岸已进场。")) == (422, True)
    assert after.has('name="report_no" value="2"', 'aria-label="已开始 1，计划中 1"')
    assert there.has("已开始", "荔波县交通运输局", "结束项目")
    assert listed.has("部分完成")
    found = await world[LIBO].store.read(lambda snapshot: project_detail(snapshot, PROJECT))
    assert (found.line.state, found.summary, found.milestones[1].state) == ("partly", "便桥通车，引道续建。", "started")


async def test_a_milestone_behind_its_day_is_marked(world: World) -> None:
    """Never by colour alone: the word stands there."""
    await say(world, LEAD, "proposed", joint.project())
    world.clock.jump(400 * 86_400)
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        shown = await page(browser, PROJECTED)
        overview = await page(browser, "/development")

    assert shown.text.count("逾期") == 1
    assert overview.has("1 个逾期")


async def test_what_a_neighbour_wrote_is_escaped(world: World) -> None:
    """Markup in an offer or a plan is text."""
    mark = "<script>alert(1)</script>"
    await say(world, LEAD, "offered", joint.offer(title=mark, text=mark, terms=mark, unit="<b>"))
    await say(world, LEAD, "proposed", joint.project(title=mark, goal=mark))
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        shown = [await page(browser, path) for path in ("/development", OFFERED, PROJECTED)]

    for one in shown:
        assert mark not in one.text
        assert one.has("&lt;script&gt;alert(1)&lt;/script&gt;")
        assert "<b>" not in one.text


async def test_who_only_reads_finds_no_form(world: World) -> None:
    """The auditor reads everything and changes nothing; the administrator does not come in."""
    await say(world, LEAD, "offered", joint.offer())
    await say(world, LEAD, "proposed", joint.project())
    async with visiting(world[LIBO], Role.AUDITOR) as browser:
        shown = [await page(browser, path) for path in ("/development", OFFERED, PROJECTED)]
        pressed = await browser.post(f"{OFFERED}/answer", TURN | {"answer": "decline"})
    async with visiting(world[LIBO], Role.ADMINISTRATOR) as browser:
        shut = [(await browser.get(path)).status for path in ("/development", OFFERED, PROJECTED)]

    assert all("/compose" not in one.text.partition("<main")[2] and "签名并" not in one.text for one in shown)
    assert pressed.status == 403
    assert shut == [403, 403, 403]


@pytest.mark.parametrize("path", ["/development/offers/451226-nothing", "/development/projects/451226-nothing"])
async def test_what_is_not_here_is_said_to_be_so(world: World, path: str) -> None:
    """A link of yesterday's mail must not end in an error of ours."""
    async with visiting(world[LIBO], Role.DUTY) as browser:
        gone = await browser.get(path)

    assert gone.status == 404


@pytest.mark.parametrize(
    ("state", "terms_by", "asked_by", "missing"),
    [
        ("talking", LEAD, None, {"accept", "reply"}),
        ("talking", LIBO, None, {"reply"}),
        ("questioned", LIBO, LIBO, set()),
        ("questioned", LEAD, LEAD, {"accept", "reply"}),
        ("agreed", LIBO, None, {"accept", "reply", "counter", "decline", "question"}),
    ],
)
def test_a_form_offers_what_would_be_refused(
    state: str, terms_by: str, asked_by: str | None, missing: set[str]
) -> None:
    """What the county that offers may say, by the table of docs/outreach.md."""
    whole = {"accept", "reply", "counter", "decline", "question"}
    found = answers_open(state, own=LEAD, terms_by=terms_by, asked_by=asked_by)
    assert {one.value for one in found} == whole - missing
