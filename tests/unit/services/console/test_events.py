"""One event and the lists: a personal file is given with a reason, and nothing that was typed is lost."""

import hashlib
from typing import Any

import pytest

from schemas.access import Scope
from schemas.officers import Role
from tests import papers
from tests.caller import calling
from tests.console import visiting
from tests.coursework import three_counties
from tests.papers import HUANJIANG, LIBO
from tests.world import World, alert_draft, policy_draft

ALERT_ID = "52272241600000_202603040801{:02}_2"


@pytest.fixture
def world() -> World:
    return World()


async def test_a_personal_file_is_given_with_a_reason_alone() -> None:
    """A button that always fails sends the officer to a messenger; one that asks nothing leaves no trace."""
    world = await three_counties()
    county, data = world[LIBO], b"%PDF-1.7 of nobody"
    announced = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    token = county.let_in("desk", Scope.EVENTS_READ, Scope.EVENTS_WRITE, officer="duty-a")
    async with calling(county, token) as caller:
        upload = (await caller.post("/uploads", json=announced)).body
        headers = {"Content-Type": "application/octet-stream"}
        await caller.ask("PATCH", f"/uploads/{upload['id']}?offset=0", data=data, headers=headers)
        draft: dict[str, Any] = {
            "type": "cn.sihu.information.attachment_shared.v1",
            "agreement": papers.AGREEMENT,
            "to": [HUANJIANG],
            "class": "personal",
            "purpose": "cross_province_service",
            "content": {"name": "申请表.pdf", "media_type": "application/pdf", **announced},
            "upload": upload["id"],
        }
        event = (await caller.post("/events", json=draft)).body["envelope_id"]
    path = f"/events/{event}/content"
    async with visiting(county, Role.DUTY) as browser:
        shown = await browser.get(f"/events/{event}")
        opened = await browser.post(f"/events/{event}/opening", {"why": "handling"})
        unsaid = await browser.post(path)
        taken = await browser.post(path, {"why": "review"})
    async with visiting(county, Role.MEDIATOR) as browser:
        closed = await browser.get(f"/events/{event}")
        refused = await browser.post(path, {"why": "handling"})
    rows = await county.store.read(lambda s: s.openings(0, 9))

    assert path in shown.forms
    assert path in opened.forms
    assert f'href="{path}"' not in shown.text + opened.text + closed.text
    assert path not in closed.forms
    assert (unsaid.status, refused.status) == (400, 403)
    assert (taken.status, taken.text) == (200, data.decode())
    assert [row.reason for row in rows] == ["handling", "review"]


async def test_a_call_that_is_refused_loses_what_was_typed(world: World) -> None:
    """Whoever has three neighbours to call types no second time what the telephone told."""
    event = (await world[LIBO].send(alert_draft())).envelope_id
    typed = {"county": HUANJIANG, "office": "总值班室<b>" * 100, "outcome": "unanswered"}
    async with visiting(world[LIBO], Role.DUTY) as browser:
        refused = await browser.post(f"/events/{event}/calls", typed)
        done = await browser.post(f"/events/{event}/calls", typed | {"office": "总值班室"})
        after = await browser.get(f"/events/{event}")

    assert refused.status == 422
    assert refused.has("填的内容还在", 'class="noprint" open', "总值班室&lt;b&gt;", 'class="ask-error"')
    assert refused.has("<li>接电话的单位或岗位：太长")
    assert refused.has(f'value="{HUANJIANG}" selected', 'value="unanswered" selected')
    assert (done.status, done.location) == (303, f"/events/{event}")
    assert after.has("总值班室：无人接听")
    assert 'role="alert" tabindex' not in after.text


async def test_a_search_that_is_refused_takes_the_list_away(world: World) -> None:
    """A word too short or too long, a day that is none: the mend stands there, and so does what was chosen."""
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        shown = {
            (path, asked): await browser.get(f"{path}?county={LIBO}&status=exercise&{asked}")
            for path in ("/inbox", "/sent")
            for asked in ("q=雨", f"q={'暴雨' * 40}", "from=昨天", "q=a+b+c&level=9", "q=%3C&before=x")
        }
        good = await browser.get("/inbox")

    for asked, one in shown.items():
        assert one.status == 422, asked
        assert one.has(f'value="{LIBO}" selected', 'value="exercise" selected', 'name="q"'), asked
    assert shown["/sent", "q=雨"].has('value="雨"', "请写两个字以上的词", 'role="alert"')
    assert shown["/inbox", f"q={'暴雨' * 40}"].has("最多 64 字")
    assert good.has('maxlength="64"')
    assert good.status == 200


async def test_what_waits_for_this_county_is_found_alone(world: World) -> None:
    """An officer who comes in the morning reads fifty bulletins to find the one alert that nobody answered."""
    answered, waits, expired = [
        (
            await world[LIBO].send(alert_draft(content=papers.alert_content(alert_id=ALERT_ID.format(number))))
        ).envelope_id
        for number in range(3)
    ]
    told = (await world[LIBO].send(policy_draft())).envelope_id
    own = (await world[HUANJIANG].send(alert_draft(to=[LIBO]))).envelope_id
    await world.carry()
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        before = await browser.get("/")
        await browser.post(f"/events/{answered}/acknowledgement", {"answer": "received"})
        await browser.post(f"/events/{expired}/acknowledgement", {"answer": "cannot"})
        whole = await browser.get("/inbox")
        waiting = await browser.get("/inbox?unacknowledged=true")
        narrowed = {
            asked: await browser.get(f"/inbox?unacknowledged=true&{asked}")
            for asked in (f"county={LIBO}", "level=1", "q=暴雨", "level=4", "type=cn.sihu.information.alert_issued.v1")
        }
        desk, sent = await browser.get("/"), await browser.get("/sent?unacknowledged=true")

    def shown(text: str) -> set[str]:
        return {one for one in (answered, waits, expired, told, own) if f'href="/events/{one}"' in text}

    assert shown(whole.text) == {answered, waits, expired, told}
    assert shown(waiting.text) == {waits, expired}
    assert waiting.has('value="true" selected', "未签收")
    assert "不要求" not in waiting.text
    assert whole.has("已签收", "未签收", "不要求")
    assert {asked: shown(one.text) for asked, one in narrowed.items()} == {
        asked: set() if asked == "level=4" else {waits, expired} for asked in narrowed
    }
    assert narrowed["level=4"].has("等本县签收的事件")
    assert before.has('href="/inbox?unacknowledged=true">等本县签收的共 3 件')
    assert desk.has('href="/inbox?unacknowledged=true">等本县签收的共 2 件')
    assert shown(sent.text) == {own}
    assert 'name="unacknowledged"' not in sent.text


async def test_drills_are_found_apart_from_what_is_meant(world: World) -> None:
    """After a drill its events are looked through together; on every other day they must not stand in the way."""
    real = (await world[LIBO].send(policy_draft())).envelope_id
    drill = (await world[LIBO].send(policy_draft(status="exercise"))).envelope_id
    await world.carry()
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        drills = await browser.get("/inbox?status=exercise")
        meant = await browser.get("/inbox?status=actual")

    assert (real in drills.text, drill in drills.text) == (False, True)
    assert (real in meant.text, drill in meant.text) == (True, False)
