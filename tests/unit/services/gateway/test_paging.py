"""What the desk sees of telling people, and what it may order."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.sqlite.store import open_store
from schemas.access import Scope
from schemas.escalations import EscalationState
from tests.caller import Caller, calling
from tests.night import Night, code_in
from tests.pagers import PHONES
from tests.papers import HUANJIANG

A = PHONES["duty-a"]


@pytest.fixture
def night() -> Night:
    return Night()


@pytest.fixture
async def caller(night: Night) -> AsyncIterator[Caller]:
    """Whoever sits at 环江's desk."""
    token = night.county.let_in("desk", Scope.EVENTS_READ, Scope.ACKNOWLEDGE, Scope.OPERATE, officer="duty-a")
    async with calling(night.county, token) as one:
        yield one


async def test_the_timeline_says_who_was_told_what_and_what_they_said(night: Night, caller: Caller) -> None:
    """The morning after, somebody asks why nobody came."""
    alert = await night.alert(2)
    (first,) = night.sms.to(A)
    (line,) = (await caller.get("/escalations")).body["escalations"]
    assert (line["key"], line["level"], line["state"]) == (alert, 2, "open")

    await night.says("duty-a", f"{code_in(first.text)}处置")

    assert (await caller.get("/escalations")).body["escalations"] == []
    found = (await caller.get(f"/escalations/{alert}")).body
    assert found["escalation"]["owner"] == "duty-a"
    assert found["escalation"]["owner_word"] == "received"
    assert [(one["officer"], one["word"], one["strength"]) for one in found["answers"]] == [
        ("duty-a", "handling", "sms_number")
    ]
    told = {(one["display"], one["medium"], one["state"]) for one in found["pages"]}
    assert ("值班员甲", "sms", "submitted") in told
    assert [one["providers"] for one in found["pages"] if one["medium"] == "sms"] == [["mobile"]]
    assert found["changes"][-1]["change"] == "acknowledged"
    assert A not in str(found)


async def test_only_the_leader_silences_a_grave_alert(night: Night, caller: Caller) -> None:
    """And not for longer than half an hour; nobody is told meanwhile, and the ladder goes on behind it."""
    alert = await night.alert(2)
    order = {"minutes": 10, "reason": "已电话核实"}
    refused = await caller.post(f"/escalations/{alert}/silence", json=order)
    assert (refused.status, refused.body["code"]) == (409, "silence.leader_only")
    token = night.county.let_in("lead", Scope.ACKNOWLEDGE, Scope.EVENTS_READ, officer="leader-a")
    async with calling(night.county, token) as leader:
        long = await leader.post(f"/escalations/{alert}/silence", json=order | {"minutes": 60})
        assert long.body["code"] == "silence.too_long"
        done = await leader.post(f"/escalations/{alert}/silence", json=order)
        assert (done.status, done.body["by_leader"]) == (202, True)
        told = len(night.sms.sent) + len(night.voice.sent)
        await night.later(minutes=9)
        assert len(night.sms.sent) + len(night.voice.sent) == told
        (silence,) = (await leader.get("/silences")).body["silences"]
        ended = await leader.post(f"/silences/{silence['number']}/ending")
        assert (ended.status, ended.body["silences"]) == (200, [])
        assert (await leader.post(f"/silences/{silence['number']}/ending")).status == 404
    await night.later(minutes=5)
    assert len(night.sms.sent) + len(night.voice.sent) > told


async def test_a_drill_runs_on_the_store_of_a_node(tmp_path: Path) -> None:
    """It has no event: whoever asked the database for one by the drill's name would end the node."""
    async with open_store(tmp_path / "county.db", county=HUANJIANG, floor_bytes=0) as store:
        night = Night(store)
        token = night.county.let_in("desk", Scope.EVENTS_READ, Scope.OPERATE)
        async with calling(night.county, token) as desk:
            key = (await desk.post("/drills", json={"level": 2})).body["key"]
            await night.later(minutes=26)
            assert "【演练】" in night.sms.to(A)[0].text
            assert await night.state(key) is EscalationState.EXHAUSTED
            assert (await desk.get(f"/escalations/{key}")).body["pages"]


async def test_a_drill_goes_the_whole_way_and_says_so_first(night: Night, caller: Caller) -> None:
    """A drill that looks like an alert would empty villages."""
    begun = await caller.post("/drills", json={"level": 2})
    assert begun.status == 202
    await night.desk.run_once()
    (first,) = night.sms.to(A)
    assert first.text.startswith("【环江应急】【演练】")
    (call,) = night.voice.to(A)
    assert call.spoken.startswith("演练，演练。")
    await night.says("duty-a", f"{code_in(first.text)}收到")
    assert await night.state(begun.body["key"]) is EscalationState.ACKNOWLEDGED
    assert (await night.county.counts())["receipts_out"] == 0


async def test_a_drill_that_is_begun_twice_by_one_key_is_one(caller: Caller) -> None:
    """Else everybody on duty is woken twice by one slow page."""
    key = {"Idempotency-Key": "drill-1"}
    begun = [await caller.post("/drills", json={"level": 2}, headers=key) for _ in range(2)]
    other = await caller.post("/drills", json={"level": 1}, headers=key)
    apart = await caller.post("/drills", json={"level": 2})

    assert [one.status for one in begun] == [202, 202]
    assert begun[0].body["key"] == begun[1].body["key"] != apart.body["key"]
    assert (other.status, other.body["code"]) == (409, "request.idempotency_conflict")


async def test_providers_and_duty_are_shown_without_numbers(night: Night, caller: Caller) -> None:
    """Numbers stand in the roster alone."""
    night.sms.ready = False
    providers = (await caller.get("/providers")).body["providers"]
    assert [(one["name"], one["ready"]) for one in providers][:2] == [("mobile", False), ("calls", True)]
    duty = await caller.get("/duty")
    assert [one["officer"] for one in duty.body["people"]][:2] == ["duty-a", "duty-b"]
    assert not any(phone in str(duty.body) for phone in PHONES.values())


async def test_a_node_without_a_roster_says_that_it_tells_nobody(night: Night) -> None:
    """It is no error that must be looked for in a log."""
    night.county.people = None
    token = night.county.let_in("desk", Scope.EVENTS_READ, Scope.OPERATE)
    async with calling(night.county, token) as one:
        assert (await one.get("/duty")).body["code"] == "paging.off"
        assert (await one.get("/providers")).body["providers"] == []
        assert (await one.get("/escalations")).body["escalations"] == []
        assert (await one.post("/drills", json={"level": 2})).status == 404


@pytest.mark.parametrize("path", ["/escalations/" + "0" * 64, "/escalations/drill-0000000000000000"])
async def test_what_nobody_is_told_of_has_no_timeline(caller: Caller, path: str) -> None:
    assert (await caller.get(path)).status == 404
