"""What may come next and why not, as a value; and the days that an officer must not miss."""

from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.calendars import Workdays
from schemas.cases import ENTRIES_MAX, CaseAct, CaseStage
from services.domain.mediation import GATES
from services.domain.mediation_next import (
    DayKind,
    days_of,
    judge_next,
    lacking_tables,
    options,
    proposed_days,
    reminders,
    row_of,
)
from services.domain.mediation_thread import CaseFile
from tests.cases import CASE, DUSHAN, MONDAY, NANDAN, Pair, entry, facts, named, reached, road, step

BARE = Workdays(frozenset({2026}), {}, {})


def allowed(file: CaseFile, county: str = NANDAN, *, heard: bool = True) -> set[str]:
    """Return the acts that may come next."""
    return {one.act.value for one in options(file, county, today=MONDAY, heard=heard) if one.fault is None}


def test_an_act_is_offered_that_would_be_refused_or_not_offered_although_it_would_count() -> None:
    """After both have agreed either county may accept; what needs a panel says so."""
    file = Pair().play(*road(CaseStage.REGISTERED), step(NANDAN, CaseAct.CONSENT_GIVEN))
    why = next(one for one in options(file, NANDAN, today=MONDAY, heard=True) if one.act is CaseAct.ACCEPTED)

    assert why.fault is not None
    assert "p2" in why.fault.mend
    whole = Pair().play(*road(CaseStage.ACCEPTED)[:-1])
    assert {"accepted", "refused", "failed", "suspended", "withdrawn", "evidence_added"} <= allowed(whole)
    assert "lead_offered" in allowed(whole)
    assert "lead_offered" not in allowed(whole, DUSHAN)
    assert not {"registered", "performance_completed"} & allowed(whole)


def test_a_gate_is_offered_while_the_other_county_is_not_heard() -> None:
    """Everything else goes on."""
    file = Pair().play(*road(CaseStage.ACCEPTED)[:-1])
    split = {one.act: one.fault.code for one in options(file, NANDAN, today=MONDAY, heard=False) if one.fault}

    assert {split[act] for act in GATES} == {"case.link_split"}
    assert {"evidence_added", "visit_made", "consent_refused"} <= allowed(file, heard=False)


def test_a_gate_is_offered_while_entries_are_missing() -> None:
    """Something that the other wrote is known to be there and is not."""
    pair = Pair()
    pair.play(*road(CaseStage.ACCEPTED)[:-1])
    pair.dushan.write(CaseAct.EVIDENCE_ADDED)
    pair.nandan.take(pair.dushan.write(CaseAct.VISIT_MADE))
    fault = judge_next(pair.nandan.file(), CaseAct.ACCEPTED, NANDAN, today=MONDAY, heard=True)

    assert fault is not None
    assert fault.code == "case.entries_missing"


def test_a_case_grows_without_end() -> None:
    """One more is refused at the door."""
    file = Pair().play(*road(CaseStage.REGISTERED))
    waiting = tuple(entry(facts(CaseAct.VISIT_MADE), DUSHAN, [named(one)]) for one in range(ENTRIES_MAX - 1))
    full = CaseFile(file.case_id, file.state, file.story, file.heads, waiting)
    fault = judge_next(full, CaseAct.EVIDENCE_ADDED, NANDAN, today=MONDAY, heard=True)

    assert fault is not None
    assert fault.code == "case.full"


@pytest.mark.parametrize(
    ("days", "kinds"),
    [
        (19, []),
        (20, [DayKind.REMINDER]),
        (26, [DayKind.REMINDER]),
        (27, [DayKind.REMINDER, DayKind.REMINDER]),
        (28, [DayKind.REMINDER, DayKind.REMINDER, DayKind.LIMIT]),
        (40, [DayKind.REMINDER, DayKind.REMINDER, DayKind.LIMIT]),
    ],
)
def test_the_end_of_the_month_comes_without_a_word(days: int, kinds: list[DayKind]) -> None:
    """Accepted on 03-02, last day 04-02: told from day 20 and 27 on, and of the last day from three days before."""
    found = reminders(reached(CaseStage.IN_SESSION), MONDAY + timedelta(days=days))

    assert [one.kind for one in found] == kinds
    assert all(one.passed == (one.on < MONDAY + timedelta(days=days)) for one in found)


