"""发布: a form from the schema, looked at, kept, reviewed by another officer, sent; nothing that was typed is lost."""

import hashlib
import json
import re
from dataclasses import replace

import pytest

from schemas.access import Scope
from schemas.errors import Fault
from schemas.information.alerts import AlertCancelled, AlertIssued, AlertUpdated
from schemas.information.attachments import AttachmentShared
from schemas.information.bulletins import PolicyBulletinPublished
from schemas.officers import Role
from schemas.records import Direction
from services.domain.encoding import to_base64url
from services.domain.form_fields import shapes_of
from services.domain.form_making import typed_of
from tests import papers
from tests.caller import calling
from tests.console import visiting
from tests.releasing import SCOPES, certify, drafted
from tests.world import County, World, alert_draft, policy_draft

GO_SEND = ("go", "send")


@pytest.fixture
def world() -> World:
    return World()


def filled(
    model: type[AlertIssued] | type[AlertUpdated] | type[PolicyBulletinPublished], content: dict[str, object]
) -> list[tuple[str, str]]:
    """Return the fields of a form with a content in it."""
    typed = typed_of(shapes_of(model), json.loads(json.dumps(content)))
    return [(name, text) for name, texts in typed.items() for text in texts]


async def sent_by(county: County) -> list[str]:
    """Return the headlines of what a county has sent."""
    page = await county.store.read(
        lambda snapshot: snapshot.events(direction=Direction.OUTGOING, wire_type=None, since=0, limit=50)
    )
    return [row.headline for row in page.rows]


async def test_what_may_be_sent_is_offered(world: World) -> None:
    """An officer who has to know names of types cannot publish anything."""
    async with visiting(world[papers.HUANJIANG], Role.DUTY) as browser:
        shown = await browser.get("/compose")
        form = await browser.get(f"/compose?type={AlertIssued.wire_type}")

    assert shown.has("预警发布", "信息互通", f"/compose?type={AlertIssued.wire_type}")
    assert form.has("县（行政区划）", "值班员甲", "单人值守，立即签发")


async def test_a_wrong_form_comes_back_with_everything_in_it(world: World) -> None:
    """Whoever has typed for ten minutes at night must not type it again."""
    fields = [
        ("type", AlertIssued.wire_type),
        ("go", "send"),
        ("content.headline", "暴雨红色预警"),
        ("content.report_no", "一"),
    ]
    async with visiting(world[papers.HUANJIANG], Role.DUTY) as browser:
        shown = await browser.post("/compose", fields)

    assert shown.status == 422
    assert shown.has("暴雨红色预警", "处要改", 'value="一"')
    assert await sent_by(world[papers.HUANJIANG]) == []


async def test_a_grave_alert_goes_to_another_officer_and_then_out(world: World) -> None:
    """One person alone must not set two counties in motion by a slip."""
    county = world[papers.HUANJIANG]
    county.directory.credentials["duty-b"] = papers.credential(
        papers.HUANJIANG,
        officer="duty-b",
        display_name="值班员乙",
        public=to_base64url(papers.officer_key(papers.LIBO).public),
    )
    content = alert_draft()["content"] | {"alert_id": "45122641600000_20260304074500_1"}
    fields = [("type", AlertIssued.wire_type), ("status", "actual"), ("go", "send"), *filled(AlertIssued, content)]
    async with visiting(county, Role.DUTY) as author:
        looked = await author.post("/compose", [one for one in fields if one[0] != "go"] + [("go", "look")])
        handed = await author.post("/compose", fields)
        own = await author.get(handed.location)
        assert await sent_by(county) == []
        digest = re.findall(r'name="digest" value="([0-9a-f]{64})"', own.text)
        refused = await author.post(f"{handed.location}/review", {"verdict": "approve_send", "digest": "0" * 64})
    async with visiting(county, Role.LIAISON, officer="duty-b") as second:
        seen = await second.get(handed.location)
        digest = re.findall(r'name="digest" value="([0-9a-f]{64})"', seen.text)
        verdict = {"verdict": "approve_send", "digest": digest[0]}
        sent, again = [await second.post(f"{handed.location}/review", verdict) for _ in range(2)]
        event = await second.get(sent.location)

    assert looked.has("预览：收件县将看到", "短信预览")
    assert own.has("待审", "须由拟稿人以外的另一位人员审核签发")
    assert (refused.status, again.location) == (422, sent.location)
    assert refused.has("没有办成", 'data-code="release.same_officer"')
    assert sent.location.startswith("/events/")
    assert event.has("两人签发", "值班员甲", "值班员乙")
    assert await sent_by(county) == ["荔波县气象台发布暴雨红色预警"]


