"""The one transition table of joint mediation: stages × acts. What is not in it cannot happen.

The table says where an act leads; ``services.domain.mediation_rules`` says what must be true for it to count.

Source: docs/mediation.md, whose diagram is drawn from here
"""

from collections.abc import Mapping
from typing import Final

from schemas.cases import CaseAct, CaseStage, Confirmation
from schemas.errors import Fault

OPEN: Final = (
    CaseStage.REGISTERED,
    CaseStage.ACCEPTED,
    CaseStage.PANEL_SET,
    CaseStage.INVESTIGATING,
    CaseStage.IN_SESSION,
    CaseStage.AGREED_ORAL,
    CaseStage.AGREED_WRITTEN_PENDING,
)
"""Nothing binds anybody yet, and everybody may leave."""
_WITH_PANEL: Final = OPEN[2:]
_AGREED: Final = OPEN[5:]
_BOUND: Final = (CaseStage.IN_FORCE, CaseStage.PERFORMING, CaseStage.BREACHED, CaseStage.URGED)
ENDED: Final = (
    CaseStage.PERFORMED,
    CaseStage.NOT_ACCEPTED,
    CaseStage.WITHDRAWN,
    CaseStage.FAILED,
    CaseStage.ADVISED_COURT,
)
"""All that is left to do is to close the case."""
_PAUSABLE: Final = (*OPEN, CaseStage.SUSPENDED)
LIVE: Final = (*_PAUSABLE, *_BOUND, *ENDED)

GATES: Final = frozenset(
    {
        CaseAct.ACCEPTED,
        CaseAct.REFUSED,
        CaseAct.LEAD_HANDED,
        CaseAct.DRAFTED_ORAL,
        CaseAct.DRAFTED_WRITTEN,
        CaseAct.IN_FORCE,
        CaseAct.REOPENED,
        CaseAct.CLOSED,
        CaseAct.ARCHIVED,
    }
)
"""Acts that count only if their writer had seen everything that the other county had written."""


def _stay(*stages: CaseStage) -> dict[CaseStage, CaseStage]:
    return {stage: stage for stage in stages}


def _lead_to(target: CaseStage, *stages: CaseStage) -> dict[CaseStage, CaseStage]:
    return dict.fromkeys(stages, target)


