"""The table of event codes."""

from pathlib import Path

import pytest

from schemas.information.event_codes import CLASS_DIGITS, EVENT_CODES, Checked, event_name_of

NEEDED = (
    "暴雨", "洪水", "水库重大险情", "其他水旱灾害", "滑坡", "森林火灾", "寒潮", "道路结冰", "地震", "干旱",
    "道路交通事故", "危险化学品事故", "煤矿事故", "金属与非金属矿山事故", "水域污染", "电力基础设施事故",
    "通信基础设施事故", "传染病疫情", "食品安全事件", "动物疫情", "踩踏事件", "其他社会安全事件",
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


def test_what_was_corrected_stays_corrected() -> None:
    """Codes that once stood for something else here: a neighbour would read another emergency."""
    corrected = {
        "11A03": "水库重大险情",
        "12A00": "煤矿事故",
        "12P08": "电力基础设施事故",
        "12P10": "通信基础设施事故",
        "13E00": "动物疫情",
        "13F00": "群体性不明原因疾病",
        "13B03": "食品安全事件",
    }
    assert {code: event_name_of(code) for code in corrected} == corrected
    assert {"14M00", "14P00", "12Z99", "13Z99", "14Z99"}.isdisjoint(EVENT_CODES)


def test_a_code_that_nothing_confirms_is_in_the_document() -> None:
    """A county that goes live must know what to compare with the printed standard."""
    document = (Path(__file__).parents[4] / "docs" / "events.md").read_text(encoding="utf-8")
    assert [
        code for code, row in EVENT_CODES.items() if row.checked is Checked.OPEN and f"`{code}`" not in document
    ] == []
