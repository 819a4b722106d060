"""Bring a county back from a backup.

What it sent after the backup was made is not in the backup, but its partners have it. A restored store therefore never
goes on in an old epoch and never uses a number of the way out again: ``mark_restored`` notes it in the database, and
``posting``, ``relay`` and ``receiver`` act on it.

Source: docs/decisions/0013-reopen-every-chain-after-a-restore.md
"""

import asyncio
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.archive.backup_file import BackupFile, opened_backup, sync_directory
from adapters.keys.access import AccessFile, new_token
from adapters.keys.county_files import CountyFiles
from adapters.sqlite.lock import DatabaseLock
from adapters.sqlite.store import open_store
from adapters.sqlite.upkeep import BackupFacts, free_bytes
from schemas.access import Access
from schemas.backups import COUNTY, DATABASE, BackupManifest
from schemas.errors import Fault, RequestError, UnavailableError
from schemas.records import RESTORED
from services.bootstrap.upkeep import OFFICE, SPARE_BYTES, Told, sound
from services.domain.encoding import digest_of
from services.domain.office_keys import RENEWAL_WANTED
from services.ports import Transaction
from services.settings import OFFICE_KEYS_FOLDER, SETTINGS_FILE, Settings, read_settings

_PARTIAL: Final = ".restoring"
_SETTINGS: Final = COUNTY + SETTINGS_FILE
_OF_SQLITE: Final = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """A county brought back.

    Attributes:
        retired: How many own chains open a new epoch before their next event.
        missing_keys: Key files that the node needs and nothing brought back.
        passphrase_file: Where the settings expect the passphrase, if it is not there.
    """

    manifest: BackupManifest
    database: Path
    retired: int
    missing_keys: tuple[str, ...]
    passphrase_file: Path | None


def mark_restored(tx: Transaction, county: str) -> int:
    """Note that this store lacks what happened after it was copied; return how many own chains that concerns."""
    tx.outbox.doubt()
    tx.memory.forget_positions()
    tx.memory.put_setting(RENEWAL_WANTED, "restored")
    tx.memory.put_setting(RESTORED, county)
    for session in tx.console.sessions():  # one that was revoked since must not come back
        tx.console.drop_session(session.digest)
    return tx.chains.retire(county)


def restore_county(source: Path, directory: Path, *, told: Told) -> Restored:
    """Bring a county back into a directory that holds nothing of it.

    Everything is written beside its place and read through first; the settings take their place last, so that no node
    starts on half a county.

    Raises:
        RequestError: The backup is damaged, or something is there already.
        UnavailableError: A node runs on this database, or there is too little room.
    """
    database = directory / _settings_in(source).store.path
    with opened_backup(source) as backup, _alone(database):
        manifest = backup.manifest
        places = {file.name: _place(file.name, directory, database) for file in manifest.files}
        places[DATABASE] = database
        _refuse_to_overwrite([*places.values(), *(_beside(database, ending) for ending in _OF_SQLITE)])
        _refuse_if_too_large(manifest, database)
        with _partials(places) as partials:
            _extract(backup, partials, told)
            _refuse_other_county(manifest, sound(partials[DATABASE]))
            retired = asyncio.run(_mark(partials[DATABASE], manifest.county))
            _take_places(partials, places)
    _renew_tokens(manifest, directory)
    settings = read_settings(directory)
    return Restored(manifest, database, retired, _missing_keys(settings), _missing_passphrase(settings))


def _place(name: str, directory: Path, database: Path) -> Path:
    if name.startswith(OFFICE):
        return database.parent / OFFICE_KEYS_FOLDER / name.removeprefix(OFFICE)
    return directory / name.removeprefix(COUNTY)


def _settings_in(source: Path) -> Settings:
    """Ask the backup's own settings, and the variables that beat them, where the database lies."""
    with opened_backup(source) as backup, tempfile.TemporaryDirectory(prefix="sihu-settings-") as folder:
        if _SETTINGS not in {file.name for file in backup.manifest.files}:
            raise RequestError(Fault("backup.damaged", str(source), f"it lacks {SETTINGS_FILE}; use another backup"))
        root = Path(folder)
        backup.extract({_SETTINGS: root / SETTINGS_FILE}, lambda _done, _whole: None)
        return read_settings(root)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


