"""The pages of enrolling: from a link to ten codes on paper, without a script."""

import re

import pytest

from schemas.officers import Role
from services.domain.one_time import STEP_SECONDS
from tests import papers
from tests.console import Browser, Shown, at_the_door, house_of
from tests.entering import PASSWORD, House, Officer, Telephone
from tests.world import County, World


@pytest.fixture
def county() -> County:
    return World()[papers.HUANJIANG]


@pytest.fixture
def house(county: County) -> House:
    return house_of(county)


async def made(browser: Browser, secret: str, password: str = PASSWORD, again: str | None = None) -> Shown:
    """Go as far as the password."""
    await browser.get("/enrol")
    await browser.post("/enrol", {"invitation": secret})
    fields = {"invitation": secret, "password": password, "again": again or password, "go": "make"}
    return await browser.post("/enrol", fields)


def secret_in(page: Shown) -> str:
    """Read the telephone's secret off a page as a person does."""
    found = re.search(r'class="mono secret">([A-Z2-7 \n]+)<', page.text)
    assert found is not None
    return "".join(found[1].split())


async def test_from_a_link_to_the_desk(county: County, house: House) -> None:
    """An officer without script, in one go; and the same telephone lets in the next day."""
    link = f"http://localhost:8640/enrol#{house.told('duty-a', Role.DUTY, Role.LIAISON)}"
    async with at_the_door(county, house) as browser:
        asked = await browser.get("/enrol")
        invited = await browser.post("/enrol", {"invitation": f"  {link} "})
        secret = link.partition("#")[2]
        first = await browser.post(
            "/enrol", {"invitation": secret, "password": PASSWORD, "again": PASSWORD, "go": "make"}
        )
        shown = await browser.get(first.location)
        telephone = Telephone(secret_in(shown), county.clock)
        wrong = await browser.post("/enrol/second", {"code": "123456"})
        done = await browser.post("/enrol/second", {"code": telephone.code()})
        desk = await browser.get("/")
        codes = re.findall(r'class="mono">([^<]+)<', done.text)
        await browser.post("/logout")
        await county.clock.move(STEP_SECONDS)
        later = await browser.log_in(Officer("duty-a", telephone, tuple(codes), ""))

    assert asked.has("邀请码", 'autocomplete="off"')
    assert invited.has("duty-a 甲", "值班员、联络员", 'autocomplete="new-password"')
    assert first.location == "/enrol/second"
    assert shown.has("<svg", "验证器应用")
    assert "style=" not in shown.text
    assert wrong.status == 422
    assert wrong.has("验证码不对", "<svg")
    assert done.has("只显示这一次")
    assert len(codes) == 10
    assert desk.has("duty-a 甲")
    assert later.location == "/"


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("短 abc1", None, "密码太短"),
        (PASSWORD, PASSWORD + "x", "两次输入的密码不一样"),
        ("password1234!", None, "太常见"),
        ("my duty-a is 我的", None, "不要有自己的账号"),
        (" 前后有空格 of a line", None, "首尾不要有空格"),
        ("长" * 300, None, "密码太长"),
    ],
)
async def test_a_password_that_is_refused_costs_nothing(
    county: County, house: House, password: str, again: str | None, said: str
) -> None:
    """The invitation must still count, and the page say the mend."""
    secret = house.told("duty-a", Role.DUTY)
    async with at_the_door(county, house) as browser:
        shown = await made(browser, secret, password, again)
        assert shown.status == 422
        assert shown.has(said, "duty-a 甲", secret)
        assert password not in shown.text
        assert (await made(browser, secret)).status == 303


@pytest.mark.parametrize("secret", ["", "f" * 64, "值" * 500, "<script>alert(1)</script>"])
async def test_what_is_no_invitation_is_said(county: County, house: House, secret: str) -> None:
    """And is not written back into the page."""
    async with at_the_door(county, house) as browser:
        await browser.get("/enrol")
        shown = await browser.post("/enrol", {"invitation": secret})
    assert shown.status == 422
    assert shown.has("邀请已用过、撤回或过期", 'name="invitation"')
    assert "<script>alert" not in shown.text


async def test_an_invitation_counts_once(county: County, house: House) -> None:
    """A link that stays in a mail must not make a second account."""
    secret = house.told("duty-a", Role.DUTY)
    async with at_the_door(county, house) as browser:
        assert (await made(browser, secret)).status == 303
        assert (await made(browser, secret)).status == 422


async def test_what_was_left_half_done_goes_on_after_the_password(county: County, house: House) -> None:
    """The telephone was in the other room: half an hour later the password leads back to the picture."""
    async with at_the_door(county, house) as browser:
        await made(browser, house.told("duty-a", Role.DUTY))
        first = secret_in(await browser.get("/enrol/second"))
        await county.clock.move(1801)
        late = await browser.post("/enrol/second", {"code": "123456"})
        await browser.get("/login")
        again = await browser.post("/login", {"officer": "duty-a", "password": PASSWORD})
        sent_on = await browser.get("/login/second")
        shown = await browser.get("/enrol/second")

    assert late.location == "/login?why=late"
    assert (again.location, sent_on.location) == ("/enrol/second", "/enrol/second")
    assert secret_in(shown) == first


async def test_who_has_enrolled_is_not_shown_the_secret_again(county: County, house: House) -> None:
    """Whoever sits down at a desk that was left open must not get a second telephone out of it."""
    who = await house.enrolled("duty-a", Role.DUTY)
    async with at_the_door(county, house) as browser:
        await browser.log_in(who)
        shown = await browser.get("/enrol/second")
        assert shown.location == "/login?why=late"
        assert (await browser.get(shown.location)).location == "/"  # and is still inside
