"""Who was on duty next door is no archive: with its end it leaves the store, whoever is up, and nobody says a word."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.sqlite.store import open_store
from schemas.control import ContentErased, DutyTold, OnDuty
from schemas.pages import Tier
from services.domain.duty_telling import duty_outgoing, record_of_duty
from services.domain.reading import content_of
from services.upkeep.lapsing import Lapsing
from tests import papers
from tests.desk import Office, everything_in, opened
from tests.papers import HUANJIANG, LIBO, NOW
from tests.personal import introduce, kept

NAME = "值班员甲"
END = papers.later(hours=4)


@pytest.fixture
async def ends(tmp_path: Path) -> AsyncIterator[tuple[Office, Office]]:
    """荔波, which tells, and 环江, which is told; both on a disk."""
    async with open_store(tmp_path / "libo.db") as ours, open_store(tmp_path / "huanjiang.db") as theirs:
        libo, huanjiang = Office(LIBO, ours), Office(HUANJIANG, theirs)
        await introduce(libo, huanjiang)
        yield libo, huanjiang


async def tell(libo: Office) -> str:
    """Post who stands until ``END``; return the id."""
    agreement = libo.trusted.agreement(papers.AGREEMENT)
    assert agreement is not None
    record = record_of_duty("荔波县联络办", (OnDuty(tier=Tier.PRIMARY, display=NAME),), NOW, END)
    outgoing = duty_outgoing(record, agreement, HUANJIANG)
    return (await libo.store.write(lambda tx: libo.posting.post(tx, outgoing, NOW))).envelope_id


def lapsing(office: Office) -> Lapsing:
    return Lapsing(store=office.store, posting=office.posting, trust=lambda: office.trusted, clock=office.clock)


async def test_with_its_end_it_is_gone_at_both_ends_without_a_word(ends: tuple[Office, Office]) -> None:
    """Nothing is posted and no office key goes early: a shift would cost two records and a key a day."""
    libo, huanjiang = ends
    event = await tell(libo)
    await huanjiang.take(*await libo.sent())
    await libo.take(*await huanjiang.sent())
    secret = (await kept(huanjiang, event)).content_key
    assert await huanjiang.store.read(lambda s: s.duties.neighbour(LIBO))
    for office in ends:
        office.clock.jump(4 * 3600 - 1)
        assert await lapsing(office).run_once() == 0
    assert NAME.encode() in await everything_in(huanjiang.store)
    for office in ends:
        office.clock.jump(1)
        assert await lapsing(office).run_once() == 1
        assert content_of(await kept(office, event)) == b""
        assert await office.sent() == []
        assert await office.store.read(lambda s: dict(s.condemned())) == {}
        assert await lapsing(office).run_once() == 0
    row = await huanjiang.store.read(lambda s: s.duties.neighbour(LIBO))
    assert row is not None
    assert (row.people, row.seq) == ((), 1)
    left = await everything_in(huanjiang.store)
    assert NAME.encode() not in left
    assert secret not in left


async def test_the_source_keeps_it_for_whoever_has_not_got_it_yet(ends: tuple[Office, Office]) -> None:
    """An emptied link could never be taken in; what comes late is erased there with the next round."""
    libo, huanjiang = ends
    event = await tell(libo)
    held_up = await libo.sent()
    for office in ends:
        office.clock.jump(5 * 3600)
    assert await lapsing(libo).run_once() == 0
    await huanjiang.take(*held_up)
    row = await huanjiang.store.read(lambda s: s.duties.neighbour(LIBO))
    assert row is not None
    assert row.people == ()
    assert await lapsing(huanjiang).run_once() == 1
    await libo.take(*await huanjiang.sent())
    libo.clock.jump(3601)
    assert await lapsing(libo).run_once() == 1
    assert content_of(await kept(libo, event)) == b""
    types = [opened(one.message).header.type for one in await libo.sent()]
    assert ContentErased.wire_type not in types
    assert (await kept(libo, event)).envelope.header.type == DutyTold.wire_type
