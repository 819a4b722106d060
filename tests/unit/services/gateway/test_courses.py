"""Referrals and requests over HTTP: what an officer's program sends and is shown, and never anything about a person."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas.access import Scope
from tests import papers
from tests.caller import Caller, calling
from tests.coursework import IDENTITY, MOBILE, NAME, consent, offer, request, three_counties
from tests.papers import HUANJIANG, LIBO
from tests.world import World

DESK = (Scope.EVENTS_READ, Scope.EVENTS_WRITE)


@pytest.fixture
async def world() -> World:
    """荔波 and 环江, and 南丹 beside them."""
    return await three_counties()


@pytest.fixture
async def libo(world: World) -> AsyncIterator[Caller]:
    """The desk of 荔波."""
    county = world[LIBO]
    async with calling(county, county.let_in("desk", *DESK)) as one:
        yield one


@pytest.fixture
async def huanjiang(world: World) -> AsyncIterator[Caller]:
    """The desk of 环江."""
    county = world[HUANJIANG]
    async with calling(county, county.let_in("desk", *DESK, officer="duty-a")) as one:
        yield one


def begun(content: dict[str, Any]) -> dict[str, Any]:
    """The body by which something begins."""
    return {"agreement": papers.AGREEMENT, "content": content}


async def test_a_referral_is_handled_over_http(world: World, libo: Caller, huanjiang: Caller) -> None:
    """Offered, listed, taken, opened with a reason, withdrawn; no answer but the opening says who it is about."""
    answer = await libo.post("/referrals", json=begun(offer()))
    assert answer.status == 202
    number = answer.body["id"]
    await world.carry()
    listed = (await huanjiang.get("/referrals")).body["referrals"]
    assert [(one["referral_id"], one["state"], one["erased_here"]) for one in listed] == [(number, "offered", False)]
    taken = {"move": "accept", "content": {"handled_by_role": "窗口经办员"}}
    assert (await huanjiang.post(f"/referrals/{number}/steps", json=taken)).status == 202
    event = listed[0]["offer_id"]
    assert (await huanjiang.get(f"/events/{event}")).body["content"] is None
    opened = await huanjiang.get(f"/events/{event}?why=handling")
    assert opened.body["content"]["fields"]["identity_number"] == IDENTITY
    rows = await world[HUANJIANG].store.read(lambda s: s.openings_of(event, 9))
    assert [(row.officer, row.reason) for row in rows] == [("duty-a", "handling")]
    await world.carry()
    withdrawn = {"move": "withdraw", "content": {"by": "person"}}
    assert (await libo.post(f"/referrals/{number}/steps", json=withdrawn)).status == 202
    await world.carry()
    for caller in (libo, huanjiang):
        shown = await caller.get(f"/referrals/{number}")
        assert (shown.body["state"], shown.body["erased_here"]) == ("withdrawn", True)
        assert [one["wire_type"].split(".")[3] for one in shown.body["steps"]] == [
            "referral_offered",
            "referral_accepted",
            "referral_withdrawn",
        ]
        assert (await caller.get("/referrals")).body["referrals"] == []
        everything = json.dumps([shown.body, (await caller.get("/referrals?open=false")).body], ensure_ascii=False)
        assert [word for word in (NAME, IDENTITY, MOBILE) if word in everything] == []
        assert (await caller.get(f"/events/{event}?why=handling")).body["content"] is None
    assert (await libo.get(f"/referrals/{number}")).body["erased_there"]


async def test_a_request_is_handled_over_http(world: World, libo: Caller, huanjiang: Caller) -> None:
    """Who is responsible and whose turn it is, at both desks."""
    number = (await libo.post("/services", json=begun(request()))).body["id"]
    await world.carry()
    theirs = (await huanjiang.get("/services")).body["services"][0]
    assert (theirs["stage"], theirs["ours"], theirs["responsible"]["adcode"]) == ("handed_over", True, LIBO)
    assert (await huanjiang.post(f"/services/{number}/steps", json={"move": "receive"})).status == 202
    await world.carry()
    ours = (await libo.get(f"/services/{number}")).body
    assert (ours["stage"], ours["ours"], ours["responsible"]["adcode"], ours["step_no"]) == (
        "at_work",
        False,
        HUANJIANG,
        2,
    )
    assert ours["due_at"] == "2026-03-11T08:00:00.000+08:00", "five workdays"
    early = await libo.post(f"/services/{number}/steps", json={"move": "deliver", "content": {"way": "desk"}})
    assert (early.status, early.body["code"]) == (409, "service.not_your_turn")
    assert early.is_problem


async def test_a_retry_takes_a_second_step(world: World, libo: Caller) -> None:
    """The same key is the same referral, and the same step, whatever stands there by now."""
    key = {"Idempotency-Key": "case-17"}
    first, again = [await libo.post("/referrals", json=begun(offer()), headers=key) for _ in range(2)]
    assert first.body == again.body
    assert (await libo.post("/referrals", json=begun(offer(fields={})), headers=key)).status == 409
    number = first.body["id"]
    await world.carry()
    key, body = {"Idempotency-Key": "step-1"}, {"move": "withdraw", "content": {"by": "person"}}
    first, again = [await libo.post(f"/referrals/{number}/steps", json=body, headers=key) for _ in range(2)]
    assert first.status == again.status == 202
    assert first.body == again.body
    assert (await libo.post(f"/referrals/{number}/steps", json=body)).body["code"] == "referral.ended"


@pytest.mark.parametrize("path", ["/referrals", "/services"])
async def test_a_key_that_is_none_stops_the_node(libo: Caller, path: str) -> None:
    """Bytes that are no text, or a blank: refused as anywhere else."""
    for key in ("\udce4", "a key"):
        answer = await libo.post(path, json=begun({}), headers={"Idempotency-Key": key})
        assert (answer.status, answer.body["code"]) == (400, "request.idempotency_key")


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        (offer(consent=consent(separate=False)), "content.rule", "content.consent.separate"),
        (offer() | {"referral_id": "1" * 32}, "content.unknown_field", "content.referral_id"),
        (offer() | {"to_office": "环江"}, "content.wrong_type", "content.to_office"),
        (offer() | {"consent": None}, "content.wrong_type", "content.consent"),
        ({}, "content.missing_field", "content.purpose"),
    ],
)
async def test_a_refusal_does_not_name_the_field(libo: Caller, content: dict[str, Any], code: str, field: str) -> None:
    """What to mend, and nothing of what was written."""
    answer = await libo.post("/referrals", json=begun(content))
    assert answer.is_problem
    assert (code, field) in [(one["code"], one["field"]) for one in answer.body["faults"]]
    assert [word for word in (NAME, IDENTITY, MOBILE) if word in json.dumps(answer.body, ensure_ascii=False)] == []


@pytest.mark.parametrize("path", ["/referrals", "/services"])
async def test_what_is_not_here_is_shown(libo: Caller, path: str) -> None:
    """A number of nothing, and what is no number."""
    assert (await libo.get(f"{path}/{'9' * 32}")).status == 404
    body = {"move": "accept"} if path == "/referrals" else {"move": "receive"}
    assert (await libo.post(f"{path}/{'9' * 32}/steps", json=body)).status == 404
    assert (await libo.get(f"{path}/12")).status == 400
    assert (await libo.post(f"{path}/{'9' * 32}/steps", json={"move": "jump"})).status == 422


async def test_whoever_may_only_read_takes_a_step(world: World) -> None:
    """Reading and writing are two scopes."""
    county = world[LIBO]
    async with calling(county, county.let_in("reader", Scope.EVENTS_READ)) as reader:
        assert (await reader.post("/referrals", json=begun(offer()))).status == 403
        assert (await reader.post("/services", json=begun(request()))).status == 403
        assert (await reader.get("/referrals")).status == 200
