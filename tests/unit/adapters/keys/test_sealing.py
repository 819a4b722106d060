"""Sealed secrets: only with the right secret, for the right purpose, and unchanged."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.keys.sealing import CONSOLE_KEY, FileSealer, open_sealer
from schemas.errors import RequestError

SEALER = FileSealer(b"h" * 32)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=99), st.text(max_size=40))
def test_what_was_sealed_opens(secret: bytes, plain: bytes, context: str) -> None:
    """Any secret, any text; and no two sealings look alike."""
    sealed = SEALER.seal(secret, plain, context)
    assert SEALER.open(secret, sealed, context) == plain
    assert SEALER.seal(secret, plain, context) != sealed


@given(st.integers(0, 500), st.integers(1, 255))
def test_one_changed_byte_closes_it(place: int, change: int) -> None:
    """Wherever it is."""
    sealed = bytearray(SEALER.seal(b"s" * 32, b"plain", "own:duty-a"))
    sealed[place % len(sealed)] ^= change
    assert SEALER.open(b"s" * 32, bytes(sealed), "own:duty-a") is None


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" * 29, b"\x02" * 60])
def test_what_is_no_sealing_opens_nothing(sealed: bytes) -> None:
    """Empty, short, of another version."""
    assert SEALER.open(b"s" * 32, sealed, "x") is None


def test_another_secret_or_another_purpose_opens_nothing() -> None:
    """One officer's row put into another's must not let him sign as her."""
    sealed = SEALER.seal(b"s" * 32, b"plain", "own:duty-a")
    assert SEALER.open(b"t" * 32, sealed, "own:duty-a") is None
    assert SEALER.open(b"s" * 32, sealed, "own:duty-b") is None
    assert SEALER.open_here(sealed, "own:duty-a") is None


def test_the_nodes_own_key_is_made_once_and_never_replaced(tmp_path: Path) -> None:
    """Every telephone hangs on it: a wrong passphrase must not make another one."""
    sealed = open_sealer(tmp_path, "a passphrase, long enough").seal_here(b"totp", "totp:duty-a")
    again = open_sealer(tmp_path, "a passphrase, long enough")
    assert again.open_here(sealed, "totp:duty-a") == b"totp"
    before = (tmp_path / CONSOLE_KEY).read_bytes()
    assert before.startswith(b"-----BEGIN ENCRYPTED")
    with pytest.raises(RequestError):
        open_sealer(tmp_path, "another passphrase, also long")
    assert (tmp_path / CONSOLE_KEY).read_bytes() == before
    assert repr(again) == "FileSealer()"
