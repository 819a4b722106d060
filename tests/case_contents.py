"""Contents of case events as offices write them: a dispute over the use of a forest on the border of 南丹 and 独山."""

# ruff: noqa: RUF001 - printed forms of Chinese documents
import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from schemas.governance.mediation import CASE_PREFIX
from schemas.governance.mediation_parts import AgreementText, agreement_digest
from tests.cases import DUSHAN, NANDAN

TITLE: Final = "交界山场林木使用与补偿纠纷"
FIRST: Final = "甲村民小组"
SECOND: Final = "乙村民小组"
COURTS: Final = ("南丹县人民法院", "独山县人民法院")


def wire(name: str) -> str:
    """Return a wire type by its last part."""
    return f"{CASE_PREFIX}{name}.v1"


def parties(counties: Sequence[str] = (NANDAN, DUSHAN)) -> list[dict[str, Any]]:
    """Two village groups, one of each county."""
    return [
        {"ref": "p1", "county": counties[0], "kind": "village_group", "name": FIRST, "represented_by": "组长甲"},
        {"ref": "p2", "county": counties[1], "kind": "village_group", "name": SECOND, "represented_by": "组长乙"},
    ]


def mediators(counties: Sequence[str] = (NANDAN, DUSHAN)) -> list[dict[str, Any]]:
    """Two mediators, one of each county."""
    return [
        {"ref": "m1", "county": counties[0], "name": "调解员甲", "office": "镇人民调解委员会"},
        {"ref": "m2", "county": counties[1], "name": "调解员乙", "office": "乡人民调解委员会"},
    ]


def registration(today: date, counties: Sequence[str] = (NANDAN, DUSHAN), **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """A registration; the first county leads."""
    screening = ("boundary_line", "ownership", "criminal", "in_court", "labour_procedure")
    given = {
        "case_no": "南独联调〔2026〕1号",
        "title": TITLE,
        "dispute_kind": "forest",
        "place": "两县交界的山场",
        "summary": "双方对山场的使用范围和林木补偿有分歧，山林权属没有争议。",
        "parties": parties(counties),
        "applied_by": ["p1", "p2"],
        "lead": counties[0],
        "registered_on": str(today),
        "screening": dict.fromkeys(screening, False),
    }
    return given | changes


def consent(party: str, matter: str, today: date) -> dict[str, Any]:
    """A party agrees."""
    return {"party": party, "matter": matter, "means": "signed", "given_on": str(today)}


def agreement(today: date, counties: Sequence[str] = (NANDAN, DUSHAN)) -> dict[str, Any]:
    """The text that everybody signs."""
    return {
        "case_no": "南独联调〔2026〕1号",
        "title": "关于交界山场林木使用与补偿的调解协议",
        "parties": parties(counties),
        "mediators": mediators(counties),
        "facts": "双方村民小组长期共同使用交界山场。去年部分林木被采伐，双方对使用范围和补偿金额意见不一。",
        "terms": [
            "山场按现场指认的山脊线分别使用，双方在界点各立木桩。",
            "采伐一方补偿另一方人民币壹万贰仟元。",
            "今后采伐前提前十五日告知对方村民小组。",
        ],
        "performance": "补偿款于十日内在镇人民调解委员会当面付清。",
        "drawn_on": str(today),
        "drawn_at": "镇人民调解委员会",
    }


def digest_of(document: dict[str, Any]) -> str:
    """Return what everybody signs."""
    return agreement_digest(AgreementText.model_validate_json(json.dumps(document)))


def signatures(digest: str, county: str, today: date) -> list[dict[str, Any]]:
    """Party, mediator and county, as one county sends them."""
    number = 1 if county == NANDAN else 2
    said = {"sha256": digest, "means": "signed", "signed_on": str(today)}
    return [
        said | {"signatory": "party", "party": f"p{number}"},
        said | {"signatory": "mediator", "mediator": f"m{number}"},
        said | {"signatory": "county", "means": "sealed"},
    ]


def due(today: date) -> dict[str, Any]:
    """One duty, due today."""
    return {"items": [{"no": 1, "party": "p1", "what": "付清补偿款", "due_on": str(today)}]}


def breach(today: date) -> dict[str, Any]:
    """It was not met, found the day after."""
    return {"party": "p1", "item_no": 1, "found_on": str(today + timedelta(days=1))}
