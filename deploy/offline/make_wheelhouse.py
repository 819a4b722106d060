"""Fill a folder from which Sihu installs without a network: ``python3 run.py wheels [FOLDER]``.

The folder holds the wheels of x86-64 and arm64 Linux (glibc 2.28 or newer) for this Python's minor version, the
project's own wheel among them, ``install.sh``, ``requirements.txt`` with the hash of every wheel, and ``SHA256SUMS``.
What is downloaded is checked against the hashed lock; where from is for pip's own settings to say.
A second run with an unchanged lock downloads nothing.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
LOCK: Final = ROOT / "requirements.lock.txt"
INSTALLER: Final = Path(__file__).with_name("install.sh")
MACHINES: Final = ("x86_64", "aarch64")
PYTHON_VERSION: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
NEWEST_GLIBC: Final = 28  # glibc 2.28: Debian 10, openEuler 20.03, Kylin V10 and whatever is newer
OLDEST_GLIBC: Final = 5
LEGACY_NAMES: Final = ("manylinux2014", "manylinux2010", "manylinux1")
MADE_FROM: Final = ".made-from"


class WheelhouseError(Exception):
    """The folder cannot be filled; the text is one line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill the folder named and print its digest, which the installing office can compare by telephone."""
    parser = argparse.ArgumentParser(prog="run.py wheels", description="Make a folder for an offline install.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("wheels"), help="default: ./wheels")
    folder: Path = parser.parse_args(arguments).folder
    try:
        make(folder)
    except WheelhouseError as error:
        say(f"error: {error}")
        return 1
    size_mib = sum(path.stat().st_size for path in folder.rglob("*.whl")) >> 20
    say(f"{size_mib} MiB in {folder}; sha256 of SHA256SUMS:")
    print(digest_of(folder / "SHA256SUMS"))
    return 0


def make(folder: Path) -> None:
    """Fill ``folder``: third-party wheels if the lock has changed, the project's own wheel always."""
    wheels = folder / "wheels"
    made_from = f"{PYTHON_VERSION} {digest_of(LOCK)}"
    marker = folder / MADE_FROM
    if not marker.exists() or marker.read_text(encoding="utf-8") != made_from:
        shutil.rmtree(wheels, ignore_errors=True)
        wheels.mkdir(parents=True)
        download(wheels)
        marker.write_text(made_from, encoding="utf-8")
    for old in wheels.glob("sihu-*.whl"):
        old.unlink()
    say("building the project's own wheel")
    build(ROOT, wheels)
    write_lists(folder, sorted(wheels.glob("*.whl")))


def download(wheels: Path) -> None:
    """Bring the wheels of every machine; what exists as source alone is built here, if it is pure Python."""
    with tempfile.TemporaryDirectory() as sources:
        for machine in MACHINES:
            say(f"downloading for {machine}, Python {PYTHON_VERSION}")
            wanted = ["--python-version", PYTHON_VERSION, "--implementation", "cp", *platform_options(machine)]
            pip("download", "--require-hashes", "--no-deps", *wanted, "-r", str(LOCK), "-d", str(wheels))
        for source in [path for path in wheels.iterdir() if path.suffix != ".whl"]:
            build(source.rename(Path(sources) / source.name), wheels)


def platform_options(machine: str) -> list[str]:
    """Return pip's options for one machine, newest first: pip infers no older platform from a newer one."""
    modern = (f"manylinux_2_{minor}" for minor in range(NEWEST_GLIBC, OLDEST_GLIBC - 1, -1))
    return [part for name in (*modern, *LEGACY_NAMES) for part in ("--platform", f"{name}_{machine}")]


def build(source: Path, wheels: Path) -> None:
    """Build one wheel with the hashed tools of this environment; refuse one that fits this machine only."""
    before = set(wheels.iterdir())
    pip("wheel", "--no-deps", "--no-index", "--no-build-isolation", "-w", str(wheels), str(source))
    for wheel in set(wheels.iterdir()) - before:
        if not wheel.name.endswith("-none-any.whl"):
            wheel.unlink()
            raise WheelhouseError(
                f"{source.name} has no wheel for every machine, and building it here gave {wheel.name}"
            )


def write_lists(folder: Path, wheels: Iterable[Path]) -> None:
    """Write ``requirements.txt`` (each wheel pinned by hash), ``install.sh`` and ``SHA256SUMS``."""
    hashes: dict[str, list[str]] = defaultdict(list)
    for wheel in wheels:
        name, version = wheel.name.split("-")[:2]
        hashes[f"{name.replace('_', '-').lower()}=={version}"].append(f"--hash=sha256:{digest_of(wheel)}")
    lines = [" ".join([pin, *sorted(each)]) for pin, each in sorted(hashes.items())]
    (folder / "requirements.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "python-version").write_text(PYTHON_VERSION + "\n", encoding="utf-8")
    shutil.copy(INSTALLER, folder / INSTALLER.name)
    listed = [folder / name for name in (INSTALLER.name, "python-version", "requirements.txt")] + list(wheels)
    sums = [f"{digest_of(path)}  {path.relative_to(folder)}" for path in listed]
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n", encoding="utf-8")


def digest_of(path: Path) -> str:
    """Lowercase hex SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pip(*arguments: str) -> None:
    """Run this environment's pip; what it has to complain about goes straight to the person."""
    command = [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check", "--no-input", "-qq"]
    code = subprocess.run(command, check=False).returncode
    if code != 0:
        raise WheelhouseError(f"pip {arguments[0]} failed ({code})")


def say(text: str) -> None:
    """Print one line of progress on standard error."""
    print(f"wheels: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
