"""An event without its receipt is published again, to the one who lacks it, until the receipt is in."""

from collections.abc import Sequence

import pytest

from adapters.memory.bus import MemoryAppender, MemoryHub
from adapters.memory.clock import ManualClock
from adapters.memory.ids import SequentialIds
from adapters.memory.store import MemoryStore
from schemas.agreements import Grant
from schemas.carriage import Arrival
from schemas.control import ErasureReason
from schemas.errors import UnavailableError
from schemas.ids import CountyCode
from schemas.records import ErasureRow
from schemas.subjects import Lane, parse_subject
from services.completeness.resender import Resender
from tests import papers
from tests.desk import Office, opened
from tests.papers import COUNTIES, HUANJIANG, LIBO, NANDAN


class Source:
    """荔波 with its resender; what it enqueues is at the hub at once unless a test says otherwise."""

    def __init__(self) -> None:
        """Start with an empty store."""
        self.clock = ManualClock(papers.NOW)
        self.hub = MemoryHub({papers.AGREEMENT: COUNTIES})
        self.office = Office(LIBO, MemoryStore(), clock=self.clock)
        self.resender = Resender(
            store=self.office.store,
            posting=self.office.posting,
            appender=MemoryAppender(self.hub, LIBO),
            clock=self.clock,
            ids=SequentialIds("resender"),
        )

    async def sent(self, *, at_hub: bool = True) -> list[Arrival]:
        """Return what was enqueued since the last call."""
        if at_hub:
            await self.office.mark_published()
        return await self.office.sent()

    async def passes(self, seconds: float, step: float = 5.0) -> list[Arrival]:
        """Let time pass, looking every few seconds; return what was published meanwhile."""
        found: list[Arrival] = []
        for _ in range(int(seconds / step)):
            await self.clock.move(step)
            await self.resender.run_once()
            found += await self.sent()
        return found


@pytest.fixture
def source() -> Source:
    """荔波."""
    return Source()


def _office(code: str, source: Source) -> Office:
    return Office(CountyCode(code), MemoryStore(), clock=source.clock)


async def _receipts(source: Source, office: Office, arrivals: Sequence[Arrival]) -> None:
    """Let an office take what came to it, and the source take its receipts."""
    mine = [one for one in arrivals if _destination(one) in {office.code, f"_{papers.AGREEMENT}"}]
    await office.take(*mine)
    back = await office.sent()
    await office.mark_published()
    if back:
        await source.office.take(*back)


def _destination(arrival: Arrival) -> str:
    subject = parse_subject(arrival.subject)
    assert subject is not None
    return subject.destination


async def _owed(source: Source) -> int:
    counts = await source.office.counts()
    return counts["deliveries"] - counts["stored"]


async def test_a_message_swallowed_on_its_way_to_one_recipient_is_published_again(source: Source) -> None:
    """The hub keeps it, 南丹 has it, 环江 never gets it: what the hub says is no proof."""
    nandan, huanjiang = _office(NANDAN, source), _office(HUANJIANG, source)
    await source.office.post()
    opening, one = await source.sent()
    await _receipts(source, nandan, [opening, one])
    await _receipts(source, huanjiang, [opening])
    assert await _owed(source) == 1

    again = await source.passes(60)

    assert {_destination(arrival) for arrival in again} == {HUANJIANG}
    assert {parse_subject(a.subject).lane for a in again} == {Lane.REPAIR}  # type: ignore[union-attr]
    assert one.message in {arrival.message for arrival in again}
    await _receipts(source, huanjiang, again)
    assert await huanjiang.seqs() == [1]
    assert await _owed(source) == 0
    assert await source.passes(3600) == []


async def test_an_opening_that_was_swallowed_comes_again_with_the_first_event(source: Source) -> None:
    """Nobody owes a receipt for link 0, and without it every later link waits for ever."""
    huanjiang = _office(HUANJIANG, source)
    await source.office.post(to=[HUANJIANG])
    opening, one = await source.sent()
    await _receipts(source, huanjiang, [one])
    assert await huanjiang.seqs() == []

    again = await source.passes(60)

    assert [arrival.message for arrival in again[:2]] == [opening.message, one.message]
    await _receipts(source, huanjiang, again)
    assert await huanjiang.seqs() == [1]
    assert await _owed(source) == 0


