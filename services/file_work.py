"""Passes over a whole file, piece by piece: each runs in a thread and never holds more than a piece of it.

Source: docs/protocol.md, section "Files"
"""

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from schemas.envelope import FILE_OVERHEAD_BYTES, ChunkBinding, ContentBinding, Envelope
from schemas.errors import Fault
from schemas.files import Upload
from schemas.information.attachments import AttachmentShared, FileType
from services.domain.encryption import read_content
from services.domain.files import PIECE_BYTES, Digester, Opener, Sealer, at_offset, pieces
from services.domain.guards import guard_text
from services.file_ports import FileFolder

UNSOUND: Final = "file.unsound"
"""Not the source's doing: the chunks are fetched again."""
_READ_AS_TEXT: Final = frozenset({FileType.TEXT, FileType.CSV})
_LINE_MAX: Final = 64 * 1024  # characters of one line that are kept until its end comes
_OVERLAP: Final = 256  # characters: longer than anything that the guards look for


def seal(folder: FileFolder, upload: Upload, *, source: str, chunk_size: int) -> ChunkBinding | Fault:
    """End an upload whose bytes are all here: check its digest, put the tag behind it, make it durable.

    Args:
        folder: Holds the bytes, encrypted as they came.
        upload: As announced.
        source: Ourselves.
        chunk_size: Bytes of a chunk.

    Returns:
        What a header will say of it, or why it is not the file that was announced.
    """
    stream, sealer = at_offset(upload.key, 0), Sealer(upload.key, source=source, content_id=upload.number)
    read, carried = hashlib.sha256(), Digester(chunk_size)
    for offset, length in pieces(upload.size):
        plain = stream.update(folder.read(upload.number, offset, length))
        read.update(plain)
        carried.add(sealer.add(plain))
    if read.hexdigest() != upload.sha256:
        return Fault("upload.digest", "sha256", "the bytes that came are not those that were announced; begin anew")
    tag = sealer.tag()
    carried.add(tag)
    folder.write(upload.number, upload.size, tag)
    folder.sync(upload.number)
    return carried.binding()


def clear(folder: FileFolder, upload: Upload, name: str, chunk_size: int) -> ChunkBinding:
    """Write the file of an upload in clear, durable, for an event that is not encrypted."""
    stream, carried = at_offset(upload.key, 0), Digester(chunk_size)
    for offset, length in pieces(upload.size):
        plain = stream.update(folder.read(upload.number, offset, length))
        carried.add(plain)
        folder.write(name, offset, plain)
    folder.sync(name)
    return carried.binding()


def chunk_digests(folder: FileFolder, name: str, chunks: ChunkBinding) -> list[bytes]:
    """Return the digests of the chunks of a file that is whole."""
    carried = Digester(chunks.chunk_size)
    for offset, length in pieces(chunks.size):
        carried.add(folder.read(name, offset, length))
    carried.binding()
    return carried.digests


def plain_pieces(
    folder: FileFolder, name: str, key: bytes, offset: int, length: int, piece: int = PIECE_BYTES
) -> Iterator[bytes]:
    """Yield a part of a file as it is read.

    Args:
        folder: Where it is.
        name: Of the file.
        key: Content key of its event; empty if it is carried in clear.
        offset: Of the first byte.
        length: Bytes; all of them are in the file.
        piece: How much at once.
    """
    stream = at_offset(key, offset) if key else None
    for start, size in pieces(length, piece):
        data = folder.read(name, offset + start, size)
        yield stream.update(data) if stream else data


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that is here whole, and the event that it belongs to; the ``repr`` shows no key."""

    name: str
    envelope: Envelope
    key: bytes

    def __repr__(self) -> str:
        """Name the file alone."""
        return f"Arrived({self.name})"


def judge_arrived(folder: FileFolder, arrived: Arrived) -> Fault | None:
    """Judge a file of which every chunk is here, by its event; None if it is what that says.

    Its chunks lead to the root of the header, so whatever is wrong now is truly the source's.
    """
    binding, content = arrived.envelope.header.content, read_content(arrived.envelope, arrived.key)
    if binding.chunks is None or content is None:
        return Fault("file.missing", "content.chunks", "its event binds no file, or was erased")
    event = AttachmentShared.model_validate_json(content, extra="ignore")
    source, size = arrived.envelope.header.source, event.size
    opener = Opener(arrived.key, source=source, content_id=binding.content_id) if arrived.key else None
    carried, read, scan = Digester(binding.chunks.chunk_size), hashlib.sha256(), Scan(event.media_type, new=False)
    for offset, length in pieces(size):
        data = folder.read(arrived.name, offset, length)
        carried.add(data)
        plain = opener.add(data) if opener else data
        read.update(plain)
        if fault := scan.add(plain):
            return fault
    tag = folder.read(arrived.name, size, FILE_OVERHEAD_BYTES)
    carried.add(tag)
    return _unlike(binding, carried, event, read.hexdigest(), whole=opener is None or opener.holds(tag)) or scan.end()


def _unlike(
    binding: ContentBinding, carried: Digester, event: AttachmentShared, read: str, *, whole: bool
) -> Fault | None:
    found = carried.binding()
    if binding.chunks is not None and found.root != binding.chunks.root:
        return Fault(UNSOUND, "content.chunks", "what was kept is not what came: the disk has changed it")
    if found != binding.chunks:
        return Fault("file.digest", "content.chunks", "the file is not the one whose digest the header binds")
    if not whole:
        return Fault("encryption.content_not_opened", "content.chunks", "the key of its event does not open the file")
    if read != event.sha256:
        return Fault("file.differs", "content.sha256", "the content names the digest of another file")
    return None


def reads_as_text(media_type: FileType) -> bool:
    """Tell whether files of this type are looked through for what the guards refuse."""
    return media_type in _READ_AS_TEXT


class Scan:
    """Looks for what the guards refuse in a file that is text; what is none of it is passed over."""

    def __init__(self, media_type: FileType, *, new: bool) -> None:
        """Begin with the first byte.

        Args:
            media_type: As its event says.
            new: At the sender, where labels of secrets are refused, too.
        """
        text = reads_as_text(media_type)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace") if text else None
        self._before, self._new = "", new

    def add(self, piece: bytes) -> Fault | None:
        """Take the next piece, of any length."""
        return self._look(self._decoder.decode(piece)) if self._decoder else None

    def end(self) -> Fault | None:
        """Judge what is left."""
        return self._look(self._decoder.decode(b"", final=True), last=True) if self._decoder else None

    def _look(self, text: str, *, last: bool = False) -> Fault | None:
        """Judge whole lines, so that no number is cut in two; of a line without end all but what may go on."""
        text = self._before + text
        cut = len(text) if last else text.rfind("\n") + 1
        self._before = text[cut:]
        if len(self._before) > _LINE_MAX:
            cut, self._before = len(text), text[-_OVERLAP:]
        return guard_text(text[:cut], new=self._new)


def judge_text(folder: FileFolder, upload: Upload, media_type: FileType) -> Fault | None:
    """Judge the file of an upload by the guards, as far as it can be read."""
    scan = Scan(media_type, new=True)
    for piece in plain_pieces(folder, upload.number, upload.key, 0, upload.size):
        if fault := scan.add(piece):
            return fault
    return scan.end()
