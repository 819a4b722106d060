"""What the console calls in Chinese what people do with accounts and tokens, and what a token allows."""

import re
from collections.abc import Mapping
from typing import Final

from schemas.access import Scope
from services.domain.course_words import ERASURES
from services.domain.roles import ZH as ROLES

ACTS: Final[Mapping[str, str]] = {
    "entering.logged_in": "登录",
    "entering.logged_out": "退出",
    "entering.refused": "密码不对，未能登录",
    "entering.second_refused": "第二步未通过",
    "account.invited": "邀请",
    "account.invitation_taken_back": "撤回邀请",
    "account.enrolled": "注册：设定密码",
    "account.confirmed": "注册完成，本县签发凭证",
    "account.password_changed": "更换密码",
    "account.recovery_renewed": "更换恢复码",
    "account.key_added": "登记安全密钥",
    "account.key_dropped": "移除安全密钥",
    "account.roles_changed": "更改角色",
    "account.reset": "重置账号",
    "account.disabled": "停用账号",
    "session.revoked": "结束登录",
    "token.issued": "签发令牌",
    "token.revoked": "收回令牌",
    "content.erased": "销毁内容",
    "agreement.adopted": "启用协作协议",
    "agreement.suspended": "中止协作协议",
    "audit.pruned": "清理到期的记录",
}
"""Acts of the audit log; those of the pages are ``console.`` and the page's name."""
FAMILIES: Final[Mapping[str, str]] = {
    "entering": "登录与退出",
    "account": "账号",
    "session": "结束登录",
    "token": "令牌",
    "content": "内容",
    "agreement": "协作协议",
    "console": "工作台上的操作",
    "audit": "记录本身",
}
"""First words of acts."""
SCOPES: Final[Mapping[Scope, str]] = {
    Scope.EVENTS_READ: "读事件",
    Scope.EVENTS_WRITE: "发事件",
    Scope.UNATTENDED: "无人值守地发（自动来源，不经第二人）",
    Scope.ACKNOWLEDGE: "签收（只限绑定人员的令牌）",
    Scope.OPERATE: "运行维护：指标、提醒、隔离",
    Scope.ERASE: "销毁本县事件的内容",
    Scope.OPENINGS_READ: "读个人信息打开记录",
    Scope.AUDIT_READ: "读操作日志",
    Scope.AGREEMENTS_WRITE: "启用、中止各方签好的协作协议（只限绑定联络员的令牌）",
    Scope.ROSTER_WRITE: "改值班表（只限绑定人员的令牌）",
    Scope.ROSTER_NUMBERS: "看值班表的完整号码",
    Scope.CALENDAR_READ: "订阅活动日历（单独一个令牌）",
}
FIELDS: Final[Mapping[str, str]] = {
    "invitation.officer": "账号",
    "invitation.display_name": "称呼",
    "officer.display_name": "称呼",
    "token.name": "名称",
    "officer": "账号",
    "act": "事项",
}
"""Fields of accounts and tokens that a general sentence, such as that it is too long, is said about."""
_NOTES: Final[Mapping[str, str]] = {
    "password": "密码",
    "password set": "已设密码",
    "password asked for again": "再次核对密码",
    "asked for again": "再次核对",
    "certified": "已签发",
    "anew": "重新开通",
    "totp": "手机验证码",
    "recovery": "恢复码",
    "security_key": "安全密钥",
    "first one-time password": "第一个验证码",
    "entering.code": "验证码不对、过期或用过",
    "entering.recovery": "恢复码不对或用过",
    "entering.key_refused": "安全密钥未通过",
    "entering.key_copied": "安全密钥可能被复制",
    "entering.totp_damaged": "绑定手机的密钥打不开",
    "entering.no_session": "已超时",
    **ERASURES,
    **{role.value: word for role, word in ROLES.items()},
    **{scope.value: word for scope, word in SCOPES.items()},
}
_FROM: Final = re.compile(r"^(?:(.*), )?from (\S+)$")
_ENDED: Final = re.compile(r"^(\d+) sessions ended$")


def note_zh(note: str) -> str:
    """Say a note of the audit log in Chinese; what is not known stays as it is."""
    came = _FROM.match(note)
    if came is not None:
        return f"{note_zh(came[1])}，来自 {came[2]}" if came[1] else f"来自 {came[2]}"
    ended = _ENDED.match(note)
    if ended is not None:
        return f"结束 {ended[1]} 次登录"
    return "、".join(_NOTES.get(one, one) for one in note.split("、"))
