"""The link to one SMSC, kept: connects, binds, and does so again after ever longer pauses when it ends.

A refused bind is a state that ``health`` tells, never an error: the node lives on, and a carrier that has locked us out
is not asked a thousand times.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import structlog

from adapters.sms.smpp_pdu import Message, Pdu
from adapters.sms.smpp_session import Clock, Counts, Handle, Handlings, LinkOverError, Session, Unanswered, cause
from adapters.sms.smpp_settings import SmppSettings
from adapters.sms.smpp_status import LONG_REFUSALS, status_name
from schemas.pages import Health

STEADY_SECONDS: Final = 60.0
"""A link that was bound for so long begins anew with the shortest pause."""
SHORT_PAUSE: Final = (1.0, 60.0)
"""First and longest pause in seconds, each twice the one before."""
LONG_PAUSE: Final = (60.0, 900.0)
"""After a refusal that a person has to mend."""
_DOUBLINGS_MAX: Final = 10
_LEAVE_SECONDS: Final = 5.0

log = structlog.get_logger()


class SmppLink:
    """Owns the connection. Opens nothing before ``running``."""

    def __init__(
        self,
        name: str,
        settings: SmppSettings,
        *,
        clock: Clock,
        jitter: Callable[[], float],
        handle: Handle,
        on_lost: Callable[[], None],
        tls: ssl.SSLContext | None = None,
        first_sequence: int = 1,
    ) -> None:
        """Prepare.

        Args:
            name: Of the provider, as logs show it.
            settings: Of the carrier's access.
            clock: Measures every pause.
            jitter: Returns a number from 0 to 1, so that nodes that were cut off together do not come back together.
            handle: Where a ``deliver_sm`` goes.
            on_lost: Called when a connection has ended: what was not confirmed comes again.
            tls: For a carrier that wants TLS.
            first_sequence: The number of the first PDU of each connection.
        """
        self._settings, self._clock, self._jitter = settings, clock, jitter
        self._handle, self._on_lost, self._tls, self._first = handle, on_lost, tls, first_sequence
        self._session: Session | None = None
        self._bound_at = 0.0
        self._health = Health(ready=False, since=clock.now(), problem="not started")
        self._name, self._leaving = name, False
        self.counts = Counts()

    @asynccontextmanager
    async def running(self, *beside: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
        """Keep the link until the block ends, then take leave.

        Args:
            beside: Endless work that is to live as long as the link does.
        """
        self._leaving = False
        try:
            async with asyncio.TaskGroup() as tasks:
                handlings = Handlings(tasks)
                kept = [tasks.create_task(self._keep(handlings), name="smpp-link")]
                kept += [tasks.create_task(work) for work in beside]
                try:
                    yield
                finally:
                    await self._leave(handlings)
                    for task in (*kept, *handlings.tasks):
                        task.cancel()
        except BaseExceptionGroup as group:
            if len(group.exceptions) > 1:
                raise
            raise group.exceptions[0] from None
        finally:
            self._say(ready=False, problem="stopped")

    async def submit(self, message: Message) -> Pdu | Unanswered:
        """Send one part; return its answer, or why there is none."""
        session = self._session
        return Unanswered.UNBOUND if session is None else await session.submit(message)

    def health(self) -> Health:
        """Return how the link is doing."""
        heard_at = self._session.last_heard_at if self._session is not None else None
        known = self._health
        return known if heard_at is None else Health(known.ready, known.since, known.problem, heard_at)

    async def _keep(self, handlings: Handlings) -> None:
        failures = 0
        while True:
            over = await self._serve(handlings)
            if self._leaving:
                return  # a task group drops a cancellation that meets it while it ends for an error of its own
            steady = self.health().ready and self._clock.monotonic() - self._bound_at >= STEADY_SECONDS
            failures = 1 if steady else failures + 1
            self._lost(over)
            first, longest = LONG_PAUSE if over.status in LONG_REFUSALS else SHORT_PAUSE
            pause = min(longest, first * 2 ** min(failures - 1, _DOUBLINGS_MAX))
            await self._clock.sleep(pause * (0.75 + self._jitter() / 4))

    async def _serve(self, handlings: Handlings) -> LinkOverError:
        """Connect, bind and serve until the connection ends; return why it did."""
        try:
            streams = await self._connect()
            self._session = Session(
                streams,
                self._settings,
                clock=self._clock,
                handle=self._handle,
                handlings=handlings,
                on_bound=self._bound,
                counts=self.counts,
                first_sequence=self._first,
            )
            await self._session.run()
        except LinkOverError as exc:
            return exc
        finally:
            self._on_lost()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        settings = self._settings
        try:
            async with asyncio.timeout(settings.connect_seconds):
                return await asyncio.open_connection(settings.host, settings.port, ssl=self._tls)
        except TimeoutError:
            raise LinkOverError(f"no connection within {settings.connect_seconds:g} s") from None
        except OSError as exc:
            raise LinkOverError(f"no connection: {cause(exc)}") from exc

    def _bound(self) -> None:
        self._bound_at = self._clock.monotonic()
        self.counts.binds += 1
        self._say(ready=True, problem="")
        log.info("smpp.bound", provider=self._name)

    def _lost(self, over: LinkOverError) -> None:
        if over.problem != self._health.problem:  # the same again and again is said once
            if over.status:
                log.error("smpp.bind_refused", provider=self._name, status=status_name(over.status))
            else:
                log.warning("smpp.lost", provider=self._name, problem=over.problem)
        self._say(ready=False, problem=over.problem)

    def _say(self, *, ready: bool, problem: str) -> None:
        known = self.health()
        since = known.since if known.ready is ready else self._clock.now()
        self._health = Health(ready, since, problem, known.last_heard_at)

    async def _leave(self, handlings: Handlings) -> None:
        """Let what is being kept be confirmed, then unbind."""
        self._leaving = True
        session = self._session
        if session is None or not session.bound:
            return
        session.close()
        self._on_lost()  # what waits for more parts is not confirmed: it comes again
        if handlings.tasks:
            await asyncio.wait(handlings.tasks, timeout=_LEAVE_SECONDS)
        with suppress(TimeoutError):  # by the machine's clock, should the given one stand still
            async with asyncio.timeout(_LEAVE_SECONDS):
                await session.unbind()
