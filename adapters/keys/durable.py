"""Files of a county's directory: written whole or not at all, and only its owner reads them."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from schemas.errors import Fault, NotFoundError, RequestError, UnavailableError

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644
PRIVATE_DIRECTORY: Final = 0o700


def read_bytes(path: Path, *, what: str = "file", max_bytes: int = 16 * 1024 * 1024) -> bytes:
    """Return a file's bytes.

    Raises:
        NotFoundError: There is no such file.
        RequestError: It is not to be read, or larger than ``max_bytes``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise NotFoundError(Fault("file.not_found", what, f"there is no file {path}")) from None
    except OSError as exc:
        raise RequestError(Fault("file.unreadable", what, f"{path}: {exc.strerror}")) from exc
    if len(data) > max_bytes:
        raise RequestError(Fault("file.too_large", what, f"{path} has more than {max_bytes} bytes"))
    return data


def write_whole(path: Path, data: bytes, *, mode: int = PRIVATE, replace: bool = True) -> None:
    """Write a file so that a crash leaves the old one or the new one, and never a reader in between.

    Args:
        path: Its directory is made if it is missing.
        data: The whole content.
        mode: Permissions from the first byte on.
        replace: False refuses to touch a file that is there.

    Raises:
        RequestError: The file is there and ``replace`` is False, or the place is not to be written.
        UnavailableError: The disk is full or failing.
    """
    if not replace and path.exists():
        raise RequestError(Fault("file.exists", "", f"{path} is there already; it is not overwritten"))
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        _write_synced(new, data, mode)
        new.replace(path)
        sync_directory(path.parent)
    except (PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError) as exc:
        raise RequestError(Fault("file.unwritable", "", f"{path}: {exc.strerror}")) from exc
    except OSError as exc:
        raise UnavailableError(f"{path}: {exc.strerror}") from exc


def write_given(path: Path, data: bytes) -> None:
    """Write a file that a person named and will pass on: signed documents hold no secret.

    Raises:
        RequestError: The place is not to be written.
        UnavailableError: The disk is full or failing.
    """
    write_whole(path, data, mode=PUBLIC)


def _write_synced(path: Path, data: bytes, mode: int) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)  # whatever the umask takes away
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_directory(path: Path) -> None:
    """Make what was created, renamed or removed in a directory durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def one_at_a_time(directory: Path) -> Iterator[None]:
    """Let one process at a time read, change and write the files of a directory."""
    directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
