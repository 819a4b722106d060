"""What the console says in Chinese beside the names of fields and types."""

from collections.abc import Mapping
from typing import Final

from schemas.custody import OpeningReason
from schemas.escalations import EscalationState, PageState
from schemas.files import FileState
from services.console.navigation import LIAISONS
from services.domain.account_words import FIELDS as ACCOUNT_FIELDS
from services.domain.account_words import SCOPES
from services.domain.campaign_calendar import BANDS, REPLIES
from services.domain.campaign_calendar import ROLES as PARTS
from services.domain.course_words import ERASURES
from services.domain.desk_words import ANSWERS, DRAFTS, MARKS, MEANS, MEDIA, NOTICES, RELEASES, SIGNED, STAGES, TIERS
from services.domain.field_words import FIELDS
from services.domain.ledger_words import kind_zh, state_zh
from services.domain.roles import ZH as ROLES
from services.domain.timeline_words import DROPS, SMS_HOLDS
from services.domain.value_words import VALUES

__all__ = [
    "ACCOUNT_FIELDS",
    "ANSWERS",
    "ASKS",
    "BANDS",
    "CLASSES",
    "DRAFTS",
    "DROPS",
    "ERASURES",
    "FIELDS",
    "LEVELS",
    "LIAISONS",
    "MARKS",
    "MEANS",
    "MEDIA",
    "MUTUALS",
    "NOTICES",
    "PARTS",
    "RELATIONS",
    "RELEASES",
    "REPLIES",
    "ROLES",
    "SAID",
    "SCOPES",
    "SIGNED",
    "SMS_HOLDS",
    "STAGES",
    "STATUSES",
    "TIERS",
    "kind_zh",
    "state_zh",
]

SAID: Final[Mapping[str, str]] = {
    "sent": "已签发，正在送往各收件县。",
    "kept": "稿件已保存，尚未送出；如有要改之处，见下。",
    "handed_in": "已送审：等待另一位人员审核签发。",
    "approved": "已审核通过，可以签发。",
    "returned": "已退回拟稿人。",
    "withdrawn": "稿件已撤销。",
    "countersigned": "已补签，各收件县随即看到。",
    "written": "已写入案件，正在送往对方县。",
    "acknowledged": "已签收，回执已发往来源县。",
    "answered": "答复已发往来源县，仍待接手。",
    "already": "已经有人答过，见下。",
    "closed": "已办结。",
    "service_moved": "已记入，并随签名发往各参与县。",
    "referral_moved": "已记入，并随签名发往对方县。",
    "flow_sent": "通报已签发。",
    "case_written": "已记入案卷，并随签名发往对方县。",
    "content_erased": "本县已销毁；各收件县收到后销毁并回报，回报见下。",
    "called": "电话告知已记录，并随签名记录发往对方县。",
    "replied": "答复已签名，正在发出。",
    "thread_closed": "已结束，正告知各县。",
    "agreement_adopted": "协议已启用：自它的有效期起，本县按它收发；其他各方各自启用。",
    "agreement_suspended": "中止已生效，节点正告知其他各方。",
    "offer_withdrawn": "已撤回，此前谈妥的仍然有效。",
    "reported": "进展已签名，正发往各县。",
    "drill_begun": "演练已开始：正按值班表通知本县人员，不发往任何县。",
    "drill_recorded": "演练记录已签名，正发往预案各县。",
    "roster_changed": "已记下，立即生效。",
    "roster_gaps": "已记下，但出现了新的缺口：见“十四天内要补的”，当场再补一条。",
    "roster_idle": "已记下，但没有改变任何班次：多半是人或时间写错了，可在变更记录里撤销。",
    "roster_imported": "日历已导入，立即生效。",
    "note_left": "留言已记下，接班的人打开就看见。",
    "cap_closed": "文件已关闭，草稿和原文已销毁。",
    "silenced": "已静音，到时自动恢复。",
    "silence_ended": "静音已结束。",
    "number_marked": "号码的结果已记下。",
    "left": "已退出登录。",
    "password_changed": "密码已更换；其他地方的登录都已结束。",
    "invitation_withdrawn": "邀请已撤回，那个链接不再有效。",
    "roles_changed": "已更改，本县已重新签发他的凭证；他的登录都已结束，请他重新登录。",
    "disabled": "账号已停用：登录、凭证、令牌、邀请同时失效。",
    "token_revoked": "令牌已收回，立即失效。",
    "session_ended": "那次登录已结束。",
    "key_dropped": "安全密钥已移除。",
    "late": "登录超时或已结束，请重新登录。",
    "damaged": "绑定手机的密钥已打不开（本县节点换过钥匙），请管理员重新邀请。",
    "by_recovery": "已用一个恢复码登录，它不能再用。请到“本人”查看还剩几个；手机丢了，请管理员重置账号。",
}
"""What a page says after an act; a cookie names the word, so nothing that was sent is ever shown by it."""

