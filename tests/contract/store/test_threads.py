"""Campaigns, offers, projects: acts by thread, rows of lists, and what is undone with a work that fails."""

from dataclasses import replace

import pytest

from schemas.control import ErasureReason
from schemas.errors import InvariantError
from schemas.records import ErasureRow
from schemas.threads import Family, ThreadOf, ThreadParty, ThreadRow
from services.ports import Store, Transaction
from tests.contract.store.samples import THEM, THIRD, US, at, chain, envelope, link

FESTIVAL = ThreadOf(Family.CAMPAIGN, "451226-fenlong-2027@sihu")
OTHER = ThreadOf(Family.CAMPAIGN, "451226-other@sihu")
OFFER = ThreadOf(Family.OFFER, "451226-oranges-2027")


def recorded(tx: Transaction, *threads: ThreadOf | None, refused: bool = False) -> list[str]:
    """Record one link per thread on a partner's chain; return the envelope ids."""
    current = tx.chains.current(envelope(channel="of them").header.channel)
    known = current or tx.chains.open(chain("of them", source=THEM))
    ids: list[str] = []
    for seq, thread in enumerate(threads, known.head.seq + 1):
        made = envelope(seq, channel="of them", source=THEM, to=(US,))
        tx.outbox.record([link(known.number, made, about=thread, refused=refused)])
        tx.chains.advance(known.number, made.link.position)
        ids.append(made.envelope_id)
    return ids


def row(thread: ThreadOf = FESTIVAL, position: int = 1, **changes: object) -> ThreadRow:
    """A campaign as lists see it."""
    parties = (ThreadParty(THEM, "guest", "accepted"), ThreadParty(THIRD, "co_host", "asked"))
    given = ThreadRow(
        thread=thread,
        kind="festival",
        title="分龙节",
        state="open",
        opened_at=at(0),
        changed_at=at(5),
        starts_at=at(100),
        ends_at=at(200),
        position=position,
        parties=parties,
    )
    return replace(given, **changes)  # type: ignore[arg-type]


async def test_acts_of_a_thread_are_found_in_the_order_of_recording(store: Store) -> None:
    """Acts of another thread, or of another family with the same name, would be folded in."""
    same_name = ThreadOf(Family.OFFER, FESTIVAL.key)
    ids = await store.write(lambda tx: recorded(tx, FESTIVAL, None, OTHER, FESTIVAL, same_name))
    found = await store.read(lambda snapshot: snapshot.threads.acts(FESTIVAL, 9))
    assert [one.envelope.envelope_id for one in found] == [ids[0], ids[3]]
    assert len(await store.read(lambda snapshot: snapshot.threads.acts(FESTIVAL, 1))) == 1
    assert await store.read(lambda snapshot: snapshot.threads.thread_of(found[1].position)) == FESTIVAL
    assert await store.read(lambda snapshot: snapshot.threads.thread_of(2)) is None


async def test_a_refused_act_is_none(store: Store) -> None:
    """What was rejected would count all the same."""
    await store.write(lambda tx: recorded(tx, FESTIVAL, refused=True))
    assert await store.read(lambda snapshot: snapshot.threads.acts(FESTIVAL, 9)) == []


async def test_an_erased_act_is_shown_without_its_content(store: Store) -> None:
    """The thread is folded anew without it, so it must be found, and be empty."""
    (one,) = await store.write(lambda tx: recorded(tx, FESTIVAL))
    gone = ErasureRow(US, ErasureReason.WITHDRAWN, at(9))
    await store.write(lambda tx: tx.erasures.erase(one, gone))
    (found,) = await store.read(lambda snapshot: snapshot.threads.acts(FESTIVAL, 9))
    assert found.envelope.content == b""


async def test_a_row_takes_the_place_of_the_one_before(store: Store) -> None:
    """A partner that was dropped from the plan would stay invited."""
    await store.write(lambda tx: tx.threads.put(row()))
    newer = row(position=7, state="held", parties=(ThreadParty(THEM, "guest", "declined"),))
    await store.write(lambda tx: tx.threads.put(newer))
    assert await store.read(lambda snapshot: snapshot.threads.row(FESTIVAL)) == newer
    await store.write(lambda tx: tx.threads.drop(FESTIVAL))
    assert await store.read(lambda snapshot: snapshot.threads.row(FESTIVAL)) is None
    assert await store.read(lambda snapshot: snapshot.ledger.matters(at(-99), at(99))) == []


async def test_lists_go_from_the_newest_act_back(store: Store) -> None:
    """A page that repeats or leaves out a campaign."""
    keys = [ThreadOf(Family.CAMPAIGN, f"451226-c{number}@sihu") for number in range(5)]
    rows = [row(key, number + 1, state="open" if number % 2 else "held") for number, key in enumerate(keys)]

    def keep(tx: Transaction) -> None:
        for one in rows:
            tx.threads.put(one)
        tx.threads.put(row(OFFER, 9, kind="supply", starts_at=None, parties=()))

    await store.write(keep)

    async def listed(state: str | None, before: int, limit: int) -> list[int]:
        found = await store.read(
            lambda snapshot: snapshot.threads.rows(Family.CAMPAIGN, state=state, before=before, limit=limit)
        )
        return [one.position for one in found]

    assert await listed(None, 0, 3) == [5, 4, 3]
    assert await listed(None, 3, 3) == [2, 1]
    assert await listed("open", 0, 9) == [4, 2]
    assert await listed("cancelled", 0, 9) == []


async def test_a_calendar_has_what_lasts_into_its_span(store: Store) -> None:
    """A campaign that began before the span and goes on would be missing; one without a time would break it."""
    spans = {"a": (0, 50), "b": (40, 160), "c": (150, 151), "d": (200, 300)}

    def keep(tx: Transaction) -> None:
        for position, (name, (first, last)) in enumerate(spans.items(), 1):
            key = ThreadOf(Family.CAMPAIGN, f"451226-{name}@sihu")
            tx.threads.put(row(key, position, starts_at=at(first), ends_at=at(last)))
        tx.threads.put(row(ThreadOf(Family.CAMPAIGN, "451226-e@sihu"), 9, starts_at=None, ends_at=None))

    await store.write(keep)
    found = await store.read(lambda snapshot: snapshot.threads.rows_between(Family.CAMPAIGN, at(50), at(200), 9))
    assert [one.thread.key[7] for one in found] == ["b", "c"]


async def test_what_was_written_in_this_work_is_seen_and_undone_with_it(store: Store) -> None:
    """The second act of one group is folded without the first, or a failed one counts."""

    def work(tx: Transaction) -> int:
        recorded(tx, FESTIVAL, FESTIVAL)
        tx.threads.put(row(position=2))
        return len(tx.threads.acts(FESTIVAL, 9))

    def failing(tx: Transaction) -> None:
        recorded(tx, FESTIVAL)
        tx.threads.put(row(position=3, title="另一名称"))
        tx.threads.drop(OTHER)
        raise InvariantError("broken off")

    assert await store.write(work) == 2
    with pytest.raises(InvariantError):
        await store.write(failing)
    assert len(await store.read(lambda snapshot: snapshot.threads.acts(FESTIVAL, 9))) == 2
    assert await store.read(lambda snapshot: snapshot.threads.row(FESTIVAL)) == row(position=2)
