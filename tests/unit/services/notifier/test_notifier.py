"""The source's own watch: a silent neighbour is told to a person, in time, once, until the receipt comes."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.memory.store import MemoryStore
from schemas.control import Receipt, ReceiptStage
from schemas.errors import UnavailableError
from schemas.notices import Notice, NoticeKind
from schemas.records import Direction
from services.domain.receipting import row_of
from services.notifier.notifier import Notifier
from services.ports import Transaction
from tests import papers
from tests.desk import Office, opened
from tests.papers import HUANJIANG, LIBO, NANDAN

NOT_STORED, NOT_ACKNOWLEDGED = NoticeKind.NOT_STORED, NoticeKind.NOT_ACKNOWLEDGED


@pytest.fixture
def store() -> MemoryStore:
    """荔波's store."""
    return MemoryStore()


@pytest.fixture
def source(store: MemoryStore) -> Office:
    """荔波, the source: an alert must be stored in 60 s, one of level 1 in the 45 s that the agreement says."""
    return Office(LIBO, store)


@pytest.fixture
def notifier(source: Office) -> Notifier:
    """Its own watch."""
    return Notifier(store=source.store, trust=lambda: source.trusted, clock=source.clock)


async def told(source: Office) -> list[tuple[NoticeKind, str]]:
    """Return kind and county of every open notice, the oldest first."""
    found = await source.store.read(lambda s: s.notices(open_only=True, limit=100))
    return [(one.kind, one.county) for one in reversed(found)]


async def all_notices(source: Office) -> list[Notice]:
    """Return every notice, resolved ones too, the oldest first."""
    return list(reversed(await source.store.read(lambda s: s.notices(open_only=False, limit=100))))


async def receipt(source: Office, event_id: str, stage: ReceiptStage, *, by: str = HUANJIANG, **row: Any) -> None:  # noqa: ANN401
    """Let a receipt come in, as the receiver books it."""
    event = await source.store.read(lambda s: s.event(event_id))
    assert event is not None
    header = event.envelope.header
    given: dict[str, Any] = {
        "receiver": by,
        "stage": ReceiptStage.STORED,
        "channel": header.channel,
        "epoch": header.epoch,
        "first_seq": header.seq,
        "seq": header.seq,
        "head": event_id,
        "agreement": header.agreement,
        "permitted": True,
        "received_at": source.clock.now(),
    }
    plain = row_of(Receipt(**given), Direction.INCOMING, event.chain_number, source.clock.now(), "")

    def book(tx: Transaction) -> None:
        tx.dues.mark(replace(plain, stage=stage, **row))

    await source.store.write(book)


async def test_59_seconds_are_not_too_late_and_61_are(source: Office, notifier: Notifier) -> None:
    """Level 2: nothing is told before the minute is over, and then for every silent neighbour."""
    await source.post_alert(level=2)
    await source.clock.move(59)
    assert await notifier.run_once() == 0
    assert await told(source) == []
    await source.clock.move(2)
    assert await notifier.run_once() == 2
    assert await told(source) == [(NOT_STORED, NANDAN), (NOT_STORED, HUANJIANG)]


async def test_the_agreement_may_be_stricter(source: Office, notifier: Notifier) -> None:
    """Level 1: the agreement says 45 seconds."""
    await source.post_alert(level=1)
    await source.clock.move(44)
    assert await notifier.run_once() == 0
    await source.clock.move(2)
    assert await notifier.run_once() == 2


async def test_the_officer_reads_whom_to_call_and_what_about(source: Office, notifier: Notifier) -> None:
    """County, telephone and headline in one line."""
    await source.post_alert(level=2, to=(HUANJIANG,))
    await source.clock.move(61)
    await notifier.run_once()
    (notice,) = await all_notices(source)
    assert notice.text == (
        "环江（451226）未按时给出入库回执，请立即电话 0778-451226 通知其值班室：荔波县气象台发布暴雨红色预警"
    )
    assert notice.told_at == source.clock.now()


