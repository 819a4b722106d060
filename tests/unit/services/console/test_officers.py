"""人员与会话, 接口令牌: what the administrator does by pages, and what not even the administrator can."""

import re

import pytest

from schemas.access import Access, Scope
from schemas.errors import Fault
from schemas.officers import Role
from services.console.lobby import write_act
from services.domain.tokens import new_access
from tests import papers
from tests.caller import calling
from tests.console import Browser, Shown, at_the_door, browser_at, console_of, entered, house_of, visiting
from tests.entering import PASSWORD, House, Officer
from tests.world import County, World

KEEPER = (Role.ADMINISTRATOR,)
SURE = ("password", PASSWORD)
"""What makes a way in asks for it again."""


@pytest.fixture
def county() -> County:
    return World()[papers.HUANJIANG]


@pytest.fixture
def house(county: County) -> House:
    return house_of(county)


@pytest.fixture
async def admin(house: House) -> Officer:
    return await house.enrolled("admin-a", Role.ADMINISTRATOR)


async def invited(browser: Browser, officer: str, name: str, *roles: str) -> Shown:
    """Fill in the form of an invitation."""
    await browser.get("/system/officers")
    fields = [("officer", officer), ("display_name", name), *(("role", one) for one in roles), SURE]
    return await browser.post("/system/officers", fields)


def link_in(shown: Shown) -> str:
    """Read the link off the page."""
    found = re.search(r"http://[^<\s]+/enrol#([0-9a-f]{64})", shown.text)
    assert found is not None
    return found[1]


async def acts_of(county: County) -> list[tuple[str, str, str]]:
    rows = await county.store.read(lambda one: one.console.audit(0, 999))
    return [(row.officer, row.act, row.about) for row in rows]


async def test_an_invitation_is_shown_once_and_makes_an_account(county: County, house: House, admin: Officer) -> None:
    """The link must be readable now and nowhere later; and what it makes stands in the list."""
    async with at_the_door(county, house) as browser:
        await browser.log_in(admin)
        shown = await invited(browser, "Duty-B", "值班员乙", "duty", "liaison")
        secret = link_in(shown)
        listed = await browser.get("/system/officers")
        await house.enrolled("duty-b", invitation=secret)
        after = await browser.get("/system/officers")

    assert shown.has("只显示这一次", "duty-b")
    assert secret not in listed.text
    assert listed.has("未用的邀请", "值班员、联络员", "值班员乙", "撤回给 duty-b 的邀请", "不写姓名")
    assert after.has('href="/system/officers/duty-b"', "没有未用的邀请", "正常", "恢复码剩 10 个")
    assert ("admin-a", "account.invited", "duty-b") in await acts_of(county)


@pytest.mark.parametrize(
    ("officer", "name", "roles", "said"),
    [
        ("duty-b", "值班员乙", (), "至少选一个角色"),
        ("duty-b", "值班员乙", ("duty", "auditor"), "不能与其他角色兼任"),
        ("duty-b", "值班员乙", ("king",), "至少选一个角色"),
        ("值班员", "值班员乙", ("duty",), "账号：写法不对"),
        ("", "", ("duty",), "账号：写法不对"),
        ("duty-b", "长" * 200, ("duty",), "称呼：太长，最多 80 字"),
        ("admin-a", "管理员甲", ("administrator",), "这个账号已存在"),
        ("<script>", "<script>alert(1)</script>", ("duty",), ""),
    ],
)
async def test_an_invitation_that_does_not_fit_comes_back_as_it_was_typed(
    county: County, house: House, admin: Officer, officer: str, name: str, roles: tuple[str, ...], said: str
) -> None:
    """With the mend in Chinese, and nothing lost or run."""
    async with at_the_door(county, house) as browser:
        await browser.log_in(admin)
        shown = await invited(browser, officer, name, *roles)
    assert shown.status == 422
    assert shown.has('role="alert"', said)
    assert "<script>alert" not in shown.text
    if "<" not in name and name:
        assert shown.has(f'value="{name}"')
    for role in roles:
        if role != "king":
            assert re.search(f'value="{role}" checked', shown.text)


async def test_an_invitation_is_taken_back(county: County, house: House, admin: Officer) -> None:
    """The link went to the wrong group: it must open nothing from this second on."""
    async with at_the_door(county, house) as browser:
        await browser.log_in(admin)
        secret = link_in(await invited(browser, "duty-b", "值班员乙", "duty"))
        listed = await browser.get("/system/officers")
        found = re.search(r"/system/invitations/([0-9a-f]{64})/withdrawal", listed.text)
        assert found is not None
        taken = await browser.post(found[0])
        shown = await browser.get(taken.location)
        again = await browser.post(found[0])
    assert shown.has("邀请已撤回", "没有未用的邀请")
    assert again.status == 422
    assert isinstance(await house.door.enrolling.invitation_of(secret), Fault)


