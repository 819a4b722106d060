"""What stages, answers, means and kinds of notices are called at the desk, on a terminal and on a page alike."""

from collections.abc import Mapping
from typing import Final

from schemas.control import ReceiptStage, ReleaseMode
from schemas.notices import NoticeKind
from schemas.officers import AnswerWord, Means
from schemas.pages import Medium, Tier
from schemas.records import Mark
from schemas.releases import DraftState

RELEASES: Final[Mapping[str, str]] = {
    ReleaseMode.TWO_OFFICERS: "两人签发（拟稿、审核）",
    ReleaseMode.ALONE: "单人值守签发",
    ReleaseMode.COUNTERSIGNED: "补签",
}
SIGNED: Final[Mapping[bool, str]] = {True: "本人密钥签名", False: "节点代证"}
"""Whether an officer behind an event has signed with the officer's own key."""
STAGES: Final[Mapping[ReceiptStage, str]] = {
    ReceiptStage.STORED: "已入库",
    ReceiptStage.HANDED_OVER: "已送达",
    ReceiptStage.ACKNOWLEDGED: "已签收",
    ReceiptStage.ACTIONED: "已处置",
    ReceiptStage.DECLINED: "不能处置",
    ReceiptStage.REJECTED: "拒收",
    ReceiptStage.EXPIRED: "已过期",
    ReceiptStage.EXHAUSTED: "无人应答",
}
ANSWERS: Final[Mapping[str, str]] = {
    AnswerWord.RECEIVED: "收到",
    AnswerWord.HANDLING: "处置",
    AnswerWord.PASSED_ON: "转",
    AnswerWord.FALSE_ALARM: "误报",
    AnswerWord.CANNOT: "不能",
}
DRAFTS: Final[Mapping[str, str]] = {
    DraftState.DRAFTING: "拟稿",
    DraftState.IN_REVIEW: "待审",
    DraftState.RETURNED: "退回",
    DraftState.APPROVED: "已审",
    DraftState.SENT: "已发",
    DraftState.WITHDRAWN: "撤销",
}
"""Where a draft stands."""
MEANS: Final[Mapping[str, str]] = {
    Means.KEY_FILE: "本人密钥签名",
    Means.TOKEN: "令牌",
    Means.VOICE_PIN: "电话密码",
    Means.SMS_NUMBER: "短信回复",
}
TIERS: Final[Mapping[str, str]] = {
    Tier.PRIMARY: "主班",
    Tier.SECONDARY: "副班",
    Tier.LEADER: "带班领导",
    Tier.OFFICE: "单位",
    Tier.SUPERIOR: "上级值班室",
}
MEDIA: Final[Mapping[str, str]] = {
    Medium.CONSOLE: "工作台",
    Medium.SMS: "短信",
    Medium.VOICE: "电话",
    Medium.FAX: "传真",
    Medium.EMAIL: "邮件",
    Medium.WEBHOOK: "系统接口",
}
MARKS: Final[Mapping[Mark, str]] = {
    Mark.PREDECESSOR_MISSING: "前序预警缺失",
    Mark.CLOCK_AHEAD: "时钟超前",
    Mark.EXPIRES_DIFFER: "失效时间不一致",
}
NOTICES: Final[Mapping[NoticeKind, str]] = {
    NoticeKind.NOT_STORED: "未入库",
    NoticeKind.NOT_ACKNOWLEDGED: "未签收",
    NoticeKind.REFUSED: "对方拒收",
    NoticeKind.QUARANTINED: "已隔离",
    NoticeKind.FORKED: "通道分叉",
    NoticeKind.OWN_UNKNOWN: "旧备份或双机",
    NoticeKind.EXPIRING: "将到期",
    NoticeKind.KEY_REVOKED: "密钥已吊销",
    NoticeKind.CLOCK_AHEAD: "时钟超前",
    NoticeKind.PREDECESSOR_MISSING: "前序预警缺失",
    NoticeKind.SILENT: "邻县无声",
    NoticeKind.TWINS: "双机运行",
    NoticeKind.EPOCH_DROPPED: "对方丢失",
    NoticeKind.MISSING: "消息缺失",
    NoticeKind.EXHAUSTED: "无人签收",
    NoticeKind.OVERDUE: "签收超时",
    NoticeKind.COVERAGE_GAP: "值班缺口",
    NoticeKind.SOURCE_NOT_TOLD: "未告知来源",
    NoticeKind.NOT_COUNTERSIGNED: "未补签",
    NoticeKind.CASE_DUE: "调解期限",
    NoticeKind.NOT_ERASED: "未确认销毁",
    NoticeKind.SERVICE_OVERDUE: "通办超期",
    NoticeKind.PROVIDER_DOWN: "线路不通",
    NoticeKind.CAP_HELD: "预警文件待办",
    NoticeKind.CAP_FEED: "预警源异常",
    NoticeKind.CAP_ANSWER: "外部系统未接收",
}
