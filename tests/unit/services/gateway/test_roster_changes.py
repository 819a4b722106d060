"""The roster is changed over HTTP: by the rules of the commands, by one writer at a time, in somebody's name."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from schemas.access import Scope
from schemas.calendars import ICS_MAX_BYTES
from schemas.pages import Medium
from schemas.records import NoticeKind
from schemas.rosters import CHANGES, NumberMark, Override
from services.domain.duty_shown import duty_at
from services.domain.policies import USUAL_POLICY
from services.duty import RosterDuty
from services.gateway.gateway import REQUEST_MAX_BYTES, People
from tests.caller import Answer, Caller, calling
from tests.commands import done, sihu
from tests.night import Night
from tests.papers import HUANJIANG, NOW
from tests.rosters import COUNTY, PLAN, at, in_memory, number, on_disk, room
from tests.world import County, World

WRITER = (Scope.EVENTS_READ, Scope.ROSTER_WRITE)
BY = ("--by", "duty-a")
ILL = {"officer": "duty-c", "replaces": "duty-a", "reason": "病假"} | {
    "starts_at": "2030-06-11T08:30:00+08:00",
    "ends_at": "2030-06-12T08:30:00+08:00",
}
DAY = ("--from", "2030-06-11 08:30", "--to", "2030-06-12 08:30")
NOON = at("2030-06-11 12:00")
CALENDAR = {"Content-Type": "text/calendar"}


@pytest.fixture
def county(tmp_path: Path) -> County:
    """环江 with its roster on disk."""
    one = World()[HUANJIANG]
    (tmp_path / "roster.toml").write_text(PLAN, encoding="utf-8")
    one.roster = room(on_disk(tmp_path))
    return one


class Writer:
    """An officer who looks at the roster before each change."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    async def version(self) -> str:
        return (await self.caller.get("/roster/on-duty")).headers["ETag"]

    async def post(self, path: str, body: Any = None, *, seen: str | None = None, **how: Any) -> Answer:  # noqa: ANN401
        headers = {"If-Match": seen or await self.version(), **how.pop("headers", {})}
        given = how if body is None else how | {"json": body}
        return await self.caller.post(f"/roster/{path}", headers=headers, **given)

    async def primary(self, when: str = "2030-06-11T04:00:00Z") -> str:
        people = (await self.caller.get(f"/roster/on-duty?at={when}")).body["people"]
        return next((one["officer"] for one in people if one["tier"] == "primary"), "")


@pytest.fixture
async def writer(county: County) -> AsyncIterator[Writer]:
    async with calling(county, county.let_in("desk", *WRITER, officer="duty-a")) as caller:
        yield Writer(caller)


