"""How long a carrier takes to answer, seen at the connection of the process that asks: from the write to the read."""

import asyncio
import time
from typing import Any, Final

from adapters.sms.smpp_pdu import Command, Frames, Pdu

_COMMAND: Final = slice(4, 8)
_SEQUENCE: Final = slice(12, 16)


class Tap:
    """Notes when each ``submit_sm`` was written and its answer read, on connections to one port."""

    def __init__(self, port: int) -> None:
        """Watch connections to ``port`` once it is ``installed``."""
        self._port = port
        self._sent: dict[int, int] = {}
        self.answered_ms: list[float] = []

    def install(self) -> None:
        """From now on every connection of this process to the port is watched."""
        connect = asyncio.open_connection

        async def watched(host: str | None = None, port: int | None = None, **options: Any) -> Any:  # noqa: ANN401
            reader, writer = await connect(host, port, **options)
            return (_Reader(reader, self), _Writer(writer, self)) if port == self._port else (reader, writer)

        asyncio.open_connection = watched  # type: ignore[assignment]

    def wrote(self, octets: bytes) -> None:
        """Note one PDU that goes out."""
        if int.from_bytes(octets[_COMMAND], "big") == Command.SUBMIT_SM:
            self._sent[int.from_bytes(octets[_SEQUENCE], "big")] = time.monotonic_ns()

    def read(self, pdu: Pdu) -> None:
        """Note one PDU that came."""
        if pdu.command == Command.SUBMIT_SM_RESP and pdu.sequence in self._sent:
            self.answered_ms.append((time.monotonic_ns() - self._sent.pop(pdu.sequence)) / 1e6)


class _Reader:
    """An ``asyncio.StreamReader`` that is read by whole chunks only."""

    def __init__(self, reader: asyncio.StreamReader, tap: Tap) -> None:
        self._reader, self._tap, self._frames = reader, tap, Frames()

    async def read(self, most: int) -> bytes:
        octets = await self._reader.read(most)
        self._frames.feed(octets)
        while isinstance(pdu := self._frames.take(), Pdu):
            self._tap.read(pdu)
        return octets


class _Writer:
    """An ``asyncio.StreamWriter`` that is given one PDU at a time."""

    def __init__(self, writer: asyncio.StreamWriter, tap: Tap) -> None:
        self._writer, self._tap = writer, tap

    def write(self, octets: bytes) -> None:
        self._tap.wrote(octets)
        self._writer.write(octets)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._writer, name)
