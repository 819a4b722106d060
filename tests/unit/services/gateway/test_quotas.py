"""A county that has used up its share of an hour is told when to come back."""

import json

from schemas.access import Scope
from schemas.agreements import Quota
from tests import papers
from tests.caller import calling
from tests.world import World, alert_draft, policy_draft

TRUST = papers.trust(papers.in_force(quotas=(Quota(events_per_hour=2),)))
JSON = {"Content-Type": "application/json"}


async def test_the_third_event_of_an_hour_is_told_to_come_back_and_then_goes_through() -> None:
    """Without Retry-After an adapter hammers the node, or drops the event for good."""
    world = World(trust=TRUST)
    libo = world[papers.LIBO]
    body = json.dumps(policy_draft()).encode()
    async with calling(libo, libo.let_in("hall", Scope.EVENTS_WRITE, Scope.UNATTENDED)) as caller:
        taken = [(await caller.post("/events", data=body, headers=JSON)).status for _ in range(2)]
        answer = await caller.post("/events", data=body, headers=JSON)
        assert (*taken, answer.status) == (202, 202, 429)
        assert (answer.body["code"], answer.body["field"]) == ("sharing.quota", "agreement")
        assert answer.is_problem
        await world.clock.move(int(answer.headers["Retry-After"]))
        assert (await caller.post("/events", data=body, headers=JSON)).status == 202
    counts = await libo.counts()
    assert counts["events_out"] == 3


async def test_what_was_accepted_is_answered_again_although_the_share_is_used_up() -> None:
    """Whoever got no answer and asks again would believe that the event was refused, and it was sent."""
    world = World(trust=TRUST)
    libo = world[papers.LIBO]
    body = json.dumps(policy_draft()).encode()
    async with calling(libo, libo.let_in("hall", Scope.EVENTS_WRITE, Scope.UNATTENDED)) as caller:
        first = await caller.post("/events", data=body, headers=JSON | {"Idempotency-Key": "k1"})
        await caller.post("/events", data=body, headers=JSON)
        again = await caller.post("/events", data=body, headers=JSON | {"Idempotency-Key": "k1"})
    assert (again.status, again.body) == (202, first.body)


async def test_an_alert_is_never_counted() -> None:
    """A county that has sent its bulletins could not warn any more."""
    world = World(trust=TRUST)
    libo = world[papers.LIBO]
    body = json.dumps(policy_draft()).encode()
    alert = json.dumps(alert_draft()).encode()
    async with calling(libo, libo.let_in("hall", Scope.EVENTS_WRITE, Scope.UNATTENDED)) as caller:
        for _ in range(2):
            await caller.post("/events", data=body, headers=JSON)
        assert (await caller.post("/events", data=alert, headers=JSON)).status == 202
