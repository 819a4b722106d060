"""What is judged about a case event by itself, at both ends: audience, class, references, and the door."""

import json
from datetime import date
from typing import Any

import pytest

from schemas.base import InformationClass
from schemas.catalogue import parse_new
from schemas.envelope import Ref, RefRelation
from schemas.governance.catalogue import CASE_TYPES
from schemas.governance.mediation import CaseEvent, CaseRegistered
from schemas.governance.mediation_parts import OutOfScope
from services.domain.mediation_door import ADDRESSES, Carriage, judge_case_event, thread_refs
from tests import case_contents as written
from tests.cases import CASE, DUSHAN, NANDAN, named

TODAY = date(2026, 3, 2)
SEEN = thread_refs(CASE, [CASE])
PERSONAL = InformationClass.PERSONAL


def event(name: str, **content: Any) -> CaseEvent:  # noqa: ANN401
    """Parse a content."""
    parsed = parse_new(written.wire(name), json.dumps(content).encode())
    assert isinstance(parsed, CaseEvent), parsed
    return parsed


def carriage(**changes: Any) -> Carriage:  # noqa: ANN401
    """From 南丹 to 独山, personal, behind the registration."""
    given = {"source": NANDAN, "to": (DUSHAN,), "information_class": PERSONAL, "refs": SEEN}
    return Carriage(**(given | changes))


def code(one: CaseEvent, **changes: Any) -> str | None:  # noqa: ANN401
    """Return why an event cannot stand."""
    fault = judge_case_event(one, carriage(**changes))
    return fault.code if fault else None


ACCEPTED = event("accepted", accepted_on="2026-03-02", due_on="2026-04-02")
REGISTERED = event("registered", **written.registration(TODAY))
RISK = event("risk_flagged", risk="harm", imminent=True, told=["public_security"])


def test_an_honest_event_is_refused() -> None:
    """An entry, a registration, an alert of danger."""
    assert code(ACCEPTED) is None
    assert code(REGISTERED, refs=()) is None
    assert code(RISK, information_class=InformationClass.INTERNAL) is None
    assert judge_case_event(None, carriage()) is None


@pytest.mark.parametrize("to", [("451226", DUSHAN), ()])
def test_a_case_goes_to_more_than_the_other_county(to: tuple[str, ...]) -> None:
    """Names and texts are for the two offices."""
    assert code(ACCEPTED, to=to) == "case.audience"


@pytest.mark.parametrize("low", [InformationClass.PUBLIC, InformationClass.INTERNAL])
def test_personal_content_goes_in_a_lower_class(low: InformationClass) -> None:
    """What is internal may travel in clear; an alert of danger has nothing personal in it."""
    assert code(ACCEPTED, information_class=low) == "case.class"
    assert (code(RISK, information_class=low) is None) is (low is InformationClass.INTERNAL)


@pytest.mark.parametrize(
    "refs",
    [
        (),
        SEEN[1:],
        SEEN[:1],
        (*SEEN, SEEN[0]),
        (*SEEN, SEEN[1]),
        thread_refs(CASE, [named(number) for number in range(9)]),
    ],
)
def test_the_thread_is_broken(refs: tuple[Ref, ...]) -> None:
    """No case, no entry seen, one of them twice, or more than there can be."""
    assert code(ACCEPTED, refs=refs) == "case.refs"


def test_a_file_that_belongs_to_an_entry_breaks_the_thread() -> None:
    """`evidence` names an attachment beside it."""
    assert code(ACCEPTED, refs=(*SEEN, Ref(rel=RefRelation.EVIDENCE, id=named("photo")))) is None


def test_a_registration_belongs_to_another_case_or_to_others() -> None:
    """It begins one, and the parties' counties are those that write it."""
    assert code(REGISTERED) == "case.refs"
    assert code(REGISTERED, refs=(), to=("451226",)) == "case.audience"
    assert code(REGISTERED, refs=(), source="451226") == "case.audience"


@pytest.mark.parametrize("reason", ["boundary_line", "ownership", "criminal", "in_court", "labour_procedure"])
def test_what_is_out_of_scope_gets_in_or_is_sent_nowhere(reason: str) -> None:
    """The right address stands in the mend."""
    screening = written.registration(TODAY)["screening"] | {reason: True}
    fault = judge_case_event(event("registered", **written.registration(TODAY, screening=screening)), carriage(refs=()))

    assert fault is not None
    assert (fault.code, fault.field) == ("case.out_of_scope", f"content.screening.{reason}")
    assert ADDRESSES[OutOfScope(reason)] in fault.mend


def test_a_reason_has_no_address() -> None:
    """Every way out leads somewhere."""
    assert set(ADDRESSES) == set(OutOfScope)


@pytest.mark.parametrize(
    ("name", "changes", "field"),
    [
        ("registered", {"lead": "451226"}, "lead"),
        ("registered", {"parties": written.parties((NANDAN, NANDAN))}, "parties"),
        ("registered", {"applied_by": ["p3"]}, "applied_by"),
    ],
)
def test_a_registration_does_not_hold_together(name: str, changes: dict[str, Any], field: str) -> None:
    """Two counties, one of them leads, and who applies is a party."""
    content = written.registration(TODAY) | changes
    found = parse_new(written.wire(name), json.dumps(content).encode())

    assert isinstance(found, tuple)
    assert found[0].field == f"content.{field}"


def test_an_agreement_has_the_digest_of_another_text() -> None:
    """Whoever signs a digest signs every word."""
    document = written.agreement(TODAY)
    good = {"form": "written", "document": document, "sha256": written.digest_of(document)}
    changed = good | {"document": document | {"performance": "补偿款于三十日内付清。"}}
    parsed = [parse_new(written.wire("agreement_drafted"), json.dumps(one).encode()) for one in (good, changed)]

    assert isinstance(parsed[0], CaseEvent)
    assert isinstance(parsed[1], tuple)
    assert parsed[1][0].field == "content.sha256"


@pytest.mark.parametrize("model", CASE_TYPES)
def test_a_case_event_has_a_field_for_a_fee_or_a_lower_class(model: type[CaseEvent]) -> None:
    """人民调解法 4: free of charge; and everything but the alert is personal."""
    names = " ".join(model.model_json_schema()["properties"])

    assert not any(word in names for word in ("fee", "charge", "price", "cost", "payment"))
    assert (model.information_class is PERSONAL) is (model.__name__ != "CaseRiskFlagged")


def test_the_registration_is_the_only_type_without_a_case() -> None:
    """Every other one needs the references."""
    assert [one for one in CASE_TYPES if one is CaseRegistered] == [CASE_TYPES[0]]
