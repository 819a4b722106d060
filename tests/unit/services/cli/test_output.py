"""What people see: columns that align over Chinese, words beside colours, and strangers' text that moves nothing."""

import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from rich.console import Console

from schemas.errors import RequestError
from services.cli import output, words
from tests import papers

if TYPE_CHECKING:
    from rich.console import RenderableType


def drawn(*renderables: "RenderableType", width: int = 80) -> list[str]:
    """Return what a terminal of this width shows, without colours."""
    page = io.StringIO()
    console = Console(file=page, width=width, highlight=False)
    for one in renderables:
        console.print(one)
    return page.getvalue().splitlines()


def test_columns_align_over_chinese() -> None:
    """A Chinese character takes two columns: a table that forgets it cannot be read at a glance."""
    rows = [("环江 451226", "环江毛南族自治县联络办", "x"), ("荔波 522722", "荔波", "x"), ("999999", "Libo", "x")]
    lines = drawn(output.table("成员", "县", "*联络办", "末", rows=rows))
    ends = {cell_len(line[: line.index("x")]) for line in lines if line.rstrip().endswith("x")}
    assert len(ends) == 1


def test_a_table_keeps_to_the_width_of_the_terminal() -> None:
    """A line that wraps by itself breaks the table; the starred column folds instead, and nothing of it is lost."""
    headline = "荔波县南部六小时内将有特大暴雨并可能引发山洪" * 3
    row = ("03-04 08:00", headline, "3f9a2b4c5d")
    lines = drawn(output.table("inbox", "time", "*headline", "id", rows=[row]), width=60)
    assert max(cell_len(line) for line in lines) <= 60
    assert "".join(char for line in lines for char in line if char in headline) == headline
    assert sum("3f9a2b4c5d" in line for line in lines) == 1


def test_strangers_text_neither_colours_nor_moves() -> None:
    """A headline from outside must not clear the screen, forge a column or hide what follows."""
    evil = "[bold red]假[/] \x1b[2J\x07\u202e反\n换行"
    shown = "\n".join(drawn(output.plain(evil)))
    assert "[bold red]假[/]" in shown
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)
    assert len(shown.splitlines()) == 1


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_a_level_is_a_word_and_not_only_a_colour(level: int) -> None:
    """A printer and a colour-blind officer see it as well."""
    assert drawn(output.level(level)) == [f"{level}级"]


def test_no_level_is_no_word() -> None:
    """A bulletin has none."""
    assert output.level(None) == ""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (7200, "限 2时0分"),
        (720, "限 12分"),
        (59, "限 59秒"),
        (0, "超时 0秒"),
        (-90, "超时 1分"),
        (-200_000, "超时 2天"),
    ],
)
def test_the_countdown_says_how_long(seconds: int, said: str) -> None:
    """Whoever comes back to the desk must see at once what is overdue."""
    assert drawn(output.countdown(papers.NOW + timedelta(seconds=seconds), papers.NOW)) == [said]


def test_times_are_beijing_times() -> None:
    """The officer's wall clock, whatever the machine is set to."""
    assert output.moment(papers.NOW) == "03-04 08:00:00"
    assert output.minute(papers.NOW) == "03-04 08:00"
    assert output.day(papers.NOW) == "2026-03-04"
    assert output.moment(None) == "–"


def test_an_end_near_or_past_is_said_in_words() -> None:
    """A registry that expires must not hide in a column of dates."""
    assert "剩10天" in output.until(papers.NOW + timedelta(days=10), papers.NOW)
    assert "已过期" in output.until(papers.NOW, papers.NOW)
    assert output.until(papers.FAR_AHEAD, papers.NOW) == "2029-01-01"


def test_a_digest_is_set_out_for_the_telephone() -> None:
    """Four numbered lines of four groups: both ends can say where they are."""
    digest = "".join(f"{number:04x}" for number in range(16))
    lines = drawn(*output.spoken_digest(digest))[1:]
    assert len(lines) == 4
    assert lines[0].split() == ["1.", "0000", "0001", "0002", "0003"]
    assert "".join("".join(line.split()[1:]) for line in lines) == digest


def test_counties_are_typed_by_name_or_code() -> None:
    """An officer thinks in names; a code that looks like one is taken as it is."""
    assert words.county_code("环江") == words.county_code("环江毛南族自治县") == "451226"
    assert words.county_code("999999") == "999999"
    with pytest.raises(RequestError):
        words.county_code("某县")


def test_types_are_typed_by_their_last_part_or_title() -> None:
    """Nobody types `cn.sihu.information.alert_issued.v1` by heart; a part that fits two types is refused."""
    assert words.whole_type("alert_issued") == words.whole_type("预警发布") == papers.ALERT
    assert words.whole_type("cn.sihu.governance.case_opened.v1") == "cn.sihu.governance.case_opened.v1"
    assert words.whole_type(None) is None
    for text in ("information", "nothing"):
        with pytest.raises(RequestError):
            words.whole_type(text)
