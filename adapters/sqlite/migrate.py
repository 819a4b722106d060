"""Bring a database to the version this code knows: numbered SQL files, each in one transaction."""

import re
from importlib import resources
from typing import Final, NamedTuple

import apsw

from adapters.sqlite.connection import APPLICATION_ID
from schemas.errors import Fault, RequestError

_NAME: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class Migration(NamedTuple):
    """One numbered step."""

    version: int
    sql: str


def migrations() -> list[Migration]:
    """Return every step in order."""
    files = resources.files("adapters.sqlite").joinpath("sql").iterdir()
    named = sorted((found[1], file) for file in files if (found := _NAME.fullmatch(file.name)))
    return [Migration(int(number), file.read_text(encoding="utf-8")) for number, file in named]


def version_of(connection: apsw.Connection) -> int:
    """Return the version of a database, 0 if it is empty.

    Raises:
        RequestError: It is not a database of Sihu, or newer than this code.
    """
    version, application = connection.pragma("user_version"), connection.pragma("application_id")
    empty = connection.execute("SELECT count(*) FROM sqlite_schema").get == 0
    if application != APPLICATION_ID and not (empty and application == 0 and version == 0):
        raise RequestError(Fault("store.not_ours", connection.filename, "this file is no Sihu database: name another"))
    known = migrations()[-1].version
    if version > known:
        mend = f"it has version {version} and this program knows {known}: run the program that made it, or a newer one"
        raise RequestError(Fault("store.newer_version", connection.filename, mend))
    return int(version)


def migrate(connection: apsw.Connection) -> int:
    """Apply the steps that are missing; return how many.

    Raises:
        RequestError: It is not a database of Sihu, or newer than this code.
    """
    version = version_of(connection)
    missing = [step for step in migrations() if step.version > version]
    for step in missing:
        with connection:
            connection.execute(step.sql)
            connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", step.version)
    return len(missing)
