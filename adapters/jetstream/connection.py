"""The one connection of a process to its hub or leaf: opened, kept, made anew, closed.

nats-py reconnects by itself; when it gives up for good (the hub reloaded without us, an error it treats as final) a new
client takes over. ``contacts`` counts how often we got through: whoever was told something over an earlier contact
asks again.
"""

import asyncio
import contextlib
import itertools
import secrets
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, ClassVar, Final, Self

import nats.errors

from adapters.jetstream.beside import beside
from adapters.jetstream.credentials import Credentials
from adapters.jetstream.refusals import NoResponderError
from adapters.jetstream.wire import Handler, Reply, SilentError, UnreachableError, Wire, command
from schemas.errors import UnavailableError
from schemas.subjects import inbox_prefix

OLDEST_SERVER: Final = (2, 15, 1)
"""Older ones sync once per message of a batch, or lack what the append engine stands on."""

_GIVEN_UP: Final = (OSError, nats.errors.Error, TimeoutError, ValueError, UnreachableError)
_ERRORS_KEPT: Final = 32
PATIENCE_SECONDS: Final = 15.0
"""Longer than three servers take to choose a new leader (4 to 9 s); after that the server we talk to is to blame."""


class ServerTooOldError(UnavailableError):
    """The server is older than the one that this was measured and tested on."""

    code: ClassVar[str] = "hub.server_too_old"


