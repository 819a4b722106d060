"""A small HTTP listener for what providers push: reports and replies.

It has a port of its own, on loopback unless told otherwise: a reverse proxy with TLS stands before it where the
provider is not in the same machine. Addresses are ``/<token>/<provider>/report`` and ``/<token>/<provider>/reply``, and
``/<token>/<provider>/callback`` where a provider says everything in one signed form.
A provider is thanked only after what it said is kept; else it gets 503 and pushes again.
"""

import asyncio
import hmac
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final, Self

import structlog
from aiohttp import web

from adapters.sms.calling import Clock
from adapters.sms.pushes import REPLY, REPORT, Push, Reader
from schemas.errors import Fault, RequestError, UnavailableError
from schemas.pages import Inbound

log: Final = structlog.get_logger()

Hear = Callable[[Inbound], Awaitable[None]]
CalledBack = Callable[[Mapping[str, str], bytes], Awaitable[int]]
"""Takes the headers and body of a callback; returns the HTTP status to answer with."""

BODY_MAX_BYTES: Final = 256 * 1024
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{32,128}", re.ASCII)
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_AT_ONCE: Final = 64
_KINDS: Final = frozenset({REPORT, REPLY})
_CALLBACK: Final = "callback"


@dataclass(frozen=True, slots=True)
class InboundSettings:
    """Where we listen.

    Attributes:
        token: 32 to 128 letters, digits, ``-`` or ``_``: who knows it may say what became of a page.
        host: An address of this machine.
        port: 0 lets the system choose.
        body_seconds: How long a push may take to come in.
    """

    token: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 0
    body_seconds: float = 10.0


class InboundHttp:
    """Takes pushes for every provider that is ``receiving``."""

    def __init__(self, settings: InboundSettings, clock: Clock) -> None:
        """Prepare; open nothing.

        Raises:
            RequestError: The token is too short to be a secret, or would not stand in an address.
        """
        if not TOKEN.fullmatch(settings.token):
            raise RequestError(
                Fault("paging.token", "inbound.token", "give 32 to 128 letters and digits, e.g. `openssl rand -hex 24`")
            )
        self._settings = settings
        self._clock = clock
        self._token = settings.token.encode()
        self._receivers: dict[str, tuple[Reader, Hear]] = {}
        self._callbacks: dict[str, CalledBack] = {}
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self.port = settings.port
        """Where it listens, once it runs."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Listen until the block ends; requests at work are then finished.

        Raises:
            UnavailableError: The address is taken.
        """
        app = web.Application(client_max_size=BODY_MAX_BYTES)
        app.router.add_route("*", "/{token}/{provider}/{kind}", self._answer)
        runner = web.AppRunner(app, access_log=None)  # the address carries the token
        await runner.setup()
        try:
            site = web.TCPSite(runner, self._settings.host, self._settings.port)
            try:
                await site.start()
            except OSError as exc:
                where = f"{self._settings.host}:{self._settings.port}"
                raise UnavailableError(f"cannot listen for pushes at {where}: {exc.strerror}") from exc
            self.port = runner.addresses[0][1]
            yield self
        finally:
            await runner.cleanup()

    @contextmanager
    def receiving(self, reader: Reader, hear: Hear) -> Iterator[None]:
        """Take a provider's pushes for as long as the block lasts.

        Raises:
            RequestError: Two providers have one name, or a name would not stand in an address as it is.
        """
        self._judge_name(reader.name)
        self._receivers[reader.name] = reader, hear
        try:
            yield
        finally:
            del self._receivers[reader.name]

    @contextmanager
    def calling_back(self, name: str, take: CalledBack) -> Iterator[None]:
        """Take a provider's callbacks for as long as the block lasts; ``take`` judges who sent them.

        Raises:
            RequestError: As of ``receiving``.
        """
        self._judge_name(name)
        self._callbacks[name] = take
        try:
            yield
        finally:
            del self._callbacks[name]

    def _judge_name(self, name: str) -> None:
        if name in self._receivers or name in self._callbacks or not NAME.fullmatch(name):
            mend = "give each provider a name of its own: 1 to 32 small letters, digits and hyphens"
            raise RequestError(Fault("paging.name", name, mend))

    def address_of(self, provider: str, kind: str, base: str = "") -> str:
        """Return the address to configure at a provider; it holds the token, so it is a secret too.

        Args:
            provider: Its name here.
            kind: ``report``, ``reply`` or ``callback``.
            base: Scheme, host and port by which the provider reaches us; by default as we listen.
        """
        return f"{base or f'http://{self._settings.host}:{self.port}'}/{self._settings.token}/{provider}/{kind}"

    async def _answer(self, request: web.Request) -> web.Response:
        known = hmac.compare_digest(request.match_info["token"].encode(errors="replace"), self._token)
        receiver = self._receivers.get(request.match_info["provider"])
        kind = request.match_info["kind"]
        take = self._callbacks.get(request.match_info["provider"])
        if known and take is not None and kind == _CALLBACK and request.method == "POST":
            async with self._at_once:
                return await self._take_callback(request, take)
        if not known or receiver is None or kind not in _KINDS:
            return web.Response(status=404)
        async with self._at_once:
            return await self._take(request, kind, *receiver)

    async def _take_callback(self, request: web.Request, take: CalledBack) -> web.Response:
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408)
        return web.Response(status=await take(request.headers, body))

    async def _take(self, request: web.Request, kind: str, reader: Reader, hear: Hear) -> web.Response:
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408)
        push = Push(kind, request.method, request.rel_url.raw_query_string, body, self._clock.now())
        read = reader.read(push)
        if isinstance(read, Fault):
            log.warning("sms.push_refused", provider=reader.name, kind=kind, code=read.code)
            return web.Response(status=400, text=str(read))
        if read.unread:
            log.warning("sms.push_unread", provider=reader.name, kind=kind, count=read.unread)
        try:
            for inbound in read.inbound:
                await hear(inbound)
        except UnavailableError as exc:
            log.warning("sms.push_deferred", provider=reader.name, kind=kind, code=exc.code)
            return web.Response(status=503, headers={"Retry-After": "10"})
        return web.Response(body=reader.thanks, content_type=reader.thanks_type, charset="utf-8")
