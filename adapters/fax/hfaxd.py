"""A session with HylaFAX's server, ``hfaxd``: its client-server protocol, which is FTP with verbs for jobs.

An own client instead of the command ``sendfax``: no process per fax, no file with the document on disk, the job's tag
and state are read back, and hfaxd itself needs no HylaFAX software on this machine.

Source: hfaxd(8), sendq(5), RFC 959 and RFC 2428 (EPSV); checked against hfaxd 6.0.7.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from schemas.errors import UnavailableError

LINE_MAX_BYTES: Final = 8 * 1024
REPLY_MAX_LINES: Final = 200
LIST_MAX_BYTES: Final = 1024 * 1024
LIST_FORMAT: Final = "%j|%a|%J|%p|%s"
_REPLY: Final = re.compile(r"([1-5][0-9]{2})([ -]|$)(.*)", re.DOTALL)
_PORT: Final = re.compile(r"\(\|\|\|([0-9]{1,5})\|\)")
_PORT_MAX: Final = 65_535
_FILE: Final = re.compile(r"FILE: (/tmp/[A-Za-z0-9._/-]{1,100})")
_JOB: Final = re.compile(r"jobid: ([0-9]{1,9})\b")
_SAFE: Final = re.compile(r"[A-Za-z0-9._@+-]{1,64}")
_GROUPS: Final = {"1": "begun", "2": "done", "3": "more", "4": "later", "5": "never"}


class HfaxdError(UnavailableError):
    """The server refused, or broke off; ``reply_code`` is its own, e.g. 530, or 0 if it answered nothing of use."""

    code: ClassVar[str] = "fax.refused"

    def __init__(self, reply_code: int, text: str) -> None:
        """Carry what the server said."""
        super().__init__(f"{reply_code} {text}" if reply_code else text)
        self.reply_code = reply_code
        self.text = text


class JobState(StrEnum):
    """What faxq makes of a job, by the letter that a listing shows."""

    SUSPENDED = "T"
    PENDING = "P"
    SLEEPING = "S"
    BLOCKED = "B"
    READY = "W"
    ACTIVE = "R"
    DONE = "D"
    FAILED = "F"
    UNDEFINED = "?"


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the queue.

    Attributes:
        number: HylaFAX's own, used again after 32,000 jobs.
        tag: What the client called it.
        pages: Sent so far.
        status: Why the last attempt failed, in HylaFAX's words; empty if it did not.
    """

    number: str
    state: JobState
    tag: str
    pages: int
    status: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply's code and the text of its last line."""

    code: int
    text: str

    @property
    def kind(self) -> str:
        """What the first digit means."""
        return _GROUPS[str(self.code)[0]]


def jobs_of(listing: str) -> Iterator[Job]:
    """Read a listing made with ``LIST_FORMAT``; lines of another form are passed over."""
    for line in listing.splitlines():
        number, *rest = line.strip().split("|", 4)
        if len(rest) != 4 or not number.isascii() or not number.isdigit():  # noqa: PLR2004 - the format's fields
            continue
        letter, tag, pages, status = rest
        state = JobState(letter) if letter in set(JobState) else JobState.UNDEFINED
        sent = int(pages) if pages.isascii() and pages.isdigit() and len(pages) < len(str(LIST_MAX_BYTES)) else 0
        yield Job(number, state, tag, sent, status.strip())


