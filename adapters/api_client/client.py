"""One node's HTTP API over aiohttp: JSON bytes in and out, problems as the errors of the shared language."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp

from schemas.errors import ConflictError, Fault, NotFoundError, RequestError, SharingDeniedError, UnavailableError

PREFIX: Final = "/api/v1"
HEARTBEAT_SECONDS: Final = 10.0
_SILENT_SECONDS: Final = 60.0
_PIECE_BYTES: Final = 256 * 1024
_RETRYABLE: Final = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError)
_LIVE_PROTOCOL: Final = "sihu.live.v1"
_TOKEN_ENDED: Final = 4401
_REFUSED: Final = 400
_BROKEN: Final = 500
_FAMILIES: Final[Mapping[int, type[RequestError]]] = {
    403: SharingDeniedError,
    404: NotFoundError,
    409: ConflictError,
}

_HANDSHAKES: Final[Mapping[int, Fault]] = {  # a refused WebSocket hands over its status only
    401: Fault("access.unknown", "token", "the node does not know this token; `sihu token issue` makes one"),
    403: Fault("access.scope", "token", "this token may not read events; take one with the scope events:read"),
    409: Fault("live.beyond_end", "after", "this node's journal ends before that; leave `--after` out"),
}


class ApiClient:
    """Satisfies ``services.cli.client.ApiClient``; borrows its session."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        """Take an open session that carries the token; open nothing.

        Args:
            session: Ends after this object.
            address: Scheme, host and port, e.g. ``http://127.0.0.1:8640``.
        """
        self._session = session
        self._address = address

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> bytes:
        """Return the JSON that stands at a path below ``/api/v1``, e.g. ``/events``.

        Raises:
            RequestError: The node refuses; carries its faults.
            UnavailableError: The node is not to be reached, or broken.
        """
        return await self._ask("GET", PREFIX + path, params=dict(params or {}))

    async def post(self, path: str, body: bytes, *, idempotency_key: str | None = None) -> bytes:
        """Send JSON and return the answer's JSON; the same key twice is carried out once.

        Raises:
            RequestError: The node refuses; carries its faults.
            UnavailableError: The node is not to be reached, or broken.
        """
        headers = {"Content-Type": "application/json"}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        return await self._ask("POST", PREFIX + path, data=body, headers=headers)

    async def patch(self, path: str, data: bytes, params: Mapping[str, str]) -> bytes:
        """Send bytes of a file and return the answer's JSON.

        Raises:
            RequestError: The node refuses; carries its faults.
            UnavailableError: The node is not to be reached, or broken; part of the bytes may have come there.
        """
        headers = {"Content-Type": "application/octet-stream"}
        return await self._ask("PATCH", PREFIX + path, data=data, headers=headers, params=dict(params))

    @asynccontextmanager
    async def download(self, path: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file for reading, piece by piece.

        Raises:
            RequestError: The node refuses; carries its faults.
            UnavailableError: The node is not to be reached, or broken.
        """
        timeout = aiohttp.ClientTimeout(total=None, sock_read=_SILENT_SECONDS)
        try:
            async with self._session.get(self._address + PREFIX + path, timeout=timeout) as reply:
                if reply.status >= _REFUSED:
                    raise _refusal(reply.status, await reply.read())
                yield reply.content.iter_chunked(_PIECE_BYTES)
        except _RETRYABLE as exc:
            raise self._unavailable(exc) from exc

    @asynccontextmanager
    async def live(self, after: int | None) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open the live stream; the block gets every change behind ``after`` (None: from now on) as it happens.

        Raises:
            RequestError: The node refuses; carries its faults.
            UnavailableError: The link broke or the node stops: resume with the last sequence seen.
        """
        params = {} if after is None else {"after": str(after)}
        url = f"{self._address}{PREFIX}/live"
        try:
            async with self._session.ws_connect(
                url, params=params, protocols=(_LIVE_PROTOCOL,), heartbeat=HEARTBEAT_SECONDS
            ) as socket:
                yield self._changes(socket)
        except aiohttp.WSServerHandshakeError as exc:
            raise _refusal(exc.status, b"", _HANDSHAKES.get(exc.status)) from exc
        except _RETRYABLE as exc:
            raise self._unavailable(exc) from exc

    async def _changes(self, socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[bytes]:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                yield message.data.encode()
        if socket.close_code == _TOKEN_ENDED:
            raise RequestError(Fault("access.expired", "token", "the token is not valid any more; take another one"))
        raise UnavailableError(f"the node at {self._address} ended the live stream ({socket.close_code})")

    async def _ask(self, method: str, path: str, **how: Any) -> bytes:  # noqa: ANN401 - passed on to aiohttp
        try:
            async with self._session.request(method, self._address + path, **how) as reply:
                data = await reply.read()
        except _RETRYABLE as exc:
            raise self._unavailable(exc) from exc
        if reply.status < _REFUSED:
            return data
        raise _refusal(reply.status, data)

    def _unavailable(self, exc: Exception) -> UnavailableError:
        reason = exc.__cause__.strerror if isinstance(exc.__cause__, OSError) else type(exc).__name__
        return UnavailableError(f"no node answers at {self._address} ({reason}); start it with `sihu node`")


def _refusal(status: int, body: bytes, otherwise: Fault | None = None) -> RequestError | UnavailableError:
    """Read a problem document (RFC 9457) back into the error it was made from."""
    faults = _faults(body) or [otherwise or Fault(f"http.{status}", "", f"the node answered {status}")]
    if status >= _BROKEN:
        return UnavailableError(str(faults[0]))
    return _FAMILIES.get(status, RequestError)(*faults)


def _faults(body: bytes) -> list[Fault]:
    try:
        problem = json.loads(body)
        return [Fault(str(one["code"]), str(one["field"]), str(one["mend"])) for one in problem["faults"]]
    except (ValueError, KeyError, TypeError):
        return []


@asynccontextmanager
async def connected(address: str, token: str, *, timeout_seconds: float = 30.0) -> AsyncIterator[ApiClient]:
    """Open a session that carries ``token`` for as long as the block runs."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    timeout = aiohttp.ClientTimeout(total=timeout_seconds)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
        yield ApiClient(session, address)
