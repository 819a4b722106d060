"""Why a line of a timeline was written, and why somebody was not told: in Chinese.

The engine keeps a short, stable, English reason with each change; the tables here say the same to officers.

Source: ``schemas.escalations.Transition.reason``
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from schemas.escalations import DropReason
from schemas.pages import Strength
from schemas.sms import HoldReason
from services.domain.desk_words import ANSWERS, MEDIA, TIERS

DROPS: Final[Mapping[DropReason, str]] = {
    DropReason.ACKNOWLEDGED: "已有人签收",
    DropReason.CANCELLED: "预警已解除",
    DropReason.SUPERSEDED: "预警已更新",
    DropReason.OFF_DUTY: "已下班",
    DropReason.ANSWERED: "本人已答",
    DropReason.OVERTAKEN: "与后一步重复",
}
"""Why somebody was not told after all."""
SMS_HOLDS: Final[Mapping[HoldReason, str]] = {
    HoldReason.GROUP_INTERVAL: "同一地区刚发过，并入下一条",
    HoldReason.GROUP_WAIT: "稍等几秒，看还有没有别的",
    HoldReason.AREA_STORM: "同一地区预警太密，并入一条",
    HoldReason.PERSON_MINUTE: "同一人一分钟至多一条，并入下一条",
    HoldReason.PERSON_QUARTER: "同一人一刻钟至多五条，并入下一条",
    HoldReason.CARRIER_CAP: "运营商不收短时间内重复的短信，并入下一条",
}
"""Why an SMS did not go out when it was due."""
_STRENGTHS: Final[Mapping[str, str]] = {
    Strength.WEB_SIGNED: "工作台签名",
    Strength.VOICE_PIN: "电话口令",
    Strength.SMS_NUMBER: "短信",
}
_WHYS: Final[Mapping[str, str]] = {
    "due": "到时间了",
    "nobody to wait for": "前面没有可等的人",
    "advanced": "前面的人不能办",
    "not acknowledged in time": "过了签收期限",
    "not delivered": "没有送达",
    "no answer within a day": "一天没有回音",
    "answered": "邻县已有回执",
    "next step": "下一步时间重新算起",
    "reminder": "提醒时间重新算起",
    "deadline": "签收期限重新算起",
    "silenced": "静音",
    "inhibited": "同一险情已在通知",
}
_REASONS: Final[Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]]] = (
    (re.compile(r"step ([0-9]+): (.+)"), lambda found: f"第 {int(found[1]) + 1} 步：{_WHYS.get(found[2], found[2])}"),
    (
        re.compile(r"answer ([0-9]+): (\w+) by (\w+)"),
        lambda found: (
            f"第 {found[1]} 号答复“{ANSWERS[found[2]]}”，{_STRENGTHS.get(found[3], found[3])}"
            if found[2] in ANSWERS
            else found[0]
        ),
    ),
    (re.compile(r"by ([0-9a-f]{12})[0-9a-f]*"), lambda found: f"由事件 {found[1]}… 取代"),
    (re.compile(r"reminder ([0-9]+)"), lambda found: f"第 {found[1]} 次"),
    (re.compile(r"nobody on duty: (\w+)"), lambda found: f"没有{TIERS.get(found[1], found[1])}"),
    (re.compile(r"on duty since step ([0-9]+)"), lambda found: f"第 {int(found[1]) + 1} 步时上班"),
    (re.compile(r"(\w+) failed: (\w+)"), lambda found: f"{_medium(found[1])}没有送达，改用{_medium(found[2])}"),
    (
        re.compile(r"(\w+) no final report: (\w+)"),
        lambda found: f"{_medium(found[1])}没有送达回执，改用{_medium(found[2])}",
    ),
    (re.compile(r"level (\w+) to (\w+)"), lambda found: f"{_level(found[1])}改为{_level(found[2])}"),
    (re.compile(r"monthly test by (\w+)"), lambda found: f"每月测试{_medium(found[1])}"),
)


def reason_zh(reason: str) -> str:
    """Return in Chinese why a line of a timeline was written; what no table knows, such as an alert's id, as it is."""
    if reason in _WHYS:
        return _WHYS[reason]
    for pattern, said in _REASONS:
        found = pattern.fullmatch(reason)
        if found is not None:
            return said(found)
    return reason


def _medium(name: str) -> str:
    return MEDIA.get(name, name)


def _level(number: str) -> str:
    return "无级别" if number == "None" else f"{number} 级"