def kept(home: Path) -> list[dict[str, Any]]:
    """Return the records on disk, as they lie there."""
    paths = sorted((home / "roster.d").glob("*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]


async def test_an_override_counts_at_once_and_says_who_made_it(writer: Writer, tmp_path: Path) -> None:
    """Somebody falls ill at 08:00, and whoever is asked at 08:01 must see the substitute."""
    seen = await writer.version()
    assert await writer.primary() == "duty-a"
    answer = await writer.post("overrides", ILL, seen=seen)

    assert answer.status == 201
    assert answer.headers["ETag"] == f'"{answer.body["version"]}"' == await writer.version() != seen
    assert answer.body["recorded_by"] == "duty-a"
    assert await writer.primary() == "duty-c"
    (record,) = kept(tmp_path)
    assert [record["id"]] == answer.body["records"]
    assert (record["recorded_by"], record["recorded_at"]) == ("duty-a", "2026-03-04T08:00:00.000+08:00")
    assert len(list((tmp_path / "roster.d" / "plans").glob("*.toml"))) == 1  # the plan that it changed, for the past


SPANS = ("2030-06-11 08:30/2030-06-12 08:30", "2030-06-12 08:30/2030-06-13 08:30")
FLOOD = {"name": "flood", "tier": "primary", "members": ["duty-c"], "rotation": "daily", "handover": "08:30"}
FLOOD_TOML = (
    'name = "汛期"\nreason = "汛期值守"\nstarts_at = 2030-06-01T08:30:00+08:00\nends_at = 2030-09-01T08:30:00+08:00\n'
    '[[layers]]\nname = "flood"\ntier = "primary"\nmembers = ["duty-c"]\nrotation = "daily"\nhandover = "08:30"\n'
    "starts_on = 2030-06-01\n"
)
SAME: dict[str, tuple[tuple[str, ...], str, dict[str, Any]]] = {
    "override": (
        ("override", "duty-c", *DAY, "--replaces", "duty-a", "--reason", "病假", *BY),
        "overrides",
        ILL,
    ),
    "swap": (
        ("swap", "duty-a", SPANS[0], "duty-b", SPANS[1], "--reason", "调班", *BY),
        "swaps",
        {
            "first": "duty-a",
            "first_span": {"starts_at": "2030-06-11T08:30:00+08:00", "ends_at": "2030-06-12T08:30:00+08:00"},
            "second": "duty-b",
            "second_span": {"starts_at": "2030-06-12T08:30:00+08:00", "ends_at": "2030-06-13T08:30:00+08:00"},
            "reason": "调班",
        },
    ),
    "plan": (
        ("plan", "flood.toml", *BY),
        "plans",
        {
            "name": "汛期",
            "reason": "汛期值守",
            "starts_at": "2030-06-01T08:30:00+08:00",
            "ends_at": "2030-09-01T08:30:00+08:00",
            "layers": [FLOOD | {"starts_on": "2030-06-01"}],
        },
    ),
    "note": (
        ("handover", "duty-a", "duty-b", "--text", "水库水位继续上涨"),
        "notes",
        {"to_officer": "duty-b", "text": "水库水位继续上涨"},
    ),
    "mark": (("verify", "duty-c", number(3), *BY), "marks", {"owner": "duty-c", "address": number(3)}),
    "test": (
        ("verify", "duty-c", number(3), "--as", "tested", "--medium", "sms", *BY),
        "marks",
        {"owner": "duty-c", "address": number(3), "mark": "tested", "medium": "sms"},
    ),
}


@pytest.mark.parametrize(("command", "path", "body"), SAME.values(), ids=SAME.keys())
async def test_the_api_records_what_the_command_records(
    writer: Writer, tmp_path: Path, command: tuple[str, ...], path: str, body: dict[str, Any]
) -> None:
    """Two ways of recording would be two rosters."""
    other = tmp_path / "command"
    other.mkdir()
    (other / "county.toml").write_text(
        f'county = "{COUNTY}"\noffice = "环江县联络办"\nduty_phone = "0778-8820110"\n', encoding="utf-8"
    )
    (other / "roster.toml").write_text(PLAN, encoding="utf-8")
    (other / "flood.toml").write_text(FLOOD_TOML, encoding="utf-8")
    words = [str(other / word) if word.endswith(".toml") else word for word in command]
    done("roster", *words, "--dir", other)

    answer = await writer.post(path, body)

    assert answer.status == 201, answer.body
    here, there = ([one | {"id": "", "recorded_at": ""} for one in kept(home)] for home in (tmp_path, other))
    assert here == there
    assert len(here) == len(answer.body["records"])


REFUSALS: dict[str, tuple[tuple[str, ...], str, dict[str, Any], tuple[int, str, str]]] = {
    "unknown officer": (
        ("override", "duty-z", *DAY, "--replaces", "duty-a", "--reason", "病假", *BY),
        "overrides",
        ILL | {"officer": "duty-z"},
        (422, "roster.unknown_officer", "officer"),
    ),
    "nobody to replace": (
        ("override", "duty-c", *DAY, "--reason", "病假", *BY),
        "overrides",
        {name: value for name, value in ILL.items() if name != "replaces"},
        (422, "request.rule", "tier"),
    ),
    "backwards": (
        ("override", "duty-c", *DAY[2:], "--from", "2030-06-13 08:30", "--replaces", "duty-a", "--reason", "病假", *BY),
        "overrides",
        ILL | {"starts_at": "2030-06-13T08:30:00+08:00"},
        (422, "request.rule", "ends_at"),
    ),
    "no such number": (
        ("verify", "duty-a", number(99), *BY),
        "marks",
        {"owner": "duty-a", "address": number(99)},
        (422, "roster.unknown_number", "address"),
    ),
    "nobody to leave a note to": (
        ("handover", "duty-a", "duty-z", "--text", "水位"),
        "notes",
        {"to_officer": "duty-z", "text": "水位"},
        (422, "roster.unknown_officer", "to_officer"),
    ),
}


@pytest.mark.parametrize(("command", "path", "body", "refusal"), REFUSALS.values(), ids=REFUSALS.keys())
async def test_the_api_refuses_what_the_command_refuses(
    writer: Writer,
    tmp_path: Path,
    command: tuple[str, ...],
    path: str,
    body: dict[str, Any],
    refusal: tuple[int, str, str],
) -> None:
    """With the same mend, by the field of its own body; and nothing is recorded."""
    (tmp_path / "county.toml").write_text(
        f'county = "{COUNTY}"\noffice = "环江县联络办"\nduty_phone = "0778-8820110"\n', encoding="utf-8"
    )
    said = sihu("roster", *command, "--dir", tmp_path)
    answer = await writer.post(path, body)

    assert (answer.status, answer.body["code"], answer.body["field"]) == refusal
    assert answer.is_problem
    assert (said.code, answer.body["mend"] in said.err) == (2, True), said.err
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "field"),
    [
        ("overrides", ILL | {"colour": "red"}, 422, "request.unknown_field", "colour"),
        ("overrides", ILL | {"starts_at": "2030-06-11 08:30"}, 422, "request.wrong_form", "starts_at"),
        ("overrides", ILL | {"tier": "office"}, 422, "request.not_allowed", "tier"),
        ("overrides", ILL | {"plan": "9" * 32}, 422, "roster.unknown_plan", "plan"),
        ("overrides", ILL | {"reason": ""}, 422, "request.wrong_form", "reason"),
        ("overrides", ILL | {"recorded_by": "head-a"}, 422, "request.unknown_field", "recorded_by"),
        ("overrides", [], 422, "request.wrong_type", ""),
        ("notes", {"to_officer": "duty-b", "text": "水" * 2001}, 422, "request.too_long", "text"),
        (
            "notes",
            {"to_officer": "duty-b", "text": "x", "from_officer": "head-a"},
            422,
            "request.unknown_field",
            "from",
        ),
        ("plans", SAME["plan"][2] | {"layers": []}, 422, "request.too_short", "layers"),
        (
            "plans",
            SAME["plan"][2] | {"layers": [FLOOD | {"starts_on": "2030-06-01", "members": ["duty-z"]}]},
            422,
            "roster.unknown_officer",
            "layers.0.members",
        ),
        ("swaps", SAME["swap"][2] | {"second": "duty-a"}, 422, "request.rule", "second"),
        ("marks", {"owner": "duty-a", "address": number(1), "medium": "pigeon"}, 422, "request.not_allowed", "medium"),
        (f"records/{'9' * 32}/withdrawal", {"reason": "记错"}, 404, "roster.unknown_record", "record"),
        ("records/9f/withdrawal", {"reason": "记错"}, 400, "path.wrong_form", "record"),
        ("overrides", ILL | {"reason": "x" * REQUEST_MAX_BYTES}, 413, "json.too_large", "body"),
    ],
)
async def test_wrong_input_is_refused_and_nothing_recorded(
    writer: Writer,
    tmp_path: Path,
    path: str,
    body: Any,  # noqa: ANN401
    status: int,
    code: str,
    field: str,
) -> None:
    """A record is never edited: a wrong one would lie there for ever."""
    answer = await writer.post(path, body)
    assert (answer.status, answer.body["code"]) == (status, code)
    assert answer.body["field"].startswith(field)
    assert answer.is_problem
    assert not (tmp_path / "roster.d").exists()


