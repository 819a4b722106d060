"""The pages of entering, in a browser without script: in with two factors, out again, and nowhere else."""

import pytest
from pydantic import JsonValue

from schemas.officers import Role
from services.console.threshold import own_path
from services.domain.lockout import OFFICER as RULE
from services.domain.one_time import STEP_SECONDS
from tests import papers
from tests.console import Browser, at_the_door, browser_at, console_of, house_of
from tests.entering import DESK, PASSWORD, House, Officer, SoftwareKey
from tests.world import County, World

FORM = "application/x-www-form-urlencoded"
WRONG = "这不是那个密码 at all"


@pytest.fixture
def county() -> County:
    return World()[papers.HUANJIANG]


@pytest.fixture
def house(county: County) -> House:
    return house_of(county)


@pytest.fixture
async def duty(house: House) -> Officer:
    return await house.enrolled("duty-a", Role.DUTY)


async def shown_password(browser: Browser, officer: str = "duty-a", password: str = PASSWORD) -> str:
    """Take the first step; return where it leads to."""
    await browser.get("/login")
    return (await browser.post("/login", {"officer": officer, "password": password})).location


async def test_two_factors_lead_to_the_page_that_was_wanted(county: County, house: House, duty: Officer) -> None:
    """Whoever follows a link from a message at night must land on the alert, not on a desk to search."""
    async with at_the_door(county, house) as browser:
        turned_away = await browser.get("/inbox?level=1")
        first = await browser.get(turned_away.location)
        half = await browser.post("/login", {"officer": "duty-a", "password": PASSWORD, "next": "/inbox?level=1"})
        asked = await browser.get(half.location)
        kept_out = await browser.get("/inbox")
        full = await browser.post(half.location, {"by": "totp", "code": duty.telephone.code()})
        inbox = await browser.get(full.location)

    assert turned_away.location.startswith("/login?next=")
    assert first.has('name="officer"', "duty-a", 'value="/inbox?level=1"')
    assert half.location == "/login/second?next=/inbox%3Flevel%3D1"
    assert asked.has("第二步", "duty-a 甲", "恢复码")
    assert "安全密钥</h2>" not in asked.text
    assert kept_out.status == 303
    assert (full.location, inbox.status) == ("/inbox?level=1", 200)
    assert inbox.has("duty-a 甲", "退出")


async def test_each_raise_of_strength_gives_another_secret(county: County, house: House, duty: Officer) -> None:
    """A cookie that was planted or seen before the log-in must be worth nothing after it."""
    async with at_the_door(county, house) as browser:
        browser.plant("f" * 64)
        await shown_password(browser)
        half = browser.secret
        await browser.get("/login/second")
        await browser.post("/login/second", {"by": "totp", "code": duty.telephone.code()})
        full = browser.secret
        async with browser_at(browser.port) as other:
            other.plant(half)
            assert (await other.get("/inbox")).status == 303
    assert len({"f" * 64, half, full}) == 3


