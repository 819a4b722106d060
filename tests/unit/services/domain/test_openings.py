"""The log of openings: whatever is changed, moved or taken out of its middle shows; its end is compared by people."""

from dataclasses import replace
from typing import Any, Final

import pytest

from schemas.access import Access, Scope
from schemas.custody import Opening, OpeningReason
from services.domain.openings import NONE_YET, LogVerdict, go_on, next_opening
from tests import papers

START: Final = LogVerdict(0, NONE_YET)


def access(**changes: Any) -> Access:  # noqa: ANN401 - any field
    """A token."""
    given: dict[str, Any] = {
        "name": "desk",
        "digest": "0" * 64,
        "scopes": (Scope.EVENTS_READ,),
        "officer": "duty-a",
        "issued_at": papers.LONG_AGO,
        "expires_at": papers.FAR_AHEAD,
    }
    return Access(**(given | changes))


def log(count: int) -> list[Opening]:
    """A log of so many rows."""
    rows: list[Opening] = []
    for number in range(count):
        rows.append(
            next_opening(
                rows[-1] if rows else None,
                envelope_id=f"{number % 3:064x}",
                access=access(),
                reason=tuple(OpeningReason)[number % 4],
                now=papers.later(minutes=number),
            )
        )
    return rows


def test_a_whole_log_holds_in_whatever_pieces_it_is_read() -> None:
    """It is walked over a page at a time."""
    rows = log(7)
    whole = go_on(START, rows)
    assert (whole.count, whole.digest, whole.holds) == (7, rows[-1].digest, True)
    for cut in range(8):
        assert go_on(go_on(START, rows[:cut]), rows[cut:]) == whole
    assert go_on(START, []).holds


@pytest.mark.parametrize("gone", range(6))
def test_a_row_that_was_taken_out_shows(gone: int) -> None:
    """Wherever it stood, but at the end."""
    rows = log(7)
    found = go_on(START, rows[:gone] + rows[gone + 1 :])
    assert (found.holds, found.broken_at) == (False, gone + 2)


def test_rows_that_were_taken_off_the_end_show_by_number_and_digest() -> None:
    """The rest holds by itself: so the auditor notes both, and the journal of the machine has them, too."""
    rows = log(7)
    noted, found = go_on(START, rows), go_on(START, rows[:5])
    assert found.holds
    assert (found.count, found.digest) != (noted.count, noted.digest)


@pytest.mark.parametrize(
    "change",
    [
        {"envelope_id": "f" * 64},
        {"opened_at": papers.later(days=1)},
        {"access": "other"},
        {"officer": ""},
        {"officer": "duty-b"},
        {"reason": OpeningReason.SUBJECT_REQUEST},
        {"digest": "0" * 64},
        {"number": 5},
    ],
)
def test_a_changed_row_shows(change: dict[str, Any]) -> None:
    """Every field is bound."""
    rows = log(5)
    rows[2] = replace(rows[2], **change)
    assert not go_on(START, rows).holds


def test_names_are_not_to_be_shifted_into_each_other() -> None:
    """`ab` and nobody is another reader than `a` and `b`."""
    first = next_opening(None, envelope_id="0" * 64, access=access(name="ab", officer=None), **_rest())
    second = next_opening(None, envelope_id="0" * 64, access=access(name="a", officer="b"), **_rest())
    assert first.digest != second.digest


def _rest() -> dict[str, Any]:
    return {"reason": OpeningReason.HANDLING, "now": papers.NOW}
