"""The link to a CMPP gateway: one connection after the other, with pauses that a refusal makes long.

A gateway that refuses us will refuse us again: wrong secret, wrong version, an address that is not agreed. Asking it
every second gets an enterprise code locked.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

import structlog

from adapters.sms.cmpp_bodies import Submit, SubmitResp
from adapters.sms.cmpp_session import Clock, Lapse, LinkEndedError, Sequence, Session, Take
from adapters.sms.cmpp_settings import CmppSettings
from schemas.pages import Health

log = structlog.get_logger()

LOST_PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
"""Seconds before the next attempt after a lost connection; the last one stays."""
REFUSED_PAUSES: Final = (30.0, 60.0, 120.0, 300.0, 900.0)
"""Seconds before the next attempt after a refusal; the last one stays."""
STEADY_SECONDS: Final = 60.0
"""A connection that lasted so long was a good one: the pauses begin anew."""
_CLOSE_SECONDS: Final = 1.0


class CmppLink:
    """Keeps at most one connection. Opens nothing before ``running``."""

    def __init__(self, settings: CmppSettings, *, clock: Clock) -> None:
        """Prepare. Numbers go on from the seconds of the clock, so that a restart does not repeat recent ones."""
        self._settings, self._clock = settings, clock
        self._sequence = Sequence(int(clock.now().timestamp()))
        self._session: Session | None = None
        self._ready_since: float | None = None
        self._lost = self._refused = 0
        self._told = ""
        self._leaving = False
        self._health = Health(ready=False, since=clock.now(), problem="not started")

    @asynccontextmanager
    async def running(self, take: Take) -> AsyncIterator[None]:
        """Keep the link until the block ends, then say goodbye; a crash of ``take`` ends the block."""
        self._leaving = False
        try:
            async with asyncio.TaskGroup() as tasks:
                keeping = tasks.create_task(self._keep(take), name=f"cmpp-{self._settings.name}")
                try:
                    yield
                finally:
                    self._leaving = True
                    if self._session is not None:
                        await self._session.say_goodbye()
                    keeping.cancel()
        except BaseExceptionGroup as group:
            raise _single(group) from None
        finally:
            self._say(ready=False, problem="stopped")

    async def submit(self, body: Submit) -> SubmitResp | Lapse:
        """Send one part over the present connection."""
        return Lapse.LINK if self._session is None else await self._session.submit(body)

    def health(self) -> Health:
        """Return how the link is doing."""
        self._note_heard(self._session)
        return self._health

    async def _keep(self, take: Take) -> None:
        while True:
            why = await self._live(take)
            pause = self._pause_after(why)
            self._say(ready=False, problem=why.problem)
            self._tell(why, pause)
            await self._clock.sleep(pause)

    async def _live(self, take: Take) -> LinkEndedError:
        """Open a connection and serve it; return why there is none or why it ended."""
        settings = self._settings
        try:
            async with asyncio.timeout(settings.connect_seconds):
                reader, writer = await asyncio.open_connection(settings.host, settings.port)
        except (OSError, UnicodeError) as exc:  # UnicodeError: the name is no host's
            return LinkEndedError(f"no connection: {type(exc).__name__}")
        session = Session(reader, writer, settings, clock=self._clock, sequence=self._sequence, take=take)
        try:
            async with asyncio.timeout(settings.connect_seconds):
                await session.greet()
            return await self._serve(session)
        except TimeoutError:
            return LinkEndedError("no answer to CMPP_CONNECT")
        except LinkEndedError as why:
            return why
        finally:
            self._note_heard(session)
            await _close(writer)

    async def _serve(self, session: Session) -> LinkEndedError:
        self._session, self._ready_since, self._told = session, self._clock.monotonic(), ""
        self._say(ready=True)
        log.info("cmpp.connected", provider=self._settings.name)
        try:
            return await session.run()
        finally:
            self._session = None

    def _pause_after(self, why: LinkEndedError) -> float:
        since, self._ready_since = self._ready_since, None
        if since is not None and self._clock.monotonic() - since >= STEADY_SECONDS:
            self._lost = self._refused = 0
        if why.refused:
            self._refused += 1
            return REFUSED_PAUSES[min(self._refused, len(REFUSED_PAUSES)) - 1]
        self._lost += 1
        return LOST_PAUSES[min(self._lost, len(LOST_PAUSES)) - 1]

    def _say(self, *, ready: bool, problem: str = "") -> None:
        before = self._health
        since = before.since if before.ready is ready else self._clock.now()
        self._health = replace(before, ready=ready, since=since, problem=problem)

    def _note_heard(self, session: Session | None) -> None:
        if session is not None and session.heard_at is not None:
            self._health = replace(self._health, last_heard_at=session.heard_at)

    def _tell(self, why: LinkEndedError, pause: float) -> None:
        """Log a reason once, not with every attempt."""
        if self._leaving or why.problem == self._told:
            return
        self._told = why.problem
        tell, event = (log.error, "cmpp.refused") if why.refused else (log.warning, "cmpp.link_lost")
        tell(event, provider=self._settings.name, problem=why.problem, next_attempt_seconds=pause)


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close, giving what was written last a moment to go out; a gateway that reads nothing is cut off."""
    writer.close()
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await writer.wait_closed()
    except OSError:
        writer.transport.abort()


def _single(error: BaseException) -> BaseException:
    """Return the one exception inside nested groups, or the group that holds several."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
