"""What happens while people are told is called, and what an officer hears back to his answer: one Chinese line.

A reply fits one SMS beside its signature; nothing in it names a number or a person beyond the role at a desk.
"""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.base import BEIJING
from schemas.escalations import Change, EscalationState, Hold, ReplyDue, ReplyKind
from schemas.officers import AnswerWord

Display = Callable[[str], str]
"""Officer -> the role at a desk, e.g. 值班员甲."""

_WORDS: Final = {
    AnswerWord.RECEIVED: "收到",
    AnswerWord.HANDLING: "处置",
    AnswerWord.PASSED_ON: "转",
    AnswerWord.FALSE_ALARM: "误报",
    AnswerWord.CANNOT: "不能",
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
STATES: Final[Mapping[EscalationState, str]] = {
    EscalationState.OPEN: "等应答",
    EscalationState.ACKNOWLEDGED: "已应答",
    EscalationState.CANCELLED: "已取消",
    EscalationState.EXHAUSTED: "无人应答",
}
"""Where telling people of an event stands."""
HOLDS: Final[Mapping[Hold, str]] = {Hold.SILENCED: "静音中", Hold.INHIBITED: "同一险情已在通知，暂不再响"}
CHANGES: Final[Mapping[Change, str]] = {
    Change.OPENED: "开始",
    Change.STEP_TAKEN: "呼叫",
    Change.JOINED: "接班人",
    Change.ACKNOWLEDGED: "签收",
    Change.OWNER_CHANGED: "换人接办",
    Change.REOPENED: "放弃，重新呼叫",
    Change.ADVANCED: "呼叫下一人",
    Change.PERSON_STOPPED: "本人不再呼叫",
    Change.CALLED_FALSE: "报误报",
    Change.NEXT_MEDIUM: "换方式",
    Change.REMINDED: "提醒",
    Change.OVERDUE: "签收超时",
    Change.COVERAGE_GAP: "无人值班",
    Change.EXHAUSTED: "无人应答",
    Change.HELD: "暂停呼叫",
    Change.RELEASED: "恢复呼叫",
    Change.VERSION_CHANGED: "预警更新",
    Change.CANCELLED: "解除",
    Change.SUPERSEDED: "被新预警取代",
    Change.CLOCK_SET_BACK: "时钟回拨",
}
"""What a line of a timeline says."""


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
