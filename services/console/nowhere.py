"""Answer people where there is no page, and put the console's headers on whatever is answered beside the API."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from schemas.errors import InvariantError, RequestError, UnavailableError
from services.console.rendering import Renderer

log = structlog.get_logger()

_API: Final = "/api/"
_CONSOLE: Final = "console."
_BROKEN: Final = 500
_FOR_OTHERS: Final = (RequestError, UnavailableError, InvariantError, ConnectionError)
"""Refusals and what ends the node: a store that contradicts itself is no matter of one page."""
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
"""On every answer of the console. Nothing inline runs; nobody frames it; no address goes to another site."""

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def for_people(renderer: Renderer) -> Middleware:
    """Return what shows a page instead of a problem, where a browser has asked outside the API."""

    @web.middleware
    async def answer(request: web.Request, handler: _Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as refusal:
            if request.path.startswith(_API) or "text/html" not in request.headers.get("Accept", ""):
                raise
            body = renderer.render("nowhere.html", {"status": refusal.status})
            allowed = {name: refusal.headers[name] for name in ("Allow",) if name in refusal.headers}
            return web.Response(text=body, status=refusal.status, content_type="text/html", headers=allowed)
        except _FOR_OTHERS:
            raise
        except Exception:
            if not (request.match_info.route.name or "").startswith(_CONSOLE):
                raise
            # A page keeps nothing that the bus stands on: what somebody's browser sends must not end alerts with it.
            log.exception("console.broken", route=request.match_info.route.name)
            body = renderer.render("nowhere.html", {"status": _BROKEN})
            return web.Response(text=body, status=_BROKEN, content_type="text/html")

    return answer


async def mark(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on as an answer begins, a stream's and an error's, too; what a page says itself stays."""
    if not request.path.startswith(_API):
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
