"""The roster as officers read it over HTTP: who is on duty now, then and later, what is missing, no number whole."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.calendar.files import CalendarFiles
from schemas.access import Scope
from schemas.base import format_time
from schemas.rosters import Mark
from services.domain.duty_calendars import shifts_in
from services.domain.policies import USUAL_POLICY
from services.domain.roster_files import change_line
from services.gateway.api.roster_routes import ROSTER
from services.gateway.api.route import BASE
from services.gateway.gateway import People
from tests.caller import Answer, Caller, calling
from tests.pagers import FixedDuty
from tests.papers import HUANJIANG, NOW
from tests.rosters import DAY, PLAN, at, in_memory, mark, number, on_disk, override, room, swap, withdrawal
from tests.world import County, World

NUMBERS = [number(index) for index in range(1, 5)]
BODIES: dict[str, dict[str, Any]] = {
    "record_override": {
        "officer": "duty-c",
        "tier": "primary",
        "starts_at": "2026-03-05T08:30:00+08:00",
        "ends_at": "2026-03-06T08:30:00+08:00",
        "reason": "补缺",
    },
    "record_swap": {
        "first": "duty-a",
        "first_span": {"starts_at": "2026-03-04T08:30:00+08:00", "ends_at": "2026-03-05T08:30:00+08:00"},
        "second": "duty-b",
        "second_span": {"starts_at": "2026-03-05T08:30:00+08:00", "ends_at": "2026-03-06T08:30:00+08:00"},
        "reason": "调班",
    },
    "record_plan": {
        "name": "汛期",
        "reason": "汛期值守",
        "starts_at": "2026-06-01T08:30:00+08:00",
        "ends_at": "2026-09-01T08:30:00+08:00",
        "layers": [
            {
                "name": "flood",
                "tier": "primary",
                "members": ["duty-c"],
                "rotation": "daily",
                "handover": "08:30",
                "starts_on": "2026-06-01",
            }
        ],
    },
    "record_note": {"to_officer": "duty-b", "text": "水库水位继续上涨"},
    "record_mark": {"owner": "duty-a", "address": number(1)},
    "withdraw_record": {"reason": "记错"},
}
"""A good body for every address that takes one."""


@pytest.fixture
def county() -> County:
    one = World()[HUANJIANG]
    one.roster = room(in_memory())
    return one


@pytest.fixture
async def reader(county: County) -> AsyncIterator[Caller]:
    """An officer whose token reads."""
    async with calling(county, county.let_in("desk", Scope.EVENTS_READ, officer="duty-a")) as one:
        yield one


def record(county: County, *changes: Any) -> None:  # noqa: ANN401 - any record
    """Have records in the roster already."""
    assert county.roster is not None
    lines = b"".join(change_line(one) for one in changes)
    county.roster.rostering.files.change(lambda _: lines, at("2026-06-01 08:00"))


async def test_the_roster_is_shown_whole_but_for_its_numbers(county: County) -> None:
    """The page stands open on screens that visitors see."""
    county.people = People(FixedDuty(), {}, lambda: USUAL_POLICY)
    async with calling(county, county.let_in("desk", Scope.EVENTS_READ)) as reader:
        answer = await reader.get("/roster")

    body = answer.body
    assert answer.status == 200
    assert answer.headers["ETag"] == f'"{body["version"]}"'
    assert [one["officer"] for one in body["contacts"]] == ["duty-a", "duty-b", "duty-c", "head-a"]
    assert [one["tiers"] for one in body["contacts"]] == [
        ["primary", "secondary"],
        ["primary", "secondary"],
        ["secondary"],
        ["leader"],
    ]
    assert [one["may_answer"] for one in body["contacts"]] == [True, False, False, False]
    assert {one["address"] for one in body["contacts"][0]["numbers"]} == {"139******01"}
    assert [one["name"] for one in body["layers"]] == ["day", "second", "lead"]
    assert [(one["office"], one["tier"]) for one in body["offices"]] == [("office", "office"), ("city", "superior")]
    assert [one["officer"] for one in body["on_duty"]] == ["duty-b", "duty-c", "head-a", "office", "city"]
    assert (body["missing"], body["faults"], body["findings"], body["pages_people"]) == ([], [], [], True)
    assert {one["address"] for one in body["due_tests"]} >= {"139******01"}


@pytest.mark.parametrize("path", ["/roster", "/roster/on-duty", "/roster/plan", "/roster/records", "/roster.ics"])
async def test_no_address_shows_a_number_whole(county: County, reader: Caller, path: str) -> None:
    """Numbers are personal: they stay in the county's files."""
    record(county, mark(1, "duty-a", 1, Mark.TESTED, "2026-03-01 08:00"))
    answer = await reader.get(path)
    assert answer.status == 200
    assert not any(one in str(answer.body) for one in NUMBERS)