@contextmanager
def _alone(database: Path) -> Iterator[None]:
    """Keep every node out while the database is brought back."""
    try:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = DatabaseLock(database)
    except OSError as exc:
        raise RequestError(Fault("restore.unwritable", str(database.parent), f"{exc.strerror}")) from exc
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _partials(places: Mapping[str, Path]) -> Iterator[dict[str, Path]]:
    """Yield where to write instead; whatever has not found its place is taken away, also what a killed restore left."""
    partials = {name: _beside(place, _PARTIAL) for name, place in places.items()}
    _remove(partials.values())
    try:
        yield partials
    except OSError as exc:
        raise UnavailableError(f"{exc.filename}: {exc.strerror}") from exc
    finally:
        _remove(partials.values())


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        for ending in ("", *_OF_SQLITE, ".lock"):
            _beside(path, ending).unlink(missing_ok=True)


def _refuse_to_overwrite(places: Sequence[Path]) -> None:
    found = next((place for place in places if place.exists() or place.is_symlink()), None)
    if found is not None:
        mend = "it is there already and is not overwritten; name an empty directory, or move the old county aside"
        raise RequestError(Fault("restore.exists", str(found), mend))


def _refuse_if_too_large(manifest: BackupManifest, database: Path) -> None:
    wanted = sum(file.size for file in manifest.files) + SPARE_BYTES
    if free_bytes(database) < wanted:
        raise UnavailableError(f"{wanted >> 20} MiB must be free in {database.parent}; make room first")


def _refuse_other_county(manifest: BackupManifest, facts: BackupFacts) -> None:
    owner = facts.settings.get("county", manifest.county)
    if owner != manifest.county:
        mend = f"its database belongs to {owner} and its manifest to {manifest.county}; use another backup"
        raise RequestError(Fault("backup.damaged", "county", mend))


def _extract(backup: BackupFile, partials: Mapping[str, Path], told: Told) -> None:
    backup.extract(partials, lambda done, whole: told("恢复 restoring, bytes", done, whole))


async def _mark(database: Path, county: str) -> int:
    async with open_store(database, floor_bytes=0) as store:
        return await store.write(lambda tx: mark_restored(tx, county))


def _take_places(partials: Mapping[str, Path], places: Mapping[str, Path]) -> None:
    for name in sorted(partials, key=lambda name: name == _SETTINGS):
        partials[name].rename(places[name])
    for directory in {place.parent for place in places.values()}:
        sync_directory(directory)


def _renew_tokens(manifest: BackupManifest, directory: Path) -> None:
    """Issue what the commands call the API with anew: the old ones may lie on the disk that was lost."""
    fresh = {one.name: (one.file.removeprefix(COUNTY), new_token()) for one in manifest.tokens}
    if not fresh:
        return

    def edit(tokens: tuple[Access, ...]) -> tuple[Access, ...]:
        return tuple(
            one.model_copy(update={"digest": digest_of(fresh[one.name][1].encode())})
            if one.revoked_at is None and one.name in fresh
            else one
            for one in tokens
        )

    AccessFile(directory).change(edit)
    files = CountyFiles(directory)
    for file, token in fresh.values():
        files.write(file, token.encode() + b"\n", private=True)


def _missing_keys(settings: Settings) -> tuple[str, ...]:
    wanted = (Path("keys/event.pem"), Path("keys/receipt.pem"), settings.hub.key_file, settings.hub.nkey_file)
    missing = (path for path in wanted if not settings.at(path).exists())
    # A key that was changed lies under its key id, and the first one is no more.
    return tuple(path.as_posix() for path in missing if not [*settings.directory.glob(f"keys/{path.stem}-*.pem")])


def _missing_passphrase(settings: Settings) -> Path | None:
    path = settings.keys.passphrase_file
    return path if path is not None and not settings.at(path).exists() else None
