"""The line that the demo prints for a change."""

from services.demo.board import line_of


def test_a_notice_that_ended_is_not_told_like_a_new_one() -> None:
    """The same line twice looks like the same trouble twice."""
    notice = {"text": "罗甸未入库", "resolved_at": None}
    told = {"kind": "notice", "reference": "1", "at": "2026-03-04T08:00:00.000+08:00", "notice": notice}
    ended = told | {"notice": notice | {"resolved_at": "2026-03-04T08:01:00.000+08:00"}}
    assert "已解除" not in line_of("451226", told)
    assert "已解除 ended：罗甸未入库" in line_of("451226", ended)
