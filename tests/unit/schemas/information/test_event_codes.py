"""The table of event codes."""

import pytest

from schemas.information.event_codes import CLASS_DIGITS, EVENT_CODES, event_name_of

NEEDED = (
    "暴雨", "洪水", "水库泄洪", "滑坡", "森林火灾", "寒潮", "道路结冰", "地震", "干旱", "道路交通事故",
    "危险化学品事故", "矿山事故", "上游水污染", "大面积停电", "通信网络中断", "传染病疫情", "食物中毒", "动物疫情",
    "人员走失搜寻", "大型活动人群安全",
)  # fmt: skip


@pytest.mark.parametrize("name", NEEDED)
def test_a_kind_of_this_region_has_no_code(name: str) -> None:
    """The region's kinds, from rainstorm to crowd safety, can be chosen."""
    assert name in {row.name for row in EVENT_CODES.values()}


def test_a_code_contradicts_its_class() -> None:
    """Five characters, the first two are the class; a name stands once."""
    for code, row in EVENT_CODES.items():
        assert len(code) == 5
        assert code.startswith(CLASS_DIGITS[row.event_class])
        assert event_name_of(code) == row.name
    assert len({row.name for row in EVENT_CODES.values()}) == len(EVENT_CODES)
    assert event_name_of("11X99") is None
