"""What `sihu doctor` looks at outside the files of trust: hub, certificate, disk, database, clock."""

import asyncio
from datetime import datetime
from typing import Final

from adapters.jetstream.connection import HubConnection
from adapters.keys.county_files import CountyFiles
from adapters.sqlite.upkeep import free_bytes, verify_backup
from adapters.time_service import is_synchronised
from adapters.tls.authority import expires_in_days
from schemas.errors import UnavailableError
from services.bootstrap.node import credentials_of
from services.settings import Settings

_SQLITE: Final = b"SQLite format 3\0"

__all__ = ["certificate_days", "free_mib", "hub_contact", "is_synchronised", "store_problems"]


def certificate_days(pem: bytes, now: datetime) -> int:
    """Return how many days a certificate is still valid; negative once it has ended.

    Raises:
        RequestError: It is no certificate.
    """
    return expires_in_days(pem, now=now)


def hub_contact(settings: Settings, passphrase: str, *, timeout_seconds: float) -> None:
    """Connect to the hub as the node does: TCP, TLS both ways, nkey.

    Raises:
        RequestError: A key or a certificate cannot be used, or no hub is set.
        UnavailableError: There is no contact in time; says why.
    """
    credentials = credentials_of(settings, CountyFiles(settings.directory), passphrase)

    async def connect() -> UnavailableError | None:
        async with HubConnection(credentials, who=settings.county).running() as hub:
            try:
                await hub.contact(timeout_seconds=timeout_seconds)
            except UnavailableError as exc:
                return exc  # raised inside the block it would come out wrapped by its task group
        return None

    if missing := asyncio.run(connect()):
        raise missing


def free_mib(settings: Settings) -> int:
    """Return the free space where the database lies, in MiB."""
    return free_bytes(settings.at(settings.store.path)) >> 20


def store_problems(settings: Settings) -> tuple[str, ...] | None:
    """Return what is wrong with the database, one line each; None if there is none yet."""
    path = settings.at(settings.store.path)
    if not path.exists():
        return None
    with path.open("rb") as file:
        if file.read(len(_SQLITE)) != _SQLITE:
            return (f"{path} is no database",)
    return verify_backup(path).problems
