"""What an officer is told back by SMS, each text one SMS of at most 70 units, and whether one is sent at all."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, assert_never

from schemas.base import BEIJING
from schemas.officers import AnswerWord
from schemas.sms import AnswerablePage
from services.domain.replies import (
    AcknowledgeAll,
    AlreadyAnswered,
    Ambiguous,
    Answer,
    Asked,
    Ended,
    NotUnderstood,
    OptOut,
    Reading,
    counted,
    is_awaited,
)
from services.domain.reply_words import Failing
from services.domain.sms_parts import SINGLE_UNITS, units

PASSIVE_MAX: Final = 5
PASSIVE_WINDOW: Final = timedelta(hours=1)
_LABEL_MOST: Final = 12
_DESK_MOST: Final = 12
_HIGHEST: Final = 1


def text_back(reading: Reading, *, is_known: bool, passive_at: Iterable[datetime], now: datetime) -> str:
    """Return what to send back to a number, empty for nothing.

    A number that no roster knows gets nothing. An answer that counts is always confirmed, which ends by itself: a page
    is answered once. Everything else is a passive answer, and a number gets at most five of them in an hour, so two
    machines cannot talk for ever.

    Args:
        reading: From ``replies.read``.
        is_known: Whether the number stands in a roster.
        passive_at: When passive answers went to this number in the last hour; keep one more if a text comes back and
            ``is_passive`` says so.
        now: Aware UTC.
    """
    lately = sum(now - at < PASSIVE_WINDOW for at in passive_at)
    if not is_known or (is_passive(reading) and lately >= PASSIVE_MAX):
        return ""
    return _told(reading)


def is_passive(reading: Reading) -> bool:
    """Tell whether what goes back counts against the five in an hour."""
    return not isinstance(reading, Answer) and not (isinstance(reading, AcknowledgeAll) and bool(reading.pages))


def _told(reading: Reading) -> str:  # noqa: PLR0911 - one line for each of the readings
    match reading:
        case Answer():
            return _answered(reading)
        case AcknowledgeAll():
            return _all(reading)
        case AlreadyAnswered(answer):
            return _already(answer.page)
        case Ended(answer):
            return f"编号{answer.page.code}已解除或已结束，不用再答。"
        case Ambiguous():
            return _asked(reading)
        case NotUnderstood():
            return _not_understood(reading)
        case OptOut():
            return "值班号码不能退订，照常发送，已报告带班领导。"
        case _:
            assert_never(reading)


_ANSWERED: Final = {
    AnswerWord.RECEIVED: "编号{code}已签收：{label}。",
    AnswerWord.HANDLING: "编号{code}已记处置：{label}。",
    AnswerWord.PASSED_ON: "编号{code}已记转{taker}，对方接手前照常呼叫下一级。",
    AnswerWord.FALSE_ALARM: "编号{code}误报已报领导和发出县；1、2级照常呼叫。",
    AnswerWord.CANNOT: "编号{code}不能已记，现在呼叫下一人。",
}
_TESTED: Final = "编号{code}核对已记，本号码可用。"
_RECEIVED_OF_HIGHEST: Final = "编号{code}收到已记，不再呼您。1级还须在值班台、电话按密码或另一人签收，才停止升级。"
_HANDLING_BY_WEB: Final = "编号{code}已记收到。1、2级处置须在值班台或电话按密码确认。"


def _answered(answer: Answer) -> str:
    page, form = answer.page, _ANSWERED[answer.word]
    if page.is_test:
        return _TESTED.format(code=page.code)
    if answer.word is AnswerWord.RECEIVED and page.level == _HIGHEST:
        form = _RECEIVED_OF_HIGHEST
    if counted(answer.word, page.level) is not answer.word:
        form = _HANDLING_BY_WEB
    return form.format(code=page.code, label=_short(page.label, _LABEL_MOST), taker=_taker(answer.taker))


def _taker(taker: str) -> str:
    if not taker:
        return "他人"
    # Digits may be somebody's own number: they are not sent through a carrier again.
    return "所报号码" if any(char.isdigit() for char in taker) else _short(taker, _DESK_MOST)


def _all(reading: AcknowledgeAll) -> str:
    if not reading.pages and not reading.left:
        return "没有等您签收的预警。"
    level = "（1级仍须在值班台确认）" if any(page.level == _HIGHEST for page in reading.pages) else ""
    left = f"；未签收{len(reading.left)}条，见新短信" if reading.left else ""
    return _listed(f"已签收{len(reading.pages)}条：", [page.code for page in reading.pages], f"{level}{left}。")


def _already(page: AnswerablePage) -> str:
    at = f"于{page.taken_at.astimezone(BEIJING):%m-%d %H:%M}" if page.taken_at else ""
    did = "处置" if page.taken_word is AnswerWord.HANDLING else "签收"
    return f"编号{page.code}已由{_short(page.taken_by, _DESK_MOST) or '他人'}{at}{did}。"


_WHY: Final = {
    Asked.NO_CODE: "请写明编号",
    Asked.STALE_THREAD: "您回的短信已过期",
    Asked.TOO_EARLY: "刚有新预警，请写明编号",
    Asked.WEAK: "请写明编号",
    Asked.ONE_AT_A_TIME: "一次只答一个编号",
    Asked.TAKER: "请写明转给谁",
}


def _asked(reading: Ambiguous) -> str:
    awaited = [page for page in reading.pages if is_awaited(page)]
    if not awaited:
        return "现在没有等您签收的预警。"
    why = f"没有编号{reading.code}" if reading.asked is Asked.UNKNOWN_CODE else _WHY[reading.asked]
    return _with_hint(f"未签收，{why}。", awaited)


def _not_understood(reading: NotUnderstood) -> str:
    why = "没看懂，未签收。"
    if reading.failing in {Failing.NEGATED, Failing.QUESTION}:
        why = "未作签收，全文见值班台或致电值班室。"
    awaited = [page for page in reading.pages if is_awaited(page)]
    return _with_hint(why, awaited) if awaited else "没看懂。现在没有等您签收的预警。"


def _with_hint(why: str, pages: Sequence[AnswerablePage]) -> str:
    hint = f"。请回复编号加收到，如{pages[-1].code}收到。"
    return _listed(f"{why}待签", [page.code + _short(page.label, _LABEL_MOST) for page in pages], hint)


def _listed(head: str, items: Sequence[str], tail: str) -> str:
    """Return as many items as one SMS holds, one at least, and 等 behind them if some are left out."""
    line = head + "、".join(items) + tail
    shown = len(items)
    while units(line) > SINGLE_UNITS and shown > 1:
        shown -= 1
        line = head + "、".join(items[:shown]) + "等" + tail
    return line


def _short(text: str, most: int) -> str:
    if units(text) <= most:
        return text
    while units(text) >= most:
        text = text[:-1]
    return text + "…"
