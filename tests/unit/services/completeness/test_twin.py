"""A partner confirms a beacon in our name that we never wrote: another node of ours runs."""

from adapters.memory.bus import MemoryHub
from schemas.control import HeadBeaconed
from schemas.notices import NoticeKind
from services.completeness.twin import TwinWatch
from services.completeness.writing import SignalWriter, Wishes
from tests import papers
from tests.desk import Office
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.watches import new_hub, new_offices, writer_of

BEACON = HeadBeaconed(heads=(), idle=None, receipts_seen=(), witnessed=(), heard=None)


async def sent(writer: SignalWriter, office: Office, to: str) -> int:
    """Let a county send one beacon, a second after the one before."""
    office.clock.jump(1)
    return await writer.send(BEACON, to)


def watching(hub: MemoryHub) -> tuple[Office, SignalWriter, Wishes, TwinWatch]:
    """荔波 with its watch for a twin."""
    office = new_offices()[LIBO]
    writer, wishes = writer_of(office, hub), Wishes()
    return office, writer, wishes, TwinWatch(store=office.store, writer=writer, wishes=wishes)


async def told(office: Office) -> list[str]:
    """Return the notices about a twin."""
    notices = await office.store.read(lambda s: s.notices(open_only=True, limit=9))
    return [one.text for one in notices if one.kind is NoticeKind.TWINS]


async def test_a_beacon_that_was_never_written_here_is_told_once() -> None:
    """With the word of whom; and again when it confirms yet another one."""
    office, writer, wishes, watch = watching(new_hub())
    first = await sent(writer, office, HUANJIANG)
    wishes.echoes[HUANJIANG] = first + 500
    await sent(writer, office, HUANJIANG)
    assert await watch.run_once(office.clock.now()) == 1
    assert await watch.run_once(office.clock.now()) == 0
    (text,) = await told(office)
    assert "环江" in text
    wishes.echoes[HUANJIANG] = first + 700
    assert await watch.run_once(office.clock.now()) == 1


async def test_what_we_wrote_is_no_twins() -> None:
    """Also a beacon of which we never learnt that the hub took it."""
    hub = new_hub()
    office, writer, wishes, watch = watching(hub)
    numbers = [await sent(writer, office, to) for to in (HUANJIANG, NANDAN, HUANJIANG, NANDAN)]
    for partner, number in ((HUANJIANG, numbers[0]), (NANDAN, numbers[3]), (HUANJIANG, numbers[2])):
        wishes.echoes[partner] = number
        assert await watch.run_once(office.clock.now()) == 0
    assert await told(office) == []


async def test_a_beacon_of_before_our_start_is_no_twins() -> None:
    """The partner has heard nothing since: it names one of the process before."""
    office, writer, wishes, watch = watching(new_hub())
    wishes.echoes[HUANJIANG] = int(papers.NOW.timestamp() * 1000) - 5000
    wishes.echoes[NANDAN] = None
    assert await watch.run_once(office.clock.now()) == 0
    await sent(writer, office, HUANJIANG)
    assert await watch.run_once(office.clock.now()) == 0


async def test_numbers_are_compared_by_partner() -> None:
    """What 南丹 was told, 环江 cannot have heard: somebody hands beacons about, or a twin had the same moment."""
    office, writer, wishes, watch = watching(new_hub())
    await sent(writer, office, HUANJIANG)
    wishes.echoes[HUANJIANG] = await sent(writer, office, NANDAN)
    assert await watch.run_once(office.clock.now()) == 1
