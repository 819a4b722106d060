"""Read a hub's streams through, as its operator."""

from pathlib import Path

from adapters.jetstream.connection import HubConnection
from adapters.jetstream.credentials import Credentials
from adapters.jetstream.scrub import Scrubbed, Scrubber
from adapters.keys.county_files import read_secret
from schemas.errors import Fault, RequestError
from schemas.subjects import streams
from services.bootstrap.hub_files import HubFiles
from services.settings import read_hub_settings

__all__ = ["Scrubbed", "scrub_hub"]


async def scrub_hub(home: Path, timeout_seconds: float = 10.0) -> list[Scrubbed]:
    """Read every event stream through at the server that runs from ``home``.

    Raises:
        RequestError: Settings or keys are not usable.
        UnavailableError: The server does not answer, or a stream is not served now.
    """
    files, settings = HubFiles(home), read_hub_settings(home)
    if settings.port < 0:
        raise RequestError(
            Fault("hub.no_fixed_port", "port", "name the port in hub.toml; any free one cannot be found")
        )
    url = f"tls://{settings.names[0]}:{settings.port}"
    credentials = Credentials((url,), read_secret(files.registrar_seed), files.tls)
    async with HubConnection(credentials, who="registrar").running() as connection:
        await connection.contact(timeout_seconds=timeout_seconds)
        return [await Scrubber(connection).scrub(stream) for stream in streams()]
