"""``POST cap``: what goes out by itself, and what is refused; over real HTTP, documents read by the real reader."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.cap.reader import CapFile, read_cap
from adapters.cap.signature import sign_cap
from adapters.cap.writer import canonical
from schemas.access import Scope
from schemas.cap import CapAlert
from tests.caller import Caller, calling
from tests.cap_node import (
    MOBILE,
    OFFICE,
    RAIN,
    ROLE,
    cap_at,
    content_of,
    hall_at,
    hand_in,
    naming,
    officer_at,
    rain,
    told,
    xml,
)
from tests.certificates import certificate_of, key_of, write_pem
from tests.papers import AGREEMENT, HUANJIANG, LIBO, NANDAN
from tests.world import World

SCOPES = (Scope.EVENTS_READ, Scope.EVENTS_WRITE, Scope.UNATTENDED, Scope.OPERATE)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def hall(world: World, tmp_path: Path) -> AsyncIterator[Caller]:
    """A system of 荔波 that speaks CAP."""
    async with hall_at(world[LIBO], tmp_path) as caller:
        yield caller


async def test_a_document_goes_out_as_an_event_and_comes_out_whole(world: World, hall: Caller) -> None:
    """Signed, chained, numbered by our office; the neighbour can write the very document again."""
    data = xml(RAIN)
    answer = await hand_in(hall, data)
    content = await content_of(hall, answer)
    assert content["alert_id"] == answer.body["alert_id"] == f"{OFFICE}_20260304075000_{content['alert_id'][-1]}"
    assert (content["cap_identifier"], content["warning_level"], content["approved_by_role"]) == ("R-1", 2, ROLE)
    assert (answer.body["signer"], answer.body["number"]) == (None, 1)
    assert "approved_by_role" not in {one["field"] for one in answer.body["faults"]}

    await world.carry()

    there = world[HUANJIANG]
    async with calling(there, there.let_in("reader", *SCOPES)) as reader:
        detail = (await reader.get(f"/events/{answer.body['envelope_id']}")).body
    assert (detail["verification"]["holds"], detail["content"]) == (True, content)


async def test_the_original_lies_beside_the_event_until_that_is_erased(world: World, hall: Caller) -> None:
    """The bytes as they came, for whoever must compare; erasing takes them, too."""
    county = world[LIBO]
    data = xml(RAIN)
    answer = await hand_in(hall, data, approved_by_role=ROLE)
    officer = officer_at(county, hall)
    original = await officer.get("/cap/documents/1/original")
    assert (original.status, original.headers["Content-Type"], original.body) == (200, "application/cap+xml", data)
    assert (await hall.get("/cap/documents/1/original")).body["code"] == "access.no_officer"

    await world.carry()
    await world.clock.move(7 * 3600)
    eraser = Caller(hall.session, county.let_in("eraser", Scope.ERASE), hall.port)
    erased = await eraser.post(f"/events/{answer.body['envelope_id']}/erasure", json={"reason": "mistaken"})
    assert erased.status == 200, erased.body

    gone = await officer.get("/cap/documents/1/original")
    assert (gone.status, gone.body["code"]) == (410, "cap.erased")
    assert gone.is_problem


async def test_the_same_document_is_one_event(hall: Caller) -> None:
    """A system that got no answer sends again, perhaps with other blanks; what says something else is refused."""
    first = await hand_in(hall, RAIN)
    again = await hand_in(hall, xml(RAIN).replace(b"><", b">\n <"))
    assert (again.status, again.body) == (202, first.body)

    other = await hand_in(hall, told(RAIN, headline="另一份"))
    assert (other.status, other.body["code"], other.body["field"]) == (409, "cap.differs", "identifier")
    assert len((await hall.get("/events?direction=out")).body["events"]) == 1


async def test_two_documents_of_one_second_get_two_numbers(hall: Caller) -> None:
    """One in ten would share the digit, and an update of the one would replace the other."""
    numbers = [(await hand_in(hall, rain(number))).body["alert_id"] for number in range(10)]
    assert len(set(numbers)) == 10
    full = await hand_in(hall, rain(10))
    assert (full.body["outcome"], full.body["faults"][0]["code"]) == ("held", "cap.no_number")


async def test_an_update_and_a_cancellation_find_what_they_change(world: World, hall: Caller) -> None:
    """Also when the first one had to take another digit."""
    documents = [rain(number) for number in range(4)]
    numbers = [(await hand_in(hall, one)).body["alert_id"] for one in documents]
    update = naming(rain(20, sent="2026-03-04T07:55:00+08:00"), documents[3])
    content = await content_of(hall, await hand_in(hall, update))
    assert [one["alert_id"] for one in content["predecessors"]] == [numbers[3]]

    cancel = naming(rain(21, sent="2026-03-04T07:58:00+08:00", note="雨停"), update, kind="Cancel")
    ended = await content_of(hall, await hand_in(hall, cancel))
    assert [one["alert_id"] for one in ended["predecessors"]] == [content["alert_id"]]
    assert ended["note"] == "雨停"

    late = await hand_in(hall, naming(rain(22, sent="2026-03-04T07:57:00+08:00"), documents[0]))
    assert late.body["outcome"] == "sent"
    await world.carry()
    marks = [one["marks"] for one in (await hall.get("/events?direction=out")).body["events"]]
    assert marks == [[]] * 7


async def test_an_update_that_names_the_first_alone_replaces_the_others_too(world: World, hall: Caller) -> None:
    """Many services refer to the first document of an event alone; ours names every alert that is still in force."""
    first = (await hand_in(hall, RAIN)).body["alert_id"]
    second = (await hand_in(hall, naming(rain(2, sent="2026-03-04T07:55:00+08:00"), RAIN))).body["alert_id"]
    third = naming(rain(3, sent="2026-03-04T07:57:00+08:00"), RAIN)
    answer = await hand_in(hall, third)
    content = await content_of(hall, answer)
    assert [one["alert_id"] for one in content["predecessors"]] == [first, second]
    await world.carry()
    received = await hall.get(f"/events/{answer.body['envelope_id']}/cap?as_received=true")
    assert canonical(received.body) == canonical(xml(third))


async def test_a_document_that_calls_itself_an_exercise_ends_no_real_alert(hall: Caller) -> None:
    """Whoever may hand a document in would end a red alert without a second officer."""
    assert (await hand_in(hall, RAIN)).body["outcome"] == "sent"
    end = naming(rain(2, sent="2026-03-04T07:55:00+08:00", note="演练"), RAIN, kind="Cancel", status="Exercise")
    refused = await hand_in(hall, end)
    assert (refused.status, refused.body["code"]) == (422, "alert.other_status")
    assert (await hand_in(hall, replace(end, status="Actual", note="雨停"))).body["outcome"] == "sent"


async def test_an_exercise_does_not_take_a_real_alert_with_it(hall: Caller) -> None:
    """Both change what never came here: the exercise would be told to replace the real one, and be refused."""
    lost = rain(9, sent="2026-03-04T07:40:00+08:00")
    assert (await hand_in(hall, naming(rain(2, sent="2026-03-04T07:55:00+08:00"), lost))).body["outcome"] == "sent"
    played = naming(rain(3, sent="2026-03-04T07:56:00+08:00"), lost, status="Exercise")
    assert (await hand_in(hall, played)).body["outcome"] == "sent"
    assert (await hand_in(hall, lost)).body["code"] == "cap.overtaken", "the real update came before it"


async def test_an_exercise_beforehand_does_not_keep_a_real_alert_out(hall: Caller) -> None:
    """An exercise that names what is yet to come would have the red alert refused as replaced already."""
    played = naming(rain(2, sent="2026-03-04T07:55:00+08:00"), RAIN, status="Exercise")
    assert (await hand_in(hall, played)).body["outcome"] == "sent"
    assert (await hand_in(hall, RAIN)).body["outcome"] == "sent"


async def test_what_was_replaced_already_comes_too_late(hall: Caller) -> None:
    """An alert that arrives behind its own update must not wake anybody."""
    update = naming(rain(2, sent="2026-03-04T07:55:00+08:00"), RAIN)
    assert (await hand_in(hall, update)).body["outcome"] == "sent"
    late = await hand_in(hall, RAIN)
    assert (late.status, late.body["code"]) == (409, "cap.overtaken")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', 422, "cap.dtd"),
        (b"<!DOCTYPE html><html/>", 422, "cap.dtd"),
        (b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.1"/>', 422, "cap.version"),
        (b"<alert/>", 422, "cap.not_cap"),
        (b"<alert", 422, "cap.malformed"),
        (b"", 422, "cap.malformed"),
        (b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"/>', 422, "cap.schema"),
        (b" " * (256 * 1024 + 1), 413, "cap.too_large"),
        (b" " * (400 * 1024), 413, "cap.too_large"),
        (xml(replace(RAIN, scope="Restricted")), 422, "cap.scope"),
        (xml(replace(RAIN, references="a,b,2027-01-01T00:00:00+08:00")), 422, "cap.reference"),
    ],
)
async def test_what_is_no_document_is_refused_with_one_line(hall: Caller, body: bytes, status: int, code: str) -> None:
    """Nothing outside it is ever read, nothing of it is repeated, and nothing is kept."""
    answer = await hand_in(hall, body)
    assert (answer.status, answer.body["code"]) == (status, code)
    assert answer.is_problem
    assert len(answer.body["faults"]) == 1
    assert "passwd" not in json.dumps(answer.body)
    assert (await hall.get("/cap/documents?held=false")).body["documents"] == []


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content-Type": "application/json"}, 415, "http.media_type"),
        ({"Content-Type": "application/cap+xml", "Content-Encoding": "gzip"}, 415, "http.content_encoding"),
    ],
)
async def test_the_body_is_xml_as_it_is(hall: Caller, headers: dict[str, str], status: int, code: str) -> None:
    """A compressed one is a bomb until it is unpacked."""
    answer = await hall.post("/cap", data=xml(RAIN), headers=headers)
    assert (answer.status, answer.body["code"]) == (status, code)


@pytest.mark.parametrize("media_type", ["application/xml", "text/xml; charset=utf-8"])
async def test_other_names_of_xml_are_taken(hall: Caller, media_type: str) -> None:
    """Many systems know no other."""
    params = {"agreement": AGREEMENT, "approved_by_role": ROLE}
    answer = await hall.post("/cap", data=xml(RAIN), params=params, headers={"Content-Type": media_type})
    assert answer.status == 202


@pytest.mark.parametrize(
    ("asked", "status", "code", "field"),
    [
        ({"agreement": ""}, 400, "cap.agreement", "agreement"),
        ({"agreement": "none-such"}, 403, "sharing.no_agreement", "agreement"),
        ({"to": "451226,1"}, 400, "query.rule", "to"),
        ({"to": LIBO}, 422, "request.to_self", "to"),
        ({"purpose": "publicity"}, 403, "sharing.purpose", "purpose"),
        ({"approved_by_role": "长" * 61}, 400, "query.too_long", "approved_by_role"),
        ({"approved_by_role": MOBILE}, 202, "guard.personal_number", ""),
    ],
)
async def test_under_what_it_goes_out_is_judged_as_of_any_event(
    hall: Caller, asked: dict[str, str], status: int, code: str, field: str
) -> None:
    """The same rules, by the same code; a role that is a number is held like any other."""
    answer = await hand_in(hall, RAIN, **asked)
    if status == 202:
        assert (answer.body["outcome"], answer.body["faults"][0]["code"]) == ("held", code)
    else:
        assert (answer.status, answer.body["code"], answer.body["field"]) == (status, code, field)
        assert (await hall.get("/cap/documents?held=false")).body["documents"] == []


async def test_an_alert_goes_to_the_counties_named(world: World, hall: Caller) -> None:
    """And to no other."""
    answer = await hand_in(hall, RAIN, to=f"{NANDAN}, {HUANJIANG}")
    event = await world[LIBO].store.read(lambda s: s.event(answer.body["envelope_id"]))
    assert event is not None
    assert event.envelope.header.to == (NANDAN, HUANJIANG)
    one = await hand_in(hall, rain(2), to=NANDAN)
    alone = await world[LIBO].store.read(lambda s: s.event(one.body["envelope_id"]))
    assert alone is not None
    assert alone.envelope.header.to == (NANDAN,)


async def test_an_expired_document_is_refused(hall: Caller) -> None:
    """Whoever hands it in is told; nobody would be paged."""
    answer = await hand_in(hall, told(RAIN, expires="2026-03-04T07:59:00+08:00"))
    assert (answer.status, answer.body["code"]) == (422, "request.expired")


async def test_a_role_of_the_settings_releases_what_names_none(world: World, tmp_path: Path) -> None:
    """So a system that can only post may be let through by the county's own decision."""
    county = world[LIBO]
    token = county.let_in("hall", *SCOPES)
    async with cap_at(county, tmp_path, f'approved_by_role = "{ROLE}"\n'), calling(county, token) as caller:
        content = await content_of(caller, await hand_in(caller, RAIN, approved_by_role=""))
    assert content["approved_by_role"] == ROLE


