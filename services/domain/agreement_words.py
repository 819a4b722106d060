"""What an agreement says, in Chinese: its fields, and how two versions of it differ.

Source: docs/protocol.md, section "Agreements"
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from schemas.base import BEIJING
from schemas.catalogue import TYPES
from schemas.counties import name_of
from services.domain.agreement_copies import Flaw
from services.domain.agreement_differences import Way
from services.domain.form_fields import Choice
from services.domain.form_words import LEVELS, PURPOSES, UNITS, label_of
from services.domain.sharing import CONTROL_PREFIX

WAYS: Final[Mapping[Way, str]] = {Way.MORE: "放宽", Way.LESS: "收紧", Way.OTHER: "变更"}
FLAWS: Final[Mapping[Flaw, str]] = {
    Flaw.BROKEN: "签名与内容不符：文件被改过，或签名是假的",
    Flaw.STRANGER: "名册里没有这把治理钥匙：换过钥匙，或不是成员签的",
    Flaw.NOT_PARTY: "签名的县不是这份协议的一方",
}
_CLASSES: Final = {"public": "公开", "internal": "内部", "personal": "个人信息"}
_EVERYBODY: Final = "各方"
_NONE: Final = "无"
_LINE_GROUPS: Final = 4
_GROUP_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class ChangeSaid:
    """One field that says something else, in Chinese."""

    label: str
    way: str
    before: str
    after: str


def type_choices() -> tuple[Choice, ...]:
    """Return every type that an agreement can permit, by its Chinese title, in the order of the catalogue."""
    return tuple(Choice(one.wire_type, one.title_zh) for one in TYPES if not one.wire_type.startswith(CONTROL_PREFIX))


def purpose_choices() -> tuple[Choice, ...]:
    """Return the purposes that types travel for."""
    return tuple(Choice(value, label) for value, label in PURPOSES.items())


def digest_lines(digest: str) -> tuple[str, ...]:
    """Return a digest as it is read out by telephone: four lines of four groups."""
    size = _LINE_GROUPS * _GROUP_DIGITS
    lines = (digest[at : at + size] for at in range(0, len(digest), size))
    return tuple(" ".join(line[at : at + _GROUP_DIGITS] for at in range(0, size, _GROUP_DIGITS)) for line in lines)


def named(counties: Iterable[str], parties: Sequence[str]) -> str:
    """Name counties; all parties are named as such."""
    found = tuple(counties)
    return _EVERYBODY if set(found) == set(parties) else "、".join(map(name_of, found))


def change_said(field: str, way: Way, before: JsonValue, after: JsonValue) -> ChangeSaid:
    """Say what a field of an agreement said and will say."""
    return ChangeSaid(label_of(f"Agreement.{field}"), WAYS[way], _said(field, before), _said(field, after))


def _said(field: str, value: JsonValue) -> str:
    match value:
        case None:
            return _NONE
        case bool():
            return "是" if value else "否"
        case list():
            return "；".join(_row(field, one) for one in value) or _NONE
        case _:
            return _text(field, str(value))


def _text(field: str, text: str) -> str:
    if field in {"valid_from", "valid_until"}:
        return f"{datetime.fromisoformat(text).astimezone(BEIJING):%Y-%m-%d %H:%M}"
    if field == "class_ceiling":
        return _CLASSES.get(text, text)
    unit = UNITS.get(field)
    return f"{text} {unit}" if unit else text


def _row(field: str, row: JsonValue) -> str:
    if not isinstance(row, dict):
        text = str(row)
        return PURPOSES.get(text, text) if field == "purposes" else name_of(text)
    match field:
        case "deadlines":
            level = LEVELS["level"].get(str(row.get("level")), "")
            return f"{level} 入库 {row.get('stored_seconds')} 秒、签收 {row.get('acknowledged_minutes')} 分钟"
        case "quotas":
            county, size = row.get("county"), row.get("bytes_per_hour")
            whose = name_of(str(county)) if county else "其余各方"
            most = "" if size is None else f"、{size} 字节"
            return f"{whose}每小时 {row.get('events_per_hour')} 件{most}"
        case _:
            return f"{name_of(str(row.get('county')))} {row.get('office')} {row.get('duty_phone')}"
