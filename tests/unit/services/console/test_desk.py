"""The duty desk: what is open stands there, one press answers it, and it is signed."""

import re

import aiohttp
import pytest

from schemas.control import OnDuty
from schemas.notices import NoticeKind
from schemas.officers import Role
from tests import papers
from tests.console import visiting
from tests.duties import Telling
from tests.rosters import PLAN
from tests.world import County, World, alert_draft


@pytest.fixture
def world() -> World:
    return World()


async def test_an_alert_stands_on_the_desk_and_is_answered_by_one_press(world: World) -> None:
    """A night officer presses once; the neighbour's board must name the officer, and a signature of the own key."""
    county = world[papers.HUANJIANG]
    posted = await world[papers.LIBO].send(alert_draft())
    await world.carry()
    async with visiting(county, Role.DUTY) as browser:
        before = await browser.get("/")
        pressed = await browser.post(
            f"/events/{posted.envelope_id}/acknowledgement", {"answer": "received", "back": "desk"}
        )
        after = await browser.get("/")
        shown = await browser.get(f"/events/{posted.envelope_id}")

    assert before.status == 200
    assert before.has("荔波县气象台发布暴雨红色预警", "1级 红色", "签收", "误报")
    assert (pressed.status, pressed.location) == (303, "/")
    assert after.has("已签收，回执已发往来源县。", "已签收、仍有效", "本人密钥签名")
    assert shown.has("验签通过", "值班员甲", "本人密钥签名")


async def test_an_answer_that_takes_nothing_is_not_called_taken(world: World) -> None:
    """Who cannot, or passes it on, must not read 已签收: nobody has it, and the river still rises."""
    county = world[papers.HUANJIANG]
    posted = await world[papers.LIBO].send(alert_draft())
    await world.carry()
    address = f"/events/{posted.envelope_id}/acknowledgement"
    async with visiting(county, Role.DUTY) as browser:
        said = {}
        for word in ("cannot", "passed_on", "false_alarm", "handling"):
            pressed = await browser.post(address, {"answer": word, "back": "desk"})
            said[word] = (pressed.location, await browser.get("/"))

    assert {location for location, _ in said.values()} == {"/"}
    for word in ("cannot", "passed_on", "false_alarm"):
        assert said[word][1].has("答复已发往来源县，仍待接手。")
    assert said["handling"][1].has("已签收，回执已发往来源县。")


async def test_whoever_comes_second_sees_who_was_first(world: World) -> None:
    """Two officers press at once: the second must not believe that the neighbour has his name."""
    county = world[papers.HUANJIANG]
    posted = await world[papers.LIBO].send(alert_draft())
    await world.carry()
    address = f"/events/{posted.envelope_id}/acknowledgement"
    async with visiting(county, Role.DUTY) as browser:
        await browser.post(address, {"answer": "received", "back": "desk"})
        await browser.get("/")
        late = await browser.post(address, {"answer": "cannot", "back": "desk"})
        shown = await browser.get(late.location)

    assert late.location == f"/events/{posted.envelope_id}"
    assert shown.has("已经有人答过，见下。", "值班员甲")
    assert "已签收，回执已发往来源县。" not in shown.text


async def test_an_empty_desk_says_what_will_come(world: World) -> None:
    """A blank page at night looks like a broken one."""
    async with visiting(world[papers.HUANJIANG], Role.DUTY) as browser:
        shown = await browser.get("/")

    assert shown.has("眼下没有有效预警", "南丹", "荔波")


async def test_a_form_of_another_session_does_nothing(world: World) -> None:
    """Another site's page can send a form along with the cookie, but not what only our pages know."""
    county = world[papers.HUANJIANG]
    posted = await world[papers.LIBO].send(alert_draft())
    await world.carry()
    address = f"/events/{posted.envelope_id}/acknowledgement"
    async with visiting(county, Role.DUTY) as browser:
        forged = await browser.session.post(address, data={"csrf": "guessed", "answer": "received"})
        foreign = await browser.post(address, {"answer": "received"}, headers={"Origin": "https://elsewhere.example"})
        shown = await browser.get(f"/events/{posted.envelope_id}")

    assert (forged.status, foreign.status) == (403, 403)
    assert not shown.has("回执已随签名发往")


