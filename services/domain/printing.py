"""What stands on paper: an event as a sheet for fax and print, in Chinese.

Here it is decided what is said and in which order; ``services.domain.print_markup`` lays it out. Only what the
event says is printed: an unknown number is 不详, never 0.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from schemas.base import BEIJING, Event, Status
from schemas.counties import COUNTIES
from schemas.envelope import Header
from schemas.information.alert_parts import (
    Area,
    Impact,
)
from schemas.information.alerts import Alert, SucceedingAlert
from services.domain.field_words import words_of
from services.domain.levels import level_of
from services.domain.value_words import VALUES, word_of

_BANNERS: Final[Mapping[Status, str]] = {
    Status.ACTUAL: "",
    Status.EXERCISE: "【演练】",
    Status.TEST: "【测试】",
    Status.SYSTEM: "【系统】",
}
_COLOURS: Final = {1: "红色", 2: "橙色", 3: "黄色", 4: "蓝色"}
_GRADES: Final = {1: "特别重大", 2: "重大", 3: "较大", 4: "一般"}
_RESPONSES: Final = {1: "Ⅰ级", 2: "Ⅱ级", 3: "Ⅲ级", 4: "Ⅳ级"}
_IMPACT: Final = {"dead": "死亡", "missing": "失踪", "injured": "受伤", "trapped": "被困", "moved": "转移"}
_ROWS_MAX: Final = 200
_VALUE_MAX: Final = 8000
_GROUP: Final = 16


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a heading of its own; all rows as long as ``columns``."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One event on paper.

    Attributes:
        banner: 【演练】 or its like, printed on every page; empty for what is real.
        kind: What an officer calls the event's type, e.g. 预警发布.
        level: Effective level, 1 (highest) to 4; None for what has none.
        colour: Of the warning, e.g. 红色; empty without one.
        title: Headline.
        source: Full name and code of the county it came from.
        sent: When, in Beijing.
        phone: Duty telephone of the source; empty if unknown.
        code: What the recipient answers with; empty for none.
        recipient: To whom the sheet goes.
        envelope_id: In groups, for comparison by eye.
        rows: Label and value; a value may have line feeds.
        tables: Behind the rows.
    """

    banner: str
    kind: str
    level: int | None
    colour: str
    title: str
    source: str
    sent: str
    phone: str
    code: str
    recipient: str
    envelope_id: str
    rows: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]


def sheet_of(
    event: Event, header: Header, envelope_id: str, *, phone: str = "", code: str = "", recipient: str = ""
) -> Sheet:
    """Describe an event as it is printed.

    Args:
        event: Its content, parsed.
        header: Its signed header.
        envelope_id: 64 hexadecimal digits.
        phone: Duty telephone of the source, as ``services.domain.telling.phone_of`` finds it; an alert that names one
            itself prevails.
        code: Two digits that the recipient answers with.
        recipient: Name of the office or role that is told.
    """
    alert = event if isinstance(event, Alert) else None
    bare = preview_sheet(event, source=header.source, status=header.status, at=header.time)
    return replace(
        bare,
        phone=alert.duty_contact.phone if alert else phone,
        code=code,
        recipient=recipient,
        envelope_id=_grouped(envelope_id),
    )


def preview_sheet(event: Event, *, source: str, status: Status, at: datetime | None) -> Sheet:
    """Describe an event that is not sent yet, as it would be printed.

    Args:
        event: Its content, parsed.
        source: Six digits of the county that would send it.
        status: Of its header.
        at: When it would be sent.
    """
    alert = event if isinstance(event, Alert) else None
    return Sheet(
        banner=_BANNERS[status],
        kind=event.title_zh,
        level=level_of(event),
        colour=_COLOURS[alert.warning_level] if alert and alert.warning_level else "",
        title=_title(event),
        source=_county(source),
        sent=_moment(at),
        phone=alert.duty_contact.phone if alert else "",
        code="",
        recipient="",
        envelope_id="",
        rows=_bounded(tuple(_alert_rows(alert) if alert else _plain_rows(event))),
        tables=tuple(_tables(alert)) if alert else (),
    )


def _title(event: Event) -> str:
    found = (getattr(event, name, None) for name in ("headline", "title", "name"))
    return next((text for text in found if isinstance(text, str)), event.title_zh)


def _county(code: str) -> str:
    county = COUNTIES.get(code)
    return f"{county.province}{county.prefecture}{county.full_name}（{code}）" if county else code


def _short(code: str) -> str:
    county = COUNTIES.get(code)
    return county.full_name if county else code


def _moment(moment: datetime | None) -> str:
    if moment is None:
        return "不详"
    return f"{moment.astimezone(BEIJING):%Y年%m月%d日 %H:%M}"


