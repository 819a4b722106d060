"""nkeys and TLS files of a connection."""

from pathlib import Path

import nkeys
import pytest

from adapters.jetstream.connection import version_of
from adapters.jetstream.credentials import Credentials, TlsFiles, new_nkey_seed, nkey_public_of
from schemas.errors import RequestError


def test_a_new_seed_has_its_public_key() -> None:
    """The hub's configuration names the public one; nobody else has the seed."""
    seed = new_nkey_seed()
    assert seed.startswith("SU")
    assert nkey_public_of(seed).startswith("U")
    assert nkey_public_of(seed) == nkey_public_of(seed)
    assert new_nkey_seed() != seed


@pytest.mark.parametrize(
    "text",
    ["", "SU", "not a seed", nkeys.encode_seed(bytes(32), nkeys.PREFIX_BYTE_ACCOUNT).decode(), "U" * 56],
    ids=["empty", "short", "rubbish", "an account's", "a public key"],
)
def test_what_is_no_users_seed_is_refused(text: str) -> None:
    """Found when it is configured, not when the hub refuses it."""
    with pytest.raises(RequestError):
        nkey_public_of(text)


def test_secrets_do_not_print() -> None:
    """A traceback or a log line with the credentials in it gives nothing away."""
    seed = new_nkey_seed()
    shown = repr(Credentials(("tls://hub:4222",), seed, TlsFiles(Path("a"), Path("b"), Path("c"), "word")))
    assert seed not in shown
    assert "word" not in shown


def test_missing_files_are_named(tmp_path: Path) -> None:
    """The operator is told where to look."""
    files = TlsFiles(tmp_path / "ca.pem", tmp_path / "c.pem", tmp_path / "k.pem")
    with pytest.raises(RequestError, match=str(tmp_path)):
        Credentials(("tls://hub:4222",), new_nkey_seed(), files).ssl_context()


def test_without_files_there_is_no_tls() -> None:
    """Only for benches on a loopback."""
    assert Credentials(("nats://127.0.0.1:4222",), new_nkey_seed(), None).ssl_context() is None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("2.15.1", (2, 15, 1)), ("v2.15.1", (2, 15, 1)), ("2.16.0-RC.2", (2, 16, 0)), ("", (0,)), ("newest", (0,))],
)
def test_versions_compare_as_numbers(text: str, numbers: tuple[int, ...]) -> None:
    """As text, 2.9 would be newer than 2.15."""
    assert version_of(text) == numbers
    assert (version_of(text) >= (2, 15, 1)) is (len(numbers) == 3)
