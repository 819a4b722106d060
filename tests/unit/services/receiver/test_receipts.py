"""Receipts on their way back: they move deliveries forward, and nobody can forge one."""

from dataclasses import replace
from typing import Any

import pytest

from adapters.memory.signer import MemorySigner
from adapters.memory.store import MemoryStore
from schemas.carriage import Arrival
from schemas.control import Receipt, ReceiptStage
from schemas.envelope import Envelope
from schemas.ids import CountyCode
from schemas.notices import NoticeKind
from schemas.officers import Answer, AnswerWord, Means, OfficerProof
from schemas.records import Delivery, Direction, ReceiptRow
from services.domain.documents import document_digest
from services.domain.encoding import to_base64url
from services.domain.vouching import answer_bytes
from services.ports import Transaction
from tests import papers
from tests.desk import Office, opened
from tests.papers import HUANJIANG, LIBO, NANDAN


@pytest.fixture
def source(store: Any) -> Office:  # noqa: ANN401 - a store of either kind
    """环江 as the source: its deliveries are the ones that count here."""
    return Office(HUANJIANG, store)


@pytest.fixture
async def events(source: Office) -> list[Envelope]:
    """Three events to both neighbours, without the opening."""
    for _ in range(3):
        await source.post()
    return [opened(one.message) for one in await source.sent()][1:]


async def deliveries(source: Office, event: Envelope) -> dict[str, Delivery]:
    """Return what each recipient has proved."""
    found = await source.store.read(lambda s: s.deliveries(event.envelope_id))
    return {one.recipient: one for one in found}


def receipt_for(event: Envelope, *, receiver: str = LIBO, **changes: Any) -> Receipt:  # noqa: ANN401
    """Return a *stored* receipt for one event."""
    header = event.header
    given: dict[str, Any] = {
        "receiver": receiver,
        "stage": ReceiptStage.STORED,
        "channel": header.channel,
        "epoch": header.epoch,
        "first_seq": header.seq,
        "seq": header.seq,
        "head": event.envelope_id,
        "agreement": header.agreement,
        "permitted": True,
        "received_at": papers.NOW,
    }
    return Receipt(**(given | changes))


async def attested(by: Office, receipt: Receipt, *, to: str = HUANJIANG) -> list[Arrival]:
    """Let a county post a receipt of its own making; return what goes to the hub."""

    def post(tx: Transaction) -> None:
        by.posting.post_receipt(
            tx, receipt, source=to, agreement=papers.in_force(), lane_priority=3, now=papers.NOW, target=0
        )

    await by.store.write(post)
    return await by.sent()


def proof(event: Envelope, county: str = LIBO, **changes: Any) -> OfficerProof:  # noqa: ANN401
    """Return the signed answer of 值班员甲 of 荔波."""
    answer = Answer(
        envelope_id=event.envelope_id,
        county=CountyCode(county),
        officer="duty-a",
        answer=AnswerWord.RECEIVED,
        answered_at=papers.NOW,
    )
    given: dict[str, Any] = {
        "credential": papers.credential(county),
        "credential_digest": document_digest(changes.get("credential", papers.credential(county))),
        "means": Means.KEY_FILE,
        "answer": answer,
        "signature": to_base64url(papers.officer_key(county).sign(answer_bytes(answer))),
    }
    return OfficerProof(**(given | changes))


def neighbour_of(code: CountyCode = LIBO) -> Office:
    """Return a neighbour with an empty store."""
    return Office(code, MemoryStore())


async def test_a_stored_receipt_moves_every_delivery_it_covers(source: Office, events: list[Envelope]) -> None:
    """A range of two of three; the other recipient and the third event still owe theirs."""
    receipt = receipt_for(events[1], first_seq=1)
    await source.take(*await attested(neighbour_of(), receipt))
    assert [(await deliveries(source, event))[LIBO].stored_at for event in events] == [papers.NOW, papers.NOW, None]
    assert (await deliveries(source, events[0]))[NANDAN].stored_at is None
    assert await source.codes() == []
    assert (await source.counts())["receipts_in"] == 1


async def test_deliveries_only_move_forward(source: Office, events: list[Envelope]) -> None:
    """A late *stored* after the officer's answer takes nothing back."""
    officer = receipt_for(events[0], stage=ReceiptStage.ACKNOWLEDGED, officer=proof(events[0]))
    libo = neighbour_of()
    await source.take(*await attested(libo, officer))
    await source.take(*await attested(libo, receipt_for(events[0], received_at=papers.later(minutes=1))))
    found = (await deliveries(source, events[0]))[LIBO]
    assert (found.acknowledged_by, found.answer, found.acknowledged_at) == ("值班员甲", "received", papers.NOW)
    assert found.stored_at == papers.later(minutes=1)
    await source.take(*await attested(libo, receipt_for(events[0], received_at=papers.later(minutes=9))))
    assert (await deliveries(source, events[0]))[LIBO].stored_at == papers.later(minutes=1)


async def test_a_receipt_that_comes_twice_counts_once(source: Office, events: list[Envelope]) -> None:
    """Nobody answers a receipt, so a repeated one is passed over in silence."""
    arrivals = await attested(neighbour_of(), receipt_for(events[0]))
    await source.take(*arrivals, *arrivals)
    await source.take(*arrivals)
    assert (await source.counts())["receipts_in"] == 1
    assert await source.sent() == []


