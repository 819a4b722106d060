"""The HTTP application: the route table wired to a desk, problems as the only way to refuse, and its lifecycle."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from functools import cache

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from schemas.errors import RequestError, UnavailableError
from services.gateway.api.asyncapi import asyncapi_document
from services.gateway.api.dispatch import CALLER, endpoint
from services.gateway.api.openapi import openapi_document
from services.gateway.api.routes import ROUTES
from services.gateway.desk import Desk
from services.gateway.gateway import REQUEST_MAX_BYTES, Gateway
from services.gateway.problems import (
    Problem,
    own_fault,
    problem_of_error,
    problem_of_router,
    unavailable,
)

log = structlog.get_logger()

_SHUTDOWN_SECONDS = 5.0
_EVERY_ANSWER = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Server": "sihu"}
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


Mount = Callable[[web.Application, Desk], None]
"""Adds addresses beside the API's to the same application."""


def build_app(gateway: Gateway, mounts: Iterable[Mount] = ()) -> web.Application:
    """Wire the route table to the ports; opens nothing."""
    version = gateway.facts.version
    desk = Desk.of(
        gateway,
        openapi=cache(lambda: openapi_document(ROUTES, version)),
        asyncapi=cache(lambda: asyncapi_document(ROUTES, version)),
    )
    app = web.Application(middlewares=[_answering(desk)], client_max_size=REQUEST_MAX_BYTES)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, endpoint(route, desk), name=route.name, expect_handler=_expect)
    for mount in mounts:
        mount(app, desk)
    app.on_response_prepare.append(_mark)
    app.on_shutdown.append(lambda _: desk.live.close())
    return app


@asynccontextmanager
async def serving(gateway: Gateway, *, host: str, port: int, mounts: Iterable[Mount] = ()) -> AsyncIterator[int]:
    """Serve for as long as the block runs.

    Args:
        gateway: What the room needs.
        host: Address to listen on.
        port: 0 takes any free port.
        mounts: Add what stands beside the API.

    Yields:
        The port that is bound.
    """
    # auto_decompress: a compressed body is refused, so none is ever unpacked.
    runner = web.AppRunner(
        build_app(gateway, mounts), access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS, auto_decompress=False
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _answering(desk: Desk) -> Middleware:
    clock = desk.gateway.clock

    @web.middleware
    async def answer(request: web.Request, handler: _Handler) -> web.StreamResponse:
        began = clock.monotonic()
        try:
            response = await handler(request)
        except (web.HTTPException, RequestError, UnavailableError) as refusal:
            response = _refuse(desk, request, refusal)
        except ConnectionError:
            raise  # the caller is gone: there is nobody to answer
        except Exception as bug:  # noqa: BLE001 - our own bug: the supervisor restarts us, nobody swallows it
            desk.gateway.crash(bug)
            response = own_fault().response()
        desk.meters.answered(_route_name(request), response.status, clock.monotonic() - began)
        return response

    return answer


def _refuse(
    desk: Desk, request: web.Request, refusal: web.HTTPException | RequestError | UnavailableError
) -> web.StreamResponse:
    problem = _problem_of(desk, refusal)
    desk.meters.refused(problem.code)
    log.warning(
        "gateway.refused",
        route=_route_name(request),
        status=problem.status,
        code=problem.code,
        access=request.get(CALLER),
    )
    return problem.response()


def _problem_of(desk: Desk, refusal: web.HTTPException | RequestError | UnavailableError) -> Problem:
    if isinstance(refusal, RequestError):
        return problem_of_error(refusal)
    if isinstance(refusal, UnavailableError):
        return unavailable(refusal.code, desk.gateway.limits.retry_after_seconds)
    return problem_of_router(refusal)


def _route_name(request: web.Request) -> str:
    return request.match_info.route.name or "none"


async def _expect(request: web.Request) -> None:
    # Any other expectation may be ignored (RFC 9110, 10.1.1); what the library says to it is no problem body.
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer itself has not begun


async def _mark(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in _EVERY_ANSWER.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = _EVERY_ANSWER["Server"]