TABLE: Final[Mapping[CaseAct, Mapping[CaseStage, CaseStage]]] = {
    CaseAct.REGISTERED: _lead_to(CaseStage.REGISTERED, CaseStage.DRAFTED),
    CaseAct.CONSENT_GIVEN: _stay(*_PAUSABLE),
    CaseAct.CONSENT_REFUSED: {
        **_lead_to(CaseStage.WITHDRAWN, *_PAUSABLE),
        CaseStage.REGISTERED: CaseStage.NOT_ACCEPTED,
    },
    CaseAct.CONSENT_WITHHELD: _stay(*_PAUSABLE),
    CaseAct.ACCEPTED: _lead_to(CaseStage.ACCEPTED, CaseStage.REGISTERED),
    CaseAct.REFUSED: _lead_to(CaseStage.NOT_ACCEPTED, CaseStage.REGISTERED),
    CaseAct.PANEL_SET: {**_stay(*_WITH_PANEL), CaseStage.ACCEPTED: CaseStage.PANEL_SET},
    CaseAct.MEDIATOR_CHALLENGED: _stay(*_WITH_PANEL),
    CaseAct.LEAD_OFFERED: _stay(*LIVE),
    CaseAct.LEAD_HANDED: _stay(*LIVE),
    CaseAct.NOTICE_GIVEN: _stay(*LIVE),
    CaseAct.EVIDENCE_ADDED: _stay(*_PAUSABLE, *_BOUND),
    CaseAct.VISIT_MADE: {
        **_stay(*_PAUSABLE, *_BOUND),
        CaseStage.PANEL_SET: CaseStage.INVESTIGATING,
        CaseStage.IN_SESSION: CaseStage.INVESTIGATING,
    },
    CaseAct.SESSION_SET: _stay(*OPEN[2:5]),
    CaseAct.SESSION_HELD: _lead_to(CaseStage.IN_SESSION, *OPEN[2:5]),
    CaseAct.PROPOSAL_MADE: _stay(*OPEN[2:5]),
    CaseAct.EXTENDED: _stay(*OPEN[1:], CaseStage.SUSPENDED),
    CaseAct.SUSPENDED: _lead_to(CaseStage.SUSPENDED, *OPEN),
    CaseAct.RESUMED: _stay(CaseStage.SUSPENDED),  # and on to where it stood: see ``following``
    CaseAct.WITHDRAWN: _lead_to(CaseStage.WITHDRAWN, *_PAUSABLE),
    CaseAct.ENTRY_WITHDRAWN: _stay(*_PAUSABLE, *_BOUND),
    CaseAct.RISK_FLAGGED: _stay(*LIVE),
    CaseAct.FAILED: _lead_to(CaseStage.FAILED, *_PAUSABLE),
    CaseAct.DRAFTED_ORAL: _lead_to(CaseStage.AGREED_ORAL, CaseStage.IN_SESSION, *_AGREED),
    CaseAct.DRAFTED_WRITTEN: _lead_to(CaseStage.AGREED_WRITTEN_PENDING, CaseStage.IN_SESSION, *_AGREED),
    CaseAct.AGREEMENT_SIGNED: _stay(*_AGREED),
    CaseAct.STAMPED: _stay(CaseStage.AGREED_WRITTEN_PENDING),
    CaseAct.IN_FORCE: _lead_to(CaseStage.IN_FORCE, *_AGREED),
    CaseAct.CONFIRMATION_FILED: _stay(*_BOUND, CaseStage.PERFORMED),
    CaseAct.COURT_ACCEPTED: _stay(*_BOUND, CaseStage.PERFORMED),
    CaseAct.CONFIRMED: _stay(*_BOUND, CaseStage.PERFORMED),
    CaseAct.CONFIRMATION_REFUSED: _stay(*_BOUND, CaseStage.PERFORMED),
    CaseAct.PERFORMANCE_DUE: _lead_to(CaseStage.PERFORMING, CaseStage.IN_FORCE, CaseStage.PERFORMING),
    CaseAct.PERFORMANCE_REPORTED: _stay(*_BOUND[1:]),
    CaseAct.PERFORMANCE_COMPLETED: _lead_to(CaseStage.PERFORMED, *_BOUND[1:]),
    CaseAct.FOLLOWED_UP: _stay(*_BOUND, CaseStage.PERFORMED),
    CaseAct.BREACHED: _lead_to(CaseStage.BREACHED, CaseStage.PERFORMING, CaseStage.URGED),
    CaseAct.URGED: _lead_to(CaseStage.URGED, CaseStage.BREACHED, CaseStage.URGED),
    CaseAct.COURT_ADVISED: _lead_to(CaseStage.ADVISED_COURT, CaseStage.URGED, CaseStage.IN_FORCE, CaseStage.PERFORMING),
    CaseAct.REOPENED: _lead_to(CaseStage.IN_SESSION, *_BOUND),
    CaseAct.CLOSED: _lead_to(CaseStage.CLOSED, *ENDED),
    CaseAct.ARCHIVED: _lead_to(CaseStage.ARCHIVED, CaseStage.CLOSED),
}

CONFIRMATION_TABLE: Final[Mapping[CaseAct, Mapping[Confirmation, Confirmation]]] = {
    CaseAct.CONFIRMATION_FILED: {Confirmation.NONE: Confirmation.FILED},
    CaseAct.COURT_ACCEPTED: {Confirmation.FILED: Confirmation.COURT_ACCEPTED},
    CaseAct.CONFIRMED: dict.fromkeys((Confirmation.FILED, Confirmation.COURT_ACCEPTED), Confirmation.CONFIRMED),
    CaseAct.CONFIRMATION_REFUSED: dict.fromkeys(
        (Confirmation.FILED, Confirmation.COURT_ACCEPTED), Confirmation.REFUSED
    ),
    CaseAct.REOPENED: {Confirmation.REFUSED: Confirmation.NONE},
}
"""Beside the stage; acts that are not in it leave the confirmation as it is."""


def following(stage: CaseStage, act: CaseAct, before: CaseStage | None = None) -> CaseStage | Fault:
    """Return where an act leads from a stage, or why it cannot happen there.

    Args:
        stage: Where the case stands.
        act: What is to happen.
        before: Where it stood when it was suspended.
    """
    to = TABLE[act].get(stage)
    if to is None:
        places = ", ".join(one.value for one in TABLE[act])
        return Fault("case.not_now", "type", f"the case is `{stage.value}`; this can happen when it is {places}")
    return before or to if act is CaseAct.RESUMED else to


def confirmation_after(now: Confirmation, act: CaseAct) -> Confirmation | Fault:
    """Return where an act leads the judicial confirmation, or why it cannot happen now."""
    row = CONFIRMATION_TABLE.get(act)
    if row is None:
        return now
    if now not in row:
        places = ", ".join(one.value for one in row)
        mend = f"the judicial confirmation is `{now.value}`; this can happen when it is {places}"
        return Fault("case.not_now", "type", mend)
    return row[now]
