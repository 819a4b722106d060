"""Periods of a ledger: a quarter that lacks a day makes a wrong figure in a signed report."""

from datetime import date
from itertools import pairwise

import pytest

from services.domain.periods import period_of, recent

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("key", "first", "last"),
    [
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-11", date(2026, 11, 1), date(2026, 11, 30)),
        ("2026-Q3", date(2026, 7, 1), date(2026, 9, 30)),
        ("2026-Q4", date(2026, 10, 1), TODAY),
        ("2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("2026", date(2026, 1, 1), TODAY),
    ],
)
def test_a_period_has_other_days(key: str, first: date, last: date) -> None:
    """Both ends belong to it, and one that runs ends today."""
    found = period_of(key, TODAY)
    assert found is not None
    assert (found.first, found.last, found.key) == (first, last, key)


@pytest.mark.parametrize("key", ["", "2026-13", "2026-00", "2026-Q5", "2026-12", "2027", "1999", "2026-", "26", "²026"])
def test_what_is_no_period_is_taken_for_one(key: str) -> None:
    """Nor what has not begun: its figures would all be 0."""
    assert period_of(key, TODAY) is None


def test_a_form_offers_a_period_that_cannot_be_read_back() -> None:
    """Every offered key is read back as the same period; over a new year, too."""
    for today in (TODAY, date(2027, 1, 1), date(2028, 2, 29)):
        offered = recent(today)
        assert [len(found) for _, found in offered] == [13, 8, 3]
        for _, found in offered:
            assert [period_of(one.key, today) for one in found] == list(found)
            assert all(before.first > after.last for before, after in pairwise(found))
