"""What happened in a run, one line each, folded into one digest: two runs of one seed must have the same."""

import hashlib
from collections.abc import Callable


class Trace:
    """Hears everything; keeps the lines only if asked to."""

    def __init__(self, now: Callable[[], float], *, keep: bool = False) -> None:
        """Read the time by ``now``; ``keep`` the lines for a reader."""
        self._now, self._keep = now, keep
        self._hash = hashlib.sha256()
        self.lines: list[str] = []

    def note(self, who: str, what: str) -> None:
        """Note that something happened."""
        line = f"{self._now():9.3f} {who:12} {what}"
        self._hash.update(line.encode())
        if self._keep:
            self.lines.append(line)

    def digest(self) -> str:
        """Return the hex digest of everything so far."""
        return self._hash.hexdigest()
