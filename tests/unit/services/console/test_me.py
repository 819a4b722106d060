"""本人: what officers change about their own way in, by forms; and what nobody else changes for them."""

import json
import re

import pytest
from pydantic import JsonValue

from schemas.consoles import ACT_PATTERN
from schemas.officers import Role
from services.console.pages import OPEN_PAGES, PAGES
from tests import papers
from tests.console import Browser, at_the_door, browser_at, console_of, entered, house_of, visiting
from tests.entering import PASSWORD, SoftwareKey
from tests.world import County, World, alert_draft

NEW = "十里洋场 9 枚铜钱 umbrella"


@pytest.fixture
def county() -> County:
    return World()[papers.HUANJIANG]


async def acts_of(county: County) -> list[tuple[str, str]]:
    rows = await county.store.read(lambda one: one.console.audit(0, 999))
    return [(row.officer, row.act) for row in rows]


@pytest.mark.parametrize("role", list(Role))
async def test_everybody_sees_who_they_are(county: County, role: Role) -> None:
    """With the roles in words, this session marked, and what is left of the recovery codes."""
    async with entered(county, role) as browser:
        shown = await browser.get("/me")
    assert shown.status == 200
    assert shown.has("duty-a 甲", "就是这里", "还剩 10 个", "没有登记")


async def test_a_visitor_without_an_account_sees_a_page(county: County) -> None:
    """A page that falls over takes the whole node along."""
    async with visiting(county, Role.DUTY) as browser:
        assert (await browser.get("/me")).has("没有登录记录")


async def test_a_new_password_ends_the_other_browsers(county: County) -> None:
    """Whoever changes a password does it because somebody else may know the old one."""
    house = house_of(county)
    who = await house.enrolled("duty-a", Role.DUTY)
    async with console_of(county, house) as port, browser_at(port) as browser, browser_at(port) as other:
        other.plant(who.secret)
        await browser.log_in(who)
        assert (await other.get("/me")).status == 200
        await browser.get("/me")
        fields = {"password": PASSWORD, "new_password": NEW, "again": NEW}
        changed = await browser.post("/me/password", fields)
        shown = await browser.get("/me")
        assert (await other.get("/me")).status == 303
        await county.clock.move(30)
        await browser.post("/logout")
        assert (await browser.log_in(who, NEW)).location == "/"
    assert changed.location == "/me"
    assert shown.has("密码已更换；其他地方的登录都已结束")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"password": "not this one at all", "new_password": NEW, "again": NEW}, "不是您现在的密码"),
        ({"password": PASSWORD, "new_password": NEW, "again": NEW + "x"}, "两次输入的密码不一样"),
        ({"password": PASSWORD, "new_password": "短", "again": "短"}, "密码太短"),
        ({}, "不是您现在的密码"),
    ],
)
async def test_a_password_that_is_refused_changes_nothing(county: County, fields: dict[str, str], said: str) -> None:
    """And the page says which of the three fields it was."""
    async with entered(county, Role.DUTY) as browser:
        await browser.get("/me")
        shown = await browser.post("/me/password", fields)
        assert shown.status == 422
        assert (await browser.get("/me")).status == 200
    assert shown.has(said)
    assert NEW not in shown.text
    assert ("duty-a", "account.password_changed") not in await acts_of(county)


async def test_new_recovery_codes_are_shown_once_and_count(county: County) -> None:
    """The sheet that was lost must open nothing any more."""
    house = house_of(county)
    who = await house.enrolled("duty-a", Role.DUTY)
    async with at_the_door(county, house) as browser:
        await browser.log_in(who)
        await county.clock.move(30)
        await browser.get("/me")
        code = who.telephone.code()
        refused = await browser.post("/me/recovery", {"password": "not this one at all", "code": code})
        bare = await browser.post("/me/recovery", {"password": PASSWORD})
        shown = await browser.post("/me/recovery", {"password": PASSWORD, "code": code})
        codes = re.findall(r'data-code="([^"]+)"', shown.text)
        await browser.post("/logout")
        await browser.get("/login")
        await browser.post("/login", {"officer": "duty-a", "password": PASSWORD})
        await browser.get("/login/second")
        old = await browser.post("/login/second", {"by": "recovery", "code": who.codes[0]})
        new = await browser.post("/login/second", {"by": "recovery", "code": codes[0]})
    assert refused.status == 422
    assert (bare.status, bare.has("还要第二步")) == (422, True)
    assert len(codes) == 10
    assert (old.status, new.status) == (422, 303)


