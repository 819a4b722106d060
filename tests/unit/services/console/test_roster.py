"""The roster's pages: gaps are seen and mended at the desk, no change runs over another, numbers stay masked."""

import io
import re

import aiohttp
import pytest

from schemas.officers import Role
from tests import papers
from tests.console import Browser, Shown, visiting
from tests.rosters import PLAN, in_memory, number, room
from tests.world import County, World

_GAP = PLAN.replace('"duty-a", "duty-b"', '"duty-a"').replace('name = "day"', 'name = "day"\nends_on = 2026-03-05')


@pytest.fixture
def county() -> County:
    one = World()[papers.HUANJIANG]
    one.roster = room(in_memory())
    return one


def version_in(shown: Shown) -> str:
    """Return the version that a form was made from."""
    found = re.search(r'name="version" value="([0-9a-f]{32})"', shown.text)
    assert found, shown.text
    return found[1]


async def record(browser: Browser, kind: str, fields: dict[str, str]) -> Shown:
    """Open a form and send it."""
    opened = await browser.get(f"/roster/new/{kind}")
    assert opened.status == 200, opened.text
    return await browser.post(f"/roster/new/{kind}", {"version": version_in(opened), **fields})


STAND_IN = {
    "officer": "duty-c",
    "replaces": "duty-a",
    "from": "2026-03-06T08:30",
    "to": "2026-03-07T08:30",
    "reason": "病假<b>",
}


async def test_who_stands_and_who_will_is_seen_without_numbers(county: County) -> None:
    """A page of telephone numbers in a duty room is a list for whoever stands behind the desk."""
    async with visiting(county, Role.DUTY) as browser:
        shown = await browser.get("/roster")

    assert shown.status == 200
    assert shown.has(
        "此刻在岗", "值班员乙", "今后十四天", "03-04 周三", "03-17 周二", "按日轮换，08:30 交班", "替班、补缺"
    )
    assert number(1) not in shown.text
    assert "显示完整号码" not in shown.text


async def test_only_a_liaison_sees_numbers_whole(county: County) -> None:
    """The scope belongs to one role; an address typed by hand must not open more."""
    async with visiting(county, Role.LIAISON) as browser:
        offered, whole = await browser.get("/roster"), await browser.get("/roster?numbers=true")
    async with visiting(county, Role.DUTY) as browser:
        refused = await browser.get("/roster?numbers=true")

    assert offered.has("显示完整号码")
    assert number(1) in whole.text
    assert refused.status == 403
    assert number(1) not in refused.text


async def test_a_gap_is_marked_and_filled_from_where_it_stands() -> None:
    """A gap that is only told is still there at night."""
    county = World()[papers.HUANJIANG]
    county.roster = room(in_memory(_GAP))
    async with visiting(county, Role.DUTY) as browser:
        before = await browser.get("/roster")
        link = re.findall(r'href="(/roster/new/override\?tier=primary[^"]+)"', before.text)[0].replace("&amp;", "&")
        form = await browser.get(link)
        fields = {"officer": "duty-c", "tier": "primary", "from": "2026-03-06T08:30", "to": "2026-03-20T00:00"}
        done = await record(browser, "override", fields | {"reason": "补缺"})
        after = await browser.get("/roster")

    assert before.has("主班无人值班", "无人")
    assert form.has('value="2026-03-06T08:30"', '<option value="primary" selected>')
    assert done.status == 303
    assert not after.has("主班无人值班")


async def test_a_stand_in_is_recorded_shown_escaped_and_withdrawn(county: County) -> None:
    """What an officer typed stands in every later page: it must not become markup there."""
    async with visiting(county, Role.DUTY) as browser:
        done = await record(browser, "override", STAND_IN)
        shown = await browser.get("/roster")
        listed = await browser.get("/roster/records")
        link = re.findall(r'href="/roster/new/withdrawal\?record=([0-9a-f]{32})"', shown.text)[0]
        form = await browser.get(f"/roster/new/withdrawal?record={link}")
        fields = {"version": version_in(form), "record": link, "reason": "记错"}
        gone = await browser.post("/roster/new/withdrawal", fields)
        after = await browser.get("/roster/records")

    assert (done.status, done.location) == (303, "/roster")
    assert shown.has("值班员丙替值班员甲", "病假&lt;b&gt;")
    assert "<b>" not in shown.text + listed.text + form.text
    assert form.has("值班员丙替值班员甲")
    assert gone.status == 303
    assert after.has("已撤销", "记错")


