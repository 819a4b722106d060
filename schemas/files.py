"""What a node keeps about the files of its events: rows as values, the same for every store.

The bytes lie in files of their own beside the database; a row is what makes one of them count.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from schemas.envelope import ChunkBinding
from schemas.records import Direction


class FileState(StrEnum):
    """How far a file is."""

    ARRIVING = "arriving"
    """Chunks are missing, or the whole has not been judged yet."""
    WHOLE = "whole"
    REFUSED = "refused"
    """It came whole and is not what its event says; a receipt said so."""
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way from a caller to this node; encrypted as it comes, whatever becomes of it.

    Attributes:
        number: 32 hex characters: names it to its caller, and is the content id of the event it will belong to.
        access: Name of the caller's token: nobody else's upload can be used.
        size: Bytes of the file as it is read.
        sha256: Of the file as it is read, as the caller says.
        key: Content key of the event that it will belong to.
        chunks: Set once it is whole and its digest is right.
    """

    number: str
    access: str
    size: int
    sha256: str
    key: bytes = field(repr=False)
    started_at: datetime
    chunks: ChunkBinding | None = None


@dataclass(frozen=True, slots=True)
class KeptFile:
    """The file of one recorded event.

    Attributes:
        name: Of the file beside the database; empty once it is gone.
        source: Of the event.
        chunks: What the signed header says.
        held: Bitmap of the chunks that are here, see ``services.domain.chunks``.
        started_at: When its event was recorded.
        moved_at: When the last chunk came.
    """

    envelope_id: str
    name: str
    direction: Direction
    source: str
    chunks: ChunkBinding
    state: FileState
    held: bytes
    started_at: datetime
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class Sending:
    """Chunks of one file that are to be published to one destination.

    Attributes:
        number: Row number; also parts this publication from later ones of the same chunks.
        destination: A county, or ``_<agreement id>``.
        todo: Bitmap of the chunks that the hub is not known to hold.
    """

    number: int
    envelope_id: str
    destination: str
    todo: bytes


@dataclass(frozen=True, slots=True)
class FileReport:
    """How much of a file of ours a county says it holds."""

    county: str
    held: int
    said_at: datetime


@dataclass(frozen=True, slots=True)
class FileFigures:
    """What metrics say about files.

    Attributes:
        arriving: Files that are not whole.
        arriving_bytes: Of them, as they will be.
        oldest_arriving: When the oldest of them was begun.
        chunks_waiting: Chunks that are to be published.
        uploads: Uploads that no event uses yet.
    """

    arriving: int
    arriving_bytes: int
    oldest_arriving: datetime | None
    chunks_waiting: int
    uploads: int
