"""The roster is changed over HTTP: by the rules of the commands, and in somebody's name."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from schemas.pages import Medium
from schemas.rosters import CHANGES, NumberMark
from services.gateway.gateway import REQUEST_MAX_BYTES
from tests.caller import calling
from tests.commands import done, sihu
from tests.papers import HUANJIANG
from tests.roster_writer import ILL, WRITER, Writer, kept, write_county
from tests.rosters import number, on_disk, room
from tests.world import County, World

BY = ("--by", "duty-a")
DAY = ("--from", "2030-06-11 08:30", "--to", "2030-06-12 08:30")


@pytest.fixture
def county(tmp_path: Path) -> County:
    """环江 with its roster on disk."""
    one = World()[HUANJIANG]
    write_county(tmp_path)
    one.roster = room(on_disk(tmp_path))
    return one


@pytest.fixture
async def writer(county: County) -> AsyncIterator[Writer]:
    """值班员甲."""
    async with calling(county, county.let_in("desk", *WRITER, officer="duty-a")) as caller:
        yield Writer(caller)


async def test_an_override_counts_at_once_and_says_who_made_it(writer: Writer, tmp_path: Path) -> None:
    """Somebody falls ill at 08:00, and whoever is asked at 08:01 must see the substitute."""
    seen = await writer.version()
    assert await writer.primary() == "duty-a"
    answer = await writer.post("overrides", ILL, seen=seen)

    assert answer.status == 201
    assert answer.headers["ETag"] == f'"{answer.body["version"]}"' == await writer.version() != seen
    assert answer.body["recorded_by"] == "duty-a"
    assert [one["code"] for one in answer.body["findings"]] == ["coverage.same_person"]  # 丙 is the second already
    assert answer.body["idle"] is False
    assert await writer.primary() == "duty-c"
    assert (await writer.post("overrides", ILL | {"officer": "head-a"})).body["idle"] is True  # 甲 is there no more
    record = kept(tmp_path)[0]
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
    write_county(other)
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
