"""Whoever presses on a page signs with a key of their own; where the session opens none, the page says who vouches."""

import re
from dataclasses import replace

import pytest

from schemas.control import ReleaseMode
from schemas.officers import Role
from schemas.releases import ReleaseRow
from services.domain.encoding import to_base64url
from tests import papers
from tests.caller import calling
from tests.console import Browser, visiting
from tests.papers import HUANJIANG, LIBO
from tests.releasing import SCOPES
from tests.world import County, World, alert_draft, policy_draft

KEY = papers.officer_key(LIBO)
"""Of 值班员乙 of 环江; every key of these tests has a name, and this is its name."""
OWN, VOUCHED = "本人密钥签名", "节点代证"


@pytest.fixture
def world() -> World:
    """环江 has a second officer."""
    made = World()
    made[HUANJIANG].directory.credentials["duty-b"] = papers.credential(
        HUANJIANG, officer="duty-b", display_name="值班员乙", roles=(Role.LIAISON,), public=to_base64url(KEY.public)
    )
    return made


async def kept(county: County) -> str:
    """Let 值班员甲 keep a draft by the API; return its page."""
    async with calling(county, county.let_in("first", *SCOPES, officer="duty-a")) as caller:
        begun = await caller.post("/drafts", json=policy_draft(to=[LIBO]))
    assert begun.status == 201, begun.body
    return f"/drafts/{begun.body['draft']['id']}"


async def pressed(browser: Browser, page: str) -> dict[str, str]:
    """Return what the button of a page sends that approves and releases."""
    text = (await browser.get(page)).text
    hidden = dict(re.findall(r'name="(digest|terms)" value="([0-9a-f]{64})"', text))
    assert set(hidden) == {"digest", "terms"}
    return {"verdict": "approve_send"} | hidden


async def rows_of(county: County, location: str) -> list[ReleaseRow]:
    event = location.removeprefix("/events/").partition("?")[0]
    return await county.store.read(lambda s: s.releases.of_event(event))


async def test_who_hands_in_and_who_approves_have_signed(world: World) -> None:
    """By the press alone: nobody is asked for anything more."""
    county, there = world[HUANJIANG], world[LIBO]
    page = await kept(county)
    async with visiting(county, Role.DUTY) as author:
        assert (await author.post(f"{page}/submission")).location.startswith(page)
        assert (await author.get(page)).has(f"送审：{OWN}")
    async with visiting(county, Role.LIAISON, officer="duty-b", key=KEY) as second:
        sent = await second.post(f"{page}/review", await pressed(second, page))
        event = await second.get(sent.location)
    await world.carry()
    async with visiting(there, Role.DUTY) as reader:
        seen = await reader.get(sent.location.partition("?")[0])
    for shown in (event, seen):
        assert len(re.findall(rf"值班员[甲乙]（{OWN}，", shown.text)) == 2
        assert f"（{VOUCHED}）" not in shown.text
    (row,) = await rows_of(there, sent.location)
    assert [one.signed_at is not None for one in row.officers] == [True, True]


async def test_a_session_that_opens_no_key_approves_unsigned_and_the_page_says_so(world: World) -> None:
    """Not the same thing, and not shown as if it were."""
    county = world[HUANJIANG]
    page = await kept(county)
    async with visiting(county, Role.DUTY) as author:
        await author.post(f"{page}/submission")
    async with visiting(county, Role.LIAISON, officer="duty-b") as second:
        sent = await second.post(f"{page}/review", await pressed(second, page))
        event = await second.get(sent.location)
    assert event.has(f"值班员乙（{VOUCHED}）")
    assert re.search(rf"值班员甲（{OWN}，", event.text)


async def test_nothing_is_signed_that_was_not_shown(world: World) -> None:
    """The agreement is replaced between the look and the press: the press is refused, and signs nothing unseen."""
    county = world[HUANJIANG]
    page = await kept(county)
    async with calling(county, county.let_in("first", *SCOPES, officer="duty-a")) as caller:
        await caller.post(f"{page}/submission")  # unsigned: only what the second officer saw is in question
    async with visiting(county, Role.LIAISON, officer="duty-b", key=KEY) as second:
        form = await pressed(second, page)
        agreed = county.directory.trusted.agreement(papers.AGREEMENT)
        assert agreed is not None
        county.directory.trusted = papers.trust(replace(agreed, reference=f"{papers.AGREEMENT}@2:{'0' * 64}"))
        refused = await second.post(f"{page}/review", form)
        for name in ("digest", "terms"):
            stale = await second.post(f"{page}/review", await pressed(second, page) | {name: "0" * 64})
            assert (stale.status, stale.has("没有办成", "待审")) == (422, True)
    assert (refused.status, refused.has('data-code="release.other_event"', "待审")) == (422, True)


async def test_a_countersignature_is_signed_by_the_press(world: World) -> None:
    """By whom, and since when."""
    county = world[HUANJIANG]
    draft = alert_draft(alone=True, to=[LIBO])
    async with calling(county, county.let_in("first", *SCOPES, officer="duty-a")) as caller:
        event = (await caller.post("/events", json=draft)).body["envelope_id"]
    await county.clock.move(600)
    async with visiting(county, Role.LIAISON, officer="duty-b", key=KEY) as second:
        await second.post(f"/events/{event}/countersignature")
        shown = await second.get(f"/events/{event}")
    rows = await rows_of(county, f"/events/{event}")
    assert [(row.mode, row.officers[0].signed_at is not None) for row in rows] == [
        (ReleaseMode.ALONE, False),
        (ReleaseMode.COUNTERSIGNED, True),
    ]
    assert shown.has(f"值班员甲（{VOUCHED}）", f"值班员乙（{OWN}，")
