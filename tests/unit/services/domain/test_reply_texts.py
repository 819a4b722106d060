"""What goes back to an officer: one SMS that says what was kept, and never a flood."""

from datetime import datetime, timedelta

import pytest

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
)
from services.domain.reply_texts import PASSIVE_MAX, is_passive, text_back
from services.domain.reply_words import Failing
from services.domain.sms_parts import units
from tests.papers import NOW
from tests.unit.services.domain.test_replies import DESKS, TAKEN, page

LONG = page("9999", label="金属与非金属矿山事故等等等等", taken_by="一个名字很长很长很长的值班室", level=1)
MANY = tuple(page(str(code), label="黔南布依族苗族自治州暴雨") for code in range(10, 60))


def told(reading: Reading) -> str:
    """Return the text for a known number that was told nothing lately."""
    return text_back(reading, is_known=True, passive_at=(), now=NOW)


@pytest.mark.parametrize(
    ("reading", "text"),
    [
        (Answer(page("37"), AnswerWord.RECEIVED), "编号37已签收：环江暴雨。"),
        (
            Answer(page("37", level=1), AnswerWord.RECEIVED),
            "编号37收到已记，不再呼您。1级还须在值班台、电话按密码或另一人签收，才停止升级。",
        ),
        (Answer(page("37"), AnswerWord.HANDLING), "编号37已记收到。1、2级处置须在值班台或电话按密码确认。"),
        (Answer(page("37", level=3), AnswerWord.HANDLING), "编号37已记处置：环江暴雨。"),
        (Answer(page("37"), AnswerWord.PASSED_ON), "编号37已记转他人，对方接手前照常呼叫下一级。"),
        (Answer(page("37"), AnswerWord.PASSED_ON, "值班员乙"), "编号37已记转值班员乙，对方接手前照常呼叫下一级。"),
        (Answer(page("37"), AnswerWord.PASSED_ON, "13900000001"), "编号37已记转所报号码，对方接手前照常呼叫下一级。"),
        (Answer(page("37"), AnswerWord.FALSE_ALARM), "编号37误报已报领导和发出县；1、2级照常呼叫。"),
        (Answer(page("37"), AnswerWord.CANNOT), "编号37不能已记，现在呼叫下一人。"),
        (AcknowledgeAll(DESKS["two"]), "已签收2条：37、45。"),
        (
            AcknowledgeAll((page("37", level=1),), DESKS["fresh"]),
            "已签收1条：37（1级仍须在值班台确认）；未签收1条，见新短信。",
        ),
        (AcknowledgeAll(()), "没有等您签收的预警。"),
        (AlreadyAnswered(Answer(page("37", **TAKEN), AnswerWord.RECEIVED)), "编号37已由值班员甲于03-04 07:55签收。"),
        (Ended(Answer(page("37", ended=True), AnswerWord.RECEIVED)), "编号37已解除或已结束，不用再答。"),
        (
            Ambiguous(Asked.NO_CODE, DESKS["two"]),
            "未签收，请写明编号。待签37环江暴雨、45南丹洪水。请回复编号加收到，如45收到。",
        ),
        (
            Ambiguous(Asked.UNKNOWN_CODE, DESKS["one"], "73"),
            "未签收，没有编号73。待签37环江暴雨。请回复编号加收到，如37收到。",
        ),
        (Ambiguous(Asked.NO_CODE, ()), "现在没有等您签收的预警。"),
        (Ambiguous(Asked.STALE_THREAD, DESKS["taken"]), "现在没有等您签收的预警。"),
        (
            Ambiguous(Asked.NO_CODE, DESKS["old"]),
            "未签收，请写明编号。待签37环江暴雨。请回复编号加收到，如37收到。",
        ),
        (NotUnderstood(Failing.STRANGE, DESKS["one"]), "没看懂，未签收。待签37环江暴雨。请回复编号加收到，如37收到。"),
        (
            NotUnderstood(Failing.NEGATED, DESKS["one"]),
            "未作签收，全文见值班台或致电值班室。待签37环江暴雨。请回复编号加收到，如37收到。",
        ),
        (NotUnderstood(Failing.STRANGE, ()), "没看懂。现在没有等您签收的预警。"),
        (OptOut(), "值班号码不能退订，照常发送，已报告带班领导。"),
    ],
)
def test_an_officer_is_told_something_else(reading: Reading, text: str) -> None:
    """The text says what was kept and what is still to be done."""
    assert told(reading) == text


@pytest.mark.parametrize(
    "reading",
    [
        *(Answer(LONG, word, taker) for word in AnswerWord for taker in ("", "一个很长很长的值班室的名字呀", "9" * 15)),
        AcknowledgeAll(MANY, MANY),
        AcknowledgeAll((LONG, *MANY)),
        AlreadyAnswered(Answer(LONG, AnswerWord.RECEIVED)),
        *(Ambiguous(asked, pages, "999999") for asked in Asked for pages in (MANY, (LONG,), ())),
        *(NotUnderstood(failing, pages) for failing in Failing for pages in (MANY, (LONG,), ())),
    ],
)
def test_a_text_back_needs_two_sms(reading: Reading) -> None:
    """Fifty open pages, long names, long codes: the text stays one SMS, and its hint is never what is cut."""
    text = told(reading)
    assert 0 < units(text) <= 70
    assert text.endswith("。")


def test_how_many_are_left_out_is_not_said() -> None:
    """Codes that do not fit are replaced by 等; that an answer covers them is not hidden."""
    assert told(AcknowledgeAll(MANY)).startswith("已签收50条：10、11、")
    assert "等" in told(AcknowledgeAll(MANY))


def test_two_machines_talk_for_ever() -> None:
    """After five passive answers in an hour a number gets no more; an answer that counts is confirmed all the same."""
    question = Ambiguous(Asked.NO_CODE, DESKS["two"])
    sent: list[datetime] = []
    for minute in range(120):
        now = NOW + timedelta(minutes=minute)
        if text_back(question, is_known=True, passive_at=sent, now=now):
            sent.append(now)
    assert len(sent) == 2 * PASSIVE_MAX
    assert sent[PASSIVE_MAX] - sent[0] == timedelta(hours=1)
    answer = Answer(DESKS["one"][0], AnswerWord.RECEIVED)
    assert text_back(answer, is_known=True, passive_at=[NOW] * 9, now=NOW)


def test_a_stranger_gets_an_answer() -> None:
    """A number of no roster learns nothing, not even that we are here."""
    pages: tuple[AnswerablePage, ...] = DESKS["two"]
    for reading in (Answer(pages[0], AnswerWord.RECEIVED), NotUnderstood(Failing.STRANGE, pages), OptOut()):
        assert text_back(reading, is_known=False, passive_at=(), now=NOW) == ""


def test_what_counts_against_the_five() -> None:
    """Only a page that was really answered does not: that ends by itself."""
    assert not is_passive(Answer(DESKS["one"][0], AnswerWord.RECEIVED))
    assert not is_passive(AcknowledgeAll(DESKS["one"]))
    assert is_passive(AcknowledgeAll(()))
    assert is_passive(AlreadyAnswered(Answer(DESKS["taken"][0], AnswerWord.RECEIVED)))
    assert is_passive(OptOut())