async def test_a_reset_locks_out_and_makes_a_new_link(county: County, house: House, admin: Officer) -> None:
    """The telephone was stolen: whoever has it is out before the officer comes to the desk."""
    who = await house.enrolled("duty-a", Role.DUTY)
    async with console_of(county, house) as port, browser_at(port) as browser, browser_at(port) as other:
        other.plant(who.secret)
        await browser.log_in(admin)
        page = await browser.get("/system/officers/duty-a")
        await county.clock.move(30)
        proof = [SURE, ("code", admin.telephone.code())]
        shown = await browser.post("/system/officers/duty-a/reset", proof)
        assert (await other.get("/inbox")).status == 303
        locked = await browser.get("/system/officers/duty-a")
        await house.enrolled("duty-a", invitation=link_in(shown))
        after = await browser.get("/system/officers/duty-a")
    assert page.has("重置并生成邀请链接", "停用", "duty-a 甲", "Chromium 120")
    assert locked.has("已停用")
    assert after.has("正常")


async def test_who_leaves_is_disabled(county: County, house: House, admin: Officer) -> None:
    """Sessions end, and neither password nor telephone opens anything."""
    who = await house.enrolled("duty-a", Role.DUTY)
    async with console_of(county, house) as port, browser_at(port) as browser, browser_at(port) as other:
        other.plant(who.secret)
        await browser.log_in(admin)
        await browser.get("/system/officers/duty-a")
        done = await browser.post("/system/officers/duty-a/disabling")
        shown = await browser.get(done.location)
        assert (await other.get("/inbox")).status == 303
        await other.get("/login")
        refused = await other.post("/login", {"officer": "duty-a", "password": PASSWORD})
        again = {"officer": "duty-a", "display_name": "值班员甲", "role": "duty", "password": PASSWORD}
        invited = await browser.post("/system/officers", again)
    assert shown.has("账号已停用", "已停用")
    assert invited.status == 422, "whoever has the password alone would make the account his"
    assert "/disabling" not in shown.text
    assert (refused.status, refused.has("账号或密码不对")) == (422, True)


async def test_roles_are_changed_and_counted_from_the_next_log_in(county: County, house: House, admin: Officer) -> None:
    """A reviewer who still acts as duty officer, or a form that loses what was typed."""
    who = await house.enrolled("duty-a", Role.DUTY)
    async with console_of(county, house) as port, browser_at(port) as browser, browser_at(port) as other:
        await browser.log_in(admin)
        await browser.get("/system/officers/duty-a")
        path = "/system/officers/duty-a/roles"
        wrong = await browser.post(
            path, [("display_name", "审核员甲"), ("role", "reviewer"), ("role", "auditor"), SURE]
        )
        empty = await browser.post(path, [("display_name", ""), ("role", "reviewer"), SURE])
        done = await browser.post(path, [("display_name", "审核员甲"), ("role", "reviewer"), SURE])
        shown = await browser.get(done.location)
        await other.log_in(who)
        desk = await other.get("/me")
    assert (wrong.status, wrong.has("不能与其他角色兼任", 'value="审核员甲"')) == (422, True)
    assert (empty.status, empty.has("称呼：太短")) == (422, True)
    assert shown.has("已更改", "审核员甲（duty-a）")
    assert desk.has("审核员甲", "审核员")


async def test_nobody_changes_the_own_account_by_mistake(county: County, house: House, admin: Officer) -> None:
    """The only administrator would lock everybody out."""
    async with at_the_door(county, house) as browser:
        await browser.log_in(admin)
        page = await browser.get("/system/officers/admin-a")
        for act in ("reset", "disabling", "roles"):
            await county.clock.move(30)
            fields = {"display_name": "甲", "role": "duty", "password": PASSWORD, "code": admin.telephone.code()}
            refused = await browser.post(f"/system/officers/admin-a/{act}", fields)
            assert (refused.status, refused.has("不能处理自己的账号")) == (422, True), act
        missing = await browser.get("/system/officers/nobody-a")
        gone = await browser.post("/system/officers/nobody-a/reset")
    assert page.has("这是您自己的账号")
    assert "/reset" not in page.text
    assert (missing.status, gone.status) == (404, 404)


