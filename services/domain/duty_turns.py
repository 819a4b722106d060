"""Whose turn is it? The arithmetic of one layer of a roster, in Beijing's wall clock, which has no summer time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from schemas.base import BEIJING
from schemas.calendars import Workdays
from schemas.rosters import Days, Layer, Rotation, minutes
from services.domain.workdays import is_workday

_DAY: Final = 1440
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of one layer: ``number`` counts from 0 at the layer's start."""

    officer: str
    number: int


def turn_at(layer: Layer, at: datetime, workdays: Workdays) -> Turn | None:
    """Return whose turn it is in a layer, or None while the layer does not count.

    Args:
        layer: Already judged.
        at: Aware; on the very moment of a hand-over the one who comes stands.
        workdays: The county's days.
    """
    local = at.astimezone(BEIJING)
    minute = local.hour * 60 + local.minute
    day = duty_day(local, layer.handover)
    if not _counts_on(layer, day, workdays) or not _counts_at(layer, minute):
        return None
    number = _number(layer, (day - layer.starts_on).days, minute)
    return Turn(layer.members[number % len(layer.members)], number)


def duty_day(at: datetime, handover: str) -> date:
    """Return the date of the duty day that a moment belongs to."""
    local = at.astimezone(BEIJING)
    is_before = local.hour * 60 + local.minute < minutes(handover)
    return local.date() - timedelta(days=1) if is_before else local.date()


def _counts_on(layer: Layer, day: date, workdays: Workdays) -> bool:
    if day < layer.starts_on or (layer.ends_on is not None and day > layer.ends_on):
        return False
    if layer.weekdays and day.isoweekday() not in layer.weekdays:
        return False
    return layer.days is Days.ALL or is_workday(day, workdays) is (layer.days is Days.WORKDAYS)


def _counts_at(layer: Layer, minute: int) -> bool:
    if layer.hours is None:
        return True
    first, last = (minutes(one) for one in layer.hours)
    return (minute - first) % _DAY < (last - first) % _DAY


def _number(layer: Layer, day: int, minute: int) -> int:
    if layer.rotation is Rotation.DAILY:
        return day // layer.every
    if layer.rotation is Rotation.WEEKLY:
        return day // (_WEEK * layer.every)
    start = minutes(layer.handover)
    into_day = (minute - start) % _DAY
    begun = sum((minutes(one) - start) % _DAY <= into_day for one in layer.shift_starts)
    return day * len(layer.shift_starts) + begun - 1


def borders(layer: Layer, starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    """Yield every moment of a span at which a layer may change, in no order."""
    times = {layer.handover, *layer.shift_starts, *(layer.hours or ())}
    day = starts_at.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    while day < ends_at:
        for one in times:
            moment = day + timedelta(minutes=minutes(one))
            if starts_at < moment < ends_at:
                yield moment.astimezone(starts_at.tzinfo)
        day += timedelta(days=1)
