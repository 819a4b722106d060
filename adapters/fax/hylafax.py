"""The pager of medium fax: a PDF goes into HylaFAX's queue, and its state is looked up again and again.

The job carries the page's id as its tag. A page that comes again after a crash finds its job and makes no second one,
and a restarted node finds all of its jobs in one listing. What HylaFAX calls *done* was confirmed by the far machine,
page by page (T.30), not by a person.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, Protocol

import structlog
from pydantic import Field

from adapters.fax.hfaxd import Hfaxd, HfaxdError, Job, JobState, open_session, parameter
from schemas.errors import UnavailableError
from schemas.pages import (
    PAGE_ID_PATTERN,
    Capabilities,
    Dispatch,
    Health,
    Inbound,
    Medium,
    PartResult,
    Refused,
    Report,
    ReportState,
    Retry,
    Submitted,
)

log = structlog.get_logger()

_HOST: Final = r"^(?:[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,10}|[0-9A-Fa-f:.]{2,45})$"
PDF_MAX_BYTES: Final = 8 * 1024 * 1024
_NUMBER: Final = re.compile(r"\+?[0-9](?:[0-9 -]{1,22})[0-9]")
_PAGE_ID: Final = re.compile(PAGE_ID_PATTERN)
_TELLING: Final = {
    JobState.DONE: ReportState.DELIVERED,
    JobState.FAILED: ReportState.FAILED,
    JobState.ACTIVE: ReportState.ACCEPTED,
}
_HEARD_MAX: Final = 10_000
_CODE_MAX: Final = 80
_DIGITS: Final = re.compile(r"[0-9]{3,}")


class Clock(Protocol):
    """What it needs to know of time."""

    def now(self) -> datetime:
        """Return aware UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


@dataclass(frozen=True, slots=True)
class HylafaxSettings:
    """How HylaFAX is reached.

    Attributes:
        name: Of this provider, unique in the node.
        host: Where hfaxd listens; the protocol is in clear, so the same machine or the same room.
        user: As in hfaxd's ``hosts.hfaxd``.
        password: Empty if none is asked for.
        dial_prefix: In front of every number, e.g. ``0,`` for an outside line.
        give_up_minutes: After that long HylaFAX stops trying, 1 to 1440.
        dials: How often it dials in vain, 1 to 20.
        poll_seconds: Between two looks at the queue.
        timeout_seconds: For one session.
    """

    name: str
    host: Annotated[str, Field(pattern=_HOST)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 4559
    user: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,32}$")] = "sihu"
    password: str = field(default="", repr=False)
    dial_prefix: Annotated[str, Field(pattern=r"^[0-9*#,]{0,8}$")] = ""
    give_up_minutes: Annotated[int, Field(ge=1, le=1440)] = 30
    dials: Annotated[int, Field(ge=1, le=20)] = 6
    poll_seconds: Annotated[float, Field(ge=1, le=600)] = 15.0
    timeout_seconds: Annotated[float, Field(ge=1, le=120)] = 20.0


