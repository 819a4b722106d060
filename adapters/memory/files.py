"""Files that events carry, uploads, and chunks to be published."""

from dataclasses import replace
from datetime import datetime

from adapters.memory.state import State
from schemas.files import FileFigures, FileReport, FileState, KeptFile, Sending, Upload

_GONE = frozenset({FileState.REFUSED, FileState.ERASED})


class MemoryFiles:
    """Satisfies ``services.file_ports.FilesShown``."""

    def __init__(self, state: State) -> None:
        """Read ``state``."""
        self._state = state

    def file_of(self, envelope_id: str) -> KeptFile | None:
        """Return the file of a recorded event, or None if it carries none."""
        return self._state.files.get(envelope_id)

    def file_named(self, name: str) -> KeptFile | None:
        """Return the file that is kept under a name, or None."""
        return next((one for one in self._state.files.values() if one.name == name), None)

    def arriving(self, limit: int) -> list[KeptFile]:
        """Return files that are not whole yet, the oldest first."""
        found = [one for one in self._state.files.values() if one.state is FileState.ARRIVING]
        return sorted(found, key=lambda one: (one.started_at, one.envelope_id))[:limit]

    def kept_names(self) -> frozenset[str]:
        """Return the names of all files that count: those of events, and those of uploads."""
        return frozenset({one.name for one in self._state.files.values() if one.name} | self._state.uploads.keys())

    def gone(self, limit: int) -> list[KeptFile]:
        """Return erased and refused files whose bytes may still be here."""
        found = [one for one in self._state.files.values() if one.state in _GONE and one.name]
        return sorted(found, key=lambda one: one.name)[:limit]

    def upload(self, number: str) -> Upload | None:
        """Return one upload, or None."""
        return self._state.uploads.get(number)

    def uploads(self, limit: int) -> list[Upload]:
        """Return uploads that no event uses yet, the oldest first."""
        return sorted(self._state.uploads.values(), key=lambda one: (one.started_at, one.number))[:limit]

    def sendings(self, limit: int) -> list[Sending]:
        """Return what is to be published, the one that waited longest for its turn first."""
        return list(self._state.sendings.values())[:limit]

    def reports(self, envelope_id: str) -> list[FileReport]:
        """Return how much of a file of ours each county has said that it holds, by county."""
        found = [one for (about, _), one in self._state.file_reports.items() if about == envelope_id]
        return sorted(found, key=lambda one: one.county)

    def figures(self) -> FileFigures:
        """Return figures for metrics."""
        arriving = self.arriving(len(self._state.files))
        waiting = sum(int.from_bytes(one.todo, "little").bit_count() for one in self._state.sendings.values())
        size, oldest = sum(one.chunks.size for one in arriving), arriving[0].started_at if arriving else None
        return FileFigures(len(arriving), size, oldest, waiting, len(self._state.uploads))


class MemoryFileBook(MemoryFiles):
    """Satisfies ``services.file_ports.FileBook``."""

    def keep(self, row: KeptFile) -> None:
        """Begin or change the file of an event."""
        self._state.files[row.envelope_id] = row

    def settle(self, envelope_id: str, state: FileState, at: datetime) -> None:
        """Change how far a file is; what is not whole is published no more."""
        held = self._state.files.get(envelope_id)
        if held is not None:
            self._state.files[envelope_id] = replace(held, state=state, moved_at=at)
        if state is not FileState.WHOLE:
            self._state.sendings = {
                number: one for number, one in self._state.sendings.items() if one.envelope_id != envelope_id
            }

    def forget_name(self, envelope_id: str) -> None:
        """The bytes of a file are gone for good."""
        self._state.files[envelope_id] = replace(self._state.files[envelope_id], name="")

    def begin(self, upload: Upload) -> None:
        """Begin or change an upload."""
        self._state.uploads[upload.number] = upload

    def drop(self, number: str) -> None:
        """An upload ends: an event has taken it, or it is given up."""
        self._state.uploads.pop(number, None)

    def send(self, envelope_id: str, destination: str, todo: bytes) -> None:
        """Let chunks of a file be published to one more destination."""
        self._state.last_sending += 1
        number = self._state.last_sending
        self._state.sendings[number] = Sending(number, envelope_id, destination, todo)

    def sent(self, number: int, todo: bytes) -> None:
        """Note what of a sending is left, and that it had its turn; nothing left ends it."""
        one = self._state.sendings.pop(number, None)
        if one is not None and any(todo):
            self._state.sendings[number] = replace(one, todo=todo)

    def report(self, envelope_id: str, report: FileReport) -> None:
        """Keep what a county says, instead of what it said before."""
        self._state.file_reports[envelope_id, report.county] = report