async def test_it_is_told_once(source: Office, notifier: Notifier) -> None:
    """Not every second anew."""
    await source.post_alert(level=2)
    for _ in range(5):
        await source.clock.move(61)
        await notifier.run_once()
    assert len([one for one in await all_notices(source) if one.kind is NOT_STORED]) == 2


async def test_the_notice_is_resolved_when_the_receipt_comes(source: Office, notifier: Notifier) -> None:
    """The one of 环江 alone; 南丹 is still silent."""
    posted = await source.post_alert(level=2)
    await source.clock.move(61)
    await notifier.run_once()
    await receipt(source, posted.envelope_id, ReceiptStage.STORED)
    await source.clock.move(1)
    assert await notifier.run_once() == 1
    assert await told(source) == [(NOT_STORED, NANDAN)]
    resolved = [one for one in await all_notices(source) if one.resolved_at is not None]
    assert [(one.county, one.resolved_at) for one in resolved] == [(HUANJIANG, source.clock.now())]


async def test_a_receipt_in_time_leaves_everybody_asleep(source: Office, notifier: Notifier) -> None:
    """Stored at once: nothing to tell but the missing answer, later."""
    posted = await source.post_alert(level=2)
    for county in (NANDAN, HUANJIANG):
        await receipt(source, posted.envelope_id, ReceiptStage.STORED, by=county)
    await source.clock.move(120)
    assert await notifier.run_once() == 0


async def test_a_neighbour_that_stores_and_does_not_answer_is_told_by_the_deadline(
    source: Office, notifier: Notifier
) -> None:
    """Level 2: fifteen minutes to acknowledge."""
    posted = await source.post_alert(level=2, to=(HUANJIANG,))
    await receipt(source, posted.envelope_id, ReceiptStage.STORED)
    await source.clock.move(15 * 60 - 1)
    assert await notifier.run_once() == 0
    await source.clock.move(2)
    assert await notifier.run_once() == 1
    assert await told(source) == [(NOT_ACKNOWLEDGED, HUANJIANG)]
    assert "未按时给出签收" in (await all_notices(source))[0].text
    await receipt(source, posted.envelope_id, ReceiptStage.ACKNOWLEDGED, officer="值班员甲", answer="received")
    assert await notifier.run_once() == 1
    assert await told(source) == []


async def test_a_stored_receipt_does_not_answer_for_a_person(source: Office, notifier: Notifier) -> None:
    """The missing acknowledgement stays told although the machine has stored."""
    posted = await source.post_alert(level=2, to=(HUANJIANG,))
    await source.clock.move(16 * 60)
    await notifier.run_once()
    assert await told(source) == [(NOT_STORED, HUANJIANG), (NOT_ACKNOWLEDGED, HUANJIANG)]
    await receipt(source, posted.envelope_id, ReceiptStage.STORED)
    await notifier.run_once()
    assert await told(source) == [(NOT_ACKNOWLEDGED, HUANJIANG)]


async def test_a_refusal_is_an_answer_to_the_question_whether_it_arrived(source: Office, notifier: Notifier) -> None:
    """It is told by another notice; this one is resolved."""
    posted = await source.post_alert(level=2, to=(HUANJIANG,))
    await source.clock.move(61)
    await notifier.run_once()
    await receipt(source, posted.envelope_id, ReceiptStage.REJECTED, code="sharing.purpose")
    await notifier.run_once()
    assert await told(source) == []


async def test_an_officers_answer_resolves_both(source: Office, notifier: Notifier) -> None:
    """Whoever answers has received, even if the machine's receipt was lost."""
    posted = await source.post_alert(level=2, to=(HUANJIANG,))
    await source.clock.move(16 * 60)
    await notifier.run_once()
    await receipt(source, posted.envelope_id, ReceiptStage.ACKNOWLEDGED, officer="值班员甲", answer="received")
    await notifier.run_once()
    assert await told(source) == []


