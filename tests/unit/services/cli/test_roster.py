"""The commands of a roster, on a county's directory: what is recorded counts at once, and no number is printed."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.domain.roster_files import change_line
from tests.architecture.tracked import ROOT
from tests.commands import Outcome, done, sihu
from tests.rosters import COUNTY, PLAN, number, override

AT = ("--at", "2030-06-11 12:00")  # far ahead: what is recorded today is known then; primary 甲, secondary 丙
BY = ("--by", "duty-a")
SPAN = ("2030-06-11 08:30", "2030-06-12 08:30")
DAY = ("--from", "2030-06-11 08:30", "--to", "2030-06-12 08:30")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a county's directory with a roster and no keys."""
    folder = tmp_path / COUNTY
    folder.mkdir()
    office = 'office = "环江县联络办"\nduty_phone = "0778-8820110"'
    (folder / "county.toml").write_text(f'county = "{COUNTY}"\n{office}\n', encoding="utf-8")
    (folder / "roster.toml").write_text(PLAN, encoding="utf-8")
    return folder


def primary(home: Path, *arguments: str) -> str:
    found = done("roster", "show", *(arguments or AT), "--dir", home)["on_duty"]
    return next((one["officer"] for one in found if one["tier"] == "primary"), "")


def refused(*arguments: str | Path) -> Outcome:
    outcome = sihu("roster", *arguments)
    assert outcome.code == 2, outcome
    return outcome


def test_who_is_on_duty_is_shown_with_masked_numbers(home: Path) -> None:
    """The table is shown on screens that visitors see."""
    value = done("roster", "show", *AT, "--dir", home)
    assert [(one["tier"], one["officer"]) for one in value["on_duty"]][:2] == [
        ("primary", "duty-a"),
        ("secondary", "duty-c"),
    ]
    assert value["on_duty"][0]["until"] == "2030-06-12T08:30:00.000+08:00"
    table = sihu("roster", "show", *AT, "--dir", home).out
    for part in ("主班", "值班员甲", "139******01", "06-12 08:30", "市值班室"):
        assert part in table
    assert number(1) not in table + json.dumps(value)


def test_an_override_counts_at_once_and_can_be_withdrawn(home: Path) -> None:
    """Somebody falls ill at 08:00, and at 08:01 the substitute is paged."""
    made = done("roster", "override", "head-a", *DAY, "--replaces", "duty-a", "--reason", "病假", *BY, "--dir", home)
    assert primary(home) == "head-a"
    done("roster", "withdraw", made["id"][:8], "--reason", "记错", *BY, "--dir", home)
    assert primary(home) == "duty-a"
    assert len(list((home / "roster.d" / "plans").glob("*.toml"))) == 1  # the plan that it changed is kept for the past
    listed = done("roster", "records", "--dir", home)["records"]
    assert [one["kind"] for one in listed] == ["withdrawal", "override"]
    again = refused("withdraw", made["id"], "--reason", "记错", *BY, "--dir", home)
    assert "withdrawn before" in again.err


def test_a_swap_of_two_days(home: Path) -> None:
    """Both halves are recorded by one command."""
    spans = ("2030-06-11 08:30/2030-06-12 08:30", "2030-06-12 08:30/2030-06-13 08:30")
    done("roster", "swap", "duty-a", spans[0], "duty-b", spans[1], "--reason", "调班", *BY, "--dir", home)
    assert primary(home) == "duty-b"
    assert primary(home, "--at", "2030-06-12 12:00") == "duty-a"


def test_a_temporary_plan_and_an_override_of_it(home: Path, tmp_path: Path) -> None:
    """The flood season has a plan of its own, and in it somebody falls ill."""
    flood = tmp_path / "flood.toml"
    flood.write_text(
        'name = "汛期"\nreason = "汛期值守"\n'
        "starts_at = 2030-06-01T08:30:00+08:00\nends_at = 2030-09-01T08:30:00+08:00\n"
        '[[layers]]\nname = "flood"\ntier = "primary"\nmembers = ["duty-c"]\nrotation = "daily"\nhandover = "08:30"\n'
        "starts_on = 2030-06-01\n",
        encoding="utf-8",
    )
    made = done("roster", "plan", flood, *BY, "--dir", home)
    assert primary(home) == "duty-c"
    ill = ("--replaces", "duty-c", "--reason", "病假", "--plan", made["id"][:6])
    done("roster", "override", "head-a", *DAY, *ill, *BY, "--dir", home)
    assert primary(home) == "head-a"
    flood.write_text(flood.read_text(encoding="utf-8").replace("duty-c", "duty-z"), encoding="utf-8")
    assert "no contact `duty-z`" in refused("plan", flood, *BY, "--dir", home).err