async def test_whoever_was_overtaken_looks_again_and_loses_nothing(county: County) -> None:
    """Two officers at two desks: the second must not silently undo the first, nor type everything again."""
    async with visiting(county, Role.DUTY) as browser:
        stale = version_in(await browser.get("/roster/new/override"))
        await record(browser, "override", STAND_IN)
        refused = await browser.post("/roster/new/override", {"version": stale, **STAND_IN})
        again = await browser.post(
            "/roster/new/override", {"version": version_in(refused), **STAND_IN, "officer": "head-a"}
        )

    assert refused.status == 422
    assert refused.has("别人改过值班表", 'value="病假&lt;b&gt;"', '<option value="duty-c" selected>')
    assert again.status == 303


async def test_what_is_refused_stands_at_its_field(county: County) -> None:
    """A span that runs backwards must point at its end, with all else still typed."""
    async with visiting(county, Role.DUTY) as browser:
        refused = await record(browser, "override", STAND_IN | {"to": "2026-03-05T08:30"})

    assert refused.status == 422
    assert refused.has("没有记下", "至：结束要晚于开始", 'value="2026-03-05T08:30"', "aria-invalid")


async def test_two_officers_swap_and_a_plan_takes_over(county: County) -> None:
    """A flood lasts a week: another plan stands then, and its members may be named by their desks."""
    swap = {
        "first": "duty-a",
        "first_from": "2026-03-06T08:30",
        "first_to": "2026-03-07T08:30",
        "second": "duty-b",
        "second_from": "2026-03-07T08:30",
        "second_to": "2026-03-08T08:30",
        "reason": "调班",
    }
    plan = {
        "name": "汛期",
        "from": "2026-03-09T08:30",
        "to": "2026-03-12T08:30",
        "reason": "汛期值守",
        "primary_members": "值班员丙\nduty-a",
        "primary_rotation": "daily",
        "primary_handover": "08:30",
        "secondary_members": "",
    }
    async with visiting(county, Role.LIAISON) as browser:
        swapped, planned = await record(browser, "swap", swap), await record(browser, "plan", plan)
        nobody = await record(browser, "plan", plan | {"primary_members": "值班员癸"})
        long = await record(browser, "plan", plan | {"name": "汛" * 31})
        unnamed = await record(browser, "swap", swap | {"first": ""})
        shown = await browser.get("/roster")

    assert (swapped.status, planned.status, nobody.status) == (303, 303, 422)
    assert nobody.has("值班员癸", "没有记下", "轮到的人：")
    assert long.has("<li>名称：太长，最多 30 字，请缩短。")
    assert unnamed.has("<li>甲方谁：这一栏要填。")
    assert shown.has("对调", "执行“汛期”", "值班员丙、值班员甲")


async def test_a_note_that_is_too_long_says_by_how_much_it_may_be(county: County) -> None:
    """Whoever hands over at eight has no time to guess which of the fields is too long, and for what."""
    async with visiting(county, Role.DUTY) as browser:
        wrong = await record(browser, "note", {"to_officer": "duty-b", "text": "水" * 2_001})
    assert wrong.status == 422
    assert wrong.has("<li>留言：太长，最多 2000 字，请缩短。", "水" * 2_001)


async def test_a_note_and_a_number_are_recorded(county: County) -> None:
    """The one who comes reads the note; a number counts once its owner answered by it."""
    async with visiting(county, Role.DUTY) as browser:
        left = await record(browser, "note", {"to_officer": "duty-b", "text": "水位上涨\n<script>alert(1)</script>"})
        marked = await record(browser, "mark", {"owner": "duty-a", "address": number(1), "mark": "tested"})
        wrong = await record(browser, "mark", {"owner": "duty-a", "address": "13900009999", "mark": "tested"})
        shown = await browser.get("/roster")
    async with visiting(county, Role.ADMINISTRATOR) as browser:
        kept_out = await browser.get("/roster")

    assert (left.status, marked.status, wrong.status) == (303, 303, 422)
    assert shown.has("水位上涨", "&lt;script&gt;")
    assert "水位上涨" not in kept_out.text