class Hfaxd:
    """One session; use ``open_session``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        """Take an open control connection."""
        self._reader, self._writer, self._host = reader, writer, host

    async def log_in(self, user: str, password: str) -> None:
        """Say who we are.

        Raises:
            HfaxdError: We may not come in.
        """
        await self._expect(await self._reply(), "done")
        answer = await self._ask(f"USER {user}")
        if answer.kind == "more":
            answer = await self._ask(f"PASS {password}")
        await self._expect(answer, "done")
        await self._do("TYPE I", "TZONE GMT", f'JOBFMT "{LIST_FORMAT}"')

    async def store(self, document: bytes) -> str:
        """Hand a PDF over; return the name it has at the server.

        Raises:
            HfaxdError: It did not take it.
        """
        await self._do("MODE S", "STRU F", "FORM PDF")
        _, data = await self._data()
        try:
            begun = await self._expect(await self._ask("STOT"), "begun")
            data.write(document)
            await data.drain()
        finally:
            await _close(data)
        await self._expect(await self._reply(), "done")
        found = _FILE.search(begun.text)
        if found is None:
            raise HfaxdError(begun.code, "the server named no file")
        return found[1]

    async def submit(self, parameters: dict[str, str]) -> str:
        """Make a job and hand it to the scheduler; return its number.

        Args:
            parameters: In their order, as JPARM takes them.

        Raises:
            HfaxdError: A parameter, or the whole job, was refused.
        """
        made = await self._expect(await self._ask("JNEW"), "done")
        number = _JOB.search(made.text)
        if number is None:
            raise HfaxdError(made.code, "the server named no job")
        await self._do(*(f"JPARM {name} {value}" for name, value in parameters.items()), "JSUBM")
        return number[1]

    async def jobs(self) -> list[Job]:
        """Return what waits and what is done.

        Raises:
            HfaxdError: The server does not show its queues.
        """
        return [job for folder in ("sendq", "doneq") for job in jobs_of(await self._list(folder))]

    async def quit(self) -> None:
        """Say goodbye; whatever comes of it."""
        with contextlib.suppress(HfaxdError, OSError):
            await self._ask("QUIT")

    async def _list(self, folder: str) -> str:
        reader, writer = await self._data()
        try:
            await self._expect(await self._ask(f"LIST {folder}"), "begun")
            read = bytearray()
            while chunk := await reader.read(LINE_MAX_BYTES):
                read += chunk
                if len(read) > LIST_MAX_BYTES:
                    raise HfaxdError(0, f"the listing of {folder} is longer than {LIST_MAX_BYTES} bytes")
        finally:
            await _close(writer)
        await self._expect(await self._reply(), "done")
        return read.decode("utf-8", "replace")

    async def _data(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a data connection to the host we talk to already, never to one that the server names."""
        answer = await self._expect(await self._ask("EPSV"), "done")
        port = _PORT.search(answer.text)
        if port is None or int(port[1]) > _PORT_MAX:
            raise HfaxdError(answer.code, "the server named no port")
        return await asyncio.open_connection(self._host, int(port[1]))

    async def _do(self, *commands: str) -> None:
        for command in commands:
            await self._expect(await self._ask(command), "done")

    async def _ask(self, command: str) -> Reply:
        if any(ord(character) < ord(" ") for character in command):
            raise HfaxdError(0, "a command may hold no control character")
        self._writer.write(command.encode() + b"\r\n")
        await self._writer.drain()
        return await self._reply()

    async def _reply(self) -> Reply:
        for _ in range(REPLY_MAX_LINES):
            try:
                line = await self._reader.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                raise HfaxdError(0, "the server broke off") from None
            except asyncio.LimitOverrunError:
                break
            found = _REPLY.fullmatch(line.decode("utf-8", "replace").rstrip("\r\n"))
            if found and found[2] != "-":
                return Reply(int(found[1]), found[3].strip())
        raise HfaxdError(0, "the server's reply has no end")

    async def _expect(self, reply: Reply, kind: str) -> Reply:
        if reply.kind != kind:
            raise HfaxdError(reply.code, reply.text)
        return reply


def parameter(text: str) -> str:
    """Return a text as a job's parameter; one that is no plain word becomes ``-``."""
    return text if _SAFE.fullmatch(text) else "-"


@asynccontextmanager
async def open_session(
    host: str, port: int, user: str, password: str, *, timeout_seconds: float
) -> AsyncIterator[Hfaxd]:
    """Connect and log in; the whole block has ``timeout_seconds``.

    Raises:
        HfaxdError: The server refused.
        OSError: It is not there; ``TimeoutError`` among them.
    """
    async with asyncio.timeout(timeout_seconds):
        reader, writer = await asyncio.open_connection(host, port, limit=LINE_MAX_BYTES)
        session = Hfaxd(reader, writer, host)
        try:
            await session.log_in(user, password)
            yield session
            await session.quit()
        finally:
            await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
