"""A CMPP gateway (ISMG) that does what a test tells it: lets in or refuses, holds answers back, reports, sends rubbish.

It reads and writes with ``struct`` alone, from the specification, and shares no line with the adapter: a field that the
adapter puts in the wrong place lands in the wrong place here.
"""

import asyncio
import contextlib
import hashlib
import struct
from collections import deque
from collections.abc import AsyncIterator, Callable, Sized
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

CONNECT, TERMINATE, SUBMIT, DELIVER, ACTIVE_TEST = 1, 2, 4, 5, 8
ANSWER: Final = 0x8000_0000
SP_ID: Final = "106001"
SECRET: Final = "only-for-this-test"  # noqa: S105 - shared with the settings of the tests
_SUBMIT_HEAD: Final = {
    2: struct.Struct(">Q4B10sB21s3B6s2s6s17s17s21sB"),
    3: struct.Struct(">Q4B10sB32sB3B6s2s6s17s17s21sB"),
}
_TERMINAL: Final = {2: 21, 3: 32}
_FIRST_ID: Final = 0xB4C5_5300_0001_0000


@dataclass(frozen=True)
class Seen:
    """One packet as it came."""

    command: int
    sequence: int
    body: bytes


@dataclass(frozen=True)
class SeenSubmit:
    """A submit as the gateway reads it."""

    sequence: int
    size: int
    msg_id: int
    pk_total: int
    pk_number: int
    registered_delivery: int
    msg_level: int
    service_id: bytes
    fee_user_type: int
    fee_terminal_id: bytes
    udhi: int
    msg_fmt: int
    msg_src: bytes
    fee_type: bytes
    fee_code: bytes
    src_id: bytes
    destinations: tuple[bytes, ...]
    content: bytes


def packet(command: int, sequence: int, body: bytes = b"") -> bytes:
    """Return one packet."""
    return struct.pack(">III", 12 + len(body), command, sequence) + body


def read_submit(seen: Seen, major: int) -> SeenSubmit:
    """Read a submit by the specification's table."""
    head = _SUBMIT_HEAD[major]
    fields = list(head.unpack_from(seen.body))
    if major == 3:
        del fields[8]  # Fee_terminal_type
    at, width, count = head.size, _TERMINAL[major], fields[-1]
    numbers = tuple(seen.body[at + n * width : at + (n + 1) * width].rstrip(b"\0") for n in range(count))
    at += count * width + (1 if major == 3 else 0)
    size = seen.body[at]
    content = seen.body[at + 1 : at + 1 + size]
    assert len(seen.body) == at + 1 + size + (8 if major == 2 else 20), "what follows the content has no place there"
    (msg_id, total, number, report, level, service, payer, fee_id, _, udhi, fmt, src, kind, code, _, _, own, _) = fields
    return SeenSubmit(
        sequence=seen.sequence,
        size=12 + len(seen.body),
        msg_id=msg_id,
        pk_total=total,
        pk_number=number,
        registered_delivery=report,
        msg_level=level,
        service_id=service.rstrip(b"\0"),
        fee_user_type=payer,
        fee_terminal_id=fee_id.rstrip(b"\0"),
        udhi=udhi,
        msg_fmt=fmt,
        msg_src=src,
        fee_type=kind,
        fee_code=code,
        src_id=own.rstrip(b"\0"),
        destinations=numbers,
        content=content,
    )


def deliver_body(
    major: int,
    *,
    msg_id: int,
    dest: str,
    source: str,
    content: bytes,
    fmt: int = 8,
    report: int = 0,
    udhi: int = 0,
) -> bytes:
    """Return the body of a deliver."""
    form = ">Q21s10s3B21sBB" if major == 2 else ">Q21s10s3B32sBBB"
    kind = () if major == 2 else (0,)
    head = (msg_id, dest.encode(), b"HELP", 0, udhi, fmt, source.encode(), *kind, report, len(content))
    return struct.pack(form, *head) + content + bytes(8 if major == 2 else 20)


def report_content(major: int, msg_id: int, stat: str, done: str = "2603040730", dest: str = "13900000001") -> bytes:
    """Return the content of a status report."""
    form = ">Q7s10s10s21sI" if major == 2 else ">Q7s10s10s32sI"
    return struct.pack(form, msg_id, stat.encode(), b"2603040729", done.encode(), dest.encode(), 7)


