"""Try one address of a hub without logging in: is it there, does it speak NATS, does TLS hold?"""

import asyncio
import ssl
from urllib.parse import urlsplit


async def unreached(url: str, context: ssl.SSLContext | None, timeout_seconds: float) -> str:
    """Return why a server cannot be reached: no connection, nobody who speaks NATS, or TLS; empty if it can."""
    where = urlsplit(url)
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(timeout_seconds):
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
            if not (await reader.readline()).startswith(b"INFO "):
                return "it answers, but is no nats-server"
            if context is not None and url.startswith("tls://"):
                await writer.start_tls(context, server_hostname=where.hostname)
    except TimeoutError:
        return f"no answer within {timeout_seconds:g} s"
    except (OSError, ValueError) as exc:  # ssl.SSLError is one too
        return str(exc) or type(exc).__name__
    finally:
        if writer is not None:
            writer.transport.abort()
    return ""
