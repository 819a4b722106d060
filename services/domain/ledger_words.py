"""What families, kinds and outcomes of matters are called in Chinese: each word by its family, for they differ.

Source: docs/ledger.md
"""

from collections.abc import Mapping
from typing import Final

from schemas.courses import CourseKind
from schemas.governance.mediation_parts import CaseOutcome, DisputeKind
from schemas.governance.services import ClosingOutcome, Decision, ServiceMode
from schemas.ledgers import CASES, UNTOLD
from schemas.threads import Family
from services.domain import case_words, service_requests
from services.domain.referrals import ReferralState

REFERRALS: Final = CourseKind.REFERRAL.value
SERVICES: Final = CourseKind.SERVICE.value

FAMILIES: Final[Mapping[str, str]] = {
    Family.CAMPAIGN: "联合活动",
    Family.OFFER: "资源供给",
    Family.PROJECT: "合作项目",
    CASES: "联合调解",
    SERVICES: "跨省通办",
    REFERRALS: "服务对接",
}
_KINDS: Final[Mapping[str, Mapping[str, str]]] = {
    Family.CAMPAIGN: {
        "festival": "节庆",
        "publicity": "宣传",
        "fair": "展会集市",
        "sports": "体育",
        "patrol": "联合巡查",
        "exchange_visit": "互访",
    },
    Family.OFFER: {
        "project": "项目",
        "labour": "用工岗位",
        "supply": "产品供应",
        "logistics": "物流",
        "tourism": "旅游",
        "site": "场地",
        "funding": "资金",
    },
    Family.PROJECT: {"project": "项目"},
    CASES: {kind.value: case_words.VALUES[kind] for kind in DisputeKind},
    SERVICES: {
        ServiceMode.ONLINE: "全程网办",
        ServiceMode.COLLECT: "异地代收代办",
        ServiceMode.JOINT: "多地联办",
    },
    REFERRALS: {"": "不分用途"},
}
_STATES: Final[Mapping[str, Mapping[str, str]]] = {
    Family.CAMPAIGN: {
        "open": "进行中",
        "held": "已举办",
        "cancelled": "已取消",
        "asked": "未答复",
        "accepted": "参加",
        "tentative": "暂定",
        "declined": "谢绝",
    },
    Family.OFFER: {
        "open": "进行中",
        "withdrawn": "已撤回",
        "talking": "商谈中",
        "questioned": "询问中",
        "agreed": "达成",
        "declined": "谢绝",
    },
    Family.PROJECT: {
        "open": "进行中",
        "achieved": "全部完成",
        "partly": "部分完成",
        "stopped": "终止",
        "asked": "未答复",
        "join": "参加",
        "decline": "不参加",
    },
    CASES: {
        **{stage.value: word for stage, word in case_words.STAGES.items()},
        CaseOutcome.COURT: "转诉讼",
    },
    SERVICES: {
        service_requests.OPEN: "办理中",
        Decision.GRANTED: "准予",
        Decision.REFUSED: "不予",
        Decision.NOT_COMPETENT: "非本地职权",
        ClosingOutcome.WITHDRAWN: "申请人撤回",
    },
    REFERRALS: {
        ReferralState.OFFERED: "待接办",
        ReferralState.ACCEPTED: "办理中",
        ReferralState.DECLINED: "不接",
        ReferralState.COMPLETED: "办结",
        ReferralState.WITHDRAWN: "撤回",
        ReferralState.EXPIRED: "到期",
        UNTOLD: "不分结果",
    },
}


def family_zh(family: str) -> str:
    """Return what a family is called; a word that nobody knows, as it is."""
    return FAMILIES.get(family, family)


def kind_zh(family: str, kind: str) -> str:
    """Return what a kind of matter is called; a word that nobody knows, as it is."""
    return _KINDS.get(family, {}).get(kind, kind)


def state_zh(family: str, state: str) -> str:
    """Return what an outcome, or where a partner stands, is called; a word that nobody knows, as it is."""
    return _STATES.get(family, {}).get(state, state)
