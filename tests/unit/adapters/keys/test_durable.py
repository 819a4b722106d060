"""Files that are written whole: a reader sees the old one or the new one, and a refusal changes nothing."""

import os
import stat
from pathlib import Path

import pytest

from adapters.keys.durable import PRIVATE, PUBLIC, read_bytes, write_given, write_whole
from schemas.errors import NotFoundError, RequestError


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """Whoever has the old file open keeps reading the old one: the new one is another file under its name."""
    path = tmp_path / "tokens.json"
    write_whole(path, b"old")
    with path.open("rb") as reader:
        write_whole(path, b"new and longer")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new and longer"
    assert [one.name for one in tmp_path.iterdir()] == ["tokens.json"]


def test_the_mode_holds_whatever_the_umask(tmp_path: Path) -> None:
    """A generous umask must not open a secret; a strict one must not hide a card."""
    before = os.umask(0)
    try:
        write_whole(tmp_path / "secret", b"", mode=PRIVATE)
        os.umask(0o077)
        write_given(tmp_path / "card", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == PRIVATE
    assert stat.S_IMODE((tmp_path / "card").stat().st_mode) == PUBLIC


def test_a_file_left_by_a_crash_is_no_hindrance(tmp_path: Path) -> None:
    """After a crash between writing and renaming, the next write must work."""
    (tmp_path / f".card.{os.getpid()}.new").write_bytes(b"half")
    write_whole(tmp_path / "card", b"whole")
    assert (tmp_path / "card").read_bytes() == b"whole"


def test_a_place_that_is_no_place_is_refused(tmp_path: Path) -> None:
    """A mistyped path must be one clear refusal."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RequestError) as caught:
        write_whole(tmp_path / "file" / "below", b"")
    assert caught.value.fault.code == "file.unwritable"


def test_reading_says_what_is_wrong(tmp_path: Path) -> None:
    """Missing, a folder, and far too large are three different mistakes."""
    with pytest.raises(NotFoundError):
        read_bytes(tmp_path / "none")
    with pytest.raises(RequestError) as folder:
        read_bytes(tmp_path)
    assert folder.value.fault.code == "file.unreadable"
    (tmp_path / "large").write_bytes(b"123")
    assert read_bytes(tmp_path / "large", max_bytes=3) == b"123"
    with pytest.raises(RequestError) as large:
        read_bytes(tmp_path / "large", max_bytes=2)
    assert large.value.fault.code == "file.too_large"
