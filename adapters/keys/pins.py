"""PINs that officers key in on the telephone: one file each, with a salt and a slow digest, never the PIN."""

import hmac
import itertools
import json
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from adapters.keys.durable import PRIVATE, read_bytes, write_whole
from schemas.errors import Fault, NotFoundError, RequestError

PIN_DIGITS: Final = 6
FOLDER: Final = "pins"
_SALT_BYTES: Final = 16
_COST: Final = 2**14
_BLOCK: Final = 8
_MAX_BYTES: Final = 1024
_EASY_STEPS: Final = frozenset({-1, 0, 1})


class PinFiles:
    """Satisfies ``services.paging_ports.Pins``; a changed file counts at once."""

    def __init__(self, root: Path) -> None:
        """Work in the county's directory; nothing is read yet."""
        self._folder = root / FOLDER

    def matches(self, officer: str, pin: str) -> bool:
        """Tell whether these digits are the officer's PIN; about 40 ms, on purpose. False if he has none."""
        try:
            kept = json.loads(read_bytes(self._path(officer), what="PIN", max_bytes=_MAX_BYTES))
            salt, digest = bytes.fromhex(kept["salt"]), bytes.fromhex(kept["digest"])
        except (NotFoundError, RequestError, ValueError, KeyError, TypeError):
            return False
        return hmac.compare_digest(_digest(pin, salt), digest)

    def set(self, officer: str, pin: str, salt: bytes) -> None:
        """Keep an officer's PIN in place of the one before.

        Raises:
            RequestError: It is no PIN, or one that anybody would guess.
            UnavailableError: The disk is full or failing.
        """
        fault = judge_pin(pin)
        if fault is not None:
            raise RequestError(fault)
        kept = {"salt": salt.hex(), "digest": _digest(pin, salt).hex()}
        write_whole(self._path(officer), json.dumps(kept).encode() + b"\n", mode=PRIVATE)

    def _path(self, officer: str) -> Path:
        return self._folder / f"{officer}.json"


def judge_pin(pin: str) -> Fault | None:
    """Tell why a PIN is refused, or None: six digits, not all the same and not a run such as 123456."""
    if not (pin.isascii() and pin.isdecimal() and len(pin) == PIN_DIGITS):
        return Fault("officer.pin", "pin", f"key in {PIN_DIGITS} digits")
    steps = {int(b) - int(a) for a, b in itertools.pairwise(pin)}
    if len(steps) == 1 and steps <= _EASY_STEPS:
        return Fault("officer.pin", "pin", "choose one that is neither one digit six times nor a run such as 123456")
    return None


def _digest(pin: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_COST, r=_BLOCK, p=1).derive(pin.encode())
