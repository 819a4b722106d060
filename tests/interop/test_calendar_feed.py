"""The calendar that people subscribe to, read by a reader that shares nothing with its writer (``calendar.mjs``)."""

import json
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import recurring_ical_events
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from adapters.calendar.feed import write_feed
from adapters.calendar.festivals import festival_bytes
from adapters.calendar.reading import read_ics
from schemas.calendars import EntryStatus, FeedEntry, FeedParty, Participation
from schemas.outreach.campaigns import CampaignAnnounced, CampaignAnswered, CampaignChanged, CampaignClosed
from services.bootstrap.calendars import read_festivals
from services.domain.campaign_calendar import campaign_entry, festival_entries
from services.domain.campaigns import fold
from services.domain.festivals import days_between
from tests.interop.verifier import node
from tests.joint import LEAD, act, answer, campaign, closing
from tests.papers import LIBO, NANDAN, TIANE

PROGRAM = Path(__file__).parent / "calendar.mjs"
TABLE = read_festivals(festival_bytes())


def read_elsewhere(data: bytes) -> dict[str, Any]:
    """The file as Node reads it."""
    done = subprocess.run([node(), str(PROGRAM)], input=data, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def feed(*acts: Any) -> bytes:  # noqa: ANN401 - acts of a campaign
    """A campaign and the festivals of 2027, as a file."""
    state = fold(acts)
    assert state is not None
    days = days_between(TABLE, date(2027, 1, 1), date(2027, 12, 31))
    return write_feed([campaign_entry(state, TABLE), *festival_entries(days, TABLE)], name="四互活动日历")


ANNOUNCED = act(CampaignAnnounced, campaign(), LEAD)
ANSWERS = (
    act(CampaignAnswered, answer("accepted"), NANDAN, 1),
    act(CampaignAnswered, answer("tentative"), TIANE, 2),
    act(CampaignAnswered, answer("declined"), LIBO, 3),
)


def test_three_answers_are_read_by_a_strange_calendar_program() -> None:
    """Who comes, when and where, as an office's calendar shows it after an import."""
    found = read_elsewhere(feed(ANNOUNCED, *ANSWERS))
    (event,) = (one for one in found["events"] if one["UID"] == "451226-fenlong-2027@sihu")
    assert {one["value"]: one["PARTSTAT"] for one in event["attendees"]} == {
        "urn:sihu:county:451221": "ACCEPTED",
        "urn:sihu:county:451222": "TENTATIVE",
        "urn:sihu:county:522722": "DECLINED",
    }
    assert {one["CN"] for one in event["attendees"]} >= {"荔波 荔波县联络办"}
    assert event["DTSTART"] == {"value": "20270630T090000", "TZID": "Asia/Shanghai"}
    assert event["DTEND"] == {"value": "20270630T170000", "TZID": "Asia/Shanghai"}
    assert (event["SUMMARY"], event["LOCATION"]) == ("毛南族分龙节联办", "下南乡文化广场")
    assert event["GEO"] == "25.08;108.01"
    assert "荔波县联络办（不参加）" in event["DESCRIPTION"]
    assert "METHOD" not in found["calendar"]


def test_festivals_are_whole_days_on_the_right_days() -> None:
    """三月三 2027 is 9 April, 分龙节 2027 is 30 June; the end is the day after."""
    found = read_elsewhere(feed(ANNOUNCED))
    days = {one["UID"]: (one["DTSTART"], one["DTEND"]) for one in found["events"]}
    assert days["festival-sanyuesan-2027@sihu"] == (
        {"value": "20270409", "VALUE": "DATE"},
        {"value": "20270410", "VALUE": "DATE"},
    )
    assert days["festival-fenlong-2027@sihu"][0]["value"] == "20270630"


def test_a_calendar_program_keeps_what_was_called_off() -> None:
    """The same UID, a higher SEQUENCE, CANCELLED: RFC 5546 takes it out."""
    moved = act(CampaignChanged, campaign(1, name="改名"), LEAD, 9)
    over = act(CampaignClosed, closing(2, "cancelled"), LEAD, 10)
    before, after = [
        next(one for one in read_elsewhere(feed(*acts))["events"] if one["UID"].startswith("451226"))
        for acts in ((ANNOUNCED,), (ANNOUNCED, moved, over))
    ]
    assert (before["SEQUENCE"], before["STATUS"]) == ("0", "CONFIRMED")
    assert (after["SEQUENCE"], after["STATUS"], after["SUMMARY"]) == ("2", "CANCELLED", "（取消）改名")
    assert after["DTSTAMP"]["value"] > before["DTSTAMP"]["value"]


def test_other_programs_read_it_as_well() -> None:
    """Two more readers: the one that expands recurrences, and this program's own import of rosters."""
    data = feed(ANNOUNCED, *ANSWERS)
    of_june = recurring_ical_events.of(Calendar.from_ical(data)).between(date(2027, 6, 1), date(2027, 7, 1))
    assert sorted(str(one["UID"]) for one in of_june) == ["451226-fenlong-2027@sihu", "festival-fenlong-2027@sihu"]
    own = read_ics(data)
    assert own.faults == ()
    assert len(own.events) == 4


_lines = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=120)
_texts = st.lists(_lines, min_size=1, max_size=3).map("\n".join)
_moments = st.integers(0, 10**9).map(lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(summary=_lines, description=_texts, office=_lines, starts=_moments, sequence=st.integers(0, 9999))
def test_a_text_breaks_the_file(summary: str, description: str, office: str, starts: datetime, sequence: int) -> None:
    """Commas, semicolons, quotes, backslashes, long Chinese lines, emoji: read elsewhere as they were written."""
    party = FeedParty("522722", office, Participation.ACCEPTED, required=False)
    entry = FeedEntry(
        uid="451226-x@sihu",
        sequence=sequence,
        summary=summary,
        description=description,
        starts=starts,
        ends=starts + timedelta(hours=1),
        changed_at=starts,
        categories=("节庆",),
        status=EntryStatus.CONFIRMED,
        organizer=party,
        attendees=(party,),
    )
    (event,) = read_elsewhere(write_feed([entry], name=summary))["events"]
    assert (event["SUMMARY"], event["DESCRIPTION"], event["SEQUENCE"]) == (summary, description, str(sequence))
    assert event["attendees"][0]["ROLE"] == "OPT-PARTICIPANT"


@pytest.mark.parametrize("order", [1, -1])
def test_two_copies_of_one_calendar_differ(order: int) -> None:
    """The same entries make the same bytes, whatever order they came in: a program sees that nothing has changed."""
    days = festival_entries(days_between(TABLE, date(2027, 1, 1), date(2027, 12, 31)), TABLE)
    assert write_feed(days[::order], name="x") == write_feed(days, name="x")