async def test_a_session_elsewhere_is_seen_and_ended(county: County) -> None:
    """The browser at the other desk that was left open."""
    house = house_of(county)
    who = await house.enrolled("duty-a", Role.DUTY)
    stranger = await house.enrolled("duty-b", Role.DUTY)
    async with at_the_door(county, house) as browser:
        await browser.log_in(who)
        shown = await browser.get("/me")
        names = re.findall(r"/me/sessions/([0-9a-f]{16})/ending", shown.text)
        ended = await browser.post(f"/me/sessions/{names[0]}/ending")
        after = await browser.get("/me")
        assert await house.door.entering.visitor_of(who.secret) is None
        others = (await house.door.accounts.sessions(await house.visitor(stranger)))[0].name
        refused = await browser.post(f"/me/sessions/{others}/ending")
        assert await house.door.entering.visitor_of(stranger.secret) is not None
    assert shown.has("192.0.2.7", "Chromium 120")
    assert len(names) == 1
    assert ended.location == "/me"
    assert after.has("那次登录已结束")
    assert (refused.status, refused.has("这次登录已经结束")) == (422, True)


async def script(browser: Browser, path: str, body: JsonValue) -> tuple[int, dict[str, JsonValue]]:
    """Do what a script of ours does."""
    async with browser.session.post(path, json=body, headers={"X-Sihu-Csrf": browser.csrf}) as reply:
        found: dict[str, JsonValue] = await reply.json()
        return reply.status, found


async def test_a_security_key_is_registered_seen_and_taken_away(county: County) -> None:
    """With its name as the officer typed it, escaped."""
    key, house = SoftwareKey(), house_of(county)
    who = await house.enrolled("duty-a", Role.DUTY)

    async def proof() -> dict[str, str]:
        await county.clock.move(30)
        return {"password": PASSWORD, "code": who.telephone.code()}

    async with at_the_door(county, house) as browser:
        await browser.log_in(who)
        page = await browser.get("/me")
        _, options = await script(browser, "/me/keys/options", {**await proof()})
        broken = await script(browser, "/me/keys", {"label": 3, "answer": "no"})
        _, again = await script(browser, "/me/keys/options", {**await proof()})
        added = await script(browser, "/me/keys", {"label": "<b>抽屉</b>", "answer": key.register(again)})
        shown = await browser.get("/me")
        path = f"/me/keys/{key.credential_id.hex()}"
        asked = await browser.get(path)
        bare = await browser.post(f"{path}/removal")
        wrong = await browser.post(f"{path}/removal", {"password": PASSWORD, "code": "", "key_answer": "{"})
        _, question = await script(browser, "/me/proof/options", {})
        answer = json.dumps(key.sign(question))
        dropped = await browser.post(f"{path}/removal", {"password": PASSWORD, "key_answer": answer})
        after = await browser.get("/me")
        twice = await browser.post(f"{path}/removal", await proof())
        gone = await browser.get(path)
    assert "data-use-key" not in page.text
    assert shown.has("data-use-key")
    assert asked.has("移除安全密钥", "再证明是您本人", "data-use-key")
    assert (bare.status, bare.has("还要第二步")) == (422, True)
    assert (wrong.status, wrong.has("安全密钥没有通过")) == (422, False)
    assert gone.status == 404
    assert "challenge" in str(options)
    assert broken[0] == 422
    assert added == (201, {"label": "<b>抽屉</b>"})
    assert shown.has("&lt;b&gt;抽屉&lt;/b&gt;", "移除")
    assert dropped.location == "/me"
    assert after.has("安全密钥已移除", "没有登记")
    assert (twice.status, twice.has("您没有这把安全密钥")) == (422, True)


