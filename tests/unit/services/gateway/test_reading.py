"""What the API shows: listings, one event verified again, receipts, members, notices, quarantine."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from schemas.access import Scope
from schemas.control import ChainKind
from schemas.envelope import Position
from schemas.notices import NoticeKind
from schemas.records import Chain, Direction, NewLink
from schemas.subjects import Lane
from services.ports import Transaction
from tests import papers
from tests.caller import Caller, calling
from tests.world import OFFICER, World, alert_draft, policy_draft

HUANJIANG = papers.HUANJIANG


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def reader(world: World) -> AsyncIterator[Caller]:
    county = world[HUANJIANG]
    async with calling(county, county.let_in("desk", *Scope, officer=OFFICER)) as caller:
        yield caller


async def test_a_listing_is_in_order_and_goes_on(world: World, reader: Caller) -> None:
    """A page that skipped or repeated an event would hide an alert or show it twice."""
    for _ in range(5):
        await world[papers.LIBO].send(policy_draft())
    await world[HUANJIANG].send(policy_draft())
    await world.carry()

    first = (await reader.get("/events?direction=in&limit=2")).body
    second = (await reader.get(f"/events?direction=in&limit=200&since={first['next_since']}")).body
    assert [one["seq"] for one in first["events"] + second["events"]] == [1, 2, 3, 4, 5]
    assert {one["direction"] for one in first["events"]} == {"in"}
    own = (await reader.get("/events?direction=out")).body["events"]
    assert [one["source"] for one in own] == [HUANJIANG]


async def test_the_newest_come_first_when_asked(world: World, reader: Caller) -> None:
    """The desk opens on what happened last."""
    for _ in range(3):
        await world[papers.LIBO].send(policy_draft())
    await world.carry()

    page = (await reader.get("/events?newest=true&limit=2")).body
    older = (await reader.get(f"/events?newest=true&limit=2&since={page['next_since']}")).body
    assert [one["seq"] for one in page["events"] + older["events"]] == [3, 2, 1]


async def test_a_listing_can_be_of_one_type(world: World, reader: Caller) -> None:
    """An alert must be found among a thousand bulletins."""
    await world[papers.LIBO].send(policy_draft())
    await world[papers.LIBO].send(alert_draft())
    await world.carry()

    page = (await reader.get(f"/events?type={papers.ALERT}")).body
    assert [(one["wire_type"], one["level"], one["headline"]) for one in page["events"]] == [
        (papers.ALERT, 1, "荔波县气象台发布暴雨红色预警")
    ]


async def test_a_listing_can_be_of_what_waits_for_this_county(world: World) -> None:
    """A system that reminds officers must not fetch every event to see which are unanswered."""
    county = world[papers.HUANJIANG]
    await world[papers.LIBO].send(policy_draft())
    posted = await world[papers.LIBO].send(alert_draft())
    await world.carry()
    duty = county.let_in("duty", Scope.ACKNOWLEDGE, Scope.EVENTS_READ, officer="duty-a")
    async with calling(county, duty) as caller:
        lists = ("/events?unacknowledged=true", "/search?unacknowledged=true", "/search?unacknowledged=true&q=暴雨")
        before = [await caller.get(path) for path in lists]
        counted = (await caller.get("/alerts")).body["unacknowledged"]
        await caller.post(f"/events/{posted.envelope_id}/acknowledgement", json={"answer": "received"})
        after = [await caller.get(path) for path in lists]
        left = (await caller.get("/alerts")).body["unacknowledged"]

    assert [one["envelope_id"] for one in before[0].body["events"]] == [posted.envelope_id]
    assert [[one["event"]["envelope_id"] for one in page.body["found"]] for page in before[1:]] == [
        [posted.envelope_id]
    ] * 2
    assert (after[0].body["events"], [page.body["found"] for page in after[1:]]) == ([], [[], []])
    assert (counted, left) == (1, 0)


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("limit=0", "query.out_of_range", "limit"),
        ("limit=201", "query.out_of_range", "limit"),
        ("limit=1_0", "query.rule", "limit"),
        ("limit=%D9%A3", "query.rule", "limit"),
        ("limit=", "query.rule", "limit"),
        ("since=-1", "query.rule", "since"),
        ("since=99999999999999999999999", "query.rule", "since"),
        ("newest=1", "query.rule", "newest"),
        ("unacknowledged=ja", "query.rule", "unacknowledged"),
        ("unacknowledged=true&direction=out", "query.rule", "direction"),
        ("direction=up", "query.not_allowed", "direction"),
        ("type=alert", "query.wrong_form", "type"),
        ("colour=red", "query.unknown_field", "colour"),
        ("limit=1&limit=2", "query.repeated", "limit"),
    ],
)
async def test_a_wrong_parameter_is_named(reader: Caller, query: str, code: str, field: str) -> None:
    """A filter that is misread in silence shows the wrong events."""
    answer = await reader.get(f"/events?{query}")

    assert (answer.status, answer.body["code"], answer.body["field"]) == (400, code, field)
    assert answer.is_problem


async def test_an_unknown_parameter_is_told_what_is_known(reader: Caller) -> None:
    """The mend of a misspelled name is the right name."""
    answer = await reader.get("/events?direktion=in")

    assert "direction, unacknowledged, type, since, limit, newest" in answer.body["mend"]


async def test_an_incoming_event_is_verified_again(world: World, reader: Caller) -> None:
    """What the desk shows must be checked now, against the keys and the agreement of today."""
    posted = await world[papers.LIBO].send(alert_draft())
    await world.carry()

    shown = (await reader.get(f"/events/{posted.envelope_id}")).body
    verification = shown["verification"]
    assert verification["holds"]
    assert verification["permitted"]
    assert verification["signed_by"] == [{"kid": papers.signer(papers.LIBO).kid, "county": "522722", "use": "event"}]
    assert (verification["seq"], verification["chain_frozen"], verification["early"]) == (1, False, False)
    assert shown["header"]["class"] == "public"
    assert shown["content"]["headline"] == "荔波县气象台发布暴雨红色预警"
    assert (shown["deliveries"], shown["answer"]) == ([], None)


async def test_a_flipped_bit_in_the_store_is_shown(world: World, reader: Caller) -> None:
    """A database that was tampered with must not look verified."""
    honest = papers.envelope()
    forged = replace(honest, signatures_bytes=honest.signatures_bytes[::-1])
    header = honest.header

    def plant(tx: Transaction) -> None:
        head = Position(0, header.prev)
        chain = tx.chains.open(
            Chain(
                0,
                header.channel,
                header.epoch,
                header.source,
                header.agreement_id,
                ChainKind.EVENT,
                tuple(header.to),
                head,
            )
        )
        tx.outbox.record([NewLink(chain.number, Direction.INCOMING, forged, papers.NOW)])

    await world[HUANJIANG].store.write(plant)
    shown = (await reader.get(f"/events/{forged.envelope_id}")).body["verification"]
    assert not shown["holds"]
    assert shown["fault"]["field"] == "signatures"


async def test_an_agreement_that_ended_is_shown(world: World, reader: Caller) -> None:
    """Valid by its signature and no longer permitted are two findings."""
    posted = await world[papers.LIBO].send(alert_draft())
    await world.carry()
    world[HUANJIANG].directory.trusted = papers.trust(papers.in_force(id="another"))

    shown = (await reader.get(f"/events/{posted.envelope_id}")).body["verification"]
    assert shown["holds"]
    assert not shown["permitted"]
    assert shown["permission_fault"]["code"] == "sharing.no_agreement"


async def test_a_key_that_left_the_registry_is_shown_as_unknown(world: World, reader: Caller) -> None:
    """An answer of 500 would hide exactly the event that needs looking at."""
    posted = await world[papers.LIBO].send(alert_draft())
    await world.carry()
    members = tuple(papers.member(code) for code in (papers.NANDAN, HUANJIANG))
    world[HUANJIANG].directory.trusted = papers.trust(members=members)

    shown = (await reader.get(f"/events/{posted.envelope_id}")).body["verification"]
    assert shown["signed_by"][0]["county"] is None
    assert shown["fault"]["code"] == "signature.unknown_key"


async def test_an_own_event_shows_who_has_it(world: World, reader: Caller) -> None:
    """The sender's first question: who has stored it, who has read it."""
    posted = await world[HUANJIANG].send(alert_draft())
    await world.carry()

    shown = (await reader.get(f"/events/{posted.envelope_id}")).body
    assert [one["recipient"] for one in shown["deliveries"]] == [papers.NANDAN, papers.LIBO]
    assert all(one["stored_at"] for one in shown["deliveries"])
    receipts = (await reader.get(f"/events/{posted.envelope_id}/receipts")).body["receipts"]
    assert {one["receiver"] for one in receipts} == {papers.NANDAN, papers.LIBO}