async def handed_in(county: County, draft: dict[str, object]) -> str:
    """Let 值班员甲 draft something by the API and hand it in; return the page on which 值班员乙 reviews it."""
    async with calling(county, county.let_in("first", *SCOPES, officer="duty-a")) as caller:
        certify(county, "duty-a", Role.DUTY)
        certify(county, "duty-b", Role.LIAISON)
        shown = await drafted(caller, draft)
    return f"/drafts/{shown['draft']['id']}"


async def test_who_approves_sees_where_and_under_what_it_goes(world: World) -> None:
    """Else a bulletin is approved for its text, and goes to whom its author wrote by the API, as what he called it."""
    county = world[papers.HUANJIANG]
    terms = {
        "to": [papers.LIBO],
        "priority": 4,
        "class": "internal",
        "kind": "update",
        "status": "exercise",
        "expires": "2026-03-05T12:00:00+08:00",
        "acknowledge_by": "2026-03-04T18:00:00+08:00",
        "refs": [{"rel": "supersedes", "id": "ab" * 32}],
    }
    page = await handed_in(county, policy_draft() | terms)
    async with visiting(county, Role.LIAISON, officer="duty-b") as second:
        seen = await second.get(page)
    agreement = next(iter(county.directory.trust().agreements.values())).agreement
    assert seen.has("收件", "荔波", "依据协议", agreement.title, agreement.id, "政策互通", "内部", "演练", "更新")
    assert seen.has("4（0 最先", "取代", "ab" * 8, f"/events/{'ab' * 32}", "2026-03-05", "2026-03-04")
    assert seen.has("审核通过并签发", "稿件原文", "&#34;priority&#34;: 4")


async def test_who_approves_sees_what_the_draft_leaves_open(world: World) -> None:
    """Nobody named means everybody of the agreement: the page says who that is."""
    county = world[papers.HUANJIANG]
    page = await handed_in(county, {k: v for k, v in policy_draft().items() if k != "to"})
    async with visiting(county, Role.LIAISON, officer="duty-b") as second:
        seen = await second.get(page)
    assert seen.has("荔波", "协议现有的全部其他各方", "审核通过并签发")


