"""The words of a reply: what a text from a telephone is made of, if it is made of known words alone.

The vocabulary is closed. A text is taken apart from its first character to its last; one character that belongs to no
known word, and nothing of the text counts. This is what keeps 没收到, 未收到, 收不到, 收到吗 and 收到请回复 from
ever being read as 收到: none of them can be spelt with these words. A longer list of words reads more texts; it must
never be made by dropping what is not understood.

Source: docs/alerting/sms.md
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from schemas.officers import AnswerWord

TEXT_MAX: Final = 2_000
"""Characters of a text that is looked at at all."""
_PHRASE_MAX: Final = 60
"""Characters of a text that can be an answer."""
_NUMBER_MAX: Final = 15


class Failing(Enum):
    """Why a text is no answer."""

    EMPTY = auto()
    LONG = auto()
    NEGATED = auto()
    """It holds a negation: perhaps the opposite of an answer."""
    QUESTION = auto()
    STRANGE = auto()
    """Some character of it belongs to no known word."""
    CONTRADICTORY = auto()
    """Words that do not go together, such as 处置 and 不能."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a text says, with nothing left over.

    Attributes:
        codes: Digits in their order, each once.
        word: None if it gives only codes.
        is_weak: The word is one of those, such as 好的, that people also say of other things.
        is_all: It says 全部.
        taker: Behind 转: digits, or the name of a desk, as written but for its form.
    """

    codes: tuple[str, ...] = ()
    word: AnswerWord | None = None
    is_weak: bool = False
    is_all: bool = False
    taker: str = field(default="", repr=False)


class OptingOut(Enum):
    """The whole text is an order to send nothing more."""

    OPTING_OUT = auto()


class _Kind(Enum):
    RECEIVED = auto()
    WEAK = auto()
    HANDLING = auto()
    FALSE_ALARM = auto()
    CANNOT = auto()
    ALL = auto()
    OPT_OUT = auto()
    NOUN = auto()
    MARK = auto()
    JOIN = auto()
    FILLER = auto()
    CODE = auto()


_WORDS: Final[dict[_Kind, str]] = {
    _Kind.RECEIVED: (
        "收到 收到了 已收到 已收到了 已经收到 已经收到了 现已收到 刚收到 刚刚收到 已收 收悉 已收悉 已悉 知悉 "
        "已知悉 知道了 知道 已知 已知晓 知晓 明白 明白了 确认 已确认 确认收到 已确认收到 签收 已签收 已阅 阅知 "
        "已阅知 已读 看到了 已看到 received acknowledge acknowledged ack acked roger copy copied shoudao"
    ),
    _Kind.WEAK: "好 好的 好滴 嗯 嗯嗯 是 是的 行 收 阅 ok okay okey yes y sd",
    _Kind.HANDLING: (
        "处置 处置中 在处置 正处置 正在处置 已处置 开始处置 马上处置 立即处置 处理 处理中 在处理 正在处理 "
        "已处理 开始处理 马上处理 立即处理 办理 办理中 在办 在办理 正在办理 马上办 马上办理 立即办 立即办理 "
        "出发 已出发 马上出发 正在赶赴 赶赴现场 正在赶赴现场 前往现场 正在前往 正在前往现场 到场 已到场 "
        "已到现场 handling"
    ),
    _Kind.FALSE_ALARM: (
        "误报 是误报 属误报 属于误报 系误报 为误报 确认误报 确认是误报 确认为误报 经核实是误报 误报警 误警 "
        "虚警 错报 假警报 false\x00alarm"
    ),
    _Kind.CANNOT: (
        "不能 不能处置 不能处理 不能办理 不能到场 不能到岗 不能去 不能来 不行 不在 不在岗 不在班 不值班 不当班 "
        "无法 无法处置 无法处理 无法办理 无法到场 无法到岗 办不了 处置不了 处理不了 去不了 来不了 到不了 没空 "
        "没空处置 没空处理 没在岗 没在班 没值班 休假 休假中 在休假 请假 请假中 cannot unable"
    ),
    _Kind.ALL: "全部 全 都 均 所有 全都 all",
    _Kind.OPT_OUT: (
        "退订 取消订阅 退 停 停发 拒收 不要发了 别发了 不要再发 不要再发了 别再发了 td t n r qx kt stop "
        "unsubscribe 0000 00000"
    ),
    _Kind.NOUN: "预警 短信 信息 通知 消息 任务",
    _Kind.MARK: "号 编号 第 代码",
    _Kind.JOIN: "和 与 及 跟",
    _Kind.FILLER: "谢谢 感谢 多谢 谢 辛苦 辛苦了 您好 你好 了 啦 啊 呀 哈 哦 喔 噢 咯 喽",
}
_ORDERS_TO_ANSWER: Final = r"(?:回复|答复|回)"
"""Only at the very start: 收到请回复 and 收到回复 ask others for an answer."""

_NUMERALS: Final = "零〇一二三四五六七八九十百千万"
_CODE: Final = (
    r"[0-9]+"
    rf"|(?<![{_NUMERALS}])(?:[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九][零〇一二三四五六七八九])(?![{_NUMERALS}])"
)
_OF_WORD: Final[dict[str, _Kind]] = {
    word.replace("\x00", " "): kind for kind, words in _WORDS.items() for word in words.split(" ")
}
VOCABULARY: Final = frozenset(_OF_WORD)
"""Every word that a reply may be made of, besides codes and what stands behind 转."""


def _spelt(word: str) -> str:
    # Letters must not touch others: ok stands in no book, and all in no call; 0000 is no part of a longer number.
    if word.isascii():
        edge = "0-9" if word.isdigit() else "a-z"
        return rf"(?<![{edge}]){re.escape(word)}(?![{edge}])"
    return re.escape(word)


_TOKEN: Final = re.compile(
    rf"(?P<word>{'|'.join(_spelt(word) for word in sorted(_OF_WORD, key=len, reverse=True))})|(?P<code>{_CODE})"
)
_TRANSFER: Final = re.compile(
    r"(?P<before>.*?)(?:请|已|已经)?(?:转(?:交给|交|给|由|至|到)?|移交(?:给)?|交给|transfer(?![a-z])(?: to(?![a-z]))?)"
    r"(?P<taker>(?![告达发述播账帐弯动机]).*)"
)
_TAKER_TAIL: Final = re.compile(r"(?:来|去)?(?:处置|处理|办理|负责|跟进)?(?:了|谢谢)?$")
_TAKER: Final = re.compile(r"[0-9a-z\u3007\u3400-\u9fff ]{1,20}")
_NEVER_IN_TAKER: Final = re.compile(r"[不没未无非别勿莫否吗么嘛呢吧谁哪何几怎]|收到|误报|处置|全部|都|all|not")
_PHONE_GAPS: Final = re.compile(r"[0-9 ]+")

_UNSEEN: Final = dict.fromkeys(map(ord, "\u00ad\u180e\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f\u20e3"))
"""Dropped. What turns the direction of writing is not: the officer saw another text than we read."""
_HANDS: Final = "👌👍🙏✅💪🫡🤝"
_SKIN_TONES: Final = "".join(map(chr, range(0x1F3FB, 0x1F400)))
_STOPS: Final = ",.。!;:、~-—–_()[]{}<>\"'“”’《》〈〉「」『』【】#*+&=/|\\^@`·•\u2018\u3014\u3015"
_SPACED: Final = {ord(char): " " for char in _STOPS + _HANDS + _SKIN_TONES}
_JOINED_DIGITS: Final = re.compile(r"[0-9]\s*[^\w\s,、;&+]+\s*[0-9]|[0-9]_+[0-9]|[0-9]\s*\+\s*[0-9]{7}")
"""A time, a range, a date, a fraction, a telephone number: no list of codes."""
_TRADITIONAL: Final = str.maketrans(
    "處誤轉報訂確認簽號無沒嗎辦經來謝讀閱預訊務與確實為屬係給請員崗現場趕發馬動開釋",
    "处误转报订确认签号无没吗办经来谢读阅预讯务与确实为属系给请员岗现场赶发马动开释",
)
_NEGATION: Final = re.compile(r"[不没未无非别勿莫否]|(?<![a-z])(?:not?|never|don)(?![a-z])")
_QUESTION: Final = re.compile(r"[?吗么嘛呢吧谁哪何几怎]|是否|有没有|是不是|请回|请确认|请签收|收到回")


def plain(text: str) -> str:
    """Return a text in the one form that words are looked up in: one width, one case, single blanks for all stops."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.translate(_UNSEEN).translate(_TRADITIONAL).translate(_SPACED).split())