def _grouped(envelope_id: str) -> str:
    return " ".join(envelope_id[start : start + _GROUP] for start in range(0, len(envelope_id), _GROUP))


def _alert_rows(alert: Alert) -> Iterator[tuple[str, str]]:
    yield "事件", f"{alert.event_name}（{VALUES['class'][alert.event_class]}，代码 {alert.event_code}）"
    yield "级别", _scales(alert)
    yield "报告", f"{VALUES['report_stage'][alert.report_stage]}，第 {alert.report_no} 号"
    yield (
        "紧急程度",
        (
            f"{VALUES['urgency'][alert.urgency]}；严重性 {VALUES['severity'][alert.severity]}；"
            f"可能性 {VALUES['certainty'][alert.certainty]}"
        ),
    )
    yield "生效", f"{_moment(alert.effective)} 起，至 {_moment(alert.expires)}（北京时间）"
    if alert.onset is not None:
        yield "预计开始", _moment(alert.onset)
    yield "情况", alert.description
    if alert.instruction:
        yield "应对要求", alert.instruction
    if alert.response_types:
        yield "响应类型", "、".join(VALUES["response_types"][one] for one in alert.response_types)
    if alert.impact is not None:
        yield "损失", _impact(alert.impact)
    if alert.measures_taken:
        yield "已采取措施", alert.measures_taken
    yield from _alert_ends(alert)


def _alert_ends(alert: Alert) -> Iterator[tuple[str, str]]:
    for local in alert.texts:
        yield (
            f"译文（{local.lang}）",
            "\n".join(text for text in (local.headline, local.description, local.instruction) if text),
        )
    if alert.note:
        yield "备注", alert.note
    if isinstance(alert, SucceedingAlert):
        yield "所替代预警", "\n".join(one.alert_id for one in alert.predecessors)
    yield "值班联系", f"{alert.duty_contact.office}　{alert.duty_contact.phone}"
    yield "批准", f"{alert.approved_by_role}，{_moment(alert.approved_at)}"
    yield "预警编号", alert.alert_id
    for parameter in alert.parameters:
        yield parameter.name, parameter.value


def _scales(alert: Alert) -> str:
    found = (
        (alert.warning_level, "预警", _COLOURS),
        (alert.event_grade, "事件", _GRADES),
        (alert.response_level, "响应", _RESPONSES),
    )
    said = [f"{name} {words[level]}" for level, name, words in found if level is not None]
    return "；".join(said) or "来文未定级"


def _impact(impact: Impact) -> str:
    known = impact.model_dump()
    said = [f"{word} {known[name]} 人" if known[name] is not None else f"{word} 不详" for name, word in _IMPACT.items()]
    loss = f"直接经济损失 {impact.loss_cny} 元" if impact.loss_cny is not None else "直接经济损失 不详"
    return "，".join([*said, loss]) + ("（已核实）" if impact.reviewed else "（未核实）")


def _tables(alert: Alert) -> Iterator[Table]:
    yield Table("影响地区", ("地区", "行政区划", "范围"), tuple(map(_area, alert.areas)))
    if alert.neighbour_risk:
        risks = tuple((_short(one.adcode), _moment(one.expected_at), one.why) for one in alert.neighbour_risk)
        yield Table("对邻县的影响", ("县", "预计时间", "影响"), risks)
    if alert.help_wanted:
        wanted = tuple((VALUES["kind"][one.kind], f"{one.quantity} {one.unit}") for one in alert.help_wanted)
        yield Table("请求支援", ("种类", "数量"), wanted)
    if alert.hotlines:
        yield Table("公众热线", ("名称", "电话"), tuple((one.name, one.phone) for one in alert.hotlines))


def _area(area: Area) -> tuple[str, str, str]:
    shapes = [f"多边形（{polygon.count(' ')} 点）" for polygon in area.polygon]
    shapes += [f"圆：{circle} 千米" for circle in area.circle]
    return area.desc, "、".join(map(_short, area.adcodes)) or "–", "\n".join(shapes) or "–"


def _bounded(rows: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Cut what no fax can carry, and say so on the paper."""
    left = len(rows) - _ROWS_MAX
    return rows if left <= 0 else (*rows[:_ROWS_MAX], ("未印出", f"另有 {left} 项，请在系统中查看"))


def _plain_rows(event: Event) -> Iterator[tuple[str, str]]:
    for path, value in _lines(event.model_dump(mode="json", exclude_none=True), ""):
        yield words_of(path), value[:_VALUE_MAX]


def _lines(value: JsonValue, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _lines(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        for number, inner in enumerate(value, 1):
            yield from _lines(inner, f"{path}.{number}")
    elif isinstance(value, list):
        if value:
            yield path, "、".join(_said(one, path) for one in value)
    else:
        yield path, _said(value, path)


def _said(value: JsonValue, path: str) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return word_of(path, str(value)) or str(value)