def test_a_hand_over_note_is_shown_to_the_one_who_comes(home: Path) -> None:
    """What is open at 08:30 must not go home with the one who knew it."""
    done("roster", "handover", "duty-a", "duty-b", "--text", "水库水位继续上涨", "--dir", home)
    assert "水库水位继续上涨" in sihu("roster", "show", "--dir", home).out
    assert done("roster", "show", "--dir", home)["note"]["to_officer"] == "duty-b"


def test_gaps_are_listed_and_go_when_they_are_mended(home: Path) -> None:
    """`gaps` is what the operator looks at each morning."""
    file = home / "roster.toml"
    file.write_text(PLAN.replace('tier = "secondary"', 'tier = "leader"'), encoding="utf-8")
    (gap,) = done("roster", "gaps", "--dir", home)["findings"]
    assert (gap["code"], gap["tier"]) == ("coverage.nobody", "secondary")
    assert "副班无人值班" in sihu("roster", "gaps", "--dir", home).out
    assert "无人值班" in sihu("roster", "show", "--dir", home).out
    file.write_text(PLAN, encoding="utf-8")
    assert done("roster", "gaps", "--dir", home)["findings"] == []


def test_a_number_counts_once_it_is_verified(home: Path) -> None:
    """A number that nobody answered by is no coverage."""
    (home / "roster.toml").write_text(PLAN.replace("verified_at", "tested_at"), encoding="utf-8")
    assert "无已核验号码" in sihu("roster", "show", *AT, "--dir", home).out
    value = done("roster", "verify", "duty-a", number(1), *BY, "--dir", home)
    assert value["media"] == ["sms", "voice"]
    reached = done("roster", "show", *AT, "--dir", home)["on_duty"][0]["reached_by"]
    assert [one["medium"] for one in reached] == ["sms", "voice"]
    done("roster", "verify", "duty-a", number(1), "--medium", "sms", "--as", "opted_out", *BY, "--dir", home)
    # Whoever opts out in the very second of the verification has opted out.
    reached = done("roster", "show", *AT, "--dir", home)["on_duty"][0]["reached_by"]
    assert [one["medium"] for one in reached] == ["sms", "voice"]  # a duty number cannot opt out of alerts
    stranger = refused("verify", "duty-a", number(99), *BY, "--dir", home)
    assert "no such number" in stranger.err
    printed = sihu("roster", "records", "--dir", home).out + stranger.err
    assert number(1) not in printed
    assert number(99) not in printed


def test_the_past_is_answered_by_the_plan_of_then(home: Path) -> None:
    """Whoever edits roster.toml today must not change who was on duty last week."""
    done("roster", "check", "--dir", home)
    later = datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    file = home / "roster.toml"
    file.write_text(
        PLAN.replace('"duty-a", "duty-b"\n', '"head-a"\n').replace('["duty-a", "duty-b"]', '["head-a"]'),
        encoding="utf-8",
    )
    os.utime(file, (later, later))
    assert primary(home) == "head-a"
    assert primary(home, "--at", "2026-06-10 12:00") == "duty-a"
    assert primary(home, "--at", "2026-06-10 12:00", "--hindsight") == "head-a"


def test_shifts_go_out_and_come_back_as_a_calendar_file(home: Path, tmp_path: Path) -> None:
    """The officers' own calendars are filled from it, and a plan made there comes back."""
    file = tmp_path / "duty.ics"
    span = ("--from", "2030-06-11 08:30", "--days", "3")
    assert done("roster", "export", file, *span, "--dir", home)["shifts"] == 9  # three tiers, three days
    text = file.read_text(encoding="utf-8")
    assert number(1) not in text
    assert "SUMMARY:主班 值班员甲" in text
    file.write_text(text.replace("X-SIHU-OFFICER:duty-a", "X-SIHU-OFFICER:head-a"), encoding="utf-8", newline="")
    value = done("roster", "import", file, *span, *BY, "--dir", home)
    assert (value["shifts"], value["left_out"]) == (9, 0)
    assert primary(home) == "head-a"


