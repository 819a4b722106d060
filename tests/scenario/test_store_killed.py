"""Accepted is durable (G1): kill -9 at any moment loses nothing acknowledged and leaves nothing half."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storage import audit, ids_in

ROOT = Path(__file__).parents[2]
SEED = 20260304


class Poster:
    """The posting process, and what it said before it was killed."""

    def __init__(self, path: Path) -> None:
        """Start it."""
        self.said: list[str] = []
        command = [sys.executable, "-m", "tests.scenario.store_poster", str(path)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        if self._process.stdout is not None:
            self.said.extend(line.strip() for line in self._process.stdout if line.endswith("\n"))

    def kill(self, after_seconds: float) -> None:
        """Kill it ``after_seconds`` after it was first heard of."""
        end = time.monotonic() + 30
        while not self.said and self._process.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(after_seconds)
        with self._process:
            self._process.send_signal(signal.SIGKILL)
            self._listener.join()


@pytest.mark.timeout(600)
def test_a_killed_process_loses_nothing_that_it_acknowledged(
    tmp_path: Path, reduced: Callable[[int, int], int]
) -> None:
    """A crash between acknowledging and writing; a row without the others of its transaction."""
    path, chooser = tmp_path / "county.db", random.Random(SEED)
    kills, acknowledged = reduced(30, 200), set[str]()
    print(f"seed {SEED}, {kills} kills")  # noqa: T201 - a failing run must be repeatable
    for _ in range(kills):
        poster = Poster(path)
        poster.kill(chooser.uniform(0, 0.15))
        assert poster.said, "killed before anything was in flight: no kill worth counting"
        acknowledged |= set(poster.said)
        assert acknowledged - ids_in(path) == set()
        assert audit(path) == []
    print(f"{len(acknowledged)} acknowledged, {len(ids_in(path))} held")  # noqa: T201