async def test_a_record_is_withdrawn_once(writer: Writer) -> None:
    """The second one would believe that he had changed something."""
    made = (await writer.post("overrides", ILL)).body["records"][0]
    withdrawn = await writer.post(f"records/{made}/withdrawal", {"reason": "记错"})
    assert (withdrawn.status, await writer.primary()) == (201, "duty-a")
    again = await writer.post(f"records/{made}/withdrawal", {"reason": "记错"})
    assert (again.status, again.body["code"], again.is_problem) == (409, "roster.withdrawn", True)


async def test_a_change_names_its_officer_or_is_refused(county: County, tmp_path: Path) -> None:
    """A change in nobody's name cannot be asked about in the morning."""
    async with calling(county, county.let_in("machine", *WRITER)) as caller:
        answer = await Writer(caller).post("overrides", ILL)
    assert (answer.status, answer.body["code"], answer.is_problem) == (403, "access.no_officer", True)
    assert kept(tmp_path) == []


# -- several writers ----------------------------------------------------------------------------------------------


async def test_a_change_without_a_version_is_refused(writer: Writer, tmp_path: Path) -> None:
    """Whoever has not looked does not know what he changes."""
    answer = await writer.caller.post("/roster/overrides", json=ILL)
    assert (answer.status, answer.body["code"], answer.body["field"]) == (428, "roster.no_version", "If-Match")
    assert answer.is_problem
    assert kept(tmp_path) == []