async def test_an_update_by_another_token_is_still_ours(world: World, hall: Caller) -> None:
    """Tokens are changed; what is posted comes from this county's own systems."""
    await hand_in(hall, RAIN)
    other = Caller(hall.session, world[LIBO].let_in("hall-2027", *SCOPES), hall.port)
    update = await hand_in(other, naming(rain(2, sent="2026-03-04T07:55:00+08:00"), RAIN))
    assert update.body["outcome"] == "sent"


async def test_a_signature_is_verified_against_the_list(world: World, tmp_path: Path) -> None:
    """A registered authority is named, a stranger's signature is worse than none, unsigned is refused if so set."""
    county = world[LIBO]
    keys = {name: key_of("ec") for name in ("weather", "stranger")}
    made = {name: certificate_of(key, starts=world.clock.now()) for name, key in keys.items()}
    (tmp_path / "cap" / "signers").mkdir(parents=True)
    write_pem(tmp_path / "cap" / "signers", "weather", keys["weather"], made["weather"])

    def signed(document: CapAlert, by: str) -> bytes:
        data = sign_cap(document, key=keys[by], certificate=made[by])
        assert isinstance(data, bytes)
        return data

    token = county.let_in("hall", *SCOPES)
    async with cap_at(county, tmp_path, 'signature = "required"\n'), calling(county, token) as caller:
        taken = await hand_in(caller, signed(RAIN, "weather"))
        assert (taken.status, taken.body["signer"]) == (202, "weather")
        strange = await hand_in(caller, signed(rain(2), "stranger"))
        assert (strange.status, strange.body["code"]) == (422, "cap.signer")
        plain = await hand_in(caller, rain(3))
        assert (plain.status, plain.body["code"], plain.body["field"]) == (422, "cap.signature", "Signature")
    async with cap_at(county, tmp_path), calling(county, token) as caller:
        changed = signed(rain(4), "weather").replace("橙色".encode(), "红色".encode())
        assert (await hand_in(caller, changed)).body["code"] == "cap.signer"
        unsigned = naming(rain(5, sent="2026-03-04T07:59:00+08:00", note="x"), RAIN, kind="Cancel")
        answer = await hand_in(caller, unsigned)
        assert (answer.body["outcome"], answer.body["faults"][0]["code"]) == ("held", "cap.other_sender")


