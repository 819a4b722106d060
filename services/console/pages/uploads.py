"""附件: a file is handed to the node, by script in parts with progress and resume, or in one request without."""

from collections.abc import Awaitable
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from schemas.envelope import FILE_MAX_BYTES
from schemas.errors import RequestError
from schemas.information.attachments import AttachmentShared
from services.console.files import ENDINGS, PLAIN_MAX_BYTES, Handed, take_plain
from services.console.navigation import WORKERS
from services.console.rendering import fault_text
from services.console.visit import Page, Visit
from services.gateway.answers import UploadState
from services.gateway.problems import problem_of_error

_ID: Final = "{id:[0-9a-f]{32}}"


async def new(visit: Visit) -> web.StreamResponse:
    """Let a file be chosen."""
    return _form(visit, ())


async def take(visit: Visit) -> web.StreamResponse:
    """Take a file in one request, and go on to its event."""
    try:
        handed = await take_plain(visit)
    except RequestError as refusal:
        return _form(visit, refusal.faults)
    return visit.see_other(_next(handed))


async def begin(visit: Visit) -> web.StreamResponse:
    """Announce a file whose parts a script will send."""
    body = await visit.request.read()
    return await _told(visit.api.ask("begin_upload", UploadState, body=body))


async def show(visit: Visit) -> web.StreamResponse:
    """Tell a script where an upload goes on."""
    return await _told(visit.api.ask("show_upload", UploadState, path={"id": visit.path("id")}))


async def go_on(visit: Visit) -> web.StreamResponse:
    """Take the next part of a file from a script."""
    query = {"offset": visit.query("offset")}
    return await _told(visit.api.ask("continue_upload", UploadState, path={"id": visit.path("id")}, query=query))


async def _told(asked: Awaitable[UploadState]) -> web.Response:
    """Answer a script: how far the file is, or in Chinese what is wrong."""
    try:
        state = await asked
    except RequestError as refusal:
        status = problem_of_error(refusal).status
        return web.json_response({"mend": fault_text(refusal.fault), "code": refusal.fault.code}, status=status)
    return web.json_response(text=state.model_dump_json())


def _form(visit: Visit, faults: object) -> web.Response:
    values = {
        "faults": faults,
        "endings": ENDINGS,
        "plain_most": PLAIN_MAX_BYTES >> 20,
        "most": FILE_MAX_BYTES >> 20,
        "wire_type": AttachmentShared.wire_type,
    }
    return visit.render("upload.html", values, 422 if faults else 200)


def _next(handed: Handed) -> str:
    query = {
        "type": AttachmentShared.wire_type,
        "upload": handed.upload,
        "file_name": handed.name,
        "file_type": handed.media_type,
    }
    return f"/compose?{urlencode(query)}"


UPLOADS: Final = (
    Page("GET", "/files/new", "upload_new", "附件", new, WORKERS, "compose"),
    Page("POST", "/files/new", "upload_take", "附件", take, WORKERS, "compose", streams=True),
    Page("POST", "/files", "upload_begin", "附件", begin, WORKERS, "compose"),
    Page("GET", f"/files/{_ID}", "upload_show", "附件", show, WORKERS, "compose"),
    Page("PATCH", f"/files/{_ID}", "upload_go_on", "附件", go_on, WORKERS, "compose"),
)
