"""Call a county's API over a real socket on loopback, as its officers and systems do."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from services.gateway.app import serving
from services.gateway.gateway import Limits
from tests.world import County

PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: Any
    """Parsed JSON; the text, or the bytes, if it is none."""

    @property
    def is_problem(self) -> bool:
        """Tell whether the answer is a whole problem document of its status."""
        return (
            self.headers["Content-Type"].partition(";")[0] == PROBLEM
            and self.body["status"] == self.status
            and self.body["type"] == f"urn:sihu:problem:{self.body['code']}"
            and bool(self.body["title"] and self.body["mend"] and self.body["faults"])
        )


class Caller:
    """One caller with one token."""

    def __init__(self, session: aiohttp.ClientSession, token: str, port: int) -> None:
        """Borrow an open session."""
        self.session, self.port = session, port
        self.auth = {"Authorization": f"Bearer {token}"} if token else {}

    async def ask(self, method: str, path: str, **how: Any) -> Answer:  # noqa: ANN401 - passed on
        """Send a request below ``/api/v1`` unless the path begins with two slashes, and read the answer."""
        headers = {**self.auth, **how.pop("headers", {})}
        address = path[1:] if path.startswith("//") else f"/api/v1{path}"
        async with self.session.request(method, address, headers=headers, **how) as reply:
            data = await reply.read()
            is_json = "json" in reply.headers.get("Content-Type", "")
            is_text = reply.headers.get("Content-Type", "text/").startswith("text/")
            body = await reply.json(content_type=None) if is_json else data.decode() if is_text else data
            return Answer(reply.status, reply.headers.copy(), body)  # names in any case

    async def get(self, path: str, **how: Any) -> Answer:  # noqa: ANN401
        """GET."""
        return await self.ask("GET", path, **how)

    async def post(self, path: str, **how: Any) -> Answer:  # noqa: ANN401
        """POST."""
        return await self.ask("POST", path, **how)


@asynccontextmanager
async def calling(county: County, token: str = "", *, limits: Limits | None = None) -> AsyncIterator[Caller]:
    """Serve a county's API on a free port and call it with ``token``."""
    async with (
        serving(county.gateway(limits), host="127.0.0.1", port=0) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        yield Caller(session, token, port)
