"""How long processes were ready to run and did not get a processor: what a busy machine adds to any measured delay."""

import contextlib
from collections.abc import Iterable
from pathlib import Path


def starved_seconds(pids: Iterable[int]) -> float:
    """Return the sum over all threads of these processes since they began; the kernel counts it.

    On an idle machine it hardly moves. What happens along a chain of processes is delayed by at most so much.
    """
    return sum(_of_thread(path) for pid in pids for path in Path(f"/proc/{pid}/task").glob("*/schedstat"))


def _of_thread(path: Path) -> float:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # the thread has just ended
        _, waited, _ = path.read_text(encoding="ascii").split()
        return int(waited) / 1e9
    return 0.0
