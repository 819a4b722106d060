"""Charts: what they show is told in words, and nothing is told by colour alone."""

import xml.etree.ElementTree as ET

from services.console.charts import Bars, Part, bars, progress, told

SVG = "{http://www.w3.org/2000/svg}"
SERIES = ("送出", "收到")


def drawn(markup: str) -> ET.Element:
    """The picture as a tree: what is no XML is no picture."""
    return ET.fromstring(str(markup).replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1))  # noqa: S314 - our own


def test_a_chart_hides_a_number_from_who_cannot_see_it() -> None:
    """Every value stands in the text alternative and beside its bar."""
    picture = drawn(bars("各月", SERIES, [Bars("2026-10", (3, 0)), Bars("2026-11", (7, 12))], "a"))
    assert picture.get("role") == "img"
    assert picture.get("aria-label") == "各月：2026-10 送出 3，收到 0；2026-11 送出 7，收到 12"
    texts = [one.text for one in picture.iter(f"{SVG}text")]
    assert {"3", "0", "7", "12", "2026-10", "2026-11", *SERIES} <= set(texts)


def test_two_series_differ_by_colour_alone() -> None:
    """One is filled, the other hatched: also on a black and white printer."""
    picture = drawn(bars("各月", SERIES, [Bars("2026-10", (3, 5))], "a"))
    fills = [one.get("fill", "") for one in picture.iter(f"{SVG}rect")]
    assert sum(fill == "url(#a-hatch)" for fill in fills) == 2  # the legend and the bar
    assert picture.find(f"{SVG}defs/{SVG}pattern[@id='a-hatch']") is not None


def test_heights_follow_the_values() -> None:
    """The tallest bar fills the field, half of it is half as tall, nothing is flat."""
    picture = drawn(bars("各月", SERIES, [Bars("x", (10, 5)), Bars("y", (0, 0))], "a"))
    tall = [int(one.get("height", "")) for one in picture.iter(f"{SVG}rect") if one.get("width") == "26"]
    assert tall == [130, 65, 0, 0]


def test_a_chart_of_nothing_is_a_fault() -> None:
    """An empty period must not divide by nothing."""
    assert drawn(bars("各月", SERIES, [], "a")).get("aria-label") == "各月：无数据"
    assert drawn(progress([Part("完成", 0)], "b")).get("aria-label") == "无"
    assert told([]) == "无"


def test_a_bar_of_progress_is_longer_or_shorter_than_its_whole() -> None:
    """The parts fill it exactly, and say what they are."""
    picture = drawn(progress([Part("已完成", 1), Part("已开始", 0), Part("计划中", 3)], "b"))
    assert picture.get("aria-label") == "已完成 1，计划中 3"
    wide = [float(one.get("width", "")) for one in picture.iter(f"{SVG}rect") if one.get("y") == "1"]
    assert wide == [80, 240]


def test_markup_in_a_name_becomes_markup_of_the_page() -> None:
    """Names come from registries and partners."""
    picture = bars("<b>", SERIES, [Bars("<script>", (1, 2))], "a")
    assert "<script>" not in picture
    assert "<b>" not in picture
    assert "style=" not in picture
