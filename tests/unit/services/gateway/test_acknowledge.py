"""An officer answers: who stands behind it, what the source learns, and what a second answer is told."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.access import Scope
from schemas.base import format_time
from schemas.control import Receipt
from schemas.ids import CountyCode
from schemas.officers import Answer, AnswerWord
from schemas.subjects import Lane
from services.acknowledging import stage_of
from services.domain.encoding import to_base64url
from services.domain.vouching import answer_bytes
from tests import papers
from tests.caller import Answer as HttpAnswer
from tests.caller import calling
from tests.world import OFFICER, County, World, alert_draft, full_trust, policy_draft

HUANJIANG = papers.HUANJIANG


@pytest.fixture
def world() -> World:
    return World()


async def arrived(world: World, draft: dict[str, Any] | None = None) -> str:
    """Send an event of 荔波 to its neighbours; return its envelope id."""
    posted = await world[papers.LIBO].send(draft or alert_draft())
    await world.carry()
    return posted.envelope_id


def duty_token(county: County, **changes: Any) -> str:  # noqa: ANN401 - any field of the access
    """Return a token bound to 值班员甲."""
    return county.let_in("duty", Scope.ACKNOWLEDGE, Scope.EVENTS_READ, **({"officer": OFFICER} | changes))


async def acknowledge(
    county: County, envelope_id: str, body: dict[str, Any] | None = None, *, token: str | None = None
) -> HttpAnswer:
    """Answer over HTTP."""
    async with calling(county, token or duty_token(county)) as caller:
        return await caller.post(f"/events/{envelope_id}/acknowledgement", json=body or {})


def signed_answer(envelope_id: str, at: datetime, *, answer: AnswerWord = AnswerWord.HANDLING) -> dict[str, str]:
    """Return a body that 值班员甲 signed with the key of the credential."""
    said = Answer(
        envelope_id=envelope_id, county=HUANJIANG, officer=OFFICER, answer=answer, note="已转移", answered_at=at
    )
    signature = papers.officer_key(HUANJIANG).sign(answer_bytes(said))
    return {
        "answer": answer,
        "note": "已转移",
        "answered_at": format_time(at),
        "signature": to_base64url(signature),
    }


async def test_the_source_learns_who_answered(world: World) -> None:
    """An acknowledgement that stays at the receiver is no acknowledgement."""
    envelope_id = await arrived(world)
    answer = await acknowledge(world[HUANJIANG], envelope_id, {"answer": "handling", "note": "已转移沿河群众"})
    await world.carry()

    assert answer.status == 202
    assert (answer.body["officer"], answer.body["means"], answer.body["stage"]) == ("值班员甲", "token", "acknowledged")
    deliveries = await world[papers.LIBO].store.read(lambda snapshot: snapshot.deliveries(envelope_id))
    by_county = {one.recipient: one for one in deliveries}
    assert by_county[HUANJIANG].acknowledged_by == "值班员甲"
    assert by_county[HUANJIANG].answer == "handling"
    assert by_county[papers.NANDAN].acknowledged_at is None


async def test_the_board_of_the_source_names_the_means_and_the_receipt(world: World) -> None:
    """Who, when and by which means stand in one signed receipt: a board with half of it sends people searching."""
    envelope_id = await arrived(world)
    answer = await acknowledge(world[HUANJIANG], envelope_id)
    await world.carry()

    libo = world[papers.LIBO]
    async with calling(libo, libo.let_in("desk", Scope.EVENTS_READ)) as caller:
        detail = await caller.get(f"/events/{envelope_id}")
    boards = {
        one["recipient"]: (one["acknowledged_by"], one["means"], one["receipt_id"]) for one in detail.body["deliveries"]
    }
    assert boards[HUANJIANG] == ("值班员甲", "token", answer.body["receipt"]["envelope_id"])
    assert boards[papers.NANDAN] == (None, None, None)


async def test_an_answer_signed_by_the_officer_is_the_stronger_one(world: World) -> None:
    """A signed answer must verify at the source years later, without our node."""
    envelope_id = await arrived(world)
    answer = await acknowledge(world[HUANJIANG], envelope_id, signed_answer(envelope_id, papers.NOW))
    await world.carry()

    assert (answer.status, answer.body["means"]) == (202, "key_file")
    rows = await world[papers.LIBO].store.read(lambda snapshot: snapshot.receipts(envelope_id))
    assert [row.means for row in rows if row.stage == "acknowledged"] == ["key_file"]
    assert (await world[papers.LIBO].counts())["quarantined"] == 0


async def test_the_proof_travels_in_the_receipt(world: World) -> None:
    """Evidence needs the credential and the answer as signed, not a name that we wrote down."""
    envelope_id = await arrived(world)
    answer = await acknowledge(world[HUANJIANG], envelope_id, signed_answer(envelope_id, papers.NOW))

    receipt_id = answer.body["receipt"]["envelope_id"]
    stored = await world[HUANJIANG].store.read(lambda snapshot: snapshot.event(receipt_id))
    assert stored is not None
    receipt = Receipt.model_validate_json(stored.envelope.content)
    assert receipt.officer is not None
    assert receipt.officer.credential == papers.credential(HUANJIANG)
    assert receipt.head == envelope_id
    assert receipt.permitted


@pytest.mark.parametrize(
    "change", [{"answer": "received"}, {"note": "别的"}, {"answered_at": "2026-03-04T08:00:01+08:00"}]
)
async def test_a_signature_over_another_answer_is_refused(world: World, change: dict[str, str]) -> None:
    """Whoever sits between officer and node must not put other words into the officer's mouth."""
    envelope_id = await arrived(world)
    body = signed_answer(envelope_id, papers.NOW) | change
    answer = await acknowledge(world[HUANJIANG], envelope_id, body)

    assert (answer.status, answer.body["code"], answer.body["field"]) == (422, "acknowledgement.signature", "signature")
    assert (await world[HUANJIANG].counts())["receipts_out"] == 1  # the stored one


