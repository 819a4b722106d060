"""The files of one county's directory by name: signed documents, keys, the secrets of the commands."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from adapters.keys.durable import PRIVATE, PRIVATE_DIRECTORY, PUBLIC, one_at_a_time, read_bytes, write_whole
from adapters.keys.key_file import OpenKey, load, new_salt, save

DOCUMENT_MAX_BYTES: Final = 8 * 1024 * 1024


class CountyFiles:
    """Everything of a county that is not the database, the settings or the list of tokens.

    Names are paths below the county's directory, with ``/``.
    """

    def __init__(self, root: Path) -> None:
        """Take the directory; read nothing yet."""
        self.root = root

    def make_root(self) -> None:
        """Make the directory, for its owner alone, if it is not there yet."""
        self.root.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)

    def exists(self, name: str) -> bool:
        """Tell whether there is such a file."""
        return (self.root / name).exists()

    def read(self, name: str) -> bytes:
        """Return a file's bytes.

        Raises:
            NotFoundError: There is no such file.
            RequestError: It is not to be read.
        """
        return read_bytes(self.root / name, what=name, max_bytes=DOCUMENT_MAX_BYTES)

    def read_all(self, patterns: Sequence[str]) -> Mapping[str, bytes]:
        """Return every file that fits one of the globs, by name."""
        found = {path for pattern in patterns for path in self.root.glob(pattern) if not path.name.startswith(".")}
        return {path.relative_to(self.root).as_posix(): read_bytes(path, what=path.name) for path in sorted(found)}

    def write(self, name: str, data: bytes, *, private: bool = False, replace: bool = True) -> Path:
        """Write a file whole, durably; return its path.

        Raises:
            RequestError: It is there and ``replace`` is False, or the place is not to be written.
            UnavailableError: The disk is full or failing.
        """
        path = self.root / name
        write_whole(path, data, mode=PRIVATE if private else PUBLIC, replace=replace)
        return path

    def remove(self, name: str) -> None:
        """Take a file away; one that is not there is no fault."""
        (self.root / name).unlink(missing_ok=True)

    def change(self, name: str, edit: Callable[[bytes | None], bytes]) -> None:
        """Replace a file by what ``edit`` makes of it (None: it is not there yet), one process at a time."""
        with one_at_a_time(self.root):
            old = self.read(name) if self.exists(name) else None
            self.write(name, edit(old))

    def save_keys(self, keys: Mapping[str, OpenKey], passphrase: str) -> None:
        """Write new key files under one passphrase; none of them may be there yet.

        Raises:
            RequestError: The passphrase is too short, or a file is there already.
            UnavailableError: The disk is full or failing.
        """
        salt = new_salt()
        for name, key in keys.items():
            save(self.root / name, key, passphrase, salt)

    def open_key(self, name: str, passphrase: str) -> OpenKey:
        """Open a key file.

        Raises:
            NotFoundError: There is no such file.
            RequestError: The passphrase is wrong, or the file is damaged or open to others.
        """
        return load(self.root / name, passphrase)


def read_secret(path: Path) -> str:
    """Return the first line of a file that holds a passphrase or a token."""
    text = read_bytes(path, what="passphrase_file", max_bytes=4096).decode("utf-8", "replace")
    return text.split("\n", 1)[0].removesuffix("\r")
