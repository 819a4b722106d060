"""CAP documents that wait for an officer: why, who sees them, and what becomes of them."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.access import Scope
from schemas.cap import CapAlert
from schemas.notices import NoticeKind
from schemas.officers import Role
from services.cap_intake import intake
from services.domain.cap import alert_id_of
from services.domain.cap_taking import HIDDEN
from tests.caller import Caller
from tests.cap_node import (
    MOBILE,
    OFFICE,
    RAIN,
    ROLE,
    content_of,
    hall_at,
    hand_in,
    naming,
    notices_of,
    officer_at,
    rain,
    told,
    xml,
)
from tests.papers import LIBO, alert_content
from tests.releasing import officer_at as second_at
from tests.releasing import released
from tests.world import OFFICER, World, alert_draft


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def hall(world: World, tmp_path: Path) -> AsyncIterator[Caller]:
    """A system of 荔波 that speaks CAP."""
    async with hall_at(world[LIBO], tmp_path) as caller:
        yield caller


async def test_an_alert_that_an_officer_wrote_is_not_replaced_unseen(world: World, hall: Caller) -> None:
    """Whoever took the matter into hand keeps it."""
    first = (await hand_in(hall, RAIN)).body["alert_id"]
    content = alert_content(predecessors=[{"alert_id": first}], report_stage="followup", report_no=2)
    await world[LIBO].send(alert_draft(type="cn.sihu.information.alert_updated.v1", content=content))
    answer = await hand_in(hall, naming(rain(2, sent="2026-03-04T07:55:00+08:00"), RAIN))
    assert (answer.body["outcome"], answer.body["faults"][0]["code"]) == ("held", "cap.unsure")


async def test_what_the_guards_find_is_held_and_an_officer_decides(world: World, hall: Caller) -> None:
    """Not sent, not lost, told to the duty officer; shown to a person alone, and destroyed once it is dealt with."""
    county = world[LIBO]
    data = xml(told(RAIN, description=f"联系 {MOBILE}"))
    answer = await hand_in(hall, data)
    assert (answer.status, answer.body["outcome"], answer.body["envelope_id"]) == (202, "held", None)
    assert answer.body["faults"][0]["code"] == "guard.personal_number"
    assert MOBILE not in json.dumps(answer.body)
    assert await notices_of(world[LIBO]) == [NoticeKind.CAP_HELD]
    assert (await hand_in(hall, data)).body == answer.body

    assert (await hall.get("/cap/documents/1")).body["code"] == "access.no_officer"
    officer = officer_at(county, hall)
    shown = (await officer.get("/cap/documents/1")).body
    assert shown["original"]
    draft = shown["draft"]
    draft["content"]["description"] = "联系值班室"
    draft["content"]["cap_lines"] = []
    sent = await released(officer, second_at(county, hall, "duty-b", Role.REVIEWER), draft)

    closed = await officer.post("/cap/documents/1/closing", json={"event": sent})
    assert (closed.status, closed.body["state"], closed.body["settled_by"]) == (200, "closed", OFFICER)
    assert closed.body["envelope_id"] == sent
    assert await notices_of(world[LIBO]) == []
    after = (await officer.get("/cap/documents/1")).body
    assert (after["draft"], after["original"]) == (None, False)
    assert (await officer.get("/cap/documents/1/original")).status == 410
    assert (await officer.get("/cap/documents")).body["documents"] == []
    assert (await hand_in(hall, data)).body["outcome"] == "closed"


async def test_a_number_in_a_name_is_not_kept_for_ever(world: World, hall: Caller) -> None:
    """The row outlives the draft, and whoever lists documents need be no officer."""
    answer = await hand_in(hall, rain(1, sender=f"{MOBILE}@weather.example"))
    assert answer.body["outcome"] == "held"
    listed = await hall.get("/cap/documents")
    assert MOBILE not in json.dumps(listed.body)
    assert listed.body["documents"][0]["sender"] == HIDDEN
    officer = officer_at(world[LIBO], hall)
    assert MOBILE in json.dumps((await officer.get("/cap/documents/1")).body["draft"])


async def test_an_update_of_what_was_mended_by_hand_finds_it(world: World, hall: Caller) -> None:
    """The officer gave it another number; the book knows."""
    officer = officer_at(world[LIBO], hall)
    await hand_in(hall, RAIN, approved_by_role="")
    draft = (await officer.get("/cap/documents/1")).body["draft"]
    draft["content"] |= {"alert_id": f"{OFFICE}_20260304075959_9", "approved_by_role": ROLE}
    update = naming(rain(2, sent="2026-03-04T07:55:00+08:00"), RAIN)
    early = await hand_in(hall, update)
    assert [one["code"] for one in early.body["faults"]][:1] == ["cap.unsent"]

    sent = await released(officer, second_at(world[LIBO], hall, "duty-b", Role.REVIEWER), draft)
    await officer.post("/cap/documents/1/closing", json={"event": sent})
    later = naming(rain(3, sent="2026-03-04T07:56:00+08:00"), RAIN)
    content = await content_of(hall, await hand_in(hall, later))
    assert [one["alert_id"] for one in content["predecessors"]] == [f"{OFFICE}_20260304075959_9"]


async def test_closing_is_for_what_is_held_and_names_an_own_alert(world: World, hall: Caller) -> None:
    """Anything else is said, and changes nothing."""
    officer = officer_at(world[LIBO], hall)
    await hand_in(hall, RAIN, approved_by_role="")
    sent = await hand_in(hall, rain(2))
    assert (await hall.post("/cap/documents/1/closing")).body["code"] == "access.no_officer"
    assert (await officer.post("/cap/documents/9/closing")).body["code"] == "cap.not_found"
    strange = await officer.post("/cap/documents/1/closing", json={"event": "0" * 64})
    assert (strange.status, strange.body["code"]) == (422, "cap.no_alert")
    assert (await officer.post("/cap/documents/1/closing", json={"events": 1})).status == 422
    assert (await officer.post("/cap/documents/2/closing")).body["state"] == "sent"
    dropped = await officer.post("/cap/documents/1/closing")
    assert (dropped.body["state"], dropped.body["envelope_id"]) == ("closed", None)
    again = await officer.post("/cap/documents/1/closing", json={"event": sent.body["envelope_id"]})
    assert again.body == dropped.body
    assert (await officer.post("/cap/documents/1/closing", json={"event": "0" * 64})).body == dropped.body


@pytest.mark.parametrize(
    ("document", "field", "asked"),
    [
        (RAIN, "approved_by_role", {"approved_by_role": ""}),
        (replace(RAIN, status="Draft"), "status", {}),
    ],
)
async def test_what_nobody_stands_behind_waits(
    world: World, hall: Caller, document: CapAlert, field: str, asked: dict[str, str]
) -> None:
    """No alert goes out that no role of ours released, and no template either."""
    answer = await hand_in(hall, document, **asked)
    assert (answer.body["outcome"], answer.body["faults"][0]["field"]) == ("held", field)
    assert (await hall.get("/events?direction=out")).body["events"] == []
    assert await notices_of(world[LIBO]) == [NoticeKind.CAP_HELD]


async def test_nobody_changes_what_another_sender_issued(hall: Caller) -> None:
    """A cancellation by another sender is a question for an officer, whatever token brings it."""
    await hand_in(hall, RAIN)
    foreign = naming(rain(2, sender="other@weather.example", note="x"), RAIN, kind="Cancel")
    answer = await hand_in(hall, foreign)
    assert (answer.body["outcome"], answer.body["faults"][0]["code"]) == ("held", "cap.other_sender")


async def test_a_number_that_belongs_to_another_alert_is_not_changed_unseen(world: World, hall: Caller) -> None:
    """What an update names never came this way, and an alert of ours has its number: a person must look."""
    derived = (await hand_in(hall, RAIN)).body["alert_id"]
    twin = next(
        one
        for one in (rain(number) for number in range(2, 99))
        if alert_id_of(OFFICE, one.sender, one.identifier, world.clock.now() - timedelta(minutes=10)) == derived
    )
    answer = await hand_in(hall, naming(rain(99, sent="2026-03-04T07:55:00+08:00"), twin))
    assert (answer.body["outcome"], answer.body["faults"][0]["code"]) == ("held", "cap.unsure")


async def test_a_full_desk_tells_to_come_back(hall: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that loses nothing: the next one is not kept, and what needs nobody goes out all the same."""
    monkeypatch.setattr(intake, "HELD_MAX", 1)
    await hand_in(hall, rain(1), approved_by_role="")
    refused = await hand_in(hall, rain(2), approved_by_role="")
    assert (refused.status, refused.body["code"]) == (503, "cap.desk_full")
    assert (await hand_in(hall, rain(2))).body["outcome"] == "sent"
    assert (await hand_in(hall, rain(1), approved_by_role="")).body["outcome"] == "held"


@pytest.mark.parametrize("officer", [None, OFFICER])
async def test_a_grave_document_from_no_automatic_source_waits_for_two_officers(
    world: World, hall: Caller, officer: str | None
) -> None:
    """CAP is no way around the second officer, whatever role the caller names; and nothing is lost by asking."""
    county = world[LIBO]
    token = county.let_in("desk", Scope.EVENTS_READ, Scope.EVENTS_WRITE, officer=officer)
    answer = await hand_in(Caller(hall.session, token, hall.port), RAIN)
    assert (answer.status, answer.body["outcome"], answer.body["envelope_id"]) == (202, "held", None)
    assert answer.body["faults"][0]["code"] == "release.second_officer"
    assert await notices_of(county) == [NoticeKind.CAP_HELD]

    author = officer_at(county, hall)
    draft = (await author.get("/cap/documents/1")).body["draft"]
    assert (await author.post("/events", json=draft)).body["code"] == "release.second_officer"
    sent = await released(author, second_at(county, hall, "duty-b", Role.REVIEWER), draft)
    closed = await author.post("/cap/documents/1/closing", json={"event": sent})
    assert (closed.status, closed.body["envelope_id"]) == (200, sent)