async def test_numbers_are_whole_for_who_asks_and_may(county: County, reader: Caller) -> None:
    """Who calls by hand at night needs them; that they were shown is written down, without them."""
    refused = await reader.get("/roster?numbers=true")
    assert (refused.status, refused.body["code"], refused.is_problem) == (403, "access.scope", True)
    token = county.let_in("caller", Scope.EVENTS_READ, Scope.ROSTER_NUMBERS, officer="duty-b")
    with capture_logs() as logs:
        async with calling(county, token) as caller:
            assert number(1) not in str((await caller.get("/roster")).body)  # the scope alone shows nothing
            assert number(1) in str((await caller.get("/roster?numbers=true")).body)
            people = (await caller.get("/roster/on-duty?numbers=true")).body["people"]
    assert people[0]["reached_by"][0] == {"medium": "sms", "address": number(2)}
    shown = [one for one in logs if one["event"] == "gateway.numbers_shown"]
    assert [(one["access"], one["officer"]) for one in shown] == [("caller", "duty-b")] * 2
    assert number(1) not in str(logs)


async def test_who_is_on_duty_now_then_and_later(county: County, reader: Caller) -> None:
    """The past as it was known then: that is whom the node paged."""
    late = override(1, "2026-03-01 08:30", "2026-03-02 08:30", "head-a", tier="primary", recorded="2026-03-03 20:00")
    record(county, late)

    async def primary(query: str) -> tuple[str, str]:
        body = (await reader.get(f"/roster/on-duty{query}")).body
        first = body["people"][0]
        assert first["tier"] == "primary"
        return first["officer"], first["until"]

    assert await primary("") == ("duty-b", "2026-03-04T08:30:00.000+08:00")
    assert (await primary("?at=2026-03-04T08:30:00%2B08:00"))[0] == "duty-a"
    assert (await primary("?at=2026-03-01T12:00:00%2B08:00"))[0] == "duty-b"
    assert (await primary("?at=2026-03-01T12:00:00%2B08:00&hindsight=true"))[0] == "head-a"
    assert await primary("?at=2026-03-05T00:30:00Z") == await primary("?at=2026-03-05T08:30:00%2B08:00")
    # In an address a plus means a blank, and nobody remembers that before the first time.
    assert await primary("?at=2026-03-05T08:30:00+08:00") == await primary("?at=2026-03-05T00:30:00Z")


async def test_an_empty_tier_is_named(county: County) -> None:
    """A list without anybody in a tier looks like a list."""
    county.roster = room(in_memory(PLAN.replace('tier = "secondary"', 'tier = "leader"')))
    async with calling(county, county.let_in("desk", Scope.EVENTS_READ)) as reader:
        assert (await reader.get("/roster/on-duty")).body["missing"] == ["secondary"]
        body = (await reader.get("/roster")).body
        (longer,) = (await reader.get("/roster?days=60")).body["findings"]
    assert body["missing"] == ["secondary"]
    (gap,) = body["findings"]
    assert (gap["code"], gap["tier"]) == ("coverage.nobody", "secondary")
    assert gap["ends_at"] == format_time(NOW + 14 * DAY)
    assert longer["ends_at"] == format_time(NOW + 60 * DAY)


async def test_only_what_counts_and_is_not_over_is_listed(county: County, reader: Caller) -> None:
    """A page full of last year's overrides hides tonight's; the records have them all."""
    past = override(1, "2026-02-01 08:30", "2026-02-02 08:30", "duty-c", "duty-a", recorded="2026-01-30 08:00")
    ahead = override(2, "2026-03-04 08:30", "2026-03-05 08:30", "duty-c", "duty-a", recorded="2026-03-01 08:00")
    gone = override(3, "2026-03-05 08:30", "2026-03-06 08:30", "duty-c", "duty-b", recorded="2026-03-01 08:00")
    spans = ("2026-03-06 08:30", "2026-03-07 08:30"), ("2026-03-07 08:30", "2026-03-08 08:30")
    record(county, past, ahead, gone, withdrawal(4, 3, "2026-03-02 08:00"))
    record(county, swap(5, "duty-a", spans[0], "duty-b", spans[1]))

    body = (await reader.get("/roster")).body
    assert [one["id"] for one in body["overrides"]] == [ahead.id]
    assert [one["kind"] for one in body["swaps"]] == ["swap"]
    records = (await reader.get("/roster/records")).body
    assert [(one["number"], one["record"]["kind"], one["withdrawn"]) for one in records["records"]] == [
        (5, "swap", False),
        (4, "withdrawal", False),
        (3, "override", True),
        (2, "override", False),
        (1, "override", False),
    ]
    assert records["next_before"] is None


