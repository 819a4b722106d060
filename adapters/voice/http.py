"""The pager of medium voice by a provider's HTTP interface, described by a form."""

import base64
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, Protocol
from urllib.parse import urlsplit

import aiohttp
import structlog
from pydantic import Field

from adapters.voice.http_form import BODY_MAX_BYTES, CallForm, answered, called_back, headers_of, is_signed, request_of
from schemas.errors import Fault, RequestError, UnavailableError
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

log = structlog.get_logger()

Hear = Callable[[Inbound], Awaitable[None]]
RETRYABLE: Final = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError)
_NUMBER: Final = re.compile(r"\+?[0-9](?:[0-9 -]{1,22})[0-9]")
_PREFIX: Final = "whsec_"
_SECRET_MIN, _SECRET_MAX = 24, 64
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_OK: Final = range(200, 300)
_THROTTLED: Final = 429
_LATER: Final = frozenset({408, 425, *range(500, 600)})
_DIGITS: Final = re.compile(r"[0-9]{4,}")


class Clock(Protocol):
    """What it needs to know of time."""

    def now(self) -> datetime:
        """Return aware UTC."""


@dataclass(frozen=True, slots=True)
class HttpCallSettings:
    """A provider.

    Attributes:
        name: Of this provider, unique in the node.
        url: Where calls are asked for; ``https`` unless it is this machine.
        secret: Shared with the provider: ``whsec_`` and base64 of 24 to 64 bytes.
        form: Which JSON it takes and gives.
        timeout_seconds: For one request.
    """

    name: str
    url: str
    secret: str = field(repr=False)
    form: CallForm
    timeout_seconds: Annotated[float, Field(ge=1, le=60)] = 8.0


class Callbacks(Protocol):
    """Where a provider's callbacks come in."""

    def calling_back(
        self, name: str, take: Callable[[Mapping[str, str], bytes], Awaitable[int]]
    ) -> AbstractContextManager[None]:
        """Give ``take`` every callback of a provider for as long as the block lasts."""


class HttpCallPager:
    """Satisfies ``services.paging_ports.Pager``; callbacks come in through ``called_back``."""

    def __init__(self, settings: HttpCallSettings, *, clock: Clock, callbacks: Callbacks | None = None) -> None:
        """Prepare; open nothing. Without ``callbacks`` nobody learns what became of a call.

        Raises:
            RequestError: The address or the secret is none; the secret does not stand in the fault.
        """
        self._settings, self._clock, self._callbacks = settings, clock, callbacks
        self._secret = _key(settings)
        self._session: aiohttp.ClientSession | None = None
        self._hear: Hear | None = None
        self._health = Health(ready=False, since=clock.now(), problem="not running")

    @property
    def name(self) -> str:
        """As configured."""
        return self._settings.name

    @property
    def medium(self) -> Medium:
        """Voice."""
        return Medium.VOICE

    @property
    def capabilities(self) -> Capabilities:
        """Keys and outcomes come back by callback; text that is not registered may be refused."""
        form = self._settings.form
        named = any("{template}" in text or "{variable." in text for text in form.fields.values())
        heard = self._callbacks is not None
        return Capabilities(reply=heard and bool(form.callback_digits), report=heard, template=named)

    def health(self) -> Health:
        """Return how the last request went; nothing is asked in between."""
        return self._health

    @asynccontextmanager
    async def running(self, hear: Hear) -> AsyncIterator[None]:
        """Keep a session for as long as the block lasts."""
        timeout = aiohttp.ClientTimeout(total=self._settings.timeout_seconds)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
            self._session, self._hear = session, hear
            self._answered()
            taking = self._callbacks.calling_back(self.name, self.called_back) if self._callbacks else nullcontext()
            try:
                with taking:
                    yield
            finally:
                self._session = self._hear = None
                self._failed("not running")

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        """Ask for the call; the page's id is the request's, so that a provider can tell a repetition."""
        if _NUMBER.fullmatch(dispatch.address) is None:
            return (Refused(1, Retry.PERMANENT, "number", "no telephone number of 3 to 25 digits, blanks or dashes"),)
        if self._session is None:
            return (Refused(1, Retry.TEMPORARY, "not_running"),)
        body = request_of(self._settings.form, dispatch)
        headers = headers_of(self._secret, dispatch.page_id, self._clock.now(), body)
        try:
            async with self._session.post(
                self._settings.url, data=body, headers=headers, allow_redirects=False
            ) as reply:
                return (self._judged(dispatch, reply.status, await reply.content.read(BODY_MAX_BYTES)),)
        except RETRYABLE as exc:
            timed_out = isinstance(exc, TimeoutError)
            self._failed("no answer in time" if timed_out else "unreachable")
            return (Refused(1, Retry.TEMPORARY, "timeout" if timed_out else "unreachable"),)

    async def called_back(self, headers: Mapping[str, str], body: bytes) -> int:
        """Take a callback; return the HTTP status to answer with.

        Args:
            headers: Of the request, names in any case.
            body: As received, at most 65,536 bytes.

        Returns:
            204 kept; 400 not of the agreed form; 401 not signed by our secret, or too old; 503 not kept, send it again.
        """
        now = self._clock.now()
        lower = {name.lower(): value for name, value in headers.items()}
        if not is_signed(self._secret, lower, body, now):
            log.warning("voice.callback_refused", provider=self.name, code="signature")
            return 401
        heard = called_back(self._settings.form, self.name, body, now)
        if isinstance(heard, Fault):
            log.warning("voice.callback_refused", provider=self.name, code=heard.code)
            return 400
        if self._hear is None:
            return 503
        try:
            for one in heard:
                await self._hear(one)
        except UnavailableError:
            return 503
        return 204

    def _judged(self, dispatch: Dispatch, status: int, body: bytes) -> PartResult:
        taken, reference, code = answered(self._settings.form, body)
        if status in _OK and taken:
            self._answered()
            log.info("voice.called", provider=self.name, page_id=dispatch.page_id, address=dispatch.masked)
            return Submitted(1, reference or dispatch.page_id)
        words = _DIGITS.sub("…", code)
        if status == _THROTTLED:
            return Refused(1, Retry.THROTTLED, str(status), words)
        if status in _LATER:
            self._failed(f"the provider answers {status}")
            return Refused(1, Retry.TEMPORARY, str(status), words)
        self._failed(f"the provider refuses: {status} {words}".strip())
        return Refused(1, Retry.PERMANENT, words or str(status), f"HTTP {status}")

    def _answered(self) -> None:
        self._health = self._health.noted("", self._clock.now(), heard=True)

    def _failed(self, problem: str) -> None:
        if self._health.ready and self._session is not None:
            log.warning("voice.link_lost", provider=self.name, problem=problem)
        self._health = self._health.noted(problem, self._clock.now(), heard=False)


def _key(settings: HttpCallSettings) -> bytes:
    parts = urlsplit(settings.url)
    plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not (parts.scheme == "https" or plain) or not parts.hostname or parts.username or parts.fragment:
        raise RequestError(Fault("paging.address", f"{settings.name}.url", "give an https address without user"))
    try:
        key = base64.b64decode(settings.secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not settings.secret.startswith(_PREFIX) or not _SECRET_MIN <= len(key) <= _SECRET_MAX:
        mend = f"give a secret: whsec_ and base64 of {_SECRET_MIN} to {_SECRET_MAX} bytes"
        raise RequestError(Fault("paging.secret", f"{settings.name}.secret", mend))
    return key
