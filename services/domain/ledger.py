"""The ledger (台账): figures of a period, put together from groups that a store has counted.

Nothing here is a person, and no figure comes from outside the bus. Times are whole seconds; median and p90 are values
that occurred (nearest rank), so that they can be checked by hand: of n times in order, the one at place ⌈n·q⌉.

Source: docs/ledger.md
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from schemas.base import BEIJING
from schemas.errors import Fault
from schemas.ledgers import (
    DeliveryFigures,
    DeliveryGroup,
    EventGroup,
    Ledger,
    MatterFigures,
    MatterGroup,
    NamedFigures,
    Standing,
    TypeFigures,
    Waits,
)
from schemas.records import Direction
from services.domain.checklist import lines_of
from services.domain.ledger_small import events_told, matters_told

PERIOD_MAX_DAYS: Final = 366
_MEDIAN_PERCENT: Final = 50
_P90_PERCENT: Final = 90
_HUNDRED: Final = 100


@dataclass(frozen=True, slots=True)
class Counted:
    """What the families and the store have counted for one period."""

    events: Collection[EventGroup]
    deliveries: Collection[DeliveryGroup]
    matters: Collection[MatterGroup]


def judge_period(first: date, last: date) -> Fault | None:
    """Tell what is wrong with a period, both days included; None if nothing is."""
    if last < first:
        return Fault("query.rule", "last", "set it on or after `first`")
    if (last - first).days >= PERIOD_MAX_DAYS:
        return Fault("query.rule", "last", f"ask for at most {PERIOD_MAX_DAYS} days at once")
    return None


def span_of(first: date, last: date) -> tuple[datetime, datetime]:
    """Return the moments at which a period of Beijing days begins and ends, the end not included."""
    begin, end = (datetime.combine(day, time(), BEIJING).astimezone(UTC) for day in (first, last + timedelta(days=1)))
    return begin, end


def ledger_of(counted: Counted, *, county: str, first: date, last: date, now: datetime) -> Ledger:
    """Put the groups of one period together.

    Args:
        counted: By the store, between the moments of ``span_of``.
        county: Ourselves.
        first: First day, in Beijing.
        last: Last day, included.
        now: When the figures were made.
    """
    events = [one for one in counted.events if not one.drill]
    deliveries = [one for one in counted.deliveries if not one.drill]
    matters = matters_of(matters_told(counted.matters))
    return Ledger(
        county=county,
        first=first,
        last=last,
        made_at=now,
        sent=_count(events, Direction.OUTGOING),
        received=_count(events, Direction.INCOMING),
        drills=sum(one.count for one in counted.events if one.drill),
        total=figures_of(deliveries),
        by_partner=_named(deliveries, lambda one: one.partner),
        by_mutual=_named(deliveries, lambda one: mutual_of(one.wire_type)),
        by_month=_named(deliveries, lambda one: one.month),
        by_type=_types(events_told(events)),
        matters=matters,
        checklist=lines_of(events, matters),
    )


def figures_of(groups: Iterable[DeliveryGroup]) -> DeliveryFigures:
    """Return the figures over a set of groups."""
    groups = list(groups)
    out = [one for one in groups if one.direction is Direction.OUTGOING]
    came = [one for one in groups if one.direction is Direction.INCOMING]
    return DeliveryFigures(
        sent=sum(one.count for one in out),
        received=sum(one.count for one in came),
        stored=waits_of((one.stored_seconds, one.count) for one in out),
        acknowledged=waits_of((one.acknowledged_seconds, one.count) for one in out),
        received_acknowledged=waits_of((one.acknowledged_seconds, one.count) for one in came),
        refused=sum(one.count for one in out if one.refused),
    )


def waits_of(counted: Iterable[tuple[int | None, int]]) -> Waits:
    """Return count, median and p90 of times given as (seconds, how often); None stands for what has not happened."""
    often: Counter[int] = Counter()
    for seconds, count in counted:
        if seconds is not None:
            often[seconds] += count
    number = often.total()
    return Waits(number, *(_at_rank(often, number, percent) for percent in (_MEDIAN_PERCENT, _P90_PERCENT)))


def matters_of(groups: Iterable[MatterGroup]) -> tuple[MatterFigures, ...]:
    """Return matters of all families, months put together, by family, kind and outcome.

    A partner may stand elsewhere than the matter as a whole does, so its figures go by kind alone: each line of a kind
    has the same ones.
    """
    whole: Counter[tuple[str, str, str]] = Counter()
    partners: defaultdict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    for one in groups:
        if one.partner:
            partners[one.family, one.kind][one.partner, one.outcome] += one.count
        else:
            whole[one.family, one.kind, one.outcome] += one.count
    return tuple(
        MatterFigures(
            family,
            kind,
            outcome,
            count,
            tuple(Standing(*key, often) for key, often in sorted(partners[family, kind].items())),
        )
        for (family, kind, outcome), count in sorted(whole.items())
    )


def mutual_of(wire_type: str) -> str:
    """Return the mutual of a wire type: information, outreach, development, governance."""
    return wire_type.split(".")[2]


def _at_rank(often: Counter[int], number: int, percent: int) -> int | None:
    rank = -(-number * percent // _HUNDRED)
    for seconds in sorted(often):
        rank -= often[seconds]
        if rank <= 0:
            return seconds
    return None


def _count(groups: Iterable[EventGroup], direction: Direction) -> int:
    return sum(one.count for one in groups if one.direction is direction)


def _named(groups: Iterable[DeliveryGroup], name: Callable[[DeliveryGroup], str]) -> tuple[NamedFigures, ...]:
    parted: defaultdict[str, list[DeliveryGroup]] = defaultdict(list)
    for one in groups:
        parted[name(one)].append(one)
    return tuple(NamedFigures(key, figures_of(found)) for key, found in sorted(parted.items()))


def _types(groups: Iterable[EventGroup]) -> tuple[TypeFigures, ...]:
    found: defaultdict[str, Counter[Direction]] = defaultdict(Counter)
    for one in groups:
        found[one.wire_type][one.direction] += one.count
    return tuple(
        TypeFigures(wire_type, ways[Direction.OUTGOING], ways[Direction.INCOMING])
        for wire_type, ways in sorted(found.items())
    )
