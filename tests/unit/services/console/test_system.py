"""System: what the node refused and why, what waits for a person, and drills; each role sees what its scopes open."""

from pathlib import Path

import pytest

from schemas.access import Scope
from schemas.notices import NoticeKind
from schemas.officers import Role
from schemas.records import Quarantined
from services.domain.escalation_words import CHANGES, HOLDS, STATES
from tests import papers
from tests.caller import calling
from tests.cap_node import MOBILE, RAIN, cap_at, hand_in, told
from tests.console import visiting
from tests.night import Night
from tests.papers import HUANJIANG, LIBO
from tests.world import World

ALL_OF_IT = ("/system", "/system/quarantine", "/system/notices", "/system/cap", "/system/escalations")


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("role", list(Role))
async def test_every_role_sees_what_its_scopes_open(world: World, role: Role) -> None:
    """The auditor reads what was told; reviewers and mediators do not run the node; nobody is shown a dead end."""
    async with visiting(world[HUANJIANG], role) as browser:
        shown = {path: await browser.get(path) for path in ALL_OF_IT}

    operates = role in {Role.DUTY, Role.LIAISON, Role.ADMINISTRATOR}
    assert {path for path, one in shown.items() if one.status == 200} == (
        set(ALL_OF_IT) if operates else {"/system", "/system/escalations"}
    )
    assert ('href="/system/quarantine"' in shown["/system"].text) is operates
    assert ("/system/officers" in shown["/system"].text) is (role is Role.ADMINISTRATOR)
    if operates:
        assert shown["/system"].has("0.0.0", "枢纽 正常", "检索索引", "没有配置线路")
        assert shown["/system/quarantine"].has("没有隔离的消息")
        assert shown["/system/cap"].has("没有待办的文件")


async def test_what_was_refused_says_why_and_that_nobody_lets_it_in(world: World) -> None:
    """A release button would be a hole in every rule; the page says what mends it instead."""
    county = world[HUANJIANG]
    reason = "the signature is <b>not</b> of 荔波"
    row = Quarantined("a" * 64, 812, LIBO, "", "signature.invalid", "signatures", reason, papers.NOW, None)
    await county.store.write(lambda tx: tx.waiting_room.quarantine(row))
    async with visiting(county, Role.ADMINISTRATOR) as browser:
        shown = await browser.get("/system/quarantine")

    assert shown.has("荔波", "signature.invalid", "&lt;b&gt;", "放行", "重新发一条")
    assert "<b>not" not in shown.text


async def test_a_notice_is_closed_and_stands_among_all(world: World) -> None:
    """Who dealt with what is kept; the administrator sees it and decides nothing."""
    county = world[HUANJIANG]
    for kind, about in ((NoticeKind.FORKED, "x"), (NoticeKind.EXPIRING, "y")):
        await county.store.write(
            lambda tx, kind=kind, about=about: tx.waiting_room.tell(kind, about, LIBO, f"<i>{about}", papers.NOW)  # type: ignore[misc]
        )
    async with visiting(county, Role.ADMINISTRATOR) as browser:
        seen = await browser.get("/system/notices")
    async with visiting(county, Role.DUTY) as browser:
        before = await browser.get("/system/notices")
        number = before.text.split('action="/system/notices/')[1].split("/")[0]
        done = await browser.post(f"/system/notices/{number}/closing")
        after, every = await browser.get("/system/notices"), await browser.get("/system/notices?all=true")

    assert "已办结</button>" not in seen.text
    assert before.has("通道分叉", "&lt;i&gt;x", "原因没了，自己会结")
    assert before.text.count("已办结</button>") == 1
    assert (done.status, done.location) == (303, "/system/notices")
    assert "&lt;i&gt;x" not in after.text
    assert every.has("已结", "duty-a")