async def test_anybodys_session_is_ended(county: County, house: House, admin: Officer) -> None:
    """Somebody saw a desk that was left open, and rings the administrator."""
    who = await house.enrolled("duty-a", Role.DUTY)
    async with at_the_door(county, house) as browser:
        await browser.log_in(admin)
        listed = await browser.get("/system/officers")
        names = re.findall(r"/system/sessions/([0-9a-f]{16})/ending\".*?结束 ([a-z-]+) 于", listed.text)
        name = next(one for one, officer in names if officer == "duty-a")
        done = await browser.post(f"/system/sessions/{name}/ending")
        again = await browser.post(f"/system/sessions/{name}/ending")
    assert done.location == "/system/officers"
    assert again.status == 422
    assert await house.door.entering.visitor_of(who.secret) is None


@pytest.mark.parametrize("role", [one for one in Role if one is not Role.ADMINISTRATOR])
async def test_nobody_else_keeps_accounts_or_tokens(county: County, role: Role) -> None:
    """Not even by a form that was made by hand."""
    async with visiting(county, role) as browser:
        for path in ("/system/officers", "/system/officers/duty-a", "/system/tokens"):
            assert (await browser.get(path)).status == 403
        for path in (
            "/system/officers",
            "/system/tokens",
            "/system/officers/duty-a/reset",
            "/system/officers/duty-a/disabling",
            "/system/officers/duty-a/roles",
            f"/system/sessions/{'a' * 16}/ending",
            f"/system/invitations/{'a' * 64}/withdrawal",
            "/system/tokens/desk/revocation",
        ):
            assert (await browser.post(path)).status == 403


async def test_a_token_is_shown_once_counts_and_is_revoked(county: County) -> None:
    """The screen in the hall gets in by it, until it is taken back."""
    async with entered(county, *KEEPER) as browser:
        empty = await browser.get("/system/tokens")
        fields = [("name", "board-hall"), ("scope", "events:read"), ("scope", "node:operate"), ("days", "30"), SURE]
        shown = await browser.post("/system/tokens", fields)
        found = re.search(r"sihu_[\w-]+", shown.text)
        assert found is not None
        listed = await browser.get("/system/tokens")
        async with calling(county, found[0]) as caller:
            assert (await caller.get("/events")).status == 200
        twice = await browser.post("/system/tokens", fields)
        done = await browser.post("/system/tokens/board-hall/revocation")
        after = await browser.get(done.location)
        again = await browser.post("/system/tokens/board-hall/revocation")
        async with calling(county, found[0]) as caller:
            assert (await caller.get("/events")).status == 401

    assert empty.has("没有。监控、大屏等系统")
    assert shown.has("只显示这一次", "board-hall")
    assert found[0] not in listed.text
    assert listed.has("board-hall", "读事件", "运行维护", "2026-04-03")
    assert (twice.status, twice.has("已有同名令牌", 'value="board-hall"')) == (422, True)
    assert after.has("令牌已收回", "已失效的", "收回于")
    assert again.status == 422
    acts = [(act, about) for _, act, about in await acts_of(county) if act.startswith("token.")]
    assert acts == [("token.issued", "board-hall"), ("token.revoked", "board-hall")]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ([("name", "x"), ("days", "1")], "至少选一项权限"),
        ([("name", "X 值"), ("scope", "events:read"), ("days", "1")], "名称：写法不对"),
        ([("name", "x"), ("scope", "events:read"), ("days", "0")], "有效天数"),
        ([("name", "x"), ("scope", "events:read"), ("days", "九")], "有效天数"),
        ([("name", "x"), ("scope", "events:read"), ("days", "9" * 400)], "有效天数"),
        ([("name", "x"), ("scope", "calendar:read"), ("scope", "events:read"), ("days", "1")], "不能放在同一个令牌里"),
        ([("name", "x"), ("scope", "events:acknowledge"), ("days", "1")], "必须绑定一位人员"),
        ([("name", "x"), ("scope", "everything"), ("days", "1")], "至少选一项权限"),
        ([("name", "x"), ("scope", "events:write"), ("days", "1")], "只能在主机上签发"),
        ([("name", "x"), ("scope", "events:unattended"), ("days", "1")], "只能在主机上签发"),
        (
            [("name", "board-x"), ("scope", "events:read"), ("scope", "roster:numbers"), ("days", "1")],
            "只能在主机上签发",
        ),
        ([("name", "x"), ("scope", "openings:read"), ("days", "1")], "只能在主机上签发"),
        ([("name", "x"), ("scope", "content:erase"), ("days", "1")], "只能在主机上签发"),
        ([("name", "x"), ("scope", "events:read"), ("days", "1")], "名称要以 board- 开头"),
        ([("name", "console-duty-a"), ("scope", "node:operate"), ("days", "1")], "留给工作台"),
    ],
)
async def test_a_token_that_must_not_be_is_refused(county: County, fields: list[tuple[str, str]], said: str) -> None:
    """And what was typed stands there still."""
    async with entered(county, *KEEPER) as browser:
        await browser.get("/system/tokens")
        shown = await browser.post("/system/tokens", [*fields, SURE])
    assert shown.status == 422
    assert shown.has('role="alert"', said)
    assert county.directory.tokens == {}


