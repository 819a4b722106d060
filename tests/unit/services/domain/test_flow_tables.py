"""A county's table of counts: counts and nothing else, each mistake named by row and column."""

import pytest

from schemas.information.population import Dimension
from services.domain.banned_names import is_banned_name
from services.domain.flow_making import FlowCounts
from services.domain.flow_tables import HEADERS_ZH, VALUES_ZH, read_counts

GOOD = "age_band,count\n0-14,3\n15-59,90\n60+,120\n"
ZH = "性别,人数\n女,40\n男,50\n"


def faults(text: str | bytes) -> list[tuple[str, str]]:
    """Codes and places of what is wrong."""
    found = read_counts(text if isinstance(text, bytes) else text.encode(), "t.csv")
    return [(one.code, one.field) for one in found] if isinstance(found, tuple) else []


@pytest.mark.parametrize(
    "data", [ZH.encode(), ZH.encode("utf-8-sig"), ZH.encode("gb18030"), ZH.replace("\n", "\r\n").encode()]
)
def test_a_table_as_a_spreadsheet_writes_it_is_refused(data: bytes) -> None:
    """Chinese headings, a mark of the byte order, the encoding of a Chinese office, its line ends."""
    found = read_counts(data, "t.csv")
    assert isinstance(found, FlowCounts)
    assert found.dimensions == (Dimension.SEX,)
    assert sorted(found.values.values()) == [40, 50]


def test_blanks_and_order_matter() -> None:
    """Rows stand in any order, with blanks around, and empty rows between."""
    found = read_counts("人数, 年龄段\n\n 120 ,60+\n3,0-14岁\n90,15-59\n".encode(), "t.csv")
    assert isinstance(found, FlowCounts)
    assert list(found.values.values()) == [3, 90, 120]


def test_a_table_without_dimensions_is_refused() -> None:
    """One number for all."""
    found = read_counts(b"count\n213\n", "t.csv")
    assert isinstance(found, FlowCounts)
    assert found.values == {frozenset(): 213}


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ("民族,count\n", "guard.banned_name", "t.csv row 1 column 1"),
        ("age_band,religion,count\n", "guard.banned_name", "t.csv row 1 column 2"),
        ("age_band,sex,reason,count\n", "flow.third_dimension", "t.csv row 1"),
        ("township,count\n", "flow.unknown_column", "t.csv row 1 column 1"),
        ("姓名,count\n", "flow.unknown_column", "t.csv row 1 column 1"),
        ("age_band,count,note\n", "flow.unknown_column", "t.csv row 1 column 3"),
        ("age_band\n0-14\n", "flow.no_count", "t.csv row 1"),
        ("count,人数\n", "flow.column_twice", "t.csv row 1"),
        (GOOD.replace("60+", "61+"), "flow.unknown_value", "t.csv row 4 column 1"),
        (GOOD.replace("120", "12.5"), "flow.not_a_count", "t.csv row 4 column 2"),
        (GOOD.replace("120", "-1"), "flow.not_a_count", "t.csv row 4 column 2"),
        (GOOD.replace("120", "一百"), "flow.not_a_count", "t.csv row 4 column 2"),
        (GOOD.replace("120", "99999999"), "flow.not_a_count", "t.csv row 4 column 2"),
        (GOOD + "60+,1\n", "flow.row_twice", "t.csv row 5"),
        (GOOD + "60+,1,2\n", "flow.row_length", "t.csv row 5"),
        (GOOD.replace("60+,120\n", ""), "flow.row_missing", "t.csv"),
        ("", "flow.empty", "t.csv"),
        ('age_band,count\n"0-14,3', "flow.malformed", "t.csv"),
        ("count\n1\n" * 200, "flow.too_large", "t.csv"),
    ],
)
def test_a_mistake_is_not_named(text: str, code: str, field: str) -> None:
    """A third dimension, an area below the county, a name, a note, a hole, a double: none fits."""
    assert (code, field) in faults(text)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"x" * 70_000])
def test_bytes_that_are_no_table_are_read(data: bytes) -> None:
    """Another encoding, or too many of them."""
    assert faults(data)


def test_a_fault_repeats_a_personal_number() -> None:
    """What was written by mistake is not written once more."""
    found = read_counts(GOOD.replace("60+", "13812345678").encode(), "t.csv")
    assert isinstance(found, tuple)
    assert all("13812345678" not in str(one) for one in found)


def test_a_heading_sorts_people() -> None:
    """No column and no value of the form may be what must never be recorded."""
    names = [*HEADERS_ZH, *HEADERS_ZH.values(), *(word for words in VALUES_ZH.values() for word in words.values())]
    assert [name for name in names if is_banned_name(name)] == []
