"""跨省通办: the one office that answers, whose turn it is, what is over time, and the next step by one form."""

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest

from schemas.access import Scope
from schemas.course_drafts import ServiceMove
from schemas.officers import Role
from tests import papers
from tests.caller import calling
from tests.console import Shown, visiting
from tests.coursework import HALL, POLICE, REQUEST, request, requested, stepped, three_counties
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.world import World

PATH = f"/services/{REQUEST}"


@pytest.fixture
async def world() -> World:
    return await three_counties()


def once_in(shown: Shown) -> str:
    """What makes the first form of a page act once."""
    found = re.search(r'name="once" value="([0-9a-f]{32})"', shown.text)
    assert found is not None
    return found[1]


async def test_a_list_without_requests_says_how_one_begins(world: World) -> None:
    """An empty page looks like a broken one."""
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        shown = await browser.get("/services?all=true")

    assert shown.status == 200
    assert shown.has("还没有办件", "/compose?type=cn.sihu.governance.service_requested.v1")


async def test_the_list_says_who_answers_whose_turn_it_is_and_what_is_late(world: World) -> None:
    """The applicant asks one office; a time that is over must be seen at a glance."""
    await requested(world, item_name="开具户籍类证明<b>" + "很长" * 30)
    await world.carry()
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        fresh = await browser.get("/services")
        await world.clock.move(timedelta(days=4).total_seconds())
        late = await browser.get("/services")

    assert fresh.has(HALL["name"], POLICE["name"], "本县", "待受理", "&lt;b&gt;")
    assert "已超期" not in fresh.text
    assert "已超期" in late.text


async def test_a_request_goes_through_its_steps_by_small_forms(world: World) -> None:
    """Each press is one signed step that the other county sees; pressed twice it is one."""
    await requested(world)
    await world.carry()
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        begun = await browser.get(PATH)
        key = {"once": once_in(begun)}
        taken = [await browser.post(f"{PATH}/steps/receive", key) for _ in range(2)]
        asked = {"wanted": "household", "answer_by": "2026-03-20T17:00"}
        waits = await browser.post(f"{PATH}/steps/ask", asked)
        shown = await browser.get(PATH)
    await world.carry()
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        papers_wanted = await browser.get(PATH)
        digest = "ab" * 32
        sent = await browser.post(
            f"{PATH}/steps/supplement", {"paper1.kind": "household", "paper1.sha256": digest, "paper2.kind": "other"}
        )
    await world.carry()
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        granted = await browser.post(f"{PATH}/steps/decide", {"decision": "granted", "reason": "conditions_met"})
        after = await browser.get(PATH)

    assert begun.has(HALL["name"], "受理后由本单位负责")
    assert [(one.status, one.location) for one in taken] == [(303, PATH)] * 2
    assert waits.status == 303
    assert shown.has("待补正", "户籍材料", "轮到荔波")
    assert papers_wanted.has("paper1.sha256", 'value="household" selected')
    assert (sent.status, granted.status) == (303, 303)
    assert after.has("已决定", "准予")
    assert after.text.count("跨省通办受理") == 1


async def test_a_step_that_does_not_fit_keeps_what_was_typed(world: World) -> None:
    """A refusal without its legal basis: the mend stands at the form, the words are still there, nothing was sent."""
    await requested(world)
    await world.carry()
    await stepped(world[HUANJIANG], ServiceMove.RECEIVE)
    before = await world[HUANJIANG].counts()
    moved = {"to_office.adcode": NANDAN, "to_office.name": "", "reason": "registered_elsewhere"}
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        refused = await browser.post(f"{PATH}/steps/decide", {"decision": "refused", "reason": "conditions_not_met"})
        nameless = await browser.post(f"{PATH}/steps/transfer", moved)
        unknown = await browser.post(f"{PATH}/steps/hand", {})
    async with visiting(world[LIBO], Role.DUTY) as browser:
        early = await browser.post(f"{PATH}/steps/decide", {"decision": "granted", "reason": "conditions_met"})

    assert (refused.status, nameless.status, early.status, unknown.status) == (422, 422, 422, 404)
    assert refused.has('value="refused" selected', "ask-error")
    assert nameless.has(f'value="{NANDAN}" selected', "ask-error")
    assert await world[HUANJIANG].counts() == before