@dataclass
class Connection:
    """One connection, from the gateway's side."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    seen: list[Seen] = field(default_factory=list)
    closed: bool = False

    def send(self, command: int, sequence: int, body: bytes = b"") -> None:
        """Send one packet."""
        self.writer.write(packet(command, sequence, body))

    def of(self, command: int) -> list[Seen]:
        """Return what came of one command."""
        return [seen for seen in self.seen if seen.command == command]


class Ismg:
    """The gateway. Attributes are the script; a test may change them at any time."""

    def __init__(self, major: int = 2) -> None:
        """Speak version 2.0 or 3.0, let everybody in who proves themselves, and take every submit."""
        self.major = major
        self.connections: list[Connection] = []
        self.submits: list[SeenSubmit] = []
        self.status: int | None = None
        """Of CMPP_CONNECT_RESP; None: 0 if the proof is right, else 3."""
        self.says_version = major << 4
        self.form = major
        self.proves_itself = True
        self.proves_in_form: int | None = None
        """Width of the status inside its proof; None: as on the wire."""
        self.greets = True
        self.answers_tests = True
        self.holds = False
        """Take submits and answer none."""
        self.results: deque[int] = deque()
        """Of the next submits; 0 when used up."""
        self.after_submit: Callable[[Connection, SeenSubmit, int], None] | None = None
        """Called after the answer with its Msg_Id."""
        self.before_submit: Callable[[Connection, SeenSubmit, int], None] | None = None
        self.greeting = b""
        """Bytes sent right behind CMPP_CONNECT_RESP, in the same write."""
        self.instead = b""
        """Bytes sent instead of CMPP_CONNECT_RESP."""
        self.port = 0
        self._ids = iter(range(_FIRST_ID, _FIRST_ID + 1_000_000))
        self._sequences = iter(range(1, 10_000_000))

    @property
    def connection(self) -> Connection:
        """The latest."""
        return self.connections[-1]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Ismg"]:
        """Listen on a free port of the loopback."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for connection in self.connections:
                connection.writer.close()
            await server.wait_closed()
            while not all(connection.closed for connection in self.connections):
                await asyncio.sleep(0.001)

    def deliver(self, *, dest: str = "10690001", source: str = "13900000001", **more: object) -> int:
        """Send a deliver; return its sequence. ``more``: content, fmt, report, udhi, msg_id."""
        sequence = next(self._sequences)
        values: dict[str, object] = {"msg_id": next(self._ids), **more}
        body = deliver_body(self.major, dest=dest, source=source, **values)  # type: ignore[arg-type]
        self.connection.send(DELIVER, sequence, body)
        return sequence

    def report(self, msg_id: int, stat: str = "DELIVRD") -> int:
        """Send a status report; return its sequence."""
        return self.deliver(content=report_content(self.major, msg_id, stat), fmt=0, report=1)

    def answer(self, submit: SeenSubmit, connection: Connection | None = None) -> int:
        """Answer a submit; return its Msg_Id."""
        there = connection or self.connection
        msg_id, result = next(self._ids), self.results.popleft() if self.results else 0
        if self.before_submit is not None:
            self.before_submit(there, submit, msg_id)
        there.send(SUBMIT | ANSWER, submit.sequence, struct.pack(">QB" if self.major == 2 else ">QI", msg_id, result))
        if self.after_submit is not None:
            self.after_submit(there, submit, msg_id)
        return msg_id

    def confirmed(self, sequence: int) -> int | None:
        """Return the result that a deliver was answered with, on whatever connection; None if it was not."""
        for connection in self.connections:
            for seen in connection.of(DELIVER | ANSWER):
                if seen.sequence == sequence:
                    return int.from_bytes(seen.body[8:], "big")
        return None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        self.connections.append(connection)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                size, command, sequence = struct.unpack(">III", await reader.readexactly(12))
                seen = Seen(command, sequence, await reader.readexactly(size - 12))
                connection.seen.append(seen)
                self._react(connection, seen)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        connection.closed = True

    def _react(self, connection: Connection, seen: Seen) -> None:
        if seen.command == CONNECT and self.greets:
            connection.writer.write(self.instead or self._connect_resp(seen) + self.greeting)
        elif seen.command == SUBMIT:
            submit = read_submit(seen, self.major)
            self.submits.append(submit)
            if not self.holds:
                self.answer(submit, connection)
        elif seen.command == ACTIVE_TEST and self.answers_tests:
            connection.send(ACTIVE_TEST | ANSWER, seen.sequence, b"\0")
        elif seen.command == TERMINATE:
            connection.send(TERMINATE | ANSWER, seen.sequence)

    def _connect_resp(self, seen: Seen) -> bytes:
        source, proof, _, timestamp = struct.unpack(">6s16sBI", seen.body)
        own = hashlib.md5(source + bytes(9) + SECRET.encode() + f"{timestamp:010d}".encode()).digest()  # noqa: S324
        status = self.status if self.status is not None else 0 if own == proof and source == SP_ID.encode() else 3
        shown = struct.pack(">B" if self.form == 2 else ">I", status)
        proved = struct.pack(">B" if (self.proves_in_form or self.form) == 2 else ">I", status)
        mine = hashlib.md5(proved + proof + SECRET.encode()).digest()  # noqa: S324
        body = shown + (mine if self.proves_itself else bytes(16)) + bytes([self.says_version])
        return packet(CONNECT | ANSWER, seen.sequence, body)


async def eventually(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something is so; other tasks, sockets and threads go on meanwhile."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while not condition():
        assert loop.time() < until, "it never came about"
        await asyncio.sleep(0.001)


async def grown(things: Sized, count: int) -> None:
    """Wait until a list has so many."""
    await eventually(lambda: len(things) == count)
