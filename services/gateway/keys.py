"""The Idempotency-Key of a request: its form, and the number of what begins by it, so that twice is once."""

import re
from typing import Final

from schemas.errors import ConflictError, Fault, RequestError
from services.domain.encoding import digest_of
from services.ports import Ids

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


def judge_key(key: str) -> None:
    """Pass a key of 1 to 255 visible ASCII characters.

    Raises:
        RequestError: It has another form.
    """
    if _KEY.fullmatch(key) is None:
        mend = "use 1 to 255 visible ASCII characters without blanks, or leave the header out"
        raise RequestError(Fault("request.idempotency_key", "Idempotency-Key", mend))


def used_otherwise() -> ConflictError:
    """Return the refusal of a key that was used for another body."""
    mend = "this key was used for another request; take a new key for a new event"
    return ConflictError(Fault("request.idempotency_conflict", "Idempotency-Key", mend))


def number_of(key: str | None, access_name: str, ids: Ids, count: int) -> str:
    """Return the number of what begins: the same one for the same key of the same caller.

    Args:
        key: As sent, or None.
        access_name: Who asks; keys of different callers never meet.
        ids: Draws a number where no key was sent.
        count: Of bytes, at most 32; the number has twice as many hexadecimal digits.

    Raises:
        RequestError: The key has another form than ``judge_key`` passes.
    """
    if key is None:
        return ids.hex(count)
    judge_key(key)
    return digest_of(f"{access_name}:{key}".encode())[: 2 * count]
