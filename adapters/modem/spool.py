"""The pager of medium SMS by a modem: files for ``smsd`` to send, and what it leaves in its folders.

Each part is one file, named after page and part: a page that comes again finds its files, wherever ``smsd`` has moved
them, and writes none twice. A file that was heard is moved to a folder of ours (sent ones, whose reports are still to
come) or removed; until then it is found again after a crash.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Protocol

import structlog
from pydantic import Field

from adapters.modem.folders import Folders, Found
from adapters.modem.spool_files import dialled, plain, read, reported
from schemas.errors import UnavailableError
from schemas.pages import (
    Capabilities,
    Dispatch,
    Health,
    Inbound,
    Medium,
    Part,
    PartResult,
    Refused,
    Reply,
    Report,
    ReportState,
    Retry,
    Submitted,
)

log = structlog.get_logger()

Hear = Callable[[Inbound], Awaitable[None]]
_FOLDERS: Final = ("sent", "failed", "report", "incoming")
"""In this order: a report comes after the sending that it is about."""


class Clock(Protocol):
    """What it needs to know of time."""

    def now(self) -> datetime:
        """Return aware UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


@dataclass(frozen=True, slots=True)
class ModemSettings:
    """Where ``smsd`` has its folders; all on one file system, all writable by this node and by ``smsd``.

    Attributes:
        name: Of this provider, unique in the node.
        spool: Above ``outgoing``, ``checked``, ``sent``, ``failed``, ``incoming``, ``report``.
        own: Folder of this node alone, for files that are being written or were heard.
        country: Put before a mobile number of 11 digits.
        look_seconds: Between two looks into the folders.
        stuck_seconds: A file that lies in ``outgoing`` for longer shows that ``smsd`` is not running.
    """

    name: str
    spool: Path
    own: Path
    country: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}$")] = "86"
    look_seconds: Annotated[float, Field(ge=0.1, le=60)] = 1.0
    stuck_seconds: Annotated[float, Field(ge=10, le=3600)] = 60.0


class ModemPager:
    """Satisfies ``services.paging_ports.Pager``."""

    def __init__(self, settings: ModemSettings, *, clock: Clock) -> None:
        """Prepare; touch nothing."""
        self._settings, self._clock = settings, clock
        self._folders = Folders(settings.spool, settings.own)
        self._health = Health(ready=False, since=clock.now(), problem="not yet looked")

    @property
    def name(self) -> str:
        """As configured."""
        return self._settings.name

    @property
    def medium(self) -> Medium:
        """SMS."""
        return Medium.SMS

    @property
    def capabilities(self) -> Capabilities:
        """A number of our own: answers and reports come back; parts are cut by us."""
        return Capabilities(reply=True, report=True, segments=True)

    def health(self) -> Health:
        """Return whether the folders are there and ``smsd`` takes what lies in them."""
        return self._health

    @asynccontextmanager
    async def running(self, hear: Hear) -> AsyncIterator[None]:
        """Look into the folders for as long as the block lasts."""
        async with _beside(self._look(hear), f"modem-{self.name}"):
            yield

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        """Write one file for each part; the reference is the file's name."""
        number = dialled(dispatch.address, self._settings.country)
        parts = dispatch.parts or (Part(1, 1, 0, dispatch.text),)
        if number is None:
            words = "no telephone number of 3 to 25 digits, blanks or dashes"
            return tuple(Refused(part.number, Retry.PERMANENT, "number", words) for part in parts)
        try:
            names = await asyncio.to_thread(self._folders.write, dispatch.page_id, number, parts)
        except OSError as exc:
            problem = exc.strerror or type(exc).__name__
            self._failed(problem)
            return tuple(Refused(part.number, Retry.TEMPORARY, "spool", problem) for part in parts)
        log.info("modem.spooled", provider=self.name, page_id=dispatch.page_id, address=dispatch.masked)
        return tuple(Submitted(part.number, name) for part, name in zip(parts, names, strict=True))

    async def look_once(self, hear: Hear) -> int:
        """Hand on what ``smsd`` left; return how much there was.

        Raises:
            OSError: A folder is not there, or not ours to read.
            UnavailableError: Something could not be kept; its file stays, and it comes again.
        """
        count, folders = 0, self._folders
        for folder in _FOLDERS:
            for found in await asyncio.to_thread(folders.finished, folder):
                count += await self._hear(folder, found, hear)
        now = self._clock.now().timestamp()
        await asyncio.to_thread(folders.forget_old, now)
        self._judge(await asyncio.to_thread(folders.oldest_waiting, now))
        return count

    async def _look(self, hear: Hear) -> None:
        while True:
            try:
                await self.look_once(hear)
            except (UnavailableError, OSError) as exc:
                self._failed(getattr(exc, "strerror", None) or str(exc))
            await self._clock.sleep(self._settings.look_seconds)

    async def _hear(self, folder: str, found: Found, hear: Hear) -> bool:
        """Hear one file; what is neither ours nor understood is left where it lies, for a person to look at."""
        if folder in {"sent", "failed"}:
            return await self._hear_part(folder, found, hear)
        file = read(found.content)
        if file is None or not file.header("from"):
            return False
        report = reported(file.text)
        if report is None:
            await hear(Reply(self.name, found.path.name, file.header("from"), "", file.text, self._clock.now()))
        else:
            message_id, state, code = report
            reference = await asyncio.to_thread(self._folders.sent_as, file.header("from"), message_id)
            await hear(self._report(reference or f"unknown-{message_id}", state, code))
        await asyncio.to_thread(self._folders.remove, found)
        return True

    async def _hear_part(self, folder: str, found: Found, hear: Hear) -> bool:
        if found.reference is None:
            return False
        if folder == "sent":
            await hear(self._report(found.reference, ReportState.ACCEPTED, "sent"))
            await asyncio.to_thread(self._folders.keep, found)
            return True
        file = read(found.content)
        code = plain(f"failed {file.header('fail_reason') if file else ''}".strip())
        await hear(self._report(found.reference, ReportState.FAILED, code))
        await asyncio.to_thread(self._folders.remove, found)
        return True

    def _judge(self, waiting_seconds: float) -> None:
        if waiting_seconds > self._settings.stuck_seconds:
            self._failed("smsd takes no files: is it running, and is its modem there?")
            return
        self._health = self._health.noted("", self._clock.now(), heard=True)

    def _failed(self, problem: str) -> None:
        if self._health.ready:
            log.warning("modem.link_lost", provider=self.name, problem=problem)
        self._health = self._health.noted(problem, self._clock.now(), heard=False)

    def _report(self, reference: str, state: ReportState, code: str) -> Report:
        return Report(self.name, reference, state, code, None, self._clock.now())


@asynccontextmanager
async def _beside(work: Coroutine[object, object, None], name: str) -> AsyncIterator[None]:
    """Run endless work beside the block: its crash ends the block and comes out as it is; it ends with the block."""
    try:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(work, name=name)
            try:
                yield
            finally:
                task.cancel()
    except BaseExceptionGroup as group:
        if len(group.exceptions) > 1:
            raise
        raise group.exceptions[0] from None
