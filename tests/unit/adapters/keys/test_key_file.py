"""Key files: what is written opens again, standard tools open it, and nothing else does."""

import stat
from pathlib import Path
from typing import Final, get_args

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from adapters.keys.encryption_at_rest import decrypt
from adapters.keys.key_file import Algorithm, generate, load, new_salt, save
from schemas.errors import NotFoundError, RequestError

PASSPHRASE: Final = "four words of a test"  # noqa: S105 - opens keys that live for one test
ALGORITHMS: Final[tuple[Algorithm, ...]] = get_args(Algorithm)


def refusal(path: Path, passphrase: str = PASSPHRASE) -> str:
    """Return the code with which a key file is refused."""
    with pytest.raises(RequestError) as caught:
        load(path, passphrase)
    return caught.value.fault.code


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_was_saved_opens_again(tmp_path: Path, algorithm: Algorithm) -> None:
    """A key that does not come back from its file is a county that cannot sign."""
    key, path = generate(algorithm), tmp_path / "key.pem"
    save(path, key, PASSPHRASE, new_salt())
    opened = load(path, PASSPHRASE)
    assert opened.algorithm == algorithm
    assert opened.public == key.public
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_another_library_opens_our_files(tmp_path: Path, algorithm: Algorithm) -> None:
    """The format is the standard one: an office must not depend on this program to get at its own keys."""
    key, path = generate(algorithm), tmp_path / "key.pem"
    save(path, key, PASSPHRASE, new_salt())
    foreign = load_pem_private_key(path.read_bytes(), PASSPHRASE.encode())
    assert type(foreign) is type(key.private)


def test_we_open_files_of_another_library(tmp_path: Path) -> None:
    """A key made by OpenSSL, PBKDF2 and all, is a key."""
    key, path = generate("ed25519"), tmp_path / "key.pem"
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE.encode()))
    path.write_bytes(pem)
    path.chmod(0o600)
    assert decrypt(pem, PASSPHRASE.encode()) is None
    assert load(path, PASSPHRASE).public == key.public


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_wrong_passphrase_is_told_apart(tmp_path: Path, algorithm: Algorithm) -> None:
    """Noise must never be taken for a key, whatever the padding happens to be."""
    path = tmp_path / "key.pem"
    save(path, generate(algorithm), PASSPHRASE, new_salt())
    assert refusal(path, "another passphrase") == "key.wrong_passphrase"
    assert refusal(path, "") == "key.wrong_passphrase"


def test_damage_is_refused(tmp_path: Path) -> None:
    """A flipped bit, a cut file or another file's text must be a clear refusal, never a crash or another key."""
    path = tmp_path / "key.pem"
    save(path, generate("ed25519"), PASSPHRASE, new_salt())
    whole = path.read_bytes()
    for damaged in (
        whole[:-40],
        whole.replace(b"M", b"N", 1),
        b"",
        b"\xff\xfe",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----",
    ):
        path.write_bytes(damaged)
        assert refusal(path) == "key.wrong_passphrase"


def test_an_open_key_in_the_file_is_refused(tmp_path: Path) -> None:
    """Somebody who puts an unencrypted key there must learn that it was exposed."""
    path = tmp_path / "key.pem"
    path.write_bytes(generate("ed25519").private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    assert refusal(path) == "key.not_encrypted"


def test_a_file_open_to_others_is_refused(tmp_path: Path) -> None:
    """Its passphrase may be guessed at leisure by whoever copied it."""
    path = tmp_path / "key.pem"
    save(path, generate("ed25519"), PASSPHRASE, new_salt())
    path.chmod(0o640)
    assert refusal(path) == "key.open_to_others"


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """The old key may be the one that the neighbours trust."""
    path = tmp_path / "key.pem"
    save(path, generate("ed25519"), PASSPHRASE, new_salt())
    before = path.read_bytes()
    with pytest.raises(RequestError) as caught:
        save(path, generate("ed25519"), PASSPHRASE, new_salt())
    assert caught.value.fault.code == "file.exists"
    assert path.read_bytes() == before


def test_a_short_passphrase_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    """Eleven characters are guessed within reach; the file must not exist even for a moment."""
    path = tmp_path / "key.pem"
    with pytest.raises(RequestError) as caught:
        save(path, generate("ed25519"), "a" * 11, new_salt())
    assert caught.value.fault.code == "key.passphrase_too_short"
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_told_as_missing(tmp_path: Path) -> None:
    """Offline keys are often not here: that is no damage."""
    with pytest.raises(NotFoundError):
        load(tmp_path / "governance.pem", PASSPHRASE)


def test_two_files_under_one_salt_differ_throughout(tmp_path: Path) -> None:
    """The salt is shared so that one derivation opens all; the initialisation vector must not be."""
    key, salt = generate("ed25519"), new_salt()
    save(tmp_path / "a.pem", key, PASSPHRASE, salt)
    save(tmp_path / "b.pem", key, PASSPHRASE, salt)
    assert (tmp_path / "a.pem").read_bytes()[-60:] != (tmp_path / "b.pem").read_bytes()[-60:]


def test_a_key_shows_nothing_of_itself() -> None:
    """A key in a log line or a traceback is a lost key."""
    key = generate("ed25519")
    assert repr(key) == "OpenKey(ed25519)"
    assert key.seed.hex() not in repr(key)


def test_only_an_ed25519_key_signs() -> None:
    """A key of another use must refuse, not sign with something else."""
    key = generate("ed25519")
    Ed25519PublicKey.from_public_bytes(key.public).verify(key.sign(b"bytes"), b"bytes")
    for other in (generate("x25519"), generate("p256")):
        with pytest.raises(RequestError):
            other.sign(b"bytes")
