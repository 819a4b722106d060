"""The client of the API against a node that misbehaves: every answer becomes one of our errors, none a traceback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import WSCloseCode, web

from adapters.api_client.client import ApiClient, connected
from schemas.errors import (
    ConflictError,
    Fault,
    NotFoundError,
    RequestError,
    SharingDeniedError,
    SihuError,
    UnavailableError,
)
from services.cli.client import Api

FIRST = {"code": "x.y", "field": "content.a", "mend": "do it so"}
SECOND = {"code": "x.z", "field": "", "mend": ""}


@asynccontextmanager
async def node(*routes: web.RouteDef, timeout_seconds: float = 5.0) -> AsyncIterator[ApiClient]:
    """Serve something that is no node of ours, and open a client on it."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with connected(address, "sihu_token", timeout_seconds=timeout_seconds) as client:
            yield client
    finally:
        await runner.cleanup()


def answering(status: int, *, problem: bool = False) -> web.RouteDef:
    """Return a route that always answers the same."""

    async def handler(_: web.Request) -> web.Response:
        if problem:
            return web.json_response({"faults": [FIRST, SECOND]}, status=status)
        return web.Response(status=status, text="<p>not ours</p>")

    return web.get("/api/v1/events", handler)


@pytest.mark.parametrize(
    ("status", "family"),
    [
        (400, RequestError),
        (401, RequestError),
        (403, SharingDeniedError),
        (404, NotFoundError),
        (409, ConflictError),
        (422, RequestError),
        (500, UnavailableError),
        (503, UnavailableError),
    ],
)
async def test_a_problem_becomes_the_error_it_was_made_from(status: int, family: type[SihuError]) -> None:
    """The exit code of a command hangs on the family, and the officer's line on the fault."""
    async with node(answering(status, problem=True)) as client:
        with pytest.raises(family) as caught:
            await client.get("/events")
    assert type(caught.value) is family
    assert "do it so" in str(caught.value)
    if isinstance(caught.value, RequestError):
        assert caught.value.faults == (Fault(**FIRST), Fault(**SECOND))


@pytest.mark.parametrize(("status", "family"), [(404, NotFoundError), (502, UnavailableError)])
async def test_an_answer_that_is_no_problem_document_is_told_by_its_status(
    status: int, family: type[SihuError]
) -> None:
    """Something else may listen on the port, or a proxy stand between: its page must not be parsed as ours."""
    async with node(answering(status)) as client:
        with pytest.raises(family, match=str(status)):
            await client.get("/events")


async def test_an_answer_of_another_version_is_not_misread() -> None:
    """Fields that this command does not know must not be shown half."""

    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"events": [], "next_since": 0, "colour": "red"})

    async with node(web.get("/api/v1/events", handler)) as client:
        with pytest.raises(UnavailableError, match="another version"):
            await Api(client).events()


async def test_a_node_that_is_silent_is_unavailable() -> None:
    """A command that hangs at night is worse than one that fails."""

    async def handler(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    async with node(web.get("/api/v1/events", handler), timeout_seconds=0.2) as client:
        with pytest.raises(UnavailableError, match="sihu node"):
            await client.get("/events")


async def test_a_connection_cut_in_the_middle_is_unavailable() -> None:
    """Half an answer is none."""

    async def handler(request: web.Request) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Length": "1000"})
        await reply.prepare(request)
        await reply.write(b'{"events":')
        assert request.transport is not None
        request.transport.abort()
        return reply

    async with node(web.get("/api/v1/events", handler)) as client:
        with pytest.raises(UnavailableError):
            await client.get("/events")


@pytest.mark.parametrize(
    ("code", "family"),
    [
        (4401, RequestError),
        (4408, UnavailableError),
        (WSCloseCode.GOING_AWAY, UnavailableError),
        (WSCloseCode.OK, UnavailableError),
        (WSCloseCode.INTERNAL_ERROR, UnavailableError),
    ],
)
async def test_the_end_of_a_stream_says_whether_to_resume(code: int, family: type[SihuError]) -> None:
    """A token that ended is for a person; everything else is resumed from the last sequence seen."""

    async def handler(request: web.Request) -> web.WebSocketResponse:
        assert request.query == {"after": "7"}
        assert request.headers["Authorization"] == "Bearer sihu_token"
        socket = web.WebSocketResponse(protocols=("sihu.live.v1",))
        await socket.prepare(request)
        await socket.send_str("one")
        await socket.close(code=code)
        return socket

    async def follow(client: ApiClient) -> None:
        async with client.live(7) as changes:
            async for _ in changes:
                pass

    async with node(web.get("/api/v1/live", handler)) as client:
        with pytest.raises(family):
            await follow(client)


async def test_a_stream_hands_over_each_change() -> None:
    """What came before the end was handed over, each change as it came."""

    async def handler(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for text in ("one", "two"):
            await socket.send_str(text)
        await socket.close()
        return socket

    async with node(web.get("/api/v1/live", handler)) as client, client.live(None) as changes:
        assert [await anext(changes), await anext(changes)] == [b"one", b"two"]


@pytest.mark.parametrize(
    ("status", "family", "code"),
    [
        (401, RequestError, "access.unknown"),
        (403, SharingDeniedError, "access.scope"),
        (409, ConflictError, "live.beyond_end"),
        (404, NotFoundError, "http.404"),
    ],
)
async def test_a_refused_stream_is_told_why(status: int, family: type[RequestError], code: str) -> None:
    """A refused handshake hands over its status only: the words for it are ours."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status)

    async with node(web.get("/api/v1/live", handler)) as client:
        with pytest.raises(family) as caught:
            async with client.live(None):
                pytest.fail("it was let in")
    assert caught.value.fault.code == code


async def test_a_stream_to_nowhere_is_unavailable() -> None:
    """The node is away: try again."""
    async with connected("http://127.0.0.1:1", "") as client:
        with pytest.raises(UnavailableError, match="sihu node"):
            async with client.live(None):
                pytest.fail("nobody is there")
