"""Chunks leave below everything else, each until the hub has it, and no more often than that."""

import pytest

from schemas.errors import UnavailableError
from schemas.files import FileState
from services.domain.chunks import parse_chunk
from tests.filing import CHUNKS, FILE, FileRooms
from tests.papers import AGREEMENT, HUANJIANG, LIBO
from tests.world import World


@pytest.fixture
def rooms() -> FileRooms:
    """荔波's rooms."""
    return FileRooms(World()[LIBO])


def indices_of(rooms: FileRooms) -> list[int]:
    """Which chunks the hub was given, in order."""
    found = [parse_chunk(message) for _, _, message in rooms.publisher.taken]
    return [one.index for one in found if hasattr(one, "index")]


async def test_chunks_wait_for_their_event(rooms: FileRooms) -> None:
    """Before it no recipient knows what they belong to."""
    await rooms.sent()
    assert await rooms.published() == []
    await rooms.county.take_waiting()
    assert len(await rooms.published()) == CHUNKS


async def test_a_file_for_all_parties_goes_out_once(rooms: FileRooms) -> None:
    """Five copies of 64 MiB would take a day on a slow line."""
    await rooms.sent()
    await rooms.county.take_waiting()
    subjects = {subject for subject, _ in await rooms.published()}
    assert subjects == {f"hub.in.{LIBO}.blob._{AGREEMENT}.content.chunk.v1"}


async def test_a_file_for_some_goes_to_each(rooms: FileRooms) -> None:
    """Nobody else's consumer may get it."""
    await rooms.sent(to=[HUANJIANG])
    await rooms.county.take_waiting()
    subjects = {subject for subject, _ in await rooms.published()}
    assert subjects == {f"hub.in.{LIBO}.blob.{HUANJIANG}.content.chunk.v1"}


async def test_only_what_is_missing_is_published_after_a_cut(rooms: FileRooms) -> None:
    """On a line that is cut every minute a file must still come to its end."""
    await rooms.sent()
    await rooms.county.take_waiting()
    rooms.publisher.room = 2
    await rooms.relay.run_once()
    with pytest.raises(UnavailableError):
        await rooms.relay.run_once()
    rooms = FileRoomsAgain(rooms)  # the node was started again
    await rooms.published()
    assert indices_of(rooms) == list(range(CHUNKS))


class FileRoomsAgain(FileRooms):
    """The rooms of a node that was started again: nothing is remembered but store and folder."""

    def __init__(self, before: FileRooms) -> None:
        """Build them anew over the same publisher."""
        super().__init__(before.county)
        self.publisher.taken = before.publisher.taken


async def test_files_take_turns(rooms: FileRooms) -> None:
    """A small file must not wait until a large one is through."""
    first, second = await rooms.sent(), await rooms.sent(FILE[:100])
    await rooms.county.take_waiting()
    rooms.publisher.room = 3  # the first one is cut off in its turn
    await rooms.relay.run_once()
    rooms.publisher.room = 1
    await rooms.relay.run_once()
    ids = [found.envelope_id for found in map(parse_chunk, _messages(rooms)) if hasattr(found, "envelope_id")]
    assert ids == [first.envelope_id] * 3 + [second.envelope_id]


def _messages(rooms: FileRooms) -> list[bytes]:
    return [message for _, _, message in rooms.publisher.taken]


async def test_a_file_that_is_not_here_any_more_is_asked_for(rooms: FileRooms) -> None:
    """After a restore from a backup, which holds no files: partners have it."""
    posted = await rooms.sent()
    await rooms.county.take_waiting()
    rooms.county.folder.remove((await rooms.kept(posted.envelope_id)).name)
    assert await rooms.published() == []
    kept = await rooms.kept(posted.envelope_id)
    assert (kept.state, any(kept.held)) == (FileState.ARRIVING, False)


async def test_a_file_that_the_disk_has_changed_is_not_published(rooms: FileRooms) -> None:
    """Every recipient would quarantine it under our name."""
    posted = await rooms.sent()
    await rooms.county.take_waiting()
    rooms.county.folder.write((await rooms.kept(posted.envelope_id)).name, 5, b"rot")
    assert await rooms.published() == []
    assert (await rooms.kept(posted.envelope_id)).state is FileState.ARRIVING