async def test_records_are_read_page_by_page(county: County, reader: Caller) -> None:
    """None twice, none left out, also at the last page."""
    span = "2026-03-04 08:30", "2026-03-05 08:30"
    record(county, *(override(serial, *span, "duty-c", "duty-a") for serial in range(1, 8)))
    numbers, query = list[int](), "?limit=3"
    while query:
        page = (await reader.get(f"/roster/records{query}")).body
        numbers += [one["number"] for one in page["records"]]
        query = f"?limit=3&before={page['next_before']}" if page["next_before"] else ""
    assert numbers == [7, 6, 5, 4, 3, 2, 1]


async def test_the_calendar_file_has_the_shifts_of_all_or_of_one(county: County, reader: Caller) -> None:
    """Officers subscribe to their own turns; the file comes back as it went out."""
    query = "?from=2026-03-04T08:30:00Z&to=2026-03-07T08:30:00Z"
    whole = await reader.get(f"/roster.ics{query}")
    mine = await reader.get(f"/roster.ics{query}&officer=duty-a")

    assert whole.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert whole.headers["Content-Disposition"] == 'attachment; filename="roster.ics"'
    assert "SUMMARY:主班 值班员甲" in whole.body
    assert "X-WR-CALNAME:环江 值班表" in whole.body
    assert county.roster is not None
    history = county.roster.rostering.files.current()
    assert whole.headers["ETag"] == f'"{history.version}"'
    span = (at("2026-03-04 16:30"), at("2026-03-07 16:30"))
    back = [shifts_in(CalendarFiles().read(one.body.encode()), history.latest, span) for one in (whole, mine)]
    assert [one.faults for one in back] == [(), ()]
    plan = (await reader.get(f"/roster/plan{query}")).body["shifts"]
    assert sorted(one.officer for one in back[0].shifts) == sorted(one["officer"] for one in plan)
    assert {one.officer for one in back[1].shifts} == {"duty-a"}
    assert len(back[1].shifts) == sum(one["officer"] == "duty-a" for one in plan)


async def test_the_plan_begins_now_and_goes_on_for_a_month_if_nothing_is_said(reader: Caller) -> None:
    """A console that asks for nothing in particular shows the next weeks."""
    body = (await reader.get("/roster/plan")).body
    assert (body["starts_at"], body["ends_at"]) == (format_time(NOW), format_time(NOW + 31 * DAY))
    assert {one["tier"] for one in body["shifts"]} == {"primary", "secondary", "leader"}
    assert body["shifts"][1] == {
        "tier": "primary",
        "officer": "duty-a",
        "display": "值班员甲",
        "starts_at": "2026-03-04T08:30:00.000+08:00",
        "ends_at": "2026-03-05T08:30:00.000+08:00",
    }


@pytest.mark.parametrize(
    ("path", "code", "field"),
    [
        ("/roster/on-duty?at=tomorrow", "query.wrong_form", "at"),
        ("/roster/on-duty?at=2026-03-05", "query.wrong_form", "at"),
        ("/roster/on-duty?at=2026-03-05T08:30:00", "query.wrong_form", "at"),
        ("/roster/on-duty?at=2026-02-30T08:30:00Z", "query.wrong_form", "at"),
        ("/roster/on-duty?at=0001-01-01T08:30:00Z", "query.wrong_form", "at"),
        ("/roster/on-duty?at=", "query.wrong_form", "at"),
        ("/roster/on-duty?hindsight=yes", "query.rule", "hindsight"),
        ("/roster/on-duty?when=now", "query.unknown_field", "when"),
        ("/roster/plan?starts_at=2026-03-05T08:30:00Z", "query.unknown_field", "starts_at"),
        ("/roster/plan?from=2026-03-05T08:30:00Z&to=2026-03-05T08:30:00Z", "query.span", "to"),
        ("/roster/plan?from=2026-03-05T08:30:00Z&to=2027-03-07T08:30:00Z", "query.span", "to"),
        ("/roster/plan?to=2026-03-01T08:30:00Z", "query.span", "to"),
        ("/roster/plan?from=2026-03-05T08:30:00Z&from=2026-03-05T08:30:00Z", "query.repeated", "from"),
        ("/roster.ics?officer=Duty%20A", "query.wrong_form", "officer"),
        ("/roster?days=0", "query.out_of_range", "days"),
        ("/roster?days=367", "query.out_of_range", "days"),
        ("/roster?days=1e2", "query.rule", "days"),
        ("/roster/records?limit=201", "query.out_of_range", "limit"),
        ("/roster/records?before=0", "query.out_of_range", "before"),
    ],
)
async def test_wrong_input_is_refused_by_its_parameter(reader: Caller, path: str, code: str, field: str) -> None:
    """A parameter that is passed over silently gives the answer to another question."""
    answer = await reader.get(path)
    assert (answer.status, answer.body["code"], answer.body["field"]) == (400, code, field)
    assert answer.is_problem


