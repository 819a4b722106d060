"""What referrals and requests are called at the desk: where they stand, what may be done, and why.

Source: docs/people.md
"""

from collections.abc import Mapping
from typing import Final

from schemas.control import ErasureReason
from schemas.course_drafts import ReferralMove, ServiceMove
from services.domain.ledger_words import REFERRALS, state_zh
from services.domain.referrals import ReferralState
from services.domain.service_requests import Stage
from services.domain.value_words import VALUES

STAGES: Final[Mapping[str, str]] = {
    Stage.HANDED_OVER: "待受理",
    Stage.AT_WORK: "办理中",
    Stage.SUPPLEMENT: "待补正",
    Stage.DECIDED: "已决定",
    Stage.DELIVERED: "已送达",
    Stage.CLOSED: "已归档",
}
"""Of a request."""
MOVES: Final[Mapping[str, str]] = {
    ServiceMove.RECEIVE: "受理",
    ServiceMove.ASK: "补正告知",
    ServiceMove.SUPPLEMENT: "补正",
    ServiceMove.TRANSFER: "转办",
    ServiceMove.DECIDE: "决定",
    ServiceMove.DELIVER: "送达",
    ServiceMove.CLOSE: "归档",
    ReferralMove.ACCEPT: "接办",
    ReferralMove.DECLINE: "不接",
    ReferralMove.COMPLETE: "办结",
    ReferralMove.WITHDRAW: "撤回",
}
STATES: Final[Mapping[str, str]] = {state.value: state_zh(REFERRALS, state) for state in ReferralState}
"""Of a referral."""
PURPOSES: Final = VALUES["purpose"]
MODES: Final = VALUES["mode"]
DECISIONS: Final[Mapping[str, str]] = {
    name: VALUES["decision"][name] for name in ("granted", "refused", "not_competent")
}
MATERIALS: Final = VALUES["wanted"]
WAYS: Final = VALUES["way"]
REASONS: Final = VALUES["reason"]
OUTCOMES: Final[Mapping[str, str]] = {**VALUES["outcome"], "withdrawn": "申请人撤回"}
BY: Final = VALUES["by"]
ERASURES: Final[Mapping[str, str]] = {
    ErasureReason.WITHDRAWN: "撤回",
    ErasureReason.EXPIRED: "到期",
    ErasureReason.COMPLETED: "办结或不接",
    ErasureReason.MISTAKEN: "误发",
    ErasureReason.ORDERED: "依法要求",
}
"""Why content was destroyed."""
