"""Files of events at the desk: one is handed to the node with progress, and one is saved from it."""

import hashlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from schemas.drafts import UploadDraft
from schemas.envelope import FILE_MAX_BYTES
from schemas.errors import Fault, NotFoundError, RequestError, UnavailableError
from schemas.files import FileState
from schemas.information.attachments import AttachmentShared, FileType
from services.cli import output
from services.cli.client import Api, ask
from services.cli.desk import Desk
from services.cli.options import HERE, AsJson, Dir, Why

if TYPE_CHECKING:
    from io import BufferedReader

Progress = Callable[[int, int], None]
"""Called with (bytes that are through, bytes in all)."""

_PART_BYTES: Final = 4 * 1024 * 1024
_SUFFIXES: Final = {
    ".pdf": FileType.PDF,
    ".ofd": FileType.OFD,
    ".docx": FileType.DOCX,
    ".xlsx": FileType.XLSX,
    ".pptx": FileType.PPTX,
    ".txt": FileType.TEXT,
    ".csv": FileType.CSV,
    ".jpg": FileType.JPEG,
    ".jpeg": FileType.JPEG,
    ".png": FileType.PNG,
    ".mp3": FileType.MPEG_AUDIO,
    ".mp4": FileType.MP4,
}


def described(path: Path) -> dict[str, Any]:
    """Return what an event says of a file: name, media type by its suffix, size, digest.

    Raises:
        NotFoundError: There is no such file.
        RequestError: It is empty, too large, of a kind that is not carried, or not to be read.
    """
    media_type = _SUFFIXES.get(path.suffix.lower())
    if media_type is None:
        mend = f"{path.suffix or 'a file without a suffix'} is not carried; these are: {', '.join(_SUFFIXES)}"
        raise RequestError(Fault("file.media_type", "--attach", mend))
    digest, size = hashlib.sha256(), 0
    with _opened(path) as file:
        while part := file.read(_PART_BYTES):
            digest.update(part)
            size += len(part)
    if not 0 < size <= FILE_MAX_BYTES:
        mend = f"{path} has {size} bytes; from 1 to {FILE_MAX_BYTES} are carried"
        raise RequestError(Fault("file.too_large" if size else "file.empty", "--attach", mend))
    return {"name": path.name, "media_type": media_type.value, "size": size, "sha256": digest.hexdigest()}


def _opened(path: Path) -> "BufferedReader":
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise NotFoundError(Fault("file.not_found", "--attach", f"there is no file {path}")) from None
    except OSError as exc:
        raise RequestError(Fault("file.unreadable", "--attach", f"{path}: {exc.strerror}")) from exc


def attached(draft: dict[str, Any], desk: Desk, path: Path) -> dict[str, Any]:
    """Hand a file over and return the draft of the event that carries it.

    Raises:
        RequestError: The draft is of a type that carries no file.
    """
    content = draft.get("content")
    if draft.setdefault("type", AttachmentShared.wire_type) != AttachmentShared.wire_type:
        mend = "send the file apart (--attach FILE alone), and then this event with --ref evidence:ID of that one"
        raise RequestError(Fault("file.unexpected", "--attach", mend))
    said = described(path)
    draft["content"] = said | (content if isinstance(content, dict) else {})
    announced = UploadDraft(size=said["size"], sha256=said["sha256"]).model_dump_json().encode()
    progress = _shown()
    draft["upload"] = ask(desk, lambda api: _upload(api, path, announced, said["size"], progress))
    return draft


async def _upload(api: Api, path: Path, announced: bytes, size: int, progress: Progress) -> str:
    state = await api.begin_upload(announced)
    with _opened(path) as file:
        while not state.complete:
            file.seek(state.offset)
            try:
                state = await api.continue_upload(state.id, file.read(_PART_BYTES), state.offset)
            except UnavailableError:
                state = await api.upload(state.id)  # once more: the node is there, and says where to go on
            progress(state.offset, size)
    return state.id


def _shown() -> Progress:
    """Show progress where a person looks on."""
    if not sys.stderr.isatty():
        return lambda _through, _size: None
    return lambda through, size: typer.echo(f"\r{through * 100 // size:3} %", err=True, nl=through == size)


def save(
    envelope_id: Annotated[str, typer.Argument(metavar="ID", help="The event; its first characters will do.")],
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to.", show_default=True)] = HERE,
    *,
    why: Why = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Save the file that goes with an event, and check its digest; nothing is overwritten."""

    async def work(api: Api) -> Path:
        whole = await api.whole_id(envelope_id)
        detail = await api.event(whole, why)
        if detail.withheld:
            mend = "it is personal: say why you open it with --why, which is written to the log of openings"
            raise RequestError(Fault("access.no_reason", "--why", mend))
        if detail.file is None or not isinstance(detail.content, dict):
            raise NotFoundError(Fault("file.none", "ID", "no file goes with this event"))
        if detail.file.state is not FileState.WHOLE:
            mend = f"it is {detail.file.state}: {detail.file.held} of {detail.file.chunks} chunks are here"
            raise RequestError(Fault("file.arriving", "ID", mend))
        said = AttachmentShared.model_validate(detail.content, strict=False, extra="ignore")
        target = folder / said.name
        async with api.download(whole, why) as pieces:
            await _write(target, pieces, said.sha256)
        return target

    saved = ask(Desk(directory), work)
    if as_json:
        output.print_json({"file": str(saved)})
    else:
        output.show(f"[green]已保存 saved[/]  {output.plain(str(saved))}")


async def _write(target: Path, pieces: AsyncIterator[bytes], sha256: str) -> None:
    """Write beside the target and give it its name once its digest is right."""
    new, digest = target.with_name(f".{target.name}.{os.getpid()}.new"), hashlib.sha256()
    try:
        with new.open("xb") as file:
            async for piece in pieces:
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != sha256:
            raise UnavailableError("the file did not come whole; save it again")
        os.link(new, target)  # refuses to replace what is there
    except FileExistsError:
        raise RequestError(Fault("file.exists", "DIR", f"{target} is there already; it is not overwritten")) from None
    except OSError as exc:
        raise RequestError(Fault("file.unwritable", "DIR", f"{target}: {exc.strerror}")) from exc
    finally:
        with suppress(OSError):
            new.unlink()
