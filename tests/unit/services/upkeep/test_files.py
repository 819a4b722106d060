"""Folder and rows are kept in step: what nobody counts on goes, what is gone is fetched again."""

from schemas.control import ErasureReason
from schemas.files import FileState
from schemas.records import ErasureRow
from services.upkeep.files import UPLOADS_KEPT, FileSweeper
from tests.filing import FILE, FileRooms
from tests.papers import LIBO
from tests.world import World


def swept(rooms: FileRooms) -> FileSweeper:
    """The sweeper of a county."""
    return FileSweeper(store=rooms.county.store, folder=rooms.county.folder, clock=rooms.county.clock)


async def test_what_a_crash_left_behind_is_swept_at_start() -> None:
    """A file whose event was never committed would lie there for ever; what counts stays."""
    rooms = FileRooms(World()[LIBO])
    posted, upload = await rooms.sent(), await rooms.uploaded(FILE[:50])
    rooms.county.folder.write("in-" + "0" * 64, 0, b"orphan")
    assert await swept(rooms).begin() == 1
    assert rooms.county.folder.names() == sorted([(await rooms.kept(posted.envelope_id)).name, upload])


async def test_a_file_that_is_gone_counts_as_missing() -> None:
    """After a restore from a backup; then it is asked for."""
    rooms = FileRooms(World()[LIBO])
    posted = await rooms.sent()
    rooms.county.folder.remove((await rooms.kept(posted.envelope_id)).name)
    await swept(rooms).begin()
    kept = await rooms.kept(posted.envelope_id)
    assert (kept.state, any(kept.held)) == (FileState.ARRIVING, False)


async def test_an_erased_file_is_removed() -> None:
    """Its key went with the event; its bytes follow."""
    rooms = FileRooms(World()[LIBO])
    posted = await rooms.sent()
    row = ErasureRow(LIBO, ErasureReason.WITHDRAWN, rooms.county.clock.now())
    await rooms.county.store.write(lambda tx: tx.erasures.erase(posted.envelope_id, row))
    assert await swept(rooms).run_once() == 1
    assert rooms.county.folder.names() == []
    assert (await rooms.kept(posted.envelope_id)).name == ""
    assert await swept(rooms).run_once() == 0


async def test_an_upload_that_nobody_uses_is_given_up() -> None:
    """A caller that forgot it has taken disk and one of its places."""
    rooms = FileRooms(World()[LIBO])
    await rooms.uploaded()
    await rooms.county.clock.move(UPLOADS_KEPT.total_seconds() - 1)
    assert await swept(rooms).run_once() == 0
    await rooms.county.clock.move(2)
    assert await swept(rooms).run_once() == 1
    assert rooms.county.folder.names() == []
