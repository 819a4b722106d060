"""Files over HTTP: handed over in parts, read whole or in part, and never shown by a browser."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from adapters.memory.encryption import MemoryEncryption
from schemas.access import Scope
from schemas.agreements import Grant
from schemas.base import InformationClass
from schemas.custody import OpeningReason
from schemas.information.attachments import AttachmentShared
from tests import papers
from tests.caller import Caller, calling
from tests.filing import CHUNKS, FILE, FileRooms, file_draft
from tests.papers import HUANJIANG, LIBO
from tests.personal import office_key
from tests.world import World

BYTES = {"Content-Type": "application/octet-stream"}
PERSONAL_FILES = papers.trust(
    papers.in_force(
        class_ceiling=InformationClass.PERSONAL,
        internal_in_clear=False,
        grants=(Grant(types=(AttachmentShared.wire_type,)),),
        purposes=AttachmentShared.purposes,
    )
)
ANNOUNCED = {"size": len(FILE), "sha256": hashlib.sha256(FILE).hexdigest()}


@dataclass
class Desk:
    """荔波's API, and the counties behind it."""

    world: World
    caller: Caller

    async def begun(self) -> str:
        """Announce the file; return where its bytes go."""
        answer = await self.caller.post("/uploads", json=ANNOUNCED)
        assert answer.status == 201, answer.body
        return f"/uploads/{answer.body['id']}"

    async def sent(self) -> str:
        """Send the file; return its event's id."""
        place = await self.begun()
        await self.caller.ask("PATCH", f"{place}?offset=0", data=FILE, headers=BYTES)
        answer = await self.caller.post("/events", json=file_draft(place.rpartition("/")[2]))
        assert answer.status == 202, answer.body
        return str(answer.body["envelope_id"])


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """See there."""
    world = World()
    token = world[LIBO].let_in("adapter", Scope.EVENTS_READ, Scope.EVENTS_WRITE)
    async with calling(world[LIBO], token) as caller:
        yield Desk(world, caller)


async def test_a_file_goes_in_by_parts_and_comes_out_whole(desk: Desk) -> None:
    """What an adapter of a county's own system does."""
    place = await desk.begun()
    for offset in range(0, len(FILE), 50_000):
        part = FILE[offset : offset + 50_000]
        answer = await desk.caller.ask("PATCH", f"{place}?offset={offset}", data=part, headers=BYTES)
        assert answer.body["offset"] == offset + len(part)
    state = (await desk.caller.get(place)).body
    assert (state["complete"], state["size"], state["sha256"]) == (True, *ANNOUNCED.values())
    sent = await desk.caller.post("/events", json=file_draft(state["id"]))
    envelope_id = sent.body["envelope_id"]
    answer = await desk.caller.get(f"/events/{envelope_id}/content")
    assert (answer.status, answer.body) == (200, FILE)


async def test_a_browser_saves_it_and_does_not_run_it(desk: Desk) -> None:
    """A file is a stranger's bytes under the node's own address."""
    headers = (await desk.caller.get(f"/events/{await desk.sent()}/content")).headers
    assert headers["Content-Type"] == "application/pdf"
    assert headers["Content-Disposition"] == "attachment; filename*=UTF-8''%E6%96%B9%E6%A1%88.pdf"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["Etag"] == f'"{ANNOUNCED["sha256"]}"'


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("bytes=0-9", FILE[:10]), ("bytes=50001-50020", FILE[50_001:50_021]), ("bytes=-7", FILE[-7:])],
)
async def test_a_part_is_read(desk: Desk, asked: str, expected: bytes) -> None:
    """A download that was cut off goes on."""
    answer = await desk.caller.get(f"/events/{await desk.sent()}/content", headers={"Range": asked})
    assert (answer.status, answer.body) == (206, expected)
    first = FILE.index(expected)
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(expected) - 1}/{len(FILE)}"


async def test_a_part_beyond_the_end_is_refused(desk: Desk) -> None:
    """And the size is told."""
    answer = await desk.caller.get(f"/events/{await desk.sent()}/content", headers={"Range": "bytes=83200-"})
    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(FILE)}")
    assert answer.is_problem


async def test_what_is_arriving_is_shown_and_not_given(desk: Desk) -> None:
    """The event is there at once; its file says how far it is."""
    envelope_id = await desk.sent()
    await desk.world.carry()
    rooms, huanjiang = FileRooms(desk.world[LIBO]), FileRooms(desk.world[HUANJIANG])
    await huanjiang.take((await rooms.published())[:1])
    token = desk.world[HUANJIANG].let_in("desk", Scope.EVENTS_READ)
    async with calling(desk.world[HUANJIANG], token) as caller:
        detail = (await caller.get(f"/events/{envelope_id}")).body
        answer = await caller.get(f"/events/{envelope_id}/content")
    file = detail["file"]
    assert (file["state"], file["held"], file["chunks"], file["scanned"]) == ("arriving", 1, 2, False)
    assert detail["content"]["name"] == "方案.pdf"
    assert (answer.status, answer.body["code"]) == (409, "file.arriving")


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"headers": {"Content-Type": "application/json"}}, "http.media_type"),
        ({"headers": BYTES | {"Content-Encoding": "gzip"}}, "http.content_encoding"),
    ],
)
async def test_other_bodies_are_refused(desk: Desk, how: dict[str, dict[str, str]], code: str) -> None:
    """A compressed body could unpack to anything."""
    answer = await desk.caller.ask("PATCH", f"{await desk.begun()}?offset=0", data=b"x", **how)
    assert (answer.status, answer.body["code"]) == (415, code)


async def test_an_event_without_a_file_has_none(desk: Desk) -> None:
    """Its content is in the event itself."""
    assert (await desk.caller.get(f"/events/{'0' * 64}/content")).status == 404
    assert CHUNKS > 1


async def test_a_personal_file_is_given_only_to_who_says_why_and_after_that_is_written_down() -> None:
    """The log of openings would show who read the two lines of the event, and not who took the file home."""
    world = World((HUANJIANG, LIBO), trust=PERSONAL_FILES)
    libo = world[LIBO]
    assert isinstance(libo.encryption, MemoryEncryption)
    libo.encryption.add(f"{LIBO} office")
    for code in (HUANJIANG, LIBO):
        await libo.store.write(lambda tx, code=code: tx.key_book.keep(code, office_key(code)))  # type: ignore[misc]
    token = libo.let_in("adapter", Scope.EVENTS_READ, Scope.EVENTS_WRITE)
    async with calling(libo, token) as caller:
        place = await Desk(world, caller).begun()
        await caller.ask("PATCH", f"{place}?offset=0", data=FILE, headers=BYTES)
        draft = file_draft(place.rpartition("/")[2], to=[HUANJIANG]) | {"class": "personal"}
        sent = await caller.post("/events", json=draft)
        assert sent.status == 202, sent.body
        content = f"/events/{sent.body['envelope_id']}/content"
        refused = await caller.get(content)
        assert (refused.status, refused.body["code"], refused.body["field"]) == (403, "access.no_reason", "why")
        assert await libo.store.read(lambda snapshot: snapshot.openings(0, 9)) == []
        given = await caller.get(f"{content}?why=handling")
        assert (given.status, given.body) == (200, FILE)
    (row,) = await libo.store.read(lambda snapshot: snapshot.openings(0, 9))
    assert (row.envelope_id, row.reason) == (sent.body["envelope_id"], OpeningReason.HANDLING)
