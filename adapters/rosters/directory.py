"""A roster's files: read again when they change, records appended durably, every text of the plan kept.

``roster.toml`` and ``calendar/*.toml`` are the operator's, in the county's directory. Records and kept plans lie in a
folder of their own, beside the database: a node may not write into the county's directory.
"""

import contextlib
import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Generic, TypeVar

from schemas.base import BEIJING
from schemas.calendars import CALENDAR_MAX_BYTES
from schemas.errors import Fault, RequestError, UnavailableError
from schemas.rosters import RECORDS_MAX_BYTES, ROSTER_MAX_BYTES, PlanText, RosterTexts

T = TypeVar("T")

ROSTER_FILE: Final = "roster.toml"
CALENDARS: Final = "calendar/*.toml"
RECORDS: Final = "[0-9][0-9][0-9][0-9].jsonl"
PLANS: Final = "plans/*.toml"
LOOK_AGAIN_SECONDS: Final = 1.0

_PRIVATE: Final = 0o600
_PRIVATE_DIRECTORY: Final = 0o700
_STAMP: Final = "%Y%m%dT%H%M%S%fZ"
_Stamp = tuple[tuple[str, int, int, int], ...]  # path, inode, size in bytes, time of change in ns


class RosterFiles(Generic[T]):
    """What a roster's files say, built again when one of them changed; satisfies ``services.roster_ports.Rosters``."""

    def __init__(
        self,
        directory: Path,
        records: Path,
        build: Callable[[RosterTexts], T | tuple[Fault, ...]],
        *,
        monotonic: Callable[[], float],
        on_faults: Callable[[tuple[Fault, ...]], None] = lambda _: None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        """Read nothing yet.

        Args:
            directory: The county's.
            records: Folder of records and kept plans; made when the first is written.
            build: Turns the texts into the value, or says what is wrong with them.
            monotonic: Seconds that never go back.
            on_faults: Told once for each bad state of the files; the last good value stays in force.
            now: Aware UTC. If given, each good text of the plan is kept for the past as soon as it is seen.
        """
        self._directory, self._records, self._build = directory, records, build
        self._monotonic, self._on_faults, self._now = monotonic, on_faults, now
        self._looked_at: float | None = None
        self._stamp: _Stamp | None = None
        self._value: T | None = None
        self._looking = threading.Lock()
        self.faults: tuple[Fault, ...] = ()

    def current(self) -> T:
        """Return the value in force; files are looked at once a second at most.

        Raises:
            RequestError: There is no roster, or it was never good since this process began.
        """
        with self._looking:
            now = self._monotonic()
            if self._looked_at is None or now - self._looked_at >= LOOK_AGAIN_SECONDS:
                self._looked_at = now
                self._look()
            if self._value is None:
                raise RequestError(*self.faults)
            return self._value

    def exists(self) -> bool:
        """Tell whether the county has a roster at all."""
        return (self._directory / ROSTER_FILE).exists()

    def change(self, decide: Callable[[T], bytes], recorded_at: datetime) -> T:
        """Append records while no other thread or process changes any; once it returns, they are durable.

        A torn line that a crash left is cut off first.

        Args:
            decide: Given the value as the files are now. Returns JSON objects, each with its line feed; what it raises
                changes nothing.
            recorded_at: Aware; its year in Beijing names the file.

        Returns:
            The value with them.

        Raises:
            RequestError: There is no good roster, the year's file is full, or the place is not to be written.
            UnavailableError: The disk is full or failing.
        """
        path = self._records / f"{recorded_at.astimezone(BEIJING).year}.jsonl"
        with self._writing(path):
            self._looked_at = None
            self._append(path, decide(self.current()))
            self._looked_at = None
            return self.current()

    def _append(self, path: Path, lines: bytes) -> None:
        is_new = not path.exists()
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, _PRIVATE), "r+b") as file:
            data = file.read(RECORDS_MAX_BYTES + 1)
            end = data.rfind(b"\n") + 1
            if end + len(lines) > RECORDS_MAX_BYTES:
                raise RequestError(Fault("roster.too_large", path.name, "the records of this year are full"))
            file.seek(end)
            file.truncate()
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            _sync(path.parent)

    def keep_plan(self, now: datetime) -> bool:
        """Keep the text of ``roster.toml``, if it is another than the one kept last; call it once that text is good.

        Args:
            now: Aware; counts if the file's own time is not behind the one kept last.

        Returns:
            Whether there was anything to keep.

        Raises:
            RequestError: There is no roster, or the place is not to be written.
            UnavailableError: The disk is full or failing.
        """
        newest = self._newest()
        kept = self._kept()
        if kept and kept[-1].text == newest.text:
            return False
        since = newest.since if not kept or newest.since > kept[-1].since else now
        path = self._records / "plans" / f"{since.astimezone(UTC).strftime(_STAMP)}.toml"
        with self._writing(path):
            new = path.with_name(f".{path.name}.{os.getpid()}.new")
            new.unlink(missing_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as file:
                file.write(newest.text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
            _sync(path.parent)
        self._looked_at = None
        return True

    def texts(self) -> RosterTexts:
        """Return all files as they are now.

        Raises:
            RequestError: There is no roster, or a file is not to be read or too large.
        """
        newest, kept = self._newest(), self._kept()
        if not kept:
            plans = [newest]
        elif kept[-1].text == newest.text:
            plans = kept
        else:  # not kept yet: an older time than that of the last one would turn the order round
            plans = [*kept, PlanText(max(newest.since, kept[-1].since), newest.text)]
        records = [(path.name, _read(path, RECORDS_MAX_BYTES)) for path in _found(self._records, RECORDS)]
        calendars = [(path.name, _read(path, CALENDAR_MAX_BYTES)) for path in _found(self._directory, CALENDARS)]
        return RosterTexts(tuple(plans), tuple(records), tuple(calendars))

    def _newest(self) -> PlanText:
        path = self._directory / ROSTER_FILE
        text = _read(path, ROSTER_MAX_BYTES)
        return PlanText(datetime.fromtimestamp(path.stat().st_mtime, UTC), text)

    def _kept(self) -> list[PlanText]:
        return [
            PlanText(datetime.strptime(path.stem, _STAMP).replace(tzinfo=UTC), _read(path, ROSTER_MAX_BYTES))
            for path in _found(self._records, PLANS)
        ]

    def _look(self) -> None:
        stamp = self._scan()
        if stamp == self._stamp:
            return
        try:
            built = self._build(self.texts())
        except RequestError as exc:
            built = exc.faults
        if isinstance(built, tuple):
            if built != self.faults:
                self._on_faults(built)
            self.faults = built
        else:
            self.faults, self._value = self._keep(), built
        # Stamped only now: a file that changed while it was read has another stamp at the next look.
        self._stamp = stamp

    def _keep(self) -> tuple[Fault, ...]:
        """Keep the text that is in force; that it cannot be is told, and changes nothing else."""
        if self._now is None:
            return ()
        try:
            self.keep_plan(self._now())
        except (RequestError, UnavailableError) as exc:
            unkept = (Fault("roster.unkept", str(self._records), f"the plan is not kept for the past: {exc}"),)
            if unkept != self.faults:
                self._on_faults(unkept)
            return unkept
        return ()

    def _scan(self) -> _Stamp:
        names = [self._directory / ROSTER_FILE, *_found(self._directory, CALENDARS)]
        names += [*_found(self._records, RECORDS), *_found(self._records, PLANS)]
        found = []
        for path in names:
            with contextlib.suppress(FileNotFoundError):
                state = path.stat()
                found.append((str(path), state.st_ino, state.st_size, state.st_mtime_ns))
        return tuple(found)

    @contextlib.contextmanager
    def _writing(self, path: Path) -> Iterator[None]:
        """Let one process at a time write, and say in our own words what goes wrong."""
        try:
            path.parent.mkdir(mode=_PRIVATE_DIRECTORY, parents=True, exist_ok=True)
            handle = os.open(path.parent, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)
        except (PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError) as exc:
            mend = f"{path}: {exc.strerror}; give the node's user the right to write there"
            raise RequestError(Fault("roster.unwritable", path.parent.name, mend)) from exc
        except OSError as exc:
            raise UnavailableError(f"{path}: {exc.strerror}") from exc


def _found(root: Path, pattern: str) -> list[Path]:
    return sorted(path for path in root.glob(pattern) if not path.name.startswith("."))


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except FileNotFoundError:
        mend = "there is no roster here; write one after deploy/roster.toml.example, and start the node anew"
        raise RequestError(Fault("roster.not_found", path.name, mend)) from None
    except OSError as exc:
        raise RequestError(Fault("roster.unreadable", path.name, f"it cannot be read: {exc.strerror}")) from exc
    if len(data) > most:
        raise RequestError(Fault("roster.too_large", path.name, f"keep it under {most} bytes"))
    return data


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
