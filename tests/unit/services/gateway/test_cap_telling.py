"""Alerts of a node as CAP: one document, the feed, what foreign systems answer, what neighbours answered."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.cap.feed_text import read_feed
from adapters.cap.reader import CapFile, read_cap
from adapters.cap.signature import load_signers, verify_cap
from adapters.cap.writer import canonical
from schemas.access import Scope
from schemas.base import InformationClass
from schemas.cap import CapAlert
from schemas.cap_records import FeedEntry
from schemas.control import ReceiptStage
from schemas.errors import Fault
from schemas.notices import NoticeKind
from services.cap_intake import answering
from services.domain.cap_telling import alert_of
from tests.caller import Answer, Caller, calling
from tests.cap_node import MOBILE, RAIN, cap_at, hand_in, naming, rain, xml
from tests.certificates import certificate_of, key_of, write_pem
from tests.papers import HUANJIANG, LIBO, NANDAN, alert_content
from tests.world import OFFICER, World, alert_draft, policy_draft

SCOPES = (Scope.EVENTS_READ, Scope.EVENTS_WRITE, Scope.ACKNOWLEDGE, Scope.OPERATE)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def libo(world: World, tmp_path: Path) -> AsyncIterator[Caller]:
    """荔波 at its own node, which leaves what it sends to one officer."""
    county = world[LIBO]
    county.second_officer = False
    async with (
        cap_at(county, tmp_path / "libo", 'url = "https://alerts.example"\n'),
        calling(county, county.let_in("desk", *SCOPES, officer=OFFICER)) as caller,
    ):
        yield caller


@pytest.fixture
async def huanjiang(world: World, tmp_path: Path) -> AsyncIterator[Caller]:
    """环江 at its own node."""
    county = world[HUANJIANG]
    county.second_officer = False
    async with (
        cap_at(county, tmp_path / "huanjiang"),
        calling(county, county.let_in("desk", *SCOPES, officer=OFFICER)) as caller,
    ):
        yield caller


def document(answer: Answer) -> CapAlert:
    assert answer.status == 200, answer.body
    found = read_cap(answer.body)
    assert isinstance(found, CapFile), found
    return found.document


def entries(answer: Answer) -> tuple[FeedEntry, ...]:
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "application/atom+xml"
    found = read_feed(answer.body)
    assert not isinstance(found, Fault), found
    return found


def sent_as(number: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of an alert
    """Return the draft of one more alert."""
    given = {"alert_id": f"52272241600000_20260304074500_{number}"} | changes
    return alert_draft(content=alert_content(**given))


def answer_to(kind: str, reference: str, **changes: Any) -> CapAlert:  # noqa: ANN401 - any element
    """Return a foreign system's answer."""
    given = {"references": reference, "scope": "Public", "note": None, "sent": "2026-03-04T08:00:00+08:00"} | changes
    return CapAlert(identifier="A-1", sender="siren@dam.example", status="Actual", msg_type=kind, **given)


OURS = "urn:sihu:office:52272241600000,52272241600000_20260304074500_1,2026-03-04T07:45:00+08:00"


async def test_an_alert_is_told_as_cap_at_both_ends(world: World, libo: Caller, huanjiang: Caller) -> None:
    """The same document; an unchanged one costs no bytes."""
    event = (await world[LIBO].send(alert_draft())).envelope_id
    await world.carry()
    here, there = await libo.get(f"/events/{event}/cap"), await huanjiang.get(f"/events/{event}/cap")
    assert here.headers["Content-Type"] == "application/cap+xml"
    assert document(here) == document(there)
    assert (document(here).scope, document(here).identifier) == ("Public", "52272241600000_20260304074500_1")

    tag = here.headers["ETag"]
    same = await libo.get(f"/events/{event}/cap", headers={"If-None-Match": f'"x", {tag}'})
    assert (same.status, same.body, same.headers["ETag"]) == (304, "", tag)
    assert (await libo.get(f"/events/{event}/cap", headers={"If-None-Match": '"x"'})).status == 200


async def test_an_imported_alert_is_told_as_it_came(world: World, libo: Caller, huanjiang: Caller) -> None:
    """At the neighbour, too, from the event alone; what was no import says so."""
    answer = await hand_in(libo, RAIN)
    await world.carry()
    event = answer.body["envelope_id"]
    received = await huanjiang.get(f"/events/{event}/cap?as_received=true")
    assert canonical(received.body) == canonical(xml(RAIN))
    own = (await world[LIBO].send(sent_as(3))).envelope_id
    refused = await libo.get(f"/events/{own}/cap?as_received=true")
    assert (refused.status, refused.body["code"]) == (422, "cap.not_imported")


