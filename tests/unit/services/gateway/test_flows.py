"""A county's own table becomes a report over the API: nothing small is told, nothing is kept, refusals name a place."""

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook

from schemas.access import Scope
from services.gateway.api.flow_routes import TABLE_MAX_BYTES
from tests import papers
from tests.caller import Answer, Caller, calling
from tests.coursework import three_counties
from tests.papers import HUANJIANG, LIBO
from tests.world import World

BINARY = {"Content-Type": "application/octet-stream"}
WHOM = {"period": "2026Q1", "origin": LIBO, "destination": HUANJIANG}
TABLE = "sex,count\nfemale,143\nmale,4\n"


@pytest.fixture
async def world() -> World:
    """Counties whose agreement grants every type."""
    return await three_counties()


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Caller]:
    """The desk of 环江."""
    county = world[HUANJIANG]
    async with calling(county, county.let_in("desk", Scope.EVENTS_READ, Scope.EVENTS_WRITE)) as one:
        yield one


async def made(desk: Caller, data: bytes | str = TABLE, **changes: Any) -> Answer:  # noqa: ANN401 - any parameter
    """Ask for a report."""
    body = BytesIO(data.encode() if isinstance(data, str) else data)
    return await desk.post("/flows", params=WHOM | changes, data=body, headers=BINARY)


async def test_a_small_count_is_told_or_the_table_is_kept(world: World, desk: Caller) -> None:
    """The report hides it, says how many were hidden, and nothing was stored by asking."""
    before = await world[HUANJIANG].counts()
    answer = await made(desk, plan="job_fair,transport")

    assert answer.status == 200
    content = answer.body["content"]
    values = dict.fromkeys((None,)) | {one["keys"]["sex"]: one["value"] for one in content["cells"]}
    assert (values["male"], values[None]) in {(None, 147), (None, None)}
    assert 4 not in values.values()
    assert (answer.body["small"], answer.body["judged_beside"]) == (1, 0)
    assert content["service_plan"] == ["job_fair", "transport"]
    assert await world[HUANJIANG].counts() == before


async def test_what_was_sent_of_the_same_people_is_forgotten(desk: Caller) -> None:
    """The next report of them is made beside the first, and goes out."""
    content = (await made(desk)).body["content"]
    for cell in content["cells"]:
        cell.setdefault("value", None)
    draft = {"type": "cn.sihu.information.population_flow_reported.v1", "agreement": papers.AGREEMENT}
    sent = await desk.post("/events", json=draft | {"content": content})
    again = await made(desk, "sex,count\nfemale,150\nmale,40\n")

    assert sent.status == 202
    assert again.body["judged_beside"] == 1


async def test_a_workbook_is_read_as_a_spreadsheet_shows_it(desk: Caller) -> None:
    """A second filled sheet must be chosen, by name."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("性别", "人数"), ("女", 143), ("男", 40)):
        sheet.append(row)
    sheet.title = "表一"
    book.create_sheet("表二").append(("别的",))
    saved = BytesIO()
    book.save(saved)
    unsaid, said = await made(desk, saved.getvalue()), await made(desk, saved.getvalue(), sheet="表一")

    assert (unsaid.status, unsaid.body["code"]) == (422, "flow.which_sheet")
    assert said.status == 200


async def test_a_node_without_a_reader_of_workbooks_breaks(world: World) -> None:
    """It says so, and takes CSV."""
    county = world[LIBO]
    county.sheets = None
    async with calling(county, county.let_in("desk", Scope.EVENTS_WRITE)) as caller:
        refused, taken = await made(caller, b"PK\x03\x04"), await made(caller)

    assert (refused.status, refused.body["code"], taken.status) == (422, "flow.encoding", 200)


@pytest.mark.parametrize(
    ("data", "changes", "code", "field"),
    [
        (TABLE, {"period": "2026"}, "flow.period", "period"),
        (TABLE, {"plan": "free_beer"}, "flow.plan", "plan"),
        (TABLE, {"k": "4"}, "query.out_of_range", "k"),
        (TABLE, {"destination": LIBO}, None, None),
        ("sex,count\nfemale,1\nmale,2\n", {}, "flow.nothing_to_show", "counts"),
        ("sex,count\nfemale,1\n", {}, "flow.row_missing", "table"),
        ("sex,民族,count\n", {}, "guard.banned_name", "table row 1 column 2"),
        ("sex,name,count\n", {"name": "表.csv"}, "flow.unknown_column", "表.csv row 1 column 2"),
        ("x" * (TABLE_MAX_BYTES + 1), {}, "flow.too_large", "body"),
        (b"PK\x03\x04 no workbook", {}, "workbook.malformed", "table"),
    ],
)
async def test_a_table_that_is_refused_is_a_riddle(
    desk: Caller, data: bytes | str, changes: dict[str, str], code: str | None, field: str | None
) -> None:
    """Code, place and mend, and never the cells of a person."""
    answer = await made(desk, data, **changes)

    assert answer.status >= 400
    if code is not None:
        assert (answer.body["code"], answer.body["field"]) == (code, field)
    assert answer.body["mend"]


async def test_a_reader_makes_reports(world: World) -> None:
    """Whoever may only read is let nowhere near."""
    county = world[HUANJIANG]
    async with calling(county, county.let_in("reader", Scope.EVENTS_READ)) as caller:
        answer = await made(caller)

    assert (answer.status, answer.body["code"]) == (403, "access.scope")
