"""The key of the search index: made once, encrypted at rest, and replaced rather than missed."""

from pathlib import Path

from adapters.keys.key_file import generate, new_salt, save
from adapters.keys.search_key import SEARCH_KEY, open_search_key

PASSPHRASE = "correct horse battery"  # noqa: S105 - of a test


def test_it_is_made_once_and_opened_after(tmp_path: Path) -> None:
    """A key that changed with every start would make the index anew with every start."""
    folder = tmp_path / "office"
    key = open_search_key(folder, PASSPHRASE)
    assert len(key) == 32
    assert open_search_key(folder, PASSPHRASE) == key
    path = folder / SEARCH_KEY
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED PRIVATE KEY" in path.read_bytes()


def test_one_that_does_not_open_is_replaced(tmp_path: Path) -> None:
    """Nothing but the index hangs on it, and that is made anew; a node that would not start is worse."""
    key = open_search_key(tmp_path, PASSPHRASE)
    assert open_search_key(tmp_path, "another passphrase") != key
    (tmp_path / SEARCH_KEY).write_bytes(b"damaged")
    made = open_search_key(tmp_path, PASSPHRASE)
    assert open_search_key(tmp_path, PASSPHRASE) == made
    (tmp_path / SEARCH_KEY).unlink()
    save(tmp_path / SEARCH_KEY, generate("x25519"), PASSPHRASE, new_salt())
    assert open_search_key(tmp_path, PASSPHRASE) not in {key, made}