async def test_only_alerts_are_told_and_nothing_personal(world: World, libo: Caller) -> None:
    """CAP cannot keep a text to those it is for; internal ones say Restricted and stand in no feed."""
    bulletin = (await world[LIBO].send(policy_draft())).envelope_id
    internal = (await world[LIBO].send(sent_as(2) | {"class": "internal"})).envelope_id
    assert (await libo.get(f"/events/{bulletin}/cap")).body["code"] == "cap.no_alert"
    assert (await libo.get(f"/events/{'0' * 64}/cap")).body["code"] == "request.not_found"
    found = document(await libo.get(f"/events/{internal}/cap"))
    assert (found.scope, bool(found.restriction)) == ("Restricted", True)
    kept = await world[LIBO].store.read(lambda s: s.event(internal))
    assert kept is not None
    header = kept.envelope.header.model_copy(update={"information_class": InformationClass.PERSONAL})
    personal = alert_of(replace(kept, envelope=replace(kept.envelope, header=header)))
    assert isinstance(personal, Fault)
    assert personal.code == "cap.personal"
    assert entries(await libo.get("/cap.atom")) == ()


async def test_a_feed_lists_public_alerts_in_force(world: World, libo: Caller) -> None:
    """Newest first; what was replaced or has expired is gone, a cancellation stays, an exercise only if asked for."""
    county = world[LIBO]
    first = (await county.send(sent_as(1))).envelope_id
    second = (await county.send(sent_as(2, expires="2026-03-04T09:00:00.000+08:00"))).envelope_id
    await county.send(sent_as(3) | {"status": "exercise"})
    listed = entries(await libo.get("/cap.atom"))
    assert [one.id for one in listed] == [f"urn:sihu:event:{second}", f"urn:sihu:event:{first}"]
    assert listed[1].link == f"https://alerts.example/api/v1/events/{first}/cap"
    assert listed[1].title == "荔波县气象台发布暴雨红色预警"
    (drill,) = entries(await libo.get("/cap.atom?status=exercise"))
    assert drill.title.startswith("【演练】")
    assert entries(await libo.get("/cap.atom?direction=in")) == ()

    update = sent_as(
        4,
        predecessors=[{"alert_id": "52272241600000_20260304074500_1"}],
        report_stage="followup",
        report_no=2,
    ) | {"type": "cn.sihu.information.alert_updated.v1"}
    third = (await county.send(update)).envelope_id
    await world.clock.move(3601)
    assert [one.id for one in entries(await libo.get("/cap.atom"))] == [f"urn:sihu:event:{third}"]

    cancel = sent_as(
        5,
        predecessors=[{"alert_id": "52272241600000_20260304074500_4"}],
        report_stage="followup",
        report_no=3,
        note="雨停",
    ) | {"type": "cn.sihu.information.alert_cancelled.v1"}
    fourth = (await county.send(cancel)).envelope_id
    assert [one.id for one in entries(await libo.get("/cap.atom"))] == [f"urn:sihu:event:{fourth}"]


async def test_a_feed_that_has_not_changed_costs_no_bytes(world: World, libo: Caller) -> None:
    """Readers ask every minute."""
    await world[LIBO].send(sent_as(1))
    first = await libo.get("/cap.atom")
    asked = {"If-None-Match": first.headers["ETag"]}
    assert (await libo.get("/cap.atom", headers=asked)).status == 304
    await world[LIBO].send(sent_as(2))
    assert (await libo.get("/cap.atom", headers=asked)).status == 200


async def test_a_neighbour_cannot_hide_an_alert_from_the_feed(world: World, huanjiang: Caller) -> None:
    """Its update came first, when nobody could tell whose alert it names; only the issuer's own word replaces one."""
    content = alert_content(
        alert_id="45122141600000_20260304080000_1",
        predecessors=[{"alert_id": "52272241600000_20260304074500_1"}],
        report_stage="followup",
        report_no=2,
    )
    await world[NANDAN].send(alert_draft(type="cn.sihu.information.alert_updated.v1", content=content))
    await world.carry()
    event = (await world[LIBO].send(sent_as(1))).envelope_id
    await world.carry()
    listed = [one.id for one in entries(await huanjiang.get("/cap.atom"))]
    assert (len(listed), listed[0]) == (2, f"urn:sihu:event:{event}")