def test_an_unknown_attendee_is_named_by_its_line(home: Path, tmp_path: Path) -> None:
    """A calendar of five hundred lines with `unknown officer` and no place is thrown away."""
    file = tmp_path / "duty.ics"
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test"]
    for day, name in ((11, "值班员乙"), (12, "外人"), (13, "值班员丙")):
        lines += ["BEGIN:VEVENT", f"UID:{day}", f"DTSTART;VALUE=DATE:203006{day}", f"SUMMARY:主班 {name}", "END:VEVENT"]
    file.write_text("\r\n".join([*lines, "END:VCALENDAR", ""]), encoding="utf-8", newline="")
    span = ("--from", "2030-06-09 08:30", "--days", "10")
    outcome = refused("import", file, *span, *BY, "--dir", home)
    assert "line 9 SUMMARY" in outcome.err
    assert done("roster", "records", "--dir", home)["records"] == []  # nothing was taken by half
    partial = sihu("roster", "import", file, *span, "--partial", *BY, "--dir", home, "--json")
    assert partial.json["shifts"] == 2
    assert "line 9 SUMMARY" in partial.err
    assert primary(home) == "duty-b"
    assert primary(home, "--at", "2030-06-14 08:29") == "duty-c"  # a whole day runs from hand-over to hand-over


def test_check_names_every_fault_and_what_is_missing(home: Path) -> None:
    """The operator runs it after each edit."""
    value = done("roster", "check", "--dir", home)
    assert (value["contacts"], value["layers"], value["kept"]) == (4, 3, True)
    assert value["without_credential"] == ["duty-a", "duty-b", "duty-c", "head-a"]
    assert done("roster", "check", "--dir", home)["kept"] is False
    assert "值班表无误" in sihu("roster", "check", "--dir", home).out
    (home / "roster.toml").write_text(PLAN.replace("members = [", 'members = ["duty-z", ', 1), encoding="utf-8")
    assert "duty-z" in refused("check", "--dir", home).err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "--at", "tomorrow"), "--at: write date and time"),
        (("show", "--at", "2026-12-01"), "--at: write date and time"),
        (("override", "duty-a", *DAY, "--reason", "病假", *BY), "say which tier"),
        (("override", "duty-z", *DAY, "--replaces", "duty-a", "--reason", "病假", *BY), "no contact `duty-z`"),
        (("swap", "duty-a", "x", "duty-b", "y", "--reason", "调班", *BY), "FROM/TO"),
        (("withdraw", "ab", "--reason", "记错", *BY), "six digits"),
    ],
)
def test_wrong_input_is_refused_with_the_mend(home: Path, arguments: tuple[str, ...], said: str) -> None:
    """What is misspelt must be told by its option, and nothing may be recorded."""
    assert said in refused(*arguments, "--dir", home).err
    assert not (home / "roster.d").exists()


def test_a_county_without_a_roster_is_told_where_to_begin(home: Path) -> None:
    """The first thing that an operator sees."""
    (home / "roster.toml").unlink()
    assert "roster.toml.example" in refused("show", "--dir", home).err


def test_the_deployed_example_is_a_good_roster(home: Path) -> None:
    """An example that does not read is copied by everybody."""
    shutil.copy(ROOT / "deploy" / "roster.toml.example", home / "roster.toml")
    shutil.copytree(ROOT / "deploy" / "calendar", home / "calendar")
    value = done("roster", "check", "--dir", home)
    assert (value["contacts"], value["layers"], value["calendar_years"]) == (5, 4, [2025, 2026])
    assert {one["code"] for one in value["findings"]} <= {"coverage.unreachable", "calendar.no_data"}


