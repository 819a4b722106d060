"""One HTTP call to a provider: bounded, without redirects, and honest about what may have got through."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from adapters.sms.rulings import TEMPORARY, Trouble
from schemas.errors import Fault, RequestError

ANSWER_MAX_BYTES: Final = 256 * 1024
CALL_SECONDS: Final = 10.0
UNREACHABLE: Final = "unreachable"
TIMEOUT: Final = "timeout"
_WAIT_MAX_SECONDS: Final = 3600
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_NOT_CONNECTED: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_CUT_OFF: Final = (aiohttp.ClientError, TimeoutError, OSError)


class Clock(Protocol):
    """What an adapter needs of time; ``adapters.clock`` and the tests' manual clock satisfy it."""

    def now(self) -> datetime:
        """Return aware UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class Ids(Protocol):
    """Where a nonce comes from."""

    def hex(self, size: int) -> str:
        """Return ``size`` random bytes as lowercase hex."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent.

    Attributes:
        url: Encoded already; it goes out as it stands here, since a signature covers it.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back whole.

    Attributes:
        body: Empty if it was longer than 256 KiB.
        wait_seconds: Its Retry-After in seconds, at most an hour; 0 for none.
    """

    status: int
    body: bytes = field(repr=False)
    wait_seconds: int = 0


async def call(
    session: aiohttp.ClientSession, what: Call, *, timeout_seconds: float = CALL_SECONDS
) -> Answer | Trouble:
    """Make one call and read its answer; a redirect is an answer, never followed.

    Trouble has the code ``unreachable`` (no connection came about: nothing was sent) or ``timeout`` (it stood and no
    whole answer came: what was sent may have gone out).

    Nothing is sent twice: aiohttp repeats a GET by itself when a kept connection turns out dead, so what must not be
    doubled goes out as POST.
    """
    try:
        async with session.request(
            what.method,
            URL(what.url, encoded=True),
            headers=what.headers,
            data=what.body or None,
            allow_redirects=False,
            # Who waits for a free connection has sent nothing yet: that must not look like an answer that is missing.
            timeout=aiohttp.ClientTimeout(total=timeout_seconds, connect=timeout_seconds / 2),
        ) as reply:
            return Answer(reply.status, await _bounded(reply.content), wait_of(reply.headers.get("Retry-After", "")))
    except _NOT_CONNECTED as exc:
        return Trouble(TEMPORARY, UNREACHABLE, type(exc).__name__, silent=True)
    except _CUT_OFF as exc:
        return Trouble(TEMPORARY, TIMEOUT, type(exc).__name__, silent=True)


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    read = bytearray()
    async for piece in content.iter_chunked(64 * 1024):
        read += piece
        if len(read) > ANSWER_MAX_BYTES:
            return b""
    return bytes(read)


def wait_of(retry_after: str) -> int:
    """Return the seconds that a Retry-After header asks for, at most an hour; a date counts as none."""
    digits = retry_after.strip()
    return min(int(digits), _WAIT_MAX_SECONDS) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0  # noqa: PLR2004 - longer is no wait that anybody means


def checked_url(url: str, setting: str, *, plain_http: bool = False) -> str:
    """Return a configured base address without its last slash.

    Args:
        url: As configured.
        setting: Name of the setting, for the fault.
        plain_http: The county accepts a way without TLS; loopback never needs it.

    Raises:
        RequestError: It is no ``https`` address with a host, or carries a user, a query or a fragment.
    """
    parts = urlsplit(url)
    bare = not (parts.username or parts.password or parts.query or parts.fragment)
    plain = parts.scheme == "http" and (plain_http or parts.hostname in _LOOPBACK)
    if bare and parts.hostname and (parts.scheme == "https" or plain):
        return url.rstrip("/")
    raise RequestError(Fault("paging.address", setting, "give an https address without user, query or fragment"))