async def ask_every_address(caller: Caller, version: str = "0" * 32) -> dict[str, Answer]:
    """Call every address of the roster with what would be good input."""
    found = {}
    for route in ROSTER:
        path = route.path.removeprefix(BASE).replace("{record}", "1" * 32)
        how: dict[str, Any] = {"headers": {"If-Match": f'"{version}"'}} if route.method == "POST" else {}
        if route.takes_bytes:
            how["data"], how["headers"]["Content-Type"] = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "text/calendar"
        elif route.method == "POST":
            how["json"] = BODIES[route.name]
        found[route.name] = await caller.ask(route.method, path, **how)
    return found


async def test_a_county_without_a_roster_is_told_where_to_begin(county: County, tmp_path: Path) -> None:
    """404 without a word sends an officer to the telephone."""
    token = county.let_in("desk", *Scope, officer="duty-a")
    for nothing in (room(on_disk(tmp_path)), None):
        county.roster = nothing
        async with calling(county, token) as caller:
            for name, answer in (await ask_every_address(caller)).items():
                assert (name, answer.status, answer.body["code"]) == (name, 404, "roster.not_found")
                assert answer.is_problem
                assert nothing is None or "roster.toml.example" in answer.body["mend"]
    assert not (tmp_path / "roster.d").exists()


async def test_no_token_opens_more_than_its_scope(county: County) -> None:
    """The token of a display board, or of what scrapes figures, must not change who is called at night."""
    reading = county.let_in("board", Scope.EVENTS_READ, Scope.OPERATE, Scope.ACKNOWLEDGE, officer="duty-a")
    others = county.let_in("other", *(set(Scope) - {Scope.EVENTS_READ, Scope.ROSTER_WRITE}), officer="duty-a")
    writing = county.let_in("writer", Scope.ROSTER_WRITE, officer="duty-a")
    for token, opens in ((reading, {"GET"}), (writing, {"POST"}), (others, set())):
        async with calling(county, token) as caller:
            answers = await ask_every_address(caller)
        for route in ROSTER:
            refused = (
                (answers[route.name].status, answers[route.name].body.get("code"))[:2]
                if (answers[route.name].status >= 400)
                else None
            )
            assert (refused == (403, "access.scope")) is (route.method not in opens), route.name


async def test_a_bad_edit_is_told_and_the_last_good_roster_shown(county: County, tmp_path: Path) -> None:
    """Whoever looks at the page must see that what stands in the file does not count."""
    (tmp_path / "roster.toml").write_text(PLAN, encoding="utf-8")
    county.roster = room(on_disk(tmp_path))
    async with calling(county, county.let_in("desk", Scope.EVENTS_READ)) as caller:
        assert (await caller.get("/roster")).body["faults"] == []
        (tmp_path / "roster.toml").write_text(PLAN.replace('"duty-a", "duty-b"', '"duty-z"'), encoding="utf-8")
        body = (await caller.get("/roster")).body
        assert [one["code"] for one in body["faults"]] == ["roster.unknown_officer"]
        assert [one["officer"] for one in body["on_duty"]][:2] == ["duty-b", "duty-c"]
        county.roster = room(on_disk(tmp_path))  # a node that began with it
    async with calling(county, county.let_in("desk", Scope.EVENTS_READ)) as caller:
        answer = await caller.get("/roster")
        assert (answer.status, answer.body["code"]) == (409, "roster.broken")
        assert answer.body["field"] == "roster.toml layers day"
        assert [one["code"] for one in answer.body["faults"]] == ["roster.broken", "roster.unknown_officer"]
