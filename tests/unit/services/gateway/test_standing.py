"""How things stand: which alerts still count and what was answered to them, and which neighbour is heard of."""

from datetime import timedelta

import pytest

from schemas.access import Scope
from tests import papers
from tests.caller import calling
from tests.duties import OFFICE, Telling
from tests.world import County, World, alert_draft

_MANY = 70


@pytest.fixture
def world() -> World:
    return World()


def reader(county: County) -> str:
    """Return the token of a board."""
    return county.let_in("board", Scope.EVENTS_READ)


async def test_an_alert_in_force_is_not_hidden_by_a_night_of_others(world: World) -> None:
    """A landslide warning of yesterday stands behind seventy that are over; it must still be on the desk."""
    county = world[papers.HUANJIANG]
    first = await world[papers.LIBO].send(alert_draft())
    soon = papers.NOW + timedelta(minutes=5)
    for number in range(_MANY):
        at = 2 * number
        content = papers.alert_content(
            alert_id=f"52272241600000_2026030408{at // 60:02}{at % 60:02}_2", expires=soon.isoformat()
        )
        await world[papers.LIBO].send(alert_draft(content=content))
    await world.carry()
    await world.clock.move(360)
    async with calling(county, reader(county)) as caller:
        standing = await caller.get("/alerts", params={"standing": "true"})
        newest = await caller.get("/alerts", params={"limit": "200"})

    assert [one["event"]["envelope_id"] for one in standing.body["alerts"]] == [first.envelope_id]
    assert first.envelope_id not in [one["event"]["envelope_id"] for one in newest.body["alerts"]]


async def test_what_was_answered_stands_beside_the_alert(world: World) -> None:
    """The next officer calls the neighbour again because nothing says that it was taken."""
    county = world[papers.HUANJIANG]
    posted = await world[papers.LIBO].send(alert_draft())
    await world.carry()
    duty = county.let_in("duty", Scope.ACKNOWLEDGE, Scope.EVENTS_READ, officer="duty-a")
    async with calling(county, duty) as caller:
        before = await caller.get("/alerts")
        await caller.post(f"/events/{posted.envelope_id}/acknowledgement", json={"answer": "cannot"})
        declined = await caller.get("/alerts")
        await caller.post(f"/events/{posted.envelope_id}/acknowledgement", json={"answer": "handling"})
        taken = await caller.get("/alerts")

    first, second, third = (one.body["alerts"][0] for one in (before, declined, taken))
    assert (first["in_force"], first["taken"], first["answer"]) == (True, False, None)
    assert (second["taken"], second["answer"]["answer"]) == (False, "cannot")
    assert (third["taken"], third["answer"]["answer"], third["answer"]["officer"]) == (True, "handling", "值班员甲")


@pytest.mark.parametrize("kind", ["updated", "cancelled"])
async def test_an_exercise_that_an_older_program_let_pass_ends_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The red alert is gone from the desk and the feed while the water rises, by one officer's word."""
    for end in ("gateway", "receiver"):
        monkeypatch.setattr(f"services.{end}.history.judge_status", lambda *_: None)
    given = {"alert_id": "52272241600000_20260304080000_2", "report_stage": "followup", "report_no": 2, "note": "演练"}
    named = [{"alert_id": papers.alert_content()["alert_id"]}]
    draft = alert_draft(content=papers.alert_content(**given, warning_level=4, predecessors=named), status="exercise")
    red = await world[papers.LIBO].send(alert_draft())
    await world[papers.LIBO].send(draft | {"type": papers.ALERT.replace("issued", kind)})
    await world.carry()
    for county in (world[papers.LIBO], world[papers.HUANJIANG]):
        async with calling(county, reader(county)) as caller:
            standing = (await caller.get("/alerts", params={"standing": "true"})).body["alerts"]
        assert red.envelope_id in [one["event"]["envelope_id"] for one in standing]


async def test_a_neighbour_that_was_never_heard_of_is_silent(world: World) -> None:
    """A line that looks healthy because nothing is known of it costs two hours."""
    county = world[papers.HUANJIANG]
    await world[papers.LIBO].send(alert_draft())
    await world.carry()
    async with calling(county, reader(county)) as caller:
        links = (await caller.get("/links")).body["links"]
        await world.clock.move(county.gateway().silent_after.total_seconds() + 1)
        later = (await caller.get("/links")).body["links"]

    by_county = {one["county"]: one for one in links}
    assert by_county[papers.LIBO]["silent"] is False
    assert by_county[papers.NANDAN]["heard_at"] is None or by_county[papers.NANDAN]["silent"] is False
    assert all(one["silent"] for one in later)


async def test_who_is_on_duty_next_door_stands_beside_the_link(world: World) -> None:
    """Until it ends, and not a moment longer: the wrong name on the telephone costs more than none."""
    county = world[papers.HUANJIANG]
    telling = Telling(world)
    await telling.tell()
    async with calling(county, reader(county)) as caller:
        links = {one["county"]: one["duty"] for one in (await caller.get("/links")).body["links"]}
        await world.clock.move(29 * 60 + 59)
        still = {one["county"]: one["duty"] for one in (await caller.get("/links")).body["links"]}
        await world.clock.move(1)
        over = {one["county"]: one["duty"] for one in (await caller.get("/links")).body["links"]}

    assert links[papers.NANDAN] is None
    duty = links[papers.LIBO]
    assert set(duty) == {"office", "people", "valid_until", "told_at"}
    assert (duty["office"], duty["valid_until"]) == (OFFICE, "2026-03-04T08:30:00.000+08:00")
    assert [set(one) for one in duty["people"]] == [{"tier", "display"}] * 2
    assert [one["tier"] for one in duty["people"]] == ["primary", "secondary"]
    assert still[papers.LIBO] == duty
    assert over[papers.LIBO] is None
