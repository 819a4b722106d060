"""What the console says in Chinese beside the names of fields and types."""

from collections.abc import Mapping
from typing import Final

from schemas.control import ReleaseMode
from schemas.custody import OpeningReason
from schemas.escalations import PageState
from schemas.files import FileState
from schemas.pages import Medium, Tier
from schemas.releases import DraftState
from services.domain.desk_words import ANSWERS, MARKS, MEANS, NOTICES, STAGES
from services.domain.roles import ZH as ROLES

__all__ = [
    "ANSWERS",
    "CLASSES",
    "DRAFTS",
    "LEVELS",
    "MARKS",
    "MEANS",
    "MUTUALS",
    "NOTICES",
    "ROLES",
    "SAID",
    "STAGES",
    "STATUSES",
    "TIERS",
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
    "closed": "已办结。",
    "called": "电话告知已记录，并随签名记录发往对方县。",
    "erased": "内容已销毁，销毁请求已发往各收件县。",
}
"""What a page says after an act; a cookie names the word, so nothing that was sent is ever shown by it."""

LEVELS: Final[Mapping[int, str]] = {1: "1级 红色", 2: "2级 橙色", 3: "3级 黄色", 4: "4级 蓝色"}
STATUSES: Final[Mapping[str, str]] = {"actual": "", "exercise": "演练", "test": "测试", "system": "系统"}
CLASSES: Final[Mapping[str, str]] = {"public": "公开", "internal": "内部", "personal": "个人信息"}
MUTUALS: Final[Mapping[str, str]] = {
    "information": "信息互通",
    "outreach": "宣传互联",
    "development": "发展互惠",
    "governance": "管理互协",
}
TIERS: Final[Mapping[str, str]] = {
    Tier.PRIMARY: "主班",
    Tier.SECONDARY: "副班",
    Tier.LEADER: "带班领导",
    Tier.OFFICE: "单位",
    Tier.SUPERIOR: "上级值班室",
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
MEDIA: Final[Mapping[str, str]] = {
    Medium.CONSOLE: "工作台",
    Medium.SMS: "短信",
    Medium.VOICE: "电话",
    Medium.FAX: "传真",
    Medium.EMAIL: "邮件",
    Medium.WEBHOOK: "系统接口",
}
PAGES: Final[Mapping[str, str]] = {
    PageState.DUE: "待发",
    PageState.SUBMITTED: "已发出",
    PageState.DELIVERED: "已送达",
    PageState.FAILED: "未能送达",
    PageState.DROPPED: "已免发",
}
DRAFTS: Final[Mapping[str, str]] = {
    DraftState.DRAFTING: "拟稿",
    DraftState.IN_REVIEW: "待审",
    DraftState.RETURNED: "退回",
    DraftState.APPROVED: "已审",
    DraftState.SENT: "已发",
    DraftState.WITHDRAWN: "撤销",
}
RELEASES: Final[Mapping[str, str]] = {
    ReleaseMode.TWO_OFFICERS: "两人签发（拟稿、审核）",
    ReleaseMode.ALONE: "单人值守签发",
    ReleaseMode.COUNTERSIGNED: "补签",
}
