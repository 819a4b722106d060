"""An entry of a case and what may come next, in the words of an officer: by reference alone, never a name or a text.

Source: docs/mediation.md
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from schemas.cases import CaseAct, CaseFacts, CaseStage
from schemas.counties import name_of
from schemas.governance.mediation_parts import CaseOutcome
from services.domain.case_words import REASONS, STAGES, VALUES
from services.domain.mediation import TABLE
from services.domain.mediation_terms import Rule, RuleCode, rule_at

ACTS: Final[Mapping[CaseAct, str]] = {
    CaseAct.CONSENT_REFUSED: "当事人不同意调解",
    CaseAct.CONSENT_WITHHELD: "当事人不同意其他事项",
    CaseAct.DRAFTED_ORAL: "口头协议登记",
    CaseAct.DRAFTED_WRITTEN: "书面协议文本",
    CaseAct.COURT_ACCEPTED: "法院受理确认申请",
    CaseAct.CONFIRMED: "法院裁定有效",
    CaseAct.CONFIRMATION_REFUSED: "法院裁定驳回",
}
"""Acts of which several are of one type; every other one is called as its type is."""
BOARD: Final[tuple[tuple[str, tuple[CaseStage, ...]], ...]] = (
    ("待受理", (CaseStage.DRAFTED, CaseStage.REGISTERED)),
    (
        "调解中",
        (
            CaseStage.ACCEPTED,
            CaseStage.PANEL_SET,
            CaseStage.INVESTIGATING,
            CaseStage.IN_SESSION,
            CaseStage.SUSPENDED,
        ),
    ),
    ("协议签署", (CaseStage.AGREED_ORAL, CaseStage.AGREED_WRITTEN_PENDING)),
    ("履行", (CaseStage.IN_FORCE, CaseStage.PERFORMING, CaseStage.BREACHED, CaseStage.URGED)),
    (
        "待结案",
        (
            CaseStage.PERFORMED,
            CaseStage.NOT_ACCEPTED,
            CaseStage.WITHDRAWN,
            CaseStage.FAILED,
            CaseStage.ADVISED_COURT,
        ),
    ),
    ("已结案", (CaseStage.CLOSED, CaseStage.ARCHIVED)),
)
"""Columns of the board: every stage stands in exactly one."""
DOOR: Final[Mapping[str, str]] = {
    "case.link_split": "尚不知道对方县是否又写了材料：等对方节点恢复联系",
    "case.entries_missing": "案卷中有材料还在路上：等它们到齐",
    "case.full": "一件案卷的材料已达上限：请另行登记",
    "case.late": "案卷刚有新的材料：看过后再提交",
}
"""Why nothing can be written now, whatever it says."""
_LAWS: Final[Mapping[str, RuleCode]] = {
    "case.no_consent": RuleCode.VOLUNTARY,
    "case.rights_untold": RuleCode.RIGHTS_TOLD,
    "case.unsigned": RuleCode.WRITTEN,
    "case.mediator_challenged": RuleCode.MEDIATORS,
    "case.no_copy": RuleCode.WRITTEN,
    "case.time_over": RuleCode.ONE_MONTH,
    "case.not_joint": RuleCode.CONFIRMATION,
}
_OUTCOMES: Final[Mapping[str, str]] = {CaseOutcome.COURT: "转诉讼"}
"""What a word means as an outcome and not elsewhere."""
_SHORT: Final = 8


def why_not(code: str, act: CaseAct, stage: CaseStage, lacking: str) -> str:
    """Say why an act cannot come next.

    Args:
        code: Of the fault.
        act: Which act.
        stage: Where the case stands.
        lacking: References whose word is missing; empty for none.
    """
    said = DOOR.get(code) or REASONS.get(code) or f"不符合规则（{code}）"
    if code == "case.not_now" and stage not in TABLE[act]:
        places = "、".join(STAGES[one] for one in TABLE[act])
        said = f"案件现为“{STAGES[stage]}”；要在{places}时才能办"
    return f"{said}：{lacking}" if lacking else said


def law_of(code: str, day: date) -> Rule | None:
    """Return the rule that a refusal stands on, None if it is a rule of the co-operation alone."""
    return rule_at(_LAWS[code], day) if code in _LAWS else None


def facts_line(facts: CaseFacts) -> str:
    """Say in one line what an entry did."""
    return "；".join(_facts(facts))


def _facts(facts: CaseFacts) -> Iterator[str]:
    people = [one for one in (facts.party, facts.mediator, *facts.refs, *facts.sat) if one]
    people += [one.ref for one in (*facts.parties, *facts.mediators)]
    if people:
        yield "、".join(dict.fromkeys(people))
    said = (facts.dispute, facts.matter, facts.told, facts.form, facts.result, facts.outcome)
    yield from (_OUTCOMES.get(one, VALUES.get(one, one)) for one in said if one)
    if facts.session_no is not None:
        yield f"第 {facts.session_no} 次"
    if facts.lead is not None:
        yield f"牵头 {name_of(facts.lead)}"
    yield from (f"事项 {one.no}：{one.party} 于 {one.due_on} 前" for one in facts.items)
    if facts.item_no is not None:
        yield f"事项 {facts.item_no}" + (f"：{VALUES[facts.performance]}" if facts.performance else "")
    yield from _marks(facts)


def _marks(facts: CaseFacts) -> Iterator[str]:
    if facts.sha256 is not None:
        yield f"摘要 {facts.sha256[:_SHORT]}…"
    if facts.entry is not None:
        yield f"材料 {facts.entry[:_SHORT]}…"
    if facts.until is not None:
        yield f"期限 {facts.until}"