async def test_a_node_without_an_office_for_cap_takes_and_gives_nothing(world: World) -> None:
    """It says what to set; the list of documents is simply empty."""
    county = world[LIBO]
    async with calling(county, county.let_in("hall", *SCOPES)) as caller:
        for answer in (await hand_in(caller, RAIN), await caller.get("/cap.atom")):
            assert (answer.status, answer.body["code"]) == (404, "cap.off")
        assert (await caller.get("/cap/documents")).body["documents"] == []


async def test_a_token_that_only_reads_hands_nothing_in(world: World, hall: Caller) -> None:
    """The scope is that of sending events."""
    reader = Caller(hall.session, world[LIBO].let_in("reader", Scope.EVENTS_READ), hall.port)
    assert (await hand_in(reader, RAIN)).body["code"] == "access.scope"
    assert (await reader.get("/cap/documents")).body["code"] == "access.scope"


async def test_a_full_disk_loses_nothing(world: World, hall: Caller) -> None:
    """503, no event, no row; the same document goes through afterwards."""
    world[LIBO].store.disk_full = True
    assert (await hand_in(hall, RAIN)).status == 503
    world[LIBO].store.disk_full = False
    assert (await hand_in(hall, RAIN)).body["outcome"] == "sent"


async def test_figures_tell_what_waits(hall: Caller) -> None:
    """The rule that pages somebody reads them."""
    await hand_in(hall, RAIN)
    await hand_in(hall, rain(2), approved_by_role="")
    lines = (await hall.get("//metrics")).body.splitlines()
    assert {"sihu_cap_sent_total 1.0", "sihu_cap_held 1.0", "sihu_cap_answers_total 0.0"} <= set(lines)


async def test_a_document_of_our_own_goes_out_as_it_is(world: World, hall: Caller) -> None:
    """A system of the county that writes our form needs no release: its officers gave it; twice it is refused."""
    answer = await hand_in(hall, RAIN)
    exported = await hall.get(f"/events/{answer.body['envelope_id']}/cap")
    found = read_cap(exported.body)
    assert isinstance(found, CapFile)
    known = await hand_in(hall, exported.body)
    assert (known.status, known.body["code"]) == (409, "cap.known")
    fresh = replace(
        found.document,
        identifier=found.document.identifier[:-3] + "9" + found.document.identifier[-2:],
        sent="2026-03-04T07:50:09+08:00",
    )
    again = await hand_in(hall, fresh, approved_by_role="")
    assert again.body["outcome"] == "sent", again.body
    assert canonical(exported.body) == canonical((await hall.get(f"/events/{answer.body['envelope_id']}/cap")).body)
    await world.carry()
