"""销毁 at the console: in two steps, by a liaison officer alone, here and at every recipient, and never by mistake."""

import re

import pytest

from schemas.control import ErasureReason
from schemas.officers import Role
from services.console.words import ERASURES
from tests.console import at_the_door, house_of, visiting
from tests.coursework import offered, three_counties
from tests.entering import PASSWORD, House, Officer
from tests.papers import HUANJIANG, LIBO
from tests.world import County, World, alert_draft, policy_draft

NUMBER = "1" * 32
SURE = {"go": "erase", "reason": "mistaken", "typed": "销毁", "password": PASSWORD}


@pytest.fixture
async def world() -> World:
    return await three_counties()


@pytest.fixture
async def sent_id(world: World) -> str:
    """An event of 荔波 that every recipient has."""
    posted = await world[LIBO].send(policy_draft())
    await world.carry()
    return posted.envelope_id


@pytest.fixture
def house(world: World) -> House:
    return house_of(world[LIBO])


@pytest.fixture
async def liaison(house: House) -> Officer:
    return await house.enrolled("liaison-a", Role.LIAISON)


async def erased_by(county: County, envelope_id: str) -> dict[str, ErasureReason]:
    """Return who has erased an event, as a county knows it, and why."""
    rows = await county.store.read(lambda s: s.erasures_of(envelope_id))
    return {row.county: row.reason for row in rows}


async def lines_of(county: County) -> list[tuple[str, str, str, str]]:
    rows = await county.store.read(lambda s: s.console.audit(0, 999))
    return [(row.officer, row.act, row.about, row.note) for row in rows if row.act.startswith("content.")]


async def test_an_event_is_destroyed_everywhere_and_the_page_says_who_has(
    world: World, house: House, liaison: Officer, sent_id: str
) -> None:
    """From the button to what the neighbours have reported back; with a line in the log, and nothing of the content."""
    path = f"/events/{sent_id}/erasure"
    async with at_the_door(world[LIBO], house) as browser:
        await browser.log_in(liaison)
        event = await browser.get(f"/events/{sent_id}")
        first = await browser.get(path)
        last = await browser.post(path, {"reason": "mistaken"})
        assert await erased_by(world[LIBO], sent_id) == {}
        done = await browser.post(path, SURE)
        waiting = await browser.get(done.location)
        await world.carry()
        after = await browser.get(done.location)
        again = await browser.get(path)
        log = await erased_by(world[HUANJIANG], sent_id)

    assert event.has(f'href="{path}"', "销毁内容…")
    assert first.has("不能撤销", "将通知", "环江", "撤回", "到期", "办结或不接", "误发", "依法要求", "检索记录")
    assert last.has("最后确认", "误发", "请输入“销毁”两个字", "再证明是您本人")
    assert (done.status, done.location) == (303, f"/events/{sent_id}")
    assert waiting.has("本县已销毁", "内容已销毁：荔波", "误发", "尚未回报销毁", "环江")
    assert after.has("内容已销毁", "环江")
    assert "尚未回报销毁" not in after.text
    assert path not in after.text
    assert again.has("已经销毁过了")
    assert log == {HUANJIANG: ErasureReason.MISTAKEN}
    assert await lines_of(world[LIBO]) == [("liaison-a", "content.erased", sent_id, "mistaken")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": ""}, "请选一个缘由"),
        ({"reason": "annoying"}, "请选一个缘由"),
        ({"typed": ""}, "请输入“销毁”两个字"),
        ({"typed": "不销毁"}, "请输入“销毁”两个字"),
        ({"password": "not this one at all"}, "不是您现在的密码"),
        ({"password": ""}, "不是您现在的密码"),
    ],
)
async def test_a_step_that_is_left_out_destroys_nothing(
    world: World, house: House, liaison: Officer, sent_id: str, changes: dict[str, str], said: str
) -> None:
    """A hand on the wrong key, or an open desk that somebody else sits at."""
    async with at_the_door(world[LIBO], house) as browser:
        await browser.log_in(liaison)
        await browser.get(f"/events/{sent_id}/erasure")
        refused = await browser.post(f"/events/{sent_id}/erasure", SURE | changes)
    assert (refused.status, refused.has('role="alert"', said)) == (422, True)
    assert await erased_by(world[LIBO], sent_id) == {}
    assert await lines_of(world[LIBO]) == []


