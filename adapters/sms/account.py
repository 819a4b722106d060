"""One account at a provider by HTTP: its calls and what they say of it, what it pushes, and work beside.

Each adapter holds one. What differs between providers, forms and codes and what they are asked, stays with them.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import ExitStack, asynccontextmanager
from typing import Any, TypeVar

import aiohttp

from adapters.sms.calling import CALL_SECONDS, Answer, Call, Clock, call
from adapters.sms.inbound_http import Hear, InboundHttp
from adapters.sms.pushes import Reader
from adapters.sms.rounds import beside
from adapters.sms.rulings import NO_NUMBER, PERMANENT, Trouble, mainland
from adapters.sms.standing import Standing
from schemas.pages import Dispatch, Refused

T = TypeVar("T")


class Account:
    """What providers by HTTP have in common."""

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        clock: Clock,
        inbound: InboundHttp | None,
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        """Keep an open session; open nothing.

        Args:
            session: Borrowed; ends after this object.
            clock: For times and pauses.
            inbound: Where pushes come in; None if nothing is pushed.
            call_seconds: For each call.
        """
        self._session, self._inbound, self._call_seconds = session, inbound, call_seconds
        self.standing = Standing(clock)
        """How its calls go."""

    @property
    def takes_pushes(self) -> bool:
        """Whether what the provider pushes comes in."""
        return self._inbound is not None

    async def ask(self, what: Call, read: Callable[[Answer], T | Trouble]) -> T | Trouble:
        """Make one call, read its answer, and note how the account stands by it."""
        answer = await call(self._session, what, timeout_seconds=self._call_seconds)
        found = answer if isinstance(answer, Trouble) else read(answer)
        self.standing.judged(found if isinstance(found, Trouble) else None)
        return found

    @asynccontextmanager
    async def running(
        self, reader: Reader, hear: Hear, work: Callable[[], Coroutine[Any, Any, None]] | None = None
    ) -> AsyncIterator[None]:
        """Take pushes, and do endless ``work`` beside, until the block ends; without work it counts as ready."""
        with ExitStack() as receiving:
            if self._inbound is not None:
                receiving.enter_context(self._inbound.receiving(reader, hear))
            try:
                if work is None:
                    self.standing.assumed()
                    yield
                else:
                    async with beside(work(), f"sms-{reader.name}"):
                        yield
            finally:
                self.standing.stopped()


def addressed(dispatch: Dispatch, templates: Mapping[str, str]) -> tuple[str, str] | Refused:
    """Return the mainland number, and what the provider calls the text form; or why the page cannot go this way."""
    number, template = mainland(dispatch.address), templates.get(dispatch.template)
    if number is None:
        return NO_NUMBER.refused(1)
    if template is None:
        return Trouble(PERMANENT, "template", "no code configured for this text form").refused(1)
    return number, template