@pytest.mark.parametrize("header", ["*", '"0"', f'"{"0" * 32}"', "0" * 32, '""', f'"{"0" * 32}", "x"'])
async def test_another_version_is_refused(writer: Writer, tmp_path: Path, header: str) -> None:
    """Nothing but the version that is in force now lets a change in."""
    answer = await writer.post("overrides", ILL, seen=header)
    assert (answer.status, answer.body["code"], answer.body["field"]) == (412, "roster.changed", "If-Match")
    assert answer.is_problem
    assert kept(tmp_path) == []


async def test_a_tag_that_a_proxy_made_weak_is_the_same_version(writer: Writer) -> None:
    """A proxy that compresses writes W/ before it; all changes through it would be refused."""
    assert (await writer.post("overrides", ILL, seen=f"W/{await writer.version()}")).status == 201


async def test_of_two_writers_at_once_one_is_told_to_look_again(county: County, writer: Writer, tmp_path: Path) -> None:
    """Two officers mend one gap by two substitutes, each believing in his own; also from two nodes' threads."""
    seen = await writer.version()
    county.roster = room(on_disk(tmp_path), "second")
    async with calling(county, county.let_in("other", *WRITER, officer="duty-b")) as caller:
        second = Writer(caller)
        posts = [one.post("overrides", ILL, seen=seen) for one in (writer, second) for _ in range(8)]
        answers = await asyncio.gather(*posts)
        assert sorted(one.status for one in answers) == [201, *[412] * 15]
        assert len(kept(tmp_path)) == 1
        assert await writer.version() == await second.version()
        assert (await second.post("overrides", ILL | {"officer": "head-a", "replaces": "duty-c"})).status == 201
    assert await writer.primary() == "head-a"


async def test_a_command_or_an_edit_in_between_refuses_the_change(writer: Writer, tmp_path: Path) -> None:
    """The console is not the only one who changes the roster."""
    (tmp_path / "county.toml").write_text(
        f'county = "{COUNTY}"\noffice = "环江县联络办"\nduty_phone = "0778-8820110"\n', encoding="utf-8"
    )
    seen = await writer.version()
    done("roster", "override", "head-a", *DAY, "--replaces", "duty-a", "--reason", "病假", *BY, "--dir", tmp_path)
    assert (await writer.post("overrides", ILL, seen=seen)).status == 412
    seen = await writer.version()
    (tmp_path / "roster.toml").write_text(PLAN + "\n", encoding="utf-8")
    assert (await writer.post("overrides", ILL, seen=seen)).status == 412
    assert await writer.primary() == "head-a"


async def test_a_bad_edit_lets_nothing_be_changed(writer: Writer, tmp_path: Path) -> None:
    """What is judged by the last good roster may not fit the one that people are writing."""
    seen = await writer.version()
    (tmp_path / "roster.toml").write_text(PLAN.replace('"duty-a", "duty-b"', '"duty-z"'), encoding="utf-8")
    answer = await writer.post("overrides", ILL, seen=seen)
    assert (answer.status, answer.body["code"]) == (409, "roster.broken")
    assert [one["code"] for one in answer.body["faults"]] == ["roster.broken", "roster.unknown_officer"]
    assert kept(tmp_path) == []


async def test_a_place_that_cannot_be_written_is_told(writer: Writer, tmp_path: Path) -> None:
    """The node runs as another user than the one who made the directory."""
    (tmp_path / "roster.d").write_bytes(b"a file")
    answer = await writer.post("overrides", ILL)
    assert (answer.status, answer.body["code"], answer.is_problem) == (409, "roster.unwritable", True)


