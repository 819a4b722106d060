"""At any moment each tier holds exactly whom a slow and plain reading of the rules gives; gaps are found to the minute.

The oracle knows no index, no borders and no turn numbers: it walks from hand-over to hand-over, and reads the records
one after the other.
"""

from datetime import date, datetime, time, timedelta
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.base import BEIJING
from schemas.pages import Tier
from schemas.rosters import (
    Change,
    Days,
    Finding,
    Layer,
    Override,
    RosterPlan,
    Rotation,
    Swap,
    TemporaryPlan,
    Withdrawal,
)
from services.domain.coverage import gaps
from services.domain.roster_files import RosterHistory, fold
from services.domain.rosters import TIERS, Roster, holder_at, on_duty, shifts
from tests.roster_strategies import (
    BASE,
    FIRST,
    MINUTE,
    PEOPLE,
    SPAN_MINUTES,
    WORKDAYS,
    records,
    rosters,
    several,
    spans,
)
from tests.rosters import at, override, swap


def slow_turn(layer: Layer, moment: datetime) -> str | None:
    """Walk from the layer's first hand-over to the one before the moment."""
    clock = time.fromisoformat(layer.handover)
    if moment < datetime.combine(layer.starts_on, clock, BEIJING):
        return None
    day, index, count = layer.starts_on, 0, 0
    step = {Rotation.DAILY: layer.every, Rotation.WEEKLY: 7 * layer.every, Rotation.SHIFTS: 1}[layer.rotation]
    while datetime.combine(day + timedelta(days=1), clock, BEIJING) <= moment:
        day += timedelta(days=1)
        count += 1
        if count % step == 0:
            index += max(1, len(layer.shift_starts))
    for start in layer.shift_starts[1:]:
        begun = datetime.combine(day, time.fromisoformat(start), BEIJING)
        if start < layer.handover:
            begun += timedelta(days=1)
        index += moment >= begun
    return layer.members[index % len(layer.members)] if slow_counts(layer, day, moment) else None


def slow_counts(layer: Layer, day: date, moment: datetime) -> bool:
    worked = day in WORKDAYS.worked or (day.isoweekday() < 6 and day not in WORKDAYS.off)
    return all(
        (
            layer.ends_on is None or day <= layer.ends_on,
            not layer.weekdays or day.isoweekday() in layer.weekdays,
            {Days.ALL: True, Days.WORKDAYS: worked, Days.HOLIDAYS: not worked}[layer.days],
            layer.hours is None or slow_inside(moment.astimezone(BEIJING).time(), *layer.hours),
        )
    )


def slow_inside(now: time, first: str, last: str) -> bool:
    begins, ends = time.fromisoformat(first), time.fromisoformat(last)
    return begins <= now < ends if begins < ends else now >= begins or now < ends


def slow_holder(plan: RosterPlan, changes: tuple[Change, ...], tier: Tier, moment: datetime) -> str | None:
    """Read the records one after the other, by the rules as the manual gives them."""
    ended = {one.record: one.recorded_at for one in reversed(changes) if isinstance(one, Withdrawal)}
    counting = [one for one in changes if one.id not in ended or moment < ended[one.id]]
    chosen, found = "", plan.layers
    for one in counting:
        if isinstance(one, TemporaryPlan) and slow_replaces(one, tier, moment):
            chosen, found = one.id, one.layers
    holder: str | None = None
    for layer in found:
        if layer.tier is tier:
            holder = slow_turn(layer, moment) or holder
    mine = [one for one in counting if isinstance(one, Swap | Override) and one.plan == chosen]
    for one in (one for one in mine if isinstance(one, Swap)):
        holder = slow_swapped(one, holder, moment)
    for one in (one for one in mine if isinstance(one, Override)):
        holder = slow_overridden(one, holder, tier, moment)
    return holder


def slow_replaces(one: TemporaryPlan, tier: Tier, moment: datetime) -> bool:
    return one.starts_at <= moment < one.ends_at and tier in {layer.tier for layer in one.layers}


def slow_swapped(one: Swap, holder: str | None, moment: datetime) -> str | None:
    if holder == one.first and one.first_span.starts_at <= moment < one.first_span.ends_at:
        return one.second
    if holder == one.second and one.second_span.starts_at <= moment < one.second_span.ends_at:
        return one.first
    return holder


def slow_overridden(one: Override, holder: str | None, tier: Tier, moment: datetime) -> str | None:
    is_now = one.starts_at <= moment < one.ends_at and one.tier in {None, tier}
    return one.officer if is_now and one.replaces in {None, holder} else holder


QUIET: Final = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


