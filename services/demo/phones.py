"""Telephones without a carrier: what Debian's ``smsd``, a modem and the officers do beyond the spool folders.

The node writes and reads the folders as it would with a modem; here stands what a test machine has not.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from services.demo.crew import SPOOL_FOLDERS

Rang = Callable[[str, str], None]
"""Called with a telephone's number and the SMS that came to it."""

_LOOK_SECONDS: Final = 0.05
_DIGITS: Final = 11
_NUMBERS: Final = 256
"""A modem counts its messages in one octet."""
_DELIVERED: Final = "SMS STATUS REPORT\nMessage_id: {number}\nStatus: 0,Ok,short message received by the SME\n"


class Phones:
    """Every telephone of the county: takes what the node sends, and answers."""

    def __init__(self, spool: Path, rang: Rang) -> None:
        """Take the folder above the six."""
        self._spool, self._rang = spool, rang
        self._texts: list[tuple[str, str]] = []
        self._unreported: dict[str, tuple[str, int]] = {}
        self._sent = 0

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Carry SMS both ways as long as the block runs."""
        for name in (*SPOOL_FOLDERS, "staging"):
            (self._spool / name).mkdir(parents=True, exist_ok=True)
        carrying = asyncio.create_task(self._carry(), name="phones")
        try:
            yield
        finally:
            carrying.cancel()
            (ended,) = await asyncio.gather(carrying, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended

    async def answer(self, phone: str, code: str, words: str) -> None:
        """Reply to the SMS that asks for a code, as soon as it has come: ``NN 收到``."""
        while not any(number == phone and f"回复{code}" in text for number, text in self._texts):  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)
        head = f"From: 86{phone}\nModem: GSM1\nAlphabet: UCS2\nUDH: false\n\n"
        self._put(f"incoming/GSM1.{secrets.token_hex(4)}", head.encode() + f"{code} {words}".encode("utf-16-be"))

    async def _carry(self) -> None:
        while True:
            for path in sorted((self._spool / "outgoing").iterdir()):
                self._take(path)
            self._report()
            await asyncio.sleep(_LOOK_SECONDS)

    def _take(self, path: Path) -> None:
        """Send one file, as ``smsd`` does: it goes to ``sent`` with the number that the modem gave it."""
        head, _, body = path.read_bytes().partition(b"\n\n")
        called = next(line.partition(": ")[2] for line in head.decode().splitlines() if line.startswith("To: "))
        self._sent = (self._sent + 1) % _NUMBERS
        self._put(f"sent/{path.name}", b"%b\nMessage_id: %d\n\n%b" % (head, self._sent, body))
        path.unlink()
        self._unreported[path.name] = (called, self._sent)
        number, text = called[-_DIGITS:], body.decode("utf-16-be")
        self._texts.append((number, text))
        self._rang(number, text)

    def _report(self) -> None:
        """Report what was delivered, once the node has seen it as sent: no network is faster than that."""
        for name, (called, number) in list(self._unreported.items()):
            if not (self._spool / "sent" / name).exists():
                head = f"From: {called}\nModem: GSM1\nAlphabet: ISO\n\n"
                self._put(f"report/{name}", (head + _DELIVERED.format(number=number)).encode())
                del self._unreported[name]

    def _put(self, place: str, content: bytes) -> None:
        """Write a file so that it is whole as soon as it is there."""
        staged = self._spool / "staging" / Path(place).name
        staged.write_bytes(content)
        staged.replace(self._spool / place)
