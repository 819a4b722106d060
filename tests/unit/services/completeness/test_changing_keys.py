"""A county changes its key while its beacons go on: one of them may come before the change, and that is no fault."""

from adapters.memory.bus import MemoryHub
from schemas.control import HeadBeaconed
from schemas.notices import NoticeKind
from services.completeness.writing import SignalWriter
from tests import papers
from tests.desk import Office
from tests.papers import HUANJIANG, LIBO
from tests.watches import INTERVAL, new_hub, new_offices, on_watch, passes, told, writer_of

BEACON = HeadBeaconed(heads=())


def stranger(libo: Office, hub: MemoryHub) -> SignalWriter:
    """Return what signals in 荔波's name by a key that nobody has heard of."""
    writer = writer_of(libo, hub)
    writer._signer = papers.signer(LIBO, name="the key that follows")  # noqa: SLF001 - as a node's own signer changes
    return writer


async def test_a_beacon_that_overtakes_its_change_of_keys_accuses_nobody() -> None:
    """At every rotation some neighbour's officer would be told of a forgery."""
    offices, hub = new_offices(), new_hub()
    huanjiang, libo = offices[HUANJIANG], offices[LIBO]
    async with on_watch([huanjiang], hub):
        await stranger(libo, hub).send(BEACON, HUANJIANG)
        await passes(offices, 2 * INTERVAL)
    assert await huanjiang.codes() == []
    assert await told(huanjiang, NoticeKind.QUARANTINED) == []


async def test_a_key_that_stays_unknown_is_told_after_one_interval() -> None:
    """Whoever signals in a neighbour's name must not be passed over for good."""
    offices, hub = new_offices(), new_hub()
    huanjiang, libo = offices[HUANJIANG], offices[LIBO]
    async with on_watch([huanjiang], hub):
        writer = stranger(libo, hub)
        for _ in range(3):
            await writer.send(BEACON, HUANJIANG)
            await passes(offices, INTERVAL)
    assert await huanjiang.codes() == ["signature.unknown_key"]
    (notice,) = await told(huanjiang, NoticeKind.QUARANTINED)
    assert notice.county == LIBO