@pytest.mark.parametrize("path", [one.path for one in PAGES if one.path.startswith("/me") and one.method == "POST"])
async def test_another_sites_page_changes_nothing(county: County, path: str) -> None:
    """The cookie comes along with a form of any site; the token does not."""
    path = re.sub(r"\{[^/]+\}(?=/)", "a" * 16, path)
    async with entered(county, Role.DUTY) as browser:
        reply = await browser.session.post(path, data={"csrf": "guessed"}, allow_redirects=False)
        assert reply.status == 403


def test_every_act_can_be_put_on_record() -> None:
    """A page whose name the log does not take would fall over behind the act."""
    assert [one.name for one in PAGES if not re.fullmatch(ACT_PATTERN, f"console.{one.name}")] == []
    names = [one.name for one in PAGES] + [one.name for one in OPEN_PAGES]
    assert len(names) == len(set(names))


async def test_an_act_of_any_page_is_a_line_of_the_log_and_a_refused_one_is_none() -> None:
    """Who did what, on what; never what was typed."""
    world = World()
    county = world[papers.HUANJIANG]
    posted = await world[papers.LIBO].send(alert_draft())
    await world.carry()
    async with entered(county, Role.DUTY) as browser:
        await browser.get("/")
        refused = await browser.post(f"/events/{'0' * 64}/acknowledgement", {"answer": "received"})
        taken = await browser.post(
            f"/events/{posted.envelope_id}/acknowledgement", {"answer": "received", "note": "雨很大"}
        )
    rows = await county.store.read(lambda one: one.console.audit(0, 999))
    acts = [(row.officer, row.about, row.note) for row in rows if row.act == "console.acknowledge"]
    assert (refused.status, taken.status) == (404, 303)
    assert acts == [("duty-a", posted.envelope_id, "")]


async def test_a_stolen_cookie_adds_no_key_and_guessing_there_locks(county: County) -> None:
    """By the very addresses that our script uses; the entrance is locked with it, and says for how long."""
    house = house_of(county)
    who = await house.enrolled("duty-a", Role.DUTY)
    async with console_of(county, house) as port, browser_at(port) as thief, browser_at(port) as door:
        thief.plant(who.secret)
        await thief.get("/me")
        bare = await script(thief, "/me/keys/options", {})
        added = await script(thief, "/me/keys", {"label": "x", "answer": SoftwareKey().register(_ASKED)})
        for number in range(4):
            proof = {"password": PASSWORD, "code": f"{number:06}"}
            assert (await script(thief, "/me/keys/options", {**proof}))[0] == 422
        await thief.post("/me/password", {"password": PASSWORD, "new_password": "短", "again": "短"})
        last = await script(thief, "/me/keys/options", {"password": PASSWORD, "code": "000009"})
        locked = await thief.post("/me/recovery", {"password": PASSWORD, "code": who.telephone.code()})
        await door.get("/login")
        entrance = await door.post("/login", {"officer": "duty-a", "password": PASSWORD})
    assert (bare[0], bare[1]["code"]) == (422, "account.no_factor")
    assert (added[0], added[1]["code"]) == (422, "entering.no_session")
    assert last[1]["code"] == "entering.code"
    assert (locked.status, entrance.status) == (429, 429)
    assert locked.has("失败次数太多")
    assert int(locked.headers["Retry-After"]) > 0
    assert await house.door.accounts.security_keys(await house.visitor(who)) == []
    assert ("duty-a", "account.key_added") not in await acts_of(county)
    assert ("duty-a", "entering.second_refused") in await acts_of(county)


_ASKED: dict[str, JsonValue] = {"publicKey": {"challenge": "AA", "rp": {"id": "localhost"}}}
"""A question that the node never asked."""
