"""A browser without script: pages and forms of one node's console, its cookies kept from one to the next."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from schemas.errors import UnavailableError

_RETRYABLE: Final = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError)
_BROKEN: Final = 500


@dataclass(frozen=True, slots=True)
class FormPage:
    """What came back.

    Attributes:
        location: Where a browser is sent on to; empty if it stays.
    """

    status: int
    location: str
    text: str


class FormClient:
    """Opens pages and sends forms; borrows its session."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        """Take an open session that keeps cookies; open nothing.

        Args:
            session: Ends after this object.
            address: Scheme, host and port, e.g. ``http://127.0.0.1:8640``.
        """
        self._session, self._address = session, address

    async def get(self, path: str) -> FormPage:
        """Open a page; where it sends on to is told, not followed.

        Raises:
            UnavailableError: The node is not to be reached, or broken.
        """
        return await self._ask("GET", path)

    async def post(self, path: str, fields: Mapping[str, str] | Iterable[tuple[str, str]]) -> FormPage:
        """Send a form.

        Raises:
            UnavailableError: The node is not to be reached, or broken; it may have taken the form.
        """
        pairs = fields.items() if isinstance(fields, Mapping) else fields
        return await self._ask("POST", path, data=aiohttp.FormData(list(pairs)))

    async def _ask(self, method: str, path: str, **how: Any) -> FormPage:  # noqa: ANN401 - passed on to aiohttp
        try:
            async with self._session.request(method, self._address + path, allow_redirects=False, **how) as reply:
                page = FormPage(reply.status, reply.headers.get("Location", ""), await reply.text())
        except _RETRYABLE as exc:
            raise UnavailableError(f"no console answers at {self._address} ({type(exc).__name__})") from exc
        if page.status >= _BROKEN:
            raise UnavailableError(f"the console at {self._address} answered {page.status}")
        return page


@asynccontextmanager
async def visiting(address: str, *, timeout_seconds: float = 30.0) -> AsyncIterator[FormClient]:
    """Open a browser for as long as the block runs; it has no cookies yet."""
    jar = aiohttp.CookieJar(unsafe=True)  # a node on this machine is named by a number
    timeout = aiohttp.ClientTimeout(total=timeout_seconds)
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=timeout) as session:
        yield FormClient(session, address)