async def test_a_calendar_goes_out_and_comes_in(county: County) -> None:
    """Rosters live in calendar programs, too; a file that cannot be read says at which line."""
    async with visiting(county, Role.DUTY) as browser:
        given = await browser.get("/roster.ics")
        form = await browser.get("/roster/import")
        taken = await _upload(browser, version_in(form), given.text.encode())
        again = await browser.get("/roster/import")
        broken = await _upload(browser, version_in(again), b"BEGIN:VCALENDAR\r\nnonsense")
        none = await browser.post("/roster/import", {"version": version_in(again)})
        shown = await browser.get("/roster/records")

    assert given.text.startswith("BEGIN:VCALENDAR")
    assert taken.status == 303, taken.text
    assert broken.status == 422
    assert broken.has("没有导入")
    assert none.status == 422
    assert shown.has("duty.ics")


async def _upload(browser: Browser, version: str, data: bytes) -> Shown:
    form = aiohttp.FormData({"csrf": "the-token-of-this-session", "version": version, "days": "31"})
    form.add_field("file", io.BytesIO(data), filename="duty.ics", content_type="text/calendar")
    async with browser.session.post("/roster/import", data=form, allow_redirects=False) as reply:
        return Shown(reply.status, reply.headers.copy(), await reply.text())


async def test_a_file_that_is_too_large_or_cut_off_ends_in_a_sentence(county: County) -> None:
    """A broken upload is a visitor's mistake, never an error of ours that ends the node."""
    head = {"Content-Type": "multipart/form-data; boundary=x"}
    cut = b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nthe-token'
    async with visiting(county, Role.DUTY) as browser:
        version = version_in(await browser.get("/roster/import"))
        large = await _upload(browser, version, b"x" * (1024 * 1024 + 1))
        async with browser.session.post("/roster/import", data=cut, headers=head) as reply:
            broken = reply.status
        async with browser.session.post("/roster/import", data=b"", headers=head) as reply:
            empty = reply.status

    assert large.status == 422
    assert large.has("未能办理")
    assert (broken, empty) == (400, 400)
    assert not county.crashes


async def test_due_numbers_are_listed_with_what_to_do(county: County) -> None:
    """A number that changed hands is found out by its monthly test, or by an alert that nobody hears."""
    async with visiting(county, Role.DUTY) as browser:
        shown = await browser.get("/roster/tests")

    assert shown.has("到期的号码", "值班员甲", "试通了，记下", "还没有测试过")
    assert number(1) not in shown.text


async def test_no_roster_says_what_to_do() -> None:
    """Without a roster nobody is called at night, and nobody would know."""
    async with visiting(World()[papers.HUANJIANG], Role.ADMINISTRATOR) as browser:
        shown = await browser.get("/roster")

    assert shown.has("还没有值班表", "roster.toml", "sihu roster check")


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR, Role.REVIEWER, Role.MEDIATOR])
async def test_who_may_not_change_sees_no_form(county: County, role: Role) -> None:
    """A button that is refused when pressed is a broken promise."""
    async with visiting(county, role) as browser:
        shown, refused = await browser.get("/roster"), await browser.get("/roster/new/override")

    assert shown.status == 200
    assert "/roster/new/" not in shown.text
    assert refused.status == 403


async def test_a_forged_form_with_a_file_changes_nothing(county: County) -> None:
    """A form of another site needs no script for this media type: without the session's token nothing is done."""
    async with visiting(county, Role.DUTY) as browser:
        version = version_in(await browser.get("/roster/import"))
        given = await browser.get("/roster.ics")
        for address, token in (("/roster/import", "guessed"), ("/notices/1/closing", ""), ("/plans/drills", "")):
            form = aiohttp.FormData({"csrf": token, "version": version, "days": "31"})
            form.add_field("file", io.BytesIO(given.text.encode()), filename="duty.ics")
            async with browser.session.post(address, data=form, allow_redirects=False) as reply:
                assert reply.status == 403, address
        shown = await browser.get("/roster/records")

    assert shown.has("还没有变更")
