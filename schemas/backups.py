"""The manifest of a backup: what lies in the file, digest by digest, and what it is a backup of.

Source: docs/decisions/0013-reopen-every-chain-after-a-restore.md
"""

import re
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import Model, WireTime
from schemas.ids import CountyId, Digest

MANIFEST: Final = "manifest.json"
DATABASE: Final = "database/sihu.db"
COUNTY: Final = "county/"
"""Files of the county's directory lie below it under their own names."""
MANIFEST_MAX_BYTES: Final = 1024 * 1024
FILES_MAX: Final = 10_000

_PART: Final = r"[A-Za-z0-9_@-][A-Za-z0-9_@.-]{0,254}"  # never a leading dot, so never `..` and nothing hidden
_NAME: Final = rf"^(?:database/sihu\.db|county/(?:{_PART}/){{0,4}}{_PART})$"
_SECRET: Final = re.compile(r"^county/(?:keys/.*|.*\.key)$")

BackedName = Annotated[str, StringConstraints(pattern=_NAME)]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]


class BackedFile(Model):
    """One file of a backup; they lie in the archive in the order of the manifest."""

    name: BackedName
    size: Count  # bytes
    mode: Literal[0o600, 0o644]
    sha256: Digest


class RenewedToken(Model):
    """A token that lay in a file in the clear: it is not in the backup, and a restore issues another in its place."""

    file: BackedName
    name: str


class BackupManifest(Model):
    """What a backup holds. Its own digest is what an operator compares."""

    format: Literal["sihu-backup"] = "sihu-backup"
    version: Literal[1] = 1
    county: CountyId
    made_at: WireTime
    software: str
    """Version of Sihu that made it."""
    database_version: Count
    counts: dict[str, Count]
    """The store's gauges at the moment of the copy: events_in, events_out, …"""
    with_keys: bool
    tokens: Annotated[tuple[RenewedToken, ...], Field(max_length=FILES_MAX, strict=False)] = ()
    files: Annotated[tuple[BackedFile, ...], Field(min_length=1, max_length=FILES_MAX, strict=False)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = [file.name for file in self.files]
        if len(set(names)) != len(names):
            raise ValueError("a file is named twice")
        if names.count(DATABASE) != 1:
            raise ValueError("a backup holds exactly one database")
        return self


def is_key(name: str) -> bool:
    """Tell whether a file of a backup is a private key; they lie there encrypted, as in the county's directory."""
    return _SECRET.fullmatch(name) is not None
