"""Aggregates for the ledger: months of Beijing, drills apart, times as whole seconds, matters by partner."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from schemas.base import Status
from schemas.cases import CaseRow, CaseStage, Confirmation
from schemas.control import ReceiptStage
from schemas.courses import CourseKind, CourseRow, CourseStep
from schemas.envelope import Envelope
from schemas.ledgers import DeliveryGroup, EventGroup, MatterGroup
from schemas.records import Direction
from schemas.threads import Family, ThreadOf, ThreadParty
from services.ports import Store, Transaction
from tests.contract.store.kinds import marking, noting, posted
from tests.contract.store.samples import BULLETIN, THEM, THIRD, US, at, chain, envelope, link, receipt
from tests.contract.store.test_threads import FESTIVAL, OFFER, row

LONG_AGO, FAR_AHEAD = at(-99_999_999), at(99_999_999)


def dated(seq: int, *, time: str, status: Status = Status.ACTUAL) -> Envelope:
    """A partner's event with a time spelt as a stranger may spell it."""
    one = envelope(seq, channel="in", source=THEM, to=(US,))
    spelt = one.header.model_dump_json(by_alias=True, exclude_none=True)
    here = one.header.model_dump(mode="json")["time"]
    bytes_ = spelt.replace(here, time).replace('"status":"actual"', f'"status":"{status}"').encode()
    header = type(one.header).model_validate_json(bytes_)
    return replace(one, header=header, header_bytes=bytes_)


async def came(store: Store, moment: datetime, *links: Envelope) -> int:
    """Record what a partner sent at a moment."""

    def work(tx: Transaction) -> int:
        number = tx.chains.open(chain("in", source=THEM)).number
        tx.outbox.record([replace(link(number, one), recorded_at=moment) for one in links])
        return number

    return await store.write(work)


async def test_a_time_spelt_otherwise_is_read_otherwise(store: Store) -> None:
    """Z, an offset, no fraction, nine digits of one: a second is a second, and none is below zero."""
    recorded = datetime(2026, 3, 4, 0, 0, 10, 999_000, tzinfo=UTC)
    times = ("2026-03-04T00:00:00Z", "2026-03-04T08:00:04.000+08:00", "2026-03-03T19:30:09.999999999-04:30",
             "2026-03-04T08:00:59.000+08:00")  # fmt: skip
    await came(store, recorded, *(dated(seq, time=one) for seq, one in enumerate(times, 1)))
    found = await store.read(lambda snapshot: snapshot.ledger.deliveries(LONG_AGO, FAR_AHEAD))
    assert [(one.stored_seconds, one.count) for one in found] == [(0, 1), (1, 1), (6, 1), (10, 1)]


async def test_a_month_ends_at_midnight_in_beijing(store: Store) -> None:
    """What was recorded at 16:00 UTC belongs to the next day here."""
    edge = datetime(2026, 3, 31, 16, tzinfo=UTC)

    def work(tx: Transaction) -> None:
        number = tx.chains.open(chain("in", source=THEM)).number
        for seq, moment in enumerate((edge - timedelta(microseconds=1), edge), 1):
            made = envelope(seq, channel="in", source=THEM, to=(US,))
            tx.outbox.record([replace(link(number, made), recorded_at=moment)])

    await store.write(work)
    found = await store.read(lambda snapshot: snapshot.ledger.events(LONG_AGO, FAR_AHEAD))
    assert [(one.month, one.count) for one in found] == [("2026-03", 1), ("2026-04", 1)]
    assert edge.astimezone(timezone(timedelta(hours=8))).day == 1
    begun = await store.read(lambda snapshot: snapshot.ledger.events(edge, FAR_AHEAD))
    assert [one.month for one in begun] == ["2026-04"]


async def test_an_exercise_passes_for_work(store: Store) -> None:
    """Drills and tests stand apart."""
    made = [dated(seq, time="2026-03-04T00:00:00Z", status=status) for seq, status in enumerate(Status, 1)]
    await came(store, at(0), *made)
    found = await store.read(lambda snapshot: snapshot.ledger.events(LONG_AGO, FAR_AHEAD))
    assert [(one.drill, one.count) for one in found] == [(False, 1), (True, 3)]


async def test_a_delivery_is_counted_by_what_its_recipient_proved(store: Store) -> None:
    """One of two has stored and acknowledged, one has refused; of the second event nothing is known."""
    await store.write(lambda tx: posted(tx, 2, to=(THEM, THIRD)))
    stored = receipt(ReceiptStage.STORED, 1, seconds=31)
    taken = receipt(ReceiptStage.ACKNOWLEDGED, 1, seconds=61, officer="值班员甲", answer="received")
    bad = receipt(ReceiptStage.REJECTED, 1, receiver=THIRD, seconds=9, code="content.bad")
    for one in (stored, taken, bad):
        await store.write(marking(one))
    found = await store.read(lambda snapshot: snapshot.ledger.deliveries(LONG_AGO, FAR_AHEAD))
    group = DeliveryGroup("2026-03", Direction.OUTGOING, THEM, BULLETIN, False, None, None, False, 1)  # noqa: FBT003
    assert found == [
        group,
        replace(group, stored_seconds=30, acknowledged_seconds=60),
        replace(group, partner=THIRD),
        replace(group, partner=THIRD, refused=True),
    ]
    events = await store.read(lambda snapshot: snapshot.ledger.events(LONG_AGO, FAR_AHEAD))
    assert events == [EventGroup("2026-03", Direction.OUTGOING, BULLETIN, drill=False, count=2)]