@pytest.mark.usefixtures("duty")
async def test_the_cookie_is_kept_from_scripts_and_other_sites(county: County, house: House) -> None:
    """A script that strays into a page, a form of another site, or a line without TLS must not get it."""
    async with at_the_door(county, house, origin="https://console.example") as browser:
        first = await browser.get("/login")
        token = first.headers["Set-Cookie"]
        cookies = {"__Host-sihu-open": token.partition("=")[2].partition(";")[0]}
        shown = await browser.post(
            "/login",
            {"officer": "duty-a", "password": PASSWORD},
            headers={"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items()), "Origin": "https://console.example"},
        )
    assert token.startswith("__Host-sihu-open=")
    for one in (token, shown.headers["Set-Cookie"]):
        assert all(part in one for part in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"))
        assert "Domain" not in one
    assert shown.headers["Set-Cookie"].startswith("__Host-sihu=")
    assert "Max-Age=600" in shown.headers["Set-Cookie"]


@pytest.mark.usefixtures("duty")
async def test_an_unknown_officer_sees_what_a_wrong_password_sees(county: County, house: House) -> None:
    """Else a stranger learns from the page who works here."""
    async with at_the_door(county, house) as browser:
        await browser.get("/login")
        unknown = await browser.post("/login", {"officer": "nobody-a", "password": WRONG})
        wrong = await browser.post("/login", {"officer": "duty-a", "password": WRONG})
        empty = await browser.post("/login", {})

    assert (unknown.status, wrong.status, empty.status) == (422, 422, 422)
    assert unknown.text.replace("nobody-a", "duty-a") == wrong.text
    assert wrong.has("账号或密码不对", 'value="duty-a"')
    assert WRONG not in wrong.text


@pytest.mark.usefixtures("duty")
async def test_a_lock_tells_until_when_and_is_over_then(county: County, house: House) -> None:
    """Who is locked out and not told how long keeps pressing, and waits the longer for it."""
    async with at_the_door(county, house) as browser:
        await browser.get("/login")
        for _ in range(RULE.failures):
            await browser.post("/login", {"officer": "duty-a", "password": WRONG})
        locked = await browser.post("/login", {"officer": "duty-a", "password": PASSWORD})
        assert locked.status == 429
        assert locked.has("暂时锁定；请在", "以后再试", "约 1 分钟")
        assert 0 < int(locked.headers["Retry-After"]) <= 61
        await county.clock.move(int(locked.headers["Retry-After"]))
        assert await shown_password(browser) == "/login/second"


async def test_a_code_counts_once_and_a_wrong_one_is_said(county: County, house: House, duty: Officer) -> None:
    """A code that was looked over the shoulder must not open a second browser."""
    async with console_of(county, house) as port, browser_at(port) as browser, browser_at(port) as second:
        code = duty.telephone.code()
        await shown_password(browser)
        await browser.get("/login/second")
        wrong = await browser.post("/login/second", {"by": "totp", "code": "000000"})
        first = await browser.post("/login/second", {"by": "totp", "code": code})
        await shown_password(second)
        await second.get("/login/second")
        again = await second.post("/login/second", {"by": "totp", "code": code})
        await county.clock.move(STEP_SECONDS)
        late = await second.post("/login/second", {"by": "totp", "code": duty.telephone.code(STEP_SECONDS)})

    assert (wrong.status, first.status, again.status) == (422, 303, 422)
    assert wrong.has("验证码不对、过期或已用过")
    assert late.status == 303  # a telephone half a minute ahead


async def test_a_recovery_code_lets_in_once(county: County, house: House, duty: Officer) -> None:
    """Whoever lost the telephone must get in tonight; whoever found the used sheet must not."""
    async with at_the_door(county, house) as browser:
        await shown_password(browser)
        await browser.get("/login/second")
        first = await browser.post("/login/second", {"by": "recovery", "code": duty.codes[0].lower()})
        desk = await browser.get("/")
        await browser.post("/logout")
        await shown_password(browser)
        await browser.get("/login/second")
        again = await browser.post("/login/second", {"by": "recovery", "code": duty.codes[0]})

    assert first.status == 303
    assert desk.has("已用一个恢复码登录")
    assert again.status == 422
    assert again.has("这不是您的恢复码，或已用过", '<details class="sheet" open>')


async def test_logging_out_ends_it_here_and_at_the_node(county: County, house: House, duty: Officer) -> None:
    """A copy of the cookie must be worth nothing once the officer has gone home."""
    async with console_of(county, house) as port, browser_at(port) as browser, browser_at(port) as thief:
        await browser.log_in(duty)
        thief.plant(browser.secret)
        assert (await thief.get("/inbox")).status == 200
        forged = await browser.session.post("/logout", data={"csrf": "guessed"}, allow_redirects=False)
        left = await browser.post("/logout")
        shown = await browser.get("/login")
        assert (await thief.get("/inbox")).status == 303
        twice = await browser.post("/logout")

    assert forged.status == 403
    assert (left.status, left.location, browser.secret) == (303, "/login", "")
    assert shown.has("已退出登录")
    assert (twice.status, twice.location) == (303, "/login")


@pytest.mark.usefixtures("duty")
async def test_whoever_is_the_wrong_one_can_go_back_half_way(county: County, house: House) -> None:
    """At a shared computer the name of the last shift stands there."""
    async with at_the_door(county, house) as browser:
        await shown_password(browser)
        page = await browser.get("/login/second")
        token = page.text.partition('action="/logout"')[2].partition('value="')[2].partition('"')[0]
        left = await browser.session.post("/logout", data={"csrf": token}, allow_redirects=False)
        assert left.status == 303
        assert (await browser.get("/login/second")).location == "/login"


@pytest.mark.usefixtures("duty")
async def test_another_site_logs_nobody_in(county: County, house: House) -> None:
    """Else an officer works in an account of a stranger's choosing, who reads what was typed there."""
    fields = {"officer": "duty-a", "password": PASSWORD}
    async with at_the_door(county, house) as browser:
        blind = await browser.post("/login", fields)
        await browser.get("/login")
        foreign = await browser.post("/login", fields, headers={"Origin": "https://elsewhere.example"})
        framed = await browser.post("/login", fields, headers={"Sec-Fetch-Site": "cross-site"})
        json = await browser.session.post("/login", json=fields)

    assert [blind.status, foreign.status, framed.status, json.status] == [403, 403, 403, 403]
    assert blind.has("页面已过时")
    assert foreign.has("来自别的网站")
    assert browser.secret == ""


@pytest.mark.usefixtures("duty")
async def test_whatever_a_browser_sends_is_answered(county: County, house: House) -> None:
    """A header or a field that is no text must not stop the node."""
    async with at_the_door(county, house) as browser:
        await browser.get("/login")
        for agent in (b"\xff\xfe".decode("utf-8", "surrogateescape"), "值" * 300):
            shown = await browser.post(
                "/login", {"officer": "值\0班", "password": "\0" * 9999}, headers={"User-Agent": agent}
            )
            assert shown.status == 422
        assert (await browser.session.post("/login", data=b"%ff=%ff", headers={"Content-Type": FORM})).status == 400
    assert county.crashes == []


async def test_a_session_that_ended_half_way_begins_again(county: County, house: House, duty: Officer) -> None:
    """Ten minutes at the telephone: the page must say so and not call the code wrong."""
    async with at_the_door(county, house) as browser:
        await shown_password(browser)
        await browser.get("/login/second")
        await county.clock.move(601)
        late = await browser.post("/login/second", {"by": "totp", "code": duty.telephone.code(), "next": "/inbox"})
        shown = await browser.get(late.location)

    assert late.location == "/login?why=late&next=%2Finbox"
    assert shown.has("登录超时或已结束", 'value="/inbox"')


async def test_pressed_twice_nobody_is_thrown_out(county: County, house: House, duty: Officer) -> None:
    """A double click sends the code twice; the second answer must not take the first one's session away."""
    async with at_the_door(county, house) as browser:
        await shown_password(browser)
        await browser.get("/login/second")
        half, fields = browser.secret, {"csrf": browser.csrf, "by": "totp", "code": duty.telephone.code()}
        await browser.post("/login/second", fields)
        cookies = {one.key: one.value for one in browser.session.cookie_jar} | {"sihu": half}
        again = await browser.post("/login/second", fields, headers={"Cookie": spelt(cookies)})
        assert "sihu=" not in again.headers.get("Set-Cookie", "")
        assert (await browser.get("/inbox")).status == 200
        assert (await browser.get("/login")).location == "/"


def spelt(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


@pytest.mark.parametrize(
    "text",
    [
        "//elsewhere.example",
        "/\\elsewhere.example",
        "https://elsewhere.example/",
        "javascript:alert(1)",
        "/\t/elsewhere.example",
        "/a b",
        "inbox",
        "/login?next=/inbox",
        "/logout",
        "/" + "a" * 2000,
        "",
    ],
)
def test_nobody_is_sent_elsewhere_behind_the_log_in(text: str) -> None:
    """A link in a mail shows our address and must not lead to a copy of our page."""
    assert own_path(text) == ""


async def test_before_the_first_account_the_way_to_it_is_shown(county: County, house: House) -> None:
    """An empty node must say what to type, and nobody may take the first account from the network."""
    async with at_the_door(county, house) as browser:
        login = await browser.get("/login")
        setup = await browser.get("/setup")
        await house.enrolled("admin-a", Role.ADMINISTRATOR)
        closed = await browser.get("/setup")
        after = await browser.get("/login")

    assert login.has('href="/setup"')
    assert "/setup" not in after.text
    assert setup.has("sihu officer invite admin-a")
    assert (closed.status, closed.location) == (303, "/login")


async def test_the_administrator_begins_where_administrators_work(county: County, house: House) -> None:
    """The duty desk is closed to the administrator: being sent there would look like a broken account."""
    admin = await house.enrolled("admin-a", Role.ADMINISTRATOR)
    async with at_the_door(county, house) as browser:
        assert (await browser.log_in(admin)).location == "/system/officers"
        assert (await browser.get("/")).location == "/system/officers"


async def test_a_security_key_lets_in(county: County, house: House, duty: Officer) -> None:
    """The page offers what is registered, and takes what the key has signed for this page."""
    key = SoftwareKey()
    visitor = await house.visitor(duty)
    options = await house.door.accounts.begin_key(visitor, duty.secret, await house.proof(duty), DESK)
    assert isinstance(options, dict)
    await house.door.accounts.add_key(visitor, duty.secret, "办公室", key.register(options))
    async with at_the_door(county, house) as browser:
        await shown_password(browser)
        page = await browser.get("/login/second")
        asked = await script(browser, "/login/key/options", {})
        refused = await script(browser, "/login/key", {"id": "x"})
        asked_again = await script(browser, "/login/key/options", {})
        taken = await script(browser, "/login/key?next=/inbox", key.sign(asked_again))
        assert (await browser.get("/inbox")).status == 200

    assert page.has("webauthn.", "插入并触碰安全密钥")
    assert "challenge" in str(asked["publicKey"])
    assert "安全密钥没有通过" in str(refused["problem"])
    assert taken == {"next": "/inbox"}


async def script(browser: Browser, path: str, body: JsonValue) -> dict[str, JsonValue]:
    """Do what a script of ours does."""
    async with browser.session.post(path, json=body, headers={"X-Sihu-Csrf": browser.csrf}) as reply:
        found: dict[str, JsonValue] = await reply.json()
        return found


async def test_every_open_page_has_the_headers_of_all_others(county: County, house: House) -> None:
    """The page that takes passwords is the one that others would like to frame."""
    async with at_the_door(county, house) as browser:
        for path in ("/login", "/enrol", "/setup"):
            shown = await browser.get(path)
            assert shown.headers["X-Frame-Options"] == "DENY"
            assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
            assert shown.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),  # what stands before the last, the browser itself may have sent
        ("2001:db8::7", "2001:db8::7"),
        ("", "127.0.0.1"),
        ("<script>", "127.0.0.1"),
        ("203.0.113.9, unknown", "127.0.0.1"),
    ],
)
async def test_behind_a_proxy_each_browser_has_its_own_address(
    county: County, house: House, duty: Officer, sent: str, kept: str
) -> None:
    """Else one who guesses locks out the whole county, and the list of sessions says nothing."""
    async with at_the_door(county, house, forwarded=True) as browser:
        browser.session.headers["X-Forwarded-For"] = sent
        await browser.log_in(duty)
        assert (await browser.get("/me")).has(f">{kept}</td>")


async def test_without_a_proxy_nobody_chooses_an_address(county: County, house: House, duty: Officer) -> None:
    """A new one for each guess would never be locked."""
    async with at_the_door(county, house) as browser:
        browser.session.headers["X-Forwarded-For"] = "203.0.113.9"
        await browser.log_in(duty)
        assert (await browser.get("/me")).has(">127.0.0.1</td>")
