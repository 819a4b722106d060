"""Signed HTTP POST to the county's own systems, by the Standard Webhooks specification.

One submit is one POST: the notifier retries. The same page has the same ``webhook-id``, so that the far side can tell
a double.

Source: github.com/standard-webhooks, "spec/standard-webhooks.md".
"""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol
from urllib.parse import urlsplit

import aiohttp

from schemas.errors import Fault, RequestError
from schemas.pages import (
    Capabilities,
    Dispatch,
    Health,
    Inbound,
    Medium,
    PartResult,
    Refused,
    Retry,
    Submitted,
)

Hear = Callable[[Inbound], Awaitable[None]]

PAYLOAD_MAX_BYTES: Final = 256 * 1024
ANSWER_MAX_BYTES: Final = 64 * 1024
_PREFIX: Final = "whsec_"
_SECRET_MIN, _SECRET_MAX = 24, 64  # bytes, as the specification recommends
_SECRETS_MAX: Final = 4
_WAIT_MAX_SECONDS: Final = 3600
_WAIT_DIGITS: Final = 9
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_NOT_CONNECTED: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_CUT_OFF: Final = (aiohttp.ClientError, TimeoutError, OSError)
_TAKEN: Final = range(200, 300)
_REDIRECT: Final = range(300, 400)
_BROKEN: Final = 500
_RETRIES: Final[Mapping[int, Retry]] = {
    401: Retry.TEMPORARY,
    403: Retry.TEMPORARY,
    407: Retry.TEMPORARY,
    408: Retry.TEMPORARY,
    421: Retry.TEMPORARY,
    425: Retry.TEMPORARY,
    429: Retry.THROTTLED,
}
_OURS: Final = frozenset({401, 403, 404, 407, 410})
"""What says that the configuration is wrong, not the page."""


class Clock(Protocol):
    """What this adapter needs of time."""

    def now(self) -> datetime:
        """Return aware UTC."""


@dataclass(frozen=True, slots=True)
class Target:
    """One address that may be called.

    Attributes:
        url: ``https``, or ``http`` on loopback; a page goes only where its address is one of these, letter by letter.
        secrets: 1 to 4, each ``whsec_`` and base64 of 24 to 64 bytes; the request carries a signature by each, so that
            a receiver can go over to a new one.
    """

    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """One provider: the systems that are told by this way."""

    name: str
    targets: tuple[Target, ...]
    call_seconds: float = 10.0


class WebhookSender:
    """Satisfies ``services.paging_ports.Pager`` for the county's own systems."""

    def __init__(self, settings: WebhookSettings, *, session: aiohttp.ClientSession, clock: Clock) -> None:
        """Keep an open session; open nothing.

        Raises:
            RequestError: An address or a secret is none.
        """
        self._settings = settings
        self._keys = {target.url: keys_of(target, settings.name) for target in settings.targets}
        self._session, self._clock = session, clock
        self._health = Health(ready=False, since=clock.now(), problem="not running")

    @property
    def name(self) -> str:
        """As configured."""
        return self._settings.name

    @property
    def medium(self) -> Medium:
        """Webhook."""
        return Medium.WEBHOOK

    @property
    def capabilities(self) -> Capabilities:
        """Nothing comes back: 2xx is all that the far side says."""
        return Capabilities()

    def health(self) -> Health:
        """Return how its answers to pages stand: a webhook has no question that does no harm."""
        return self._health

    @asynccontextmanager
    async def running(self, hear: Hear) -> AsyncIterator[None]:  # noqa: ARG002 - nothing comes back by this way
        """Be ready until the block ends."""
        self._note("")
        try:
            yield
        finally:
            self._note("not running")

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        """POST ``dispatch.payload``, JSON, to its address."""
        keys = self._keys.get(dispatch.address)
        if keys is None:
            return (Refused(1, Retry.PERMANENT, "address", "the address is none of those configured"),)
        if not 0 < len(dispatch.payload) <= PAYLOAD_MAX_BYTES:
            return (Refused(1, Retry.PERMANENT, "payload", f"the payload has none or above {PAYLOAD_MAX_BYTES} bytes"),)
        result = await self._post(dispatch, keys)
        if isinstance(result, Refused):
            return (result,)
        status, wait_seconds = result
        self._note(f"http.{status}" if status in _REDIRECT or status in _OURS or status >= _BROKEN else "", heard=True)
        return (result_of(status, dispatch.page_id, wait_seconds),)

    async def _post(self, dispatch: Dispatch, keys: tuple[bytes, ...]) -> tuple[int, int] | Refused:
        timestamp = int(self._clock.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": dispatch.page_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signatures(dispatch.page_id, timestamp, dispatch.payload, keys),
        }
        most = self._settings.call_seconds
        # Who waits for a free connection has sent nothing yet: that must not look like an answer that is missing.
        timeout = aiohttp.ClientTimeout(total=most, connect=most / 2)
        try:
            async with self._session.post(
                dispatch.address, data=dispatch.payload, headers=headers, allow_redirects=False, timeout=timeout
            ) as reply:
                if not await _read_out(reply.content):
                    reply.close()
                return reply.status, wait_of(reply.headers.get("Retry-After", ""))
        except _NOT_CONNECTED as exc:
            return self._lost("unreachable", exc)
        except _CUT_OFF as exc:
            return self._lost("timeout", exc)

    def _lost(self, code: str, exc: Exception) -> Refused:
        self._note(f"{code} {type(exc).__name__}")
        return Refused(1, Retry.TEMPORARY, code, type(exc).__name__)

    def _note(self, problem: str, *, heard: bool = False) -> None:
        self._health = self._health.noted(problem, self._clock.now(), heard=heard)


