"""What `sihu doctor` looks at outside the files of trust: certificate, disk, database, clock."""

from datetime import datetime
from typing import Final

from adapters.sqlite.upkeep import free_bytes, verify_backup
from adapters.time_service import is_synchronised
from adapters.tls.authority import expires_in_days
from services.settings import Settings

_SQLITE: Final = b"SQLite format 3\0"

__all__ = ["certificate_days", "free_mib", "is_synchronised", "store_problems"]


def certificate_days(pem: bytes, now: datetime) -> int:
    """Return how many days a certificate is still valid; negative once it has ended.

    Raises:
        RequestError: It is no certificate.
    """
    return expires_in_days(pem, now=now)


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
