"""What an officer's screen shows, however narrow the terminal is."""

from datetime import timedelta

import pytest
from rich.cells import cell_len

from schemas.ids import CountyCode
from schemas.notices import NoticeKind
from schemas.records import Direction
from services.cli.listing import headline
from services.cli.watching import Board, picture_of
from services.gateway.answers import EventLine, NoticeLine
from tests import papers
from tests.unit.services.cli.test_output import drawn

TITLE = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午申酉戌亥"  # no other cell has any of these


def line(*, direction: Direction = Direction.INCOMING, title: str = TITLE, wire_type: str = papers.ALERT) -> EventLine:
    """An alert of level 1 that waits for an answer, or one of ours that five counties hold."""
    others = (papers.HUANJIANG, papers.NANDAN, CountyCode("522728"), CountyCode("532628"), CountyCode("451222"))
    return EventLine(
        position=1,
        envelope_id="176e2531a5" + "0" * 54,
        direction=direction,
        wire_type=wire_type,
        source=papers.LIBO,
        audience=others,
        channel="1" * 64,
        epoch="1-00000000000000aa",
        seq=1,
        time=papers.NOW,
        recorded_at=papers.NOW,
        expires=None,
        acknowledge_by=papers.NOW + timedelta(minutes=10),
        status="actual",
        priority=0,
        level=1,
        headline=title,
        early=False,
        stored_count=5,
        acknowledged_count=0,
        marks=(),
    )


@pytest.mark.parametrize("width", [60, 80, 100, 120, 160])
@pytest.mark.parametrize("direction", Direction)
def test_the_title_is_whole_on_every_terminal(width: int, direction: Direction) -> None:
    """On 80 columns the one thing that matters gave way to ids and dates, and the level lost its number."""
    board = Board(events=(line(direction=direction),))
    lines = drawn(picture_of(papers.HUANJIANG, papers.NOW, board, "", width), width=width)
    assert max(map(cell_len, lines)) <= width
    body = "".join(lines[1:])
    assert "".join(char for char in body if char in TITLE) == TITLE
    assert "1级" in body
    assert "176e2531a5" in body
    assert "已连接" in lines[0]


def test_a_lost_link_stands_above_everything() -> None:
    """The last state of a dead screen must not be taken for the present one."""
    told = NoticeLine(
        number=1,
        kind=NoticeKind.NOT_STORED,
        about="x",
        county="522728",
        text="罗甸未入库，请电话",
        told_at=papers.NOW,
        resolved_at=None,
        closed_by=None,
    )
    board = Board(events=(line(),), notices=(told,))
    lines = drawn(picture_of(papers.HUANJIANG, papers.NOW, board, "no node answers; `sihu node`", 80))
    assert "断线" in lines[0]
    assert "sihu node" in lines[1]
    assert "罗甸未入库" in lines[2]


def test_figures_without_a_title_are_called_by_their_type() -> None:
    """A dash tells nobody what came."""
    flow = line(title="", wire_type="cn.sihu.information.population_flow_reported.v1")
    assert "流动人口服务通报" in headline(flow)
