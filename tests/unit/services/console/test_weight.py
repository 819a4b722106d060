"""The pages of a bad night stay light on a thin line, and everything is on the sheets that are printed."""

import re
from typing import Final

import pytest

from schemas.notices import NoticeKind
from schemas.officers import Role
from schemas.pages import Medium, Tier
from schemas.rosters import HandoverNote, Override
from tests import papers
from tests.console import Browser, Shown, visiting
from tests.rosters import COUNTY, VERIFIED, at, in_memory, layer_toml, number, office_toml, room
from tests.world import County, World, alert_draft

MANY: Final = 200
PEOPLE: Final = 60
LAYERS: Final = 5
WEIGHT: Final = 100 * 1024
_PARTS: Final = re.compile(r'(?:src|href)="(/static/[^"]+\.(?:js|css)[^"]*)"')
_NIGHT: Final = (
    "/",
    "/desk/alerts",
    "/inbox",
    "/inbox?unacknowledged=true",
    "/sent",
    "/system/notices",
    "/system/escalations",
)
_ROSTER: Final = ("/roster/records", "/roster/tests", "/roster/new/override", "/roster/new/plan", "/roster/new/note")


async def weight_of(browser: Browser, shown: Shown) -> int:
    """Return the bytes of a page with its styles and scripts."""
    parts = [len((await browser.get(path)).text.encode()) for path in set(_PARTS.findall(shown.text))]
    assert parts or "<html" not in shown.text
    return len(shown.text.encode()) + sum(parts)


async def sheet_of(browser: Browser, path: str) -> list[Shown]:
    """Return every part of a sheet."""
    first = await browser.get(path)
    count = re.search(r"第 1 份，共 ([0-9]+) 份", first.text)
    rest = [await browser.get(f"{path}?part={part}") for part in range(2, int(count[1]) + 1 if count else 2)]
    return [first, *rest]


def officers() -> list[str]:
    """Return the ids of sixty officers."""
    return [f"duty-{number:02}" for number in range(PEOPLE)]


def large_plan() -> str:
    """Return sixty officers with two numbers each, five layers that all of them take turns in, two offices."""
    people = []
    for index, officer in enumerate(officers()):
        people.append(f'[[contacts]]\nofficer = "{officer}"\ndisplay = "应急管理局值班员第{index:02}号"\n')
        people += [
            f'[[contacts.numbers]]\nmedium = "{medium}"\naddress = "{number(index)}"\n'
            + (f"verified_at = {VERIFIED}\n" if index % 2 else "")
            for medium in (Medium.SMS, Medium.VOICE)
        ]
    members = ", ".join(f'"{one}"' for one in officers())
    tiers = ("primary", "primary", "secondary", "secondary", "leader")
    layers = [layer_toml(f"layer{place}", tier, members) for place, tier in enumerate(tiers)]
    offices = [office_toml("office", "值班室", "office", 'medium = "voice"\naddress = "0778-8820110"')]
    return "\n".join([f'county = "{COUNTY}"', *people, *layers[:LAYERS], *offices])


def with_large_roster(county: County) -> County:
    """Give a county a large roster with changes and long notes."""
    county.roster = room(in_memory(large_plan()))
    rostering, now = county.roster.rostering, county.clock.now()
    for place in range(40):
        fields = {
            "starts_at": at(f"2026-03-{6 + place:02} 08:30") if place < 25 else at(f"2026-04-{place - 24:02} 08:30"),
            "ends_at": at(f"2026-03-{6 + place:02} 20:30") if place < 25 else at(f"2026-04-{place - 24:02} 20:30"),
            "officer": f"duty-{place:02}",
            "tier": Tier.PRIMARY,
            "reason": f"第{place:02}次替班，" + "因病" * 40,
        }
        rostering.record(Override, fields, by="duty-01", now=now)
    for place in range(5):
        fields = {"from_officer": "duty-01", "to_officer": "duty-02", "text": f"第{place}条留言：" + "水位上涨" * 490}
        rostering.record(HandoverNote, fields, by="duty-01", now=now)
    return county