LEVELS: Final[Mapping[int, str]] = {1: "1级 红色", 2: "2级 橙色", 3: "3级 黄色", 4: "4级 蓝色"}
STATUSES: Final[Mapping[str, str]] = {"actual": "", "exercise": "演练", "test": "测试", "system": "系统"}
ASKS: Final[Mapping[str, str]] = {
    "report": "报送",
    "update": "更新",
    "cancel": "取消",
    "request": "请求",
    "response": "答复",
}
"""What the sender wants from an event."""
RELATIONS: Final[Mapping[str, str]] = {
    "supersedes": "取代",
    "cancels": "取消",
    "replies": "答复",
    "case": "所属案件",
    "evidence": "随附材料",
}
"""How an event relates to an earlier one that it names."""
CLASSES: Final[Mapping[str, str]] = {"public": "公开", "internal": "内部", "personal": "个人信息"}
MUTUALS: Final[Mapping[str, str]] = {
    "information": "信息互通",
    "outreach": "宣传互联",
    "development": "发展互惠",
    "governance": "管理互协",
}
OPENINGS: Final[Mapping[str, str]] = {
    OpeningReason.HANDLING: "办理",
    OpeningReason.ANSWERING: "答复对方",
    OpeningReason.REVIEW: "审核",
    OpeningReason.SUBJECT_REQUEST: "本人查询",
}
FILES: Final[Mapping[str, str]] = {
    FileState.ARRIVING: "正在传来",
    FileState.WHOLE: "已到齐",
    FileState.REFUSED: "与事件所述不符，已拒收",
    FileState.ERASED: "已销毁",
}
PAGES: Final[Mapping[str, str]] = {
    PageState.DUE: "待发",
    PageState.SUBMITTED: "已发出",
    PageState.DELIVERED: "已送达",
    PageState.FAILED: "未能送达",
    PageState.DROPPED: "已免发",
}
TONES: Final[Mapping[str, str]] = {
    "asked": "tag-warn",
    "tentative": "tag-warn",
    "questioned": "tag-warn",
    "talking": "tag-warn",
    "accepted": "tag-good",
    "agreed": "tag-good",
    "join": "tag-good",
    "held": "tag-good",
    "achieved": "tag-good",
    "done": "tag-good",
    "cancelled": "tag-bad",
    "stopped": "tag-bad",
}
"""How the state of a thread or of a partner in it is set off; the word itself always stands there."""
MILESTONES: Final = VALUES["state"]
HAZARDS: Final = VALUES["hazard"]
KINDS: Final = VALUES["kind"]
LICENCES: Final = VALUES["licence"]
CHANNELS: Final = VALUES["channels"]
TELLING: Final[Mapping[str, str]] = {
    EscalationState.OPEN: "正在通知",
    EscalationState.ACKNOWLEDGED: "已有人签收",
    EscalationState.CANCELLED: "已结束",
    EscalationState.EXHAUSTED: "无人应答",
}
WEEKDAYS: Final = ("一", "二", "三", "四", "五", "六", "日")