def test_a_day_is_kept_that_is_no_matter_any_more() -> None:
    """In force: the court's thirty days; then duties that are not met; and none once it is over."""
    kinds = {
        stage: [one.kind for one in days_of(reached(stage), MONDAY)]
        for stage in (CaseStage.IN_FORCE, CaseStage.PERFORMING, CaseStage.PERFORMED, CaseStage.WITHDRAWN)
    }

    assert kinds == {
        CaseStage.IN_FORCE: [DayKind.CONFIRMATION],
        CaseStage.PERFORMING: [DayKind.DUTY, DayKind.CONFIRMATION],
        CaseStage.PERFORMED: [],
        CaseStage.WITHDRAWN: [],
    }
    filed = Pair().play(*road(CaseStage.IN_FORCE), step(NANDAN, CaseAct.CONFIRMATION_FILED)).state
    assert days_of(filed, MONDAY) == ()


def test_the_days_of_today_are_others_than_the_term_gives() -> None:
    """Both on a workday: 04-02 is a Thursday, 04-01 a Wednesday."""
    assert proposed_days(MONDAY, BARE) == {"due_on": date(2026, 4, 2), "confirm_by": date(2026, 4, 1)}


def test_a_year_without_a_table_is_counted_silently() -> None:
    """Whoever plans into next year is told which file is missing."""
    now = datetime(2026, 12, 20, tzinfo=UTC)

    assert lacking_tables([date(2026, 12, 31)], BARE, now) == ()
    (line,) = lacking_tables([date(2027, 1, 20)], BARE, now)
    assert "calendar/2027.toml" in line
    assert lacking_tables([], BARE, now) == ()


def test_a_line_of_the_list_says_something_else_than_the_case() -> None:
    """Stage, lead, next last day; and while the registration is missing the two that write to each other."""
    pair = Pair()
    row = row_of(pair.play(*road(CaseStage.PERFORMING)), agreement_id="f", counties=(DUSHAN, NANDAN), changed_at=_NOW)
    lonely = CaseFile(CASE, reached(CaseStage.DRAFTED), (), (), ())
    bare = row_of(lonely, agreement_id="f", counties=(DUSHAN, NANDAN), changed_at=_NOW)

    assert (row.stage, row.lead, row.due_on) == (CaseStage.PERFORMING, NANDAN, MONDAY + timedelta(days=10))
    assert (bare.counties, bare.lead, bare.due_on, bare.entries) == ((NANDAN, DUSHAN), "", None, 0)
    assert (bare.kind, bare.outcome, bare.opened_at) == ("", "", None)


def test_the_ledger_is_told_another_outcome_than_the_case_has() -> None:
    """The stage while it is open; once it is closed what it came to, also when it is archived."""
    pair = Pair()
    file = pair.play(*road(CaseStage.PERFORMING))
    begun = next(one.entry for one in file.story if one.entry.envelope_id == CASE)
    row = row_of(file, agreement_id="f", counties=(DUSHAN, NANDAN), changed_at=_NOW)
    assert (row.kind, row.outcome, row.opened_at) == ("forest", "performing", begun.time)
    for stage in (CaseStage.CLOSED, CaseStage.ARCHIVED):
        ended = row_of(Pair().play(*road(stage)), agreement_id="f", counties=(DUSHAN, NANDAN), changed_at=_NOW)
        assert (ended.stage, ended.outcome) == (stage, "performed")


_NOW = datetime(2026, 3, 2, tzinfo=UTC)