@pytest.fixture
async def county() -> County:
    """环江 in a flood: two hundred alerts came, as many of its own stand, and as many notices; a large roster."""
    world = World()
    came, own = world[papers.LIBO], world[papers.HUANJIANG]
    for place in range(MANY // 2):
        for source in (came, own):
            adcode = source.code
            content = papers.alert_content(
                alert_id=f"{adcode}41600000_2026030407{place // 60:02}{place % 60:02}_1",
                headline=f"第{place:03}号：" + "强降雨引发山洪的风险很高请沿河乡镇立即转移" * 2,
            )
            draft = alert_draft(content=content)
            await source.send(draft)
    await world.carry()
    for place in range(MANY):
        about, text = f"{place:064x}", f"第{place:03}件：" + "到时间还没有入库，请打电话核实" * 8
        await own.store.write(
            lambda tx, about=about, text=text: tx.waiting_room.tell(  # type: ignore[misc]
                NoticeKind.NOT_STORED, about, papers.LIBO, text, papers.NOW
            )
        )
    return with_large_roster(own)


async def test_a_flood_makes_pages_too_heavy(county: County) -> None:
    """On the line that a flood has left, a page of half a megabyte never comes."""
    sizes = {}
    async with visiting(county, Role.DUTY, Role.LIAISON) as browser:
        for path in (*_NIGHT, *_ROSTER, "/handover", "/roster", "/roster/people?page=3", "/roster?numbers=true"):
            shown = await browser.get(path)
            assert shown.status == 200, path
            sizes[path] = await weight_of(browser, shown)
        for path in ("/handover/sheet", "/roster/sheet"):
            for place, part in enumerate(await sheet_of(browser, path), 1):
                assert part.status == 200
                sizes[f"{path} {place}"] = await weight_of(browser, part)
    heavy = {path: size for path, size in sizes.items() if size > WEIGHT}
    assert heavy == {}, sizes


async def test_the_printed_hand_over_lists_everything(county: County) -> None:
    """What is folded away on the page must stand on the paper that two people sign."""
    async with visiting(county, Role.DUTY) as browser:
        page = await browser.get("/handover")
        parts = await sheet_of(browser, "/handover/sheet")
    whole = "".join(part.text for part in parts)

    assert page.has("没有列在这里", "已经超过期限" if "已经超过期限" in page.text else "三天内到期")
    for place in range(MANY // 2):
        assert whole.count(f"第{place:03}号：") >= 2, place
    for place in range(MANY):
        assert f"第{place:03}件：" in whole, place
    for place in range(5):
        assert f"第{place}条留言：" in whole, place
    assert len(parts) > 1
    assert [("交班人：" in part.text) for part in parts] == [False] * (len(parts) - 1) + [True]
    assert "（续）" in parts[1].text


async def test_no_record_is_lost_between_two_pages(county: County) -> None:
    """Long notes make a page of records shorter: what does not fit stands first on the next one."""
    found, path = list[int](), "/roster/records"
    async with visiting(county, Role.DUTY) as browser:
        while path:
            shown = await browser.get(path)
            assert await weight_of(browser, shown) <= WEIGHT
            found += map(int, re.findall(r'<tr><td class="number">([0-9]+)</td>', shown.text))
            more = re.search(r'href="(\?before=[0-9]+)" rel="next"', shown.text)
            path = f"/roster/records{more[1]}" if more else ""
    assert found == list(range(45, 0, -1))


async def test_nobody_is_lost_from_a_large_roster(county: County) -> None:
    """Sixty people do not fit on one page; each of them is on one, and on the sheet."""
    async with visiting(county, Role.DUTY, Role.LIAISON) as browser:
        first = await browser.get("/roster")
        pages = [await browser.get(f"/roster/people?page={one}") for one in range(1, 5)]
        beyond = await browser.get("/roster/people?page=5")
        sheet = "".join(part.text for part in await sheet_of(browser, "/roster/sheet"))
        whole = await browser.get("/roster/people?page=2&numbers=true")
    async with visiting(county, Role.ADMINISTRATOR) as browser:
        unread = "".join(part.text for part in await sheet_of(browser, "/roster/sheet"))

    assert first.has("共 61 个，这里是前 20 个", 'href="/roster/people?page=2"', "等 60 人")
    for officer in officers():
        assert sum(f'<span class="mono">{officer}</span>' in page.text for page in pages) == 1, officer
        assert f"<td>{officer}</td>" in sheet, officer
    assert pages[3].has("值班室")
    assert beyond.status == 404
    assert number(25) not in pages[1].text
    assert number(25) in whole.text
    assert sheet.count("次替班，") == 40
    assert number(1) not in sheet
    assert ("第0条留言：" in sheet, "第0条留言：" in unread) == (True, False)