# -- calendar files -----------------------------------------------------------------------------------------------


def calendar(*people: str, first: int = 11) -> bytes:
    """Return a file that puts each on for one day."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test"]
    for day, name in enumerate(people, first):
        lines += ["BEGIN:VEVENT", f"UID:{day}", f"DTSTART;VALUE=DATE:203006{day}", f"SUMMARY:主班 {name}", "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


IMPORT = "import?from=2030-06-09T00:30:00Z&days=10&source=duty.ics"


async def test_a_calendar_file_is_taken(writer: Writer, tmp_path: Path) -> None:
    """The plan that the office keeps in its calendar program."""
    answer = await writer.post(IMPORT, data=calendar("值班员丙", "值班员乙"), headers=CALENDAR)
    assert (answer.status, answer.body["shifts"], answer.body["left_out"]) == (201, 2, [])
    assert await writer.primary() == "duty-c"
    (record,) = kept(tmp_path)
    assert (record["kind"], record["source"], record["recorded_by"]) == ("import", "duty.ics", "duty-a")
    (line,) = (await writer.caller.get("/roster")).body["imports"]
    assert (line["shifts"], line["ends_at"]) == (2, "2030-06-13T08:30:00.000+08:00")


async def test_a_calendar_file_is_taken_whole_or_not_at_all(writer: Writer, tmp_path: Path) -> None:
    """Half a plan looks like a plan; whoever wants the half says so."""
    data = calendar("值班员乙", "外人", "值班员丙")
    refused = await writer.post(IMPORT, data=data, headers=CALENDAR)
    assert (refused.status, refused.body["code"]) == (422, "ics.unknown_officer")
    assert refused.body["field"] == "line 9 SUMMARY"
    assert kept(tmp_path) == []
    partial = await writer.post(f"{IMPORT}&partial=true", data=data, headers=CALENDAR)
    assert (partial.status, partial.body["shifts"]) == (201, 2)
    assert [one["field"] for one in partial.body["left_out"]] == ["line 9 SUMMARY"]


@pytest.mark.parametrize(
    ("query", "how", "status", "code"),
    [
        (IMPORT, {"data": b"no calendar", "headers": CALENDAR}, 422, "ics.malformed"),
        (IMPORT, {"data": b"END:VCALENDAR\r\n", "headers": CALENDAR}, 422, "ics.malformed"),
        (IMPORT, {"data": calendar("值班员乙", first=25), "headers": CALENDAR}, 422, "ics.empty"),
        (IMPORT, {"data": b"{}", "headers": {"Content-Type": "application/json"}}, 415, "http.media_type"),
        (
            IMPORT,
            {"data": calendar("值班员乙"), "headers": {"Content-Type": "text/calendar; charset=gbk"}},
            415,
            "http.media_type",
        ),
        (
            IMPORT,
            {"data": b"x", "headers": CALENDAR | {"Content-Encoding": "gzip"}},
            415,
            "http.content_encoding",
        ),
        ("import?days=367", {"data": b"", "headers": CALENDAR}, 400, "query.out_of_range"),
        ("import?tier=office", {"data": b"", "headers": CALENDAR}, 400, "query.not_allowed"),
        ("import?source=%0a", {"data": b"", "headers": CALENDAR}, 400, "query.wrong_form"),
    ],
)
async def test_what_is_no_calendar_file_is_refused(
    writer: Writer, tmp_path: Path, query: str, how: dict[str, Any], status: int, code: str
) -> None:
    """Every input has a bound, and whoever sends the wrong file is told so."""
    answer = await writer.post(query, **how)
    assert (answer.status, answer.body["code"], answer.is_problem) == (status, code, True)
    assert kept(tmp_path) == []


async def test_the_bound_of_a_file_holds_while_it_is_read(writer: Writer, tmp_path: Path) -> None:
    """A body in chunks announces no length: memory is not the caller's to fill."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(ICS_MAX_BYTES // 65_536 + 1):
            yield b" " * 65_536

    answer = await writer.post(IMPORT, data=pieces(), headers=CALENDAR)
    assert (answer.status, answer.body["code"], answer.is_problem) == (413, "ics.too_large", True)
    assert kept(tmp_path) == []


# -- what follows -------------------------------------------------------------------------------------------------


