"""Tables: what a gateway's code means."""

from datetime import UTC, datetime

import pytest

from adapters.sms.cmpp_bodies import Version
from adapters.sms.cmpp_codes import connect_timestamp, refusal_of, retry_of, state_of, time_of
from schemas.pages import ReportState, Retry

NOW = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize("version", Version)
def test_flow_control_is_no_fault_of_the_page(version: Version) -> None:
    """Taken for a failure it would move every page of a storm to another medium."""
    assert retry_of(8, version)[0] is Retry.THROTTLED


def test_codes_from_nine_on_mean_something_in_3_0_only() -> None:
    """2.0 calls all of them another error, which may pass."""
    assert {retry_of(code, Version.V2)[0] for code in range(9, 256)} == {Retry.TEMPORARY}
    assert {retry_of(code, Version.V3)[0] for code in range(9, 14)} == {Retry.PERMANENT}
    assert {retry_of(code, Version.V3)[0] for code in (14, 255, 2**32 - 1)} == {Retry.TEMPORARY}


@pytest.mark.parametrize(
    ("stat", "state"),
    [
        ("DELIVRD", ReportState.DELIVERED),
        ("delivrd", ReportState.DELIVERED),
        ("ACCEPTD", ReportState.ACCEPTED),
        ("ENROUTE", ReportState.ACCEPTED),
        ("UNKNOWN", ReportState.UNKNOWN),
        ("", ReportState.UNKNOWN),
        ("EXPIRED", ReportState.FAILED),
        ("DELETED", ReportState.FAILED),
        ("UNDELIV", ReportState.FAILED),
        ("REJECTD", ReportState.FAILED),
        ("MA:0001", ReportState.FAILED),
        ("CB:0007", ReportState.FAILED),
        ("BLACK", ReportState.FAILED),
    ],
)
def test_only_one_word_means_delivered(stat: str, state: ReportState) -> None:
    """An unknown word taken for a success is an officer who was never told."""
    assert state_of(stat) is state


@pytest.mark.parametrize(
    ("digits", "moment"),
    [
        ("2603040730", datetime(2026, 3, 3, 23, 30, tzinfo=UTC)),
        ("2603050730", datetime(2026, 3, 4, 23, 30, tzinfo=UTC)),
        ("2603050731", None),
        ("2613040730", None),
        ("2602300730", None),
        ("260304073", None),
        ("26030407 0", None),
        ("\uff12603040730", None),
        ("", None),
    ],
)
def test_a_time_is_the_gateways_wall_clock_or_none(digits: str, moment: datetime | None) -> None:
    """A nonsense time must not cost the report, nor put it into next year."""
    assert time_of(digits, NOW) == moment


def test_the_timestamp_of_the_greeting_is_chinese_time() -> None:
    """In UTC it would be eight hours off, and the gateway says "wrong secret"."""
    assert connect_timestamp(NOW) == 304073000


def test_every_status_has_words() -> None:
    """An operator at night reads the words, not the number."""
    assert len({refusal_of(status) for status in range(1, 6)}) == 5
    assert refusal_of(160) == refusal_of(5)
