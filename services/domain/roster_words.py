"""What a roster's layers and records say, in one Chinese line each; no number stands whole in any."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from schemas.base import BEIJING
from schemas.pages import masked
from schemas.rosters import (
    Change,
    Days,
    HandoverNote,
    Import,
    Layer,
    Mark,
    NumberMark,
    Override,
    Rotation,
    Span,
    Swap,
    TemporaryPlan,
    Withdrawal,
)
from services.domain.coverage import tier_zh
from services.domain.rosters import Roster
from services.domain.telling import medium_zh

KINDS: Final = {
    "override": "替班",
    "swap": "调班",
    "plan": "临时方案",
    "import": "导入",
    "handover": "交接班",
    "mark": "号码",
    "withdrawal": "撤销",
}
MARKS: Final[Mapping[Mark, str]] = {Mark.VERIFIED: "已核验", Mark.TESTED: "已测试", Mark.OPTED_OUT: "已退订"}
ROTATIONS: Final[Mapping[Rotation, str]] = {
    Rotation.DAILY: "按日轮换",
    Rotation.WEEKLY: "按周轮换",
    Rotation.SHIFTS: "一日多班",
}
DAYS: Final[Mapping[Days, str]] = {Days.ALL: "每天", Days.WORKDAYS: "工作日", Days.HOLIDAYS: "节假日和周末"}
_WEEK: Final = "一二三四五六日"
_UNITS: Final[Mapping[Rotation, str]] = {Rotation.DAILY: "天", Rotation.WEEKLY: "周"}
_ID_SHOWN: Final = 10


def rotation_zh(layer: Layer) -> str:
    """Say by which turns a layer's members stand, and when it counts."""
    said = [ROTATIONS[layer.rotation]]
    if layer.every > 1:
        said = [f"每 {layer.every} {_UNITS[layer.rotation]}一轮"]
    said.append(f"{'、'.join(layer.shift_starts)} 换班" if layer.shift_starts else f"{layer.handover} 交班")
    said.append("周" + "、".join(_WEEK[day - 1] for day in layer.weekdays) if layer.weekdays else DAYS[layer.days])
    if layer.weekdays and layer.days is not Days.ALL:
        said.append(DAYS[layer.days])
    if layer.hours is not None:
        said.append(f"仅 {layer.hours[0]}–{layer.hours[1]}")
    return "，".join(said)


def moment_zh(at: datetime, now: datetime) -> str:
    """Spell a moment in Beijing time to the minute, with its year if that is not this one."""
    local = at.astimezone(BEIJING)
    is_this_year = local.year == now.astimezone(BEIJING).year
    return local.strftime("%m-%d %H:%M" if is_this_year else "%Y-%m-%d %H:%M")


def told_of_change(change: Change, roster: Roster, now: datetime) -> str:
    """Say what a record says.

    Args:
        change: The record.
        roster: Names its officers as the desk does.
        now: Aware; tells which year goes without saying.
    """
    match change:
        case Override():
            said = _override(change, roster, now)
        case Swap():
            said = _swap(change, roster, now)
        case TemporaryPlan():
            said = f"{_span(change, now)}执行“{change.name}”：{change.reason}"
        case Import():
            first, last = min(one.starts_at for one in change.shifts), max(one.ends_at for one in change.shifts)
            said = f"{moment_zh(first, now)} 至 {moment_zh(last, now)}，{change.source}，共{len(change.shifts)}班"
        case HandoverNote():
            said = f"{roster.display(change.from_officer)} → {roster.display(change.to_officer)}：{change.text}"
        case NumberMark():
            said = f"{_owner(roster, change)} {medium_zh(change.medium)} {masked(change.address)} {MARKS[change.mark]}"
        case Withdrawal():
            said = f"{change.record[:_ID_SHOWN]}：{change.reason}"
    return said


def _override(one: Override, roster: Roster, now: datetime) -> str:
    who = roster.display(one.officer)
    where = tier_zh(one.tier)
    if one.replaces is None:
        done = f"{who}任{where}"
    else:
        done = f"{who}替{roster.display(one.replaces)}" + (f"（{where}）" if where else "")
    return f"{_span(one, now)}{done}{_within(one.plan)}：{one.reason}"


def _swap(one: Swap, roster: Roster, now: datetime) -> str:
    first, second = roster.display(one.first), roster.display(one.second)
    said = f"{first} {_span(one.first_span, now)}与 {second} {_span(one.second_span, now)}对调"
    return f"{said}{_within(one.plan)}：{one.reason}"


def _within(plan: str) -> str:
    return f"（临时方案 {plan[:_ID_SHOWN]} 内）" if plan else ""


def _span(one: Span | Override | TemporaryPlan, now: datetime) -> str:
    return f"{moment_zh(one.starts_at, now)} 至 {moment_zh(one.ends_at, now)} "


def _owner(roster: Roster, mark: NumberMark) -> str:
    office = next((one.display for one in roster.plan.offices if one.office == mark.owner), None)
    return office or roster.display(mark.owner)
