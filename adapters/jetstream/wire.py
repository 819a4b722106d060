"""nats-py's client with two doors of our own: write many commands at once, hear messages without a queue.

Connecting, authentication, TLS, reconnecting and PING stay nats-py's. This is the only file that touches its inner
workings; ``tests/unit/adapters/jetstream/test_wire.py`` goes red by name if a new nats-py changes one of them.

What nats-py does that we cannot use, and what stands here instead:

- A failed publish waits in its reconnect buffer and is sent later. We write to the transport, or raise.
- A request may outlive its connection and never resolve. Ours end when the connection ends.
- Closing waits until the peer has taken what is still buffered; a peer that is stopped never does. We cut.
- After a failed TLS handshake it waits for a stream that is never told to close. We cut.
- A connection that it gives up during the handshake is left open. We close it before the next one.
"""

import asyncio
import itertools
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import nats.errors
from nats.aio.client import Client, Srv

from schemas.errors import InvariantError, UnavailableError

BUFFERED_BYTES: Final = 32 * 1024
"""What may wait here and in the kernel besides what is under way: an alert, a PING or a question stands behind it."""

Handler = Callable[[bytes, bytes, bytes, bytes], None]
"""Called with subject, reply, header block and body of each message; must not block and must not raise."""

_SUBJECT: Final = re.compile(r"[!-~]+")
_STATUS: Final = slice(9, 12)
_STATUS_LINE: Final = b"NATS/1.0 "


class UnreachableError(UnavailableError):
    """There is no connection to the hub, or it ended while we waited for an answer."""

    code: ClassVar[str] = "hub.unreachable"


