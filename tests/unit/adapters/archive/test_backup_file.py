"""A backup file: whole or not there, and nothing that a crafted one could do to the reader's disk."""

import io
import json
import stat
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.archive.backup_file import Source, appearing, opened_backup, write_backup
from schemas.backups import DATABASE, MANIFEST, BackupManifest
from schemas.errors import RequestError

SETTINGS = "county/county.toml"
CONTENT = {SETTINGS: b'county = "451226"\n', "county/keys/event.pem": b"encrypted", DATABASE: b"SQLite" * 1000}


def silent(_done: int, _whole: int) -> None:
    """Show nothing."""


def manifest_of(sources: list[Source], **changes: Any) -> bytes:  # noqa: ANN401 - any field
    facts = {
        "county": "451226",
        "made_at": "2026-03-04T07:45:00.000+08:00",
        "software": "0.1.0",
        "database_version": 1,
        "counts": {},
        "with_keys": True,
        "files": [json.loads(source.described().model_dump_json()) for source in sources],
    }
    return json.dumps(facts | changes).encode()


def sources_of(content: Mapping[str, bytes] = CONTENT) -> list[Source]:
    return [Source(name, data) for name, data in content.items()]


def backup(path: Path, content: Mapping[str, bytes] = CONTENT, **changes: Any) -> Path:  # noqa: ANN401
    """Write a backup as the product does."""
    sources = sources_of(content)
    write_backup(path, manifest_of(sources, **changes), sources, silent)
    return path


