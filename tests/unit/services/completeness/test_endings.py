"""A source goes on in a new epoch: what of the old one is missing here is fetched, what was dropped is told."""

import pytest

from adapters.memory.bus import MemoryHub, Stored
from adapters.memory.store import MemoryStore
from schemas.notices import NoticeKind
from schemas.subjects import Lane, parse_subject
from services.ports import Transaction
from tests import papers
from tests.desk import Office
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.watches import INTERVAL, envelope_in, new_hub, new_offices, on_watch, passes, told, within


@pytest.fixture
def hub() -> MemoryHub:
    """A hub that knows the agreement."""
    return new_hub()


@pytest.fixture
def offices() -> dict[str, Office]:
    """Three counties with empty stores and one clock."""
    return new_offices()


async def _post(office: Office, count: int) -> None:
    for number in range(count):
        await office.post(content=papers.policy_content(doc_no=f"文件{number}号"))


def _restore(tx: Transaction) -> None:
    """As ``sihu restore`` does: what is behind the heads is not known."""
    tx.outbox.doubt()
    tx.memory.forget_positions()
    tx.chains.retire(LIBO)


def _copied(office: Office) -> MemoryStore:
    """A snapshot of the machine, taken now."""
    store, copy = office.store, MemoryStore()
    assert isinstance(store, MemoryStore)
    copy._state = store._state.copy()  # noqa: SLF001 - as somebody copies a disk
    return copy


async def _seqs(office: Office) -> list[tuple[str, int]]:
    return [(row.epoch.partition("-")[0], row.seq) for row in await office.inbox() if row.source == LIBO]


async def test_the_tail_of_an_epoch_that_was_left_is_fetched(offices: dict[str, Office], hub: MemoryHub) -> None:
    """Its source tells of the new epoch only: the last event of the old one would be missing for ever."""
    libo, huanjiang = offices[LIBO], offices[HUANJIANG]

    def hides(county: str, stored: Stored) -> bool:
        subject = parse_subject(stored.subject)
        if county != HUANJIANG or subject is None or subject.source != LIBO or subject.lane is Lane.REPAIR:
            return False
        header = envelope_in(stored).header
        return header.epoch.startswith("1-") and header.seq == 3

    hub.hides = hides
    await _post(libo, 3)
    await libo.store.write(_restore)
    await _post(libo, 1)
    async with on_watch(offices.values(), hub):

        async def whole() -> bool:
            return ("1", 3) in await _seqs(huanjiang)

        assert await within(offices, 2 * INTERVAL, whole) is not None
        await passes(offices, 10)
    assert set(await _seqs(huanjiang)) == {("1", 1), ("1", 2), ("1", 3), ("2", 1)}
    assert [one.county for one in await told(huanjiang, NoticeKind.MISSING)] == [LIBO]
    assert await told(huanjiang, NoticeKind.MISSING, open_only=True) == []
    assert await told(huanjiang, NoticeKind.EPOCH_DROPPED) == []


async def test_links_that_a_source_dropped_are_told_to_who_holds_them(offices: dict[str, Office]) -> None:
    """An old backup came back at 荔波: it lacks two events that its partners act upon, and does not know it."""
    hub, libo, huanjiang = new_hub(), offices[LIBO], offices[HUANJIANG]
    await _post(libo, 1)
    backup = Office(LIBO, _copied(libo), clock=libo.clock)
    async with on_watch(offices.values(), hub):
        await _post(libo, 2)
        await passes(offices, 10)
    await backup.store.write(_restore)
    assert await _seqs(huanjiang) == [("1", 1), ("1", 2), ("1", 3)]
    offices[LIBO] = backup
    async with on_watch(offices.values(), new_hub()):
        await passes(offices, 5)
        await backup.post(content=papers.policy_content(doc_no="恢复之后"))
        await within(offices, 2 * INTERVAL, lambda: told(huanjiang, NoticeKind.EPOCH_DROPPED))
        await passes(offices, 2 * INTERVAL)
    notice = (await told(huanjiang, NoticeKind.EPOCH_DROPPED))[0]
    assert notice.county == LIBO
    assert "2 条" in notice.text
    assert len(await told(offices[NANDAN], NoticeKind.EPOCH_DROPPED)) == 1
    assert await told(huanjiang, NoticeKind.MISSING) == []
    heads = await backup.store.read(lambda s: s.heads())
    assert [one.epoch[0] for one in heads if one.source == LIBO and len(one.audience) == 2] == ["2"]


async def test_a_partner_that_has_seen_more_of_our_receipts_than_we_know(offices: dict[str, Office]) -> None:
    """环江's store was rolled back without a word: its neighbour's beacon is the first to show it."""
    hub, libo = new_hub(), offices[LIBO]
    async with on_watch(offices.values(), hub):
        await _post(libo, 1)
        await passes(offices, 10)
        rolled_back = _copied(offices[HUANJIANG])
        await _post(libo, 3)
        await passes(offices, 10)
    offices[HUANJIANG] = Office(HUANJIANG, rolled_back, clock=libo.clock)
    async with on_watch(offices.values(), hub):
        found = await within(offices, 2 * INTERVAL, lambda: told(offices[HUANJIANG], NoticeKind.OWN_UNKNOWN))
    assert found is not None
