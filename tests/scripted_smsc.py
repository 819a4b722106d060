"""An SMSC that does what a test says, faults included: the test reads and answers each PDU itself.

::

    async with scripted_smsc() as smsc, pager_on(smsc) as played:
        line = await smsc.bound()                       # the next connection, bound
        asked = await line.read(Command.SUBMIT_SM)
        line.answer(asked, body=spell_text("a1"))
        line.deliver(Message(...))
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from adapters.memory.clock import ManualClock
from adapters.sms.smpp import SmppPager
from adapters.sms.smpp_pdu import (
    RESPONSE,
    Address,
    Command,
    Frames,
    Message,
    Pdu,
    spell,
    spell_message,
    spell_text,
)
from adapters.sms.smpp_settings import SmppSettings
from schemas.errors import Fault, UnavailableError
from schemas.pages import Dispatch, Inbound, Medium, Part, Refused, Retry

NUMBER: Final = "10690001"
OFFICER: Final = "13900000001"
PASSWORD: Final = "kept-out"  # noqa: S105 - of a peer that lives for one test
TIMED_OUT: Final = Refused(1, Retry.TEMPORARY, "timeout", "the carrier did not answer; it may have taken it")
UNBOUND: Final = Refused(1, Retry.TEMPORARY, "unbound", "there is no link to the carrier now")
_PATIENCE_SECONDS: Final = 30.0


class Line:
    """One connection, seen from the SMSC."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._frames = Frames()
        self._sequence = 1000

    async def any(self) -> Pdu:
        """Return what comes next.

        Raises:
            EOFError: The client closed the connection.
        """
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while (found := self._frames.take()) is None:
                octets = await self._reader.read(65536)
                if not octets:
                    raise EOFError
                self._frames.feed(octets)
        assert isinstance(found, Pdu)
        return found

    async def read(self, command: Command) -> Pdu:
        """Return what comes next, which must be this."""
        found = await self.any()
        assert found.command == command, found
        return found

    async def closed(self) -> None:
        """Wait until the client closes the connection."""
        try:
            while True:
                await self.any()
        except (EOFError, ConnectionError):
            return

    async def part(self) -> None:
        """Answer the client's unbind and close, whatever else comes before it."""
        with suppress(EOFError, ConnectionError):
            while (asked := await self.any()).command != Command.UNBIND:
                pass
            self.answer(asked)
        self.close()

    def write(self, octets: bytes) -> None:
        self._writer.write(octets)

    def answer(self, asked: Pdu, status: int = 0, body: bytes = b"") -> None:
        self.write(spell(Pdu(asked.command | RESPONSE, status, asked.sequence, body)))

    async def taken(self, reference: str = "a1") -> None:
        """Take the next submit under an id."""
        self.answer(await self.read(Command.SUBMIT_SM), body=spell_text(reference))

    def send(self, command: int, body: bytes = b"") -> int:
        """Send a request; return its sequence number."""
        self._sequence += 1
        self.write(spell(Pdu(command, 0, self._sequence, body)))
        return self._sequence

    def deliver(self, message: Message) -> int:
        return self.send(Command.DELIVER_SM, spell_message(message))

    async def status_of(self, sequence: int) -> int:
        """Return with which status the client answers a ``deliver_sm``."""
        answer = await self.read(Command.DELIVER_SM_RESP)
        assert answer.sequence == sequence
        return answer.status

    def close(self) -> None:
        self._writer.close()

    def reset(self) -> None:
        """Break the connection, as a firewall or a machine that starts anew does."""
        linger = struct.pack("ii", 1, 0)
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()


class ScriptedSmsc:
    """Takes connections and hands them to the test."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self._lines: asyncio.Queue[Line] = asyncio.Queue()
        self._open: list[Line] = []

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        line = Line(reader, writer)
        self._open.append(line)
        self._lines.put_nowait(line)

    async def line(self) -> Line:
        """Return the next connection, on which nothing was said yet."""
        return await asyncio.wait_for(self._lines.get(), _PATIENCE_SECONDS)

    async def bound(self) -> Line:
        """Return the next connection, its bind accepted."""
        line = await self.line()
        line.answer(await line.read(Command.BIND_TRANSCEIVER), body=spell_text("scripted"))
        return line

    async def part(self) -> None:
        """Answer the client's unbind, whatever else comes."""
        async with asyncio.TaskGroup() as tasks:
            for line in self._open:
                tasks.create_task(line.part())

    def close(self) -> None:
        for line in self._open:
            line.close()