async def test_a_signature_for_another_event_is_refused(world: World) -> None:
    """An answer signed once must not acknowledge everything that follows."""
    first, second = await arrived(world), await arrived(world)
    answer = await acknowledge(world[HUANJIANG], second, signed_answer(first, papers.NOW))

    assert answer.body["code"] == "acknowledgement.signature"


@pytest.mark.parametrize(
    "body",
    [
        {"answered_at": "2026-03-04T08:00:00+08:00"},
        {"signature": "A" * 86},
        {"answered_at": "2026-03-04T09:00:00+08:00", "signature": "A" * 86},
    ],
)
async def test_a_time_without_signature_or_from_the_future_is_refused(world: World, body: dict[str, str]) -> None:
    """An unsigned time could be any time; a signed one belongs to the answer."""
    answer = await acknowledge(world[HUANJIANG], await arrived(world), body)

    assert (answer.status, answer.body["field"]) == (422, "answered_at")


async def test_a_second_answer_is_told_the_first(world: World) -> None:
    """Two officers at two desks: the second must see that the first has it, and nothing is sent twice."""
    envelope_id = await arrived(world)
    first = await acknowledge(world[HUANJIANG], envelope_id, {"answer": "handling", "note": "已在现场"})
    await world.clock.move(60)
    again = await acknowledge(world[HUANJIANG], envelope_id, {"answer": "cannot"})

    assert (again.status, again.body["code"]) == (409, "acknowledgement.already")
    assert again.is_problem
    assert "already by 值班员甲 at 2026-03-04T08:00:00" in again.body["mend"]
    assert again.body["answered"]["answer"] == "handling"
    assert again.body["answered"]["note"] == "已在现场"
    assert again.body["answered"]["receipt_id"] == first.body["receipt"]["envelope_id"]
    assert (await world[HUANJIANG].counts())["receipts_out"] == 2


async def test_of_two_officers_at_once_one_answers(world: World) -> None:
    """Two desks press the button in the same second: one receipt, and the other is told."""
    county = world[HUANJIANG]
    envelope_id = await arrived(world)
    async with calling(county, duty_token(county)) as caller:
        path = f"/events/{envelope_id}/acknowledgement"
        answers = await asyncio.gather(*(caller.post(path, json={"answer": "handling"}) for _ in range(4)))

    assert sorted(one.status for one in answers) == [202, 409, 409, 409]
    assert (await county.counts())["receipts_out"] == 2


async def test_an_empty_body_says_received(world: World) -> None:
    """The button on the page needs no form."""
    county = world[HUANJIANG]
    envelope_id = await arrived(world)
    async with calling(county, duty_token(county)) as caller:
        answer = await caller.post(f"/events/{envelope_id}/acknowledgement")

    assert (answer.status, answer.body["answer"]) == (202, "received")


