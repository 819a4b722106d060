"""Quotas: who is limited, what is counted, and that both ends reach the same verdict."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.agreements import Agreement, Quota
from schemas.errors import Fault
from schemas.records import QuotaUse
from services.domain.quotas import hour_of, is_counted, judge_quota, quota_of, seconds_left
from tests import papers
from tests.papers import LIBO, NANDAN

QUARTER_PAST = datetime(2026, 3, 4, 8, 15, tzinfo=UTC)


def quota(events: int = 3, size: int | None = None, county: str | None = None) -> Quota:
    """Return a row."""
    return Quota.model_validate({"county": county, "events_per_hour": events, "bytes_per_hour": size})


def test_the_row_of_a_county_goes_before_the_row_for_all() -> None:
    """A county that was given more would be held to what everybody has, or one that was given less would not."""
    agreement = papers.agreement(quotas=(quota(5), quota(900, county=LIBO)))
    assert [getattr(quota_of(agreement, one), "events_per_hour", None) for one in (LIBO, NANDAN)] == [900, 5]


def test_without_a_row_nothing_is_limited() -> None:
    """An agreement that limits one party would stop the others."""
    assert quota_of(papers.agreement(quotas=(quota(county=LIBO),)), NANDAN) is None
    assert quota_of(papers.agreement(), NANDAN) is None


def test_no_alert_and_no_control_record_is_counted() -> None:
    """A county that has sent many bulletins could not warn any more, or not erase, or not open a new epoch."""
    assert is_counted(papers.POLICY, 2)
    assert not is_counted(papers.ALERT, 1)
    assert not is_counted("cn.sihu.control.content_erased.v1", 3)


def test_the_last_event_that_fits_is_taken_and_the_next_is_not() -> None:
    """Off by one, and two ends that count differently accuse each other."""
    assert judge_quota(quota(3), "a", QuotaUse(2, 0), 10) is None
    fault = judge_quota(quota(3), "a", QuotaUse(3, 0), 10)
    assert fault is not None
    assert (fault.code, fault.field) == ("sharing.quota", "agreement")
    assert "3 events an hour" in fault.mend


def test_bytes_are_limited_up_to_the_last_one() -> None:
    """A few huge contents are a flood, too."""
    row = quota(1000, 262_144)
    assert judge_quota(row, "a", QuotaUse(1, 262_000), 144) is None
    assert judge_quota(row, "a", QuotaUse(1, 262_000), 145) == Fault(
        "sharing.quota", "agreement", "a carries 262144 bytes an hour from one county; send it in the next hour"
    )


def test_an_hour_ends_where_the_next_begins() -> None:
    """Whoever comes back when he was told to must not be refused again."""
    assert seconds_left(QUARTER_PAST) == 45 * 60
    back = QUARTER_PAST + timedelta(seconds=seconds_left(QUARTER_PAST))
    assert hour_of(back) == hour_of(QUARTER_PAST) + 1
    assert seconds_left(back) == 3600


@pytest.mark.parametrize(
    "rows",
    [
        [{"events_per_hour": 0}],
        [{"events_per_hour": 1_000_001}],
        [{"events_per_hour": 1, "bytes_per_hour": 262_143}],
        [{"events_per_hour": 1, "county": papers.FUNING}],
        [{"events_per_hour": 1}, {"events_per_hour": 2}],
        [{"events_per_hour": 1, "county": LIBO}, {"events_per_hour": 2, "county": LIBO}],
    ],
)
def test_an_agreement_with_an_impossible_quota_is_refused(rows: list[dict[str, object]]) -> None:
    """A quota in which the largest event never fits, of a stranger, or given twice."""
    with pytest.raises(ValidationError):
        Agreement.model_validate(papers.agreement().model_dump() | {"quotas": rows})


def test_an_agreement_without_quotas_is_spelled_as_before() -> None:
    """A partner whose version knows no quotas could not read it."""
    assert "quotas" not in papers.agreement().model_dump_json()
    assert "quotas" in papers.agreement(quotas=(quota(),)).model_dump_json()


class Book:
    """Counts in a dictionary, as the stores do."""

    def __init__(self, row: Quota) -> None:
        """Nothing is counted yet."""
        self.row = row
        self.uses: dict[int, QuotaUse] = {}

    def take(self, claimed: datetime, size: int) -> bool:
        """Take an event if it fits."""
        used = self.uses.get(hour_of(claimed), QuotaUse())
        if judge_quota(self.row, "a", used, size) is not None:
            return False
        self.uses[hour_of(claimed)] = QuotaUse(used.events + 1, used.size + size)
        return True


MINUTES = st.lists(st.tuples(st.integers(0, 600), st.integers(1, 200_000), st.booleans()), max_size=60)


@given(written=MINUTES, order=st.randoms(use_true_random=False))
def test_a_receiver_takes_whatever_an_honest_source_let_through(
    written: list[tuple[int, int, bool]], order: Random
) -> None:
    """A backlog in another order, or the part that was addressed to this county, would be refused for no reason."""
    row = quota(5, 400_000)
    source, receiver = Book(row), Book(row)
    let_through = [
        (QUARTER_PAST + timedelta(minutes=minute), size, to_us)
        for minute, size, to_us in written
        if source.take(QUARTER_PAST + timedelta(minutes=minute), size)
    ]
    order.shuffle(let_through)
    assert all(receiver.take(at, size) for at, size, to_us in let_through if to_us)


def test_whoever_lies_about_the_hour_gets_that_hours_share_and_no_more() -> None:
    """Claiming one hour again and again, in whatever order, must not open another share."""
    book = Book(quota(2))
    hours = [QUARTER_PAST + timedelta(hours=number % 3) for number in range(30)]
    assert sum(book.take(at, 1) for at in hours) == 6
