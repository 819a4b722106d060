"""A web server on loopback that plays a provider: it keeps what it is sent and answers as a test says."""

import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from schemas.errors import UnavailableError
from schemas.pages import Dispatch, Inbound, Medium, Part

PAGE_ID = "0123456789abcdef0123456789abcdef"
OFFICER = "13900000001"
TEXT = "【测试】龙滩水库泄洪预警,编号37。收到请回复37。𠮷田"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401
        """Its body as JSON."""
        return json.loads(self.body)


Answers = Callable[[Seen], web.StreamResponse | Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Peer:
    """Where it listens and what it was sent."""

    url: str
    seen: list[Seen] = field(default_factory=list)

    @property
    def last(self) -> Seen:
        """The newest request."""
        return self.seen[-1]


@asynccontextmanager
async def http_peer(answers: Answers) -> AsyncIterator[Peer]:
    """Serve on loopback for as long as the block lasts; ``answers`` may raise ``Cut`` to drop the connection."""
    peer = Peer("")

    async def take(request: web.Request) -> web.StreamResponse:
        seen = Seen(
            request.method,
            request.path,
            request.rel_url.raw_query_string,
            {name.lower(): value for name, value in request.headers.items()},
            await request.read(),
        )
        peer.seen.append(seen)
        try:
            answer = answers(seen)
            return await answer if inspect.isawaitable(answer) else answer
        except Cut:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        peer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield peer
    finally:
        await runner.cleanup()


class Cut(Exception):  # noqa: N818 - what a peer does
    """Drop the connection without an answer."""


def says(document: object, status: int = 200, **headers: str) -> web.Response:
    """Return JSON as an answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.json_response(document, status=status, headers=named)


class Heard:
    """A ``hear`` that keeps in memory; ``refusing`` makes it unable to, that many times."""

    def __init__(self, refusing: int = 0) -> None:
        """Start empty."""
        self.kept: list[Inbound] = []
        self.refusing = refusing

    async def __call__(self, inbound: Inbound) -> None:
        """Keep one."""
        if self.refusing > 0:
            self.refusing -= 1
            raise UnavailableError("the store is being moved")
        self.kept.append(inbound)


def a_page(**changes: Any) -> Dispatch:  # noqa: ANN401 - fields of a dispatch
    """Return a page by SMS, by template where one is needed, in one part."""
    page = Dispatch(
        page_id=PAGE_ID,
        medium=Medium.SMS,
        address=OFFICER,
        text=TEXT,
        parts=(Part(1, 1, 0, TEXT),),
        extension="37",
        template="alert",
        variables=(("level", "一级"), ("code", "37")),
    )
    return replace(page, **changes)
