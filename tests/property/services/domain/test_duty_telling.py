"""Over any roster and any changes of it, a partner's desk never shows who does not stand, and is not flooded."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from schemas.control import DUTY_SPAN_MAX, OnDuty
from schemas.duties import ToldDuty
from schemas.pages import Tier
from services.domain.duty_telling import is_due, people_at, record_of_duty, stands_until, told_row
from services.domain.roster_files import fold
from services.domain.rosters import Roster, holder_at
from tests.roster_strategies import FIRST, SPAN_MINUTES, WORKDAYS, rosters

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
PARTNER = "522722"
MOST_AN_HOUR = 13
LONGEST_WAIT = 12 * MINUTE
MOMENTS = st.integers(0, SPAN_MINUTES).map(lambda minutes: FIRST + minutes * MINUTE)


def names(roster: Roster, at: datetime) -> list[tuple[Tier, str]]:
    held = [(tier, holder_at(roster, tier, at, WORKDAYS).officer) for tier in (Tier.PRIMARY, Tier.SECONDARY)]
    return [(tier, roster.display(officer)) for tier, officer in held if officer is not None]


@given(rosters(), MOMENTS)
def test_until_it_ends_the_same_people_stand(made: tuple[object, object, Roster], at: datetime) -> None:
    """Looked at every half hour: all hand-overs and records of these rosters lie on one."""
    roster = made[2]
    until = stands_until(roster, at, WORKDAYS)
    assert at < until <= at + DUTY_SPAN_MAX
    now = people_at(roster, at, WORKDAYS)
    assert [(one.tier, one.display) for one in now] == names(roster, at)
    steps = int((until - at) / (30 * MINUTE)) + 1
    half_hours = [at + 30 * MINUTE * step for step in range(steps)]
    assert all(people_at(roster, one, WORKDAYS) == now for one in half_hours if one < until)
    if until < at + DUTY_SPAN_MAX:
        assert people_at(roster, until, WORKDAYS) != now


class Desk:
    """What one partner is told, tick by tick, and what its desk shows."""

    def __init__(self) -> None:
        self.told: ToldDuty | None = None
        self.sent: list[tuple[datetime, tuple[OnDuty, ...], datetime]] = []

    def tick(self, roster: Roster, now: datetime) -> tuple[OnDuty, ...]:
        people = people_at(roster, now, WORKDAYS)
        if is_due(people, self.told, now):
            until = stands_until(roster, now, WORKDAYS) if people or self.told is None else self.told.valid_until
            record = record_of_duty("联络办", people, now, until)
            self.told = told_row(record, PARTNER, "ab" * 32, self.told, now)
            self.sent.append((now, people, record.valid_until))
        return self.shown(now)

    def shown(self, now: datetime) -> tuple[OnDuty, ...]:
        return self.told.people if self.told is not None and now < self.told.valid_until else ()


@given(rosters(), MOMENTS, st.lists(st.integers(0, 6), min_size=1, max_size=90))
def test_a_flood_of_changes_is_limited_and_the_last_one_arrives(
    made: tuple[object, object, Roster], start: datetime, states: list[int]
) -> None:
    """Each minute the roster may be another: as far as its records went then, for somebody records and withdraws."""
    plan, changes, _ = made
    versions = [fold(plan, changes[:count]) for count in range(len(changes) + 1)]  # type: ignore[arg-type,index]
    desk, now = Desk(), start
    for state in states:
        now += MINUTE
        desk.tick(versions[min(state, len(versions) - 1)], now)
    last = versions[min(states[-1], len(versions) - 1)]
    calm = now + LONGEST_WAIT
    while now < calm:
        now += MINUTE
        desk.tick(last, now)
    standing = people_at(last, now, WORKDAYS)
    stood = all(people_at(last, now - step * MINUTE, WORKDAYS) == standing for step in range(13))
    if stood:
        assert desk.shown(now) == standing

    times = [at for at, _, _ in desk.sent]
    assert all(sum(one <= at < one + HOUR for at in times) <= MOST_AN_HOUR for one in times)
    for (_, before, ended), (at, after, _) in pairwise(desk.sent):
        assert before != after or at >= ended


@given(rosters(), MOMENTS)
def test_a_quiet_roster_is_told_once_a_change(made: tuple[object, object, Roster], start: datetime) -> None:
    """Ticks of ten minutes through two days: as many records as the people on duty changed, or a word ran out."""
    roster, desk = made[2], Desk()
    ticks = [start + 10 * MINUTE * step for step in range(288)]
    shown = [desk.tick(roster, now) for now in ticks]
    assert shown == [people_at(roster, now, WORKDAYS) for now in ticks]
    seen = [people_at(roster, now, WORKDAYS) for now in ticks]
    turns = sum(one != other for one, other in pairwise([(), *seen]))
    assert len(desk.sent) <= turns