async def test_an_answered_event_shows_the_answer(world: World, reader: Caller) -> None:
    """The officer who comes on duty must see that the one before has answered."""
    posted = await world[papers.LIBO].send(alert_draft())
    await world.carry()
    await reader.post(f"/events/{posted.envelope_id}/acknowledgement", json={"answer": "handling", "note": "在办"})

    answer = (await reader.get(f"/events/{posted.envelope_id}")).body["answer"]
    assert (answer["officer"], answer["answer"], answer["note"]) == ("值班员甲", "handling", "在办")


@pytest.mark.parametrize("path", ["/events/" + "0" * 64, "/events/" + "0" * 64 + "/receipts"])
async def test_what_is_not_here_is_not_found(reader: Caller, path: str) -> None:
    """An empty page for an event that never came would look like "no receipts yet"."""
    answer = await reader.get(path)

    assert (answer.status, answer.body["code"]) == (404, "request.not_found")
    assert answer.is_problem


@pytest.mark.parametrize("identifier", ["abc", "G" * 64, "0" * 65, "%00", "a%2Fb", "%E7%8E%AF"])
async def test_a_malformed_id_is_told_its_form(reader: Caller, identifier: str) -> None:
    """The words "not found" would send people looking for an event that cannot exist."""
    answer = await reader.get(f"/events/{identifier}")

    assert (answer.status, answer.body["code"], answer.body["field"]) == (400, "path.wrong_form", "id")