class HylafaxPager:
    """Satisfies ``services.paging_ports.Pager``."""

    def __init__(self, settings: HylafaxSettings, *, clock: Clock) -> None:
        """Prepare; open nothing."""
        self._settings, self._clock = settings, clock
        self._health = Health(ready=False, since=clock.now(), problem="not yet connected")
        self._heard: dict[tuple[str, str, str], None] = {}

    @property
    def name(self) -> str:
        """As configured."""
        return self._settings.name

    @property
    def medium(self) -> Medium:
        """Fax."""
        return Medium.FAX

    @property
    def capabilities(self) -> Capabilities:
        """It reports; nothing comes back by the same way."""
        return Capabilities(report=True)

    def health(self) -> Health:
        """Return whether hfaxd answered when it was last asked."""
        return self._health

    @asynccontextmanager
    async def running(self, hear: Callable[[Inbound], Awaitable[None]]) -> AsyncIterator[None]:
        """Look at the queue every few seconds for as long as the block lasts."""
        async with _beside(self._look(hear), f"fax-{self.name}"):
            yield

    async def submit(self, dispatch: Dispatch) -> tuple[PartResult, ...]:
        """Queue the attached PDF; the reference is the page's id, which the job carries as its tag."""
        wrong = _unfit(dispatch)
        if wrong is not None:
            return (wrong,)
        try:
            number = await self._queue(dispatch)
        except HfaxdError as exc:
            self._failed(exc.text)
            never = exc.reply_code >= 500  # noqa: PLR2004 - FTP's class of permanent refusals
            retry = Retry.PERMANENT if never else Retry.TEMPORARY
            return (Refused(1, retry, str(exc.reply_code or "broken_off"), _plain(exc.text)),)
        except TimeoutError:
            self._failed("no answer in time")
            return (Refused(1, Retry.TEMPORARY, "timeout"),)
        except OSError as exc:
            self._failed(exc.strerror or type(exc).__name__)
            return (Refused(1, Retry.TEMPORARY, "unreachable"),)
        self._answered()
        log.info("fax.queued", provider=self.name, page_id=dispatch.page_id, job=number, address=dispatch.masked)
        return (Submitted(1, dispatch.page_id),)

    async def look_once(self, hear: Callable[[Inbound], Awaitable[None]]) -> int:
        """Report every change since the last look; return how many there were.

        Raises:
            HfaxdError: The server refused.
            OSError: It is not there.
            UnavailableError: The report could not be kept; it comes again.
        """
        async with self._session() as session:
            jobs = await session.jobs()
        self._answered()
        return sum([await self._tell(job, hear) for job in jobs])

    async def _queue(self, dispatch: Dispatch) -> str:
        settings, document = self._settings, dispatch.attachment
        number = settings.dial_prefix + re.sub(r"[ -]", "", dispatch.address)
        hours, minutes = divmod(settings.give_up_minutes, 60)
        async with self._session() as session:
            for job in await session.jobs():
                if job.tag == dispatch.page_id and job.state is not JobState.FAILED:
                    return job.number
            name = await session.store(document.content if document else b"")
            parameters = {
                "FROMUSER": parameter(settings.user),
                "LASTTIME": f"{hours // 24:02d}{hours % 24:02d}{minutes:02d}",
                "MAXDIALS": str(settings.dials),
                "MAXTRIES": "3",
                "SCHEDPRI": "63",
                "DIALSTRING": number,
                "EXTERNAL": number,
                "NOTIFYADDR": parameter(settings.user),
                "NOTIFY": "none",
                "JOBINFO": dispatch.page_id,
                "VRES": "196",
                "PAGEWIDTH": "209",
                "PAGELENGTH": "296",
                "PAGECHOP": "none",
                "DOCUMENT": name,
            }
            return await session.submit(parameters)

    async def _look(self, hear: Callable[[Inbound], Awaitable[None]]) -> None:
        while True:
            try:
                await self.look_once(hear)
            except (UnavailableError, OSError) as exc:
                self._failed(_plain(str(exc)) or type(exc).__name__)
            await self._clock.sleep(self._settings.poll_seconds)

    async def _tell(self, job: Job, hear: Callable[[Inbound], Awaitable[None]]) -> bool:
        """Hand on what a job's state says, once; jobs of other programs are not ours to tell."""
        state, key = _TELLING.get(job.state), (job.number, job.tag, job.state.value)
        if state is None or _PAGE_ID.fullmatch(job.tag) is None or key in self._heard:
            return False
        code = f"{job.state.name} {_plain(job.status)}".strip()[:_CODE_MAX]
        await hear(Report(self.name, job.tag, state, code, None, self._clock.now()))
        self._heard[key] = None
        while len(self._heard) > _HEARD_MAX:
            del self._heard[next(iter(self._heard))]
        return True

    def _session(self) -> AbstractAsyncContextManager[Hfaxd]:
        settings = self._settings
        return open_session(
            settings.host,
            settings.port,
            parameter(settings.user),
            settings.password,
            timeout_seconds=settings.timeout_seconds,
        )

    def _answered(self) -> None:
        self._health = self._health.noted("", self._clock.now(), heard=True)

    def _failed(self, problem: str) -> None:
        if self._health.ready:
            log.warning("fax.link_lost", provider=self.name, problem=_plain(problem))
        self._health = self._health.noted(_plain(problem) or "no answer", self._clock.now(), heard=False)


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


def _unfit(dispatch: Dispatch) -> Refused | None:
    document = dispatch.attachment
    if _NUMBER.fullmatch(dispatch.address) is None:
        return Refused(1, Retry.PERMANENT, "number", "no telephone number of 3 to 25 digits, blanks or dashes")
    if document is None or document.media_type != "application/pdf" or not document.content.startswith(b"%PDF-"):
        return Refused(1, Retry.PERMANENT, "document", "a fax needs a PDF as its attachment")
    if len(document.content) > PDF_MAX_BYTES:
        return Refused(1, Retry.PERMANENT, "document", f"the PDF is larger than {PDF_MAX_BYTES} bytes")
    return None


def _plain(text: str) -> str:
    """Return the server's words as a log may show them: one line, no number that could be somebody's."""
    return _DIGITS.sub("…", " ".join(text.split()))[:_CODE_MAX]
