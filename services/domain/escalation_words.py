"""What an officer hears back to his answer, and what a console shows as an alarm: one Chinese line each.

A reply fits one SMS beside its signature; nothing in it names a number or a person beyond the role at a desk.
"""

from collections.abc import Callable
from typing import Final

from schemas.base import BEIJING
from schemas.escalations import Alarm, AlarmKind, ReplyDue, ReplyKind
from schemas.officers import AnswerWord
from schemas.pages import Tier

Display = Callable[[str], str]
"""Officer -> the role at a desk, e.g. 值班员甲."""

_WORDS: Final = {
    AnswerWord.RECEIVED: "收到",
    AnswerWord.HANDLING: "处置",
    AnswerWord.PASSED_ON: "转",
    AnswerWord.FALSE_ALARM: "误报",
    AnswerWord.CANNOT: "不能",
}
_TIERS: Final = {
    Tier.PRIMARY: "主班",
    Tier.SECONDARY: "副班",
    Tier.LEADER: "带班领导",
    Tier.OFFICE: "值班室",
    Tier.SUPERIOR: "上级值班室",
}
_REPLIES: Final = {
    ReplyKind.TAKEN: "已登记：{word}",
    ReplyKind.ALREADY: "已由{owner}于{at}签收",
    ReplyKind.SECOND_WANTED: "已记，不再通知您。一级须在控制台或电话口令签收，或由第二人回复",
    ReplyKind.ADVANCED: "已记，正在通知下一级",
    ReplyKind.PASSED: "已记，正在通知您所转的人和下一级",
    ReplyKind.TAKER_OFF_DUTY: "您所转的人不在班，正在通知下一级",
    ReplyKind.FALSE_ALARM_TOLD: "已记，正在报带班领导和来源县",
    ReplyKind.CLOSED: "该预警已解除",
    ReplyKind.SUPERSEDED: "该预警已升级，请答复新的一条",
}
_ALARMS: Final = {
    AlarmKind.EXHAUSTED: "全部通知后无人签收，请立即人工电话通知",
    AlarmKind.OVERDUE: "超过时限仍未签收",
    AlarmKind.COVERAGE_GAP: "{tier}无人在班，请核对值班表",
}


def told_of_reply(reply: ReplyDue, display: Display) -> str:
    """Return what an officer hears back.

    Args:
        reply: As the engine decided it.
        display: How an officer is called.
    """
    at = reply.owned_at.astimezone(BEIJING) if reply.owned_at else None
    text = _REPLIES[reply.kind].format(
        word=_WORDS[reply.counted_as],
        owner=display(reply.owner) if reply.owner else "",
        at=f"{at:%H:%M}" if at else "",
    )
    if reply.counted_as is reply.word:
        return text
    return f"{text}（短信“{_WORDS[reply.word]}”按“{_WORDS[reply.counted_as]}”计）"


def told_of_alarm(alarm: Alarm) -> str:
    """Return what every console shows; which alert it is about stands beside it."""
    return _ALARMS[alarm.kind].format(tier=_TIERS[alarm.tier] if alarm.tier else "")
