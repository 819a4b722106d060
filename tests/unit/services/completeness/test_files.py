"""Whoever lacks chunks asks for them: of the source, then of others; whoever is asked gives within bounds."""

from dataclasses import dataclass, field

import pytest

from schemas.base import Event
from schemas.control import ChunksRequested, Missing, WantedFile
from schemas.files import FileReport
from schemas.ids import CountyCode
from services.completeness.file_asking import FileAsker
from services.completeness.file_giving import FileGiver, is_arriving
from services.domain.chunks import count_of, first_of
from services.domain.signals import SIGNAL_TYPES
from tests.filing import CHUNKS, FILE, rooms_of
from tests.papers import HUANJIANG, LIBO, NANDAN
from tests.world import World

QUIET = 10.0


@dataclass
class Said:
    """Satisfies what ``FileAsker`` needs of a ``SignalWriter``."""

    county: str
    signals: list[tuple[str, ChunksRequested]] = field(default_factory=list)

    async def send(self, event: Event, to: str) -> int:
        """Keep it."""
        assert isinstance(event, ChunksRequested)
        self.signals.append((to, event))
        return len(self.signals)


class Waiting:
    """荔波 has sent a file, and 环江 has its event and two of its chunks."""

    def __init__(self) -> None:
        """Build the counties."""
        self.world = World()
        self.rooms = rooms_of(self.world)
        self.said = Said(HUANJIANG)
        self.envelope_id = ""
        self.chunks: list[tuple[str, bytes]] = []
        self.asker = self.asking(1 << 30)

    def asking(self, spool_bytes: int) -> FileAsker:
        """Build 环江's asker."""
        county = self.world[HUANJIANG]
        writer: object = self.said
        return FileAsker(
            store=county.store,
            writer=writer,  # type: ignore[arg-type]
            clock=county.clock,
            spool_bytes=spool_bytes,
            quiet_seconds=QUIET,
        )

    async def begun(self) -> "Waiting":
        """Send it."""
        self.envelope_id = (await self.rooms[LIBO].sent()).envelope_id
        await self.world.carry()
        self.chunks = await self.rooms[LIBO].published()
        await self.rooms[HUANJIANG].take(self.chunks[:2])
        return self

    async def after(self, seconds: float) -> list[tuple[str, WantedFile]]:
        """Let time pass, and return what was said then."""
        before = len(self.said.signals)
        await self.world.clock.move(seconds)
        await self.asker.run_once()
        return [(to, one) for to, event in self.said.signals[before:] for one in event.wanted]

    async def give(self, by: CountyCode, missing: tuple[Missing, ...], asker: str = HUANJIANG) -> int:
        """Let a county be asked."""
        county = self.world[by]
        asked = ChunksRequested(wanted=(WantedFile(id=self.envelope_id, held=2, missing=missing),))
        giver, now = FileGiver(county.clock), county.clock.now()
        return await county.store.write(lambda tx: giver.answer(tx, asker, asked, now))


@pytest.fixture
async def waiting() -> Waiting:
    """See there."""
    return await Waiting().begun()


REST = (Missing(first=2, last=CHUNKS - 1),)


async def test_progress_is_told_and_nothing_asked_while_chunks_come(waiting: Waiting) -> None:
    """The source would send the event again, and its officer would wonder."""
    assert await waiting.after(0) == [(LIBO, WantedFile(id=waiting.envelope_id, held=2))]
    for index in (2, 3):
        await waiting.rooms[HUANJIANG].take(waiting.chunks[index : index + 1])
        said = await waiting.after(QUIET - 1)
        assert all(not one.missing for _, one in said)


async def test_silence_is_answered_by_asking(waiting: Waiting) -> None:
    """First the source, twice; then others, for the source may be gone; less and less often."""
    await waiting.after(0)
    (first,) = await waiting.after(QUIET)
    assert first == (LIBO, WantedFile(id=waiting.envelope_id, held=2, missing=REST))
    asked: list[str] = [first[0]]
    for wait in (20, 40, 80, 160):
        asked += [to for to, one in await waiting.after(wait) if one.missing]
    assert asked == [LIBO, LIBO, NANDAN, LIBO, NANDAN]


async def test_what_has_no_room_is_not_asked_for(waiting: Waiting) -> None:
    """It would be thrown away."""
    await waiting.world.clock.move(1)
    second = (await waiting.rooms[LIBO].sent(FILE[::-1])).envelope_id
    await waiting.world.carry()
    waiting.asker = waiting.asking(len(FILE) + 1000)
    await waiting.after(0)
    said = await waiting.after(QUIET)
    assert {one.id: bool(one.missing) for _, one in said} == {waiting.envelope_id: True, second: False}


