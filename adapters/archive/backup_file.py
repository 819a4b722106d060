"""Write and read a backup: a tar of a manifest and the files it names, in its order, and nothing else.

Whatever a tar could do to a reader (links, devices, absolute names, `..`, a file twice) is refused before it is looked
at: a member is taken only if it is the regular file that the manifest says comes next.
"""

import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from pydantic import ValidationError

from schemas.backups import MANIFEST, MANIFEST_MAX_BYTES, BackedFile, BackupManifest
from schemas.errors import Fault, NotFoundError, RequestError, UnavailableError

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all)."""

_CHUNK_BYTES: Final = 1024 * 1024
_PRIVATE: Final = 0o600
_PRIVATE_DIRECTORY: Final = 0o700
_ENDING: Final = ".partial"


@dataclass(frozen=True, slots=True)
class Source:
    """One file to be put into a backup: its bytes, or a file that nobody writes to any more."""

    name: str
    data: bytes | Path
    mode: int = _PRIVATE

    def described(self) -> BackedFile:
        """Read it once for its size and digest."""
        with _opened(self.data) as file:
            digest = hashlib.file_digest(file, hashlib.sha256).hexdigest()
        facts = {"name": self.name, "size": _size(self.data), "mode": self.mode, "sha256": digest}
        return BackedFile.model_validate(facts)


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """Yield a path to write to; it becomes ``target``, durably, only if the block succeeds.

    Raises:
        RequestError: ``target`` exists, or the place is not to be written.
        UnavailableError: The disk is full or failing.
    """
    if target.exists():
        raise RequestError(Fault("backup.exists", str(target), "it is there already; name a new file"))
    partial = target.with_name(target.name + _ENDING)
    try:
        partial.unlink(missing_ok=True)
        yield partial
        partial.rename(target)
        sync_directory(target.parent)
    except (PermissionError, FileNotFoundError, NotADirectoryError) as exc:
        raise RequestError(Fault("backup.unwritable", str(target), f"{exc.filename}: {exc.strerror}")) from exc
    except OSError as exc:
        raise UnavailableError(f"{target}: {exc.strerror}") from exc
    finally:
        partial.unlink(missing_ok=True)


def write_backup(path: Path, manifest: bytes, sources: Sequence[Source], progress: Progress) -> None:
    """Write a backup, readable by its owner alone, and wait until it is on the disk."""
    parts = (Source(MANIFEST, manifest), *sources)
    whole = sum(_size(part.data) for part in parts)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            done = 0
            for source in parts:
                info = tarfile.TarInfo(source.name)
                info.size, info.mode = _size(source.data), source.mode
                with _opened(source.data) as data:
                    tar.addfile(info, data)
                done += info.size
                progress(done, whole)
        file.flush()
        os.fsync(file.fileno())


class BackupFile:
    """A backup open for reading."""

    def __init__(self, path: Path, tar: tarfile.TarFile) -> None:
        """Take the open archive; read the manifest.

        Raises:
            RequestError: The manifest is not one, or of a version that this code does not read.
        """
        self._path, self._tar = path, tar
        info = tar.next()
        if info is None or info.name != MANIFEST or info.size > MANIFEST_MAX_BYTES:
            raise self._damaged("it does not begin with a manifest; it is no backup of Sihu")
        data = self._data(info).read()
        self.digest = hashlib.sha256(data).hexdigest()
        try:
            self.manifest = BackupManifest.model_validate_json(data)
        except ValidationError as exc:
            where = ".".join(str(step) for step in exc.errors()[0]["loc"])
            raise self._damaged(f"its manifest does not hold ({where}), or a newer Sihu made it") from exc

    def check(self, progress: Progress) -> None:
        """Read everything through.

        Raises:
            RequestError: A file is missing, changed or too many.
        """
        self._pass_over({}, progress)

    def extract(self, places: Mapping[str, Path], progress: Progress) -> None:
        """Write each file that ``places`` names to its path, durably; none of these paths may exist.

        Raises:
            RequestError: A file is missing, changed or too many, or a path exists; what was written stays.
            UnavailableError: The disk is full or failing.
        """
        self._pass_over(places, progress)

    def _pass_over(self, places: Mapping[str, Path], progress: Progress) -> None:
        whole, done = sum(file.size for file in self.manifest.files), 0
        for file in self.manifest.files:
            info = self._tar.next()
            if info is None or info.name != file.name or info.size != file.size:
                raise self._damaged(f"{file.name} is missing or has another size")
            with _sink(places.get(file.name), file.mode) as sink:
                digest = hashlib.sha256()
                data = self._data(info)
                while chunk := data.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    sink(chunk)
                    done += len(chunk)
                    progress(done, whole)
            if digest.hexdigest() != file.sha256:
                raise self._damaged(f"{file.name} is not what its digest says")
        if self._tar.next() is not None:
            raise self._damaged("it holds more than its manifest names")

    def _data(self, info: tarfile.TarInfo) -> IO[bytes]:
        data = self._tar.extractfile(info) if info.type == tarfile.REGTYPE and not info.issparse() else None
        if data is None:
            raise self._damaged(f"{info.name} is no plain file")
        return data

    def _damaged(self, why: str) -> RequestError:
        return RequestError(Fault("backup.damaged", str(self._path), f"{why}; use another backup"))


@contextmanager
def opened_backup(path: Path) -> Iterator[BackupFile]:
    """Open a backup and read its manifest.

    Raises:
        NotFoundError: There is no such file.
        RequestError: It is no backup, or damaged.
    """
    try:
        with _found(path) as file, tarfile.open(fileobj=file, mode="r:") as tar:
            yield BackupFile(path, tar)
    except (tarfile.TarError, EOFError) as exc:
        raise RequestError(Fault("backup.damaged", str(path), f"it is cut off or no backup ({exc})")) from exc


def _found(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise NotFoundError(Fault("backup.not_found", str(path), "there is no such file")) from None
    except OSError as exc:
        raise RequestError(Fault("backup.unreadable", str(path), f"{exc.strerror}")) from exc


@contextmanager
def _sink(path: Path | None, mode: int) -> Iterator[Callable[[bytes], object]]:
    """Yield what takes the bytes of a new file, or forgets them if there is no path."""
    if path is None:
        yield lambda _: None
        return
    try:
        path.parent.mkdir(mode=_PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "wb") as file:
            os.fchmod(file.fileno(), mode)  # whatever the umask takes away
            yield file.write
            file.flush()
            os.fsync(file.fileno())
    except (PermissionError, NotADirectoryError, FileExistsError) as exc:
        raise RequestError(Fault("restore.unwritable", str(path), f"{exc.strerror}")) from exc
    except OSError as exc:
        raise UnavailableError(f"{path}: {exc.strerror}") from exc


def sync_directory(path: Path) -> None:
    """Wait until the names in a directory are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _size(data: bytes | Path) -> int:
    return len(data) if isinstance(data, bytes) else data.stat().st_size


@contextmanager
def _opened(data: bytes | Path) -> Iterator[io.BufferedReader | io.BytesIO]:
    with io.BytesIO(data) if isinstance(data, bytes) else data.open("rb") as file:
        yield file
