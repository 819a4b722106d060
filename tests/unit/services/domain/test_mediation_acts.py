"""What is kept of each event: every type read from content as it travels; never a name, never a text."""

import json
from datetime import date
from typing import Any

import pytest

from schemas.cases import CaseAct, CaseFacts, CaseRef, DueFact
from schemas.catalogue import parse_new
from schemas.governance.catalogue import CASE_TYPES
from schemas.governance.mediation import CaseEvent
from schemas.governance.mediation_parts import (
    AgreementForm,
    CaseOutcome,
    ConsentMatter,
    CourtResult,
    DisputeKind,
    NoticeMatter,
    Performance,
)
from services.domain.mediation_acts import facts_of
from tests import case_contents as written
from tests.cases import DUSHAN, NANDAN, PANEL, PARTIES, named

TODAY = date(2026, 3, 2)
DAY = "2026-03-02"
LATER = "2026-04-02"
TEXT = written.agreement(TODAY)
DIGEST = written.digest_of(TEXT)
PRIVATE = "不得留下的文字"
MEDIATION, LONGER = ConsentMatter.MEDIATION, ConsentMatter.LONGER_TERM

_ACTS = {act.value: act for act in CaseAct}
Case = tuple[str, dict[str, Any], dict[str, Any]]

CASES: list[Case] = [
    (
        "registered",
        written.registration(TODAY),
        {"dispute": DisputeKind.FOREST, "parties": PARTIES, "lead": NANDAN},
    ),
    ("consent_given", written.consent("p1", "mediation", TODAY), {"party": "p1", "matter": MEDIATION}),
    (
        "consent_given",
        written.consent("p2", "longer_term", TODAY) | {"until": LATER},
        {"party": "p2", "matter": LONGER, "until": date(2026, 4, 2)},
    ),
    (
        "consent_refused",
        {"party": "p1", "matter": "mediation", "refused_on": DAY, "reason": PRIVATE},
        {"party": "p1", "matter": MEDIATION},
    ),
    (
        "consent_refused",
        {"party": "p1", "matter": "mediators", "refused_on": DAY},
        {"act": CaseAct.CONSENT_WITHHELD, "party": "p1", "matter": ConsentMatter.MEDIATORS},
    ),
    ("accepted", {"accepted_on": DAY, "due_on": LATER}, {"until": date(2026, 4, 2)}),
    ("refused", {"reason": "criminal", "directed_to": PRIVATE, "refused_on": DAY}, {}),
    ("panel_set", {"mediators": written.mediators(), "set_on": DAY}, {"mediators": PANEL}),
    (
        "mediator_challenged",
        {"mediator": "m1", "ground": "objection", "party": "p2", "challenged_on": DAY, "reason": PRIVATE},
        {"mediator": "m1", "party": "p2"},
    ),
    ("mediator_challenged", {"mediator": "m2", "ground": "conflict", "challenged_on": DAY}, {"mediator": "m2"}),
    ("lead_offered", {"to": DUSHAN, "reason": PRIVATE}, {"lead": DUSHAN, "on": None}),
    ("lead_handed", {"taken_from": NANDAN}, {"lead": NANDAN, "on": None}),
    (
        "notice_given",
        {"matter": "time_limit", "parties": ["p1"], "means": "spoken", "given_on": DAY, "text": PRIVATE},
        {"told": NoticeMatter.TIME_LIMIT, "refs": ("p1",)},
    ),
    (
        "evidence_added",
        {"title": PRIVATE, "evidence_kind": "survey", "sha256": "a" * 64, "party": "p1", "added_on": DAY},
        {"sha256": "a" * 64, "party": "p1"},
    ),
    ("visit_made", {"visited_on": DAY, "place": PRIVATE, "offices": [PRIVATE], "findings": PRIVATE}, {}),
    (
        "session_set",
        {
            "session_no": 3,
            "starts_at": f"{DAY}T09:00:00+08:00",
            "place": PRIVATE,
            "open_to_public": True,
            "outsiders": [PRIVATE, "某"],
        },
        {"on": None, "session_no": 3, "open_to_public": True, "outsiders": 2},
    ),
    (
        "session_held",
        {
            "session_no": 3,
            "held_on": DAY,
            "parties": ["p1", "p2"],
            "mediators": ["m1"],
            "open_to_public": False,
            "outsiders": 1,
            "record": PRIVATE,
        },
        {"session_no": 3, "refs": ("p1", "p2"), "sat": ("m1",), "outsiders": 1},
    ),
    ("proposal_made", {"party": "p1", "text": PRIVATE, "made_on": DAY}, {"party": "p1"}),
    ("extended", {"until": LATER, "reason": PRIVATE}, {"on": None, "until": date(2026, 4, 2)}),
    ("suspended", {"suspended_on": DAY, "reason": PRIVATE}, {}),
    ("resumed", {"resumed_on": DAY}, {}),
    ("withdrawn", {"party": "p2", "withdrawn_on": DAY, "reason": PRIVATE}, {"party": "p2"}),
    ("entry_withdrawn", {"entry": named("x"), "reason": PRIVATE}, {"on": None, "entry": named("x")}),
    ("risk_flagged", {"risk": "crowd", "imminent": False, "told": ["township"]}, {"on": None}),
    ("failed", {"failed_on": DAY, "other_ways": ["court"], "reason": PRIVATE}, {}),
    (
        "agreement_drafted",
        {"form": "written", "document": TEXT, "sha256": DIGEST},
        {
            "act": CaseAct.DRAFTED_WRITTEN,
            "sha256": DIGEST,
            "form": AgreementForm.WRITTEN,
            "parties": PARTIES,
            "mediators": PANEL,
        },
    ),
    (
        "agreement_drafted",
        {"form": "oral", "document": TEXT, "sha256": DIGEST, "agreed_by": ["p1", "p2"]},
        {
            "act": CaseAct.DRAFTED_ORAL,
            "sha256": DIGEST,
            "form": AgreementForm.ORAL,
            "refs": ("p1", "p2"),
            "parties": PARTIES,
            "mediators": PANEL,
        },
    ),
    *(
        ("agreement_signed", content, {"sha256": DIGEST} | who)
        for content, who in zip(
            written.signatures(DIGEST, NANDAN, TODAY), ({"party": "p1"}, {"mediator": "m1"}, {}), strict=True
        )
    ),
    ("stamped", {"sha256": DIGEST, "committee": PRIVATE, "stamped_on": DAY}, {"sha256": DIGEST}),
    (
        "in_force",
        {"sha256": DIGEST, "in_force_on": DAY, "confirm_by": LATER, "courts": [PRIVATE], "copies_to": ["p1"]},
        {"sha256": DIGEST, "until": date(2026, 4, 2), "refs": ("p1",)},
    ),
    ("confirmation_filed", {"court": PRIVATE, "parties": ["p1", "p2"], "filed_on": DAY}, {"refs": ("p1", "p2")}),
    *(
        ("confirmation_result", {"result": word, "decided_on": DAY, "note": PRIVATE}, {"act": act, "result": result})
        for word, act, result in (
            ("accepted", CaseAct.COURT_ACCEPTED, CourtResult.ACCEPTED),
            ("confirmed", CaseAct.CONFIRMED, CourtResult.CONFIRMED),
            ("refused", CaseAct.CONFIRMATION_REFUSED, CourtResult.REFUSED),
        )
    ),
    (
        "performance_due",
        {"items": [{"no": 4, "party": "p1", "what": PRIVATE, "due_on": LATER}]},
        {"on": None, "items": (DueFact(no=4, party="p1", due_on=date(2026, 4, 2)),)},
    ),
    (
        "performance_reported",
        {"item_no": 4, "outcome": "partly", "reported_on": DAY, "note": PRIVATE},
        {"item_no": 4, "performance": Performance.PARTLY},
    ),
    ("followed_up", {"followed_up_on": DAY, "note": PRIVATE}, {}),
    ("urged", {"party": "p1", "urged_on": DAY, "note": PRIVATE}, {"party": "p1"}),
    ("breached", {"party": "p1", "item_no": 4, "found_on": DAY}, {"party": "p1", "item_no": 4}),
    ("court_advised", {"reason": "breach", "courts": [PRIVATE], "advised_on": DAY}, {}),
    ("reopened", {"reopened_on": DAY, "due_on": LATER, "reason": PRIVATE}, {"until": date(2026, 4, 2)}),
    ("closed", {"outcome": "court", "closed_on": DAY, "summary": PRIVATE}, {"outcome": CaseOutcome.COURT}),
    (
        "archived",
        {"archive_no": PRIVATE, "archived_on": DAY, "keep_until": LATER, "file_sha256": "b" * 64},
        {"sha256": "b" * 64},
    ),
]


@pytest.mark.parametrize(("name", "content", "expected"), CASES, ids=[name for name, _, _ in CASES])
def test_a_fact_is_read_from_another_field(name: str, content: dict[str, Any], expected: dict[str, Any]) -> None:
    """Every fact of every type; and what is kept says nothing that stands in a text or a name."""
    event = parse_new(written.wire(name), json.dumps(content).encode())
    assert isinstance(event, CaseEvent), event
    given = {"act": _ACTS.get(name), "on": TODAY} | expected

    found = facts_of(event)
    spelled = found.model_dump_json(exclude_defaults=True)

    assert found == CaseFacts(**given)
    assert CaseFacts.model_validate_json(spelled) == found
    for text in (PRIVATE, written.FIRST, written.SECOND, written.TITLE, "组长甲", "调解员甲"):
        assert text not in spelled


def test_a_type_is_not_read_at_all() -> None:
    """Each one stands in the table."""
    assert {written.wire(name) for name, _, _ in CASES} == {one.wire_type for one in CASE_TYPES}
    assert CaseRef(ref="p1", county=NANDAN) == PARTIES[0]
