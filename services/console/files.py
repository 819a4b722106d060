"""Files at the desk: those that this county has sent lately, and a new one on its way to the node."""

import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from schemas.errors import Fault, RequestError
from schemas.information.attachments import AttachmentShared, FileType
from services.console.uploads import PARTS_MAX, file_name
from services.console.visit import CSRF_FIELD, Form, Visit, judge_sender
from services.domain.form_fields import Input, Shape
from services.domain.form_reading import KnownFile
from services.gateway.answers import EventDetail, EventPage, UploadState

PLAIN_MAX_BYTES: Final = 8 * 1024 * 1024
"""Of a file that is sent without script: it comes in one request and is held until its digest is known."""
_LATELY: Final = 20
_FIELD_MAX: Final = 256
_BY_ENDING: Final = {
    "pdf": FileType.PDF,
    "ofd": FileType.OFD,
    "docx": FileType.DOCX,
    "xlsx": FileType.XLSX,
    "pptx": FileType.PPTX,
    "txt": FileType.TEXT,
    "csv": FileType.CSV,
    "jpg": FileType.JPEG,
    "jpeg": FileType.JPEG,
    "png": FileType.PNG,
    "mp3": FileType.MPEG_AUDIO,
    "mp4": FileType.MP4,
}
ENDINGS: Final = ",".join(f".{one}" for one in _BY_ENDING)
"""For the file chooser of a browser."""


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file that this county has sent, and the event that carries it."""

    envelope_id: str
    file: KnownFile


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that is whole at the node, and what its event says of it."""

    upload: str
    name: str
    media_type: str


def media_type_of(name: str) -> FileType | None:
    """Return the type that a name's ending stands for, or None for one that is not carried."""
    return _BY_ENDING.get(name.rpartition(".")[2].lower())


def bears_files(shapes: Iterable[Shape]) -> bool:
    """Tell whether a form has rows that name a file."""
    return any(one.bears_file or (one.input is Input.ROWS and bears_files(one.parts)) for one in shapes)


async def own_files(visit: Visit) -> Sequence[OwnFile]:
    """Return the files that this county has sent lately, the newest first."""
    query = {"direction": "out", "type": AttachmentShared.wire_type, "limit": _LATELY, "newest": True}
    page = await visit.api.ask("list_events", EventPage, query=query)
    found = []
    for line in page.events:
        detail = await visit.api.ask("show_event", EventDetail, path={"id": line.envelope_id})
        said = detail.content
        if isinstance(said, dict):
            size = said.get("size")
            texts = [str(said.get(name, "")) for name in ("name", "media_type", "sha256")]
            found.append(
                OwnFile(line.envelope_id, KnownFile(texts[0], texts[1], size if isinstance(size, int) else 0, texts[2]))
            )
    return found


async def take_plain(visit: Visit) -> Handed:
    """Take a file that a form without script sends, at most 8 MiB.

    Raises:
        RequestError: It is too large, of a type that is not carried, or the form is not of this session.
    """
    name, data = await _parts(visit)
    return await keep_plain(visit, name, data)


async def keep_plain(visit: Visit, name: str, data: bytes) -> Handed:
    """Keep a file that came whole with a form at the node, for an event to carry it.

    Raises:
        RequestError: It is of a type that is not carried, or empty.
    """
    if not data:
        raise RequestError(Fault("file.none", "file", "choose a file that is not empty"))
    kind = media_type_of(name)
    if kind is None:
        raise RequestError(Fault("file.type", "file", f"send one of these: {ENDINGS}"))
    state = await visit.api.ask(
        "begin_upload", UploadState, body={"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    )
    uploads, access = visit.hall.desk.uploads, visit.visitor.access.name
    await uploads.add(state.id, 0, _once(data), access_name=access)  # the API would read them off the request itself
    return Handed(state.id, name, kind.value)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _parts(visit: Visit) -> tuple[str, bytes]:
    fields: list[tuple[str, str]] = []
    try:
        reader = await visit.request.multipart()
        async for part in reader:
            if not isinstance(part, BodyPartReader) or len(fields) > PARTS_MAX:
                break
            if part.name != "file":
                fields.append((part.name or "", (await _bounded(part, _FIELD_MAX)).decode(errors="replace")))
                continue
            # The token stands before the file: nothing of a forged request is read any further.
            _judged(visit, fields)
            return file_name(part.filename or ""), await _bounded(part, PLAIN_MAX_BYTES)
    except (ValueError, AssertionError, HttpProcessingError, web.RequestPayloadError, ConnectionResetError):
        raise RequestError(Fault("http.bad_request", "body", "the form did not arrive whole; send it again")) from None
    raise RequestError(Fault("file.none", "file", "choose a file"))


def _judged(visit: Visit, fields: Sequence[tuple[str, str]]) -> None:
    form = Form(tuple(fields))
    fault = judge_sender(visit.hall, visit.request, form, visit.visitor.csrf)
    if fault is not None or not form.get(CSRF_FIELD):
        raise RequestError(fault or Fault("http.csrf", CSRF_FIELD, "load the page again, then press once more"))


async def _bounded(part: BodyPartReader, most: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk():
        data += chunk
        if len(data) > most:
            mend = f"without script a file has at most {PLAIN_MAX_BYTES >> 20} MiB; turn script on for larger ones"
            raise RequestError(Fault("file.too_large", "file", mend))
    if not data and part.name == "file":
        raise RequestError(Fault("file.none", "file", "choose a file that is not empty"))
    return bytes(data)
