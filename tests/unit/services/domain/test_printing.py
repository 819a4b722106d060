"""What an officer reads on paper, and that nothing in an event can become markup."""

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import pytest

from schemas.base import Status
from schemas.catalogue import parse_new
from schemas.information.alert_parts import (
    Certainty,
    HelpKind,
    ReportStage,
    ResponseType,
    Severity,
    Urgency,
)
from schemas.information.alerts import AlertCancelled, AlertIssued
from schemas.information.bulletins import PolicyBulletinPublished
from schemas.information.event_codes import EventClass
from schemas.information.population import PopulationFlowReported
from services.demo.sampling import sample
from services.domain.print_markup import markup
from services.domain.printing import Sheet, sheet_of
from tests.papers import alert_content, as_bytes, header, policy_content

ENVELOPE_ID = "ab12cd34ef560789" * 4
ATTACK = "<script>alert(1)</script><img src='file:///etc/passwd'>\"&"


class Tags(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, list[str]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, [name for name, _ in attrs]))

    def handle_data(self, data: str) -> None:
        self.text += data


def sheet(content: Mapping[str, Any] | None = None, *, wire_type: str = AlertIssued.wire_type, **changes: Any) -> Sheet:  # noqa: ANN401 - any field of the header
    body = dict(alert_content() if content is None else content)
    event = parse_new(wire_type, body)
    assert not isinstance(event, list | tuple), event
    return sheet_of(
        event,
        header(as_bytes(body), type=wire_type, **changes),
        ENVELOPE_ID,
        phone="0778-8820110",
        code="37",
        recipient="环江毛南族自治县联络办",
    )


def rows(one: Sheet) -> dict[str, str]:
    return dict(one.rows)


def test_the_sheet_lacks_what_an_officer_must_know() -> None:
    """Level, colour, source, telephone, code, id, time: each missing one costs a call back."""
    one = sheet()
    assert (one.level, one.colour, one.title) == (1, "红色", "荔波县气象台发布暴雨红色预警")
    assert one.source == "贵州省黔南布依族苗族自治州荔波县（522722）"
    assert (one.phone, one.code, one.recipient) == ("0854-3611119", "37", "环江毛南族自治县联络办")
    assert one.sent == "2026年03月04日 08:00"
    assert one.envelope_id.replace(" ", "") == ENVELOPE_ID
    assert rows(one)["生效"] == "2026年03月04日 07:45 起，至 2026年03月04日 13:45（北京时间）"
    assert rows(one)["事件"] == "暴雨（自然灾害，代码 11B03）"
    assert rows(one)["级别"] == "预警 红色"


@pytest.mark.parametrize(
    ("status", "banner"),
    [(Status.ACTUAL, ""), (Status.EXERCISE, "【演练】"), (Status.TEST, "【测试】"), (Status.SYSTEM, "【系统】")],
)
def test_a_drill_looks_like_the_real_thing(status: Status, banner: str) -> None:
    """A fax of an exercise without its mark moves people; a real one with it moves nobody."""
    page = markup(sheet(status=status))
    assert sheet(status=status).banner == banner
    assert page.count("【演练】") == (4 if status is Status.EXERCISE else 0)  # each page, banner, name, heading


def test_an_unknown_number_is_printed_as_none() -> None:
    """0 dead and nobody knows are two stories."""
    impact = {"dead": 0, "moved": 120, "reviewed": False}
    said = rows(sheet(alert_content(impact=impact)))["损失"]
    assert said == "死亡 0 人，失踪 不详，受伤 不详，被困 不详，转移 120 人，直接经济损失 不详（未核实）"


def test_areas_and_neighbours_are_left_out() -> None:
    """The table of areas is what a neighbour looks for first."""
    areas = [
        {"desc": "樟江上游", "adcodes": ["522722", "451226"], "circle": ["25.41,107.88 12.5"]},
        {"desc": "下游", "polygon": ["25.0,107.0 25.1,107.0 25.1,107.1 25.0,107.0"]},
    ]
    help_wanted = [{"kind": "rescue_team", "quantity": "3", "unit": "支"}]
    hotlines = [{"name": "防汛值班", "phone": "0854-3611119"}]
    one = sheet(alert_content(areas=areas, help_wanted=help_wanted, hotlines=hotlines))
    by_title = {table.title: table for table in one.tables}
    assert by_title["影响地区"].rows == (
        ("樟江上游", "荔波县、环江毛南族自治县", "圆：25.41,107.88 12.5 千米"),
        ("下游", "–", "多边形（3 点）"),
    )
    assert by_title["对邻县的影响"].rows == (("环江毛南族自治县", "不详", "樟江水位上涨，影响下游沿河村屯"),)
    assert by_title["请求支援"].rows == (("救援队伍", "3 支"),)
    assert by_title["公众热线"].rows == (("防汛值班", "0854-3611119"),)
    assert all(len(row) == len(table.columns) for table in one.tables for row in table.rows)


def test_optional_parts_are_lost() -> None:
    """Whatever an alert may say besides is on the sheet."""
    more = {
        "onset": "2026-03-04T09:00:00.000+08:00",
        "instruction": "转移沿河群众",
        "response_types": ["evacuate", "monitor"],
        "measures_taken": "已封闭沿河公路",
        "event_grade": 2,
        "response_level": 3,
        "note": "请回电",
        "texts": [{"lang": "za", "headline": "Fwn hung", "description": "Daih fwn"}],
        "parameters": [{"name": "雨量", "value": "100 毫米"}],
    }
    found = rows(sheet(alert_content(**more)))
    assert found["预计开始"] == "2026年03月04日 09:00"
    assert found["应对要求"] == "转移沿河群众"
    assert found["响应类型"] == "转移撤离、密切监视"
    assert found["已采取措施"] == "已封闭沿河公路"
    assert found["级别"] == "预警 红色；事件 重大；响应 Ⅲ级"
    assert found["备注"] == "请回电"
    assert found["译文（za）"] == "Fwn hung\nDaih fwn"
    assert found["雨量"] == "100 毫米"