async def test_whoever_cannot_has_declined(world: World) -> None:
    """The source must be told that nobody acts, not that all is well."""
    envelope_id = await arrived(world)
    answer = await acknowledge(world[HUANJIANG], envelope_id, {"answer": "cannot"})

    assert answer.body["stage"] == "declined"


async def test_after_one_who_cannot_another_may_take_it(world: World) -> None:
    """An officer who says 不能 would silence everybody else; or be counted as the county's answer."""
    envelope_id = await arrived(world)
    declined = await acknowledge(world[HUANJIANG], envelope_id, {"answer": "cannot"})
    again = await acknowledge(world[HUANJIANG], envelope_id, {"answer": "cannot"})
    assert (again.status, again.body["answered"]["receipt_id"]) == (409, declined.body["receipt"]["envelope_id"])
    await world.carry()
    (_, before) = await world[papers.LIBO].store.read(lambda s: s.deliveries(envelope_id))
    assert (before.acknowledged_at, before.declined_by, before.declined_answer) == (None, "值班员甲", "cannot")

    taken = await acknowledge(world[HUANJIANG], envelope_id, {"answer": "received"})
    assert (taken.status, taken.body["stage"]) == (202, "acknowledged")
    await world.carry()
    (_, after) = await world[papers.LIBO].store.read(lambda s: s.deliveries(envelope_id))
    assert (after.acknowledged_by, after.answer) == ("值班员甲", "received")
    assert (await acknowledge(world[HUANJIANG], envelope_id, {"answer": "cannot"})).status == 409


@pytest.mark.parametrize(
    ("answer", "level", "stage"),
    [
        (AnswerWord.RECEIVED, 1, "acknowledged"),
        (AnswerWord.HANDLING, None, "acknowledged"),
        (AnswerWord.CANNOT, 4, "declined"),
        (AnswerWord.PASSED_ON, None, "declined"),
        (AnswerWord.FALSE_ALARM, 1, "declined"),
        (AnswerWord.FALSE_ALARM, 2, "declined"),
        (AnswerWord.FALSE_ALARM, 3, "acknowledged"),
        (AnswerWord.FALSE_ALARM, None, "acknowledged"),
    ],
)
def test_what_an_answer_amounts_to(answer: AnswerWord, level: int | None, stage: str) -> None:
    """One person's word that a red alert is false must not end the alarm."""
    assert stage_of(answer, level) == stage


@pytest.mark.parametrize(("draft", "lane"), [(alert_draft(), Lane.URGENT), (policy_draft(), Lane.NORMAL)])
async def test_the_answer_to_an_alert_overtakes(world: World, draft: dict[str, Any], lane: Lane) -> None:
    """The answer to a red alert must not wait behind a backlog of bulletins; others need not overtake."""
    envelope_id = await arrived(world, draft)
    await acknowledge(world[HUANJIANG], envelope_id)

    waiting = await world[HUANJIANG].store.read(
        lambda snapshot: snapshot.waiting(lane, snapshot.published_up_to(lane), 10, 1 << 20)
    )
    assert [one.subject.split(".")[-2] for one in waiting] == ["receipt"]


async def test_a_token_without_an_officer_acknowledges_nothing(world: World) -> None:
    """A machine must not sign for a person."""
    county = world[HUANJIANG]
    token = county.let_in("robot", Scope.ACKNOWLEDGE)
    answer = await acknowledge(county, await arrived(world), token=token)

    assert (answer.status, answer.body["code"]) == (403, "access.no_officer")


@pytest.mark.parametrize(
    ("credential", "code"),
    [
        (None, "officer.unknown"),
        (papers.credential(HUANJIANG, expires_at=papers.NOW), "officer.expired"),
        (papers.credential(HUANJIANG, issued_at=papers.later(seconds=1)), "officer.expired"),
        (papers.credential(papers.LIBO), "officer.wrong_county"),
        (papers.credential(HUANJIANG, by=papers.signer(papers.LIBO)), "officer.unsigned"),
        (papers.credential(HUANJIANG, officer="duty-b"), "officer.other"),
    ],
)
async def test_no_valid_credential_no_answer(world: World, credential: Any, code: str) -> None:  # noqa: ANN401
    """A receipt that the source would not believe must not leave the house."""
    county = world[HUANJIANG]
    county.directory.credentials = {} if credential is None else {OFFICER: credential}
    answer = await acknowledge(county, await arrived(world))

    assert (answer.status, answer.body["code"]) == (403, code)
    assert answer.is_problem
    assert (await county.counts())["receipts_out"] == 1


