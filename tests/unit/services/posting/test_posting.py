"""The only door out: every event in its place, signed, expected and enqueued together, or not at all."""

import pytest

from adapters.memory.store import MemoryStore
from schemas.base import Status
from schemas.carriage import Publication
from schemas.control import ChainKind, EpochOpened, OpeningReason, Receipt, ReceiptStage
from schemas.envelope import Envelope
from schemas.ids import NO_LINK
from schemas.registry import KeyUse
from schemas.subjects import Lane, parse_subject
from services.domain.chain import channel_of
from services.domain.receiving import Outcome, examine
from services.ports import Transaction
from tests import papers
from tests.desk import Office, opened
from tests.papers import AGREEMENT, HUANJIANG, LIBO, NANDAN

EVENT_CHANNEL = channel_of(ChainKind.EVENT, LIBO, AGREEMENT, (NANDAN, HUANJIANG))


@pytest.fixture
def store() -> MemoryStore:
    """荔波's empty store."""
    return MemoryStore()


@pytest.fixture
def office(store: MemoryStore) -> Office:
    """荔波, which posts."""
    return Office(LIBO, store)


async def lane(office: Office, which: Lane) -> list[Publication]:
    """Return everything ever enqueued in a lane."""
    return await office.store.read(lambda s: s.waiting(which, 0, 1000, 1 << 30))


async def envelopes(office: Office) -> list[Envelope]:
    """Return what was enqueued since the last call, in chain order."""
    return [opened(one.message) for one in await office.sent()]


async def test_the_first_event_of_a_channel_opens_its_epoch(office: Office) -> None:
    """Link 0 says what is opened, goes ahead in the urgent lane, and the event follows it."""
    posted = await office.post()
    opening, event = await envelopes(office)
    assert (opening.header.seq, opening.header.prev, opening.header.type) == (0, NO_LINK, EpochOpened.wire_type)
    assert (event.header.seq, event.header.prev) == (1, opening.envelope_id)
    assert EpochOpened.model_validate_json(opening.content) == EpochOpened(
        channel=EVENT_CHANNEL,
        chain_kind=ChainKind.EVENT,
        agreement_id=AGREEMENT,
        audience=(NANDAN, HUANJIANG),
        epoch=event.header.epoch,
        reason=OpeningReason.FIRST,
    )
    assert (opening.header.status, opening.header.priority) == (Status.SYSTEM, 1)
    assert (posted.envelope_id, posted.channel, posted.epoch, posted.seq) == (
        event.envelope_id,
        EVENT_CHANNEL,
        event.header.epoch,
        1,
    )
    assert [len(await lane(office, which)) for which in (Lane.URGENT, Lane.NORMAL)] == [1, 1]


async def test_every_event_follows_the_one_before(office: Office) -> None:
    """No gap, no second opening; the other end accepts each."""
    for _ in range(4):
        await office.post()
    links = await envelopes(office)
    assert [one.header.seq for one in links] == [0, 1, 2, 3, 4]
    assert [one.header.prev for one in links[1:]] == [one.envelope_id for one in links[:-1]]
    assert len({one.header.content.content_id for one in links}) == 5
    for one in links:
        found = examine(papers.arrival(one), trust=papers.trust(), county=HUANJIANG)
        assert (found.outcome, found.fault) == (Outcome.ACCEPTABLE, None)


async def test_each_audience_has_a_chain_of_its_own(office: Office) -> None:
    """Else 环江 would see a gap for each event that 南丹 alone was sent."""
    await office.post()
    await office.post(to=(HUANJIANG,))
    await office.post()
    links = await envelopes(office)
    assert sorted((len(one.header.to), one.header.seq) for one in links) == [(1, 0), (1, 1), (2, 0), (2, 1), (2, 2)]
    assert len({one.header.channel for one in links}) == 2


async def test_alerts_and_bulletins_share_a_chain_but_not_a_lane(office: Office) -> None:
    """One sequence for completeness, two lanes for speed."""
    await office.post()
    await office.post_alert()
    assert [opened(one.message).header.seq for one in await lane(office, Lane.URGENT)] == [0, 2]
    assert [opened(one.message).header.seq for one in await lane(office, Lane.NORMAL)] == [1]


async def test_a_smaller_audience_is_published_on_its_own_subject(office: Office) -> None:
    """The subject of the whole agreement is only for all its parties."""
    await office.post(to=(HUANJIANG,))
    (publication,) = await lane(office, Lane.NORMAL)
    subject = parse_subject(publication.subject)
    assert subject is not None
    assert (subject.source, subject.destination) == (LIBO, HUANJIANG)


