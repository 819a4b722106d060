"""The line that the demo prints for a change, and the source's delivery board."""

from typing import Any

from rich.console import Console

from services.demo.board import board_of, line_of


def test_a_notice_that_ended_is_not_told_like_a_new_one() -> None:
    """The same line twice looks like the same trouble twice."""
    notice = {"text": "罗甸未入库", "resolved_at": None}
    told = {"kind": "notice", "reference": "1", "at": "2026-03-04T08:00:00.000+08:00", "notice": notice}
    ended = told | {"notice": notice | {"resolved_at": "2026-03-04T08:01:00.000+08:00"}}
    assert "已解除" not in line_of("451226", told)
    assert "已解除 ended：罗甸未入库" in line_of("451226", ended)


def test_a_receipt_names_officer_and_means() -> None:
    """Who answered is half of it: an SMS proves less than a key of one's own."""
    receipt = {"direction": "in", "receiver": "451226", "stage": "acknowledged", "officer": "值班员甲"}
    told = {"kind": "receipt", "reference": "1", "at": "2026-03-04T08:00:00.000+08:00"}
    assert "荔波 ← 环江  签收：值班员甲（短信回复）" in line_of(
        "522722", told | {"receipt": receipt | {"means": "sms_number"}}
    )


def test_the_board_says_who_when_by_which_means_and_by_which_receipt() -> None:
    """And of who has not answered it says nothing."""
    silent: dict[str, Any] = dict.fromkeys(("stored_at", "acknowledged_at", "acknowledged_by", "means", "receipt_id"))
    answered = {
        "recipient": "451226",
        "stored_at": "2026-03-04T08:00:01.000+08:00",
        "acknowledged_at": "2026-03-04T08:00:05.000+08:00",
        "acknowledged_by": "值班员甲",
        "means": "sms_number",
        "receipt_id": "0123456789abcdef",
    }
    detail = {
        "header": {"source": "522722", "type": "cn.sihu.information.alert_issued.v1"},
        "content": {"headline": "暴雨橙色预警"},
        "deliveries": [answered, silent | {"recipient": "532628"}],
    }
    console = Console(width=150)
    with console.capture() as shown:
        console.print(board_of(detail))
    lines = [line.split() for line in shown.get().splitlines()]
    assert ["环江", "08:00:01", "08:00:05", "值班员甲", "短信回复", "0123456789"] in lines
    assert ["富宁", "–", "–", "–", "–", "–"] in lines
