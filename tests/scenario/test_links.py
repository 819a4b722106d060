"""The link that other tests break: it does what it says, and what it says it does to a county's line is survived."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.jetstream.append import JetStreamAppender
from schemas.errors import UnavailableError
from schemas.subjects import Lane
from tests.contract.buses import HUANJIANG, LIBO, publications
from tests.hubs import real_hub
from tests.links import Link, Mood, link_to
from tests.scenario.test_append_survives import ROOMY, everything

PIECE = b"x" * 1000
MESSAGES = 400


@asynccontextmanager
async def echo(**line: Any) -> AsyncIterator[Link]:  # noqa: ANN401 - the link's own options
    """A link to somebody who says everything again."""

    async def again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    server = await asyncio.start_server(again, "127.0.0.1", 0)
    async with server, link_to(server.sockets[0].getsockname()[1], **line) as link:
        yield link


@asynccontextmanager
async def caller(link: Link) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection over the link; broken off at the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def said_again(link: Link, pieces: int) -> float:
    """Say so many pieces, one by one, and hear them again whole; return how long that took."""
    began = time.monotonic()
    async with caller(link) as (reader, writer):
        for _ in range(pieces):
            writer.write(PIECE)
            assert await reader.readexactly(len(PIECE)) == PIECE
    return time.monotonic() - began


async def test_a_link_that_is_well_is_fast() -> None:
    """What it adds by itself would be taken for what is measured."""
    async with echo() as link:
        assert await said_again(link, 50) < 1.0
        assert link.connections == 1


@pytest.mark.parametrize(
    ("line", "least"),
    [({"delay_seconds": 0.02}, 10 * 0.04), ({"bytes_per_second": 20_000}, 10 * 2000 / 20_000), ({"loss": 0.4}, 0.4)],
    ids=["delay", "bandwidth", "loss"],
)
async def test_a_bad_link_is_slow_and_loses_nothing(line: Any, least: float) -> None:  # noqa: ANN401
    """A line that is not as bad as the test says lets a fault through."""
    async with echo(**line) as link:
        assert await said_again(link, 10) >= least * 0.9


async def test_a_link_resets() -> None:
    """Without a goodbye: whoever waits learns of it at once."""
    async with echo() as link, caller(link) as (reader, writer):
        writer.write(PIECE)
        assert await reader.readexactly(len(PIECE)) == PIECE
        link.drop()
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(reader.readexactly(1), 5)
        assert await said_again(link, 1) < 1.0


async def test_a_link_is_half_open_for_what_was_open() -> None:
    """Nobody is told anything, and a new connection is well."""
    async with echo() as link, caller(link) as (reader, writer):
        writer.write(PIECE)
        assert await reader.readexactly(len(PIECE)) == PIECE
        link.lose()
        writer.write(PIECE)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.5)
        assert await said_again(link, 1) < 1.0


async def test_a_silent_link_goes_on_where_it_stood() -> None:
    """What was on its way comes when it heals."""
    async with echo() as link, caller(link) as (reader, writer):
        link.become(Mood.SILENT)
        writer.write(PIECE)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)
        link.become(Mood.WELL)
        assert await asyncio.wait_for(reader.readexactly(len(PIECE)), 5) == PIECE


async def test_a_refusing_link_closes_what_comes() -> None:
    """And lets it in again when it heals."""
    async with echo() as link:
        link.become(Mood.REFUSING)
        async with caller(link) as (reader, _):
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await asyncio.wait_for(reader.readexactly(1), 5)
        link.become(Mood.WELL)
        assert await said_again(link, 1) < 1.0


@pytest.mark.parametrize(
    "line",
    [{"delay_seconds": 0.1}, {"loss": 0.1}, {"bytes_per_second": 64_000}, {"loss": 0.05, "delay_seconds": 0.05}],
    ids=["delay", "loss", "bandwidth", "loss and delay"],
)
@pytest.mark.timeout(120)
async def test_a_county_gets_through_on_a_bad_line(tmp_path: Path, line: Any) -> None:  # noqa: ANN401
    """All of it, once, in order."""
    async with (
        real_hub(tmp_path, (HUANJIANG, LIBO), limits=ROOMY) as hub,
        link_to(hub.server.ports.client, **line) as link,
    ):
        credentials = replace(hub.credentials(HUANJIANG), urls=(f"tls://127.0.0.1:{link.port}",))
        async with hub.connect(HUANJIANG, credentials) as connection:
            appender, held = JetStreamAppender(connection, HUANJIANG), 0
            while held < MESSAGES:
                try:
                    waiting = publications(held + 1, min(90, MESSAGES - held), size=200)
                    held = await appender.append(Lane.NORMAL, waiting)
                except UnavailableError:
                    held = 0
        assert await everything(hub) == list(range(1, MESSAGES + 1))