def test_what_people_see_of_records_and_files(home: Path, tmp_path: Path) -> None:
    """The lines without `--json`, and a note that comes from standard input."""
    file = tmp_path / "duty.ics"
    span = ("--from", "2030-06-11 08:30", "--days", "3")
    assert "9 班 shifts" in sihu("roster", "export", file, *span, "--dir", home).out
    taken = sihu("roster", "import", file, *span, *BY, "--dir", home).out
    assert "duty.ics，共9班" in taken
    assert "没有改变任何班次" in taken  # they stand there already
    said = sihu("roster", "verify", "duty-a", number(1), "--as", "tested", *BY, "--dir", home).out
    assert [f"值班员甲 {medium} 139******01 已测试" in said for medium in ("短信", "电话")] == [True, True]
    assert number(1) not in said
    noted = sihu("roster", "handover", "duty-a", "duty-b", "--dir", home, stdin="水位 1.2 米\n")
    assert "已记录" in noted.out
    assert done("roster", "show", "--dir", home)["note"]["text"] == "水位 1.2 米"


def test_files_that_hold_nothing_are_refused(home: Path, tmp_path: Path) -> None:
    """A plan without layers, a calendar that lies in another year, a swap that runs backwards."""
    plan, calendar = tmp_path / "flood.toml", tmp_path / "duty.ics"
    plan.write_text('name = "汛期"\n', encoding="utf-8")
    assert "flood.toml layers" in refused("plan", plan, *BY, "--dir", home).err
    calendar.write_text(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nEND:VCALENDAR\r\n", encoding="utf-8", newline=""
    )
    assert "no shift of it" in refused("import", calendar, *BY, "--dir", home).err
    backwards = ("2030-06-12 08:30/2030-06-11 08:30", "duty-b", "2030-06-12 08:30/2030-06-13 08:30")
    assert "end after it starts" in refused("swap", "duty-a", *backwards, "--reason", "调班", *BY, "--dir", home).err
    assert not (home / "roster.d").exists()


def test_people_read_what_was_recorded_and_what_it_leaves_open(home: Path) -> None:
    """A raw record is read by programmers, and a gap that the change itself makes is found out at night."""
    doubled = sihu("roster", "override", "duty-c", *DAY, "--replaces", "duty-a", "--reason", "病假", *BY, "--dir", home)
    assert "替班 2030-06-11 08:30 至 2030-06-12 08:30 值班员丙替值班员甲：病假" in doubled.out
    assert "新缺口 new gap 06-11 08:30 至 06-12 08:30 主班、副班同为值班员丙，请换人" in doubled.out
    again = sihu("roster", "override", "head-a", *DAY, "--replaces", "duty-a", "--reason", "病假", *BY, "--dir", home)
    assert "没有改变任何班次" in again.out
    made = done("roster", "override", "head-a", *DAY, "--tier", "primary", "--reason", "补缺", *BY, "--dir", home)
    assert (made["idle"], made["findings"]) == (False, [])
    back = done("roster", "withdraw", made["id"], "--reason", "记错", *BY, "--dir", home)
    assert [one["code"] for one in back["findings"]] == ["coverage.same_person"]
    spans = ("2030-06-20 08:30/2030-06-21 08:30", "2030-06-21 08:30/2030-06-22 08:30")
    sihu("roster", "swap", "duty-a", spans[0], "duty-b", spans[1], "--reason", "调班", *BY, "--dir", home)
    listed = sihu("roster", "records", "--dir", home).out
    for said in (
        "值班员甲 2030-06-20 08:30 至 2030-06-21 08:30 与 值班员乙",
        "已撤销 withdrawn",
        "带班领导甲任主班：补缺",
    ):
        assert said in listed
    assert "{" not in listed


def test_the_past_is_marked_as_known_then(home: Path) -> None:
    """Whoever reads it for evidence must know which of two answers it is."""
    past = ("roster", "show", "--at", "2026-02-10 12:00", "--dir", home)
    assert "按当时所知" in sihu(*past).out
    assert "按当时所知" not in sihu(*past, "--hindsight").out


def test_a_record_is_named_by_enough_digits(home: Path) -> None:
    """The wrong mend sends an officer back to count digits that were enough."""
    (home / "roster.d").mkdir()
    lines = [change_line(override(serial, *SPAN, "duty-c", "duty-a")) for serial in (1, 2)]
    (home / "roster.d" / "2026.jsonl").write_bytes(b"".join(lines))
    for record, said in (("0" * 6, "several records"), ("f" * 6, "no record's id"), ("f" * 5, "first six digits")):
        assert said in refused("withdraw", record, "--reason", "记错", *BY, "--dir", home).err
