"""Child: W9's floor: a bare loop over one SMPP connection, by the product's codec; nothing is written down."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any, Final

from adapters.sms.smpp_pdu import Address, Bind, Command, Frames, Message, Pdu, spell, spell_bind, spell_message
from adapters.sms.smpp_text import UCS2
from tests.bench.gateway import HOST
from tests.bench.processes import serve
from tests.bench.texts import SERVICE_NUMBER, WINDOW, phone_of, text_of

_READ_BYTES: Final = 64 * 1024


class BareClient:
    """One connection, one window."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        self._frames = Frames()
        self._sequence = 0
        self._sent: dict[int, int] = {}
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def open(self, port: int, system_id: str, password: str) -> dict[str, Any]:
        """Connect and bind."""
        self._reader, self._writer = await asyncio.open_connection(HOST, port)
        self._write(Command.BIND_TRANSCEIVER, spell_bind(Bind(system_id, password)))
        while not any(pdu.command == Command.BIND_TRANSCEIVER_RESP for pdu in await self._read()):
            pass
        return {}

    async def send(self, first: int, count: int, skip: int = -1) -> dict[str, Any]:
        """Send texts ``first``… with a full window; ``skip`` is only said to be sent."""
        numbers = (number for number in range(first, first + count) if number != skip)
        answered_ms: list[float] = []
        started = time.monotonic_ns()
        while self._fill(numbers):
            answers = [pdu for pdu in await self._read() if pdu.command == Command.SUBMIT_SM_RESP]
            now = time.monotonic_ns()
            answered_ms += [(now - self._sent.pop(pdu.sequence)) / 1e6 for pdu in answers]
        return {"started_ns": started, "ended_ns": time.monotonic_ns(), "answered_ms": answered_ms}

    def _fill(self, numbers: Iterator[int]) -> bool:
        """Send until the window is full; False once nothing is left and nothing is waited for."""
        while len(self._sent) < WINDOW and (number := next(numbers, None)) is not None:
            self._sent[self._write(Command.SUBMIT_SM, spell_message(_message(number)))] = time.monotonic_ns()
        return bool(self._sent)

    def _write(self, command: Command, body: bytes) -> int:
        self._sequence += 1
        self._writer.write(spell(Pdu(command, 0, self._sequence, body)))
        return self._sequence

    async def _read(self) -> list[Pdu]:
        octets = await self._reader.read(_READ_BYTES)
        if not octets:
            raise ConnectionResetError("the carrier has gone")
        self._frames.feed(octets)
        found = []
        while isinstance(pdu := self._frames.take(), Pdu):
            found.append(pdu)
        return found


def _message(number: int) -> Message:
    return Message(
        Address(0, 1, SERVICE_NUMBER),
        Address(0, 1, phone_of(number)),
        short_message=text_of(number).encode("utf-16-be"),
        data_coding=UCS2,
        registered_delivery=1,
    )


async def main() -> None:
    """Take orders."""
    client = BareClient()
    await serve({"open": client.open, "send": client.send})


if __name__ == "__main__":
    asyncio.run(main())
