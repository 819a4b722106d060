"""Failures become waiting: soon, bounded, and forgotten in time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.consoles import Tally
from services.domain.lockout import (
    ADDRESS,
    OFFICER,
    Rule,
    address_key,
    locked_until,
    officer_key,
    taken_back,
    tried,
)

NOW = datetime(2026, 3, 3, 23, 0, tzinfo=UTC)


def after(failures: int, rule: Rule = OFFICER) -> Tally:
    """Fail so many times in one moment."""
    tally: Tally | None = None
    for _ in range(failures):
        tally = tried(tally, "k", rule, NOW)
    assert tally is not None
    return tally


@pytest.mark.parametrize("rule", [OFFICER, ADDRESS])
def test_the_wait_begins_in_time_doubles_and_has_an_end(rule: Rule) -> None:
    """A machine that guesses gets slower and slower; a person is never out for a day."""
    assert locked_until(after(rule.failures - 1, rule), NOW) is None
    waits = [after(rule.failures + more, rule).locked_until for more in range(30)]
    assert waits[:3] == [NOW + rule.first, NOW + 2 * rule.first, NOW + 4 * rule.first]
    assert waits[-1] == NOW + rule.longest


def test_a_lock_ends_at_its_moment() -> None:
    """Not a second later: the officer is looking at the clock."""
    tally = after(OFFICER.failures)
    assert locked_until(tally, NOW + OFFICER.first - timedelta(seconds=1)) is not None
    assert locked_until(tally, NOW + OFFICER.first) is None
    assert locked_until(None, NOW) is None


def test_failures_are_forgotten() -> None:
    """A slip in the morning is not held against anybody in the evening."""
    later = tried(after(OFFICER.failures - 1), "k", OFFICER, NOW + OFFICER.forgets)
    assert (later.failures, later.locked_until) == (1, None)


@given(st.integers(0, 40))
def test_a_good_attempt_leaves_no_trace(failures: int) -> None:
    """Whoever types it right, though others have guessed, is in."""
    before = after(failures) if failures else None
    good = taken_back(tried(before, "k", OFFICER, NOW))
    assert good.failures == failures
    assert locked_until(good, NOW) is None


def test_a_hundred_guesses_a_day_are_the_most() -> None:
    """Even at a constant 15 minutes: NIST SP 800-63B asks for at most 100 in a row."""
    tally, now, looked_at = None, NOW, 0
    while now < NOW + timedelta(days=1):
        if locked_until(tally, now) is None:
            tally, looked_at = tried(tally, "k", OFFICER, now), looked_at + 1
        now += timedelta(seconds=10)
    assert looked_at <= 110


def test_neighbours_of_an_ipv6_address_count_together() -> None:
    """One subscriber has 2^64 of them."""
    assert address_key("2001:db8::1") == address_key("2001:db8::2") != address_key("2001:db8:0:1::1")
    assert address_key("192.0.2.1") != address_key("192.0.2.2")
    assert address_key("not an address" * 99).startswith("address:not an address")
    assert len(address_key("x" * 999)) < 99
    assert len(officer_key("x" * 9999)) < 99
