"""``live``: a WebSocket that tells every change in order, resumed by the journal's own sequence.

The journal is the buffer: one batch is read, sent, and only then the next is read. A slow client
costs one batch and a socket, never memory that grows; whoever is cut off goes on where it was.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from enum import IntEnum
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

from schemas.access import Access, Scope
from schemas.errors import Fault, UnavailableError
from services.gateway.admission import LIVE_PROTOCOL, admit
from services.gateway.gateway import Gateway
from services.gateway.news import Batch, read_news

_HEARD_MAX: Final = 4096  # bytes; the client has nothing to say


IsAdmitted = Callable[[], Awaitable[bool]]
"""Whether the client may still hear what is told."""


class LiveEnd(IntEnum):
    """Why the node closed a stream, besides the codes of RFC 6455."""

    TOKEN_ENDED = 4401
    """Expired, revoked, or without the scope: get another token."""
    TOO_SLOW = 4408
    """Took no message in time: resume with the last sequence seen."""


_REASONS: Final[Mapping[int, bytes]] = {
    WSCloseCode.UNSUPPORTED_DATA: b"this stream only speaks; send nothing",
    WSCloseCode.TRY_AGAIN_LATER: b"the store cannot be read now; resume later",
    WSCloseCode.GOING_AWAY: b"the node stops; resume later",
    LiveEnd.TOKEN_ENDED: b"the token is not valid any more",
    LiveEnd.TOO_SLOW: b"too slow; resume with ?after= the last sequence seen",
}


class Live:
    """The open streams of one node."""

    def __init__(self, gateway: Gateway) -> None:
        """Open nothing."""
        self._gateway = gateway
        self._sockets: set[web.WebSocketResponse] = set()

    @property
    def open_count(self) -> int:
        """How many streams are open."""
        return len(self._sockets)

    async def start_of(self, after: int | None) -> int | Fault:
        """Return the sequence to go on behind: ``after``, or the end of the journal.

        A number beyond the end belongs to another store, such as one restored since: waiting for
        it would be waiting in silence.
        """
        end = await self._gateway.store.read(lambda snapshot: snapshot.journal_end())
        if after is not None and after > end:
            mend = f"the journal ends at {end}; leave `after` out, read GET /api/v1/events, and go on from the end"
            return Fault("live.beyond_end", "after", mend)
        return end if after is None else after

    async def serve(self, request: web.Request, *, token: str, access: Access, start: int) -> web.WebSocketResponse:
        """Speak to the holder of a token until either side ends it."""

        async def is_admitted() -> bool:
            return self._still_admitted(token)

        return await self.tell(request, is_admitted=is_admitted, scopes=access.scopes, start=start)

    async def tell(
        self, request: web.Request, *, is_admitted: IsAdmitted, scopes: tuple[Scope, ...], start: int
    ) -> web.WebSocketResponse:
        """Speak until either side ends it.

        Args:
            request: Asks for a WebSocket.
            is_admitted: Asked before every batch and at every heartbeat.
            scopes: What may be told.
            start: Sequence of the journal to go on behind.
        """
        limits = self._gateway.limits
        socket = web.WebSocketResponse(
            timeout=limits.live_send_seconds,
            heartbeat=limits.heartbeat_seconds,
            protocols=(LIVE_PROTOCOL,),
            compress=False,
            max_msg_size=_HEARD_MAX,
        )
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            code = await self._until_ended(socket, is_admitted, scopes, start)
        except UnavailableError:
            code = WSCloseCode.TRY_AGAIN_LATER
        except Exception as bug:  # noqa: BLE001 - handed to the supervisor; the socket cannot carry a problem
            self._gateway.crash(bug)
            code = WSCloseCode.INTERNAL_ERROR
        finally:
            self._sockets.discard(socket)
        await self._close(request, socket, code)
        return socket

    async def close(self) -> None:
        """End every stream: the node stops."""
        for socket in tuple(self._sockets):
            code = WSCloseCode.GOING_AWAY
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._gateway.limits.live_send_seconds):
                    await socket.close(code=code, message=_REASONS[code], drain=False)

    async def _until_ended(
        self, socket: web.WebSocketResponse, is_admitted: IsAdmitted, scopes: tuple[Scope, ...], start: int
    ) -> int:
        speaking = asyncio.create_task(self._speak(socket, is_admitted, scopes, start), name="live speaks")
        listening = asyncio.create_task(_listen(socket), name="live listens")
        both = {speaking, listening}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            ended = speaking if speaking.done() else listening
        finally:
            for task in both:
                task.cancel()
            await asyncio.wait(both)
        return ended.result()

    async def _speak(
        self, socket: web.WebSocketResponse, is_admitted: IsAdmitted, scopes: tuple[Scope, ...], start: int
    ) -> int:
        gateway, after = self._gateway, start
        while await is_admitted():
            batch = await self._batch(after, scopes)
            for message in batch.messages:
                data = message.model_dump_json(exclude_defaults=True)
                try:
                    async with asyncio.timeout(gateway.limits.live_send_seconds):
                        await socket.send_str(data)
                except TimeoutError:
                    return LiveEnd.TOO_SLOW
                except ConnectionError:
                    return WSCloseCode.OK  # the client is gone: there is nobody to tell
            if batch.read_up_to == after:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(gateway.limits.heartbeat_seconds):
                        await gateway.store.changed(after)
            after = batch.read_up_to
        return LiveEnd.TOKEN_ENDED

    async def _batch(self, after: int, scopes: tuple[Scope, ...]) -> Batch:
        limit = self._gateway.limits.live_batch
        return await self._gateway.store.read(lambda snapshot: read_news(snapshot, after, limit, scopes))

    def _still_admitted(self, token: str) -> bool:
        now, directory = self._gateway.clock.now(), self._gateway.directory
        return not isinstance(admit(token, directory=directory, scope=Scope.EVENTS_READ, now=now), Fault)

    async def _close(self, request: web.Request, socket: web.WebSocketResponse, code: int) -> None:
        transport = request.transport
        try:
            async with asyncio.timeout(self._gateway.limits.live_send_seconds):
                await socket.close(code=code, message=_REASONS.get(code, b""), drain=False)
        except TimeoutError:
            if transport is not None:
                transport.abort()  # it does not even take the close frame; what it missed is in the journal


async def _listen(socket: web.WebSocketResponse) -> int:
    message = await socket.receive()  # answers pings, notices pongs; returns only on something else
    said = message.type in {WSMsgType.TEXT, WSMsgType.BINARY}
    return WSCloseCode.UNSUPPORTED_DATA if said else WSCloseCode.OK
