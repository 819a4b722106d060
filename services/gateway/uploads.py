"""A caller hands over a file, in as many parts as its line needs: encrypted as it comes, in constant memory.

Like tus, the resumable upload protocol: how far it is counts in bytes from the front, and whoever was cut off asks and
goes on from there. The bytes are durable before an answer says so.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from schemas.drafts import UploadDraft
from schemas.errors import ConflictError, Fault, NotFoundError, RequestError, UnavailableError
from schemas.files import Upload
from services.domain.files import PIECE_BYTES, at_offset
from services.file_ports import FileFolder
from services.file_work import seal
from services.ports import Clock, Ids, Store, Transaction
from services.posting import Posting

log = structlog.get_logger()

UPLOADS_MAX: Final = 16
"""Of one caller at once."""
UPLOADS_MAX_BYTES: Final = 1024 * 1024 * 1024
"""Of all callers together."""
KEPT: Final = timedelta(hours=24)
"""After that long an upload that no event has used is given up."""
_LISTED_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class UploadAt:
    """An upload, and how many of its bytes are here."""

    upload: Upload
    offset: int


class Uploads:
    """Take files from callers."""

    def __init__(
        self, *, store: Store, folder: FileFolder, posting: Posting, clock: Clock, ids: Ids, chunk_size: int
    ) -> None:
        """Take ready-made ports; open nothing."""
        self._store, self._folder, self._posting = store, folder, posting
        self._clock, self._ids, self._chunk_size = clock, ids, chunk_size
        self._busy: set[str] = set()

    async def begin(self, draft: UploadDraft, *, access_name: str) -> UploadAt:
        """Announce a file.

        Raises:
            ConflictError: The caller has too many uploads that no event uses.
            UnavailableError: The store cannot write now, or it holds too many bytes of uploads.
        """
        key, _ = self._posting.encryption.fresh()
        number, now = self._ids.hex(16), self._clock.now()
        upload = Upload(number, access_name, draft.size, draft.sha256, key, now)
        await self._store.write(lambda tx: _begin(tx, upload))
        log.info("gateway.upload_begun", upload=number, size=draft.size, access=access_name)
        return UploadAt(upload, 0)

    async def find(self, number: str, *, access_name: str) -> UploadAt:
        """Tell how far an upload is.

        Raises:
            NotFoundError: This caller has no such upload; an event may have used it.
        """
        upload = await self._store.read(lambda snapshot: snapshot.files.upload(number))
        if upload is None or upload.access != access_name:
            raise NotFoundError(Fault("upload.not_found", "id", "no such upload is here; an event may have used it"))
        return UploadAt(upload, await self._offset(upload))

    async def add(self, number: str, offset: int, body: AsyncIterator[bytes], *, access_name: str) -> UploadAt:
        """Take the next bytes; with the last one the digest is checked.

        What came before the connection was cut is kept.

        Raises:
            NotFoundError: This caller has no such upload.
            ConflictError: It goes on at another offset, or somebody else is sending to it.
            RequestError: More bytes came than were announced, or others.
            UnavailableError: The disk is full or failing.
        """
        if number in self._busy:
            raise ConflictError(Fault("upload.busy", "id", "its bytes are coming on another connection; wait for that"))
        self._busy.add(number)
        try:
            at = await self.find(number, access_name=access_name)
            if offset != at.offset:
                raise ConflictError(Fault("upload.offset", "offset", f"go on at {at.offset}"))
            try:
                await self._take(at, body)
            finally:
                await asyncio.to_thread(_sync, self._folder, number)
            at = UploadAt(at.upload, await self._offset(at.upload))
            return await self._end(at) if at.offset == at.upload.size else at
        finally:
            self._busy.discard(number)

    async def _offset(self, upload: Upload) -> int:
        if upload.chunks is not None:
            return upload.size
        return await asyncio.to_thread(_bytes_here, self._folder, upload)

    async def _take(self, at: UploadAt, body: AsyncIterator[bytes]) -> None:
        name, stream = at.upload.number, at_offset(at.upload.key, at.offset)
        offset, waiting = at.offset, bytearray()
        try:
            async for part in body:
                if offset + len(waiting) + len(part) > at.upload.size:
                    mend = f"the file was announced with {at.upload.size} bytes"
                    raise RequestError(Fault("upload.too_long", "body", mend))
                waiting += part
                if len(waiting) >= PIECE_BYTES:
                    await asyncio.to_thread(self._folder.write, name, offset, stream.update(bytes(waiting)))
                    offset += len(waiting)
                    waiting.clear()
        finally:  # also what came before a cut
            if waiting:
                await asyncio.to_thread(self._folder.write, name, offset, stream.update(bytes(waiting)))

    async def _end(self, at: UploadAt) -> UploadAt:
        upload = at.upload
        if upload.chunks is not None:
            return at
        source = self._posting.county
        sealed = await asyncio.to_thread(seal, self._folder, upload, source=source, chunk_size=self._chunk_size)
        if isinstance(sealed, Fault):
            await self._store.write(lambda tx: tx.files.drop(upload.number))
            await asyncio.to_thread(self._folder.remove, upload.number)
            raise RequestError(sealed)
        ended = replace(upload, chunks=sealed)
        await self._store.write(lambda tx: tx.files.begin(ended))
        log.info("gateway.upload_ended", upload=upload.number, size=upload.size)
        return UploadAt(ended, upload.size)


def _bytes_here(folder: FileFolder, upload: Upload) -> int:
    return min(upload.size, folder.size(upload.number) or 0)  # a tag may stand behind them


def _sync(folder: FileFolder, name: str) -> None:
    if folder.size(name) is not None:
        folder.sync(name)


def _begin(tx: Transaction, upload: Upload) -> None:
    others = tx.files.uploads(_LISTED_MAX)
    if sum(one.access == upload.access for one in others) >= UPLOADS_MAX:
        mend = f"send events with the {UPLOADS_MAX} uploads that are here first, or wait until they are given up"
        raise ConflictError(Fault("upload.too_many", "", mend))
    if sum(one.size for one in others) + upload.size > UPLOADS_MAX_BYTES:
        raise UnavailableError("the node holds as many bytes of uploads as it may; try again later")
    tx.files.begin(upload)
