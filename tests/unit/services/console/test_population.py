"""流动人口服务: counts with what is hidden said so, one person's case closed until a reason was given, and its end."""

import html
import re
from io import BytesIO
from random import Random
from typing import Any

import aiohttp
import pytest
from openpyxl import Workbook

from schemas.information.population import VALUES, Dimension, PopulationFlowReported
from schemas.officers import Role
from services.domain.flow_making import make_report
from services.domain.flow_shown import grid_of
from tests import papers
from tests.console import Browser, Shown, visiting
from tests.coursework import IDENTITY, MOBILE, NAME, offered, three_counties
from tests.flows import FRAME, drawn
from tests.papers import HUANJIANG, LIBO
from tests.world import World

NUMBER = "1" * 32
PATH = f"/population/referrals/{NUMBER}"


@pytest.fixture
async def world() -> World:
    return await three_counties()


def table(**changes: str) -> str:
    """A table by age and sex with one small count; more rows or others by their place."""
    counts = {("0-14", "female"): "143", ("0-14", "male"): "3", ("15-59", "female"): "820", ("15-59", "male"): "911"}
    counts |= {("60+", "female"): "77", ("60+", "male"): "64"}
    rows = [f"{age},{sex},{count}" for (age, sex), count in counts.items()]
    text = "\n".join(["年龄段,性别,人数", *rows])
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


async def uploaded(browser: Browser, data: bytes, name: str = "表.csv", **fields: str) -> Shown:
    """Send a table as a browser without script does."""
    form = aiohttp.FormData()
    given = {"period": "2026Q1", "origin": LIBO, "destination": HUANJIANG, "k": "10", "round_to": "1", "sheet": ""}
    for key, value in {"csrf": "the-token-of-this-session", **given, **fields}.items():
        form.add_field(key, value)
    form.add_field("table", BytesIO(data), filename=name, content_type="application/octet-stream")
    async with browser.session.post("/population/table", data=form, allow_redirects=False) as reply:
        return Shown(reply.status, reply.headers.copy(), await reply.text())


def hidden_in(shown: Shown) -> dict[str, str]:
    """The hidden fields of the form that sends a report."""
    found = dict(re.findall(r'type="hidden" name="(once|content)" value="([^"]*)"', shown.text))
    return {name: html.unescape(value) for name, value in found.items()}


async def test_an_empty_page_says_what_belongs_there(world: World) -> None:
    """Who may not write is not sent to a form that would refuse."""
    async with visiting(world[LIBO], Role.DUTY) as browser:
        mine = await browser.get("/population")
    async with visiting(world[LIBO], Role.AUDITOR) as browser:
        read = await browser.get("/population?all=true")

    assert mine.has("还没有通报", "没有未结束的对接单", "/population/table", "/compose?type=")
    assert read.status == 200
    assert "/population/table" not in read.text


async def test_a_table_becomes_a_report_that_hides_what_it_must_and_is_sent_as_shown(world: World) -> None:
    """The officer sees before it leaves exactly what the neighbours will see; small counts are a word, not a number."""
    async with visiting(world[HUANJIANG], Role.LIAISON) as browser:
        asked = await browser.get("/population/table")
        began = await world[HUANJIANG].counts()
        preview = await uploaded(browser, table().encode())
        before = await world[HUANJIANG].counts()
        fields = hidden_in(preview) | {"agreement": papers.AGREEMENT}
        sent = [await browser.post("/population/reports", fields) for _ in range(2)]
        again = await uploaded(browser, table().encode("gb18030"))
    await world.carry()
    async with visiting(world[LIBO], Role.REVIEWER) as browser:
        shown = await browser.get("/population")

    assert asked.has('enctype="multipart/form-data"', 'type="file"')
    assert preview.has("还没有发出", "143", "抑制", "不足 10 人", "已发的通报 0 份")
    assert before == began
    assert [(one.status, one.location) for one in sent] == [(303, "/population")] * 2
    assert again.has("已发的通报 1 份")
    assert shown.has("环江通报", "荔波→环江", "2026年第1季度", "抑制", "820")
    assert shown.text.count("通报原件") == 1


