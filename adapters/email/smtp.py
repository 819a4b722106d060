"""Mail by SMTP submission: TLS or STARTTLS, one connection per page, a code of the server for every outcome.

Source: RFC 5321, RFC 6409, RFC 8314.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from enum import StrEnum
from typing import Final, Protocol

import aiosmtplib

from adapters.email.message import address_of, compose, message_id, one_line
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

MAIL_MAX_BYTES: Final = 10 * 1024 * 1024
_AT_ONCE: Final = 4
_TEXT_MAX: Final = 200
_PERMANENT_FROM: Final = 500
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_AN_ADDRESS: Final = re.compile(r"\S+@\S+")
_ACCOUNT_CODES: Final = frozenset({454, 530, 534, 535, 538})
"""Authentication: RFC 4954. The page is not to blame."""


class Security(StrEnum):
    """How the connection is protected."""

    TLS = "tls"
    """From the first byte, port 465."""
    STARTTLS = "starttls"
    """Before anything else is said, port 587; a server that does not offer it is not used."""
    NONE = "none"
    """On loopback alone."""


class Clock(Protocol):
    """What this adapter needs of time."""

    def now(self) -> datetime:
        """Return aware UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """One account at one mail server.

    Attributes:
        name: Of the provider in this node.
        sender: Address in From and in the envelope; its domain stands in every Message-ID.
        display: What readers see before it, e.g. 联络办.
        username: Empty for a server that asks none.
    """

    name: str
    host: str
    port: int
    sender: str
    display: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    security: Security = Security.STARTTLS
    heartbeat_seconds: float = 60.0
    call_seconds: float = 30.0
    mail_max_bytes: int = MAIL_MAX_BYTES


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a mail did not go; ``ours`` if it lies with the server or the account, not with the page."""

    retry: Retry
    code: str
    text: str
    ours: bool = False


class SmtpMail:
    """Satisfies ``services.paging_ports.Pager`` by mail."""

    def __init__(self, settings: SmtpSettings, *, clock: Clock, tls: ssl.SSLContext | None = None) -> None:
        """Open nothing.

        Args:
            settings: The account.
            clock: For the Date header and pauses.
            tls: How the server proves itself; by default by the system's authorities.

        Raises:
            RequestError: The sender is no address, or the way would be open.
        """
        sender = address_of(settings.sender)
        if isinstance(sender, Fault):
            raise RequestError(Fault(sender.code, f"{settings.name}.sender", sender.mend))
        if settings.security is Security.NONE and settings.host not in _LOOPBACK:
            mend = "use tls or starttls: a password and a page must not travel open"
            raise RequestError(Fault("mail.open", f"{settings.name}.security", mend))
        self._settings = settings
        self._sender = Address(one_line(settings.display, _TEXT_MAX), sender.username, sender.domain)
        self._clock = clock
        self._tls = tls or ssl.create_default_context()
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._health = Health(ready=False, since=clock.now(), problem="not running")

    @property
    def name(self) -> str:
        """As configured."""
        return self._settings.name

    @property
    def medium(self) -> Medium:
        """Mail."""
        return Medium.EMAIL

    @property
    def capabilities(self) -> Capabilities:
        """Nothing comes back: that a server took a mail does not say that anybody read it."""
        return Capabilities()

    def health(self) -> Health:
        """Return whether the server lets us in."""
        return self._health

    @asynccontextmanager
    async def running(self, hear: Hear) -> AsyncIterator[None]:  # noqa: ARG002 - nothing comes back by this way
        """Knock at the server now and then until the block ends."""
        stopping = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as tasks:
                beat = tasks.create_task(self._beat_on(stopping), name=f"smtp-{self.name}")
                try:
                    yield
                finally:
                    stopping.set()  # a cancellation that meets the library while it connects is lost before Python 3.12
                    beat.cancel()
        except BaseExceptionGroup as group:  # what the block raises comes out as it is
            if len(group.exceptions) > 1:
                raise
            raise group.exceptions[0] from None
        finally:
            self._note("not running", heard=False)

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        """Send one page as one mail."""
        recipient = address_of(dispatch.address)
        if isinstance(recipient, Fault):
            return (Refused(1, Retry.PERMANENT, "address", "no mail address"),)
        mail = compose(dispatch, self._sender, recipient, self._clock.now())
        if len(mail) > self._settings.mail_max_bytes:
            return (Refused(1, Retry.PERMANENT, "size", f"above {self._settings.mail_max_bytes} bytes"),)
        async with self._at_once:
            trouble = await self._deliver(recipient.addr_spec, mail)
        if trouble is not None:
            return (Refused(1, trouble.retry, trouble.code, trouble.text),)
        return (Submitted(1, message_id(dispatch.page_id, self._sender.domain)),)

    async def _deliver(self, recipient: str, mail: bytes) -> Trouble | None:
        underway = False
        try:
            async with asyncio.timeout(self._settings.call_seconds), self._open() as client:
                if client.is_ehlo_or_helo_needed:
                    await client.ehlo()  # its answer says how much the server takes
                if (too_large := _too_large(client, mail)) is not None:
                    return self._judged(too_large)
                await client.mail(self._sender.addr_spec)
                await client.rcpt(recipient)
                underway = True
                await client.data(mail)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as exc:
            return self._judged(trouble_of(exc, underway=underway))
        self._note("", heard=True)
        return None

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[aiosmtplib.SMTP]:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username or None,
            password=settings.password or None,
            local_hostname=self._sender.domain,  # by default it would ask the DNS for a name
            timeout=settings.call_seconds,
            use_tls=settings.security is Security.TLS,
            start_tls=settings.security is Security.STARTTLS,
            tls_context=self._tls,
        )
        try:
            await client.connect()
            yield client
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
        finally:
            client.close()

    async def _beat_on(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                async with asyncio.timeout(self._settings.call_seconds), self._open() as client:
                    await client.noop()
            except (aiosmtplib.SMTPException, OSError, TimeoutError) as exc:
                self._judged(trouble_of(exc, underway=False))
            else:
                self._note("", heard=True)
            if not stopping.is_set():
                await self._clock.sleep(self._settings.heartbeat_seconds)

    def _judged(self, trouble: Trouble) -> Trouble:
        spoke = trouble.code.startswith("smtp.")
        self._note(f"{trouble.code} {trouble.text}".strip() if trouble.ours else "", heard=spoke)
        return trouble

    def _note(self, problem: str, *, heard: bool) -> None:
        self._health = self._health.noted(problem, self._clock.now(), heard=heard)


def _too_large(client: aiosmtplib.SMTP, mail: bytes) -> Trouble | None:
    size = client.esmtp_extensions.get("size", "").strip()
    if size.isascii() and size.isdigit() and 0 < int(size) < len(mail):
        return Trouble(Retry.PERMANENT, "size", f"the server takes at most {int(size)} bytes")
    return None


def trouble_of(exc: Exception, *, underway: bool) -> Trouble:
    """Return what an exception of a delivery means.

    Args:
        exc: As it came from the library or the socket.
        underway: The text was on its way: without an answer it may have been taken.
    """
    if isinstance(exc, aiosmtplib.SMTPResponseException) and exc.code > 0:
        return _spoken(exc)
    if isinstance(exc, ssl.SSLError):
        return Trouble(Retry.TEMPORARY, "tls", type(exc).__name__, ours=True)
    if isinstance(exc, aiosmtplib.SMTPNotSupported) or type(exc) is aiosmtplib.SMTPException:
        return Trouble(Retry.TEMPORARY, "unsupported", _said(str(exc)), ours=True)
    return Trouble(Retry.TEMPORARY, "timeout" if underway else "unreachable", type(exc).__name__, ours=True)


def _spoken(exc: aiosmtplib.SMTPResponseException) -> Trouble:
    code, text = f"smtp.{exc.code}", _said(exc.message)
    if isinstance(exc, aiosmtplib.SMTPAuthenticationError) or exc.code in _ACCOUNT_CODES:
        return Trouble(Retry.TEMPORARY, code, text, ours=True)
    retry = Retry.PERMANENT if exc.code >= _PERMANENT_FROM else Retry.TEMPORARY
    at_the_door = isinstance(exc, aiosmtplib.SMTPConnectError | aiosmtplib.SMTPHeloError)
    ours = at_the_door or isinstance(exc, aiosmtplib.SMTPSenderRefused)
    return Trouble(Retry.TEMPORARY if at_the_door else retry, code, text, ours=ours)


def _said(message: str) -> str:
    """Return a server's words on one line, without the addresses that servers like to repeat."""
    return one_line(_AN_ADDRESS.sub("*", message), _TEXT_MAX)
