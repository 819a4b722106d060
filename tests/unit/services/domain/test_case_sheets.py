"""A case on paper: everything is said in Chinese, every text is escaped, and what does not count says why."""

import json
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

import pytest
from pydantic import BaseModel

from schemas.base import Status
from schemas.cases import CaseStage, Confirmation
from schemas.governance import mediation_parts
from schemas.governance.catalogue import CASE_TYPES
from schemas.governance.mediation_parts import AgreementForm, AgreementText
from services.domain import mediation, mediation_rules, mediation_thread
from services.domain.case_sheets import FiledCase, FiledEntry, agreement_markup, file_markup
from services.domain.case_words import CONFIRMATIONS, REASONS, STAGES, VALUES, reason
from tests import case_contents as written
from tests.architecture.tracked import ROOT
from tests.cases import DUSHAN, NANDAN, named
from tests.unit.services.gateway.test_api_documentation import codes_in

NOW = datetime(2026, 3, 9, 1, tzinfo=UTC)
TODAY = date(2026, 3, 9)


def filed(*contents: Any, void_for: str = "") -> str:  # noqa: ANN401 - any JSON value
    """Print a file with these contents."""
    entries = [FiledEntry(named(number), NANDAN, "受理", NOW, void_for, one) for number, one in enumerate(contents)]
    case = FiledCase(
        case_id=named("case"),
        counties=(NANDAN, DUSHAN),
        lead=NANDAN,
        stage=CaseStage.IN_FORCE,
        confirmation=Confirmation.FILED,
        due_on=TODAY,
        agreement_digest=None,
        entries=entries,
        printed_at=NOW,
    )
    return file_markup(case)


def fields_of(model: type[BaseModel]) -> set[str]:
    """Every name of a field, of its parts, too."""
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return {name for part in parts for name in part.get("properties", {})}


@pytest.mark.parametrize("model", CASE_TYPES)
def test_a_field_is_printed_by_its_english_name(model: type[BaseModel]) -> None:
    """Every label is a Chinese word."""
    for name in fields_of(model) - {"document"}:
        assert f"<th>{name}</th>" not in filed({name: "x"}), name


def test_a_member_of_an_enumeration_is_printed_in_english() -> None:
    """Every value has its word."""
    enums = [one for one in vars(mediation_parts).values() if isinstance(one, type) and issubclass(one, Enum)]
    values = {str(member.value) for one in enums for member in one}

    assert values - set(VALUES) == set()


def test_a_stage_or_a_reason_has_no_word() -> None:
    """Neither on paper nor at the desk."""
    modules = (mediation, mediation_rules, mediation_thread)
    paths = [ROOT / "services" / "domain" / f"{one.__name__.rpartition('.')[2]}.py" for one in modules]
    codes = set().union(*(codes_in(path) for path in paths)) | {"case.last_day"}

    assert set(STAGES) == set(CaseStage)
    assert set(CONFIRMATIONS) == set(Confirmation)
    assert codes == set(REASONS)
    assert reason("case.something") == "不符合规则（case.something）"


def test_a_text_of_a_stranger_becomes_markup() -> None:
    """Whoever writes into a case writes text."""
    html = filed({"summary": "<script>alert(1)</script>", "note": "forest"})

    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert '<td class="value">forest</td>' in html, "words of people are not translated"


def test_a_registration_and_a_draft_are_set_out_wrongly() -> None:
    """People in a line each, answers in one row, yes and no in words, counties by name, the text of a draft as rows."""
    html = filed(
        written.registration(TODAY),
        {"form": "written", "document": written.agreement(TODAY), "agreed_by": []},
        {"open_to_public": True, "until": None},
    )

    assert f"代号 p1；县 南丹县；类型 村民小组；姓名或名称 {written.FIRST}；代表人 组长甲\n代号 p2" in html
    assert "行政区域界线 否；权属 否；涉嫌犯罪 否" in html
    assert '<th>公开进行</th><td class="value">是</td>' in html
    assert '<th>牵头县</th><td class="value">南丹县</td>' in html
    assert "双方在界点各立木桩。\n采伐一方" in html
    assert "口头同意" not in html
    assert "None" not in html


def test_what_does_not_count_or_was_erased_looks_like_the_rest() -> None:
    """The reason stands beside it; an erased content says so."""
    html = filed({"accepted_on": "2026-03-09"}, None, void_for=REASONS["case.gate_taken"])

    assert html.count(REASONS["case.gate_taken"]) == 4
    assert "已销毁或未调阅" in html


def test_the_agreement_lacks_somebody_or_the_digest() -> None:
    """Everybody who signs has a place, and what they sign stands there; an oral one is signed by the counties alone."""
    document = AgreementText.model_validate_json(json.dumps(written.agreement(TODAY)))
    digest = written.digest_of(written.agreement(TODAY))
    both, drill = (NANDAN, DUSHAN), Status.EXERCISE
    html = agreement_markup(document, digest, AgreementForm.WRITTEN, counties=both, status=drill)
    oral = agreement_markup(document, digest, AgreementForm.ORAL, counties=both, status=Status.ACTUAL)

    for text in (*document.terms, document.facts, document.performance, digest[:16], digest[48:], "南丹县", "独山县"):
        assert text in html
    assert html.count("<th>当事人</th>") == 2
    assert html.count("<th>调解员</th>") == 2
    assert "【演练】" in html
    assert "<th>当事人</th>" not in oral
    assert "【" not in oral.partition("<body>")[2]