async def test_a_receipt_that_was_lost_comes_again(source: Source) -> None:
    """The receiver has the event, its receipt went astray: the repeated event brings the same receipt."""
    huanjiang = _office(HUANJIANG, source)
    await source.office.post(to=[HUANJIANG])
    await huanjiang.take(*await source.sent())
    lost = await huanjiang.sent()
    await huanjiang.mark_published()

    again = await source.passes(45)
    await huanjiang.take(*again)
    repeated = await huanjiang.sent()

    assert [one.message for one in repeated] == [one.message for one in lost if b"control.receipt" in one.message]
    await source.office.take(*repeated)
    assert await _owed(source) == 0


async def test_nothing_is_published_twice_before_its_time(source: Source) -> None:
    """Receipts that take ten seconds cost every event a second journey."""
    await source.office.post()
    await source.sent()
    assert await source.passes(20) == []


async def test_what_is_not_at_the_hub_yet_is_not_put_there_twice(source: Source) -> None:
    """A link that is down for a day fills the repair lane with copies of what waits anyway."""
    await source.office.post()
    for _ in range(24 * 6):
        await source.clock.move(600)
        await source.resender.run_once()
    assert len(await source.sent(at_hub=False)) == 2, "the opening and the event, once"


async def test_a_neighbour_that_is_dead_for_days_costs_little(source: Source) -> None:
    """A thousand events wait for it; three days later there are not a hundred thousand copies at the hub."""
    for number in range(200):
        await source.office.post(content=papers.policy_content(doc_no=f"文件{number}号"))
    await source.sent()
    again = await source.passes(3 * 24 * 3600, step=60)
    per_recipient = len(again) / 2
    assert per_recipient < 3 * 24 * 6 * 8, "at most a handful every ten minutes"


async def test_a_sign_of_life_brings_what_is_overdue(source: Source) -> None:
    """The neighbour is back after three days and waits ten more minutes for the alert."""
    huanjiang = _office(HUANJIANG, source)
    await source.office.post(to=[HUANJIANG])
    await source.sent()
    await source.passes(24 * 3600, step=60)
    await huanjiang.post(to=[LIBO])
    await source.office.take(*await huanjiang.sent())
    assert await source.passes(45), "a verified message of its own has come"


async def test_new_contact_with_the_hub_brings_what_is_overdue(source: Source) -> None:
    """The hub was restored from yesterday's disk: nobody's messages are there, whatever it acknowledged."""
    await source.office.post()
    await source.sent()
    await source.passes(24 * 3600, step=60)
    source.hub.down = True
    source.hub.down = False
    assert await source.passes(45)


async def test_an_event_that_was_refused_is_not_sent_again(source: Source) -> None:
    """A terminal no is an answer: it would be refused every ten minutes for ever."""
    huanjiang = _office(HUANJIANG, source)
    huanjiang.trusted = papers.trust(papers.in_force(grants=(Grant(types=(papers.WORK,)),)))
    await source.office.post(to=[HUANJIANG])
    await _receipts(source, huanjiang, await source.sent())
    assert await source.passes(3600, step=60) == []


async def test_a_full_disk_stops_nothing_for_good(source: Source) -> None:
    """The loop ends with the first error, and nobody notices that nothing is repaired any more."""
    store = source.office.store
    assert isinstance(store, MemoryStore)
    await source.office.post()
    await source.sent()
    await source.resender.run_once()
    await source.clock.move(60)
    store.disk_full = True
    with pytest.raises(UnavailableError):
        await source.resender.run_once()
    async with source.resender.running(tick_seconds=5):
        await source.clock.move(10)
        store.disk_full = False
        await source.clock.move(10)
    assert await source.sent()


async def test_what_was_erased_is_given_to_nobody(source: Source) -> None:
    """Without its content it proves nothing to who never had it, and would be quarantined every ten minutes."""
    posted = await source.office.post(to=[HUANJIANG])
    await source.sent()
    row = ErasureRow(LIBO, ErasureReason.WITHDRAWN, papers.NOW)
    await source.office.store.write(lambda tx: tx.erasures.erase(posted.envelope_id, row))
    again = await source.passes(120)
    assert [opened(one.message).header.seq for one in again] == [0] * len(again)