async def test_deliveries_and_watches_come_with_the_event(office: Office) -> None:
    """Every recipient owes receipts from the first moment on."""
    posted = await office.post_alert(level=1)
    found = await office.store.read(lambda s: s.deliveries(posted.envelope_id))
    assert [one.recipient for one in found] == [NANDAN, HUANJIANG]
    due = await office.store.write(lambda tx: tx.waiting_room.due(papers.FAR_AHEAD, 100))
    assert sorted((one.recipient, one.stage) for one in due) == sorted(
        (county, stage) for county in (NANDAN, HUANJIANG) for stage in (ReceiptStage.STORED, ReceiptStage.ACKNOWLEDGED)
    )


async def test_nothing_of_a_failed_work_stays(office: Office, store: MemoryStore) -> None:
    """The caller's transaction fails behind the posting: no event, no head, no publication, no expectation."""
    await office.post()
    before = await office.counts()

    def fail(tx: Transaction) -> None:
        office.posting.post_receipt(
            tx, _receipt(), source=NANDAN, agreement=papers.in_force(), lane_priority=3, now=papers.NOW, target=1
        )
        raise RuntimeError("behind the posting")

    with pytest.raises(RuntimeError):
        await store.write(fail)
    assert await office.counts() == before
    await office.post()
    assert [one.header.seq for one in await envelopes(office)] == [0, 1, 2]


def _receipt() -> Receipt:
    return Receipt(
        receiver=LIBO,
        stage=ReceiptStage.STORED,
        channel="c" * 64,
        epoch=papers.EPOCH,
        first_seq=1,
        seq=1,
        head="e" * 64,
        agreement=papers.in_force().reference,
        permitted=True,
        received_at=papers.NOW,
    )


async def test_receipts_have_their_own_chain_and_key(office: Office) -> None:
    """And nobody owes a receipt for a receipt."""

    def post(tx: Transaction) -> None:
        office.posting.post_receipt(
            tx, _receipt(), source=NANDAN, agreement=papers.in_force(), lane_priority=0, now=papers.NOW, target=1
        )

    await office.store.write(post)
    opening, receipt = await envelopes(office)
    assert receipt.header.channel == channel_of(ChainKind.RECEIPT, LIBO, AGREEMENT, (NANDAN,))
    assert receipt.header.signers == (papers.signer(LIBO, KeyUse.RECEIPT).kid,)
    assert opening.header.signers == (papers.signer(LIBO, KeyUse.EVENT).kid,)
    assert EpochOpened.model_validate_json(opening.content).chain_kind is ChainKind.RECEIPT
    assert (await office.counts())["deliveries"] == 0
    assert (await office.counts())["receipts_out"] == 1
    assert len(await lane(office, Lane.URGENT)) == 2  # the receipt of an urgent event is urgent
    for one in (opening, receipt):
        subject = f"hub.in.{LIBO}.urgent.{NANDAN}.{one.header.type.removeprefix('cn.sihu.')}"
        found = examine(papers.arrival(one, subject=subject), trust=papers.trust(), county=NANDAN)
        assert (found.outcome, found.kind) == (Outcome.ACCEPTABLE, ChainKind.RECEIPT)


async def test_after_a_fork_a_new_epoch_names_the_end_of_the_old_one(office: Office) -> None:
    """The counter goes up, the last link known is named, and the chain begins at 0 again."""
    first = await office.post()
    await envelopes(office)
    await office.store.write(lambda tx: tx.chains.freeze(1))
    second = await office.post()
    opening, event = await envelopes(office)
    record = EpochOpened.model_validate_json(opening.content)
    assert (record.reason, record.old_epoch) == (OpeningReason.FORKED, first.epoch)
    assert record.last is not None
    assert (record.last.seq, record.last.id) == (1, first.envelope_id)
    assert opening.header.prev == first.envelope_id
    assert (event.header.seq, event.header.prev) == (1, opening.envelope_id)
    assert second.epoch.startswith("2-")
    assert second.epoch != first.epoch


async def test_a_resend_is_the_same_bytes_in_the_repair_lane(office: Office) -> None:
    """Nothing is signed again; without the agreement in hand each recipient gets a copy."""
    posted = await office.post()
    (event,) = [one for one in await envelopes(office) if one.envelope_id == posted.envelope_id]
    await office.store.write(lambda tx: office.posting.repost(tx, event))
    office.trusted = papers.trust(papers.in_force(id="other"))
    await office.store.write(lambda tx: office.posting.repost(tx, event))
    found = await lane(office, Lane.REPAIR)
    assert [one.message for one in found] == [event.to_wire()] * 3
    assert [one.subject.split(".")[4] for one in found] == [f"_{AGREEMENT}", NANDAN, HUANJIANG]


async def test_the_header_names_the_registry_we_know(office: Office) -> None:
    """A receiver behind us waits for it."""
    office.trusted = papers.trust(version=3, previous="0" * 64)
    await office.post()
    assert {one.header.registry for one in await envelopes(office)} == {3}
