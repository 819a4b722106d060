"""Kinds of emergencies that this region must be able to name, with their codes.

Source: GB/T 35561—2017 (突发事件分类与编码, in force since 2018-07-01): 11 natural disaster, 12 accident, 13 public
health, 14 public safety, then a letter for the group and two digits; 00 is the whole group, 99 its others, Y00 the
others of a class. The printed standard was not at hand, so each row says by what it was checked on 2026-11-24: by what
public clients of the national early-warning platform (12379) print for its messages, or by a public copy of the
classification as it was loaded into an emergency-command system in June 2018. Groups about opinions, beliefs and
peoples are left out on purpose. The table is for menus and names; a code that it lacks is still accepted.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SOURCE: Final = "GB/T 35561—2017"
AS_OF: Final = "2026-11-24"
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


class Checked(StrEnum):
    """By what a row was confirmed."""

    IN_USE = "in_use"
    """Printed by public clients of the national platform."""
    LISTED = "listed"
    """In a public copy of the classification."""
    OPEN = "open"
    """By nothing public: compare it with the printed standard before a county goes live."""


@dataclass(frozen=True, slots=True)
class EventCode:
    """One row.

    Attributes:
        code: Five characters.
        name: What an officer calls it.
        event_class: Must agree with the first two digits.
        checked: By what code and meaning were confirmed.
    """

    code: str
    name: str
    event_class: EventClass
    checked: Checked = Checked.LISTED


_N, _A, _H, _S = EventClass
_USED: Final = Checked.IN_USE

_ROWS: Final = (
    EventCode("11A01", "洪水", _N, _USED),
    EventCode("11A02", "内涝", _N, _USED),
    EventCode("11A03", "水库重大险情", _N),
    EventCode("11A04", "堤防重大险情", _N),
    EventCode("11A51", "山洪灾害", _N, _USED),
    EventCode("11A99", "其他水旱灾害", _N),  # also a reservoir that releases water: it has no code of its own
    EventCode("11B01", "台风", _N, _USED),
    EventCode("11B03", "暴雨", _N, _USED),
    EventCode("11B04", "暴雪", _N, _USED),
    EventCode("11B05", "寒潮", _N, _USED),
    EventCode("11B06", "大风", _N, _USED),
    EventCode("11B09", "高温", _N, _USED),
    EventCode("11B14", "雷电", _N, _USED),
    EventCode("11B15", "冰雹", _N, _USED),
    EventCode("11B16", "霜冻", _N, _USED),
    EventCode("11B17", "大雾", _N, _USED),
    EventCode("11B20", "雷雨大风", _N, _USED),
    EventCode("11B21", "道路结冰", _N, _USED),
    EventCode("11B22", "干旱", _N, _USED),
    EventCode("11B25", "森林火险", _N, _USED),
    EventCode("11C02", "地震", _N, _USED),
    EventCode("11D01", "滑坡", _N, _USED),
    EventCode("11D02", "泥石流", _N, _USED),
    EventCode("11D03", "山体崩塌", _N),
    EventCode("11D04", "地面塌陷", _N),
    EventCode("11D99", "其他地质灾害", _N),
    EventCode("11G01", "森林火灾", _N, _USED),
    EventCode("12A00", "煤矿事故", _A),
    EventCode("12B00", "金属与非金属矿山事故", _A),
    EventCode("12D00", "危险化学品事故", _A),
    EventCode("12G00", "火灾事故", _A),
    EventCode("12H00", "道路交通事故", _A),
    EventCode("12J00", "水上交通事故", _A),
    EventCode("12P01", "公路交通设施事故", _A),
    EventCode("12P07", "水利设施事故", _A),
    EventCode("12P08", "电力基础设施事故", _A),
    EventCode("12P10", "通信基础设施事故", _A),
    EventCode("12Q01", "水域污染", _A),
    EventCode("12Q05", "污染致城市供水中断", _A),
    EventCode("12S00", "踩踏事件", _A, Checked.OPEN),
    EventCode("12Y00", "其他事故灾难", _A),
    EventCode("13A00", "传染病疫情", _H),
    EventCode("13B00", "食品药品安全事件", _H),
    EventCode("13B03", "食品安全事件", _H),
    EventCode("13C00", "群体性中毒、感染", _H),
    EventCode("13E00", "动物疫情", _H),
    EventCode("13F00", "群体性不明原因疾病", _H),
    EventCode("13Y00", "其他公共卫生事件", _H),
    EventCode("14Y00", "其他社会安全事件", _S),
)

EVENT_CODES: Final[dict[str, EventCode]] = {row.code: row for row in _ROWS}


def event_name_of(code: str) -> str | None:
    """Return the Chinese name of a code, None if the table lacks it."""
    row = EVENT_CODES.get(code)
    return row.name if row else None