async def test_what_goes_out_is_signed_if_there_is_a_key(world: World, tmp_path: Path) -> None:
    """Whoever registered our certificate can tell; what we only hand on is never signed by us."""
    county = world[LIBO]
    key = key_of("ec")
    (tmp_path / "own").mkdir()
    write_pem(tmp_path / "own", "libo", key, certificate_of(key, starts=world.clock.now()))
    files = 'key_file = "own/libo.key"\ncertificate_file = "own/libo.pem"\n'
    async with (
        cap_at(county, tmp_path, files),
        calling(county, county.let_in("desk", *SCOPES, Scope.UNATTENDED)) as caller,
    ):
        answer = await hand_in(caller, RAIN)
        event = answer.body["envelope_id"]
        signed = await caller.get(f"/events/{event}/cap")
        verified = verify_cap(signed.body, signers=load_signers(tmp_path / "own"), now=world.clock.now())
        assert not isinstance(verified, Fault), verified
        assert verified.signer == "libo"
        again = await caller.get(f"/events/{event}/cap")
        assert again.headers["ETag"] == signed.headers["ETag"]
        received = read_cap((await caller.get(f"/events/{event}/cap?as_received=true")).body)
        assert isinstance(received, CapFile)
        assert not received.is_signed


async def test_an_ack_of_a_foreign_system_is_on_record_and_no_acknowledgement(
    world: World, libo: Caller, huanjiang: Caller
) -> None:
    """No officer is invented: the neighbour hears *handed over*, the deadline runs on, and twice is once."""
    event = (await world[LIBO].send(alert_draft())).envelope_id
    await world.carry()
    answer = await hand_in(huanjiang, answer_to("Ack", OURS), agreement="", approved_by_role="")
    assert (answer.status, answer.body["outcome"], answer.body["answered"]) == (202, "answered", [event])
    await hand_in(huanjiang, answer_to("Ack", OURS))
    second = answer_to("Ack", OURS, sent="2026-03-04T08:00:01+08:00")
    await hand_in(huanjiang, second)
    await world.carry()

    rows = (await huanjiang.get(f"/events/{event}/cap/answers")).body["answers"]
    assert [(one["stage"], one["sender"], one["origin"]) for one in rows] == [
        ("acknowledged", "siren@dam.example", "post:desk")
    ] * 2
    detail = (await libo.get(f"/events/{event}")).body
    (delivery,) = [one for one in detail["deliveries"] if one["recipient"] == HUANJIANG]
    assert delivery["handed_over_at"] is not None
    assert (delivery["acknowledged_at"], delivery["acknowledged_by"], delivery["refused_code"]) == (None, None, None)
    receipts = (await libo.get(f"/events/{event}/receipts")).body["receipts"]
    stages = [one["stage"] for one in receipts if one["receiver"] == HUANJIANG]
    assert stages.count(ReceiptStage.HANDED_OVER) == 1
    assert (await huanjiang.get(f"/events/{event}")).body["answer"] is None


async def test_an_ack_of_our_own_alert_stays_here(world: World, libo: Caller) -> None:
    """It comes from no member, so there is nobody to attest to; the imported document may be named, too."""
    event = (await world[LIBO].send(alert_draft())).envelope_id
    imported = (await hand_in(libo, RAIN)).body["envelope_id"]
    before = await world[LIBO].counts()
    both = f"{OURS} {RAIN.sender},{RAIN.identifier},{RAIN.sent}"
    answer = await hand_in(libo, answer_to("Ack", both))
    assert set(answer.body["answered"]) == {event, imported}
    assert await world[LIBO].counts() == before


async def test_an_error_is_told_to_our_own_duty_officer(world: World, libo: Caller, huanjiang: Caller) -> None:
    """At the neighbour nothing is refused by it."""
    event = (await world[LIBO].send(alert_draft())).envelope_id
    await world.carry()
    await hand_in(huanjiang, answer_to("Error", OURS, note="格式不支持"))
    notices = await world[HUANJIANG].store.read(lambda s: s.notices(open_only=True, limit=9))
    assert [(one.kind, one.about) for one in notices] == [(NoticeKind.CAP_ANSWER, event)]
    await world.carry()
    detail = (await libo.get(f"/events/{event}")).body
    assert [one["refused_code"] for one in detail["deliveries"]] == [None, None]
    (row,) = (await huanjiang.get(f"/events/{event}/cap/answers")).body["answers"]
    assert (row["stage"], row["note"]) == ("rejected", "格式不支持")


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (answer_to("Ack", "a@b.example,X,2026-03-04T07:00:00+08:00"), 404, "cap.unknown_reference"),
        (answer_to("Ack", OURS, note=f"电话 {MOBILE}"), 422, "guard.personal_number"),
        (answer_to("Error", "x"), 422, "cap.reference"),
    ],
)
async def test_an_answer_that_cannot_be_kept_is_refused(
    world: World, libo: Caller, answer: CapAlert, status: int, code: str
) -> None:
    """And nothing of it is."""
    event = (await world[LIBO].send(alert_draft())).envelope_id
    refused = await hand_in(libo, answer)
    assert (refused.status, refused.body["code"]) == (status, code)
    assert (await libo.get(f"/events/{event}/cap/answers")).body["answers"] == []