async def test_members_are_shown_by_name(reader: Caller) -> None:
    """The officer looks for 荔波 and its telephone, not for 522722."""
    body = (await reader.get("/members")).body

    assert body["registry_version"] == 1
    names = {one["name"]: one for one in body["members"]}
    assert set(names) == {"南丹", "环江", "荔波"}
    assert (names["环江"]["own"], names["荔波"]["own"]) == (True, False)
    assert names["荔波"]["duty_phone"] == "0778-522722"
    assert names["荔波"]["agreements"] == ["qiangui-border", "work-only"]
    uses = {"governance", "recovery", "event", "receipt", "encryption"}
    assert {key["use"] for key in names["荔波"]["keys"]} == uses


async def test_the_caller_sees_itself(reader: Caller) -> None:
    """Whoever is refused asks first: who am I here?"""
    body = (await reader.get("/whoami")).body

    assert (body["county"], body["county_name"], body["name"], body["officer"]) == ("451226", "环江", "desk", OFFICER)
    assert body["scopes"] == list(Scope)


async def test_notices_are_those_still_open_unless_asked(world: World, reader: Caller) -> None:
    """A board full of settled notices hides the one that is not."""
    county = world[HUANJIANG]

    def tell(tx: Transaction) -> None:
        tx.waiting_room.tell(NoticeKind.NOT_STORED, "a", papers.LIBO, "荔波未入库，请电话", papers.NOW)
        tx.waiting_room.tell(NoticeKind.NOT_STORED, "b", papers.LIBO, "荔波未入库，请电话", papers.NOW)
        tx.waiting_room.resolve(NoticeKind.NOT_STORED, "a", papers.LIBO, papers.NOW)

    await county.store.write(tell)
    assert [one["about"] for one in (await reader.get("/notices")).body["notices"]] == ["b"]
    assert [one["about"] for one in (await reader.get("/notices?open=false")).body["notices"]] == ["b", "a"]
    assert len((await reader.get("/notices?open=false&limit=1")).body["notices"]) == 1


