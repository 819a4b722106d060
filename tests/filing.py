"""A county's rooms for files, without a hub: hand one over, publish its chunks, take a partner's."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from schemas.carriage import Arrival, ArrivalBatch
from schemas.drafts import UploadDraft
from schemas.envelope import CHUNK_MIN_BYTES
from schemas.errors import UnavailableError
from schemas.files import KeptFile
from schemas.information.attachments import AttachmentShared
from schemas.subjects import BLOB_STREAM
from services.gateway.uploads import UploadAt, Uploads
from services.posting import Posted
from services.receiver.chunks import ChunkTaker
from services.relay.chunks import ChunkRelay
from tests import papers
from tests.world import County, World

FILE = b"".join(hashlib.sha256(b"file %d" % number).digest() for number in range(2_600))
"""83,200 bytes: five chunks of the smallest size, and a rest."""
CHUNKS = 6


def content_of(data: bytes = FILE, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of the content
    """What an event says of a file."""
    said = {"name": "方案.pdf", "media_type": "application/pdf", "size": len(data)}
    return said | {"sha256": hashlib.sha256(data).hexdigest()} | changes


def file_draft(upload: str, data: bytes = FILE, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """The draft of an event that carries a file."""
    draft = {"type": AttachmentShared.wire_type, "agreement": papers.AGREEMENT, "upload": upload}
    return draft | {"content": content_of(data)} | changes


async def in_parts(*parts: bytes) -> AsyncIterator[bytes]:
    """A body as it comes."""
    for part in parts:
        yield part


class MemoryPublisher:
    """Satisfies ``services.file_ports.ChunkPublisher``: keeps what it was given, until it is told to fail."""

    def __init__(self) -> None:
        """Begin empty, and well."""
        self.taken: list[tuple[str, str, bytes]] = []
        """Subject, name, message."""
        self.room = 10_000
        """After so many more messages it is cut off."""

    async def publish(self, subject: str, messages: Sequence[tuple[str, bytes]]) -> int:
        """Take as many as there is room for."""
        some = messages[: self.room]
        if not some:
            raise UnavailableError("cut off")
        self.room -= len(some)
        self.taken += [(subject, name, message) for name, message in some]
        return len(some)


class MemoryChunkPuller:
    """Satisfies ``services.hub_ports.Puller``; a test hands batches over by itself."""

    stream = BLOB_STREAM

    def __init__(self) -> None:
        """Begin with nothing acknowledged."""
        self.acknowledged: list[ArrivalBatch] = []
        self.rewound = False

    async def batches(self) -> AsyncIterator[ArrivalBatch]:
        """Hand over nothing."""
        nothing: tuple[ArrivalBatch, ...] = ()
        for batch in nothing:
            yield batch

    def rewind(self) -> None:
        """Note it."""
        self.rewound = True

    async def acknowledge(self, batch: ArrivalBatch) -> None:
        """Note it."""
        self.acknowledged.append(batch)


class FileRooms:
    """One county's rooms for files."""

    def __init__(self, county: County, *, spool_bytes: int = 1 << 30) -> None:
        """Build them on the county's store and folder."""
        self.county, self.publisher, self.puller = county, MemoryPublisher(), MemoryChunkPuller()
        self.uploads = Uploads(
            store=county.store,
            folder=county.folder,
            posting=county.posting,
            clock=county.clock,
            ids=county.ids,
            chunk_size=CHUNK_MIN_BYTES,
        )
        self.relay = ChunkRelay(
            store=county.store,
            folder=county.folder,
            publisher=self.publisher,
            clock=county.clock,
            county=county.code,
        )
        self.taker = ChunkTaker(
            store=county.store,
            posting=county.posting,
            puller=self.puller,
            folder=county.folder,
            trust=county.directory.trust,
            clock=county.clock,
            spool_bytes=spool_bytes,
        )

    async def announced(self, data: bytes = FILE) -> UploadAt:
        """Begin an upload."""
        draft = UploadDraft(size=len(data), sha256=hashlib.sha256(data).hexdigest())
        return await self.uploads.begin(draft, access_name="test")

    async def uploaded(self, data: bytes = FILE) -> str:
        """Hand a file over; return the upload's number."""
        number = (await self.announced(data)).upload.number
        await self.uploads.add(number, 0, in_parts(data), access_name="test")
        return number

    async def sent(self, data: bytes = FILE, **changes: Any) -> Posted:  # noqa: ANN401 - any field of the draft
        """Hand a file over and send its event."""
        return await self.county.send(file_draft(await self.uploaded(data), data, **changes))

    async def published(self) -> list[tuple[str, bytes]]:
        """Publish everything that is wanted; return subjects and messages."""
        before = len(self.publisher.taken)
        while await self.relay.run_once():
            pass
        return [(subject, message) for subject, _, message in self.publisher.taken[before:]]

    async def take(self, chunks: Sequence[tuple[str, bytes]]) -> None:
        """Take chunks as one batch."""
        arrivals = tuple(Arrival(number, *one) for number, one in enumerate(chunks, 1))
        await self.taker.run_once(ArrivalBatch(BLOB_STREAM, arrivals, ""))

    async def kept(self, envelope_id: str) -> KeptFile:
        """What the county has of the file of an event."""
        found = await self.county.store.read(lambda snapshot: snapshot.files.file_of(envelope_id))
        assert found is not None
        return found


def rooms_of(world: World) -> dict[str, FileRooms]:
    """Every county's rooms."""
    return {code: FileRooms(county) for code, county in world.counties.items()}
