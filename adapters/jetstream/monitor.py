"""Questions to a nats-server's monitoring port, which listens on this machine's loopback only."""

import asyncio
import json
from typing import Final

from schemas.errors import Fault, RequestError, UnavailableError

_LOOPBACK: Final = "127.0.0.1"
_TIMEOUT_SECONDS: Final = 5.0


async def ask(port: int, path: str) -> dict[str, object]:
    """Return the JSON object at ``path``, e.g. ``/varz``, whatever the status: an unhealthy server answers 503.

    Raises:
        UnavailableError: Nobody answers, or not with JSON.
    """
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            reader, writer = await asyncio.open_connection(_LOOPBACK, port)
            try:
                writer.write(f"GET {path} HTTP/1.0\r\nHost: {_LOOPBACK}\r\n\r\n".encode())
                answer = await reader.read()
            finally:
                writer.close()
        found = json.loads(answer.partition(b"\r\n\r\n")[2])
    except (OSError, TimeoutError, ValueError) as exc:
        raise UnavailableError(f"no answer from the monitoring port {port}: {exc}") from exc
    if not isinstance(found, dict):
        raise UnavailableError(f"the monitoring port {port} answered no object to {path}")
    return found


async def check_durability(port: int) -> None:
    """Make sure that the server syncs before it confirms.

    Raises:
        RequestError: It would lose what it has confirmed when the power goes.
        UnavailableError: It does not answer.
    """
    config = (await ask(port, "/jsz")).get("config")
    if not isinstance(config, dict) or config.get("sync_always") is not True:
        mend = "write `sync_interval: always` into the jetstream block of the server's configuration"
        raise RequestError(Fault("hub.not_durable", "jetstream.sync_interval", mend))
