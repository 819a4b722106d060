"""Any text from a telephone: never an exception, and no answer that its words do not carry."""

from datetime import timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.officers import AnswerWord
from schemas.sms import AnswerablePage
from services.domain.replies import (
    AcknowledgeAll,
    AlreadyAnswered,
    Answer,
    Ended,
    Reading,
    read,
)
from services.domain.reply_texts import text_back
from services.domain.sms_parts import units
from tests.papers import NOW

FULL_WIDTH = "\uff13\uff17"
# fmt: off
WORDS = st.sampled_from([
    "收到", "已收到", "收", "签收", "确认", "received", "ack", "好的", "好", "是", "行", "ok",
    "37", "45", "12", "3", FULL_WIDTH, "三十七", "全部", "都", "all",
    "处置", "正在处理", "误报", "是误报", "转", "值班员乙", "不能", "无法", "不在", "没空",
    "回复", "请", "号", "预警", "通知", "谢谢", "了", "和", "、", "，", "。", "退订", "td", "t", "n",
])
NEGATIONS = st.sampled_from([
    *"不没未非别勿莫否无無沒", "没有", "未曾", "从未", "不是", "并非", "不要", "没能", "尚未", "not", "never",
])
QUESTIONS = st.sampled_from([
    *"?\uff1f吗么嗎呢吧谁哪", "没有", "是否", "怎么", "什么", "几点", "请回复", "请确认",
])
# fmt: on
SPACES = st.sampled_from(["", "", " ", "\u3000", "\u200b", "，"])


@st.composite
def desks(draw: st.DrawFn) -> tuple[AnswerablePage, ...]:
    """Draw what lies before an officer."""
    pages = []
    for code in draw(st.lists(st.sampled_from(["12", "37", "45", "137"]), unique=True, max_size=4)):
        word = draw(st.sampled_from([None, AnswerWord.RECEIVED, AnswerWord.HANDLING]))
        pages.append(
            AnswerablePage(
                code=code,
                holders=(f"alert-{code}",),
                label=draw(st.text(max_size=20)),
                level=draw(st.integers(1, 4)),
                told_at=NOW - timedelta(seconds=draw(st.integers(-10, 100_000))),
                taken_by=draw(st.text(max_size=20)) if word else "",
                taken_word=word,
                taken_at=NOW if word else None,
                answered_here=draw(st.booleans()),
                ended=draw(st.booleans()),
            )
        )
    return tuple(pages)


def words_of(reading: Reading) -> set[AnswerWord]:
    """Return every word that a reading keeps of anybody."""
    match reading:
        case Answer():
            return {reading.word}
        case AlreadyAnswered(answer) | Ended(answer):
            return {answer.word}
        case AcknowledgeAll():
            return {AnswerWord.RECEIVED}
        case _:
            return set()


def sentence(words: list[str], spaces: list[str]) -> str:
    """Return words with something or nothing between them."""
    return "".join(word + space for word, space in zip(words, spaces, strict=False))


EXTENSIONS = st.sampled_from(["", "", "37", "45", "99", "x"])
SENTENCES = st.builds(sentence, st.lists(WORDS, min_size=1, max_size=6), st.lists(SPACES, min_size=6, max_size=6))


@given(st.text(max_size=2_000) | SENTENCES, st.text(max_size=12) | EXTENSIONS, desks())
@example("37" * 1_000, "", ())
@example("收到" * 1_000, "", ())
@example("转" * 1_000, "37", ())
@example("\ufdfa" * 2_000, "", ())
@example("1" * 2_000, "", ())
@settings(deadline=1_000)
def test_a_text_breaks_the_reader(text: str, extension: str, pages: tuple[AnswerablePage, ...]) -> None:
    """It never raises, touches no page that it was not given, and what goes back is one SMS."""
    reading = read(text, extension=extension, pages=pages, heard_at=NOW)
    if isinstance(reading, AcknowledgeAll):
        assert set(reading.pages) <= set(pages)
        assert not any(page.ended for page in reading.pages)
        assert not set(reading.pages) & set(reading.left)
    if isinstance(reading, Answer):
        assert reading.page in pages
        assert not reading.page.ended
    back = text_back(reading, is_known=True, passive_at=(), now=NOW)
    assert 0 < units(back) <= 70


@given(SENTENCES, NEGATIONS, SENTENCES | st.just(""), EXTENSIONS, desks())
def test_a_negation_counts_as_an_answer(
    before: str, negation: str, after: str, extension: str, pages: tuple[AnswerablePage, ...]
) -> None:
    """Whatever stands around 不, 没, 未 …, the text says 不能 at most: that calls the next person."""
    reading = read(before + negation + after, extension=extension, pages=pages, heard_at=NOW)
    assert words_of(reading) <= {AnswerWord.CANNOT}


@given(NEGATIONS, SENTENCES, EXTENSIONS, desks())
def test_a_negation_in_front_counts_as_an_answer(
    negation: str, after: str, extension: str, pages: tuple[AnswerablePage, ...]
) -> None:
    """The same at the head of the text."""
    reading = read(negation + after, extension=extension, pages=pages, heard_at=NOW)
    assert words_of(reading) <= {AnswerWord.CANNOT}


@given(SENTENCES, QUESTIONS, EXTENSIONS, desks())
def test_a_question_counts_as_an_answer(
    before: str, question: str, extension: str, pages: tuple[AnswerablePage, ...]
) -> None:
    """Who asks has not answered."""
    reading = read(before + question, extension=extension, pages=pages, heard_at=NOW)
    assert words_of(reading) == set()


@given(st.sampled_from("我你他她谁让叫等若如待请代帮替只仅才几半难差"), SENTENCES, EXTENSIONS, desks())
def test_a_word_that_is_not_known_is_passed_over(
    stranger: str, after: str, extension: str, pages: tuple[AnswerablePage, ...]
) -> None:
    """他收到, 等收到, 只收到: one character more, and it is another sentence."""
    reading = read(stranger + after, extension=extension, pages=pages, heard_at=NOW)
    is_transfer = stranger == "请" and after.lstrip(" \u3000\u200b，").startswith("转")
    assert words_of(reading) <= ({AnswerWord.PASSED_ON} if is_transfer else set())


@given(SENTENCES, desks())
def test_an_answer_falls_to_a_page_that_was_not_named(text: str, pages: tuple[AnswerablePage, ...]) -> None:
    """Without an extension a page whose code is not in the text is answered only if no other can be meant."""
    reading = read(text, extension="", pages=pages, heard_at=NOW)
    if isinstance(reading, Answer) and reading.page.code not in text.replace(FULL_WIDTH, "37"):
        if "三十七" in text and reading.page.code == "37":
            return
        others = [page for page in pages if page is not reading.page and not page.ended and page.taken_word is None]
        assert others == []
