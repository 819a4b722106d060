"""Sihu's hub for a measurement: the real nats-server with the configuration that ``sihu hub`` renders, without TLS.

The floor goes without TLS too. Killing and starting are the harness's business here, so the supervisor of
``adapters.jetstream.embedded``, which would start it again at once, stays out.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from adapters.jetstream.accounts import REGISTRAR, Member
from adapters.jetstream.connection import HubConnection
from adapters.jetstream.credentials import Credentials
from adapters.jetstream.server_config import HubConfig, Place, Ports, render_hub
from adapters.jetstream.streams import Registrar, StreamLimits
from schemas.ids import CountyCode
from tests.bench.bare_server import BareServer
from tests.bench.events import AGREEMENT_ID
from tests.bench.members import nkey_of, nkey_seed_of

_ROOMY: Final = StreamLimits(max_messages_per_subject=10_000_000)
"""A run holds more rounds than a county has neighbours; the limit per subject is not what is measured."""


def hub_text(folder: Path, counties: Sequence[CountyCode]) -> str:
    """Return the configuration of a hub that lets these counties in."""
    members = tuple(Member(county, nkey_of(county)) for county in counties)
    return render_hub(HubConfig(Place(folder / "store", None), nkey_of(REGISTRAR), members), Ports())


@asynccontextmanager
async def hub(folder: Path, counties: Sequence[CountyCode]) -> AsyncIterator[BareServer]:
    """Run a hub with its streams and consumers until the block ends."""
    server = BareServer(folder, hub_text(folder, counties))
    await server.start()
    try:
        await declare(server.url, counties)
        yield server
    finally:
        await server.stop()


async def declare(url: str, counties: Sequence[CountyCode]) -> None:
    """Let the registrar make the streams and every county's consumers."""
    credentials = Credentials((url,), nkey_seed_of(REGISTRAR), None)
    async with HubConnection(credentials, who=REGISTRAR).running() as connection:
        await connection.contact(timeout_seconds=10)
        await Registrar(connection, _ROOMY).arrange(counties, {AGREEMENT_ID: counties})