async def test_a_held_document_is_read_and_closed_by_a_worker_alone(world: World, tmp_path: Path) -> None:
    """What the guards found, a telephone number of somebody, must not reach whoever only keeps the system."""
    county = world[LIBO]
    token = county.let_in("hall", Scope.EVENTS_READ, Scope.EVENTS_WRITE, Scope.UNATTENDED, Scope.OPERATE)
    async with cap_at(county, tmp_path):
        async with calling(county, token) as hall:
            number = (await hand_in(hall, told(RAIN, description=f"联系 {MOBILE}"))).body["number"]
        async with visiting(county, Role.ADMINISTRATOR) as browser:
            listed = await browser.get("/system/cap")
            refused = await browser.get(f"/system/cap/{number}")
        async with visiting(county, Role.DUTY) as browser:
            shown = await browser.get(f"/system/cap/{number}")
            original = await browser.get(f"/system/cap/{number}/original")
            wrong = await browser.post(f"/system/cap/{number}/closing", {"event": "no id"})
            closed = await browser.post(f"/system/cap/{number}/closing")
            after = await browser.get(f"/system/cap/{number}")
            every = await browser.get("/system/cap?all=true")

    assert listed.has("待办")
    assert MOBILE not in listed.text
    assert refused.status == 403
    assert shown.has(MOBILE, "读出来的草稿", "改好后发布", "下载原文", "樟江流域暴雨橙色预警", "紧急程度")
    assert original.text.startswith("<?xml")
    assert wrong.status == 422
    assert wrong.has('value="no id"', "替它发出的预警的编号：")
    assert (closed.status, closed.location) == (303, "/system/cap")
    assert after.has("已关闭", "一并销毁")
    assert MOBILE not in after.text
    assert every.has("已关闭", "duty-a")


async def test_a_night_is_told_silenced_and_drilled() -> None:
    """The morning after, somebody asks why nobody came; before it, somebody must be able to stop the noise."""
    night = Night()
    alert = await night.alert(3)
    path = f"/system/escalations/{alert}"
    async with visiting(night.county, Role.DUTY) as browser:
        listed = await browser.get("/system/escalations")
        shown = await browser.get(path)
        unsaid = await browser.post(f"{path}/silence", {"minutes": "10", "reason": ""})
        done = await browser.post(f"{path}/silence", {"minutes": "10", "reason": "已电话核实<b>"})
        silenced = await browser.get("/system/escalations")
        number = silenced.text.split("/system/silences/")[1].split("/")[0]
        ended = await browser.post(f"/system/silences/{number}/ending")
        drilled = await browser.post("/plans/drills", {"level": "2"})
        drill = await browser.get(drilled.location)
        wrong = await browser.post("/plans/drills", {"level": "9"})
        after = await browser.get("/system/escalations")
        state = await browser.get("/system")
    async with visiting(night.county, Role.AUDITOR) as browser:
        read = await browser.get(path)
        refused = await browser.post("/plans/drills", {"level": "2"})

    assert listed.has(alert[:16], "荔波县气象台发布暴雨", "等应答", "演练")
    assert shown.has("值班员甲", "短信", "开始", "静音一会儿")
    assert unsaid.status == 422
    assert unsaid.has("为什么：太短")
    assert (done.status, ended.status, drilled.status, wrong.status) == (303, 303, 303, 422)
    assert silenced.has("已电话核实&lt;b&gt;", "现在结束")
    assert after.has("没有静音")
    assert drill.has("drill-", "演练")
    assert state.has("mobile", "短信")
    assert "静音一会儿" not in read.text
    assert refused.status == 403


async def test_why_nobody_was_reached_is_read_in_chinese() -> None:
    """At night an officer must see from one line whether to ring the carrier, the vendor or the next colleague."""
    night = Night()
    night.sms.problem, night.fax.problem = "bind refused: ESME_RINVPASWD", "450 LINE GLITCH <b>"
    alert = await night.alert(3)
    async with visiting(night.county, Role.DUTY) as browser:
        told = await browser.get(f"/system/escalations/{alert}")
        state = await browser.get("/system")

    assert told.has("第 1 步：到时间了")
    assert "step 0" not in told.text
    assert state.has("登录被拒：密码不对（ESME_RINVPASWD）", "线路原话：“450 LINE GLITCH &lt;b&gt;”")


async def test_a_grave_alert_is_silenced_by_the_leader_alone() -> None:
    """The refusal stands on the page with what was typed."""
    night = Night()
    alert = await night.alert(2)
    async with visiting(night.county, Role.DUTY) as browser:
        refused = await browser.post(f"/system/escalations/{alert}/silence", {"minutes": "30", "reason": "已电话核实"})

    assert refused.status == 422
    assert refused.has("只有值班领导可以静默", 'value="已电话核实"', '<option value="30" selected>')


def test_every_state_and_change_has_its_word() -> None:
    """A new one must not show as English in the middle of the night."""
    for words in (STATES, HOLDS, CHANGES):
        assert set(words) == set(type(next(iter(words))))
