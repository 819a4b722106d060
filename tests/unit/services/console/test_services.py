"""跨省通办: the one office that answers, whose turn it is, what is over time, and the next step by one form."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from schemas.access import Scope
from schemas.course_drafts import ServiceMove
from schemas.envelope import Header
from schemas.governance.services import MaterialKind
from schemas.officers import Role
from schemas.records import Direction
from services.domain.reading import content_of
from tests import papers
from tests.caller import calling
from tests.console import Browser, Shown, visiting
from tests.coursework import HALL, POLICE, REQUEST, request, requested, stepped, three_counties
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.world import County, World

PATH = f"/services/{REQUEST}"
PAGE, PICTURE = b"%PDF-1.7 of nobody", b"\xff\xd8\xff of nobody"


@pytest.fixture
async def world() -> World:
    return await three_counties()


def announced_of(data: bytes) -> dict[str, Any]:
    """What is said of a file before its bytes come."""
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


async def supplemented(
    browser: Browser, chosen: list[tuple[str, str, bytes]], fields: Mapping[str, str] | None = None
) -> Shown:
    """Send the form as a browser without script does: kinds, files, and other fields."""
    form = aiohttp.FormData({"csrf": browser.csrf}, quote_fields=False)
    for number, (kind, name, data) in enumerate(chosen, 1):
        form.add_field(f"paper{number}.kind", kind)
        form.add_field(f"paper{number}.file", data, filename=name, content_type="application/octet-stream")
    for name, value in (fields or {}).items():
        form.add_field(name, value)
    if not chosen:
        form.add_field("paper9.file", b"", filename="", content_type="application/octet-stream")
    return await browser.ask("POST", f"{PATH}/steps/supplement", data=form())


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
        sent = await supplemented(browser, [("household", "户口页.pdf", PAGE)])
    await world.carry()
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        granted = await browser.post(f"{PATH}/steps/decide", {"decision": "granted", "reason": "conditions_met"})
        after = await browser.get(PATH)

    assert begun.has(HALL["name"], "受理后由本单位负责")
    assert [(one.status, one.location) for one in taken] == [(303, PATH)] * 2
    assert waits.status == 303
    assert shown.has("待补正", "户籍材料", "轮到荔波")
    assert papers_wanted.has("paper1.file", 'type="file"', 'value="household" selected')
    assert (sent.status, granted.status) == (303, 303)
    assert after.has("已决定", "准予")
    assert after.text.count("跨省通办受理") == 1


async def waiting_for_papers(world: World) -> None:
    """Let 环江 ask 荔波 for two papers."""
    await requested(world)
    await world.carry()
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        await browser.post(f"{PATH}/steps/receive")
        asked = [("wanted", "household"), ("wanted", "identity"), ("answer_by", "2026-03-20T17:00")]
        await browser.post(f"{PATH}/steps/ask", asked)
    await world.carry()


async def test_a_form_for_every_kind_of_paper_can_be_sent(world: World) -> None:
    """A browser sends every field of it, the empty ones, too: too many for a bound, and nobody can answer."""
    await requested(world)
    await world.carry()
    every = [("wanted", kind.value) for kind in MaterialKind]
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        await browser.post(f"{PATH}/steps/receive")
        await browser.post(f"{PATH}/steps/ask", [*every, ("answer_by", "2026-03-20T17:00")])
    await world.carry()
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        page = await browser.get(PATH)
        written = page.text.partition("/steps/supplement")[2].partition("</form>")[0]
        form = aiohttp.FormData({"csrf": browser.csrf}, quote_fields=False)
        for name in dict.fromkeys(re.findall(r'name="(paper[^"]+)"', written)):
            if name.endswith(".file"):
                form.add_field(name, b"", filename="", content_type="application/octet-stream")
            else:
                form.add_field(name, "")
        sent = await browser.ask("POST", f"{PATH}/steps/supplement", data=form())
    assert written.count('type="file"') >= 8
    assert sent.status == 303, sent.text


async def content_of_last(county: County) -> dict[str, Any]:
    """Return the last event that a county has sent, with its references and its content."""
    page = await county.store.read(
        lambda one: one.events(direction=Direction.OUTGOING, wire_type=None, since=0, limit=1, newest_first=True)
    )
    event = await county.store.read(lambda one: one.event(page.rows[0].envelope_id))
    assert event is not None
    refs = [ref.id for ref in event.envelope.header.refs]
    return {"type": event.envelope.header.type, "refs": refs, "content": json.loads(content_of(event))}


async def attachments_of(county: County) -> list[Header]:
    """Return the headers of the attachments that a county has sent."""
    wire_type = "cn.sihu.information.attachment_shared.v1"
    page = await county.store.read(
        lambda one: one.events(direction=Direction.OUTGOING, wire_type=wire_type, since=0, limit=9)
    )
    found = [await county.store.read(lambda one, row=row: one.event(row.envelope_id)) for row in page.rows]  # type: ignore[misc]
    return [event.envelope.header for event in found if event is not None]


async def test_papers_are_chosen_as_files_and_nobody_types_a_digest(world: World) -> None:
    """A digest that is typed is a digest that is wrong: the applicant comes twice for a paper that was there."""
    await waiting_for_papers(world)
    county = world[LIBO]
    async with visiting(county, Role.LIAISON) as browser:
        done = await supplemented(browser, [("household", "户口页.pdf", PAGE), ("identity", "身份证.jpg", PICTURE)])
        shown = await browser.get(PATH)
    step, headers = await content_of_last(county), await attachments_of(county)
    await world.carry()
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        got = await browser.get(PATH)
        taken = await browser.post(f"{PATH}/papers/{step['refs'][0]}", {"why": "handling"})

    assert (done.status, done.location) == (303, PATH)
    assert step["content"]["materials"] == [
        {"kind": "household", "sha256": hashlib.sha256(PAGE).hexdigest()},
        {"kind": "identity", "sha256": hashlib.sha256(PICTURE).hexdigest()},
    ]
    assert len(step["refs"]) == len(headers) == 2
    assert {(one.information_class, one.purpose, tuple(one.to)) for one in headers} == {
        ("personal", "cross_province_service", (HUANJIANG,))
    }
    assert {one.content.encoding for one in headers} == {"hpke"}
    assert shown.has("附件 2 件")
    assert got.has("附件 2 件", "办理中")
    assert taken.status == 409  # it is there, named and closed; the bytes travel beside the event
    assert county.crashes == []


async def test_papers_that_were_handed_over_are_not_asked_for_again(world: World) -> None:
    """A kind that was forgotten must not cost the officer a second upload, nor the neighbour the file twice."""
    await waiting_for_papers(world)
    county = world[LIBO]
    async with visiting(county, Role.LIAISON) as browser:
        refused = await supplemented(browser, [("", "户口页.pdf", PAGE), ("identity", "程序.exe", PAGE)])
        held = dict(re.findall(r'name="(paper1\.[a-z0-9]+)" value="([^"]*)"', refused.text))
        sent_before = await attachments_of(county)
        unknown = await supplemented(browser, [], {"paper1.kind": "household", "paper1.upload": "ab" * 16})
        done = await supplemented(browser, [], {**held, "paper1.kind": "household"})

    assert refused.status == 422
    assert refused.has("已交给本县节点：户口页.pdf", "这种文件不能传送", "这一栏要填")
    assert re.fullmatch(r"[0-9a-f]{32}", held["paper1.upload"])
    assert held["paper1.sha256"] == hashlib.sha256(PAGE).hexdigest()
    assert sent_before == []
    assert unknown.status == 422
    assert unknown.has("没有这次上传")
    assert done.status == 303
    assert len(await attachments_of(county)) == 1


async def test_papers_are_sent_once_though_another_is_refused(world: World) -> None:
    """What went out before the refusal is named by the next try, not sent once more."""
    await waiting_for_papers(world)
    county = world[LIBO]
    async with visiting(county, Role.LIAISON) as browser:
        refused = await supplemented(browser, [("household", "户口页.pdf", PAGE), ("identity", ".jpg", PICTURE)])
        held = dict(re.findall(r'name="(paper[12]\.[a-z0-9]+)" value="([^"]*)"', refused.text))
        sent = await attachments_of(county)
        kinds = {"paper1.kind": "household", "paper2.kind": "identity", "paper2.name": "照片.jpg"}
        done = await supplemented(browser, [], {**held, **kinds})
    step = await content_of_last(county)

    assert refused.status == 422
    assert refused.has("已交给本县节点：户口页.pdf", 'href="#supplement-paper2-file"')
    assert (len(sent), bool(held["paper1.sent"]), held["paper1.upload"]) == (1, True, "")
    assert (held["paper2.sent"], bool(held["paper2.upload"])) == ("", True)
    assert done.status == 303
    assert step["refs"][0] == held["paper1.sent"]
    assert len(step["refs"]) == len(await attachments_of(county)) == 2


async def test_a_paper_can_be_named_without_being_sent(world: World) -> None:
    """The original goes by courier: only what it is and its digest are on record; or it went out before."""
    await waiting_for_papers(world)
    county = world[LIBO]
    draft = {
        "type": "cn.sihu.information.attachment_shared.v1",
        "agreement": papers.AGREEMENT,
        "to": [HUANJIANG],
        "content": {"name": "空白表.pdf", "media_type": "application/pdf", **announced_of(PAGE)},
    }
    token = county.let_in("desk", Scope.EVENTS_READ, Scope.EVENTS_WRITE, officer="duty-a")
    async with calling(county, token) as caller:
        upload = (await caller.post("/uploads", json=announced_of(PAGE))).body
        headers = {"Content-Type": "application/octet-stream"}
        await caller.ask("PATCH", f"/uploads/{upload['id']}?offset=0", data=PAGE, headers=headers)
        event = (await caller.post("/events", json=draft | {"upload": upload["id"]})).body["envelope_id"]
    async with visiting(county, Role.LIAISON) as browser:
        shown = await browser.get(PATH)
        fields = {"register_only": "true", "paper2.kind": "application", "paper2.known": event}
        done = await supplemented(browser, [("household", "户口页.pdf", PICTURE)], fields)
    step = await content_of_last(county)

    assert shown.has("空白表.pdf", "只登记，文件不发")
    assert done.status == 303
    assert [one["sha256"] for one in step["content"]["materials"]] == [
        hashlib.sha256(one).hexdigest() for one in (PICTURE, PAGE)
    ]
    assert step["refs"] == [event]
    assert len(await attachments_of(county)) == 1


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
