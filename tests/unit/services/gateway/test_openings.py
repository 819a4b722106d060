"""Personal content is shown to who says why, and never before that is written down; the auditor sees who did."""

import json
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from schemas.access import Scope
from schemas.custody import OpeningReason
from tests.caller import Caller, calling
from tests.papers import HUANJIANG, LIBO
from tests.personal import TITLE, told_of_a_person
from tests.world import County, World, policy_draft

READER: Final = (Scope.EVENTS_READ, Scope.OPERATE)


@pytest.fixture
async def world() -> World:
    """荔波 has sent 环江 something about a person."""
    world, _ = await told_of_a_person()
    return world


@pytest.fixture
def county(world: World) -> County:
    """环江."""
    return world[HUANJIANG]


@pytest.fixture
async def caller(county: County) -> AsyncIterator[Caller]:
    """值班员甲 at 环江."""
    async with calling(county, county.let_in("desk", *READER, officer="duty-a")) as one:
        yield one


async def event_id(caller: Caller) -> str:
    """Return the id of the event."""
    return str((await caller.get("/events")).body["events"][0]["envelope_id"])


async def logged(county: County) -> list[tuple[int, str, str, OpeningReason]]:
    """Return what is written down."""
    rows = await county.store.read(lambda s: s.openings(0, 99))
    return [(row.number, row.access, row.officer, row.reason) for row in rows]


async def test_without_a_reason_everything_but_the_content_is_shown(caller: Caller, county: County) -> None:
    """That it came, from whom, and that it verifies, is nobody's secret here."""
    answer = await caller.get(f"/events/{await event_id(caller)}")
    assert (answer.status, answer.body["content"], answer.body["withheld"]) == (200, None, True)
    assert answer.body["verification"]["holds"]
    assert await logged(county) == []


async def test_with_a_reason_it_is_shown_and_written_down(caller: Caller, county: County) -> None:
    """Who, why, which; each time anew."""
    event = await event_id(caller)
    for number, why in enumerate(("handling", "subject_request"), 1):
        answer = await caller.get(f"/events/{event}?why={why}")
        assert (answer.body["content"]["title"], answer.body["withheld"]) == (TITLE, False)
        assert (await logged(county))[-1] == (number, "desk", "duty-a", OpeningReason(why))


async def test_what_cannot_be_written_down_is_not_shown(caller: Caller, county: County) -> None:
    """No log, no content."""
    event = await event_id(caller)
    county.store.disk_full = True
    answer = await caller.get(f"/events/{event}?why=handling")
    assert answer.status == 503
    assert TITLE not in json.dumps(answer.body, ensure_ascii=False)
    county.store.disk_full = False
    assert await logged(county) == []


@pytest.mark.parametrize("why", ["curiosity", "", "HANDLING"])
async def test_a_reason_is_one_of_four(caller: Caller, county: County, why: str) -> None:
    """Free text would outlive what it is about."""
    assert (await caller.get(f"/events/{await event_id(caller)}?why={why}")).status == 400
    assert await logged(county) == []


async def test_nobody_is_shown_it_in_passing(caller: Caller) -> None:
    """Not in a listing, and not where every other title stands."""
    listing = await caller.get("/events")
    assert listing.body["events"][0]["headline"] == ""
    assert TITLE not in json.dumps(listing.body, ensure_ascii=False)


async def test_other_events_need_no_reason_and_leave_no_row(world: World, county: County) -> None:
    """A log of everything is read by nobody."""
    await world[LIBO].send(policy_draft(to=[HUANJIANG], **{"class": "public"}))
    await world.carry()
    async with calling(county, county.let_in("desk", *READER)) as caller:
        newest = (await caller.get("/events?newest=true")).body["events"][0]["envelope_id"]
        for query in ("", "?why=review"):
            assert (await caller.get(f"/events/{newest}{query}")).body["content"] is not None
    assert await logged(county) == []


async def test_an_erased_content_is_not_opened(world: World, caller: Caller, county: County) -> None:
    """There is nothing to be shown, so nothing is written down."""
    event = await event_id(caller)
    libo = world[LIBO]
    async with calling(libo, libo.let_in("desk", Scope.EVENTS_READ, Scope.ERASE)) as author:
        assert (await author.post(f"/events/{event}/erasure", json={"reason": "completed"})).status == 200
    await world.carry()
    answer = await caller.get(f"/events/{event}?why=handling")
    assert (answer.body["content"], answer.body["withheld"]) == (None, False)
    assert await logged(county) == []


async def test_the_auditor_sees_who_opened_what(caller: Caller, county: County) -> None:
    """By a scope of its own, which lets nobody open anything; and no row says what was read."""
    event = await event_id(caller)
    for why in ("handling", "answering"):
        await caller.get(f"/events/{event}?why={why}")
    async with calling(county, county.let_in("auditor", Scope.OPENINGS_READ)) as auditor:
        found = (await auditor.get("/openings")).body
        of_event = (await auditor.get(f"/events/{event}/openings?limit=1")).body
        nothing = (await auditor.get(f"/events/{'0' * 64}/openings")).body
        assert (await auditor.get(f"/events/{event}?why=review")).status == 403
    assert [(one["number"], one["officer"], one["reason"]) for one in found["openings"]] == [
        (1, "duty-a", "handling"),
        (2, "duty-a", "answering"),
    ]
    assert [one["number"] for one in of_event["openings"]] == [2]
    assert nothing["openings"] == []
    assert found["log"] == of_event["log"] == _whole(found["openings"])
    assert TITLE not in json.dumps(found, ensure_ascii=False)


def _whole(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"count": len(rows), "digest": rows[-1]["digest"], "holds": True, "broken_at": None}


async def test_whoever_reads_events_does_not_read_the_log(caller: Caller) -> None:
    """It would tell the watched how they are watched."""
    assert (await caller.get("/openings")).status == 403
    assert (await caller.get(f"/events/{await event_id(caller)}/openings")).status == 403