def parse(text: str, signers: Sequence[str] = ()) -> Phrase | OptingOut | Failing:
    """Take a text apart; it is never only partly understood.

    Args:
        text: As decoded.
        signers: What the sender may sign with: the display of their desk, the name of their credential. One of them at
            the end or the beginning of the text is no part of the answer.
    """
    if len(text) > TEXT_MAX:
        return Failing.LONG
    if _JOINED_DIGITS.search(unicodedata.normalize("NFKC", text).translate(_UNSEEN)):
        return Failing.STRANGE
    line = plain(text)
    if not line:
        return Failing.EMPTY
    if len(line) > _PHRASE_MAX:
        return Failing.LONG
    return _transferred(line) or _spoken(line) or _signed(line, signers) or _why_not(line)


def _signed(line: str, signers: Sequence[str]) -> Phrase | OptingOut | Failing | None:
    for name in filter(None, map(plain, signers)):
        rest = line.removesuffix(name) if line.endswith(name) else line.removeprefix(name)
        if rest != line and (spoken := _spoken(rest.strip())):
            return spoken
    return None


def _spoken(line: str) -> Phrase | OptingOut | Failing | None:
    tokens = _tokens(line)
    return None if tokens is None else _phrase_of(tokens)


def _tokens(line: str) -> list[tuple[_Kind, str]] | None:
    """Return the words of a line, or None if anything is left over."""
    found: list[tuple[_Kind, str]] = []
    order = re.match(_ORDERS_TO_ANSWER, line)
    at = order.end() if order else 0
    while at < len(line):
        if line[at] == " ":
            at += 1
            continue
        token = _TOKEN.match(line, at)
        if token is None:
            return None
        spelt = token.group()
        found.append((_Kind.CODE, _digits(spelt)) if token["code"] else (_OF_WORD[spelt], spelt))
        at = token.end()
    return found