def test_a_cancellation_does_not_name_what_it_ends() -> None:
    """Whoever holds the earlier sheet must be able to match it; a cancellation has no level."""
    before = "52272241600000_20260304070000_1"
    content = alert_content(predecessors=[{"alert_id": before}], note="降雨结束", report_stage="followup", report_no=2)
    one = sheet(content, wire_type=AlertCancelled.wire_type)
    assert (one.kind, one.level) == ("预警解除", None)
    assert rows(one)["所替代预警"] == before
    assert "级　" not in markup(one)


def test_an_alert_without_a_scale_looks_graded() -> None:
    """A grade that nobody gave must not be printed; the effective level still is."""
    one = sheet(alert_content(warning_level=None, urgency="immediate"))
    assert rows(one)["级别"] == "来文未定级"
    assert (one.level, one.colour) == (1, "")


def test_other_events_cannot_be_printed() -> None:
    """A bulletin goes to an office by fax, too; its telephone is the one that we know of the source."""
    one = sheet(policy_content(), wire_type=PolicyBulletinPublished.wire_type)
    assert (one.kind, one.level, one.tables) == ("政策通报", None, ())
    assert (one.title, one.phone) == ("关于跨县就医直接结算的通知", "0778-8820110")
    assert rows(one)["文号"] == policy_content()["doc_no"]
    assert rows(one)["摘要"] == "自三月起，三县参保人员跨县住院可直接结算。"


def test_a_table_of_many_cells_looks_whole() -> None:
    """Lists of lists, yes and no; and what was not printed is said on the paper."""
    one = sample("population_flow")
    event = parse_new(one.wire_type, one.content)
    assert isinstance(event, PopulationFlowReported), event
    cell = event.cells[0]
    long = event.model_copy(update={"cells": (cell,) * 300})
    head = header(as_bytes(one.content), type=one.wire_type)
    printed = sheet_of(long, head, ENVELOPE_ID)
    assert len(printed.rows) == 201
    label, words = printed.rows[-1]
    assert label == "未印出"
    assert int(words.split()[1]) > 100
    assert {"是", "否"} & {value for _, value in sheet_of(event, head, ENVELOPE_ID).rows}


def test_a_sheet_to_nobody_has_empty_rows() -> None:
    """Without recipient, telephone and code their rows are left out, and the box to sign says whom to call."""
    body = policy_content()
    event = parse_new(PolicyBulletinPublished.wire_type, body)
    assert isinstance(event, PolicyBulletinPublished), event
    page = markup(sheet_of(event, header(as_bytes(body)), ENVELOPE_ID))
    assert not [word for word in ("发往", "值班电话", "回复码", "级　") if word in page]
    assert "签收后请立即电话告知发文单位" in page


def test_a_text_becomes_markup() -> None:
    """Script, pictures and quotes of a partner stay what they are: text."""
    content = alert_content(
        description=ATTACK,
        headline=ATTACK[:60],
        areas=[{"desc": ATTACK}],
        parameters=[{"name": "<b>雨量</b>", "value": ATTACK}],
    )
    seen = Tags()
    seen.feed(markup(sheet(content)))
    allowed = {
        *("html", "head", "meta", "title", "style", "body", "div", "h1", "h2", "p", "b"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
    assert {tag for tag, _ in seen.seen} <= allowed
    assert {name for _, names in seen.seen for name in names} <= {"lang", "charset", "class", "colspan"}
    assert seen.text.count(ATTACK) == 5  # name, heading, description, area, parameter


@pytest.mark.parametrize("urgency", Urgency)
@pytest.mark.parametrize("severity", Severity)
def test_a_degree_has_no_chinese_name(urgency: Urgency, severity: Severity) -> None:
    """A new member of an enum would stop every sheet of an alert."""
    for certainty in Certainty:
        content = alert_content(urgency=urgency.value, severity=severity.value, certainty=certainty.value)
        assert not set("abcdefghijklmnopqrstuvwxyz") & set(rows(sheet(content))["紧急程度"])


def test_a_kind_has_no_chinese_name() -> None:
    """The same for the kinds of response and help, the stages and the classes."""
    responses = [one.value for one in ResponseType]
    wanted = [{"kind": one.value, "quantity": "1", "unit": "支"} for one in HelpKind]
    one = sheet(alert_content(response_types=responses, help_wanted=wanted))
    assert len(rows(one)["响应类型"].split("、")) == len(ResponseType)
    assert len({row[0] for row in one.tables[-1].rows}) == len(HelpKind)
    for stage in ReportStage:
        number = 1 if stage is ReportStage.FIRST else 2
        content = alert_content(report_stage=stage.value, report_no=number, impact={"reviewed": True})
        assert rows(sheet(content))["报告"].endswith(f"报，第 {number} 号")
    for kind, code in ((EventClass.ACCIDENT, "12G00"), (EventClass.HEALTH, "13A00"), (EventClass.SAFETY, "14Y00")):
        said = rows(sheet(alert_content(event_code=code, warning_level=None, **{"class": kind.value})))
        assert code in said["事件"]
        assert kind.value not in said["事件"]