async def test_an_answer_signed_before_the_credential_is_refused(world: World) -> None:
    """The source judges the credential at the moment of the answer, so we must do so as well."""
    envelope_id = await arrived(world)
    answer = await acknowledge(
        world[HUANJIANG], envelope_id, signed_answer(envelope_id, papers.LONG_AGO - timedelta(days=1))
    )

    assert answer.body["code"] == "officer.expired"


async def test_our_own_event_is_not_ours_to_acknowledge(world: World) -> None:
    """A sender that acknowledged for its neighbours would see green where nobody read."""
    county = world[HUANJIANG]
    posted = await county.send(policy_draft())
    answer = await acknowledge(county, posted.envelope_id)

    assert (answer.status, answer.body["code"]) == (409, "acknowledgement.own_event")


@pytest.mark.parametrize("envelope_id", ["0" * 64, "f" * 64])
async def test_an_unknown_event_is_not_found(world: World, envelope_id: str) -> None:
    """A mistyped id must not look like a success."""
    answer = await acknowledge(world[HUANJIANG], envelope_id)

    assert (answer.status, answer.body["code"]) == (404, "request.not_found")


async def test_a_receipt_is_no_event_to_acknowledge(world: World) -> None:
    """Receipts are not receipted."""
    envelope_id = await arrived(world)
    receipts = await world[HUANJIANG].store.read(lambda snapshot: snapshot.receipts(envelope_id))
    answer = await acknowledge(world[HUANJIANG], receipts[0].envelope_id)

    assert answer.status == 404


async def test_a_phone_number_in_the_officers_name_is_refused(world: World) -> None:
    """The credential travels with every answer; its source would refuse the receipt."""
    envelope_id = await arrived(world)
    world[HUANJIANG].directory.credentials[OFFICER] = papers.credential(display_name="值班员甲 13812345678")
    before = await world[HUANJIANG].counts()
    answer = await acknowledge(world[HUANJIANG], envelope_id)

    assert (answer.status, answer.body["code"]) == (422, "guard.personal_number")
    assert answer.body["field"] == "content.officer.credential.payload.display_name"
    assert await world[HUANJIANG].counts() == before


async def test_a_phone_number_in_the_note_is_refused(world: World) -> None:
    """The note is free text like any other, and it travels."""
    answer = await acknowledge(world[HUANJIANG], await arrived(world), {"note": "请打13812345678"})

    assert (answer.status, answer.body["code"], answer.body["field"]) == (422, "guard.personal_number", "note")


async def test_an_agreement_that_is_gone_leaves_nothing_to_answer_under(world: World) -> None:
    """A receipt names the agreement that permits it; without one the officer is told, and telephones."""
    county: County = world[HUANJIANG]
    envelope_id = await arrived(world)
    county.directory.trusted = papers.trust(papers.in_force(id="another"))
    answer = await acknowledge(county, envelope_id)

    assert (answer.status, answer.body["code"]) == (403, "sharing.no_agreement")


async def test_a_newer_version_of_the_agreement_carries_the_answer(world: World) -> None:
    """An agreement renewed between event and answer must not swallow the answer."""
    envelope_id = await arrived(world)
    newer = papers.in_force(version=2)
    for code in (HUANJIANG, papers.LIBO):
        world[CountyCode(code)].directory.trusted = papers.trust(newer, *full_trust().by_reference.values())
    answer = await acknowledge(world[HUANJIANG], envelope_id)
    await world.carry()

    assert answer.status == 202
    assert (await world[papers.LIBO].counts())["acknowledged"] == 1


async def test_a_full_disk_acknowledges_nothing(world: World) -> None:
    """The officer must be told to answer again, not believe that it is done."""
    county = world[HUANJIANG]
    envelope_id = await arrived(world)
    county.store.disk_full = True
    answer = await acknowledge(county, envelope_id)

    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    county.store.disk_full = False
    assert (await acknowledge(county, envelope_id)).status == 202