async def test_a_workbook_is_read_and_one_that_is_none_is_refused(world: World) -> None:
    """A county counts in a spreadsheet; what only calls itself one is named, and the period that was typed stays."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in table().splitlines():
        sheet.append([int(cell) if cell.isdigit() else cell for cell in line.split(",")])
    saved = BytesIO()
    book.save(saved)
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        good = await uploaded(browser, saved.getvalue(), "表.xlsx", plan="school_places")
        bad = await uploaded(browser, b"PK\x03\x04 no workbook", "表.xlsx", period="2026-03")

    assert good.has("核对通报", "学位")
    assert (bad.status, bad.has('value="2026-03"')) == (422, True)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (table(**{",3": ",三"}), "第 3 行第 3 列"),
        (table(性别="民族"), "第 1 行第 2 列"),
        (table(**{"\n60+,male,64": ""}), "errors"),
        (table(性别="姓名<script>alert(1)</script>"), "第 1 行第 2 列"),
        ("x" * (1024 * 1024 + 1), "未能办理"),
        ("", "errors"),
    ],
)
async def test_what_is_wrong_with_a_table_is_said_by_row_and_column(world: World, data: str, said: str) -> None:
    """A refused table must not be a riddle, and nothing of it may come back as markup."""
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        refused = await uploaded(browser, data.encode())

    assert refused.status == 422
    assert refused.has(said)
    assert "<script>alert" not in refused.text


async def test_what_is_wrong_with_a_field_names_the_field(world: World) -> None:
    """“Too long” beside eight fields is a riddle, too."""
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        refused = await uploaded(browser, table().encode(), period="2026Q1" * 9, k="9999")

    assert refused.status == 422
    assert refused.has("<li>期间：", "<li>小于多少就抑制：不能大于 1000。")


async def test_a_report_that_was_changed_on_its_way_is_refused(world: World) -> None:
    """The form carries the report; whoever writes a hidden count back into it is stopped by the node."""
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        fields = hidden_in(await uploaded(browser, table().encode())) | {"agreement": papers.AGREEMENT}
        opened = fields["content"].replace('"value":null,"state":"suppressed"', '"value":3,"state":"shown"')
        opened = opened.replace('"state":"suppressed","value":null', '"state":"shown","value":3')
        assert opened != fields["content"]
        refused = await browser.post("/population/reports", fields | {"content": opened})
        broken = await browser.post("/population/reports", fields | {"content": "{"})

    assert (refused.status >= 400, broken.status >= 400) == (True, True)


async def test_a_report_whose_sending_is_refused_is_not_lost(world: World) -> None:
    """Its table was not kept: whoever is refused for the agreement would have to find and read it once more."""
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        fields = hidden_in(await uploaded(browser, table().encode()))
        refused = await browser.post("/population/reports", fields | {"agreement": "cn.sihu.agreement.none"})
        sent = await browser.post("/population/reports", hidden_in(refused) | {"agreement": papers.AGREEMENT})

    assert refused.status == 422
    assert refused.has("核对通报", "没有签发", "抑制", "143")
    assert hidden_in(refused) == fields
    assert (sent.status, sent.location) == (303, "/population")


def test_a_grid_shows_a_count_that_is_hidden() -> None:
    """Every table of every dimension: what the report does not tell, the grid does not."""
    random = Random(7)
    for dimensions in ((), (Dimension.SEX,), (Dimension.AGE_BAND, Dimension.REASON)):
        made = make_report(FRAME, drawn(random, dimensions))
        if not hasattr(made, "report"):
            continue
        report: PopulationFlowReported = made.report
        grid = grid_of(report)
        told = [cell.text for _, cells in grid.rows for cell in cells if not cell.hidden]
        assert sorted(told) == sorted(str(one.value) for one in report.cells if one.value is not None)
        assert all(len(cells) == len(grid.columns) for _, cells in grid.rows)
        assert len(grid.rows) == (len(VALUES[dimensions[0]]) + 1 if dimensions else 1)


async def test_a_case_is_opened_with_a_reason_taken_and_done_and_then_gone(world: World) -> None:
    """Nobody's name before the log says who asked; after the end it is gone at both counties, and the page says so."""
    await offered(world, NUMBER)
    await world.carry()
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        listed, closed = await browser.get("/population"), await browser.get(PATH)
        opened = await browser.post(PATH, {"why": "handling"})
        taken = await browser.post(f"{PATH}/steps/accept", {"handled_by_role": "窗口经办员", "once": "a" * 32})
        done = await browser.post(f"{PATH}/steps/complete", {"outcome": "provided"})
        await world.carry()
        after = await browser.get(PATH)
        shut = await browser.post(PATH, {"why": "handling"})
    async with visiting(world[LIBO], Role.LIAISON) as browser:
        theirs, ended = await browser.get(PATH), await browser.get("/population?all=true")
    rows = await world[HUANJIANG].store.read(lambda s: s.openings(0, 9))

    assert listed.has("欠薪", "待本县接办", "荔波县流动人口服务窗口")
    assert closed.has("接办", "不接", "打开并记录", "到期自动结束并销毁")
    assert opened.has(NAME, IDENTITY, "2026-1")
    assert (taken.status, done.status) == (303, 303)
    assert after.has("办结", "谁确认已销毁", "内容已销毁", "本县已销毁")
    assert "两县均已销毁" not in after.text
    assert theirs.has("两县均已销毁", "环江", "荔波")
    assert ended.has("两县均已销毁")
    for page in (listed, closed, after, shut, theirs, ended):
        assert [word for word in (NAME, IDENTITY, MOBILE) if word in page.text] == []
    assert [(row.officer, row.reason) for row in rows] == [("duty-a", "handling")]


