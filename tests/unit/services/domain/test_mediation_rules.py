"""What must be true for an act to count: the law, and two counties as equals. Each rule is broken, and kept."""

from datetime import date, timedelta
from typing import Any

import pytest

from schemas.cases import CaseAct, CaseRef, CaseStage, Confirmation, DueFact
from schemas.errors import InvariantError
from schemas.governance.mediation_parts import CaseOutcome, ConsentMatter, Performance
from services.domain.mediation_rules import judge_entry
from services.domain.mediation_state import advance
from tests.cases import (
    BOTH,
    DUSHAN,
    MONDAY,
    NANDAN,
    NEW_PANEL,
    OTHER_DIGEST,
    PANEL,
    Pair,
    consents,
    entry,
    facts,
    named,
    reached,
    road,
    signatures,
    step,
)


def code_at(stage: CaseStage, act: CaseAct, county: str = NANDAN, on: date = MONDAY, **changes: Any) -> str | None:  # noqa: ANN401
    """Return why an act does not count in a case that honestly came to a stage; None if it does."""
    fault = judge_entry(reached(stage), entry(facts(act, on, **changes), county))
    return fault.code if fault else None


@pytest.mark.parametrize("stage", CaseStage)
def test_a_stage_is_not_reached_by_the_honest_way(stage: CaseStage) -> None:
    """Every stage has a way on which every entry counts."""
    assert reached(stage).stage is stage


def test_a_case_is_accepted_while_a_party_has_not_agreed() -> None:
    """人民调解法 17: both must have."""
    file = Pair().play(step(NANDAN, CaseAct.REGISTERED), *consents(ConsentMatter.MEDIATION)[:1])
    fault = judge_entry(file.state, entry(facts(CaseAct.ACCEPTED)))

    assert fault is not None
    assert fault.code == "case.no_consent"
    assert "p2" in fault.mend
    assert "第十七条" in fault.mend


def test_a_county_speaks_for_the_party_of_the_other() -> None:
    """Consent and signature are passed on by the own county alone; a refusal counts wherever it was told."""
    assert code_at(CaseStage.REGISTERED, CaseAct.CONSENT_GIVEN, DUSHAN, party="p1") == "case.other_county"
    assert code_at(CaseStage.REGISTERED, CaseAct.CONSENT_GIVEN, NANDAN, party="p1") is None
    assert code_at(CaseStage.REGISTERED, CaseAct.CONSENT_REFUSED, DUSHAN, party="p1") is None
    pending = CaseStage.AGREED_WRITTEN_PENDING
    assert code_at(pending, CaseAct.AGREEMENT_SIGNED, DUSHAN, party="p1") == "case.other_county"
    assert code_at(pending, CaseAct.AGREEMENT_SIGNED, DUSHAN, mediator="m1") == "case.other_county"
    assert code_at(pending, CaseAct.AGREEMENT_SIGNED, DUSHAN, mediator="m2") is None


@pytest.mark.parametrize(
    ("act", "changes", "code"),
    [
        (CaseAct.WITHDRAWN, {"party": "p3"}, "case.unknown_party"),
        (CaseAct.NOTICE_GIVEN, {"refs": ("p1", "p9")}, "case.unknown_party"),
        (CaseAct.MEDIATOR_CHALLENGED, {"mediator": "m9"}, "case.unknown_mediator"),
        (CaseAct.SESSION_HELD, {"session_no": 2}, "case.no_session"),
    ],
)
def test_somebody_unknown_is_named(act: CaseAct, changes: dict[str, Any], code: str) -> None:
    """A reference that the case does not have."""
    state = Pair().play(*road(CaseStage.IN_SESSION), step(NANDAN, CaseAct.SESSION_SET, session_no=1)).state

    fault = judge_entry(state, entry(facts(act, **changes)))

    assert fault is not None
    assert fault.code == code