async def test_no_token_that_is_issued_here_speaks_for_an_officer(county: County) -> None:
    """The administrator would answer in somebody else's name with it, whatever field is sent along."""
    async with entered(county, *KEEPER) as browser:
        page = await browser.get("/system/tokens")
        fields = [("name", "x"), ("scope", "node:operate"), ("officer", "duty-a"), ("days", "1"), SURE]
        shown = await browser.post("/system/tokens", fields)
    assert shown.status == 200
    assert [one.officer for one in county.directory.tokens.values()] == [None]
    assert 'value="events:acknowledge"' not in page.text
    assert 'value="events:write"' not in page.text
    assert page.has("sihu token issue")


async def test_a_calendar_token_comes_with_its_address(county: County) -> None:
    """The token stands in an address and nowhere else."""
    async with entered(county, *KEEPER) as browser:
        await browser.get("/system/tokens")
        fields = [("name", "wall"), ("scope", "calendar:read"), ("days", "9"), SURE]
        shown = await browser.post("/system/tokens", fields)
    assert re.search(r"http://127\.0\.0\.1:\d+/api/v1/calendar/sihu_[\w-]+\.ics", shown.text)
    assert [one.scopes for one in county.directory.tokens.values()] == [(Scope.CALENDAR_READ,)]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/system/officers", [("officer", "duty-b"), ("display_name", "值班员乙"), ("role", "administrator")]),
        ("/system/officers/duty-a/roles", [("display_name", "值班员甲"), ("role", "liaison")]),
        ("/system/officers/duty-a/reset", []),
        ("/system/tokens", [("name", "board-x"), ("scope", "events:read"), ("days", "1")]),
    ],
)
async def test_an_administrators_stolen_session_makes_no_way_in(
    county: County, house: House, admin: Officer, path: str, fields: list[tuple[str, str]]
) -> None:
    """An account of the thief's own, more roles, a new link or a token would outlive the session."""
    who = await house.enrolled("duty-a", Role.DUTY)
    before = await acts_of(county)
    async with at_the_door(county, house) as browser:
        browser.plant(admin.secret)
        page = await browser.get(path.removesuffix("/roles").removesuffix("/reset"))
        without = await browser.post(path, fields)
        wrong = await browser.post(path, [*fields, ("password", "not this one at all"), ("code", "000000")])
        if path.endswith("/reset"):
            half = await browser.post(path, [*fields, SURE])
            assert (half.status, half.has("还要第二步")) == (422, True)
    assert page.has("再证明是您本人")
    assert (without.status, wrong.status) == (422, 422)
    assert wrong.has("不是您现在的密码")
    assert {act for _, act, _ in (await acts_of(county))[len(before) :]} == {"entering.refused"}
    assert county.directory.tokens == {}
    assert await house.door.entering.visitor_of(who.secret) is not None


async def test_a_token_of_an_earlier_rule_is_named_until_it_is_revoked(county: County, house: House) -> None:
    """One that the page issued once and would not now; one like it from the node's machine is nobody's fault."""
    admin = await house.enrolled("admin-a", Role.ADMINISTRATOR)
    now = county.clock.now()
    for name in ("old-sender", "by-command"):
        made = new_access(name, f"sihu_{name}", (Scope.EVENTS_WRITE,), None, now=now, until=now.replace(year=2028))
        assert isinstance(made, Access)
        county.directory.tokens[made.digest] = made
    await county.store.write(lambda tx: write_act(tx, "admin-z", "token.issued", "old-sender", now=now))
    async with at_the_door(county, house) as browser:
        await browser.log_in(admin)
        told = await browser.get("/system")
        page = await browser.get("/system/tokens")
        done = await browser.post("/system/tokens/old-sender/revocation")
        after = await browser.get(done.location)
    assert told.has("有 1 个接口令牌是按旧规则签发的")
    assert page.has("要清理的令牌", "由 admin-z 在工作台签发", "收回要清理的 old-sender")
    assert "收回要清理的 by-command" not in page.text
    assert "要清理的令牌" not in after.text
    assert after.has("by-command")
