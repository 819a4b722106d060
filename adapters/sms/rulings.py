"""What providers' codes, times and numbers mean; pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from schemas.pages import Refused, ReportState, Retry

BEIJING: Final = timezone(timedelta(hours=8))
CODE_MAX: Final = 64
TEXT_MAX: Final = 200
_MOBILE: Final = re.compile(r"(?:\+86|0086|86)?(1[3-9][0-9]{9})", re.ASCII)
_LONG_DIGITS: Final = re.compile(r"[0-9]{7,}", re.ASCII)
_TIMES: Final = ("%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S")
_STATES: Final[Mapping[str, ReportState]] = {
    "DELIVRD": ReportState.DELIVERED,
    "DELIVERED": ReportState.DELIVERED,
    "ACCEPTD": ReportState.ACCEPTED,
    "ENROUTE": ReportState.ACCEPTED,
    "UNKNOWN": ReportState.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one code of a provider means.

    Attributes:
        retry: For the page.
        account: The trouble is ours with this provider (key, balance, quota, registered name), whatever the page says:
            ``health`` shows it until a call goes well, and another provider may carry the same page meanwhile.
    """

    retry: Retry
    account: bool = False


TEMPORARY: Final = Ruling(Retry.TEMPORARY)
THROTTLED: Final = Ruling(Retry.THROTTLED)
PERMANENT: Final = Ruling(Retry.PERMANENT)
ACCOUNT: Final = Ruling(Retry.TEMPORARY, account=True)


def ruling_of(table: Mapping[str, Ruling], code: str) -> Ruling:
    """Return what a dotted code means: the code itself, else its longest head, else temporary.

    A code that nobody listed is temporary: three attempts, then the next provider.
    """
    head = code
    while head:
        if head in table:
            return table[head]
        head = head.rpartition(".")[0]
    return TEMPORARY


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a call did not do what it was for.

    Attributes:
        code: The provider's own, or ``unreachable``, ``timeout``, ``unreadable``, ``http.<status>``, or ours.
        text: In words, without numbers.
        silent: Nobody answered, or nobody who can speak for the provider.
    """

    ruling: Ruling
    code: str
    text: str = ""
    wait_seconds: int = 0
    silent: bool = False

    def refused(self, part: int) -> Refused:
        """Return it as the result of one part."""
        return Refused(part, self.ruling.retry, self.code, self.text, self.wait_seconds)

    @property
    def problem(self) -> str:
        """What ``health`` says of it; empty if only the page is to blame."""
        return f"{self.code} {self.text}".strip() if self.silent or self.ruling.account else ""


def trouble(table: Mapping[str, Ruling], code: str, text: str = "", wait_seconds: int = 0) -> Trouble:
    """Return what a provider's refusal means, its words made short and free of numbers."""
    return Trouble(ruling_of(table, code), word(code) or "none", without_numbers(text), wait_seconds)


def status_trouble(status: int, wait_seconds: int = 0) -> Trouble:
    """Return what an HTTP status means where the body tells nothing."""
    ruling = _STATUSES.get(status, TEMPORARY)
    return Trouble(ruling, f"http.{status}", wait_seconds=wait_seconds, silent=ruling is TEMPORARY)


UNREADABLE: Final = Trouble(TEMPORARY, "unreadable", "the answer is not what the provider documents", silent=True)
"""The call may have gone through all the same."""
NO_NUMBER: Final = Trouble(PERMANENT, "address", "no mobile number of the mainland")
_STATUSES: Final[Mapping[int, Ruling]] = {401: ACCOUNT, 403: ACCOUNT, 407: ACCOUNT, 429: THROTTLED}


def without_numbers(text: str) -> str:
    """Return a provider's words on one line, with runs of seven digits and more struck out: they may be a telephone."""
    line = "".join(sign if sign.isprintable() else " " for sign in text[: 10 * TEXT_MAX])
    return _LONG_DIGITS.sub("*", " ".join(line.split()))[:TEXT_MAX]


def mainland(address: str) -> str | None:
    """Return a mobile number of the mainland as eleven digits, with or without the country code before; None if none.

    These providers' domestic templates reach nothing else.
    """
    found = _MOBILE.fullmatch(address)
    return found[1] if found else None


def state_of(said: str) -> ReportState:
    """Return what a carrier's seven-letter state means; a word that is not listed says that it failed."""
    return _STATES.get(said, ReportState.FAILED)


def beijing_time(text: object) -> datetime | None:
    """Return a provider's ``2026-03-04 07:00:00`` or ``20260304070000`` as aware UTC; None if it is neither."""
    for form in _TIMES:
        try:
            return datetime.strptime(str(text), form).replace(tzinfo=BEIJING).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def unix_time(seconds: object) -> datetime | None:
    """Return a count of seconds since 1970 as aware UTC; None if it is none, or beyond the calendar."""
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def json_object(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object that a body is, or None."""
    read = json_value(body)
    return read if isinstance(read, dict) else None


def json_value(body: bytes) -> object:
    """Return the JSON value that a body is; None if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def word(text: str) -> str:
    """Return a provider's code or id, at most 64 characters, each of them printable."""
    return "".join(sign if sign.isprintable() else "?" for sign in text[:CODE_MAX])


def text_at(record: Mapping[str, Any], *names: str) -> str:
    """Return the first text, or number as text, that stands under one of the names; empty if there is none."""
    for name in names:
        value = record.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""