async def test_what_cannot_be_shown_is_not_approved(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second officer must not put a name under what the page could not show; giving it back stays possible."""
    county = world[papers.HUANJIANG]
    page = await handed_in(county, policy_draft())
    async with visiting(county, Role.LIAISON, officer="duty-b") as second:
        monkeypatch.setattr("services.console.pages.drafts.parse_new", lambda *_: (Fault("event.unknown", "type", ""),))
        seen = await second.get(page)
    assert seen.has("不能审核通过", "退回", "稿件原文")
    assert "审核通过并签发" not in seen.text
    assert 'value="approve' not in seen.text


async def test_what_could_not_be_sent_is_not_approved(world: World) -> None:
    """Its agreement has ended since it was handed in, and so nobody can say whom it would go to."""
    county = world[papers.HUANJIANG]
    page = await handed_in(county, policy_draft())
    county.directory.trusted = replace(county.directory.trusted, agreements={}, by_reference={})
    async with visiting(county, Role.LIAISON, officer="duty-b") as second:
        seen = await second.get(page)
    assert seen.has("照现在的样子发不出去", "不能审核通过", "退回", "稿件原文")
    assert 'value="approve' not in seen.text


async def test_alone_at_night_an_alert_goes_out_and_waits_for_a_second_name(world: World) -> None:
    """The second officer is asleep and the river rises: it goes out, and everybody sees that one name is missing."""
    county = world[papers.HUANJIANG]
    content = alert_draft()["content"] | {"alert_id": "45122641600000_20260304074500_1"}
    fields = [("type", AlertIssued.wire_type), ("status", "actual"), ("go", "alone"), *filled(AlertIssued, content)]
    async with visiting(county, Role.DUTY) as browser:
        sent = await browser.post("/compose", fields)
        event = await browser.get(sent.location)

    assert event.has("待补签", "单人值守签发")
    assert await sent_by(county) == ["荔波县气象台发布暴雨红色预警"]


async def test_pressed_twice_a_draft_is_kept_once(world: World) -> None:
    """Two drafts of one alert are approved by two officers, and the neighbours get it twice."""
    county = world[papers.HUANJIANG]
    content = alert_draft()["content"] | {"alert_id": "45122641600000_20260304074500_1"}
    alert = [("type", AlertIssued.wire_type), ("status", "actual"), ("once", "a" * 32), *filled(AlertIssued, content)]
    half = [("type", PolicyBulletinPublished.wire_type), ("go", "keep"), ("once", "b" * 32)]
    async with visiting(county, Role.DUTY) as browser:
        handed = [await browser.post("/compose", [*alert, ("go", "send")]) for _ in range(2)]
        kept = [await browser.post("/compose", [*half, ("content.title", "关于跨县就医的通知")]) for _ in range(2)]
        other = await browser.post("/compose", [*half, ("content.title", "关于跨县就学的通知")])
        renewed = re.findall(r'name="once" value="([0-9a-f]{32})"', other.text)
        listed = await browser.get("/drafts")

    assert handed[0].location == handed[1].location
    assert kept[0].location == kept[1].location
    assert (other.status, other.has("关于跨县就学的通知")) == (422, True)
    assert renewed != ["b" * 32]
    assert len(set(re.findall(r'href="(/drafts/[0-9a-f]{32})"', listed.text))) == 2


async def test_a_draft_is_kept_and_changed(world: World) -> None:
    """Half a bulletin is written before lunch and the rest after it."""
    county = world[papers.HUANJIANG]
    half = [("type", PolicyBulletinPublished.wire_type), ("go", "keep"), ("content.title", "关于跨县就医的通知")]
    whole = [
        ("type", PolicyBulletinPublished.wire_type),
        ("go", "send"),
        *filled(PolicyBulletinPublished, policy_draft()["content"]),
    ]
    async with visiting(county, Role.LIAISON) as browser:
        kept = await browser.post("/compose", half)
        again = await browser.get(f"{kept.location}/edit")
        handed = await browser.post("/compose", [("draft", kept.location.rpartition("/")[2]), *whole])
        shown = await browser.get(handed.location)

    assert again.has("关于跨县就医的通知", "改稿")
    assert handed.location == kept.location
    assert shown.has("待审")


async def test_what_hinders_a_draft_is_said_at_its_form(world: World) -> None:
    """The draft is kept, and its author must read what is wrong with it, not a form that says nothing."""
    county = world[papers.HUANJIANG]
    content = alert_draft()["content"] | {"alert_id": "45122641600000_20260304074500_1", "report_no": 2}
    fields = [("type", AlertIssued.wire_type), ("status", "actual"), ("go", "keep"), *filled(AlertIssued, content)]
    async with visiting(county, Role.DUTY) as browser:
        kept = await browser.post("/compose", fields)
        number = kept.location.rpartition("/")[2]
        shown = await browser.post("/compose", [("draft", number), *(one for one in fields if one[0] != "go"), GO_SEND])
        pressed = await browser.post(f"{kept.location}/submission")
        draft = await browser.get(kept.location)

    assert shown.status == 422
    assert shown.has("处要改", f'name="draft" value="{number}"', "稿件已保存")
    assert (pressed.status, pressed.has("没有办成", "拟稿")) == (422, True)
    assert draft.has("拟稿")


def second_at_huanjiang(county: County) -> None:
    """Certify another officer beside the one who writes."""
    county.directory.credentials["duty-b"] = papers.credential(
        papers.HUANJIANG,
        officer="duty-b",
        display_name="值班员乙",
        public=to_base64url(papers.officer_key(papers.LIBO).public),
    )


async def test_an_approval_whose_sending_is_refused_stays_and_says_why(world: World) -> None:
    """A page that says that nothing has changed would have the second officer approve once more, or walk away."""
    county = world[papers.HUANJIANG]
    second_at_huanjiang(county)
    content = alert_draft()["content"] | {"alert_id": "45122641600000_20260304074500_1"}
    await county.send(alert_draft(content=content, to=[papers.LIBO]))
    updates = [
        content
        | {"alert_id": f"45122641600000_2026030408000{number}_2", "report_stage": "followup", "report_no": 2}
        | {"predecessors": [{"alert_id": content["alert_id"]}]}
        for number in (1, 2)
    ]
    async with visiting(county, Role.DUTY) as author:
        base = [("type", AlertUpdated.wire_type), ("status", "actual"), GO_SEND]
        drafts = [(await author.post("/compose", [*base, *filled(AlertUpdated, one)])).location for one in updates]
    async with visiting(county, Role.LIAISON, officer="duty-b") as second:
        shown = [await second.get(draft) for draft in drafts]
        first, other = [re.findall(r'name="digest" value="([0-9a-f]{64})"', page.text)[0] for page in shown]
        stale = await second.post(f"{drafts[1]}/review", {"verdict": "approve", "digest": "0" * 64, "note": "改了"})
        said = {"verdict": "approve_send", "note": "<b>同意</b>"}
        gone = await second.post(f"{drafts[0]}/review", said | {"digest": first})
        refused = await second.post(f"{drafts[1]}/review", said | {"digest": other})
        sent = await second.post(f"{drafts[1]}/sending")

    assert (stale.status, stale.has("release.changed", "待审", 'value="改了"')) == (422, True)
    assert gone.location.startswith("/events/")
    assert refused.status == 422
    assert refused.has("没有办成", "已审", "&lt;b&gt;同意")
    assert "什么都没有改变" not in refused.text
    assert (sent.status, sent.has("没有办成", "已审")) == (422, True)


async def test_what_could_not_be_sent_any_more_is_not_approved(world: World) -> None:
    """Pressed on a page of an hour ago, it says why, and waits to be returned."""
    county = world[papers.HUANJIANG]
    second_at_huanjiang(county)
    content = alert_draft()["content"] | {"alert_id": "45122641600000_20260304074500_1"}
    fields = [("type", AlertIssued.wire_type), ("status", "actual"), GO_SEND, *filled(AlertIssued, content)]
    async with visiting(county, Role.DUTY) as author:
        draft = (await author.post("/compose", fields)).location
    async with visiting(county, Role.LIAISON, officer="duty-b") as second:
        digest = re.findall(r'name="digest" value="([0-9a-f]{64})"', (await second.get(draft)).text)[0]
        county.clock.jump(2 * 86400)  # what would be sent now has expired
        refused = await second.post(f"{draft}/review", {"verdict": "approve", "digest": digest})

    assert (refused.status, refused.has("没有办成", "待审")) == (422, True)


async def test_a_page_that_is_refused_is_opened_again_as_it_was_asked_for(world: World) -> None:
    """Without its query the same address is another page."""
    async with visiting(world[papers.HUANJIANG], Role.DUTY) as browser:
        refused = await browser.get("/compose?type=cn.sihu.none&a=%22%3E")

    assert refused.has("未能办理", 'href="/compose?type=cn.sihu.none&amp;a=%22%3E"')


async def test_a_draft_that_is_changed_still_names_its_file(world: World) -> None:
    """A form that forgets which files this county has sent would drop the attachment of a bulletin without a word."""
    county, data = world[papers.HUANJIANG], b"%PDF-1.7 of nobody"
    announced = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    file = {"name": "办理指南.pdf", "media_type": "application/pdf", **announced}
    token = county.let_in("desk", Scope.EVENTS_READ, Scope.EVENTS_WRITE, officer="duty-a")
    async with calling(county, token) as caller:
        upload = (await caller.post("/uploads", json=announced)).body["id"]
        headers = {"Content-Type": "application/octet-stream"}
        await caller.ask("PATCH", f"/uploads/{upload}?offset=0", data=data, headers=headers)
        event = {"type": AttachmentShared.wire_type, "agreement": papers.AGREEMENT, "content": file, "upload": upload}
        shared = await caller.post("/events", json=event)
    content = policy_draft()["content"] | {"attachments": [file]}
    fields = [("type", PolicyBulletinPublished.wire_type), *filled(PolicyBulletinPublished, content)]
    async with visiting(county, Role.LIAISON) as browser:
        kept = await browser.post("/compose", [*fields, ("go", "keep")])
        edited = await browser.get(f"{kept.location}/edit")

    assert (shared.status, kept.status) == (202, 303)
    assert re.search(r"<option[^>]* selected[^>]*>\s*办理指南\.pdf", edited.text)


async def test_an_exercise_is_ended_as_one_and_where_it_was_told(world: World) -> None:
    """The end of an exercise that goes out as real, or to counties that never heard of it, sends people running."""
    county = world[papers.HUANJIANG]
    content = alert_draft()["content"] | {"alert_id": "45122641600000_20260304074500_1"}
    posted = await county.send(alert_draft(content=content) | {"status": "exercise", "to": [papers.LIBO]})
    async with visiting(county, Role.DUTY) as browser:
        shown = await browser.get(f"/compose?type={AlertCancelled.wire_type}&alert={posted.envelope_id}")

    assert '<option value="exercise" selected>' in shown.text
    assert f'name="to" value="{papers.LIBO}" checked' in shown.text
    assert f'name="to" value="{papers.NANDAN}" checked' not in shown.text
    assert shown.has("45122641600000_20260304074500_1", "荔波县气象台发布暴雨红色预警")


@pytest.mark.parametrize(
    ("role", "wire_type"),
    [
        (Role.REVIEWER, "cn.sihu.governance.case_registered.v1"),
        (Role.DUTY, "cn.sihu.governance.case_closed.v1"),
        (Role.MEDIATOR, "cn.sihu.governance.service_requested.v1"),
        (Role.REVIEWER, "cn.sihu.information.referral_offered.v1"),
        (Role.MEDIATOR, "cn.sihu.information.population_flow_reported.v1"),
    ],
)
async def test_the_form_is_a_way_around_the_roles_of_a_page(world: World, role: Role, wire_type: str) -> None:
    """Who may not press a button on the page of a case must not press it on the form either."""
    async with visiting(world[papers.HUANJIANG], role) as browser:
        shown = await browser.get(f"/compose?type={wire_type}")
        sent = await browser.post("/compose", [("type", wire_type), ("case", "0" * 64), GO_SEND])
        listed = await browser.get("/compose")

    assert (shown.status, sent.status) == (403, 403)
    assert f"type={wire_type}" not in listed.text