class HubConnection:
    """Owns nats-py's client. Borrow it for an appender, pullers or a registrar."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        who: str,
        retry_seconds: float = 0.25,
        connect_seconds: float = 3.0,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Prepare; open nothing.

        Args:
            credentials: Where to, and as whom.
            who: County code, or ``registrar``: answers come back on ``_R.<who>.<random>``.
            retry_seconds: Pause between two attempts.
            connect_seconds: After that long one attempt is given up.
            patience_seconds: With several addresses, after that long without service the next one is tried.

        Raises:
            RequestError: The TLS files cannot be used.
        """
        self._credentials = credentials
        self._who = who
        self._tls = credentials.ssl_context()
        self._retry_seconds, self._connect_seconds = retry_seconds, connect_seconds
        self._patience_seconds = patience_seconds
        self._unserved_since: float | None = None
        self._wire: Wire | None = None
        self._replies = inbox_prefix(who, secrets.token_hex(8))
        self._inboxes = itertools.count(1)
        self._changed = asyncio.Event()
        self._too_old = ""
        self.contacts = 0
        """How often we got through so far; 0 before the first time."""
        self.errors: deque[str] = deque(maxlen=_ERRORS_KEPT)
        """What nats-py last reported, refused permissions among it; for diagnosis, newest last."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Keep the connection until the block ends; entering does not wait for the first contact."""
        async with beside(self._keep(), f"hub-connection-{self._who}"):
            try:
                yield self
            finally:
                await self._say_goodbye()

    @property
    def connected(self) -> bool:
        """True while the hub is in contact, as far as we know; a dead link shows within 15 s."""
        return self._wire is not None and self._wire.is_connected

    @property
    def wire(self) -> Wire:
        """The client in contact.

        Raises:
            UnavailableError: There is none now.
        """
        self._check_age()
        if self._wire is None or not self._wire.is_connected:
            raise UnreachableError("no contact with the hub")
        return self._wire

    async def contact(self, after: int = 0, timeout_seconds: float | None = None) -> int:
        """Wait until there is contact that is newer than number ``after``; return its number.

        Raises:
            UnreachableError: Not within ``timeout_seconds``.
            ServerTooOldError: It is no server to work with.
        """
        try:
            async with asyncio.timeout(timeout_seconds):
                while not self.connected or self.contacts <= after:
                    self._check_age()
                    await self._changed.wait()
        except TimeoutError:
            why = self.errors[-1] if self.errors else "no answer"
            raise UnreachableError(f"no contact with {', '.join(self._credentials.urls)}: {why}") from None
        return self.contacts

    async def request(
        self, subject: str, body: bytes = b"", *, headers: bytes = b"", timeout_seconds: float = 5.0
    ) -> Reply:
        """Ask and wait for the one answer.

        Raises:
            UnavailableError: No contact, no answer in time, or the contact ended meanwhile.
        """
        wire = self.wire
        ticket = wire.ticket()
        wire.write(command(subject, ticket[0], headers, body))
        return await wire.answer(ticket, timeout_seconds)

    @contextmanager
    def judged(self) -> Iterator[None]:
        """Watch one piece of work: a server that is there and serves nothing, cut off from the others, is left.

        nats-py leaves a server only when the connection breaks. One of three that has lost the other two keeps it,
        answers every PING, and can store nothing.
        """
        now = asyncio.get_running_loop().time
        try:
            yield
        except (SilentError, NoResponderError):
            since = self._unserved_since = self._unserved_since or now()
            if len(self._credentials.urls) > 1 and now() - since >= self._patience_seconds and self._wire is not None:
                self._unserved_since = None
                self._wire.leave()
            raise
        else:
            self._unserved_since = None

    async def listen(self, handler: Handler) -> tuple[Wire, int, str]:
        """Open a fresh inbox on the present contact; return the wire, the number to ``untap`` with, the subject."""
        wire = self.wire
        inbox = f"{self._replies}.p{next(self._inboxes)}"
        return wire, await wire.tap(inbox, handler), inbox

    async def _keep(self) -> None:
        while True:
            wire = Wire(self._replies)
            try:
                await wire.open(list(self._credentials.urls), **self._options(wire))
                self._wire = wire
                self._arrived(wire)
                await wire.finished.wait()
            except _GIVEN_UP as exc:
                self.errors.append(str(exc) or type(exc).__name__)
            finally:
                await wire.close()
            await asyncio.sleep(self._retry_seconds)

    def _arrived(self, wire: Wire) -> None:
        """Note a contact; never raises, since nats-py stops reconnecting when a callback does."""
        version = version_of(wire.version)
        if version >= OLDEST_SERVER:
            self._too_old = ""
            self.contacts += 1
        else:
            self._too_old = wire.version or "of unknown version"
        self._tell()

    def _check_age(self) -> None:
        if self._too_old:
            oldest = ".".join(map(str, OLDEST_SERVER))
            raise ServerTooOldError(f"nats-server {self._too_old} is older than {oldest}")

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _options(self, wire: Wire) -> dict[str, Any]:
        async def on_error(error: Exception) -> None:
            self.errors.append(str(error) or type(error).__name__)

        async def on_contact() -> None:
            self._arrived(wire)

        async def on_loss() -> None:
            self._tell()

        return {
            "name": f"sihu-{self._who}",
            "nkeys_seed_str": self._credentials.nkey_seed,
            "inbox_prefix": self._replies,
            "tls": self._tls,
            "max_reconnect_attempts": -1,
            "reconnect_time_wait": self._retry_seconds,
            "connect_timeout": self._connect_seconds,
            "pending_size": -1,
            "ping_interval": 5,
            "max_outstanding_pings": 2,
            "error_cb": on_error,
            "reconnected_cb": on_contact,
            "disconnected_cb": on_loss,
        }

    async def _say_goodbye(self) -> None:
        """Let the server work off what we wrote last, an acknowledgement perhaps, before the connection is cut."""
        if self._wire is not None and self._wire.is_connected:
            with contextlib.suppress(*_GIVEN_UP):
                await self._wire.flush(1)


def version_of(text: str) -> tuple[int, ...]:
    """Return the three numbers of a version such as ``2.15.1`` or ``v2.15.1-RC.2``; (0,) if it is none."""
    numbers = text.removeprefix("v").partition("-")[0].split(".")
    return tuple(int(number) for number in numbers) if all(number.isdigit() for number in numbers) else (0,)
