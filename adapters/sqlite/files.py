# ruff: noqa: S608 - only names of columns are put into statements; every value is bound
"""Files that events carry, uploads, and chunks to be published. A few rows for each MiB: written at once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.values import Row, first, micros, moment, moment_or_none
from schemas.envelope import ChunkBinding
from schemas.files import FileFigures, FileReport, FileState, KeptFile, Sending, Upload
from schemas.records import Direction

Ask = Callable[..., Any]

_COLUMNS: Final = """
    envelope_id, name, direction, source, size, digest, chunk_size, root, state, held, started_at, moved_at"""
_SELECT_FILE: Final = f"SELECT {_COLUMNS} FROM files WHERE envelope_id = ?"
_SELECT_NAMED: Final = f"SELECT {_COLUMNS} FROM files WHERE name = ?"
_SELECT_ARRIVING: Final = (
    f"SELECT {_COLUMNS} FROM files WHERE state = 'arriving' ORDER BY started_at, envelope_id LIMIT ?"
)
_SELECT_GONE: Final = f"""
    SELECT {_COLUMNS} FROM files WHERE state IN ('refused', 'erased') AND name <> '' ORDER BY name LIMIT ?"""
_SELECT_NAMES: Final = "SELECT name FROM files WHERE name <> '' UNION SELECT number FROM uploads"
_UPLOAD_COLUMNS: Final = "number, access, size, sha256, key, started_at, chunks"
_SELECT_UPLOAD: Final = f"SELECT {_UPLOAD_COLUMNS} FROM uploads WHERE number = ?"
_SELECT_UPLOADS: Final = f"SELECT {_UPLOAD_COLUMNS} FROM uploads ORDER BY started_at, number LIMIT ?"
_SELECT_SENDINGS: Final = "SELECT number, envelope_id, destination, todo FROM sendings ORDER BY turn, number LIMIT ?"
_SELECT_TODO: Final = "SELECT todo FROM sendings"
_SELECT_REPORTS: Final = "SELECT county, held, said_at FROM file_reports WHERE envelope_id = ? ORDER BY county"
_SELECT_FIGURES: Final = "SELECT count(*), coalesce(sum(size), 0), min(started_at) FROM files WHERE state = 'arriving'"
_COUNT_UPLOADS: Final = "SELECT count(*) FROM uploads"
_KEEP: Final = f"INSERT OR REPLACE INTO files ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SETTLE: Final = "UPDATE files SET state = ?, moved_at = ? WHERE envelope_id = ?"
_FORGET_NAME: Final = "UPDATE files SET name = '' WHERE envelope_id = ?"
_BEGIN: Final = f"INSERT OR REPLACE INTO uploads ({_UPLOAD_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"
_DROP: Final = "DELETE FROM uploads WHERE number = ?"
_SEND: Final = """
    INSERT INTO sendings (envelope_id, destination, todo, turn)
    VALUES (?, ?, ?, (SELECT coalesce(max(turn), 0) + 1 FROM sendings))"""
_SENT: Final = "UPDATE sendings SET todo = ?, turn = (SELECT max(turn) + 1 FROM sendings) WHERE number = ?"
_ENDED: Final = "DELETE FROM sendings WHERE number = ?"
_STOP: Final = "DELETE FROM sendings WHERE envelope_id = ?"
_REPORT: Final = "INSERT OR REPLACE INTO file_reports (envelope_id, county, held, said_at) VALUES (?, ?, ?, ?)"


class SqliteFiles:
    """Satisfies ``services.file_ports.FilesShown``."""

    def __init__(self, ask: Ask) -> None:
        """Read by ``ask``: a statement and its bindings."""
        self._ask = ask

    def file_of(self, envelope_id: str) -> KeptFile | None:
        """Return the file of a recorded event, or None if it carries none."""
        row = first(self._ask(_SELECT_FILE, (bytes.fromhex(envelope_id),)))
        return _file_of(row) if row else None

    def file_named(self, name: str) -> KeptFile | None:
        """Return the file that is kept under a name, or None."""
        row = first(self._ask(_SELECT_NAMED, (name,)))
        return _file_of(row) if row else None

    def arriving(self, limit: int) -> list[KeptFile]:
        """Return files that are not whole yet, the oldest first."""
        return [_file_of(row) for row in self._ask(_SELECT_ARRIVING, (limit,))]

    def kept_names(self) -> frozenset[str]:
        """Return the names of all files that count: those of events, and those of uploads."""
        return frozenset(row[0] for row in self._ask(_SELECT_NAMES))

    def gone(self, limit: int) -> list[KeptFile]:
        """Return erased and refused files whose bytes may still be here."""
        return [_file_of(row) for row in self._ask(_SELECT_GONE, (limit,))]

    def upload(self, number: str) -> Upload | None:
        """Return one upload, or None."""
        row = first(self._ask(_SELECT_UPLOAD, (number,)))
        return _upload_of(row) if row else None

    def uploads(self, limit: int) -> list[Upload]:
        """Return uploads that no event uses yet, the oldest first."""
        return [_upload_of(row) for row in self._ask(_SELECT_UPLOADS, (limit,))]

    def sendings(self, limit: int) -> list[Sending]:
        """Return what is to be published, the one that waited longest for its turn first."""
        rows = self._ask(_SELECT_SENDINGS, (limit,))
        return [Sending(number, envelope_id.hex(), to, todo) for number, envelope_id, to, todo in rows]

    def reports(self, envelope_id: str) -> list[FileReport]:
        """Return how much of a file of ours each county has said that it holds, by county."""
        rows = self._ask(_SELECT_REPORTS, (bytes.fromhex(envelope_id),))
        return [FileReport(county, held, moment(said_at)) for county, held, said_at in rows]

    def figures(self) -> FileFigures:
        """Return figures for metrics."""
        count, size, oldest = first(self._ask(_SELECT_FIGURES)) or (0, 0, None)
        waiting = sum(int.from_bytes(row[0], "little").bit_count() for row in self._ask(_SELECT_TODO))
        uploads = first(self._ask(_COUNT_UPLOADS)) or (0,)
        return FileFigures(count, size, moment_or_none(oldest), waiting, uploads[0])


class SqliteFileBook(SqliteFiles):
    """Satisfies ``services.file_ports.FileBook``."""

    def __init__(self, batch: Batch) -> None:
        """Read and write through ``batch``."""
        super().__init__(batch.ask)
        self._batch = batch

    def keep(self, row: KeptFile) -> None:
        """Begin or change the file of an event."""
        chunks = row.chunks
        bound = chunks.size, bytes.fromhex(chunks.digest), chunks.chunk_size, bytes.fromhex(chunks.root)
        about = bytes.fromhex(row.envelope_id), row.name, row.direction.value, row.source
        times = micros(row.started_at), micros(row.moved_at)
        self._batch.run(_KEEP, (*about, *bound, row.state.value, row.held, *times))

    def settle(self, envelope_id: str, state: FileState, at: datetime) -> None:
        """Change how far a file is; what is not whole is published no more."""
        self._batch.run(_SETTLE, (state.value, micros(at), bytes.fromhex(envelope_id)))
        if state is not FileState.WHOLE:
            self._batch.run(_STOP, (bytes.fromhex(envelope_id),))

    def forget_name(self, envelope_id: str) -> None:
        """The bytes of a file are gone for good."""
        self._batch.run(_FORGET_NAME, (bytes.fromhex(envelope_id),))

    def begin(self, upload: Upload) -> None:
        """Begin or change an upload."""
        chunks = upload.chunks.model_dump_json() if upload.chunks else None
        about = upload.number, upload.access, upload.size, bytes.fromhex(upload.sha256), upload.key
        self._batch.run(_BEGIN, (*about, micros(upload.started_at), chunks))

    def drop(self, number: str) -> None:
        """An upload ends: an event has taken it, or it is given up."""
        self._batch.run(_DROP, (number,))

    def send(self, envelope_id: str, destination: str, todo: bytes) -> None:
        """Let chunks of a file be published to one more destination."""
        self._batch.run(_SEND, (bytes.fromhex(envelope_id), destination, todo))

    def sent(self, number: int, todo: bytes) -> None:
        """Note what of a sending is left, and that it had its turn; nothing left ends it."""
        if any(todo):
            self._batch.run(_SENT, (todo, number))
        else:
            self._batch.run(_ENDED, (number,))

    def report(self, envelope_id: str, report: FileReport) -> None:
        """Keep what a county says, instead of what it said before."""
        self._batch.run(_REPORT, (bytes.fromhex(envelope_id), report.county, report.held, micros(report.said_at)))


def _file_of(row: Row) -> KeptFile:
    envelope_id, name, direction, source, size, digest, chunk_size, root, state, held, started_at, moved_at = row
    return KeptFile(
        envelope_id.hex(),
        name,
        Direction(direction),
        source,
        ChunkBinding(size=size, digest=digest.hex(), chunk_size=chunk_size, root=root.hex()),
        FileState(state),
        held,
        moment(started_at),
        moment(moved_at),
    )


def _upload_of(row: Row) -> Upload:
    number, access, size, sha256, key, started_at, chunks = row
    bound = ChunkBinding.model_validate_json(chunks) if chunks else None
    return Upload(number, access, size, sha256.hex(), key, moment(started_at), bound)
