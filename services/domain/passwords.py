"""What a good password is. Length counts most; nothing is asked for that makes people write it on a note.

Passwords are compared in Unicode's form NFC, so that one keyboard's 值 is another's.
"""

import re
import unicodedata
from typing import Final

from schemas.consoles import PASSWORD_MAX
from schemas.errors import Fault

LONG: Final = 12
"""Characters from which no mixture is asked for."""
SHORT: Final = 10
"""Characters that are enough with three of the four classes."""
CLASSES: Final = 3
_FEW: Final = 5
"""Different characters that a password has at least."""
_RUN: Final = 6
_KEYBOARD: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
)
_COMMON: Final = frozenset(
    (
        *("password", "passwd", "passw0rd", "p@ssword", "p@ssw0rd", "letmein", "welcome", "changeme", "default"),
        *("admin", "administrator", "root", "secret", "login", "master", "user", "test", "guest", "admin888"),
        *("iloveyou", "woaini", "woaini1314", "5201314", "dragon", "monkey", "sunshine", "huawei", "lenovo"),
        *("mima", "wodemima", "sihu", "zhiban", "gongan", "zhengfu", "zhongguo", "china", "beijing", "guangxi"),
        *("guizhou", "huanjiang", "libo", "nandan"),
    )
)
"""What is tried first, without the digits and signs that are put around it."""
_AROUND: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def normal(password: str) -> str:
    """Return the one form in which a password is hashed and compared."""
    return unicodedata.normalize("NFC", password.encode("utf-8", "replace").decode())


def judge_password(password: str, *, officer: str, display_name: str = "") -> Fault | None:
    """Tell why a new password is refused, or None.

    Args:
        password: As typed.
        officer: The id that stands in the field above it.
        display_name: What the officer is called.
    """
    text = normal(password)
    if len(text) > PASSWORD_MAX:
        return Fault("password.too_long", "password", f"take at most {PASSWORD_MAX} characters")
    if not text.isprintable() or text != text.strip():
        return Fault("password.unseen", "password", "leave out line breaks, and blanks at either end")
    if len(text) < SHORT or (len(text) < LONG and _classes(text) < CLASSES):
        mend = f"take {LONG} characters or more, or {SHORT} with three of: capitals, small letters, digits, others"
        return Fault("password.too_short", "password", mend)
    folded = text.casefold()
    if any(name and name.casefold() in folded for name in (officer, display_name)):
        return Fault("password.names_you", "password", "leave your own id and name out of it")
    if _is_easy(folded):
        mend = "it is among those that are tried first; several words that do not belong together are easy to keep"
        return Fault("password.too_easy", "password", mend)
    return None


def _classes(text: str) -> int:
    kinds = (str.isupper, str.islower, str.isdecimal, lambda char: not (char.isascii() and char.isalnum()))
    return sum(any(kind(char) for char in text) for kind in kinds)


def _is_easy(folded: str) -> bool:
    bare = _AROUND.sub("", folded)
    half = folded[: len(folded) // 2]
    return (
        folded in _COMMON
        or bare in _COMMON
        or len(set(folded)) < _FEW
        or half * 2 == folded
        or (_longest_run(folded) >= _RUN and _longest_run(folded) * 2 >= len(folded))
    )


def _longest_run(text: str) -> int:
    """Return how many characters in a row follow one another on a keyboard or in counting, either way."""
    rows = [row for one in _KEYBOARD for row in (one, one[::-1])]
    longest = 0
    for begin in range(len(text)):
        end = begin + max(longest, 1)
        while end < len(text) and any(text[begin : end + 1] in row for row in rows):
            end += 1
        if any(text[begin:end] in row for row in rows):
            longest = max(longest, end - begin)
    return longest