async def test_what_nobody_has_yet_is_destroyed_only_if_that_is_said(
    world: World, house: House, liaison: Officer
) -> None:
    """A neighbour would wait for it for ever."""
    sent = (await world[LIBO].send(policy_draft())).envelope_id
    path = f"/events/{sent}/erasure"
    async with at_the_door(world[LIBO], house) as browser:
        await browser.log_in(liaison)
        asked = await browser.get(path)
        refused = await browser.post(path, {"reason": "mistaken"})
        forced = await browser.post(path, SURE)
        last = await browser.post(path, {"reason": "mistaken", "undelivered": "true"})
        assert await erased_by(world[LIBO], sent) == {}
        done = await browser.post(path, SURE | {"undelivered": "true"})
    assert asked.has("还没收到的县", "对方还没收到也销毁")
    assert (refused.status, refused.has("还没有收到；请等待")) == (422, True)
    assert (forced.status, forced.has("还没有收到；请等待")) == (422, True)
    assert last.has("永远收不到")
    assert done.status == 303
    assert set(await erased_by(world[LIBO], sent)) == {LIBO}


async def test_an_alert_in_force_stays(world: World, house: House, liaison: Officer) -> None:
    """Whoever is still to act by it must be able to read it."""
    sent = (await world[LIBO].send(alert_draft())).envelope_id
    await world.carry()
    async with at_the_door(world[LIBO], house) as browser:
        await browser.log_in(liaison)
        shown = await browser.get(f"/events/{sent}")
        refused = await browser.post(f"/events/{sent}/erasure", SURE)
    assert "/erasure" not in shown.text
    assert (refused.status, refused.has("还在有效期内的预警不能销毁")) == (422, True)
    assert await erased_by(world[LIBO], sent) == {}


async def test_what_others_sent_is_theirs(world: World) -> None:
    """It is destroyed where it came from; and there is no such event at all."""
    theirs = (await world[HUANJIANG].send(policy_draft(to=[LIBO]))).envelope_id
    await world.carry()
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        shown = await browser.get(f"/events/{theirs}")
        asked = await browser.get(f"/events/{theirs}/erasure")
        refused = await browser.post(f"/events/{theirs}/erasure", SURE)
        nowhere = await browser.get(f"/events/{'0' * 64}/erasure")
    assert shown.status == 200
    assert "/erasure" not in shown.text
    assert asked.has("请来源县销毁")
    assert (asked.status, refused.status) == (409, 409)
    assert nowhere.status == 404


@pytest.mark.parametrize("role", [one for one in Role if one is not Role.LIAISON])
async def test_nobody_else_destroys(world: World, sent_id: str, role: Role) -> None:
    """Neither auditor nor administrator, nor whoever merely may send: no button, no page, no act."""
    path = f"/events/{sent_id}/erasure"
    async with visiting(world[LIBO], role) as browser:
        shown = await browser.get(f"/events/{sent_id}")
        statuses = [(await browser.get(path)).status, (await browser.post(path, SURE)).status]
    assert path not in shown.text
    assert statuses == [403, 403]
    assert await erased_by(world[LIBO], sent_id) == {}


async def test_a_referrals_content_is_destroyed_from_its_page(world: World, house: House, liaison: Officer) -> None:
    """Nobody has to open a person's case to destroy it; both counties end without it, and the page says so."""
    await offered(world, NUMBER)
    await world.carry()
    page = f"/population/referrals/{NUMBER}"
    async with at_the_door(world[LIBO], house) as browser:
        await browser.log_in(liaison)
        shown = await browser.get(page)
        found = re.search(rf"/events/([0-9a-f]{{64}})/erasure\?referral={NUMBER}", shown.text)
        assert found is not None
        event, link = found[1], found[0]
        asked = await browser.get(link)
        odd = await browser.get(f"/events/{event}/erasure?referral=//evil")
        last = await browser.post(f"/events/{event}/erasure", {"reason": "withdrawn", "referral": NUMBER})
        done = await browser.post(f"/events/{event}/erasure", SURE | {"reason": "withdrawn", "referral": NUMBER})
        await world.carry()
        after = await browser.get(done.location)
    openings = await world[LIBO].store.read(lambda s: s.openings(0, 9))
    assert shown.has("对接单还开着")
    assert asked.has(f'name="referral" value="{NUMBER}"', "个人信息")
    assert "evil" not in odd.text
    assert last.has(f'name="referral" value="{NUMBER}"')
    assert (done.status, done.location) == (303, page)
    assert after.has("内容已销毁", "谁确认已销毁", "荔波", "环江")
    assert link not in after.text
    assert openings == []
    assert set(await erased_by(world[LIBO], event)) == {LIBO, HUANJIANG}


async def test_a_referral_that_came_has_no_button(world: World) -> None:
    """It is destroyed where it came from, or by its end."""
    await offered(world, NUMBER)
    await world.carry()
    async with visiting(world[HUANJIANG], Role.LIAISON) as browser:
        shown = await browser.get(f"/population/referrals/{NUMBER}")
    assert shown.status == 200
    assert "/erasure" not in shown.text


def test_every_reason_has_its_word() -> None:
    """A reason of the schema that the form does not offer cannot be told to the neighbours."""
    assert set(ERASURES) == set(ErasureReason)
