"""A file layer that records or fails, and an audit that recounts a database by plain SQL.

SQLite calls the layer for every write and fsync; what it recorded says which bytes were safe when the power went.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import apsw

_SECTOR: Final = 512

_SUMS: Final = {
    "envelopes": "SELECT count(*), coalesce(max(position), 0) FROM envelopes",
    "publications": "SELECT count(*), coalesce(max(sequence), 0) FROM publications WHERE lane = 'normal'",
    "journal": "SELECT count(*), coalesce(max(sequence), 0) FROM journal",
}
_HEADS: Final = """
    SELECT c.number, c.head_seq, count(e.seq), coalesce(max(e.seq), 0) FROM chains AS c
    LEFT JOIN envelopes AS e ON e.chain_number = c.number GROUP BY c.number"""


def audit(path: Path) -> list[str]:
    """Recount a database of posts, one publication and one delivery each; return what is half or missing."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        sums = {name: connection.execute(sql).get for name, sql in _SUMS.items()}
        found += [f"{name}: {count} rows up to {last}" for name, (count, last) in sums.items() if count != last]
        if len({count for count, _ in sums.values()}) != 1:
            found.append(f"rows differ: {sums}")
        for number, head, count, last in connection.execute(_HEADS):
            if not head == count == last:
                found.append(f"chain {number} stands at {head} and holds {count} links up to {last}")
        expected = connection.execute("SELECT coalesce(sum(last_seq - first_seq + 1), 0) FROM expectations").get
        if expected != sums["envelopes"][0]:
            found.append(f"{expected} deliveries are expected of {sums['envelopes'][0]} events")
        return found
    finally:
        connection.close()


def ids_in(path: Path) -> set[str]:
    """Return the envelope ids that a database holds with content."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        return {row[0].hex() for row in connection.execute("SELECT envelope_id FROM envelopes WHERE content <> x''")}
    finally:
        connection.close()


# -- a layer that fails -----------------------------------------------------------------------------


class FailingLayer(apsw.VFS):
    """The system's own file layer until a test sets ``trouble``."""

    def __init__(self, name: str) -> None:
        """Register as ``name``; unregister when done."""
        self.trouble: Callable[[str], None] | None = None
        super().__init__(name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        """Open a file that asks ``trouble`` before it writes."""
        return _FailingFile(self, name, flags)


class _FailingFile(apsw.VFSFile):
    def __init__(self, layer: FailingLayer, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._layer = layer

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        if self._layer.trouble is not None:
            self._layer.trouble("write")
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        if self._layer.trouble is not None:
            self._layer.trouble("sync")
        super().xSync(flags)


def disk_full(_: str) -> None:
    """No space is left."""
    raise apsw.FullError("no space left")


def disk_failing(what: str) -> None:
    """Writing is taken, but never reaches the disk."""
    if what == "sync":
        raise apsw.IOError("the disk does not answer")


# -- a layer that records -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Act:
    """What reached the file layer: a write, a truncation or a sync of one file; or an acknowledgement."""

    kind: str
    file: str
    offset: int = 0
    data: bytes = b""


@dataclass(slots=True)
class Recording:
    """Every act in order, the files as they were at the start, and what was acknowledged when."""

    acts: list[Act] = field(default_factory=list)
    start: dict[str, bytes] = field(default_factory=dict)

    def acknowledged(self, envelope_id: str) -> None:
        """The store has promised that this event is durable."""
        self.acts.append(Act("acknowledged", envelope_id))

    def promised(self, until: int) -> set[str]:
        """Return what had been acknowledged when the power went after ``until`` acts."""
        return {act.file for act in self.acts[:until] if act.kind == "acknowledged"}


class RecordingLayer(apsw.VFS):
    """The system's own file layer, taking notes."""

    def __init__(self, name: str, recording: Recording) -> None:
        """Register as ``name``; unregister when done."""
        self.recording = recording
        super().__init__(name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        """Open a file whose writes and syncs are noted."""
        return _RecordingFile(self.recording, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: FBT001, N802 - SQLite's name
        """Note that a file is gone."""
        self.recording.acts.append(Act("truncate", Path(filename).name, 0))
        super().xDelete(filename, syncdir)


class _RecordingFile(apsw.VFSFile):
    def __init__(self, recording: Recording, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._recording, self._name = recording, Path(path or "").name

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        self._recording.acts.append(Act("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        self._recording.acts.append(Act("truncate", self._name, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        super().xSync(flags)
        self._recording.acts.append(Act("sync", self._name))


# -- what the disk holds after a power cut --------------------------------------------------------------


def crash_states(recording: Recording, chooser: random.Random, count: int) -> Iterator[tuple[int, dict[str, bytes]]]:
    """Yield (moment, files): all synced writes, and of the later ones any subset, some of them torn."""
    for _ in range(count):
        moment = chooser.randrange(len(recording.acts) + 1)
        kept = chooser.choice((0.0, 0.5, 0.9, 1.0))
        names = {act.file for act in recording.acts if act.kind in {"write", "truncate"}} | recording.start.keys()
        yield moment, {name: _after(recording, name, moment, chooser, kept) for name in names}


def _after(recording: Recording, name: str, moment: int, chooser: random.Random, kept: float) -> bytes:
    acts = [act for act in recording.acts[:moment] if act.file == name and act.kind != "acknowledged"]
    synced = max((number for number, act in enumerate(acts, 1) if act.kind == "sync"), default=0)
    content = bytearray(recording.start.get(name, b""))
    for number, act in enumerate(acts, 1):
        if number <= synced:
            _apply(content, act, act.data)
        elif chooser.random() < kept:
            _apply(content, act, _torn(act.data, chooser) if kept < 1 else act.data)
    return bytes(content)


def _torn(data: bytes, chooser: random.Random) -> bytes:
    """Return the whole, or as often only some of its first sectors."""
    if len(data) <= _SECTOR or chooser.random() < 0.5:
        return data
    return data[: chooser.randrange(0, len(data), _SECTOR)]


def _apply(content: bytearray, act: Act, data: bytes) -> None:
    if act.kind == "truncate":
        del content[act.offset :]
    elif act.kind == "write" and data:
        content.extend(bytes(max(0, act.offset - len(content))))
        content[act.offset : act.offset + len(data)] = data
