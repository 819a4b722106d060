"""A caller hands a file over: durably, from where it stopped, and only what was announced."""

from collections.abc import AsyncIterator

import pytest

from schemas.errors import ConflictError, NotFoundError, RequestError
from services.domain.files import PIECE_BYTES
from services.gateway.uploads import UPLOADS_MAX
from tests.filing import CHUNKS, FILE, FileRooms, file_draft, in_parts
from tests.papers import LIBO
from tests.world import World


@pytest.fixture
def rooms() -> FileRooms:
    """The rooms of one county."""
    return FileRooms(World()[LIBO])


async def test_a_file_goes_on_after_a_power_cut(rooms: FileRooms) -> None:
    """What an answer said is here is here; what came after the last answer comes again."""
    number = (await rooms.announced()).upload.number
    at = await rooms.uploads.add(number, 0, in_parts(FILE[:1000], FILE[1000:30_000]), access_name="test")
    assert at.offset == 30_000
    rooms.county.folder.write(number, 30_000, b"not synced")
    rooms.county.folder.lose_power()
    at = await rooms.uploads.find(number, access_name="test")
    assert (at.offset, at.upload.chunks) == (30_000, None)
    at = await rooms.uploads.add(number, 30_000, in_parts(FILE[30_000:]), access_name="test")
    assert at.upload.chunks is not None
    assert at.upload.chunks.count == CHUNKS


async def test_what_came_before_a_cut_is_kept(rooms: FileRooms) -> None:
    """On a bad line no request comes through whole, and each must help."""

    async def cut_off() -> AsyncIterator[bytes]:
        yield FILE[:500]
        raise ConnectionResetError

    number = (await rooms.announced()).upload.number
    with pytest.raises(ConnectionResetError):
        await rooms.uploads.add(number, 0, cut_off(), access_name="test")
    rooms.county.folder.lose_power()
    assert (await rooms.uploads.find(number, access_name="test")).offset == 500


async def test_nothing_of_it_lies_in_clear(rooms: FileRooms) -> None:
    """A stolen disk must hold no file that was only on its way."""
    number = await rooms.uploaded()
    kept = rooms.county.folder.read(number, 0, 1 << 20)
    assert len(kept) == len(FILE) + 16
    assert all(FILE[at : at + 32] not in kept for at in range(0, len(FILE), 32))


async def test_bytes_at_another_offset_are_refused(rooms: FileRooms) -> None:
    """Two clients, or one that lost count, would mix two files."""
    number = (await rooms.announced()).upload.number
    with pytest.raises(ConflictError, match="go on at 0"):
        await rooms.uploads.add(number, 5, in_parts(FILE), access_name="test")


async def test_other_bytes_than_announced_are_refused(rooms: FileRooms) -> None:
    """And nothing of them stays."""
    number = (await rooms.announced()).upload.number
    with pytest.raises(RequestError, match="not those that were announced"):
        await rooms.uploads.add(number, 0, in_parts(FILE[:-1] + b"x"), access_name="test")
    assert rooms.county.folder.names() == []
    with pytest.raises(NotFoundError):
        await rooms.uploads.find(number, access_name="test")


async def test_more_bytes_than_announced_are_refused(rooms: FileRooms) -> None:
    """A body without end must not fill the disk."""
    number = (await rooms.announced()).upload.number
    with pytest.raises(RequestError, match="announced with"):
        await rooms.uploads.add(number, 0, in_parts(FILE, b"x"), access_name="test")


async def test_another_callers_upload_is_not_there(rooms: FileRooms) -> None:
    """Neither to look at nor to go on with."""
    number = await rooms.uploaded()
    with pytest.raises(NotFoundError):
        await rooms.uploads.find(number, access_name="other")


async def test_a_caller_has_few_uploads_at_once(rooms: FileRooms) -> None:
    """One that forgets its uploads must not fill the disk."""
    for _ in range(UPLOADS_MAX):
        await rooms.announced()
    with pytest.raises(ConflictError):
        await rooms.announced()


async def test_an_upload_serves_one_event(rooms: FileRooms) -> None:
    """Two events under one key would tell whoever opens one how to open the other."""
    draft = file_draft(await rooms.uploaded())
    await rooms.county.send(draft, key="first")
    with pytest.raises(RequestError, match="upload the file"):
        await rooms.county.send(draft, key="second")


async def test_a_retry_gets_the_same_answer(rooms: FileRooms) -> None:
    """Though the upload has gone into the event that the first try made."""
    draft = file_draft(await rooms.uploaded())
    first = await rooms.county.send(draft, key="once")
    assert await rooms.county.send(draft, key="once") == first


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"upload": None}, "file.missing"),
        ({"upload": "0" * 32}, "file.not_uploaded"),
        (
            {"content": {"name": "a.pdf", "media_type": "application/pdf", "size": 1, "sha256": "0" * 64}},
            "file.differs",
        ),
    ],
)
async def test_an_event_without_its_file_is_refused(rooms: FileRooms, changes: dict[str, object], code: str) -> None:
    """Before anything is signed."""
    draft = file_draft(await rooms.uploaded()) | changes
    with pytest.raises(RequestError) as refused:
        await rooms.county.send({name: value for name, value in draft.items() if value is not None})
    assert refused.value.faults[0].code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("联系 13912345678 李", "guard.personal_number"),
        ("x" * PIECE_BYTES + "\n13912345678\n", "guard.personal_number"),
        ("机密★\n", "guard.secret_label"),
    ],
)
async def test_text_is_looked_through(rooms: FileRooms, text: str, code: str) -> None:
    """What a field must not hold a file must not either, wherever in it."""
    data = text.encode()
    content = {"name": "a.txt", "media_type": "text/plain"}
    draft = file_draft(await rooms.uploaded(data), data)
    with pytest.raises(RequestError) as refused:
        await rooms.county.send(draft | {"content": draft["content"] | content})
    assert refused.value.faults[0].code == code