async def _read_out(content: aiohttp.StreamReader) -> bool:
    """Read what nobody needs, so that the connection can be kept; tell whether it came to its end in bounds."""
    size = 0
    async for piece in content.iter_chunked(ANSWER_MAX_BYTES):
        size += len(piece)
        if size > ANSWER_MAX_BYTES:
            return False
    return True


def keys_of(target: Target, name: str) -> tuple[bytes, ...]:
    """Return the keys of a target.

    Raises:
        RequestError: Its address or a secret is none; no secret stands in the fault.
    """
    parts = urlsplit(target.url)
    plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not (parts.scheme == "https" or plain) or not parts.hostname or parts.username or parts.fragment:
        raise RequestError(Fault("paging.address", f"{name}.url", "give an https address without user or fragment"))
    keys = tuple(key for key in map(_key, target.secrets) if key is not None)
    if len(keys) != len(target.secrets) or not 0 < len(keys) <= _SECRETS_MAX:
        mend = f"give 1 to {_SECRETS_MAX} secrets, each whsec_ and base64 of {_SECRET_MIN} to {_SECRET_MAX} bytes"
        raise RequestError(Fault("paging.secret", f"{name}.secrets", mend))
    return keys


def _key(secret: str) -> bytes | None:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        return None
    return key if secret.startswith(_PREFIX) and _SECRET_MIN <= len(key) <= _SECRET_MAX else None


def signatures(message_id: str, timestamp: int, payload: bytes, keys: tuple[bytes, ...]) -> str:
    """Return the value of ``webhook-signature``: one ``v1`` per key, apart by a space.

    Args:
        message_id: As in ``webhook-id``; no full stop.
        timestamp: Unix time in seconds, as in ``webhook-timestamp``.
        payload: The body's bytes.
        keys: The newest first.
    """
    signed = f"{message_id}.{timestamp}.".encode() + payload
    proofs = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(proof).decode()}" for proof in proofs)


def result_of(status: int, page_id: str, wait_seconds: int = 0) -> PartResult:
    """Return what an HTTP status proves: 410 ends it, 429 waits, 5xx may go through later, a redirect never."""
    if status in _TAKEN:
        return Submitted(1, page_id)
    retry = Retry.TEMPORARY if status >= _BROKEN else _RETRIES.get(status, Retry.PERMANENT)
    return Refused(1, retry, f"http.{status}", wait_seconds=wait_seconds)


def wait_of(retry_after: str) -> int:
    """Return the seconds that a Retry-After header asks for, at most an hour; a date counts as none."""
    digits = retry_after.strip()
    sound = digits.isascii() and digits.isdigit() and len(digits) <= _WAIT_DIGITS
    return min(int(digits), _WAIT_MAX_SECONDS) if sound else 0
