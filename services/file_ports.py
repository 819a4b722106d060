"""What the services need of a store, a folder and the hub to carry files, as Protocols; see ``services.ports``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from schemas.files import FileFigures, FileReport, FileState, KeptFile, Sending, Upload


class FilesShown(Protocol):
    """Reading what is known of files."""

    def file_of(self, envelope_id: str) -> KeptFile | None:
        """Return the file of a recorded event, or None if it carries none."""

    def file_named(self, name: str) -> KeptFile | None:
        """Return the file that is kept under a name, or None."""

    def arriving(self, limit: int) -> list[KeptFile]:
        """Return files that are not whole yet, the oldest first."""

    def kept_names(self) -> frozenset[str]:
        """Return the names of all files that count: those of events, and those of uploads."""

    def gone(self, limit: int) -> list[KeptFile]:
        """Return erased and refused files whose bytes may still be here."""

    def upload(self, number: str) -> Upload | None:
        """Return one upload, or None."""

    def uploads(self, limit: int) -> list[Upload]:
        """Return uploads that no event uses yet, the oldest first."""

    def sendings(self, limit: int) -> list[Sending]:
        """Return what is to be published, the one that waited longest for its turn first."""

    def reports(self, envelope_id: str) -> list[FileReport]:
        """Return how much of a file of ours each county has said that it holds, by county."""

    def figures(self) -> FileFigures:
        """Return figures for metrics."""


class FileBook(FilesShown, Protocol):
    """Files of events, uploads, and what is still to be published."""

    def keep(self, row: KeptFile) -> None:
        """Begin or change the file of an event."""

    def settle(self, envelope_id: str, state: FileState, at: datetime) -> None:
        """Change how far a file is; what is not whole is published no more."""

    def forget_name(self, envelope_id: str) -> None:
        """The bytes of a file are gone for good."""

    def begin(self, upload: Upload) -> None:
        """Begin or change an upload."""

    def drop(self, number: str) -> None:
        """An upload ends: an event has taken it, or it is given up."""

    def send(self, envelope_id: str, destination: str, todo: bytes) -> None:
        """Let chunks of a file be published to one more destination."""

    def sent(self, number: int, todo: bytes) -> None:
        """Note what of a sending is left, and that it had its turn; nothing left ends it."""

    def report(self, envelope_id: str, report: FileReport) -> None:
        """Keep what a county says, instead of what it said before."""


class ShowsFiles(Protocol):
    """The part of ``services.ports.Snapshot`` that is about files."""

    @property
    def files(self) -> FilesShown:
        """Files that events carry."""


class KeepsFiles(ShowsFiles, Protocol):
    """The part of ``services.ports.Transaction`` that is about files."""

    @property
    def files(self) -> FileBook:
        """Files that events carry."""


class FileFolder(Protocol):
    """The folder of files beside the database. Every method may wait for the disk: call it in a thread.

    Raises:
        UnavailableError: (every method) The disk is full or failing.
    """

    def size(self, name: str) -> int | None:
        """Return the bytes of a file, None if there is no such file."""

    def write(self, name: str, offset: int, data: bytes) -> None:
        """Write at an offset; makes the file if there is none. Durable only after ``sync``."""

    def sync(self, name: str) -> None:
        """Make what was written durable, and the name itself."""

    def cut(self, name: str, size: int) -> None:
        """Shorten a file."""

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Return bytes of a file; fewer at its end, none if there is no such file."""

    def remove(self, name: str) -> None:
        """Remove a file for good; harmless if there is none."""

    def names(self) -> list[str]:
        """Return the names of all files."""


class ChunkPublisher(Protocol):
    """The way out for chunks: to the hub's stream of chunks, in no order, each as often as need be."""

    async def publish(self, subject: str, messages: Sequence[tuple[str, bytes]]) -> int:
        """Hand messages to the hub; return how many of them, from the front, it holds now.

        Args:
            subject: Where to.
            messages: For each a name, by which the hub passes over what it got twice within minutes, and its bytes.

        Raises:
            UnavailableError: The hub took none of them.
        """
