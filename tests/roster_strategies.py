"""Any roster of three weeks: ``rosters()`` gives a plan, its records and the roster that they make together."""

from datetime import date, datetime, timedelta
from typing import Final

from hypothesis import strategies as st

from schemas.base import BEIJING
from schemas.calendars import Workdays
from schemas.rosters import Change, Days, Layer, RosterPlan, Rotation, TemporaryPlan
from services.domain.roster_files import fold
from services.domain.rosters import TIERS, Roster
from tests.rosters import OFFICERS, at, override, plan_of, swap, withdrawal

FIRST: Final = at("2026-02-20 00:00")
"""Three weeks over the end of February and a make-up Saturday."""
SPAN_MINUTES: Final = 21 * 1440
MINUTE: Final = timedelta(minutes=1)
PEOPLE: Final = tuple(OFFICERS)
WORKDAYS: Final = Workdays(
    frozenset({2026}),
    {date(2026, 2, 20): "春节", date(2026, 2, 23): "春节", date(2026, 3, 4): "测试"},
    {date(2026, 2, 28): "春节", date(2026, 3, 8): "测试"},
)
CLOCKS: Final = st.builds(lambda hour, minute: f"{hour:02d}:{minute:02d}", st.integers(0, 23), st.sampled_from((0, 30)))
BASE: Final = plan_of()


@st.composite
def layers(draw: st.DrawFn, name: str) -> Layer:
    """Any layer at all."""
    rotation = draw(st.sampled_from(Rotation))
    handover = draw(CLOCKS)
    starts = [handover]
    if rotation is Rotation.SHIFTS:
        offsets = sorted(draw(st.sets(st.integers(1, 47), max_size=3)))
        begin = datetime.strptime(handover, "%H:%M").replace(tzinfo=BEIJING)
        starts += [f"{begin + timedelta(minutes=30 * one):%H:%M}" for one in offsets]
    starts_on = date(2026, 2, 10) + timedelta(days=draw(st.integers(0, 20)))
    hours = draw(st.none() | st.tuples(CLOCKS, CLOCKS).filter(lambda one: one[0] != one[1]))
    return Layer(
        name=name,
        tier=draw(st.sampled_from(TIERS)),
        members=tuple(draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=5))),
        rotation=rotation,
        handover=handover,
        starts_on=starts_on,
        ends_on=draw(st.none() | st.integers(0, 30).map(lambda one: starts_on + timedelta(days=one))),
        every=1 if rotation is Rotation.SHIFTS else draw(st.integers(1, 3)),
        shift_starts=tuple(starts) if rotation is Rotation.SHIFTS else (),
        days=draw(st.sampled_from(Days)),
        weekdays=tuple(draw(st.sets(st.integers(1, 7), max_size=4))),
        hours=hours,
    )


def several(most: int) -> st.SearchStrategy[tuple[Layer, ...]]:
    """One to ``most`` layers of any kind."""
    return st.integers(1, most).flatmap(lambda count: st.tuples(*(layers(f"layer-{index}") for index in range(count))))


@st.composite
def spans(draw: st.DrawFn) -> tuple[str, str]:
    """Return two moments of those three weeks, on half hours."""
    start = FIRST + 30 * MINUTE * draw(st.integers(0, 20 * 48))
    end = start + 30 * MINUTE * draw(st.integers(1, 96))
    return f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}"


@st.composite
def records(draw: st.DrawFn) -> tuple[Change, ...]:
    """Return up to six records, some of them withdrawn, some of them of a temporary plan."""
    found: list[Change] = []
    plans: list[str] = [""]
    for serial in range(1, draw(st.integers(0, 6)) + 1):
        kind = draw(st.sampled_from(("override", "fill", "swap", "plan", "withdrawal")))
        one, other = draw(st.permutations(PEOPLE))[:2]
        span = draw(spans())
        if kind == "plan":
            found.append(_temporary(serial, draw(several(2)), span))
            plans.append(found[-1].id)
        elif kind == "swap":
            found.append(swap(serial, one, span, other, draw(spans()), draw(st.sampled_from(plans))))
        elif kind == "withdrawal" and found:
            taken = draw(st.sampled_from(found))
            found.append(withdrawal(serial, int(taken.id, 16), draw(spans())[0]))
        else:
            tier = draw(st.sampled_from(TIERS)) if kind == "fill" else draw(st.sampled_from((*TIERS, None)))
            replaced = None if kind == "fill" else other
            found.append(override(serial, *span, one, replaced, tier, plan=draw(st.sampled_from(plans))))
    return tuple(found)


def _temporary(serial: int, found: tuple[Layer, ...], span: tuple[str, str]) -> TemporaryPlan:
    return TemporaryPlan(
        id=f"{serial:032x}",
        recorded_at=at("2026-02-01 08:00"),
        recorded_by="duty-a",
        name="汛期",
        reason="汛期值守",
        starts_at=at(span[0]),
        ends_at=at(span[1]),
        layers=found,
    )


def rosters() -> st.SearchStrategy[tuple[RosterPlan, tuple[Change, ...], Roster]]:
    """A plan, up to six records, and the roster."""

    def built(found: tuple[Layer, ...], changes: tuple[Change, ...]) -> tuple[RosterPlan, tuple[Change, ...], Roster]:
        plan = BASE.model_copy(update={"layers": found})
        return plan, changes, fold(plan, changes)

    return st.builds(built, several(4), records())