async def test_receipts_overtake_a_gap_in_their_own_chain(source: Office, events: list[Envelope]) -> None:
    """An answer must not wait for another answer that was lost on the way."""
    libo = neighbour_of()
    opening, one = await attested(libo, receipt_for(events[0]))
    (two,) = await attested(libo, receipt_for(events[1]))
    await source.take(opening, two)
    assert (await deliveries(source, events[1]))[LIBO].stored_at == papers.NOW
    await source.take(one)
    assert (await deliveries(source, events[0]))[LIBO].stored_at == papers.NOW
    assert await source.head(opened(two.message)) == 2


async def test_a_rejection_is_told_to_our_own_officer(source: Office, events: list[Envelope]) -> None:
    """The neighbour's machine refused it: somebody here must know."""
    receipt = receipt_for(
        events[0], stage=ReceiptStage.REJECTED, code="sharing.purpose", text="purpose: 不在协议内", permitted=False
    )
    await source.take(*await attested(neighbour_of(), receipt))
    assert (await deliveries(source, events[0]))[LIBO].refused_code == "sharing.purpose"
    assert await source.notices() == [NoticeKind.REFUSED]


async def test_another_story_is_refused(source: Office, events: list[Envelope]) -> None:
    """The receiver names an event that we never sent: quarantined, the delivery untouched."""
    await source.take(*await attested(neighbour_of(), receipt_for(events[0], head="f" * 64)))
    assert await source.codes() == ["receipt.other_story"]
    assert (await deliveries(source, events[0]))[LIBO].stored_at is None


async def test_a_county_that_was_not_addressed_attests_nothing(source: Office) -> None:
    """An event to 荔波 alone; 南丹 claims to have stored it."""
    await source.post(to=(LIBO,))
    event = opened((await source.sent())[-1].message)
    await source.take(*await attested(neighbour_of(NANDAN), receipt_for(event, receiver=NANDAN)))
    assert await source.codes() == ["receipt.unknown_channel"]
    assert set(await deliveries(source, event)) == {LIBO}


async def test_a_county_attests_for_itself_only(source: Office, events: list[Envelope]) -> None:
    """南丹 signs well, in the name of 荔波."""
    await source.take(*await attested(neighbour_of(NANDAN), receipt_for(events[0], receiver=LIBO)))
    assert await source.codes() == ["receipt.wrong_receiver"]
    (kept,) = await source.quarantined()
    assert kept.source == NANDAN  # where it came from stays known


async def test_an_event_key_signs_no_receipt(source: Office, events: list[Envelope]) -> None:
    """A stolen event key must not attest."""
    arrivals = await attested(neighbour_of(), receipt_for(events[0]))
    good = opened(arrivals[-1].message)
    kept = set(type(good.header).model_fields) - {"v", "signers"}
    fields: dict[str, Any] = {name: getattr(good.header, name) for name in kept}
    forged = papers.envelope(good.content, by=[papers.signer(LIBO)], **fields)
    await source.take(arrivals[0], replace(arrivals[-1], message=forged.to_wire()))
    assert await source.codes() == ["signature.unknown_key"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"credential": papers.credential(LIBO, by=MemorySigner("a forger"))}, "officer.unsigned"),
        ({"credential": papers.credential(NANDAN)}, "officer.wrong_county"),
        ({"credential": papers.credential(LIBO, expires_at=papers.NOW)}, "officer.expired"),
        ({"signature": "A" * 86}, "officer.signature"),
        ({"signature": None}, "officer.signature"),
    ],
)
async def test_a_forged_officer_acknowledges_nothing(
    source: Office, events: list[Envelope], changes: dict[str, Any], code: str
) -> None:
    """The neighbour's machine signs well, but no certified officer stands behind it."""
    receipt = receipt_for(events[0], stage=ReceiptStage.ACKNOWLEDGED, officer=proof(events[0], **changes))
    await source.take(*await attested(neighbour_of(), receipt))
    assert await source.codes() == [code]
    assert (await deliveries(source, events[0]))[LIBO].acknowledged_at is None


async def test_an_answer_to_another_event_is_refused(source: Office, events: list[Envelope]) -> None:
    """A true answer, moved."""
    receipt = receipt_for(events[0], stage=ReceiptStage.ACKNOWLEDGED, officer=proof(events[1]))
    await source.take(*await attested(neighbour_of(), receipt))
    assert await source.codes() == ["officer.other_answer"]


async def test_the_book_keeps_every_receipt_that_counted(source: Office, events: list[Envelope]) -> None:
    """Who, which stage, by which means."""
    receipt = receipt_for(events[0], stage=ReceiptStage.ACKNOWLEDGED, officer=proof(events[0]))
    arrivals = await attested(neighbour_of(), receipt)
    await source.take(*arrivals)
    rows = await source.store.read(lambda s: s.receipts(events[0].envelope_id))
    carrier = opened(arrivals[-1].message)
    assert rows == [
        ReceiptRow(
            envelope_id=carrier.envelope_id,
            direction=Direction.INCOMING,
            receiver=LIBO,
            stage=ReceiptStage.ACKNOWLEDGED,
            target_chain=rows[0].target_chain,
            first_seq=1,
            seq=1,
            received_at=papers.NOW,
            recorded_at=source.clock.now(),
            officer="值班员甲",
            answer="received",
            means="key_file",
        )
    ]
