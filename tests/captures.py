"""What a hub's operator can take down, and the search for a text in it: on the wire, as a listener, on the disk."""

import asyncio
import base64
import contextlib
import os
import signal
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import nats

from adapters.jetstream.credentials import Credentials, TlsFiles, new_nkey_seed, nkey_public_of
from adapters.jetstream.embedded import CONFIG_FILE
from tests.counties import World

Layers = list[tuple[str, bytes]]
_CHUNK: Final = 64 * 1024
_INFLATED_MAX: Final = 1 << 20
_MAGICS: Final = {b"\x78\x01": 15, b"\x78\x5e": 15, b"\x78\x9c": 15, b"\x78\xda": 15, b"\x1f\x8b\x08": 31}
"""How a zlib or gzip stream begins, and what zlib calls that."""


# -- searching ---------------------------------------------------------------------------------------------


def spellings(text: str) -> Iterator[tuple[str, bytes]]:
    """Yield every way in which a text is likely to stand in a file or on a line, by name."""
    for charset in ("utf-8", "utf-16-le", "utf-16-be", "gb18030"):
        yield charset, text.encode(charset)
    escaped = "".join(one if one.isascii() else f"\\u{ord(one):04x}" for one in text)
    percent = "".join(f"%{byte:02X}" for byte in text.encode())
    for name, ascii_form in (("json escapes", escaped), ("percent", percent)):
        yield name, ascii_form.encode()
        yield f"{name}, other case", ascii_form.swapcase().replace("\\U", "\\u").encode()
    for name, data in (("utf-8", text.encode()), ("utf-16-le", text.encode("utf-16-le"))):
        yield f"hex of {name}", data.hex().encode()
        yield f"HEX of {name}", data.hex().upper().encode()
        for shift in range(3):
            whole = base64.b64encode(bytes(shift) + data)
            core = whole[(shift * 8 + 5) // 6 : (shift + len(data)) * 8 // 6]  # only what no neighbour changes
            yield f"base64 of {name}, {shift} before", core
            yield f"base64url of {name}, {shift} before", core.translate(bytes.maketrans(b"+/", b"-_"))


def layers_of(capture: bytes) -> Layers:
    """Return a capture, and whatever is compressed in it, with where that stands: once for many texts to look for."""
    return [("", capture), *((f"compressed at {at}: ", data) for at, data in inflated(capture))]


def found_in(capture: bytes | Layers, text: str) -> list[str]:
    """Return in which spellings a text stands in a capture, also inside whatever is compressed in it."""
    layers = layers_of(capture) if isinstance(capture, bytes) else capture
    forms = list(spellings(text))
    return [f"{where}{name}" for where, data in layers for name, form in forms if form in data]


def inflated(capture: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield every zlib or gzip stream that opens, whole or in part, with its place."""
    for magic, bits in _MAGICS.items():
        at = capture.find(magic)
        while at >= 0:
            with contextlib.suppress(zlib.error):
                data = zlib.decompressobj(bits).decompress(capture[at : at + _INFLATED_MAX], _INFLATED_MAX)
                if data:
                    yield at, data
            at = capture.find(magic, at + 1)


def bytes_below(*folders: Path) -> bytes:
    """Return every byte of every file below these folders; one that is replaced meanwhile is passed over."""
    found = []
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file():
                found.append(path.read_bytes())
    return b"\0".join(found)


# -- the wire ----------------------------------------------------------------------------------------------


class Tap:
    """A relay between a county and the hub that takes down every byte of both directions."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._taken = bytearray()
        self.port = 0

    @property
    def taken(self) -> bytes:
        """Everything so far."""
        return bytes(self._taken)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Tap"]:
        """Listen on a free loopback port until the block ends."""
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = int(server.sockets[0].getsockname()[1])
        try:
            yield self
        finally:
            server.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            pumps = [asyncio.ensure_future(self._pump(*pair)) for pair in ((reader, far_writer), (far_reader, writer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for one in pumps:
                one.cancel()
            far_writer.transport.abort()
        writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                self._taken += data
                writer.write(data)
                await writer.drain()


# -- the operator's own ears -------------------------------------------------------------------------------


class Ear:
    """Subscriptions to everything, in the account that owns the streams and in the system's own."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self.lost: list[str] = []
        """Why it hears nothing any more; a listener that falls behind is cut off by the server."""

    @property
    def taken(self) -> bytes:
        """Everything so far: subjects, headers and bodies."""
        return b"\n".join(subject.encode() + b" " + body for subject, body in tuple(self.messages))

    async def hear(self, message: Any) -> None:  # noqa: ANN401 - the library's own type
        """Take one message down."""
        headers = "".join(f"{name}: {value}\n" for name, value in (message.headers or {}).items())
        self.messages.append((message.subject, headers.encode() + message.data))


@asynccontextmanager
async def listening(world: World) -> AsyncIterator[Ear]:
    """Do what only who owns the hub's machine can: let two users of one's own in, who may hear everything."""
    folder = next(path.parent for path in sorted(world.stage.hub.rglob(CONFIG_FILE)))
    seeds = [new_nkey_seed(), new_nkey_seed()]
    owner, system = (f"{{ nkey: {nkey_public_of(seed)} }}" for seed in seeds)
    config = folder / CONFIG_FILE
    text = config.read_text(encoding="utf-8")
    text = text.replace("jetstream: enabled\n    users: [", f"jetstream: enabled\n    users: [\n{owner}", 1)
    text = text.replace("SYS { }", f"SYS {{ users: [ {system} ] }}", 1)
    assert owner in text, "the owner's account looks different now"
    assert system in text, "the system's account looks different now"
    config.write_text(text, encoding="utf-8")
    os.kill(world.server_pid("hub"), signal.SIGHUP)
    hub = world.stage.hub
    tls = TlsFiles(hub / "ca" / "ca.pem", hub / "tls" / "hub.pem", hub / "tls" / "hub.key")
    ear = Ear()
    async with contextlib.AsyncExitStack() as stack:
        for seed in seeds:
            url = f"tls://127.0.0.1:{world.ports.hub}"
            client = await _let_in(url, seed, Credentials((url,), seed, tls), ear)
            stack.push_async_callback(client.close)
            await client.subscribe(">", cb=ear.hear)
            await client.flush()
        yield ear


async def _let_in(url: str, seed: str, credentials: Credentials, ear: Ear) -> Any:  # noqa: ANN401 - any client
    """Connect; the server takes a moment to read its configuration, and of attempts before that nothing is said."""

    async def failed(problem: Exception) -> None:
        ear.lost.append(repr(problem))

    async def cut() -> None:
        ear.lost.append("disconnected")

    given: dict[str, Any] = {"tls": credentials.ssl_context(), "nkeys_seed_str": seed, "allow_reconnect": False}
    async with asyncio.timeout(20):
        while True:
            try:
                client = await nats.connect(url, error_cb=failed, disconnected_cb=cut, **given)
            except (OSError, nats.errors.Error):
                await asyncio.sleep(0.2)
            else:
                ear.lost.clear()
                return client
