"""Who is on duty next door, and what partners were told: the same in every store."""

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.control import OnDuty
from schemas.duties import NeighbourDuty, ToldDuty
from schemas.pages import Tier
from services.ports import Store, Transaction
from tests.contract.store.samples import THEM, US, at

A = OnDuty(tier=Tier.PRIMARY, display="值班员甲")
B = OnDuty(tier=Tier.SECONDARY, display="值班员乙")


def word(second: int, *people: OnDuty, county: str = THEM, until: int = 100) -> NeighbourDuty:
    return NeighbourDuty(county, "荔波县联络办", people, at(until), at(second), "c" * 64, f"1-{'0' * 16}", second)


def told(second: int, *people: OnDuty, partner: str = THEM) -> ToldDuty:
    return ToldDuty(partner, f"{second:064x}", people, at(100), at(second), (at(second - 1), at(second)))


async def test_a_word_takes_the_place_of_the_one_before(store: Store) -> None:
    """Every field comes back; which one is newer is judged elsewhere."""
    assert await store.read(lambda s: s.duties.neighbour(THEM)) is None
    for row in (word(1, A, B), word(2)):
        await store.write(lambda tx, row=row: tx.duties.keep(row))  # type: ignore[misc]
        assert await store.read(lambda s: s.duties.neighbour(THEM)) == row
    await store.write(lambda tx: tx.duties.keep(word(3, B, county=US)))
    assert await store.read(lambda s: s.duties.neighbours()) == sorted(
        [word(2), word(3, B, county=US)], key=lambda one: one.county
    )


async def test_what_ran_out_is_forgotten_but_for_its_place(store: Store) -> None:
    """No name stays; what came before it in its chain is still known to be older."""
    rows = [word(1, A, county="450001", until=10), word(1, A, county="450002", until=11)]

    def work(tx: Transaction) -> None:
        for row in rows:
            tx.duties.keep(row)

    await store.write(work)
    assert await store.write(lambda tx: tx.duties.forget(at(9))) == 0
    assert await store.write(lambda tx: tx.duties.forget(at(10))) == 1
    kept = await store.read(lambda s: s.duties.neighbours())
    assert kept == [replace(rows[0], office="", people=()), rows[1]]
    assert await store.write(lambda tx: tx.duties.forget(at(10))) == 0


async def test_what_a_partner_was_told_stands_in_place_of_what_it_was_told_before(store: Store) -> None:
    for row in (told(5, A), told(6), told(7, A, B)):
        await store.write(lambda tx, row=row: tx.duties.note_told(row))  # type: ignore[misc]
        assert await store.read(lambda s: s.duties.told()) == [row]
    await store.write(lambda tx: tx.duties.note_told(told(1, partner=US)))
    assert sorted(one.partner for one in await store.read(lambda s: s.duties.told())) == sorted([US, THEM])


async def test_what_a_partner_was_told_loses_its_names_with_its_end(store: Store) -> None:
    """Nobody stands any more and nothing is told: the county must not remember for ever who stood."""
    row = told(5, A)
    await store.write(lambda tx: tx.duties.note_told(row))
    assert await store.write(lambda tx: tx.duties.forget(row.valid_until - timedelta(seconds=1))) == 0
    assert await store.write(lambda tx: tx.duties.forget(row.valid_until)) == 1
    assert await store.read(lambda s: s.duties.told()) == [replace(row, people=())]


async def test_a_transaction_sees_what_it_has_written_and_a_failed_one_leaves_nothing(store: Store) -> None:
    """A batch of two words judges the second by the first; what crashes has told nobody."""

    def work(tx: Transaction) -> NeighbourDuty | None:
        tx.duties.keep(word(1, A))
        tx.duties.note_told(told(5, A))
        assert tx.duties.told() == [told(5, A)]
        return tx.duties.neighbour(THEM)

    def failing(tx: Transaction) -> None:
        tx.duties.keep(word(9, B))
        tx.duties.note_told(told(9, B))
        tx.duties.forget(at(1000))
        raise LookupError

    assert await store.write(work) == word(1, A)
    with pytest.raises(LookupError):
        await store.write(failing)
    assert await store.read(lambda s: (s.duties.neighbours(), s.duties.told())) == ([word(1, A)], [told(5, A)])
