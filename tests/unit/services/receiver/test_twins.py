"""A county of which two nodes run: an epoch that goes on shows it; who was merely restored is no twin."""

from adapters.memory.store import MemoryStore
from schemas.notices import NoticeKind
from services.bootstrap.restoring import mark_restored
from tests.desk import Office
from tests.papers import LIBO


async def restored_copy(neighbour: Office) -> Office:
    """Return a second node of 荔波, on a copy of the first one's store that was marked as restored."""
    store = neighbour.store
    assert isinstance(store, MemoryStore)
    twin_store = MemoryStore()
    twin_store._state = store._state.copy()  # noqa: SLF001 - a copied disk
    twin = Office(LIBO, twin_store)
    twin.clock.jump((neighbour.clock.now() - twin.clock.now()).total_seconds())
    await twin.store.write(lambda tx: mark_restored(tx, LIBO))
    twin._taken = dict(neighbour._taken)  # noqa: SLF001 - what was carried before is not carried again
    return twin


async def twins(desk: Office) -> list[str]:
    """Return whom the officer was told of."""
    notices = await desk.store.read(lambda s: s.notices(open_only=True, limit=9))
    return [one.county for one in notices if one.kind is NoticeKind.TWINS]


async def test_an_epoch_that_goes_on_beside_a_newer_one_is_a_twins(desk: Office, neighbour: Office) -> None:
    """The first node never stopped; a restored one has opened its epoch meanwhile. Both are taken in."""
    await neighbour.post()
    await desk.take(*await neighbour.sent())
    twin = await restored_copy(neighbour)
    await twin.post()
    await desk.take(*await twin.sent())
    assert await twins(desk) == []
    neighbour.clock.jump(10)
    await neighbour.post()
    await desk.take(*await neighbour.sent())
    assert await twins(desk) == [LIBO]
    assert await desk.codes() == []
    assert len(await desk.inbox()) == 3
    neighbour.clock.jump(10)
    await neighbour.post()
    await desk.take(*await neighbour.sent())
    assert await twins(desk) == [LIBO], "told once"


async def test_what_was_sent_before_a_restore_and_comes_late_is_none(desk: Office, neighbour: Office) -> None:
    """Its link was down: the restored county's first event overtakes what its old disk had sent."""
    await neighbour.post()
    await desk.take(*await neighbour.sent())
    twin = await restored_copy(neighbour)
    await neighbour.post()
    late = await neighbour.sent()
    twin.clock.jump(60)
    await twin.post()
    await desk.take(*await twin.sent())
    await desk.take(*late)
    assert await twins(desk) == []
    assert len(await desk.inbox()) == 3
