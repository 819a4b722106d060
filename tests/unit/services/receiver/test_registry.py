"""What was made under a registry newer than ours waits, and is judged again when that registry is trusted."""

import asyncio
from typing import Any

from adapters.memory.signer import MemorySigner
from adapters.memory.store import MemoryStore
from schemas.carriage import Arrival
from schemas.control import ChainKind, EpochOpened, OpeningReason, ReceiptStage
from schemas.envelope import Envelope
from schemas.registry import KeyUse
from services.domain.chain import channel_of
from services.domain.trust import Trust
from tests import papers
from tests.desk import Office, opened
from tests.papers import AGREEMENT, EPOCH, HUANJIANG, LIBO, NANDAN

STRANGER = MemorySigner("a stranger")
NEW_KEY = papers.signer(LIBO, name="new")
CHANNEL = channel_of(ChainKind.EVENT, LIBO, AGREEMENT, (NANDAN, HUANJIANG))


def newer_trust() -> Trust:
    """Return registry 2, in which 荔波 has another event key."""
    keys = tuple(one for one in papers.member(LIBO).keys if one.use is not KeyUse.EVENT)
    libo = papers.member(LIBO, keys=(*keys, papers.key_record(NEW_KEY, KeyUse.EVENT)))
    members = (papers.member(NANDAN), papers.member(HUANJIANG), libo)
    return papers.trust(version=2, previous="0" * 64, members=members)


def opening(**changes: Any) -> Envelope:  # noqa: ANN401
    """Return link 0 of 荔波's chain, made under registry 2 by its new key."""
    record = EpochOpened(
        channel=CHANNEL,
        chain_kind=ChainKind.EVENT,
        agreement_id=AGREEMENT,
        audience=(NANDAN, HUANJIANG),
        epoch=EPOCH,
        reason=OpeningReason.FIRST,
    )
    body = record.model_dump_json(exclude_none=True).encode()
    given: dict[str, Any] = {"registry": 2, "by": [NEW_KEY]}
    return papers.envelope(body, type=EpochOpened.wire_type, seq=0, **(given | changes))


def chain(length: int) -> list[Arrival]:
    """Return an opening and events 1 to ``length``, all under registry 2."""
    links = [opening()]
    for seq in range(1, length + 1):
        links.append(papers.envelope(seq=seq, prev=links[-1].envelope_id, registry=2, by=[NEW_KEY]))
    return [papers.arrival(link) for link in links]


async def test_a_whole_chain_waits_and_is_taken_in_order(desk: Office) -> None:
    """Whatever order it came in."""
    links = chain(3)
    await desk.take(links[2], links[0], links[3], links[1])
    assert (await desk.counts())["held_back"] == 4
    assert await desk.codes() == []
    assert await desk.receipts() == []
    desk.trusted = newer_trust()
    assert await desk.receiver.reexamine() == 4
    assert await desk.seqs() == [1, 2, 3]
    assert await desk.receipts() == [(ReceiptStage.STORED, 1, 3, None)]
    assert (await desk.counts())["held_back"] == 0


async def test_a_new_key_in_the_middle_of_a_chain(desk: Office, neighbour: Office) -> None:
    """Events 1 under the old registry, 2 and 3 under the new one."""
    await neighbour.post()
    first = await neighbour.sent()
    last = opened(first[-1].message)
    place: dict[str, Any] = {"epoch": last.header.epoch, "registry": 2, "by": [NEW_KEY]}
    two = papers.envelope(seq=2, prev=last.envelope_id, **place)
    three = papers.envelope(seq=3, prev=two.envelope_id, **place)
    await desk.take(*first, papers.arrival(three), papers.arrival(two))
    assert await desk.seqs() == [1]
    desk.trusted = newer_trust()
    await desk.receiver.reexamine()
    assert await desk.seqs() == [1, 2, 3]


async def test_what_the_new_registry_does_not_know_either_is_quarantined(desk: Office) -> None:
    """Claiming a newer registry only puts the refusal off."""
    await desk.take(papers.arrival(opening(by=[STRANGER])))
    desk.trusted = newer_trust()
    await desk.receiver.reexamine()
    assert await desk.codes() == ["signature.unknown_key"]
    assert (await desk.counts())["held_back"] == 0


async def test_what_claims_a_still_newer_registry_goes_on_waiting(desk: Office) -> None:
    """And looking at it ends, although it is put back."""
    await desk.take(papers.arrival(opening(by=[STRANGER], registry=9)))
    desk.trusted = newer_trust()
    assert await desk.receiver.reexamine() == 1
    assert (await desk.counts())["held_back"] == 1


async def test_a_forgery_that_waits_does_not_stand_in_the_way(desk: Office, neighbour: Office) -> None:
    """A hostile hub parks a forged event 2 under registry 9; the true one comes, early too, and is taken."""
    await neighbour.post()
    await neighbour.post()
    first, one, two = await neighbour.sent()
    forged = papers.envelope(seq=2, by=[STRANGER], registry=9, epoch=opened(one.message).header.epoch)
    await desk.take(first, papers.arrival(forged), two)
    assert (await desk.counts())["held_back"] == 2
    await desk.take(one)
    assert await desk.seqs() == [1, 2]
    assert await desk.codes() == []
    desk.trusted = papers.trust(version=9, previous="0" * 64)
    await desk.receiver.reexamine()
    assert await desk.codes() == ["signature.unknown_key"]


async def test_links_that_wait_for_a_link_are_left_alone(desk: Office, neighbour: Office) -> None:
    """A plain gap is not what a registry heals."""
    await neighbour.post()
    await neighbour.post()
    first, _, two = await neighbour.sent()
    await desk.take(first, two)
    assert await desk.receiver.reexamine() == 0
    assert (await desk.counts())["held_back"] == 1


async def test_the_running_receiver_notices_a_new_registry(desk: Office) -> None:
    """Nobody has to restart the node, and no event has to come first."""
    await desk.take(*chain(1))
    async with desk.receiver.running(look_seconds=1.0):
        await until_idle()
        assert await desk.seqs() == []
        desk.trusted = newer_trust()
        await until_taken(desk)
    assert await desk.seqs() == [1]


async def test_a_registry_that_came_while_we_were_down_counts(desk: Office) -> None:
    """The first look after a start is a new registry to us."""
    await desk.take(*chain(1))
    desk.trusted = newer_trust()
    async with desk.receiver.running():
        await until_taken(desk)
    assert await desk.seqs() == [1]


async def test_a_full_disk_only_puts_it_off() -> None:
    """The look comes again with the next tick."""
    store = MemoryStore()
    desk = Office(HUANJIANG, store)
    await desk.take(*chain(1))
    desk.trusted = newer_trust()
    store.disk_full = True
    async with desk.receiver.running(look_seconds=1.0):
        await until_idle()
        assert await desk.seqs() == []
        store.disk_full = False
        await desk.clock.move(1.0)
        await until_idle()
    assert await desk.seqs() == [1]


async def until_taken(desk: Office) -> None:
    """Let time pass until event 1 is in, for at most two seconds of real time: a real store commits in a thread."""
    for _ in range(200):
        if await desk.seqs() == [1]:
            return
        await desk.clock.move(1.0)
        await asyncio.sleep(0.01)


async def until_idle() -> None:
    """Let every task run as far as it can."""
    for _ in range(30):
        await asyncio.sleep(0)