def crafted(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    """Write a tar of anything behind a true manifest of ``CONTENT``."""
    with tarfile.open(path, "w") as tar:
        data = manifest_of(sources_of())
        for info, body in ((member(MANIFEST, data), data), *members):
            tar.addfile(info, io.BytesIO(body))
    return path


def member(name: str, body: bytes = b"", **facts: Any) -> tarfile.TarInfo:  # noqa: ANN401
    info = tarfile.TarInfo(name)
    info.size = len(body)
    for key, value in facts.items():
        setattr(info, key, value)
    return info


def whole(*names: str) -> list[tuple[tarfile.TarInfo, bytes]]:
    return [(member(name, CONTENT[name]), CONTENT[name]) for name in names or CONTENT]


def extracted(path: Path, folder: Path) -> dict[str, Path]:
    with opened_backup(path) as found:
        places = {file.name: folder / file.name for file in found.manifest.files}
        found.extract(places, silent)
    return places


def test_what_was_put_in_comes_out(tmp_path: Path) -> None:
    """Bytes and modes: a key that others may read afterwards is a key that is refused."""
    path = backup(tmp_path / "county.tar")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    places = extracted(path, tmp_path / "out")
    assert {name: place.read_bytes() for name, place in places.items()} == CONTENT
    assert {stat.S_IMODE(place.stat().st_mode) for place in places.values()} == {0o600}


def test_a_backup_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Half a backup under its final name is taken for one on the day it is needed."""
    target = tmp_path / "county.tar"

    def fail(partial: Path) -> None:
        partial.write_bytes(b"half")
        raise ValueError("on the way")

    with pytest.raises(ValueError, match="on the way"), appearing(target) as partial:
        fail(partial)
    assert list(tmp_path.iterdir()) == []


def test_a_backup_is_never_overwritten(tmp_path: Path) -> None:
    """Yesterday's is all that is left if today's fails."""
    target = tmp_path / "county.tar"
    target.write_bytes(b"yesterday")
    with pytest.raises(RequestError, match=r"backup\.exists"), appearing(target):
        pass
    assert target.read_bytes() == b"yesterday"


def test_a_place_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """A mistyped folder is a line, not a traceback."""
    with pytest.raises(RequestError, match=r"backup\.unwritable"), appearing(tmp_path / "no" / "county.tar") as partial:
        partial.write_bytes(b"")


@pytest.mark.parametrize("at", [0.05, 0.3, 0.6, 0.9, 0.999])
def test_a_flipped_bit_anywhere_is_noticed(tmp_path: Path, at: float) -> None:
    """A bad block on the stick must not become a county."""
    path = backup(tmp_path / "county.tar")
    data = bytearray(path.read_bytes())
    used = len(data.rstrip(b"\0"))
    data[int(used * at)] ^= 1
    path.write_bytes(data)
    with pytest.raises(RequestError, match=r"backup\.damaged"), opened_backup(path) as found:
        found.check(silent)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_a_cut_off_file_is_noticed(tmp_path: Path, share: float) -> None:
    """The stick was pulled out while it was copied."""
    path = backup(tmp_path / "county.tar")
    data = path.read_bytes().rstrip(b"\0")
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(RequestError, match=r"backup\.damaged"), opened_backup(path) as found:
        found.check(silent)


ATTACKS: Mapping[str, Callable[[], list[tuple[tarfile.TarInfo, bytes]]]] = {
    "a path outside": lambda: [(member("../outside", b"x"), b"x"), *whole()],
    "an absolute path": lambda: [(member("/tmp/outside", b"x"), b"x"), *whole()],  # noqa: S108
    "a link in the place of the settings": lambda: [
        (member(SETTINGS, type=tarfile.SYMTYPE, linkname="/etc/passwd"), b""),
        *whole("county/keys/event.pem", DATABASE),
    ],
    "a hard link": lambda: [(member(SETTINGS, type=tarfile.LNKTYPE, linkname="/etc/passwd"), b"")],
    "a device": lambda: [(member(SETTINGS, type=tarfile.CHRTYPE), b"")],
    "a pipe of the right size": lambda: [
        (member(SETTINGS, CONTENT[SETTINGS], type=tarfile.FIFOTYPE), CONTENT[SETTINGS])
    ],
    "one file too many": lambda: [*whole(), (member("county/cli.token", b"x"), b"x")],
    "one file missing": lambda: whole(SETTINGS, DATABASE),
    "files in another order": lambda: whole(DATABASE, SETTINGS, "county/keys/event.pem"),
    "other bytes of the same size": lambda: [
        (member(SETTINGS, CONTENT[SETTINGS]), CONTENT[SETTINGS].replace(b"451226", b"522722")),
        *whole("county/keys/event.pem", DATABASE),
    ],
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_crafted_archive_is_refused(tmp_path: Path, attack: str) -> None:
    """Restoring runs as the node's user, perhaps as root: a tar that may write anywhere owns the machine."""
    path = crafted(tmp_path / "county.tar", *ATTACKS[attack]())
    with pytest.raises(RequestError, match=r"backup\.damaged"):
        extracted(path, tmp_path / "out" / "county")
    assert not (tmp_path / "outside").exists()
    left = [one.name for one in tmp_path.rglob("*") if one.is_file() or one.is_symlink()]
    assert set(left) <= {"county.tar", "county.toml", "event.pem", "sihu.db"}
    assert not any(one.is_symlink() for one in tmp_path.rglob("*"))


@pytest.mark.parametrize(
    "name",
    [
        "county/../x",
        "county/.hidden",
        "/etc/passwd",
        "county//x",
        "county/a/b/c/d/e/f",
        "database/other.db",
        "x",
        "",
        "county/",
    ],
)
def test_a_manifest_with_a_strange_name_is_refused(tmp_path: Path, name: str) -> None:
    """Names come from the manifest, so the manifest's are the ones to be narrow about."""
    files = [json.loads(source.described().model_dump_json()) for source in sources_of()]
    files[0]["name"] = name
    path = backup(tmp_path / "county.tar", files=files)
    with pytest.raises(RequestError, match=r"backup\.damaged"):
        extracted(path, tmp_path / "out")


@pytest.mark.parametrize(
    "changes",
    [{"version": 2}, {"format": "other"}, {"files": []}, {"extra": 1}, {"county": "4512"}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_manifest_of_another_form_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    """A file of a later Sihu read by this one's rules would lack what those rules do not know."""
    path = backup(tmp_path / "county.tar", **changes)
    with pytest.raises(RequestError, match=r"backup\.damaged"):
        extracted(path, tmp_path / "out")


def test_a_mode_that_lets_others_write_is_refused() -> None:
    """The manifest says who may read; it cannot say that everybody may write."""
    files = [json.loads(source.described().model_dump_json()) | {"mode": 0o666} for source in sources_of()]
    with pytest.raises(ValueError, match="mode"):
        BackupManifest.model_validate_json(manifest_of(sources_of(), files=files))


@pytest.mark.parametrize("data", [b"", b"not a tar at all" * 100, b"\0" * 10240])
def test_what_is_no_backup_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    """Somebody names the database, or an empty file."""
    path = tmp_path / "county.tar"
    path.write_bytes(data)
    with pytest.raises(RequestError, match=r"backup\.damaged"), opened_backup(path):
        pass
    with pytest.raises(RequestError, match=r"backup\.not_found"), opened_backup(tmp_path / "none.tar"):
        pass


def test_an_existing_file_is_not_written_over(tmp_path: Path) -> None:
    """Also not through a link that somebody laid there before."""
    path = backup(tmp_path / "county.tar")
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    place = tmp_path / "out" / SETTINGS
    place.parent.mkdir(parents=True)
    place.symlink_to(victim)
    with pytest.raises(RequestError, match=r"restore\.unwritable"):
        extracted(path, tmp_path / "out")
    assert victim.read_bytes() == b"mine"


def test_progress_ends_at_the_whole(tmp_path: Path) -> None:
    """A bar that stops at 97 % looks like a backup that failed."""
    told: list[tuple[int, int]] = []
    sources = sources_of()
    write_backup(tmp_path / "county.tar", manifest_of(sources), sources, lambda *both: told.append(both))
    assert told[-1][0] == told[-1][1]
    with opened_backup(tmp_path / "county.tar") as found:
        found.check(lambda *both: told.append(both))
    assert told[-1] == (sum(map(len, CONTENT.values())),) * 2
