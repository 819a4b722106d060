"""Back a county up into one file, whether its node runs or not; the file is read back before it counts.

No token that lies in the clear goes into it, and private keys lie there as they lie in the county's directory:
encrypted. Who steals a backup still needs the passphrase.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from adapters.archive.backup_file import Source, appearing, opened_backup, write_backup
from adapters.keys.access import AccessFile
from adapters.keys.county_files import CountyFiles, read_secret
from adapters.keys.encryption import OFFICE_KEYS, OFFICE_RECORDS
from adapters.sqlite.upkeep import BackupFacts, back_up, free_bytes, verify_backup
from schemas.backups import COUNTY, DATABASE, BackupManifest, RenewedToken, is_key
from schemas.errors import Fault, NotFoundError, RequestError, UnavailableError
from services.domain.encoding import digest_of
from services.settings import OFFICE_KEYS_FOLDER, SETTINGS_FILE, Settings

SPARE_BYTES: Final = 16 * 1024 * 1024

_DOCUMENTS: Final = (
    SETTINGS_FILE,
    "card.json",
    "roster.toml",
    "policy.toml",
    "calendar/*.toml",
    "festivals.toml",
    "roster.d/*.jsonl",
    "roster.d/plans/*.toml",
    "tokens.json",
    "trust/*.json",
    "trust/agreements/*.json",
    "trust/keys/*.json",
    "officers/*.json",
    "transport/*.pem",
    "transport/*.crt",
)
_KEYS: Final = ("keys/*.pem", "transport/*.key", "officers/*.key", "pins/*.json")
OFFICE: Final = f"{COUNTY}{OFFICE_KEYS_FOLDER}/"
"""Where a backup has the short-lived keys, wherever the database lies."""
_TOKEN_FILES: Final = ("cli.token", "officers/*.token")
_PUBLIC: Final = 0o644
_PRIVATE: Final = 0o600
_OTHERS_READ: Final = 0o004

Told = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is in all."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was read through and holds.

    Attributes:
        size: Bytes.
        digest: SHA-256 of its manifest, hex: it names everything in it.
    """

    path: Path
    size: int
    digest: str
    manifest: BackupManifest


def back_up_county(settings: Settings, target: Path, *, with_keys: bool, now: datetime, told: Told) -> BackedUp:
    """Copy a county into one file and read the file back.

    Raises:
        RequestError: ``target`` exists or cannot be written, or something of the county cannot be read.
        UnavailableError: There is too little room, or the disk is failing.
    """
    database = settings.at(settings.store.path)
    if not database.exists():
        raise NotFoundError(Fault("store.not_found", str(database), "there is no database yet: nothing to back up"))
    with appearing(target) as partial, tempfile.TemporaryDirectory(prefix=".sihu-", dir=target.parent) as folder:
        _refuse_if_no_room(database, target)
        copy = Path(folder) / "sihu.db"
        back_up(database, copy, lambda done, whole: told("复制 copying, pages", done, whole))
        facts = sound(copy)
        sources = [*_files_of(settings, with_keys=with_keys), Source(DATABASE, copy)]
        data = _manifest(settings, facts, sources, with_keys=with_keys, now=now)
        write_backup(partial, data, sources, lambda done, whole: told("写入 writing, bytes", done, whole))
        checked = check_backup(partial, told)
    return BackedUp(target, checked.size, checked.digest, checked.manifest)


def check_backup(path: Path, told: Told) -> BackedUp:
    """Read a backup through and compare every byte with its manifest.

    Raises:
        RequestError: It is damaged, cut off or no backup.
    """
    with opened_backup(path) as backup:
        backup.check(lambda done, whole: told("核对 verifying, bytes", done, whole))
        return BackedUp(path, path.stat().st_size, backup.digest, backup.manifest)


def sound(database: Path) -> BackupFacts:
    """Return the facts of a copied database.

    Raises:
        RequestError: It is damaged.
    """
    facts = verify_backup(database)
    if facts.problems:
        raise RequestError(Fault("backup.damaged", DATABASE, f"the database is damaged: {facts.problems[0]}"))
    return facts


def _refuse_if_no_room(database: Path, target: Path) -> None:
    wanted = 2 * database.stat().st_size + SPARE_BYTES  # the copy, and the file that it goes into
    if free_bytes(target) < wanted:
        raise UnavailableError(f"{wanted >> 20} MiB must be free beside {target}; name a file on another disk")


def _files_of(settings: Settings, *, with_keys: bool) -> Iterator[Source]:
    files = CountyFiles(settings.directory)
    for name, data in files.read_all((*_DOCUMENTS, *(_KEYS if with_keys else ()))).items():
        mode = (settings.directory / name).stat().st_mode
        private = is_key(COUNTY + name) or not mode & _OTHERS_READ
        yield Source(COUNTY + name, data, _PRIVATE if private else _PUBLIC)
    if with_keys:
        yield from _office_keys_of(settings)


def _office_keys_of(settings: Settings) -> Iterator[Source]:
    for name, data in CountyFiles(settings.office_keys).read_all((OFFICE_KEYS, OFFICE_RECORDS)).items():
        kept = f"{OFFICE}{name}"
        yield Source(kept, data, _PRIVATE if is_key(kept) else _PUBLIC)


def _manifest(
    settings: Settings, facts: BackupFacts, sources: Sequence[Source], *, with_keys: bool, now: datetime
) -> bytes:
    manifest = BackupManifest(
        county=settings.county,
        made_at=now,
        software=version("sihu"),
        database_version=facts.version,
        counts=facts.counts,
        with_keys=with_keys,
        tokens=tuple(_tokens_in_files(settings.directory)),
        files=tuple(source.described() for source in sources),
    )
    return manifest.model_dump_json(indent=1).encode() + b"\n"


def _tokens_in_files(root: Path) -> Iterator[RenewedToken]:
    """Name the tokens that lie in files for the commands; the tokens themselves stay out of every backup."""
    held = {one.digest: one for one in AccessFile(root).read() if one.revoked_at is None}
    for path in sorted(path for pattern in _TOKEN_FILES for path in root.glob(pattern)):
        access = held.get(digest_of(read_secret(path).encode()))
        if access is not None:
            yield RenewedToken(file=COUNTY + path.relative_to(root).as_posix(), name=access.name)
