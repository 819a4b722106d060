"""A county's leaf that is no nats-server: it speaks the leaf protocol itself, and says what a server would not say."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import nkeys

from tests.hubs import RealHub


class RawLeaf:
    """One link to the hub's leaf listener, let in as a county."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def send(self, subject: str, reply: str, headers: str, body: bytes) -> None:
        """Pass a message on to the hub, as if a client of ours had published it with any reply subject."""
        block = f"NATS/1.0\r\n{headers}\r\n".encode()
        line = f"HMSG {subject} {reply} {len(block)} {len(block) + len(body)}\r\n".encode()
        self._writer.write(line + block + body + b"\r\n")
        await self._writer.drain()


@asynccontextmanager
async def raw_leaf(hub: RealHub, county: str) -> AsyncIterator[RawLeaf]:
    """Connect with the county's certificate and nkey, and wait until the hub has let us in."""
    reader, writer = await asyncio.open_connection("127.0.0.1", hub.server.ports.leaf)
    try:
        info = json.loads((await reader.readline()).removeprefix(b"INFO "))
        context = hub.credentials(county).ssl_context()
        assert context is not None
        await writer.start_tls(context, server_hostname="127.0.0.1")
        pair = nkeys.from_seed(bytearray(hub.seeds[county].encode()))
        signature = base64.urlsafe_b64encode(pair.sign(info["nonce"].encode())).decode().rstrip("=")
        connect = {
            "nkey": cast("bytes", pair.public_key).decode(),
            "sig": signature,
            "name": "raw",
            "server_id": "RAW",
            "version": info["version"],
            "headers": True,
            "protocol": 1,
            "tls_required": True,
        }
        writer.write(f"CONNECT {json.dumps(connect)}\r\nPING\r\n".encode())
        async with asyncio.timeout(10):
            while await reader.readline() != b"PONG\r\n":
                pass
        yield RawLeaf(writer)
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
