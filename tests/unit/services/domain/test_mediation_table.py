"""The transition table of joint mediation: every stage × act pair, spelled a second time, from the stage's side."""

import pytest

from schemas.cases import CaseAct, CaseStage, Confirmation
from schemas.errors import Fault
from services.domain.mediation import CONFIRMATION_TABLE, GATES, TABLE, confirmation_after, following

_EVERYWHERE = "lead_offered lead_handed notice_given risk_flagged"
_TALK = "consent_given consent_withheld evidence_added visit_made entry_withdrawn " + _EVERYWHERE
_LEAVE = {"consent_refused": "withdrawn", "withdrawn": "withdrawn", "failed": "failed", "suspended": "suspended"}
_COURT = "confirmation_filed court_accepted confirmed confirmation_refused followed_up"
_BOUND = f"evidence_added visit_made entry_withdrawn {_COURT} {_EVERYWHERE}"
_DRAFTS = {"drafted_oral": "agreed_oral", "drafted_written": "agreed_written_pending"}
_CLOSE = {"closed": "closed"}

EXPECTED: dict[str, tuple[str, dict[str, str]]] = {
    "drafted": ("", {"registered": "registered"}),
    "registered": (
        _TALK,
        {**_LEAVE, "consent_refused": "not_accepted", "accepted": "accepted", "refused": "not_accepted"},
    ),
    "accepted": (f"{_TALK} extended", {**_LEAVE, "panel_set": "panel_set"}),
    "panel_set": (
        f"{_TALK} extended panel_set mediator_challenged session_set proposal_made",
        {**_LEAVE, "visit_made": "investigating", "session_held": "in_session"},
    ),
    "investigating": (
        f"{_TALK} extended panel_set mediator_challenged session_set proposal_made",
        {**_LEAVE, "session_held": "in_session"},
    ),
    "in_session": (
        f"{_TALK} extended panel_set mediator_challenged session_set session_held proposal_made",
        {**_LEAVE, **_DRAFTS, "visit_made": "investigating"},
    ),
    "agreed_oral": (
        f"{_TALK} extended panel_set mediator_challenged agreement_signed",
        {**_LEAVE, **_DRAFTS, "in_force": "in_force"},
    ),
    "agreed_written_pending": (
        f"{_TALK} extended panel_set mediator_challenged agreement_signed stamped",
        {**_LEAVE, **_DRAFTS, "in_force": "in_force"},
    ),
    "in_force": (_BOUND, {"performance_due": "performing", "court_advised": "advised_court", "reopened": "in_session"}),
    "performing": (
        f"{_BOUND} performance_due performance_reported",
        {
            "performance_completed": "performed",
            "breached": "breached",
            "court_advised": "advised_court",
            "reopened": "in_session",
        },
    ),
    "performed": (f"{_COURT} {_EVERYWHERE}", _CLOSE),
    "breached": (
        f"{_BOUND} performance_reported",
        {"performance_completed": "performed", "urged": "urged", "reopened": "in_session"},
    ),
    "urged": (
        f"{_BOUND} performance_reported urged",
        {
            "performance_completed": "performed",
            "breached": "breached",
            "court_advised": "advised_court",
            "reopened": "in_session",
        },
    ),
    "advised_court": (_EVERYWHERE, _CLOSE),
    "suspended": (f"{_TALK} extended resumed", {name: to for name, to in _LEAVE.items() if name != "suspended"}),
    "not_accepted": (_EVERYWHERE, _CLOSE),
    "withdrawn": (_EVERYWHERE, _CLOSE),
    "failed": (_EVERYWHERE, _CLOSE),
    "closed": ("", {"archived": "archived"}),
    "archived": ("", {}),
}


@pytest.mark.parametrize("act", CaseAct)
@pytest.mark.parametrize("stage", CaseStage)
def test_an_act_happens_where_it_must_not_or_leads_elsewhere(stage: CaseStage, act: CaseAct) -> None:
    """Each of the pairs: refused with its name, or on to exactly this stage."""
    staying, moving = EXPECTED[stage]
    expected = moving.get(act) or (stage if act in staying.split() else None)

    found = following(stage, act)

    if expected is None:
        assert isinstance(found, Fault)
        assert found.code == "case.not_now"
        assert stage.value in found.mend
    else:
        assert found == expected


def test_a_stage_or_an_act_is_missing_from_the_table() -> None:
    """Every act has a row, every stage is spelled in this test, and every gate is an act of the table."""
    assert set(TABLE) == set(CaseAct)
    assert set(EXPECTED) == {stage.value for stage in CaseStage}
    assert set(TABLE) >= GATES


@pytest.mark.parametrize("stage", sorted(set(TABLE[CaseAct.SUSPENDED])))
def test_a_case_goes_on_elsewhere_than_where_it_was_suspended(stage: CaseStage) -> None:
    """Resuming leads back, from wherever it was."""
    assert following(CaseStage.SUSPENDED, CaseAct.RESUMED, stage) is stage


_CONFIRMATIONS = {
    ("none", "confirmation_filed"): "filed",
    ("filed", "court_accepted"): "court_accepted",
    ("filed", "confirmed"): "confirmed",
    ("court_accepted", "confirmed"): "confirmed",
    ("filed", "confirmation_refused"): "refused",
    ("court_accepted", "confirmation_refused"): "refused",
    ("refused", "reopened"): "none",
}


@pytest.mark.parametrize("act", CaseAct)
@pytest.mark.parametrize("now", Confirmation)
def test_a_court_is_told_to_have_done_what_it_cannot(now: Confirmation, act: CaseAct) -> None:
    """Every pair of confirmation × act: acts that are no matter of the court leave it as it is."""
    found = confirmation_after(now, act)

    if act not in CONFIRMATION_TABLE:
        assert found is now
    elif (now.value, act.value) in _CONFIRMATIONS:
        assert found == _CONFIRMATIONS[now.value, act.value]
    else:
        assert isinstance(found, Fault)
        assert found.code == "case.not_now"


def test_a_refusal_leads_back_to_acceptance() -> None:
    """From not accepted, withdrawn or failed no chain of acts reaches any stage but closed and archived."""
    reached = {CaseStage.NOT_ACCEPTED, CaseStage.WITHDRAWN, CaseStage.FAILED}
    for _ in CaseStage:
        reached |= {row[stage] for row in TABLE.values() for stage in list(reached) if stage in row}

    assert reached == {
        CaseStage.NOT_ACCEPTED,
        CaseStage.WITHDRAWN,
        CaseStage.FAILED,
        CaseStage.CLOSED,
        CaseStage.ARCHIVED,
    }