@asynccontextmanager
async def scripted_smsc(tls: ssl.SSLContext | None = None) -> AsyncIterator[ScriptedSmsc]:
    """Listen for as long as the block lasts."""
    smsc = ScriptedSmsc()
    server = await asyncio.start_server(smsc.take, "127.0.0.1", 0, ssl=tls)
    smsc.port = server.sockets[0].getsockname()[1]
    try:
        yield smsc
    finally:
        server.close()
        smsc.close()


@dataclass
class Heard:
    """Keeps what came back; while ``down`` it keeps nothing, as a store without disk."""

    kept: list[Inbound] = field(default_factory=list)
    down: bool = False
    gate: asyncio.Event | None = None
    """If given, keeping waits for it."""

    async def __call__(self, inbound: Inbound) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.down:
            raise UnavailableError("the store is down")
        self.kept.append(inbound)


@dataclass
class Played:
    """A running pager with all that a test moves."""

    pager: SmppPager
    clock: ManualClock
    heard: Heard


def settings(port: int) -> SmppSettings:
    return SmppSettings("127.0.0.1", port, "sihu", PASSWORD, NUMBER)


def pager_of(
    access: int,
    clock: ManualClock,
    first_sequence: int = 1,
    *,
    tls: ssl.SSLContext | None = None,
    **changes: Any,  # noqa: ANN401
) -> SmppPager:
    """Return a pager for the SMSC at a port of 127.0.0.1, with settings changed."""
    return SmppPager(
        "test-smpp",
        replace(settings(access), **changes),
        clock=clock,
        jitter=lambda: 1.0,
        first_sequence=first_sequence,
        tls=tls,
    )


@asynccontextmanager
async def played_on(
    smsc: ScriptedSmsc,
    first_sequence: int = 1,
    *,
    parts: bool = True,
    **changes: Any,  # noqa: ANN401
) -> AsyncIterator[Played]:
    """Run a pager against the SMSC, with settings changed; pauses are as long as they can be.

    Args:
        smsc: The far side.
        first_sequence: Of each connection.
        parts: Whether the SMSC answers the unbind in the end by itself.
        changes: Of the settings.
    """
    clock, heard = ManualClock(), Heard()
    pager = pager_of(smsc.port, clock, first_sequence, **changes)
    async with asyncio.TaskGroup() as tasks, pager.running(heard):
        yield Played(pager, clock, heard)
        if parts:
            tasks.create_task(smsc.part())


async def until(holds: Callable[[], object]) -> None:
    """Wait for what another task or the other end of a connection does; no clock is meant."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not holds():
            await asyncio.sleep(0.001)


def sms(*texts: str, extension: str = "37", address: str = OFFICER) -> Dispatch:
    """Return a page of these parts."""
    parts = tuple(Part(number, len(texts), 0xA5, text) for number, text in enumerate(texts, 1))
    return Dispatch("0" * 32, Medium.SMS, address, "".join(texts), parts, extension)


def from_officer(octets: bytes, coding: int = 8, to: str = NUMBER + "37", **fields: Any) -> Message:  # noqa: ANN401
    """Return a ``deliver_sm`` of a text from a telephone."""
    message = Message(Address(1, 1, OFFICER), Address(0, 1, to), octets, data_coding=coding)
    return replace(message, **fields)


def receipt_of(reference: str, stat: str = "DELIVRD", err: str = "000") -> Message:
    """Return a ``deliver_sm`` with a receipt as text."""
    text = f"id:{reference} sub:001 dlvrd:001 submit date:2603040714 done date:2603040715 stat:{stat} err:{err} text:"
    return from_officer(text.encode(), 0, esm_class=0x04)


def read_message(pdu: Pdu, parse: Callable[[bytes], Message | Fault]) -> Message:
    """Return the message of a PDU that must hold one."""
    found = parse(pdu.body)
    assert isinstance(found, Message), found
    return found
