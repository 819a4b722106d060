"""Handlers: a file is uploaded for an event, and the file of an event is read."""

import asyncio
from typing import Final

from aiohttp import web

from schemas.drafts import UploadDraft
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.files import FileState, KeptFile
from schemas.information.attachments import AttachmentShared
from schemas.records import StoredEvent
from services.domain.chunks import count_of
from services.domain.files import PIECE_BYTES, pieces
from services.domain.reading import content_of
from services.file_work import plain_pieces
from services.gateway.answers import UploadState
from services.gateway.api.asked import EventPath, ShowQuery, UploadPath, UploadQuery
from services.gateway.api.calls import Call, reply
from services.gateway.bodies import read_body
from services.gateway.desk import Desk
from services.gateway.opening import is_withheld, write_down
from services.gateway.problems import Problem, status_of
from services.gateway.ranges import part_of
from services.gateway.uploads import UploadAt
from services.ports import Snapshot

_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SANDBOX: Final = "default-src 'none'; sandbox"


async def post_upload(desk: Desk, call: Call) -> web.StreamResponse:
    """Announce a file."""
    draft = read_body(call.body, UploadDraft, "request")
    if isinstance(draft, tuple):
        return Problem(status_of(draft[0].code), draft).response()
    return reply(_state(await desk.uploads.begin(draft, access_name=call.caller.name)), 201)


async def get_upload(desk: Desk, call: Call) -> web.StreamResponse:
    """Tell where an upload goes on."""
    return reply(_state(await desk.uploads.find(call.path_as(UploadPath).id, access_name=call.caller.name)))


async def patch_upload(desk: Desk, call: Call) -> web.StreamResponse:
    """Take the next bytes of a file, as they come."""
    number, offset = call.path_as(UploadPath).id, call.query_as(UploadQuery).offset
    body = call.request.content.iter_chunked(PIECE_BYTES)
    try:
        return reply(_state(await desk.uploads.add(number, offset, body, access_name=call.caller.name)))
    except (web.RequestPayloadError, ConnectionResetError):
        mend = "the body did not arrive whole; ask where to go on, and send the rest"
        raise RequestError(Fault("http.bad_request", "body", mend)) from None


async def get_content(desk: Desk, call: Call) -> web.StreamResponse:
    """Stream the file of an event, or a part of it."""
    envelope_id = call.path_as(EventPath).id
    gateway, why = desk.gateway, call.query_as(ShowQuery).why
    event, kept = await gateway.store.read(lambda snapshot: _find(snapshot, envelope_id))
    if is_withheld(event):
        if why is None:
            mend = "it is personal: say why you open it (`why`), which is written to the log of openings"
            raise RequestError(Fault("access.no_reason", "why", mend))
        await write_down(gateway, envelope_id, access=call.caller, reason=why)
    said = AttachmentShared.model_validate_json(content_of(event), extra="ignore")
    part = part_of(call.request.headers.get("Range"), said.size)
    if isinstance(part, Fault):
        return Problem(status_of(part.code), (part,), {"Content-Range": f"bytes */{said.size}"}).response()
    offset, length = part or (0, said.size)
    response = web.StreamResponse(status=206 if part else 200, headers=_headers(said))
    response.content_type, response.content_length = said.media_type.value, length
    if part:
        response.headers["Content-Range"] = f"bytes {offset}-{offset + length - 1}/{said.size}"
    await response.prepare(call.request)
    reading = plain_pieces(gateway.folder, kept.name, event.content_key, offset, length)
    for _ in pieces(length):
        await response.write(await asyncio.to_thread(next, reading))
    await response.write_eof()
    return response


def _find(snapshot: Snapshot, envelope_id: str) -> tuple[StoredEvent, KeptFile]:
    event, kept = snapshot.event(envelope_id), snapshot.files.file_of(envelope_id)
    if event is None:
        raise NotFoundError(Fault("request.not_found", "id", "no such event is here; see GET /api/v1/events"))
    if kept is None:
        raise NotFoundError(Fault("file.none", "id", "no file goes with this event; its content is all there is"))
    if kept.state is FileState.ARRIVING:
        mend = f"{count_of(kept.held)} of {kept.chunks.count} chunks are here; ask again later"
        raise RequestError(Fault("file.arriving", "id", mend))
    if kept.state is not FileState.WHOLE:
        raise RequestError(Fault("file.gone", "id", f"it was {kept.state}"))
    return event, kept


def _headers(said: AttachmentShared) -> dict[str, str]:
    """Let a browser save it, and never show or run it."""
    return {
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"attachment; filename*=UTF-8''{_quoted(said.name)}",
        "Content-Security-Policy": _SANDBOX,
        "ETag": f'"{said.sha256}"',
    }


def _quoted(name: str) -> str:
    """Spell a name as RFC 8187 wants it in a header."""
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in name.encode())


def _state(at: UploadAt) -> UploadState:
    upload = at.upload
    complete = upload.chunks is not None
    return UploadState(id=upload.number, size=upload.size, sha256=upload.sha256, offset=at.offset, complete=complete)