async def test_who_is_put_on_duty_is_told_of_what_is_open() -> None:
    """The substitute who comes at 02:00 must not find the alert of 01:50 in the morning."""
    night, twin = Night(), room(in_memory())
    night.county.roster = twin
    night.duty = RosterDuty(twin.rostering)  # type: ignore[assignment]
    pagers = {one.name: one for one in (night.sms, night.voice, night.fax, night.mail)}
    night.desk = night.opened(pagers)
    night.county.people = People(night.duty, pagers, lambda: USUAL_POLICY)
    await night.alert(2)
    assert night.sms.to(number(2))  # 值班员乙 is on duty until 08:30
    assert not night.sms.to(number(1))
    token = night.county.let_in("desk", *WRITER, officer="duty-b")
    now = {"starts_at": "2026-03-04T07:30:00+08:00", "ends_at": "2026-03-04T08:30:00+08:00"}
    async with calling(night.county, token) as caller:
        answer = await Writer(caller).post("overrides", ILL | now | {"officer": "duty-a", "replaces": "duty-b"})
    assert answer.status == 201
    await night.later(seconds=1)
    assert night.sms.to(number(1))


async def test_a_gap_is_told_and_ends_with_the_change_that_mends_it() -> None:
    """A notice that stands for an hour after it was mended is not believed the next time."""
    night = Night()
    files = in_memory(PLAN.replace('tier = "secondary"', 'tier = "leader"'))
    night.county.roster = room(files)
    night.duty = RosterDuty(night.county.roster.rostering)  # type: ignore[assignment]
    night.desk = night.opened({night.sms.name: night.sms})
    await night.desk.run_once()
    assert NoticeKind.COVERAGE_GAP in await night.notices()
    fill = {"officer": "duty-c", "tier": "secondary", "reason": "补缺"}
    span = {"starts_at": "2026-03-04T07:30:00+08:00", "ends_at": "2026-04-04T08:30:00+08:00"}
    async with calling(night.county, night.county.let_in("desk", *WRITER, officer="duty-b")) as caller:
        assert (await Writer(caller).post("overrides", fill | span)).status == 201
    await night.later(seconds=1)
    assert NoticeKind.COVERAGE_GAP not in await night.notices()


async def test_no_log_line_of_a_change_holds_a_number_or_a_note(writer: Writer) -> None:
    """A log is read by many, kept long and sent elsewhere."""
    with capture_logs() as logs:
        await writer.post("marks", {"owner": "duty-a", "address": number(1)})
        await writer.post("notes", SAME["note"][2])
        await writer.post("marks", {"owner": "duty-a", "address": number(99)})
    changed = [one for one in logs if one["event"] == "gateway.roster_changed"]
    assert [(one["kind"], one["officer"], one["access"]) for one in changed] == [
        ("mark", "duty-a", "desk"),
        ("handover", "duty-a", "desk"),
    ]
    assert not any(text in str(logs) for text in (number(1), number(99), "水库"))


async def test_a_mark_is_recorded_for_each_medium_at_once(writer: Writer, tmp_path: Path) -> None:
    """One telephone is two entries; recorded one by one, a second writer would come in between."""
    answer = await writer.post("marks", {"owner": "duty-a", "address": number(1)})
    assert len(answer.body["records"]) == 2
    marks = [CHANGES.validate_python(one) for one in (CHANGES.validate_json(json.dumps(one)) for one in kept(tmp_path))]
    assert [one.medium for one in marks if isinstance(one, NumberMark)] == [Medium.SMS, Medium.VOICE]


async def test_what_the_api_shows_is_what_the_node_pages_by(county: County, writer: Writer) -> None:
    """Two readings of one roster would page one officer and show another."""
    await writer.post("overrides", ILL)
    assert county.roster is not None
    duty = duty_at(county.roster.rostering.history(), NOON, NOW)
    shown = (await writer.caller.get("/roster/on-duty?at=2030-06-11T04:00:00Z")).body["people"]
    assert [one["officer"] for one in shown] == [one.recipient.officer for one in duty.people]
    told = RosterDuty(county.roster.rostering).on_duty(NOON)
    assert [one["officer"] for one in shown] == [one.officer for one in told]
    assert isinstance(county.roster.rostering.history().changes[0], Override)
