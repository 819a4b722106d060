"""Kinds of emergencies that this region must be able to name, with their codes.

Source: form and first two digits after GB/T 35561—2017 (突发事件分类与编码, in force since 2018-07-01):
11 natural disaster, 12 accident, 13 public health, 14 public safety, then a letter for the group and
two digits. Rows marked ``in_use`` carry the code that public weather clients print for messages of
the national early-warning platform (12379). The other rows are this project's working selection in
the form of the standard: check them against the printed standard before a county goes live. The
table is for menus and names; a code that it lacks is still accepted.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SOURCE: Final = "GB/T 35561—2017"
AS_OF: Final = "2026-11-22"
SCHEME: Final = "GB/T 35561"


class EventClass(StrEnum):
    """The four classes of the Emergency Response Law."""

    NATURAL = "natural"
    ACCIDENT = "accident"
    HEALTH = "health"
    SAFETY = "safety"


CLASS_DIGITS: Final[dict[EventClass, str]] = {
    EventClass.NATURAL: "11",
    EventClass.ACCIDENT: "12",
    EventClass.HEALTH: "13",
    EventClass.SAFETY: "14",
}
"""First two characters of a code."""


@dataclass(frozen=True, slots=True)
class EventCode:
    """One row.

    Attributes:
        code: Five characters.
        name: What an officer calls it.
        event_class: Must agree with the first two digits.
        in_use: Seen in messages of the national platform; otherwise a working selection, to be checked.
    """

    code: str
    name: str
    event_class: EventClass
    in_use: bool = False


_N, _A, _H, _S = EventClass

_ROWS: Final = (
    EventCode("11A01", "洪水", _N, in_use=True),
    EventCode("11A02", "内涝", _N, in_use=True),
    EventCode("11A03", "水库泄洪", _N),
    EventCode("11A51", "山洪灾害", _N, in_use=True),
    EventCode("11B01", "台风", _N, in_use=True),
    EventCode("11B03", "暴雨", _N, in_use=True),
    EventCode("11B04", "暴雪", _N, in_use=True),
    EventCode("11B05", "寒潮", _N, in_use=True),
    EventCode("11B06", "大风", _N, in_use=True),
    EventCode("11B09", "高温", _N, in_use=True),
    EventCode("11B14", "雷电", _N, in_use=True),
    EventCode("11B15", "冰雹", _N, in_use=True),
    EventCode("11B16", "霜冻", _N, in_use=True),
    EventCode("11B17", "大雾", _N, in_use=True),
    EventCode("11B20", "雷雨大风", _N, in_use=True),
    EventCode("11B21", "道路结冰", _N, in_use=True),
    EventCode("11B22", "干旱", _N, in_use=True),
    EventCode("11B25", "森林火险", _N, in_use=True),
    EventCode("11C02", "地震", _N, in_use=True),
    EventCode("11D01", "滑坡", _N, in_use=True),
    EventCode("11D02", "泥石流", _N, in_use=True),
    EventCode("11D99", "其他地质灾害", _N, in_use=True),
    EventCode("11G01", "森林火灾", _N, in_use=True),
    EventCode("12A00", "矿山事故", _A),
    EventCode("12D00", "危险化学品事故", _A),
    EventCode("12G00", "火灾事故", _A),
    EventCode("12H00", "道路交通事故", _A),
    EventCode("12P01", "大面积停电", _A),
    EventCode("12P02", "通信网络中断", _A),
    EventCode("12Q01", "上游水污染", _A),
    EventCode("12Z99", "其他事故", _A),
    EventCode("13A00", "传染病疫情", _H),
    EventCode("13B00", "食物中毒", _H),
    EventCode("13F00", "动物疫情", _H),
    EventCode("13Z99", "其他公共卫生事件", _H),
    EventCode("14M00", "人员走失搜寻", _S),
    EventCode("14P00", "大型活动人群安全", _S),
    EventCode("14Z99", "其他社会安全事件", _S),
)

EVENT_CODES: Final[dict[str, EventCode]] = {row.code: row for row in _ROWS}


def event_name_of(code: str) -> str | None:
    """Return the Chinese name of a code, None if the table lacks it."""
    row = EVENT_CODES.get(code)
    return row.name if row else None
