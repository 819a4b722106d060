"""What the duty officer reads: the county by name, the telephone, the reason; one line."""

import pytest

from schemas.control import ReceiptStage
from schemas.errors import Fault
from services.domain.reading import headline_of
from services.domain.telling import (
    phone_of,
    told_of_fork,
    told_of_own_unknown,
    told_of_quarantine,
    told_of_refusal,
    told_of_silence,
)
from tests import papers
from tests.papers import AGREEMENT, FUNING, HUANJIANG, LIBO


def test_the_telephone_of_the_agreement_comes_first_and_the_registrys_second() -> None:
    """At night the agreed duty room answers, the office does not."""
    trust = papers.trust()
    assert phone_of(trust, AGREEMENT, LIBO) == "0854-3611119"
    assert phone_of(trust, AGREEMENT, HUANJIANG) == f"0778-{HUANJIANG}"
    assert phone_of(trust, "other", LIBO) == f"0778-{LIBO}"
    assert phone_of(trust, AGREEMENT, FUNING) == ""


def test_a_silent_neighbour_is_named_with_its_telephone() -> None:
    """What is missing, whom to call, what about."""
    text = told_of_silence(ReceiptStage.STORED, LIBO, "0854-3611119", "暴雨红色预警")
    assert text == "荔波（522722）未按时给出入库回执，请立即电话 0854-3611119 通知其值班室：暴雨红色预警"
    assert "未按时给出签收" in told_of_silence(ReceiptStage.ACKNOWLEDGED, LIBO, "1", "")


def test_every_other_line_says_who_and_why() -> None:
    """One line each."""
    fault = Fault("signature.invalid", "signatures", "")
    lines = [
        told_of_fork(LIBO, "c" * 64, 7),
        told_of_quarantine(LIBO, fault),
        told_of_refusal(LIBO, "sharing.purpose", "purpose: 不在协议内"),
        told_of_own_unknown("c" * 64, 7),
    ]
    assert lines == [
        "荔波（522722）在通道 cccccccc 第 7 条给出两个不同版本，通道已冻结，请电话核实",
        "来自荔波（522722）的一条消息被隔离，原因：signature.invalid（signatures）",
        "荔波（522722）拒收我方一条消息，原因：sharing.purpose purpose: 不在协议内",
        "枢纽上有本县签名而本库没有的消息（通道 cccccccc 第 7 条）：疑为旧备份或双机同时运行，请联系管理员",
    ]


def test_a_message_from_nowhere_is_told_as_such() -> None:
    """No source in the subject, no field in the fault."""
    assert told_of_quarantine("", Fault("wire.malformed", "", "")) == (
        "来自来源不明的一条消息被隔离，原因：wire.malformed（整体）"
    )


def test_a_long_refusal_is_cut() -> None:
    """The neighbour chose its length."""
    assert len(told_of_refusal(LIBO, "x", "长" * 500)) == 200


@pytest.mark.parametrize(
    ("content", "headline"),
    [
        (b'{"headline":"a","title":"b"}', "a"),
        ('{"title":"通报"}'.encode(), "通报"),
        (b'{"name":"n"}', "n"),
        (b'{"headline":7,"name":"n"}', "n"),
        (b'{"headline":"' + b"x" * 61 + b'"}', "x" * 60),
        (b"{}", ""),
        (b"[1]", ""),
        (b"", ""),
        (b"\xff", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_a_headline_is_read_from_any_content(content: bytes, headline: str) -> None:
    """Also of types newer than ours, and never an exception."""
    assert headline_of(content) == headline