async def test_our_own_answer_counts_for_what_came(store: Store) -> None:
    """The first answer that takes it; one that takes nothing is no acknowledgement."""
    number = await came(store, at(0), dated(1, time="2026-03-03T23:00:00Z"))
    for stage, seconds in ((ReceiptStage.DECLINED, 20), (ReceiptStage.ACTIONED, 90), (ReceiptStage.ACKNOWLEDGED, 60)):
        row = receipt(
            stage, 1, chain_number=number, receiver=US, direction=Direction.OUTGOING, seconds=seconds,
            officer="值班员甲", answer="received",
        )  # fmt: skip
        await store.write(noting(row))
    (one,) = await store.read(lambda snapshot: snapshot.ledger.deliveries(LONG_AGO, FAR_AHEAD))
    assert (one.stored_seconds, one.acknowledged_seconds) == (0, 60)


async def test_disputes_requests_and_referrals_are_counted_beside_threads(store: Store) -> None:
    """By kind and outcome, disputes and requests by county too; a row that says nothing of itself is no matter."""
    case = CaseRow("a" * 64, "forest", (US, THEM), US, CaseStage.CLOSED, Confirmation.NONE, None, 9, at(9))
    told = replace(case, kind="forest", outcome="performed", opened_at=at(0))
    request = CourseRow(CourseKind.SERVICE, "1" * 32, "closed", open=False, look_at=None)
    request = replace(request, mode="collect", outcome="granted", opened_at=at(1), counties=(THEM, THIRD))
    offered = CourseRow(CourseKind.REFERRAL, "2" * 32, "offered", open=True, look_at=None)

    def work(tx: Transaction) -> None:
        for one in (told, replace(told, case_id="b" * 64), replace(case, case_id="c" * 64)):
            tx.cases.keep(one)
        for course in (request, offered, replace(offered, course_id="3" * 32, outcome="offered", opened_at=at(2))):
            tx.course_book.keep(course)

    await store.write(work)
    found = await store.read(lambda snapshot: snapshot.ledger.matters(LONG_AGO, FAR_AHEAD))
    assert found == [
        MatterGroup("2026-03", "case", "forest", "performed", "", 2),
        MatterGroup("2026-03", "case", "forest", "performed", US, 2),
        MatterGroup("2026-03", "case", "forest", "performed", THEM, 2),
        MatterGroup("2026-03", "referral", "", "offered", "", 1),
        MatterGroup("2026-03", "service", "collect", "granted", "", 1),
        MatterGroup("2026-03", "service", "collect", "granted", THEM, 1),
        MatterGroup("2026-03", "service", "collect", "granted", THIRD, 1),
    ]
    assert await store.read(lambda snapshot: snapshot.ledger.matters(at(3), FAR_AHEAD)) == []


async def test_what_was_begun_as_an_exercise_passes_for_work(store: Store) -> None:
    """A campaign, a request and a dispute whose first event here was an exercise are no matters."""
    begun = [envelope(seq, channel="in", source=THEM, to=(US,), status=Status.EXERCISE) for seq in (1, 2, 3)]
    case = CaseRow(begun[2].envelope_id, "forest", (US, THEM), US, CaseStage.CLOSED, Confirmation.NONE, None, 9, at(9))
    request = CourseRow(CourseKind.SERVICE, "1" * 32, "closed", open=False, look_at=None, opened_at=at(1))

    def work(tx: Transaction) -> None:
        number = tx.chains.open(chain("in", source=THEM)).number
        abouts = (FESTIVAL, CourseStep(CourseKind.SERVICE, "1" * 32, BULLETIN, "{}"), None)
        tx.outbox.record([link(number, one, about=about) for one, about in zip(begun, abouts, strict=True)])
        tx.threads.put(row(FESTIVAL, 1))
        tx.cases.keep(replace(case, kind="forest", outcome="performed", opened_at=at(0)))
        tx.course_book.keep(request)

    await store.write(work)
    assert await store.read(lambda snapshot: snapshot.ledger.matters(LONG_AGO, FAR_AHEAD)) == []


async def test_matters_are_counted_as_a_whole_and_by_partner(store: Store) -> None:
    """By the month in which they were opened, whatever has happened since."""
    second = ThreadOf(Family.CAMPAIGN, "451226-second@sihu")

    def work(tx: Transaction) -> None:
        tx.threads.put(row(FESTIVAL, 1))
        tx.threads.put(row(second, 2, parties=(ThreadParty(THEM, "guest", "accepted"),)))
        tx.threads.put(row(OFFER, 3, kind="supply", opened_at=at(99_999_999), parties=()))

    await store.write(work)
    found = await store.read(lambda snapshot: snapshot.ledger.matters(LONG_AGO, at(60)))
    assert found == [
        MatterGroup("2026-03", "campaign", "festival", "accepted", THEM, 2),
        MatterGroup("2026-03", "campaign", "festival", "asked", THIRD, 1),
        MatterGroup("2026-03", "campaign", "festival", "open", "", 2),
    ]
    assert len(await store.read(lambda snapshot: snapshot.ledger.matters(LONG_AGO, at(100_000_000)))) == 4
