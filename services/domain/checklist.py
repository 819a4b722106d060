"""Which figures show which item of the programme's checklist: one table.

Every item is shown by figures and by evidence files; here are the figures. An item whose figures are all 0 is shown
with zeros: that nothing was done is a record, too.

Source: docs/ledger.md, section "The checklist"
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.cases import CaseStage
from schemas.governance.services import Decision
from schemas.ledgers import CASES, ChecklistLine, EventGroup, MatterFigures
from services.domain.ledger_small import is_untold
from services.domain.ledger_words import REFERRALS, SERVICES
from services.domain.referrals import ReferralState


@dataclass(frozen=True, slots=True)
class _Line:
    """One line: events of some types, or matters of a family, of some kinds (all if none is named) and outcomes."""

    item: int
    label: str
    types: frozenset[str] = frozenset()
    family: str = ""
    kinds: frozenset[str] = frozenset()
    outcomes: frozenset[str] = frozenset()


ITEMS: Final = {
    29: "流动人口服务与来源地、流入地衔接",
    32: "互访与联合活动",
    46: "应急预案、定期排查与纠纷调处",
    48: "经常性活动与真实台账",
    49: "跨区域联合工作与经验推广",
}
"""Items of the checklist in our words."""

_VISITS: Final = frozenset({"exchange_visit"})
_SETTLED: Final = frozenset(
    {CaseStage.IN_FORCE, CaseStage.PERFORMING, CaseStage.PERFORMED, CaseStage.BREACHED, CaseStage.URGED}
)
"""An agreement is in force, whatever has come of it."""


def _of(mutual: str, *names: str) -> frozenset[str]:
    return frozenset(f"cn.sihu.{mutual}.{name}.v1" for name in names)


_TABLE: Final = (
    _Line(29, "流动人口服务通报", _of("information", "population_flow_reported")),
    _Line(29, "服务对接单发起", family=REFERRALS),
    _Line(29, "服务对接单办结", family=REFERRALS, outcomes=frozenset({ReferralState.COMPLETED})),
    _Line(29, "服务对接单撤回", family=REFERRALS, outcomes=frozenset({ReferralState.WITHDRAWN})),
    _Line(29, "用工岗位供给", family="offer", kinds=frozenset({"labour"})),
    _Line(29, "跨省通办事项", family=SERVICES),
    _Line(29, "已准予的跨省通办事项", family=SERVICES, outcomes=frozenset({Decision.GRANTED})),
    _Line(32, "联合活动", family="campaign"),
    _Line(32, "已举办的联合活动", family="campaign", outcomes=frozenset({"held"})),
    _Line(32, "互访", family="campaign", kinds=_VISITS),
    _Line(32, "宣传素材", _of("outreach", "material_shared")),
    _Line(46, "预警与突发事件通报", _of("information", "alert_issued", "alert_updated", "alert_cancelled")),
    _Line(46, "联合应急预案", _of("governance", "plan_published")),
    _Line(46, "演练", _of("governance", "drill_held")),
    _Line(46, "边界联合排查", _of("governance", "hazard_checked")),
    _Line(46, "联合调解案件", family=CASES),
    _Line(46, "达成协议的联合调解案件", family=CASES, outcomes=_SETTLED),
    _Line(46, "已履行的联合调解案件", family=CASES, outcomes=frozenset({CaseStage.PERFORMED})),
    _Line(48, "联合活动", family="campaign"),
    _Line(48, "联合演练与排查", _of("governance", "drill_held", "hazard_checked")),
    _Line(48, "工作动态与经验", _of("information", "work_bulletin_published")),
    _Line(48, "态势简报", _of("information", "situation_brief_published")),
    _Line(49, "合作项目", family="project"),
    _Line(49, "完成的合作项目", family="project", outcomes=frozenset({"achieved", "partly"})),
    _Line(49, "资源供给", family="offer"),
    _Line(49, "联合调解案件", family=CASES),
    _Line(49, "跨省通办事项", family=SERVICES),
    _Line(49, "政策通报", _of("information", "policy_bulletin_published")),
)


def lines_of(events: Collection[EventGroup], matters: Sequence[MatterFigures]) -> tuple[ChecklistLine, ...]:
    """Return the checklist's lines with their figures.

    Args:
        events: Of the period, exercises left out; both what was sent and what came.
        matters: Of the period.
    """
    return tuple(ChecklistLine(line.item, line.label, _value(line, events, matters)) for line in _TABLE)


def _value(line: _Line, events: Collection[EventGroup], matters: Sequence[MatterFigures]) -> int | None:
    if line.outcomes and is_untold(matters, line.family):
        return None
    if line.types:
        return sum(one.count for one in events if one.wire_type in line.types)
    return sum(
        one.count
        for one in matters
        if one.family == line.family
        and (not line.kinds or one.kind in line.kinds)
        and (not line.outcomes or one.outcome in line.outcomes)
    )