async def test_a_digest_that_is_none_is_said_at_its_row(world: World) -> None:
    """Three rows and a list of files, and “write 64 characters” above them all: which one?"""
    await requested(world)
    await world.carry()
    await stepped(world[HUANJIANG], ServiceMove.RECEIVE)
    await stepped(world[HUANJIANG], ServiceMove.ASK, wanted=["household"], answer_by="2026-03-14T00:00:00.000+08:00")
    await world.carry()
    typed = {"paper2.kind": "household", "paper2.sha256": "short", "paper3.kind": "other", "paper3.sha256": "ab" * 32}
    async with visiting(world[LIBO], Role.DUTY) as browser:
        row = await browser.post(f"{PATH}/steps/supplement", typed)
        along = await browser.post(f"{PATH}/steps/supplement", {"evidence": "no id"})

    assert (row.status, along.status) == (422, 422)
    assert row.has('href="#supplement-paper2-sha256">材料 2 的摘要</a>：请写64 位', 'value="short"')
    assert along.has('href="#supplement-evidence">随附的附件事件编号</a>：')


async def test_a_paper_is_given_with_a_reason_and_no_other_file_is(world: World) -> None:
    """A paper of a request is as personal as the applicant: who takes it says why, and the log has it."""
    county, data = world[LIBO], b"%PDF-1.7 of nobody"
    announced = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    token = county.let_in("desk", Scope.EVENTS_READ, Scope.EVENTS_WRITE, officer="duty-a")
    async with calling(county, token) as caller:
        upload = (await caller.post("/uploads", json=announced)).body
        headers = {"Content-Type": "application/octet-stream"}
        await caller.ask("PATCH", f"/uploads/{upload['id']}?offset=0", data=data, headers=headers)
        content = {"name": "申请表.pdf", "media_type": "application/pdf", **announced}
        draft: dict[str, Any] = {
            "type": "cn.sihu.information.attachment_shared.v1",
            "agreement": papers.AGREEMENT,
            "to": [HUANJIANG],
            "class": "personal",
            "purpose": "cross_province_service",
            "content": content,
            "upload": upload["id"],
        }
        file_id = (await caller.post("/events", json=draft)).body["envelope_id"]
        body = {"agreement": papers.AGREEMENT, "content": request(), "evidence": [file_id]}
        number = (await caller.post("/services", json=body)).body["id"]
    async with visiting(county, Role.LIAISON) as browser:
        shown = await browser.get(f"/services/{number}")
        taken = await browser.post(f"/services/{number}/papers/{file_id}", {"why": "handling"})
        unsaid = await browser.post(f"/services/{number}/papers/{file_id}")
        foreign = await browser.post(f"/services/{number}/papers/{'e' * 64}", {"why": "handling"})
    rows = await county.store.read(lambda s: s.openings(0, 9))

    assert shown.has(f"/services/{number}/papers/{file_id}")
    assert (taken.status, taken.text) == (200, data.decode())
    assert (unsaid.status >= 400, foreign.status) == (True, 404)
    assert [(row.envelope_id, row.reason) for row in rows] == [(file_id, "handling")]


async def test_nobody_takes_a_step_without_the_role(world: World) -> None:
    """The auditor and the reviewer read; the administrator sees nothing of people's requests."""
    await requested(world)
    await world.carry()
    found = {}
    for role in Role:
        async with visiting(world[HUANJIANG], role) as browser:
            listed, shown = await browser.get("/services"), await browser.get(PATH)
            pressed = await browser.post(f"{PATH}/steps/decide", {"decision": "granted", "reason": "conditions_met"})
        assert ("/steps/" in shown.text) is (pressed.status != 403), role
        found[role] = (listed.status, shown.status, pressed.status)

    assert found == {
        Role.DUTY: (200, 200, 422),
        Role.LIAISON: (200, 200, 422),
        Role.REVIEWER: (200, 200, 403),
        Role.MEDIATOR: (200, 200, 403),
        Role.AUDITOR: (200, 200, 403),
        Role.ADMINISTRATOR: (403, 403, 403),
    }
