"""The audit log is a chain: what is changed, taken out or put in is found, wherever it is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.consoles import ABOUT_MAX, NOTE_MAX, AuditEntry
from schemas.errors import InvariantError
from services.domain.audit import NONE_YET, PRUNED, AuditVerdict, digest_of_entry, go_on, next_entry

NOW = datetime(2026, 3, 3, 23, 0, 0, 123456, tzinfo=UTC)


def log(count: int) -> list[AuditEntry]:
    """So many entries."""
    rows: list[AuditEntry] = []
    for number in range(count):
        last = rows[-1] if rows else None
        now = NOW + timedelta(minutes=number)
        rows.append(next_entry(last, officer="duty-a", act="event.read", about=f"e{number}", note="x", now=now))
    return rows


def pruned(rows: list[AuditEntry], up_to: int) -> list[AuditEntry]:
    """Return what is left when the first ones went, with the entry that says so."""
    gone = rows[up_to - 1]
    said = next_entry(rows[-1], officer="", act=PRUNED, about=str(gone.number), note=gone.digest, now=NOW)
    return [*rows[up_to:], said]


def test_an_empty_log_and_a_whole_one_hold() -> None:
    """Else the auditor is called every morning."""
    assert go_on(AuditVerdict(), []).holds
    rows = log(5)
    assert go_on(AuditVerdict(), rows) == AuditVerdict(1, 5, rows[-1].digest)


@given(st.integers(0, 9), st.sampled_from(["at", "officer", "act", "about", "note", "previous", "digest", "number"]))
def test_any_field_of_any_entry_is_bound(place: int, field: str) -> None:
    """A name exchanged, a time moved: the digest of that entry or the link to it breaks."""
    rows = log(10)
    changes: dict[str, object] = {
        "at": NOW - timedelta(days=1),
        "act": "event.sent",
        "number": 99,
        "previous": "f" * 64,
        "digest": "f" * 64,
    }
    rows[place] = replace(rows[place], **{field: changes.get(field, "other")})  # type: ignore[arg-type]
    assert not go_on(AuditVerdict(), rows).holds


@given(st.integers(1, 8))
def test_an_entry_taken_out_of_the_middle_is_missed(place: int) -> None:
    """Whoever tidies up after himself must not leave a log that holds."""
    rows = log(10)
    del rows[place]
    verdict = go_on(AuditVerdict(), rows)
    assert (verdict.holds, verdict.broken_at) == (False, place + 2)


@given(st.integers(0, 8))
def test_a_changed_entry_whose_digest_was_made_anew_is_found_at_the_next(place: int) -> None:
    """Without making every later one anew it does not fit."""
    rows = log(10)
    changed = replace(rows[place], officer="somebody")
    rows[place] = replace(changed, digest=digest_of_entry(changed))
    assert go_on(AuditVerdict(), rows).broken_at == place + 2


def test_entries_gone_from_the_front_need_a_word_of_it() -> None:
    """Else the oldest lines could be taken away by anybody."""
    rows = log(10)
    assert not go_on(AuditVerdict(), rows[4:]).holds
    left = pruned(rows, 4)
    assert go_on(AuditVerdict(), left).holds
    assert go_on(AuditVerdict(), left).first == 5
    assert not go_on(AuditVerdict(), left[1:]).holds
    twice = pruned(left, 3)
    assert go_on(AuditVerdict(), twice).holds


@pytest.mark.parametrize("cut", [lambda rows: rows[:3], lambda rows: rows[:1]])
def test_a_walk_goes_on_where_it_stopped(cut: Callable[[list[AuditEntry]], list[AuditEntry]]) -> None:
    """The log is read in pieces."""
    rows = log(10)
    begun = go_on(AuditVerdict(), cut(rows))
    assert go_on(begun, rows[begun.last :]) == go_on(AuditVerdict(), rows)


def test_long_texts_are_cut_before_they_are_bound() -> None:
    """What is kept is what was digested."""
    entry = next_entry(None, officer="", act="event.read", about="a" * 999, note="n" * 999, now=NOW)
    assert (len(entry.about), len(entry.note), entry.previous) == (ABOUT_MAX, NOTE_MAX, NONE_YET)
    assert go_on(AuditVerdict(), [entry]).holds


@pytest.mark.parametrize("act", ["", "read", "Event.read", "event.read\n", "event.read.more"])
def test_an_act_has_one_form(act: str) -> None:
    """Else nobody can look for it."""
    with pytest.raises(InvariantError):
        next_entry(None, officer="", act=act, now=NOW)
