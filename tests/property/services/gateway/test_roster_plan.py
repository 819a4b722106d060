"""The plan and the calendar file that the API gives are the domain's, whatever the roster says and whoever asks."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.calendar.files import CalendarFiles
from schemas.access import Scope
from schemas.base import format_time
from schemas.errors import Fault
from schemas.rosters import Change, RosterPlan
from services.domain.duty_calendars import shifts_in
from services.domain.roster_files import RosterHistory
from services.domain.rosters import TIERS, Roster, holder_at, shifts
from tests.caller import calling
from tests.papers import HUANJIANG
from tests.roster_strategies import FIRST, MINUTE, PEOPLE, SPAN_MINUTES, WORKDAYS, rosters
from tests.rosters import at, room
from tests.world import World

Built = tuple[RosterPlan, tuple[Change, ...], Roster]


class Held:
    """Satisfies ``services.roster_ports.Rosters`` with what hypothesis made."""

    def __init__(self, history: RosterHistory) -> None:
        self.history = history
        self.faults: tuple[Fault, ...] = ()

    def exists(self) -> bool:
        return True

    def current(self) -> RosterHistory:
        return self.history

    def change(self, decide: Callable[[RosterHistory], bytes], recorded_at: datetime) -> RosterHistory:
        raise NotImplementedError

    def keep_plan(self, now: datetime) -> bool:  # noqa: ARG002
        return False


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    rosters(),
    st.integers(0, SPAN_MINUTES),
    st.integers(1, 6 * 1440),
    st.none() | st.sampled_from(PEOPLE),
    st.lists(st.integers(0, SPAN_MINUTES), min_size=1, max_size=4),
)
def test_the_plan_of_the_api_is_the_domains(
    built: Built, begin: int, length: int, officer: str | None, minutes: list[int]
) -> None:
    """A console that shows another plan than the one that pages is worse than a sheet of paper."""
    plan, changes, roster = built
    history = RosterHistory(((at("2026-01-01 00:00"), plan),), changes, WORKDAYS, roster, "1" * 32)
    span = FIRST + begin * MINUTE, FIRST + (begin + length) * MINUTE
    moments = [FIRST + one * MINUTE for one in minutes]
    asyncio.run(_compare(history, span, officer, moments))


async def _compare(
    history: RosterHistory, span: tuple[datetime, datetime], officer: str | None, moments: list[datetime]
) -> None:
    county = World()[HUANJIANG]
    county.roster = room(Held(history))
    asked = {"from": format_time(span[0]), "to": format_time(span[1])} | ({"officer": officer} if officer else {})
    expected = [one for one in shifts(history.latest, *span, WORKDAYS) if officer in {None, one.officer}]
    async with calling(county, county.let_in("desk", Scope.EVENTS_READ)) as caller:
        told = (await caller.get("/roster/plan", params=asked)).body["shifts"]
        file = (await caller.get("/roster.ics", params=asked)).body
        for moment in moments:
            query = {"at": format_time(moment), "hindsight": "true"}
            people = (await caller.get("/roster/on-duty", params=query)).body["people"]
            standing = {one["tier"]: one["officer"] for one in people}
            for tier in TIERS:
                assert standing.get(tier) == holder_at(history.latest, tier, moment, WORKDAYS).officer
    assert [(one["tier"], one["officer"], one["starts_at"], one["ends_at"]) for one in told] == [
        (one.tier, one.officer, format_time(one.starts_at), format_time(one.ends_at)) for one in expected
    ]
    taken = shifts_in(CalendarFiles().read(file.encode()), history.latest, span)
    assert taken.faults == ()
    assert sorted((one.tier, one.officer, one.starts_at, one.ends_at) for one in taken.shifts) == sorted(
        (one.tier, one.officer, one.starts_at, one.ends_at) for one in expected if one.officer is not None
    )
