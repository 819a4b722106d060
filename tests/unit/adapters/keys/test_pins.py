"""PINs on the telephone: the only thing between a stolen telephone and a red alert taken by nobody."""

from pathlib import Path

import pytest

from adapters.keys.pins import PinFiles, judge_pin
from schemas.errors import RequestError

SALT = bytes(range(16))


def test_only_the_officers_own_pin_matches(tmp_path: Path) -> None:
    pins = PinFiles(tmp_path)
    pins.set("duty-a", "246813", SALT)
    assert pins.matches("duty-a", "246813")
    assert not pins.matches("duty-a", "246814")
    assert not pins.matches("duty-a", "")
    assert not pins.matches("duty-b", "246813")


def test_a_new_pin_takes_the_place_of_the_old_one_at_once(tmp_path: Path) -> None:
    """Also for a node that runs: who told his PIN to somebody sets another."""
    running = PinFiles(tmp_path)
    running.set("duty-a", "246813", SALT)
    assert running.matches("duty-a", "246813")
    PinFiles(tmp_path).set("duty-a", "975310", SALT)
    assert not running.matches("duty-a", "246813")
    assert running.matches("duty-a", "975310")


def test_the_file_holds_no_pin_and_is_its_owners_alone(tmp_path: Path) -> None:
    PinFiles(tmp_path).set("duty-a", "246813", SALT)
    path = tmp_path / "pins" / "duty-a.json"
    assert "246813" not in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damaged", [b"", b"{}", b"[1]", b'{"salt": "zz", "digest": "00"}', b"\xff"])
def test_a_damaged_file_lets_nobody_in(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "pins").mkdir()
    (tmp_path / "pins" / "duty-a.json").write_bytes(damaged)
    assert not PinFiles(tmp_path).matches("duty-a", "246813")


@pytest.mark.parametrize(
    "pin", ["", "12345", "1234567", "12345a", "\uff11\uff12\uff13\uff14\uff15\uff16", "000000", "123456", "654321"]
)
def test_what_anybody_would_guess_is_no_pin(tmp_path: Path, pin: str) -> None:
    assert judge_pin(pin) is not None
    with pytest.raises(RequestError):
        PinFiles(tmp_path).set("duty-a", pin, SALT)


@pytest.mark.parametrize("pin", ["246813", "112233", "135790"])
def test_others_are(pin: str) -> None:
    assert judge_pin(pin) is None
