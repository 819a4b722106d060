"""Personal content that has ended is gone at both ends, whoever is up: nobody has to think of it."""

import asyncio
from typing import Final

import pytest

from adapters.memory.store import MemoryStore
from schemas.base import InformationClass
from schemas.control import ContentErased, ErasureReason
from schemas.errors import UnavailableError
from schemas.records import ErasureRow
from services.domain.reading import content_of
from services.upkeep.lapsing import Lapsing
from tests import papers
from tests.desk import Office, everything_in, opened
from tests.papers import HUANJIANG, LIBO
from tests.personal import DAY, RETENTION_DAYS, introduce, kept, office_key, post_personal

WEEK: Final = papers.later(days=7)
GRACE: Final = 14


class Ends:
    """荔波, which sends, and 环江, which receives; each erases by itself."""

    def __init__(self) -> None:
        """Start with empty stores."""
        self.libo, self.huanjiang = Office(LIBO, MemoryStore()), Office(HUANJIANG, MemoryStore())

    async def cross(self) -> None:
        """Carry everything to the other end, until it is quiet."""
        while True:
            there, back = await self.libo.sent(), await self.huanjiang.sent()
            if not there and not back:
                return
            if there:
                await self.huanjiang.take(*there)
            if back:
                await self.libo.take(*back)

    async def look(self, *offices: Office) -> list[int]:
        """Let these counties look at what has ended; return how many contents each erased."""
        return [await lapsing(one).run_once() for one in offices or (self.libo, self.huanjiang)]

    def wait(self, days: float) -> None:
        """Let time pass at both ends."""
        for one in (self.libo, self.huanjiang):
            one.clock.jump(days * DAY)


def lapsing(office: Office) -> Lapsing:
    """The step of one county; its clock does not wait."""
    return Lapsing(store=office.store, posting=office.posting, trust=lambda: office.trusted, clock=office.clock)


@pytest.fixture
async def ends() -> Ends:
    """Both, with keys of this month."""
    ends = Ends()
    await introduce(ends.libo, ends.huanjiang)
    return ends


async def test_it_is_erased_when_the_event_expires(ends: Ends) -> None:
    """Not a moment before; then keys, ciphertext and content key are out of both stores."""
    event = await post_personal(ends.libo, expires=WEEK)
    await ends.cross()
    secret = (await kept(ends.huanjiang, event)).content_key
    ends.wait(6.99)
    assert await ends.look() == [0, 0]
    ends.wait(0.01)
    assert await ends.look() == [1, 1]
    for office in (ends.libo, ends.huanjiang):
        assert content_of(await kept(office, event)) == b""
        assert secret not in await everything_in(office.store)
    assert await ends.look() == [0, 0]


async def test_without_an_expiry_the_agreement_says_how_long(ends: Ends) -> None:
    """And never longer than that, whatever the event says."""
    ids = [await post_personal(ends.libo), await post_personal(ends.libo, expires=papers.later(days=300))]
    await ends.cross()
    ends.wait(RETENTION_DAYS - 0.01)
    assert await ends.look() == [0, 0]
    ends.wait(0.01)
    assert await ends.look() == [2, 2]
    assert [content_of(await kept(ends.libo, one)) for one in ids] == [b"", b""]


async def test_what_is_not_personal_stays(ends: Ends) -> None:
    """Records of the counties' work must be complete: an officer erases those, or nobody."""
    event = await post_personal(ends.libo, **{"class": InformationClass.INTERNAL}, expires=WEEK)
    await ends.cross()
    ends.wait(400)
    assert await ends.look() == [0, 0]
    assert content_of(await kept(ends.huanjiang, event)) != b""


async def test_each_end_says_so_to_the_other_once(ends: Ends) -> None:
    """The source can show that its neighbour did; two records that cross start no third and no fourth."""
    event = await post_personal(ends.libo, expires=WEEK)
    await ends.cross()
    ends.wait(7)
    await ends.look()
    out = [opened(one.message).header.type for office in (ends.libo, ends.huanjiang) for one in await office.sent()]
    assert out.count(ContentErased.wire_type) == 2

    again = Ends()
    await introduce(again.libo, again.huanjiang)
    event = await post_personal(again.libo, expires=WEEK)
    await again.cross()
    again.wait(7)
    await again.look()
    await again.cross()
    rows = await again.libo.store.read(lambda s: s.erasures_of(event))
    ended = again.libo.clock.now()
    assert rows == [ErasureRow(one, ErasureReason.EXPIRED, ended) for one in (HUANJIANG, LIBO)]
    assert await again.libo.codes() == await again.huanjiang.codes() == []


async def test_a_recipient_erases_although_the_source_is_gone(ends: Ends) -> None:
    """Nothing waits for the other end."""
    event = await post_personal(ends.libo, expires=WEEK)
    await ends.cross()
    ends.wait(7)
    assert await ends.look(ends.huanjiang) == [1]
    assert content_of(await kept(ends.huanjiang, event)) == b""


async def test_the_source_waits_for_whoever_lacks_it_and_not_for_ever(ends: Ends) -> None:
    """An emptied link can never be taken in: first the recipient gets its time, then the person."""
    event = await post_personal(ends.libo, expires=WEEK)
    await ends.libo.sent()  # and it never comes there
    ends.wait(7)
    assert await ends.look(ends.libo) == [0]
    assert content_of(await kept(ends.libo, event)) != b""
    ends.wait(GRACE - 0.001)
    assert await ends.look(ends.libo) == [0]
    ends.wait(0.05)
    assert await ends.look(ends.libo) == [1]
    assert content_of(await kept(ends.libo, event)) == b""


async def test_many_are_erased_in_small_steps(ends: Ends) -> None:
    """An alert that comes meanwhile waits for one step, not for all."""
    ids = [await post_personal(ends.libo, expires=WEEK) for _ in range(45)]
    await ends.cross()
    ends.wait(7)
    steps = [asyncio.create_task(lapsing(one).run_once()) for one in (ends.libo, ends.huanjiang)]
    for office in (ends.libo, ends.huanjiang):
        await office.clock.move(1)
    assert await asyncio.wait_for(asyncio.gather(*steps), 10) == [45, 45]
    assert {content_of(await kept(ends.huanjiang, one)) for one in ids} == {b""}


async def test_the_key_that_opens_a_capture_of_it_is_condemned(ends: Ends) -> None:
    """At both ends: the hub's copy was encrypted to both."""
    await post_personal(ends.libo, expires=WEEK)
    await ends.cross()
    ends.wait(7)
    await ends.look()
    for office in (ends.libo, ends.huanjiang):
        condemned = await office.store.read(lambda s: dict(s.condemned()))
        assert condemned == {office_key(office.code).kid: office.clock.now()}


async def test_a_full_disk_is_no_end_of_it(ends: Ends) -> None:
    """It goes on when there is room again."""
    event = await post_personal(ends.libo, expires=WEEK)
    await ends.cross()
    ends.wait(7)
    store = ends.huanjiang.store
    assert isinstance(store, MemoryStore)
    store.disk_full = True
    with pytest.raises(UnavailableError):
        await ends.look(ends.huanjiang)
    store.disk_full = False
    assert await ends.look(ends.huanjiang) == [1]
    assert content_of(await kept(ends.huanjiang, event)) == b""