async def test_a_person_closes_what_has_been_dealt_with(world: World, reader: Caller) -> None:
    """A refusal that stays on the board for ever teaches people to pass over the board."""
    county = world[HUANJIANG]

    def tell(tx: Transaction) -> None:
        tx.waiting_room.tell(NoticeKind.REFUSED, "a", papers.LIBO, "荔波拒收", papers.NOW)
        tx.waiting_room.tell(NoticeKind.EXPIRING, "b", "", "证书将到期", papers.NOW)

    await county.store.write(tell)
    closed = await reader.post("/notices/1/closing")
    assert (closed.status, closed.body["number"], closed.body["closed_by"]) == (200, 1, OFFICER)
    await county.clock.move(60)
    async with calling(county, county.let_in("later", Scope.OPERATE)) as later:
        again = await later.post("/notices/1/closing")
    assert (again.status, again.body) == (200, closed.body)
    assert [one["number"] for one in (await reader.get("/notices")).body["notices"]] == [2]
    assert (await reader.get("/notices?open=false")).body["notices"][1] == closed.body

    for number, status, code in (("3", 404, "notice.not_found"), ("2", 409, "notice.ends_itself")):
        refused = await reader.post(f"/notices/{number}/closing")
        assert (refused.status, refused.body["code"], refused.body["field"]) == (status, code, "number")
    for number in ("0", "-1", "x", "9" * 17):
        assert (await reader.post(f"/notices/{number}/closing")).status == 400


async def test_a_token_without_an_officer_closes_in_its_own_name(world: World) -> None:
    """Whoever asks later who closed it must find somebody."""
    county = world[HUANJIANG]

    def tell(tx: Transaction) -> None:
        tx.waiting_room.tell(NoticeKind.QUARANTINED, "a", papers.LIBO, "隔离", papers.NOW)

    await county.store.write(tell)
    async with calling(county, county.let_in("console", Scope.OPERATE)) as caller:
        assert (await caller.post("/notices/1/closing")).body["closed_by"] == "console"
    async with calling(county, county.let_in("board", Scope.EVENTS_READ)) as caller:
        assert (await caller.post("/notices/1/closing")).body["code"] == "access.scope"


async def test_quarantine_shows_the_reason_and_no_bytes(world: World, reader: Caller) -> None:
    """Refused bytes may hold what must never be shown; the reason must be there."""
    county = world[HUANJIANG]
    await world[papers.LIBO].send(policy_draft())
    opened, *_ = await world[papers.LIBO].take_waiting()
    await county.receive([replace(opened, message=opened.message[:-1] + b"!")])

    rows = (await reader.get("/quarantine")).body["quarantined"]
    assert [(one["source"], one["code"]) for one in rows] == [(papers.LIBO, "content.digest")]
    assert "message" not in rows[0]


@pytest.mark.parametrize("path", ["/notices", "/quarantine", "/metrics"])
async def test_operation_needs_its_scope(world: World, path: str) -> None:
    """A reader's token must not learn what was refused and why."""
    county = world[HUANJIANG]
    async with calling(county, county.let_in("board", Scope.EVENTS_READ)) as caller:
        answer = await caller.get(path)

    assert (answer.status, answer.body["code"]) == (403, "access.scope")


async def test_a_receipt_can_be_shown_as_evidence(world: World, reader: Caller) -> None:
    """Receipts are envelopes: the one that counts must be there to be looked at."""
    posted = await world[HUANJIANG].send(alert_draft())
    await world.carry()
    rows = (await reader.get(f"/events/{posted.envelope_id}/receipts")).body["receipts"]

    shown = (await reader.get(f"/events/{rows[0]['envelope_id']}")).body
    assert shown["verification"]["holds"]
    assert shown["verification"]["signed_by"][0]["use"] == "receipt"
    assert Lane.URGENT not in shown["content"]