def test_a_month_is_made_longer_by_who_accepts() -> None:
    """The last day follows from the day of acceptance; only a holiday moves it."""
    agreed = Pair().play(*road(CaseStage.REGISTERED), *consents(ConsentMatter.MEDIATION)).state
    late = entry(facts(CaseAct.ACCEPTED, until=MONDAY + timedelta(days=90)))
    fault = judge_entry(agreed, late)

    assert fault is not None
    assert fault.code == "case.last_day"
    assert judge_entry(agreed, entry(facts(CaseAct.ACCEPTED))) is None


def test_one_county_mediates_alone() -> None:
    """At least one mediator from each, and none who was challenged."""
    alone = (CaseRef(ref="m1", county=NANDAN), CaseRef(ref="m2", county=NANDAN))
    assert code_at(CaseStage.ACCEPTED, CaseAct.PANEL_SET, mediators=alone) == "case.other_county"

    pair = Pair()
    state = pair.play(*road(CaseStage.PANEL_SET), step(DUSHAN, CaseAct.MEDIATOR_CHALLENGED)).state
    again, other = (entry(facts(CaseAct.PANEL_SET, mediators=one)) for one in (PANEL, NEW_PANEL))
    fault = judge_entry(state, again)

    assert fault is not None
    assert fault.code == "case.mediator_challenged"
    assert judge_entry(state, other) is None


def test_a_session_is_held_before_everything_is_ready_for_it() -> None:
    """Called, rights and duties told to all, the mediators accepted by all, nobody challenged: in this order."""
    steps = [*road(CaseStage.PANEL_SET), step(NANDAN, CaseAct.SESSION_SET), step(NANDAN, CaseAct.NOTICE_GIVEN)]
    steps += consents(ConsentMatter.MEDIATORS)
    codes = []
    for count in range(len(road(CaseStage.PANEL_SET)), len(steps) + 1):
        fault = judge_entry(Pair().play(*_fresh(steps[:count])).state, entry(facts(CaseAct.SESSION_HELD)))
        codes.append(fault.code if fault else None)

    assert codes == ["case.no_session", "case.rights_untold", "case.no_consent", "case.no_consent", None]


def _fresh(steps: list[tuple[str, CaseAct, dict[str, Any]]]) -> list[tuple[str, CaseAct, dict[str, Any]]]:
    return [(county, act, dict(changes)) for county, act, changes in steps]


def test_a_new_panel_inherits_the_consent_to_the_old_one() -> None:
    """Whoever agreed to m1 and m2 has not agreed to m3."""
    steps = [*road(CaseStage.IN_SESSION), step(DUSHAN, CaseAct.MEDIATOR_CHALLENGED)]
    steps += [step(NANDAN, CaseAct.PANEL_SET, mediators=NEW_PANEL), step(NANDAN, CaseAct.SESSION_SET, session_no=2)]
    held = entry(facts(CaseAct.SESSION_HELD, session_no=2, sat=("m3", "m2")))

    fault = judge_entry(Pair().play(*_fresh(steps)).state, held)

    assert fault is not None
    assert fault.code == "case.no_consent"
    assert judge_entry(Pair().play(*_fresh(steps), *consents(ConsentMatter.MEDIATORS)).state, held) is None


@pytest.mark.parametrize(
    ("changes", "matter"),
    [({"outsiders": 1}, ConsentMatter.OUTSIDERS), ({"open_to_public": True}, ConsentMatter.OPEN_SESSION)],
)
def test_strangers_sit_in_although_a_party_did_not_agree(changes: dict[str, Any], matter: ConsentMatter) -> None:
    """人民调解法 20 and 23."""
    steps = [*road(CaseStage.IN_SESSION), step(NANDAN, CaseAct.SESSION_SET, session_no=2)]
    held = entry(facts(CaseAct.SESSION_HELD, session_no=2, **changes))

    fault = judge_entry(Pair().play(*_fresh(steps)).state, held)

    assert fault is not None
    assert fault.code == "case.no_consent"
    assert judge_entry(Pair().play(*_fresh(steps), *consents(matter)).state, held) is None


