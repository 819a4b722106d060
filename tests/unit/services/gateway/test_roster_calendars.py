"""Calendar files are taken over HTTP: whole or not at all, bounded, with every line that cannot be read named."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from schemas.calendars import ICS_MAX_BYTES
from tests.caller import calling
from tests.papers import HUANJIANG
from tests.roster_writer import WRITER, Writer, kept, write_county
from tests.rosters import on_disk, room
from tests.world import County, World

CALENDAR = {"Content-Type": "text/calendar"}


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
