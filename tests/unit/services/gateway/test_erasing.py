"""``POST events/ID/erasure``: what it answers, and what is shown afterwards."""

from collections.abc import AsyncIterator

import pytest

from schemas.access import Scope
from tests import papers
from tests.caller import Caller, calling
from tests.papers import HUANJIANG, LIBO
from tests.world import World, policy_draft


@pytest.fixture
async def world() -> World:
    """荔波 has sent a bulletin to both neighbours, and both have it."""
    world = World()
    await world[LIBO].send(policy_draft())
    await world.carry()
    return world


@pytest.fixture
async def caller(world: World) -> AsyncIterator[Caller]:
    """Whoever operates 荔波's node."""
    county = world[LIBO]
    async with calling(county, county.let_in("desk", Scope.EVENTS_READ, Scope.ERASE)) as one:
        yield one


async def sent_id(caller: Caller) -> str:
    """Return the id of the bulletin."""
    return str((await caller.get("/events?direction=out")).body["events"][0]["envelope_id"])


async def test_an_event_is_erased_and_shown_as_erased(world: World, caller: Caller) -> None:
    """Its content is null, and who has erased it stands there once they said so."""
    event = await sent_id(caller)
    answer = await caller.post(f"/events/{event}/erasure", json={"reason": "mistaken"})
    assert (answer.status, [one["county"] for one in answer.body["erasures"]]) == (200, [LIBO])

    await world.carry()

    detail = (await caller.get(f"/events/{event}")).body
    assert detail["content"] is None
    assert detail["verification"]["holds"]
    assert {one["county"] for one in detail["erasures"]} == set(papers.COUNTIES)
    assert {one["reason"] for one in detail["erasures"]} == {"mistaken"}


@pytest.mark.parametrize("body", [{}, {"reason": "because"}, {"reason": "expired", "note": "x"}])
async def test_a_reason_is_one_of_five(caller: Caller, body: dict[str, str]) -> None:
    """No free text: it would outlive what it is about."""
    event = await sent_id(caller)
    assert (await caller.post(f"/events/{event}/erasure", json=body)).status == 422
    assert (await caller.get(f"/events/{event}")).body["content"] is not None


async def test_what_cannot_be_erased_is_refused_with_its_code(world: World, caller: Caller) -> None:
    """Each with its status: unknown, another's."""
    unknown = await caller.post(f"/events/{'0' * 64}/erasure", json={"reason": "expired"})
    assert (unknown.status, unknown.body["code"]) == (404, "request.not_found")
    await world[HUANJIANG].send(policy_draft())
    await world.carry()
    theirs = (await caller.get("/events?direction=in")).body["events"][0]["envelope_id"]
    refused = await caller.post(f"/events/{theirs}/erasure", json={"reason": "expired"})
    assert (refused.status, refused.body["code"]) == (409, "erasure.not_ours")


async def test_whoever_may_only_send_cannot_erase(world: World, caller: Caller) -> None:
    """It cannot be taken back, so it is the operator's."""
    event, county = await sent_id(caller), world[LIBO]
    async with calling(county, county.let_in("sender", Scope.EVENTS_READ, Scope.EVENTS_WRITE, Scope.OPERATE)) as sender:
        assert (await sender.post(f"/events/{event}/erasure", json={"reason": "expired"})).status == 403