async def test_what_is_asked_for_is_published_to_the_asker_alone(waiting: Waiting) -> None:
    """And only that."""
    assert await waiting.give(LIBO, REST) == CHUNKS - 2
    (sending,) = await waiting.world[LIBO].store.read(lambda snapshot: snapshot.files.sendings(9))
    assert (sending.destination, first_of(sending.todo, 9)) == (HUANJIANG, [2, 3, 4, 5])
    await waiting.rooms[HUANJIANG].take(await waiting.rooms[LIBO].published())
    assert count_of((await waiting.rooms[HUANJIANG].kept(waiting.envelope_id)).held) == CHUNKS


async def test_another_member_helps_where_the_source_is_gone(waiting: Waiting) -> None:
    """A chunk proves itself, whoever hands it on."""
    await waiting.rooms[NANDAN].take(waiting.chunks)
    assert await waiting.give(NANDAN, REST) == CHUNKS - 2
    await waiting.rooms[HUANJIANG].take(await waiting.rooms[NANDAN].published())
    assert count_of((await waiting.rooms[HUANJIANG].kept(waiting.envelope_id)).held) == CHUNKS


async def test_a_source_that_lost_its_files_gets_them_back(waiting: Waiting) -> None:
    """A backup holds none; its partners do."""
    await waiting.rooms[NANDAN].take(waiting.chunks)
    libo = waiting.rooms[LIBO]
    libo.county.folder.remove((await libo.kept(waiting.envelope_id)).name)
    await waiting.give(LIBO, REST)
    await libo.published()  # it notices
    assert await waiting.give(NANDAN, (Missing(first=0, last=CHUNKS - 1),), asker=LIBO) == CHUNKS
    await libo.take(await waiting.rooms[NANDAN].published())
    assert await waiting.give(LIBO, REST) == CHUNKS - 2
    assert len(await libo.published()) == CHUNKS - 2


async def test_what_is_under_way_is_not_given_again(waiting: Waiting) -> None:
    """Two copies of 64 MiB on a slow line."""
    assert await waiting.give(LIBO, REST) == CHUNKS - 2
    assert await waiting.give(LIBO, REST) == 0


async def test_nobody_else_is_given_anything() -> None:
    """Not even whether it is here."""
    waiting = Waiting()
    waiting.envelope_id = (await waiting.rooms[LIBO].sent(to=[HUANJIANG])).envelope_id
    await waiting.world.carry()
    await waiting.rooms[LIBO].published()
    assert await waiting.give(LIBO, REST, asker=NANDAN) == 0
    assert await waiting.world[LIBO].store.read(lambda s: s.files.reports(waiting.envelope_id)) == []


async def test_one_asker_is_bounded(waiting: Waiting) -> None:
    """A member that asks all day must not use up our line."""
    county = waiting.world[LIBO]
    giver, now = FileGiver(county.clock), county.clock.now()
    asked = ChunksRequested(wanted=(WantedFile(id=waiting.envelope_id, held=0, missing=REST),))
    given = 0
    for _ in range(9_000):
        given += await county.store.write(lambda tx: giver.answer(tx, HUANJIANG, asked, now))
        sendings = await county.store.read(lambda snapshot: snapshot.files.sendings(1))
        if not sendings:
            break
        number = sendings[0].number
        await county.store.write(lambda tx, number=number: tx.files.sent(number, b""))  # type: ignore[misc]
    assert 0 < given * 16_384 <= 512 * 1024 * 1024


async def test_an_event_whose_file_is_arriving_is_not_a_lost_one(waiting: Waiting) -> None:
    """The resender asks this before it sends the event again."""
    libo = waiting.world[LIBO]
    event = await libo.store.read(lambda snapshot: snapshot.event(waiting.envelope_id))
    assert event is not None
    now = libo.clock.now()
    report = FileReport(HUANJIANG, 2, now)
    await libo.store.write(lambda tx: tx.files.report(waiting.envelope_id, report))
    assert await libo.store.write(lambda tx: is_arriving(tx, event.envelope, HUANJIANG, now))
    assert not await libo.store.write(lambda tx: is_arriving(tx, event.envelope, NANDAN, now))
    await waiting.world.clock.move(301)
    assert not await libo.store.write(lambda tx: is_arriving(tx, event.envelope, HUANJIANG, libo.clock.now()))


def test_a_request_travels_as_a_signal() -> None:
    """In a chain it would be an event that somebody waits for."""
    assert ChunksRequested.wire_type in SIGNAL_TYPES
