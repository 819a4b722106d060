"""``POST events/ID/calls``: a call by telephone becomes a signed record that both counties can show."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from schemas.access import Scope
from schemas.base import format_time
from tests import papers
from tests.caller import Caller, calling
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.world import OFFICER, World, alert_draft


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def caller(world: World) -> AsyncIterator[Caller]:
    """荔波's officer on duty."""
    county = world[LIBO]
    token = county.let_in("duty", Scope.EVENTS_READ, Scope.ACKNOWLEDGE, officer=OFFICER)
    async with calling(county, token) as one:
        yield one


async def sent(world: World) -> str:
    """Let 荔波 send an alert; nothing is carried yet."""
    return (await world[LIBO].send(alert_draft())).envelope_id


def call_of(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of the draft
    """Return the body of a call to 环江."""
    return {"county": HUANJIANG, "office": "值班室"} | changes


async def test_a_call_is_signed_kept_and_reaches_the_county_that_was_called(world: World, caller: Caller) -> None:
    """Who called, whom and when, at both ends; the third county learns nothing of it."""
    event = await sent(world)
    answer = await caller.post(f"/events/{event}/calls", json=call_of())
    assert answer.status == 202, answer.body
    assert answer.body["officer"] == "值班员甲"

    await world.carry()

    (line,) = (await caller.get(f"/events/{event}")).body["calls"]
    assert (line["source"], line["told"], line["outcome"]) == (LIBO, HUANJIANG, "told")
    assert line == answer.body
    for code, known in ((HUANJIANG, [line]), (NANDAN, [])):
        there = world[code]
        async with calling(there, there.let_in("reader", Scope.EVENTS_READ)) as reader:
            assert (await reader.get(f"/events/{event}")).body["calls"] == known
    record = await world[LIBO].store.read(lambda s: s.event(line["record_id"]))
    assert record is not None
    assert record.envelope.header.to == (HUANJIANG,)


async def test_a_call_ends_no_deadline_at_the_county_that_was_called(world: World, caller: Caller) -> None:
    """Only the neighbour itself can say that it has acknowledged."""
    event = await sent(world)
    await caller.post(f"/events/{event}/calls", json=call_of())
    await world.carry()
    deliveries = (await caller.get(f"/events/{event}")).body["deliveries"]
    assert all(one["acknowledged_at"] is None for one in deliveries)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"county": LIBO}, "call.not_addressed"),
        ({"called_at": format_time(papers.NOW + timedelta(hours=1))}, "call.called_at"),
        ({"called_at": format_time(papers.NOW - timedelta(hours=1))}, "call.called_at"),
        ({"outcome": "perhaps"}, "request.not_allowed"),
        ({"office": ""}, "request.too_short"),
        ({"phone": "13900000001"}, "request.unknown_field"),
    ],
)
async def test_a_call_that_cannot_have_been_is_refused(
    world: World, caller: Caller, changes: dict[str, str], code: str
) -> None:
    """And nothing is posted."""
    event = await sent(world)
    answer = await caller.post(f"/events/{event}/calls", json=call_of(**changes))
    assert (answer.status, answer.body["code"]) == (422, code)
    assert (await caller.get(f"/events/{event}")).body["calls"] == []


async def test_only_own_events_are_called_about_and_only_by_an_officer(world: World, caller: Caller) -> None:
    """Another's event, an unknown one, a token without a person."""
    event = await sent(world)
    await world.carry()
    there = world[HUANJIANG]
    token = there.let_in("duty", Scope.ACKNOWLEDGE, officer=OFFICER)
    async with calling(there, token) as theirs:
        assert (await theirs.post(f"/events/{event}/calls", json=call_of())).body["code"] == "call.not_ours"
    assert (await caller.post(f"/events/{'0' * 64}/calls", json=call_of())).status == 404
    county = world[LIBO]
    async with calling(county, county.let_in("machine", Scope.ACKNOWLEDGE)) as machine:
        assert (await machine.post(f"/events/{event}/calls", json=call_of())).body["code"] == "access.no_officer"
