"""The live stream of the console: the API's own, let in by the session's cookie instead of a token."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from schemas.errors import Fault
from services.console.visit import Hall, is_own_origin
from services.gateway.live import LiveEnd


def live_endpoint(hall: Hall) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return what answers ``GET /live?after=``.

    A browser sends the cookie along from any page, so a WebSocket from another origin is refused: it must name ours.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Origin") is None or not is_own_origin(hall, request):
            return web.Response(status=403, text="another origin")
        if not web.WebSocketResponse().can_prepare(request):
            return web.Response(status=426, text="a WebSocket is spoken here", headers={"Upgrade": "websocket"})
        secret = request.cookies.get(hall.cookie, "")
        visitor = await hall.entrance.visitor_of(secret, at_work=False) if secret else None
        if visitor is None:
            return await _ended(request)
        start = await hall.desk.live.start_of(_number(request.query.get("after")))
        if isinstance(start, Fault):  # another store, such as one restored since: begin at its end
            start = await hall.desk.live.start_of(None)
        if isinstance(start, Fault):
            return web.Response(status=409, text=start.mend)

        async def is_admitted() -> bool:
            return await hall.entrance.visitor_of(secret, at_work=False) is not None

        return await hall.desk.live.tell(request, is_admitted=is_admitted, scopes=visitor.access.scopes, start=start)

    return handle


async def _ended(request: web.Request) -> web.WebSocketResponse:
    # A script is not told the status of a refused WebSocket: it would knock for ever. The close code it is told.
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.close(code=LiveEnd.TOKEN_ENDED, message=b"no session: log in")
    return socket


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 17 else None  # noqa: PLR2004