async def test_the_person_takes_it_back_at_the_county_that_offered_it(world: World) -> None:
    """Only that county may, at any time; and a step that does not fit is refused with what was typed."""
    await offered(world, NUMBER)
    await world.carry()
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        foreign = await browser.post(f"{PATH}/steps/withdraw", {"by": "person"})
        early = await browser.post(f"{PATH}/steps/complete", {"outcome": "partly"})
        unknown = await browser.post(f"{PATH}/steps/keep", {})
    async with visiting(world[LIBO], Role.DUTY) as browser:
        before = await browser.get(PATH)
        back = await browser.post(f"{PATH}/steps/withdraw", {"by": "guardian"})
        after = await browser.get(PATH)

    assert (foreign.status, early.status, unknown.status) == (422, 422, 404)
    assert early.has('value="partly" selected', "ask-error")
    assert before.has("/steps/withdraw")
    assert "/steps/accept" not in before.text
    assert (back.status, back.location) == (303, PATH)
    assert after.has("撤回")


async def test_nobody_opens_or_moves_a_case_without_the_role(world: World) -> None:
    """Duty and liaison officers handle people's cases; everybody else sees frames, the administrator not even those."""
    await offered(world, NUMBER)
    await world.carry()
    found: dict[Role, Any] = {}
    for role in Role:
        async with visiting(world[HUANJIANG], role) as browser:
            shown, opened = await browser.get(PATH), await browser.post(PATH, {"why": "handling"})
            pressed = await browser.post(f"{PATH}/steps/complete", {"outcome": "provided"})
            made = await browser.get("/population/table")
        assert ("/steps/" in shown.text) is (pressed.status != 403), role
        found[role] = (shown.status, opened.status, pressed.status, made.status)

    handles, reads = (200, 200, 422, 200), (200, 403, 403, 403)
    assert found == {
        Role.DUTY: handles,
        Role.LIAISON: handles,
        Role.REVIEWER: reads,
        Role.MEDIATOR: reads,
        Role.AUDITOR: reads,
        Role.ADMINISTRATOR: (403, 403, 403, 403),
    }


async def test_the_page_of_the_offer_is_a_way_around(world: World) -> None:
    """A mediator handles no school places: the offer's own page opens it to him as little as the referral's."""
    await offered(world, NUMBER)
    await world.carry()
    async with visiting(world[HUANJIANG], Role.MEDIATOR) as browser:
        listed = await browser.get(PATH)
        found = re.search(r'href="(/events/[0-9a-f]{64})"', listed.text)
        assert found is not None
        opened = await browser.post(f"{found[1]}/opening", {"why": "handling"})

    assert opened.status == 403
    assert NAME not in opened.text