@pytest.mark.parametrize("level", [3, 4])
async def test_lesser_alerts_are_not_watched(source: Office, notifier: Notifier, level: int) -> None:
    """A yellow or blue warning wakes nobody next door."""
    await source.post_alert(level=level)
    await source.clock.move(24 * 3600)
    assert await notifier.run_once() == 0


async def test_bulletins_are_not_watched(source: Office, notifier: Notifier) -> None:
    """Nobody telephones about a circular."""
    await source.post()
    await source.clock.move(24 * 3600)
    assert await notifier.run_once() == 0


async def test_a_clock_set_back_tells_nothing_too_early(source: Office, notifier: Notifier) -> None:
    """The wall clock jumps back an hour: told an hour later than it should be, but not lost."""
    await source.post_alert(level=2, to=(HUANJIANG,))
    source.clock.jump(-3600)
    await source.clock.move(61)
    assert await notifier.run_once() == 0
    await source.clock.move(3600)
    assert await notifier.run_once() == 1


async def test_a_full_disk_loses_no_watch(source: Office, store: MemoryStore, notifier: Notifier) -> None:
    """What could not be written is told at the next look."""
    await source.post_alert(level=2, to=(HUANJIANG,))
    await source.clock.move(61)
    store.disk_full = True
    with pytest.raises(UnavailableError):
        await notifier.run_once()
    store.disk_full = False
    assert await notifier.run_once() == 1


async def test_the_running_watch_looks_every_second(source: Office, store: MemoryStore, notifier: Notifier) -> None:
    """Over a disk that fails for a while."""
    await source.post_alert(level=2, to=(HUANJIANG,))
    async with notifier.running(tick_seconds=1.0):
        await source.clock.move(30)
        store.disk_full = True
        await source.clock.move(31)
        await asyncio.sleep(0)
        assert await told(source) == []
        store.disk_full = False
        await source.clock.move(2)
        await asyncio.sleep(0)
        assert await told(source) == [(NOT_STORED, HUANJIANG)]


async def test_whatever_became_of_the_event_the_notice_is_told(source: Office, notifier: Notifier) -> None:
    """A watch whose event cannot be read any more still names county and telephone."""
    posted = await source.post_alert(level=2, to=(HUANJIANG,))
    envelope = opened((await source.sent())[-1].message)
    assert envelope.envelope_id == posted.envelope_id

    def orphan(tx: Transaction) -> None:
        watch = tx.waiting_room.due(papers.FAR_AHEAD, 1)[0]
        tx.waiting_room.watch([replace(watch, envelope_id="0" * 64, due_at=source.clock.now())])

    await source.store.write(orphan)
    assert await notifier.run_once() == 1
    (notice,) = await all_notices(source)
    assert "0778-451226" in notice.text


async def test_an_end_that_comes_near_is_told_once_and_gone_when_renewed(source: Office) -> None:
    """A certificate that runs out unnoticed cuts the county off; one told every hour is read by nobody."""
    ends = [source.clock.now() + timedelta(days=20)]
    notifier = Notifier(
        store=source.store, trust=lambda: source.trusted, clock=source.clock, certificate_ends_at=lambda: ends[0]
    )
    await notifier.run_once()
    await notifier.run_once()
    (notice,) = [one for one in await all_notices(source) if one.kind is NoticeKind.EXPIRING]
    assert "证书" in notice.text
    ends[0] += timedelta(days=365)
    await source.clock.move(3601)
    await notifier.run_once()
    assert [one for one in await told(source) if one[0] is NoticeKind.EXPIRING] == []


async def test_an_end_that_is_far_off_is_not_told(source: Office) -> None:
    """Warnings that are always there are no warnings."""
    far = source.clock.now() + timedelta(days=31)
    notifier = Notifier(
        store=source.store, trust=lambda: source.trusted, clock=source.clock, certificate_ends_at=lambda: far
    )
    await notifier.run_once()
    assert [one for one in await all_notices(source) if one.kind is NoticeKind.EXPIRING] == []