@QUIET
@given(rosters(), st.lists(st.integers(0, SPAN_MINUTES), min_size=1, max_size=12))
def test_every_tier_holds_whom_a_slow_reading_gives(
    built: tuple[RosterPlan, tuple[Change, ...], Roster], minutes: list[int]
) -> None:
    """A wrong person on duty is found out when nobody answers."""
    plan, changes, roster = built
    for minute in minutes:
        moment = FIRST + minute * MINUTE
        expected = {tier: slow_holder(plan, changes, tier, moment) for tier in TIERS}
        assert {tier: holder_at(roster, tier, moment, WORKDAYS).officer for tier in TIERS} == expected
        told = {one.tier: one.officer for one in on_duty(roster, moment, WORKDAYS)}
        assert {tier: told.get(tier) for tier in TIERS} == expected


@QUIET
@given(rosters(), st.integers(0, SPAN_MINUTES), st.integers(1, 4 * 1440), st.lists(st.floats(0, 0.999), max_size=6))
def test_shifts_cover_a_span_without_hole_or_overlap(
    built: tuple[RosterPlan, tuple[Change, ...], Roster], begin: int, length: int, points: list[float]
) -> None:
    """A hole in the exported calendar is a desk that everybody believes to be manned."""
    _, _, roster = built
    start, end = FIRST + begin * MINUTE, FIRST + (begin + length) * MINUTE
    found = shifts(roster, start, end, WORKDAYS)
    for tier in {one.tier for one in found}:
        mine = [one for one in found if one.tier is tier]
        assert [one.starts_at for one in mine] == [start, *(one.ends_at for one in mine[:-1])]
        assert mine[-1].ends_at == end
        for one in mine:
            for point in (0.0, *points):
                moment = one.starts_at + (one.ends_at - one.starts_at) * point
                assert holder_at(roster, tier, moment, WORKDAYS).officer == one.officer


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(rosters(), st.integers(0, 18 * 1440))
def test_gaps_are_those_of_a_scan_by_the_minute(
    built: tuple[RosterPlan, tuple[Change, ...], Roster], begin: int
) -> None:
    """A gap of one half hour between two layers is where the call goes unanswered."""
    plan, changes, roster = built
    start = FIRST + begin * MINUTE
    minutes = 2 * 1440
    found = gaps(roster, start, start + minutes * MINUTE, WORKDAYS)
    told = [_told(found, start + minute * MINUTE) for minute in range(minutes)]
    scanned = [_scanned(plan, changes, start + minute * MINUTE) for minute in range(minutes)]
    assert told == scanned


def _told(found: tuple[Finding, ...], moment: datetime) -> set[tuple[str, str]]:
    return {(one.code, one.tier or "") for one in found if one.starts_at <= moment < one.ends_at}


def _scanned(plan: RosterPlan, changes: tuple[Change, ...], moment: datetime) -> set[tuple[str, str]]:
    first, second = (slow_holder(plan, changes, tier, moment) for tier in (Tier.PRIMARY, Tier.SECONDARY))
    found = {
        ("coverage.nobody", tier) for tier, one in ((Tier.PRIMARY, first), (Tier.SECONDARY, second)) if one is None
    }
    if first is not None and first == second:
        found.add(("coverage.same_person", Tier.PRIMARY))
    return {(code, str(tier)) for code, tier in found}


@QUIET
@given(several(3), st.permutations(PEOPLE), spans(), spans(), st.lists(st.integers(0, SPAN_MINUTES), max_size=8))
def test_a_swap_is_the_same_from_both_sides(
    found: tuple[Layer, ...], people: list[str], first: tuple[str, str], second: tuple[str, str], minutes: list[int]
) -> None:
    """Whether 甲 asked 乙 or 乙 asked 甲, the same people stand."""
    plan = BASE.model_copy(update={"layers": found})
    one = fold(plan, [swap(1, people[0], first, people[1], second)])
    other = fold(plan, [swap(1, people[1], second, people[0], first)])
    for minute in minutes:
        for tier in TIERS:
            moment = FIRST + minute * MINUTE
            assert holder_at(one, tier, moment, WORKDAYS) == holder_at(other, tier, moment, WORKDAYS)


@QUIET
@given(several(3), records(), st.integers(0, SPAN_MINUTES))
def test_nothing_recorded_later_changes_what_was_known(
    found: tuple[Layer, ...], changes: tuple[Change, ...], minute: int
) -> None:
    """Evidence of who was on duty must stand, whatever is written down afterwards."""
    plan = BASE.model_copy(update={"layers": found})
    moment = FIRST + minute * MINUTE
    later = override(
        99, "2026-02-01 08:00", "2026-12-01 08:00", "head-a", None, Tier.PRIMARY, recorded="2026-12-02 08:00"
    )
    since = at("2026-01-01 00:00")
    known = [one for one in changes if one.recorded_at <= moment]
    history = RosterHistory(((since, plan),), (*changes, later), WORKDAYS, fold(plan, (*changes, later)))
    for tier in TIERS:
        told = holder_at(history.as_of(moment), tier, moment, WORKDAYS)
        assert told == holder_at(fold(plan, known), tier, moment, WORKDAYS)
