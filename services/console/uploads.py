"""A form with a file (multipart/form-data), as browsers send it without script: read bounded, kept in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from schemas.errors import Fault, RequestError

MULTIPART: Final = "multipart/form-data"
PARTS_MAX: Final = 100
"""Fields and files: a form for the papers of a request has seven for each of eleven kinds."""
TEXT_MAX_BYTES: Final = 65_536
"""Of all fields that are no file."""
_PIECE_BYTES: Final = 65_536
_NAME_MAX: Final = 80


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent along.

    Attributes:
        name: As the browser called it, without folders; at most 80 characters, printable.
    """

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """A form with its files; a file that was not chosen is not there.

    Attributes:
        files: By the field's name; of several files of one field the last.
        uploads: Every file with the field's name, in order.
    """

    pairs: tuple[tuple[str, str], ...]
    files: Mapping[str, Upload]
    uploads: tuple[tuple[str, Upload], ...] = ()


async def read_upload(request: web.Request, max_bytes: int) -> Sent:
    """Read a form with its files.

    Args:
        request: Of media type ``multipart/form-data``.
        max_bytes: Of all files together.

    Raises:
        RequestError: It holds too much, or did not arrive whole.
    """
    try:
        return await _read(await request.multipart(), max_bytes)
    except (ValueError, AssertionError, HttpProcessingError, web.RequestPayloadError, ConnectionResetError):
        # AssertionError: what aiohttp says of parts that end before their boundary.
        mend = "send it once more: the form did not arrive whole"
        raise RequestError(Fault("http.bad_request", "body", mend)) from None


async def _read(reader: MultipartReader, max_bytes: int) -> Sent:
    pairs: list[tuple[str, str]] = []
    uploads: list[tuple[str, Upload]] = []
    text_left, bytes_left = TEXT_MAX_BYTES, max_bytes
    for _ in range(PARTS_MAX):
        part = await reader.next()
        if part is None:
            return Sent(tuple(pairs), dict(uploads), tuple(uploads))
        if not isinstance(part, BodyPartReader):
            raise ValueError("a part of parts")  # noqa: TRY004 - the caller answers for every broken form alike
        if part.filename is None:
            data = await _whole(part, text_left, "the fields of a form")
            text_left -= len(data)
            pairs.append((part.name or "", data.decode().replace("\r\n", "\n")))
        else:
            data = await _whole(part, bytes_left, "a file")
            bytes_left -= len(data)
            if data or part.filename:
                uploads.append((part.name or "", Upload(file_name(part.filename), data)))
    raise RequestError(Fault("file.too_many", "body", f"send at most {PARTS_MAX} fields and files at once"))


async def _whole(part: BodyPartReader, most: int, what: str) -> bytes:
    data = bytearray()
    while piece := await part.read_chunk(_PIECE_BYTES):
        data += piece
        if len(data) > most:
            raise RequestError(Fault("file.too_large", part.name or "", f"{what} may have at most {most} bytes here"))
    return bytes(data)


def file_name(name: str) -> str:
    """Return a file's name as a browser gave it: without folders, printable, at most 80 characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(one for one in last if one.isprintable()).strip()[-_NAME_MAX:]