async def test_answers_to_one_alert_are_bounded(world: World, libo: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system in a loop fills no disk."""
    monkeypatch.setattr(answering, "ANSWERS_MAX", 1)
    await world[LIBO].send(alert_draft())
    assert (await hand_in(libo, answer_to("Ack", OURS))).status == 202
    refused = await hand_in(libo, answer_to("Ack", OURS, sent="2026-03-04T08:00:02+08:00"))
    assert refused.body["code"] == "cap.answers_full"


async def test_what_a_neighbour_answered_is_told_to_the_sender_of_the_document(
    world: World, libo: Caller, huanjiang: Caller
) -> None:
    """As an Ack that names the document it came from, once an officer there has answered; a refusal is an Error."""
    event = (await hand_in(libo, RAIN)).body["envelope_id"]
    await world.carry()
    early = await libo.get(f"/events/{event}/cap/receipt?county={HUANJIANG}")
    assert (early.status, early.body["code"]) == (404, "cap.no_answer_yet")

    await huanjiang.post(f"/events/{event}/acknowledgement", json={"answer": "handling", "note": "已转移"})
    await world.carry()
    ack = document(await libo.get(f"/events/{event}/cap/receipt?county={HUANJIANG}"))
    assert (ack.msg_type, ack.sender) == ("Ack", f"urn:sihu:county:{HUANJIANG}")
    assert (ack.references, ack.addresses) == (f"{RAIN.sender},R-1,{RAIN.sent}", RAIN.sender)
    assert ack.note == "handling：已转移"
    assert (await libo.get(f"/events/{event}/cap/receipt?county={NANDAN}")).status == 404
    assert (await libo.get(f"/events/{event}/cap/receipt")).body["code"] == "query.missing_field"


async def test_an_alert_that_was_erased_is_told_no_more(world: World, libo: Caller) -> None:
    """Neither as a document nor in the feed; and what nobody here understands is no alert."""
    county = world[LIBO]
    event = (await county.send(alert_draft())).envelope_id
    kept = await county.store.read(lambda s: s.event(event))
    assert kept is not None
    garbled = alert_of(replace(kept, envelope=replace(kept.envelope, content=b"{}")))
    assert isinstance(garbled, Fault)
    assert garbled.code == "cap.no_alert"
    await world.carry()
    await world.clock.move(7 * 3600)
    eraser = Caller(libo.session, county.let_in("eraser", Scope.ERASE), libo.port)
    assert (await eraser.post(f"/events/{event}/erasure", json={"reason": "mistaken"})).status == 200
    gone = await libo.get(f"/events/{event}/cap")
    assert (gone.status, gone.body["code"]) == (410, "cap.erased")


async def test_an_answer_to_our_own_alert_names_it_in_our_words(world: World, libo: Caller, huanjiang: Caller) -> None:
    """It came from no document; who cannot is told as an Error."""
    event = (await world[LIBO].send(alert_draft())).envelope_id
    await world.carry()
    await huanjiang.post(f"/events/{event}/acknowledgement", json={"answer": "cannot"})
    await world.carry()
    found = document(await libo.get(f"/events/{event}/cap/receipt?county={HUANJIANG}"))
    assert (found.msg_type, found.references, found.note) == ("Error", OURS, "cannot")


async def test_an_update_that_was_imported_names_what_it_updates(libo: Caller) -> None:
    """In the document that tells it in our words: readers of our feed know no other."""
    first = document(await libo.get(f"/events/{(await hand_in(libo, RAIN)).body['envelope_id']}/cap"))
    update = naming(rain(2, sent="2026-03-04T07:55:00+08:00"), RAIN)
    event = (await hand_in(libo, update)).body["envelope_id"]
    second = document(await libo.get(f"/events/{event}/cap"))
    assert second.msg_type == "Update"
    named = (second.references or "").split()
    assert named == [f"{one.sender},{one.identifier},{one.sent}" for one in (RAIN, first)]
    assert len(entries(await libo.get("/cap.atom"))) == 1
