"""The folder on a real disk: what is written is there, private, and never below the floor."""

import stat
from pathlib import Path

import pytest

from adapters.files.folder import FileFolder, FilesLowError, FilesUnavailableError
from schemas.errors import InvariantError


@pytest.fixture
def folder(tmp_path: Path) -> FileFolder:
    """An empty folder on a disk with room."""
    return FileFolder(tmp_path / "files", floor_bytes=0)


def test_pieces_are_read_where_they_were_written(folder: FileFolder) -> None:
    """Chunks come in any order."""
    folder.write("in-1", 4, b"efgh")
    folder.write("in-1", 0, b"abcd")
    folder.sync("in-1")
    assert folder.read("in-1", 2, 4) == b"cdef"
    assert folder.read("in-1", 6, 100) == b"gh"
    assert folder.size("in-1") == 8
    folder.cut("in-1", 3)
    assert folder.read("in-1", 0, 9) == b"abc"


def test_what_is_not_there_is_nothing(folder: FileFolder) -> None:
    """A sweep and a reader may meet."""
    assert folder.read("in-1", 0, 9) == b""
    assert folder.size("in-1") is None
    folder.remove("in-1")
    assert folder.names() == []


def test_only_its_owner_reads_it(folder: FileFolder) -> None:
    """Other users of the machine have no business with what counties tell each other."""
    folder.write("in-1", 0, b"x")
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder.path / "in-1").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "A", "x" * 81])
def test_no_name_leads_out_of_it(folder: FileFolder, name: str) -> None:
    """Names are rows of the store; one that is not is our own bug."""
    with pytest.raises(InvariantError):
        folder.write(name, 0, b"x")


def test_a_link_is_not_followed(folder: FileFolder, tmp_path: Path) -> None:
    """Somebody who can make one in there could otherwise have any file of ours read or written."""
    (tmp_path / "secret").write_bytes(b"secret")
    (folder.path / "in-1").symlink_to(tmp_path / "secret")
    with pytest.raises(FilesUnavailableError):
        folder.read("in-1", 0, 9)


def test_the_database_keeps_its_room(tmp_path: Path) -> None:
    """A flood of files must not stop the receipts."""
    folder = FileFolder(tmp_path / "files", floor_bytes=100, free=lambda _: 150)
    folder.write("in-1", 0, b"x" * 50)
    with pytest.raises(FilesLowError):
        folder.write("in-1", 0, b"x" * 51)
