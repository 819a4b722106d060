"""Replies by SMS: what an officer meant is kept, and nothing that they did not mean."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from schemas.officers import AnswerWord
from schemas.sms import AnswerablePage
from services.domain.replies import (
    AcknowledgeAll,
    AlreadyAnswered,
    Ambiguous,
    Answer,
    Ended,
    NotUnderstood,
    OptOut,
    Reading,
    counted,
    read,
)
from services.domain.reply_words import VOCABULARY, Phrase, is_desk, parse
from tests.papers import NOW
from tests.unit.services.domain.reply_table import NO_ANSWER, ROWS

LONG_AGO = NOW - timedelta(minutes=5)


def page(code: str, **changes: Any) -> AnswerablePage:  # noqa: ANN401 - any field of a page
    """Return an open page of level 2, told five minutes ago."""
    return replace(AnswerablePage(code, (f"alert-{code}",), "环江暴雨", 2, LONG_AGO), **changes)


TAKEN: Final[dict[str, Any]] = {"taken_by": "值班员甲", "taken_word": AnswerWord.RECEIVED, "taken_at": LONG_AGO}
DESKS = {
    "none": (),
    "one": (page("37"),),
    "two": (page("37"), page("45", label="南丹洪水", level=3)),
    "taken": (page("37", **TAKEN),),
    "over": (page("37", ended=True),),
    "next": (page("12", told_at=NOW - timedelta(minutes=6), ended=True), page("37")),
    "old": (page("12", told_at=NOW - timedelta(hours=1), **TAKEN), page("37")),
    "fresh": (page("37", told_at=NOW - timedelta(seconds=2)),),
    "bundle": (page("40", holders=("a", "b", "c"), told_at=NOW - timedelta(minutes=6)), page("37")),
}


def spelt(reading: Reading) -> str:  # noqa: PLR0911 - one line for each of the readings
    """Return a reading in the words of the table."""
    match reading:
        case Answer():
            return f"{reading.page.code} {reading.word} {reading.taker}".strip()
        case AcknowledgeAll():
            left = ["left", *(one.code for one in reading.left)] if reading.left else []
            return " ".join(["all", *(one.code for one in reading.pages), *left])
        case AlreadyAnswered(answer):
            return f"already {spelt(answer)}"
        case Ended(answer):
            return f"ended {spelt(answer)}"
        case Ambiguous():
            return f"ask {reading.asked.value} {reading.code}".strip()
        case NotUnderstood():
            return f"not {reading.failing.name.lower()}"
        case OptOut():
            return "opt out"


@pytest.mark.parametrize(("text", "extension", "desk", "wanted"), ROWS, ids=lambda value: repr(value)[:40])
def test_a_text_is_read_as_the_table_says(text: str, extension: str, desk: str, wanted: str) -> None:
    """A wrong reading stops an escalation that nobody answered, or calls a whole office for one that somebody did."""
    assert spelt(read(text, extension=extension, pages=DESKS[desk], heard_at=NOW)) == wanted


def test_the_table_has_lost_rows() -> None:
    """It holds at least 120 texts, each once for its desk, and at least 60 that must not count."""
    assert len({row[:3] for row in ROWS}) == len(ROWS) >= 120
    assert len(NO_ANSWER) >= 60


def test_all_of_level_1_leaves_out_a_page_that_another_desk_took() -> None:
    """On level 1 a second officer's answer ends the escalation; one's own once more changes nothing."""
    other, own, lower = (
        page("37", level=1, **TAKEN),
        page("45", level=1, answered_here=True, **TAKEN),
        page("46", level=3, **TAKEN),
    )
    reading = read("全部收到", extension="", pages=(other, own, lower), heard_at=NOW)
    assert reading == AcknowledgeAll((other,))


def test_a_second_answer_is_lost() -> None:
    """Whoever is told that another desk was first has answered all the same."""
    reading = read("37收到", extension="", pages=DESKS["taken"], heard_at=NOW)
    assert reading == AlreadyAnswered(Answer(DESKS["taken"][0], AnswerWord.RECEIVED))


def test_handling_by_sms_counts_as_much_as_by_web() -> None:
    """On levels 1 and 2 a number alone does not prove who handles it."""
    assert [counted(AnswerWord.HANDLING, level) for level in (1, 2, 3, 4)] == [
        AnswerWord.RECEIVED,
        AnswerWord.RECEIVED,
        AnswerWord.HANDLING,
        AnswerWord.HANDLING,
    ]
    assert counted(AnswerWord.FALSE_ALARM, 1) is AnswerWord.FALSE_ALARM


def test_a_taker_stands_in_a_log() -> None:
    """Behind 转 stands somebody's name or number."""
    reading = read("37转8612", extension="", pages=DESKS["one"], heard_at=NOW)
    assert "8612" not in repr(reading)


def test_a_taker_is_found_whatever_the_spelling() -> None:
    """Blanks, width and case are the telephone's doing."""
    assert is_desk("值班员 乙", "值班员乙")
    assert is_desk("duty b", "Duty-B")
    assert not is_desk("", "")
    assert not is_desk("值班员", "值班员乙")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("37收到，值班员甲", "37 received"),
        ("37收到值班员甲", "37 received"),
        ("值班员甲：37收到", "37 received"),
        ("收到 duty-a", "37 received"),
        ("37收到，值班员乙", "not strange"),
        ("值班员甲没收到37", "not negated"),
        ("37没收到，值班员甲", "not negated"),
        ("37收到吗，值班员甲", "not question"),
        ("37转值班员甲", "37 passed_on 值班员甲"),
        ("值班员甲", "not strange"),
    ],
)
def test_a_signed_answer_is_asked_about(text: str, wanted: str) -> None:
    """Officers sign with their desk; only one's own name is passed over, and only at an end of the text."""
    reading = read(text, extension="", pages=DESKS["one"], heard_at=NOW, signers=("值班员甲", "Duty-A"))
    assert spelt(reading) == wanted


def test_a_negation_inside_any_known_word_counts() -> None:
    """Fourteen negations at every place of every word, with and without a code: 不能 at most, in 47,663 texts today."""
    negations = ("不", "没", "未", "无", "非", "别", "勿", "莫", "否", "没有", "不是", "不能", "无法", "尚未")
    texts = {
        said[:at] + negation + said[at:]
        for word in VOCABULARY
        for said in (word, "37" + word, word + "37")
        for at in range(len(said) + 1)
        for negation in negations
    }
    assert len(texts) > 40_000
    for text in texts:
        phrase = parse(text)
        assert not isinstance(phrase, Phrase) or phrase.word is AnswerWord.CANNOT, text
