"""Speak bytes to a port, whether or not they are a request of HTTP."""

import asyncio
from typing import Final

QUIET_SECONDS: Final = 20.0  # who closes the line after its answer is not waited for


async def spoken(port: int, request: bytes, seconds: float = QUIET_SECONDS) -> bytes:
    """Say these bytes; return everything that is answered until the other side closes, or has said nothing so long."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    try:
        writer.write(request)
        await writer.drain()
        while True:
            async with asyncio.timeout(seconds):
                piece = await reader.read(65_536)
            if not piece:
                return answer
            answer += piece
    except (TimeoutError, ConnectionError):
        return answer
    finally:
        writer.close()