@pytest.mark.parametrize(("days", "code"), [(30, None), (31, None), (32, "case.time_over")])
def test_an_agreement_is_drafted_after_the_month(days: int, code: str | None) -> None:
    """From 03-02 to 04-02 it is 31 days; the last one counts."""
    assert code_at(CaseStage.IN_SESSION, CaseAct.DRAFTED_WRITTEN, on=MONDAY + timedelta(days=days)) == code


def test_a_month_is_extended_without_everybody() -> None:
    """Both agree to a day; nobody goes beyond it."""
    until = date(2026, 5, 2)
    steps = [*road(CaseStage.IN_SESSION), *consents(ConsentMatter.LONGER_TERM, until=until)]
    state = Pair().play(*_fresh(steps)).state
    codes = []
    for day in (until, until + timedelta(days=1), date(2026, 4, 2), date(2027, 4, 2)):
        fault = judge_entry(state, entry(facts(CaseAct.EXTENDED, until=day)))
        codes.append(fault.code if fault else None)
    fault = judge_entry(Pair().play(*_fresh(steps[:-1])).state, entry(facts(CaseAct.EXTENDED, until=until)))

    assert codes == [None, "case.no_consent", "case.last_day", "case.last_day"]
    assert fault is not None
    assert "p2" in fault.mend
    longer = advance(state, entry(facts(CaseAct.EXTENDED, until=until)))
    assert judge_entry(longer, entry(facts(CaseAct.DRAFTED_WRITTEN, until))) is None


@pytest.mark.parametrize("absent", range(7))
def test_an_agreement_is_in_force_without_one_of_them(absent: int) -> None:
    """Two parties, two mediators, two counties, one stamp: leave any one of the seven out."""
    signing = signatures()
    steps = [*road(CaseStage.AGREED_WRITTEN_PENDING), *signing[:absent], *signing[absent + 1 :]]

    fault = judge_entry(Pair().play(*steps).state, entry(facts(CaseAct.IN_FORCE)))

    assert len(signing) == 7
    assert fault is not None
    assert fault.code == "case.unsigned"


def test_signatures_under_an_older_text_count_for_the_newer_one() -> None:
    """Everybody signs one digest: a new draft begins again."""
    redrafted = step(DUSHAN, CaseAct.DRAFTED_WRITTEN, sha256=OTHER_DIGEST)
    state = Pair().play(*road(CaseStage.AGREED_WRITTEN_PENDING), *signatures(), redrafted).state

    assert len(state.lacks_signatures()) == 7
    fault = judge_entry(state, entry(facts(CaseAct.AGREEMENT_SIGNED)))
    assert fault is not None
    assert fault.code == "case.other_text"


def test_an_oral_agreement_waits_for_stamps_or_skips_a_county() -> None:
    """人民调解法 30: agreed and noted; and both counties sign the note."""
    steps = road(CaseStage.AGREED_ORAL)
    bare = judge_entry(Pair().play(*_fresh(steps)).state, entry(facts(CaseAct.IN_FORCE, refs=())))
    counties = [step(one, CaseAct.AGREEMENT_SIGNED) for one in (NANDAN, DUSHAN)]
    whole = Pair().play(*_fresh(steps), *counties).state

    assert bare is not None
    assert bare.mend.startswith(f"still to sign this text: county:{NANDAN}, county:{DUSHAN}")
    assert judge_entry(whole, entry(facts(CaseAct.IN_FORCE, refs=()))) is None
    assert code_at(CaseStage.IN_SESSION, CaseAct.DRAFTED_ORAL, refs=("p1",)) == "case.no_consent"


def test_a_party_goes_without_a_copy() -> None:
    """人民调解法 29: a written agreement goes to everybody."""
    state = Pair().play(*road(CaseStage.AGREED_WRITTEN_PENDING), *signatures()).state
    fault = judge_entry(state, entry(facts(CaseAct.IN_FORCE, refs=("p1",))))

    assert fault is not None
    assert fault.code == "case.no_copy"