class SilentError(UnavailableError):
    """The hub did not answer in time: it may have done what we asked, or not."""

    code: ClassVar[str] = "hub.silent"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came; ``headers`` is the whole header block, empty if there was none."""

    headers: bytes
    body: bytes

    @property
    def status(self) -> int:
        """The inline status, e.g. 503 when nobody serves the subject; 0 if there is none."""
        return status_of(self.headers)

    def header(self, name: bytes) -> bytes | None:
        """Return the first value of a header; names are compared exactly."""
        return header_of(self.headers, name)


def status_of(headers: bytes) -> int:
    """Return the inline status of a header block, 0 if it has none."""
    digits = headers[_STATUS]
    return int(digits) if headers.startswith(_STATUS_LINE) and digits.isdigit() else 0


def header_of(headers: bytes, name: bytes) -> bytes | None:
    """Return the first value of a header, None if it is missing; names are compared exactly."""
    start = headers.find(b"\r\n%b:" % name)
    if start < 0:
        return None
    start += len(name) + 3
    return headers[start : headers.find(b"\r\n", start)].strip()


def command(subject: str, reply: bytes, headers: bytes, body: bytes) -> bytes:
    """Return one publish command as it goes on the wire.

    Args:
        subject: Visible ASCII; anything else could smuggle in a command of its own.
        reply: Where the answer goes; empty for none.
        headers: A whole header block from ``NATS/1.0`` to the empty line; empty for none.
        body: Any bytes.

    Raises:
        InvariantError: The subject has a character that no subject may have.
    """
    if _SUBJECT.fullmatch(subject) is None:
        raise InvariantError(f"not a subject: {subject!r}")
    to = b"%b %b " % (subject.encode(), reply) if reply else b"%b " % subject.encode()
    if not headers:
        return b"PUB %b%d\r\n%b\r\n" % (to, len(body), body)
    return b"HPUB %b%d %d\r\n%b%b\r\n" % (to, len(headers), len(headers) + len(body), headers, body)


class Wire(Client):
    """One connection to a hub or leaf, and its reconnects; ``finished`` is set when it will not come back by itself."""

    def __init__(self, replies: str) -> None:
        """Take the prefix of this connection's reply subjects; open nothing."""
        super().__init__()
        self.finished = asyncio.Event()
        self._replies = replies
        self._numbers = itertools.count(1)
        self._waiting: dict[bytes, asyncio.Future[Reply | None]] = {}
        self._taps: dict[int, Handler] = {}

    async def open(self, servers: list[str], **options: Any) -> None:  # noqa: ANN401  (they are nats-py's)
        """Connect, however long it takes, and listen for answers.

        Raises:
            UnreachableError: The handshake went through, but the connection did not last.
        """
        await self.connect(servers, **options)
        self._bound_buffers()
        await self.tap(f"{self._replies}.r.*", self._answered)
        if not self.is_connected:
            raise UnreachableError("the connection did not last")

    def _bound_buffers(self) -> None:
        """Let little wait on this side of the line, so that on a slow one what is urgent need not wait for minutes."""
        writer = getattr(self._transport, "_io_writer", None)
        if writer is None:
            return
        writer.transport.set_write_buffer_limits(high=BUFFERED_BYTES)
        open_socket = writer.get_extra_info("socket")
        if open_socket is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            open_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, BUFFERED_BYTES)

    def write(self, *commands: bytes) -> None:
        """Hand whole commands to the transport, in order, as one buffer (one TLS record run, one system call).

        Raises:
            UnreachableError: There is no connection now; nothing will be sent later.
        """
        if not self.is_connected or self._transport is None:
            raise UnreachableError("no connection to the hub")
        self._transport.write(b"".join(commands))

    async def room(self) -> None:
        """Wait until the transport's buffer has room again.

        Raises:
            UnreachableError: The connection ended.
        """
        try:
            if self._transport is not None:
                await self._transport.drain()  # type: ignore[no-untyped-call]
        except OSError as exc:
            raise UnreachableError("the connection ended") from exc

    def ticket(self) -> tuple[bytes, asyncio.Future[Reply | None]]:
        """Return a fresh reply subject and what its answer will arrive in."""
        number = b"%d" % next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        return b"%b.r.%b" % (self._replies.encode(), number), future

    async def answer(self, ticket: tuple[bytes, asyncio.Future[Reply | None]], timeout_seconds: float) -> Reply:
        """Wait for the answer to what was written with a ticket.

        Raises:
            SilentError: None came in time.
            UnreachableError: The connection ended first.
        """
        subject, future = ticket
        try:
            async with asyncio.timeout(timeout_seconds):
                reply = await future
        except TimeoutError:
            raise SilentError(f"no answer within {timeout_seconds} s") from None
        finally:
            self._waiting.pop(subject.rpartition(b".")[2], None)
        if reply is None:
            raise UnreachableError("the connection ended before the answer")
        return reply

    async def tap(self, subject: str, handler: Handler) -> int:
        """Subscribe; the handler is called from the read loop, and once with four empty strings when the contact ends.

        Returns:
            The number to ``untap`` with.

        Raises:
            UnreachableError: The connection is closed.
        """
        number = int(self._sid) + 1  # subscribe() takes it before it first waits
        self._taps[number] = handler
        try:
            await self.subscribe(subject)
            await self._flush_pending(force_flush=True)  # or a command written directly would overtake it
        except nats.errors.Error as exc:
            raise UnreachableError("the connection is closed") from exc
        return number

    def leave(self) -> None:
        """Give this server up: the read loop notices, and nats-py goes on to the next address."""
        writer = getattr(self._transport, "_io_writer", None)
        if writer is not None:
            writer.transport.abort()

    def deafen(self, number: int) -> None:
        """Drop what still comes on a subscription, and keep it."""
        self._taps.pop(number, None)

    def untap(self, number: int) -> None:
        """End a subscription; what is still on its way is dropped."""
        self._taps.pop(number, None)
        if self._subs.pop(number, None) is not None and self.is_connected:
            self.write(b"UNSUB %d\r\n" % number)

    @property
    def version(self) -> str:
        """What the server says its version is; empty before the first contact."""
        return str(self._server_info.get("version", ""))

    def _answered(self, subject: bytes, _reply: bytes, headers: bytes, body: bytes) -> None:
        future = self._waiting.pop(subject.rpartition(b".")[2], None)
        if future is not None and not future.done():
            future.set_result(Reply(headers, body))

    def _drop(self) -> None:
        """Close the socket at once, with what is still to be sent."""
        transport, self._transport = self._transport, None
        writer = getattr(transport, "_io_writer", None)
        if writer is not None:
            writer.transport.abort()

    def _cut(self) -> None:
        """Drop the connection with what it still holds, and tell everyone who waits."""
        self._drop()
        self._pending.clear()
        self._pending_data_size = 0
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_result(None)
        for handler in list(self._taps.values()):
            handler(b"", b"", b"", b"")

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        self._pings_outstanding = 0  # the answer to our PING stands behind this message: the link lives
        handler = self._taps.get(sid)
        if handler is not None:
            handler(subject, reply, headers or b"", data)

    async def _connect_to_server(self, s: Srv) -> None:
        self._drop()
        await super()._connect_to_server(s)
        self._bound_buffers()

    async def _attempt_reconnect(self) -> None:
        self._cut()
        await super()._attempt_reconnect()
        if not self.is_connected and asyncio.current_task() is self._reconnection_task:
            self.finished.set()

    async def _close(self, status: int, do_cbs: bool = True) -> None:  # noqa: FBT001, FBT002  (nats-py's own)
        self._cut()
        await super()._close(status, do_cbs)
        if status == Client.CLOSED:
            self.finished.set()