async def test_a_form_with_a_file_passes_where_none_is_asked_for(world: World) -> None:
    """Another site can send any form as multipart: only pages that read files may look for the token by themselves."""
    county = world[papers.HUANJIANG]
    posted = await world[papers.LIBO].send(alert_draft())
    await world.carry()
    address = f"/events/{posted.envelope_id}/acknowledgement"
    async with visiting(county, Role.DUTY) as browser:
        form = aiohttp.FormData({"answer": "received"})
        form.add_field("file", b"x", filename="x")
        async with browser.session.post(address, data=form, allow_redirects=False) as reply:
            status = reply.status
        shown = await browser.get(f"/events/{posted.envelope_id}")

    assert status == 403
    assert not shown.has("回执已随签名发往")


async def test_a_flood_of_alerts_makes_the_desk_too_heavy(world: World) -> None:
    """In a flood the line is thin: the gravest are answered here, the rest are named, and the page stays light."""
    sent = [(await world[papers.LIBO].send(alert_draft())).envelope_id for _ in range(200)]
    await world.carry()
    async with visiting(world[papers.HUANJIANG], Role.DUTY) as browser:
        shown = await browser.get("/")
        part = await browser.get("/desk/alerts")

    named = {one for one in sent if f'href="/events/{one}"' in shown.text}
    assert len([form for form in shown.forms if form.endswith("/acknowledgement")]) == 16
    assert shown.has("另有 184 件未签收", "还有 134 件级别更低或更早的", "等本县签收的共 200 件")
    assert len(named) == 16 + 50
    assert max(len(shown.text.encode()), len(part.text.encode())) <= 70 * 1024  # styles and scripts are 30 KB


async def test_what_ends_by_itself_is_offered_to_be_closed(world: World) -> None:
    """A button that is always refused teaches the night shift to believe none."""
    county = world[papers.HUANJIANG]
    for kind in (NoticeKind.FORKED, NoticeKind.EXPIRING, NoticeKind.CASE_DUE):
        await county.store.write(lambda tx, kind=kind: tx.waiting_room.tell(kind, kind, "", kind.value, papers.NOW))  # type: ignore[misc]
    async with visiting(county, Role.DUTY) as browser:
        shown = await browser.get("/")

    assert len([form for form in shown.forms if form.startswith("/notices/")]) == 1
    assert shown.text.count("原因没了，自己会结") == 2


async def test_who_is_on_duty_next_door_stands_beside_its_telephone(world: World) -> None:
    """On the page and in its refresh; who has told nobody, and what has run out, is 未告知."""
    county = world[papers.HUANJIANG]
    async with visiting(county, Role.DUTY) as browser:
        before = await browser.get("/")
        await Telling(world).tell()
        shown, part = await browser.get("/"), await browser.get("/desk/side")
        await world.clock.move(31 * 60)
        over = await browser.get("/desk/side")

    names = [one.display for one in await _kept(county)]
    assert len(names) == 2
    assert before.text.count("未告知") == 2
    for page in (shown, part):
        assert page.has(f"主班{names[0]}、副班{names[1]}，至", "03-04 08:30")
        assert page.text.count("未告知") == 1
    assert over.text.count("未告知") == 2
    assert not over.has(names[0])


async def test_a_name_from_next_door_is_text_and_nothing_else(world: World) -> None:
    """The neighbour's node may be somebody else's by now."""
    plan = PLAN.replace('display = "值班员甲"', 'display = "<script>甲</script>"')
    plan = plan.replace('display = "值班员乙"', 'display = "<b>乙</b>"')
    await Telling(world, plan=plan).tell()
    async with visiting(world[papers.HUANJIANG], Role.DUTY) as browser:
        shown = await browser.get("/")

    assert "&lt;" in shown.text
    assert "<script>甲" not in shown.text
    assert "<b>乙" not in shown.text


async def test_a_notice_to_telephone_names_who_is_there(world: World) -> None:
    """Whoever calls asks for the one on duty; a notice about something else says nothing of people."""
    county = world[papers.HUANJIANG]
    await Telling(world).tell()
    for kind in (NoticeKind.NOT_STORED, NoticeKind.SILENT, NoticeKind.FORKED):
        await county.store.write(
            lambda tx, kind=kind: tx.waiting_room.tell(kind, kind, papers.LIBO, kind.value, papers.NOW)  # type: ignore[misc]
        )
    async with visiting(county, Role.DUTY) as browser:
        shown = await browser.get("/")
        await world.clock.move(31 * 60)
        over = await browser.get("/")

    assert len(re.findall(r"对方在岗：<span[^>]*>主班", shown.text)) == 2
    assert "对方在岗" not in over.text


async def _kept(county: County) -> tuple[OnDuty, ...]:
    row = await county.store.read(lambda s: s.duties.neighbour(papers.LIBO))
    assert row is not None
    return row.people
