"""Rosters for tests: a county's plan as TOML, records, moments in Beijing time, and where a gateway finds them."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from adapters.calendar.files import CalendarFiles
from adapters.memory.ids import SequentialIds
from adapters.memory.rosters import MemoryRosters
from adapters.rosters.directory import RosterFiles
from schemas.base import BEIJING
from schemas.calendars import Workdays
from schemas.errors import Fault
from schemas.pages import Medium, Tier
from schemas.rosters import (
    Change,
    Mark,
    NumberMark,
    Override,
    PlanText,
    RosterPlan,
    RosterTexts,
    Span,
    Swap,
    TemporaryPlan,
    Withdrawal,
)
from services.domain.roster_files import RosterHistory, change_line, read_history
from services.gateway.gateway import RosterRoom
from services.roster_ports import Rosters
from services.rostering import Rostering

COUNTY: Final = "451226"
VERIFIED: Final = "2026-01-01T08:00:00+08:00"
OFFICERS: Final = {"duty-a": "值班员甲", "duty-b": "值班员乙", "duty-c": "值班员丙", "head-a": "带班领导甲"}


def number(index: int) -> str:
    """Return a number that is nobody's."""
    return f"139{index:08d}"


def at(text: str) -> datetime:
    """Return a moment from Beijing wall clock, e.g. ``2026-12-01 08:30``."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=BEIJING)


def contacts_toml() -> str:
    """Return four officers, each with one verified number, by SMS and voice."""
    parts = []
    for index, (officer, display) in enumerate(OFFICERS.items(), 1):
        parts.append(f'[[contacts]]\nofficer = "{officer}"\ndisplay = "{display}"\n')
        parts += [
            f'[[contacts.numbers]]\nmedium = "{medium}"\naddress = "{number(index)}"\nverified_at = {VERIFIED}\n'
            for medium in (Medium.SMS, Medium.VOICE)
        ]
    return "\n".join(parts)


def layer_toml(name: str, tier: str = "primary", members: str = '"duty-a", "duty-b"', more: str = "") -> str:
    """Return one layer that turns daily at 08:30 from 2026-01-01 on."""
    return (
        f'[[layers]]\nname = "{name}"\ntier = "{tier}"\nmembers = [{members}]\nrotation = "daily"\n'
        f'handover = "08:30"\nstarts_on = 2026-01-01\n{more}\n'
    )


def office_toml(office: str, display: str, tier: str, one: str) -> str:
    """Return an office with one verified number."""
    return (
        f'[[offices]]\noffice = "{office}"\ndisplay = "{display}"\ntier = "{tier}"\n'
        f"[[offices.numbers]]\n{one}\nverified_at = {VERIFIED}\n"
    )


PLAN: Final = "\n".join(
    [
        f'county = "{COUNTY}"',
        contacts_toml(),
        layer_toml("day"),
        layer_toml("second", "secondary", '"duty-b", "duty-c", "duty-c", "duty-a"'),
        layer_toml("lead", "leader", '"head-a"'),
        office_toml("office", "值班室", "office", 'medium = "voice"\naddress = "0778-8820110"'),
        office_toml("city", "市值班室", "superior", 'medium = "fax"\naddress = "0778-2281110"'),
    ]
)
"""Primary 甲 乙 daily, secondary 乙 丙 丙 甲 daily, one leader, both offices."""


def texts(plan: str = PLAN, *changes: Change, calendars: tuple[tuple[str, bytes], ...] = ()) -> RosterTexts:
    """Return the files of a roster."""
    records = b"".join(change_line(one) for one in changes)
    return RosterTexts((PlanText(at("2026-01-01 00:00"), plan.encode()),), (("2026.jsonl", records),), calendars)


def history(*changes: Change, plan: str = PLAN, calendars: tuple[tuple[str, bytes], ...] = ()) -> RosterHistory:
    """Return what the files say; they are good."""
    found = read_history(texts(plan, *changes, calendars=calendars), COUNTY)
    assert isinstance(found, RosterHistory), found
    return found


def built(texts: RosterTexts) -> RosterHistory | tuple[Fault, ...]:
    """Read the files of this county."""
    return read_history(texts, COUNTY)


def in_memory(plan: str = PLAN) -> MemoryRosters[RosterHistory]:
    """Return a roster in memory, its plan in force since 2026-01-01."""
    return MemoryRosters(plan.encode(), built, since=at("2026-01-01 00:00"))


def on_disk(home: Path) -> RosterFiles[RosterHistory]:
    """Return the watched roster of a county's directory; every look finds the time to look again."""
    seconds = iter(range(1_000_000))
    return RosterFiles(home, home / "roster.d", built, monotonic=lambda: float(next(seconds)))


def room(files: Rosters, seed: str = "roster") -> RosterRoom:
    """Return where a gateway reads and changes a roster; two rooms of one roster have two seeds."""
    return RosterRoom(Rostering(files, SequentialIds(seed)), CalendarFiles())


def plan_of(text: str = PLAN) -> RosterPlan:
    """Return the plan of a text."""
    return history(plan=text).plans[-1][1]


def _record(serial: int, recorded: str) -> dict[str, Any]:
    return {"id": f"{serial:032x}", "recorded_at": at(recorded), "recorded_by": "duty-a"}


RECORDED: Final = "2026-06-01 08:00"


def override(
    serial: int,
    starts: str,
    ends: str,
    officer: str,
    replaces: str | None = None,
    tier: Any = None,  # noqa: ANN401 - one of three members
    *,
    plan: str = "",
    recorded: str = RECORDED,
) -> Override:
    """Return an override."""
    return Override(
        starts_at=at(starts),
        ends_at=at(ends),
        officer=officer,
        replaces=replaces,
        tier=tier,
        plan=plan,
        reason="病假",
        **_record(serial, recorded),
    )


def swap(
    serial: int, first: str, first_span: tuple[str, str], second: str, second_span: tuple[str, str], plan: str = ""
) -> Swap:
    """Return a swap."""
    spans = [Span(starts_at=at(one[0]), ends_at=at(one[1])) for one in (first_span, second_span)]
    return Swap(
        first=first,
        first_span=spans[0],
        second=second,
        second_span=spans[1],
        plan=plan,
        reason="调班",
        **_record(serial, RECORDED),
    )


def temporary(serial: int, starts: str, ends: str, layers: str, recorded: str = RECORDED) -> TemporaryPlan:
    """Return a temporary plan with the layers of a TOML text."""
    text = f'county = "{COUNTY}"\n{contacts_toml()}\n{layers}'
    return TemporaryPlan(
        starts_at=at(starts),
        ends_at=at(ends),
        name="汛期",
        layers=plan_of(text).layers,
        reason="汛期值守",
        **_record(serial, recorded),
    )


def mark(serial: int, owner: str, index: int, what: Mark, recorded: str, medium: Medium = Medium.SMS) -> NumberMark:
    """Return what became known of a number."""
    return NumberMark(owner=owner, medium=medium, address=number(index), mark=what, **_record(serial, recorded))


def withdrawal(serial: int, record: int, recorded: str) -> Withdrawal:
    """Return the withdrawal of an earlier record."""
    return Withdrawal(record=f"{record:032x}", reason="记错", **_record(serial, recorded))


NOBODY_OFF: Final = Workdays()
DAY: Final = timedelta(days=1)
TIERS: Final = (Tier.PRIMARY, Tier.SECONDARY, Tier.LEADER)