def test_a_panel_that_has_changed_stands_behind_an_agreement_of_the_old_one() -> None:
    """The text names who mediated: a new panel means a new text."""
    steps = [*road(CaseStage.AGREED_WRITTEN_PENDING), *signatures()]
    steps += [step(DUSHAN, CaseAct.MEDIATOR_CHALLENGED), step(NANDAN, CaseAct.PANEL_SET, mediators=NEW_PANEL)]
    steps += [step(NANDAN, CaseAct.AGREEMENT_SIGNED, mediator="m3")]

    fault = judge_entry(Pair().play(*steps).state, entry(facts(CaseAct.IN_FORCE)))

    assert fault is not None
    assert fault.code == "case.other_panel"


@pytest.mark.parametrize(("days", "code"), [(29, None), (30, None), (31, "case.time_over")])
def test_a_court_is_asked_after_thirty_days(days: int, code: str | None) -> None:
    """In force on 03-02, last day 04-01; and all parties together."""
    on = MONDAY + timedelta(days=days)

    assert code_at(CaseStage.IN_FORCE, CaseAct.CONFIRMATION_FILED, on=on) == code
    assert code_at(CaseStage.IN_FORCE, CaseAct.CONFIRMATION_FILED, refs=("p1",)) == "case.not_joint"


def test_a_duty_is_called_broken_before_it_is_due() -> None:
    """On the day itself it is none; a duty that was met never is; and only who has it can break it."""
    due = MONDAY + timedelta(days=10)
    performing = CaseStage.PERFORMING

    assert code_at(performing, CaseAct.BREACHED, on=due) == "case.no_breach"
    assert code_at(performing, CaseAct.BREACHED, on=due + timedelta(days=1)) is None
    assert code_at(performing, CaseAct.BREACHED, on=due + timedelta(days=1), party="p2") == "case.no_item"
    items = (DueFact(no=2, party="p2", due_on=due), DueFact(no=1, party="p2", due_on=due))
    assert code_at(performing, CaseAct.PERFORMANCE_DUE, items=items) == "case.item_known"
    assert code_at(performing, CaseAct.PERFORMANCE_REPORTED, item_no=7) == "case.no_item"
    nobody = (DueFact(no=2, party="p7", due_on=due),)
    assert code_at(performing, CaseAct.PERFORMANCE_DUE, items=nobody) == "case.unknown_party"
    more = step(DUSHAN, CaseAct.PERFORMANCE_DUE, items=(DueFact(no=2, party="p2", due_on=due),))
    half = Pair().play(*road(performing), more, step(NANDAN, CaseAct.PERFORMANCE_REPORTED)).state
    fault = judge_entry(half, entry(facts(CaseAct.BREACHED, due + timedelta(days=1))))
    assert fault is not None
    assert fault.code == "case.no_breach"


def test_a_case_is_performed_while_a_duty_is_left() -> None:
    """Only the report after which everything is done ends it; a report that takes that back does not."""
    more = step(DUSHAN, CaseAct.PERFORMANCE_DUE, items=(DueFact(no=2, party="p2", due_on=MONDAY),))
    pair = Pair()
    half = pair.play(*road(CaseStage.PERFORMING), more, step(NANDAN, CaseAct.PERFORMANCE_REPORTED)).state
    partly = pair.play(step(DUSHAN, CaseAct.PERFORMANCE_REPORTED, item_no=2, performance=Performance.PARTLY)).state
    whole = pair.play(step(DUSHAN, CaseAct.PERFORMANCE_REPORTED, item_no=2)).state

    assert (half.stage, partly.stage, whole.stage) == (
        CaseStage.PERFORMING,
        CaseStage.PERFORMING,
        CaseStage.PERFORMED,
    )


