"""What an officer reads: every outcome has words, and they fit one SMS."""

import pytest

from schemas.escalations import ReplyDue, ReplyKind
from schemas.officers import AnswerWord
from services.domain.escalation_words import told_of_reply
from tests.escalations import NOON

SINGLE_SMS, SIGNATURE = 70, len("【环江县联络办】")


def reply(kind: ReplyKind, word: AnswerWord, counted_as: AnswerWord) -> ReplyDue:
    """What the engine decides on."""
    return ReplyDue(1, "second", kind, word, counted_as, "first", NOON)


@pytest.mark.parametrize("kind", ReplyKind)
@pytest.mark.parametrize("word", AnswerWord)
def test_every_reply_fits_one_sms(kind: ReplyKind, word: AnswerWord) -> None:
    """An outcome without words is an officer without an answer; two parts cost double and come out of order."""
    for counted_as in (word, AnswerWord.RECEIVED):
        text = told_of_reply(reply(kind, word, counted_as), lambda _: "带班领导办公室值班员甲")
        assert text
        assert "{" not in text
        assert len(text.encode("utf-16-le")) // 2 + SIGNATURE <= SINGLE_SMS


def test_a_second_answer_reads_by_whom_and_when() -> None:
    """He drives out, too."""
    text = told_of_reply(
        reply(ReplyKind.ALREADY, AnswerWord.RECEIVED, AnswerWord.RECEIVED), {"first": "值班员甲"}.__getitem__
    )
    assert text == "已由值班员甲于12:00签收"


def test_a_word_that_counted_as_another_says_so() -> None:
    """He believes that everybody knows he is on his way."""
    text = told_of_reply(reply(ReplyKind.TAKEN, AnswerWord.HANDLING, AnswerWord.RECEIVED), str)
    assert text == "已登记：收到（短信“处置”按“收到”计）"