def _digits(code: str) -> str:
    if code.isascii():
        return code
    tens, ten, ones = code.partition("十")
    if ten:
        return f"{_NUMERALS.index(tens) - 1 if tens else 1}{_NUMERALS.index(ones) - 1 if ones else 0}"
    return "".join(str(max(_NUMERALS.index(char) - 1, 0)) for char in code)


_SAID: Final = {
    _Kind.RECEIVED: AnswerWord.RECEIVED,
    _Kind.WEAK: AnswerWord.RECEIVED,
    _Kind.HANDLING: AnswerWord.HANDLING,
    _Kind.FALSE_ALARM: AnswerWord.FALSE_ALARM,
    _Kind.CANNOT: AnswerWord.CANNOT,
}


def _phrase_of(tokens: list[tuple[_Kind, str]]) -> Phrase | OptingOut | Failing | None:
    kinds = {kind for kind, _ in tokens}
    codes = tuple(dict.fromkeys(spelt for kind, spelt in tokens if kind is _Kind.CODE))
    if _Kind.OPT_OUT in kinds:
        return OptingOut.OPTING_OUT if kinds <= {_Kind.OPT_OUT, _Kind.CODE, _Kind.MARK} else Failing.CONTRADICTORY
    said = [kind for kind, _ in tokens if kind in _SAID]
    words = list(dict.fromkeys(_SAID[kind] for kind in said))
    if len(words) > 1 and words[0] is AnswerWord.RECEIVED:
        del words[0]  # 收到，不能: what follows is the answer, and 不能收到 is none
    if len(words) > 1:
        return Failing.CONTRADICTORY
    if not words and (not codes or _Kind.NOUN in kinds or _Kind.ALL in kinds):
        return None  # 通知37 tells somebody to do something
    if words == [AnswerWord.HANDLING] and _Kind.NOUN in kinds and _Kind.RECEIVED not in kinds:
        return None  # 通知处置 does so, too
    is_weak = set(said) == {_Kind.WEAK}
    return Phrase(codes, words[0] if words else None, is_weak, is_all=_Kind.ALL in kinds)


def _transferred(line: str) -> Phrase | None:
    """Read 转 with whom it goes to; None if the line says nothing of the kind, or not clearly."""
    split = _TRANSFER.fullmatch(line)
    if split is None or split["before"].endswith("好"):  # 好转: it gets better
        return None
    before = _tokens(split["before"].strip())
    if before is None or not {kind for kind, _ in before} <= _BEFORE_TRANSFER:
        return None
    codes = tuple(dict.fromkeys(spelt for kind, spelt in before if kind is _Kind.CODE))
    taker = _TAKER_TAIL.sub("", split["taker"].strip(), count=1).strip()
    if taker and not _is_taker(taker):
        return None
    if _PHONE_GAPS.fullmatch(taker):
        taker = taker.replace(" ", "")
    return Phrase(codes, AnswerWord.PASSED_ON, taker=taker)


_BEFORE_TRANSFER: Final = frozenset({_Kind.CODE, _Kind.MARK, _Kind.RECEIVED, _Kind.WEAK, _Kind.FILLER, _Kind.NOUN})


def _is_taker(taker: str) -> bool:
    if _TAKER.fullmatch(taker) is None or _NEVER_IN_TAKER.search(taker):
        return False
    digits = taker.replace(" ", "")
    return not digits.isdigit() or len(digits) <= _NUMBER_MAX


def _why_not(line: str) -> Failing:
    if _QUESTION.search(line):
        return Failing.QUESTION
    return Failing.NEGATED if _NEGATION.search(line) else Failing.STRANGE


def is_desk(taker: str, display: str) -> bool:
    """Tell whether what an officer wrote behind 转 names a desk or officer, blanks and width aside."""
    return bool(taker) and plain(taker).replace(" ", "") == plain(display).replace(" ", "")