def test_the_lead_changes_by_one_signature() -> None:
    """The leader offers, the other takes; nobody else, and nobody twice."""
    pair = Pair()
    assert code_at(CaseStage.REGISTERED, CaseAct.LEAD_OFFERED, DUSHAN, lead=NANDAN) == "case.not_lead"
    assert code_at(CaseStage.REGISTERED, CaseAct.LEAD_OFFERED, lead=NANDAN) == "case.other_county"
    assert code_at(CaseStage.REGISTERED, CaseAct.LEAD_HANDED, DUSHAN) == "case.lead_not_offered"

    offered = pair.play(*road(CaseStage.REGISTERED), step(NANDAN, CaseAct.LEAD_OFFERED)).state
    taken = pair.play(step(DUSHAN, CaseAct.LEAD_HANDED)).state

    assert (offered.lead, taken.lead, taken.offered) == (NANDAN, DUSHAN, None)
    assert judge_entry(taken, entry(facts(CaseAct.LEAD_HANDED), DUSHAN)) is not None
    wrong = judge_entry(offered, entry(facts(CaseAct.LEAD_HANDED, lead=DUSHAN), DUSHAN))
    assert wrong is not None
    assert wrong.field == "content.taken_from"


def test_an_entry_that_was_not_judged_is_taken() -> None:
    """That is a bug of our own: what cannot happen changes nothing."""
    with pytest.raises(InvariantError):
        advance(reached(CaseStage.REGISTERED), entry(facts(CaseAct.IN_FORCE)))


def test_a_case_is_reopened_or_sent_to_court_although_no_court_has_refused() -> None:
    """Renewed mediation and the way to court follow a refusal, or an urge that came to nothing."""
    filed = [*road(CaseStage.IN_FORCE), step(NANDAN, CaseAct.CONFIRMATION_FILED)]
    refused = Pair().play(*_fresh(filed), step(NANDAN, CaseAct.CONFIRMATION_REFUSED)).state

    assert code_at(CaseStage.IN_FORCE, CaseAct.REOPENED) == "case.not_now"
    assert code_at(CaseStage.IN_FORCE, CaseAct.COURT_ADVISED) == "case.not_now"
    assert code_at(CaseStage.URGED, CaseAct.COURT_ADVISED) is None
    assert judge_entry(refused, entry(facts(CaseAct.COURT_ADVISED))) is None
    reopened = advance(refused, entry(facts(CaseAct.REOPENED)))
    assert (reopened.stage, reopened.confirmation, reopened.draft) == (CaseStage.IN_SESSION, Confirmation.NONE, None)


def test_a_case_is_closed_with_another_outcome_than_it_had() -> None:
    """What it came to follows from its stage."""
    assert code_at(CaseStage.FAILED, CaseAct.CLOSED, outcome=CaseOutcome.PERFORMED) == "case.other_outcome"
    assert code_at(CaseStage.FAILED, CaseAct.CLOSED, outcome=CaseOutcome.FAILED) is None
    assert code_at(CaseStage.CLOSED, CaseAct.ARCHIVED, DUSHAN) == "case.not_lead"


def test_an_entry_of_the_other_county_is_taken_back() -> None:
    """Its own evidence, visits and proposals alone, each once; and it stays in the file."""
    pair = Pair()
    pair.play(*road(CaseStage.PANEL_SET))
    added = pair.nandan.write(CaseAct.EVIDENCE_ADDED, sha256=named("photo"))
    pair.meet()
    back: dict[str, Any] = {"entry": added.envelope_id}
    state = pair.nandan.file().state
    foreign = judge_entry(state, entry(facts(CaseAct.ENTRY_WITHDRAWN, **back), DUSHAN))
    own = entry(facts(CaseAct.ENTRY_WITHDRAWN, **back), NANDAN)

    assert foreign is not None
    assert foreign.code == "case.not_withdrawable"
    assert judge_entry(state, own) is None
    assert judge_entry(advance(state, own), own) is not None


def test_a_draft_leaves_a_party_or_a_mediator_out() -> None:
    """The text names everybody of the case."""
    parties, mediators = (CaseRef(ref="p1", county=NANDAN),), (CaseRef(ref="m1", county=NANDAN),)

    assert code_at(CaseStage.IN_SESSION, CaseAct.DRAFTED_WRITTEN, parties=parties) == "case.other_parties"
    assert code_at(CaseStage.IN_SESSION, CaseAct.DRAFTED_WRITTEN, mediators=mediators) == "case.other_panel"
    assert code_at(CaseStage.IN_SESSION, CaseAct.DRAFTED_ORAL, refs=BOTH) is None
