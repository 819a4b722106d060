"""The folder of files in memory, for tests: what was not synced can be lost on purpose."""

from schemas.errors import UnavailableError


class MemoryFolder:
    """Satisfies ``services.file_ports.FileFolder``."""

    def __init__(self) -> None:
        """Begin empty."""
        self._files: dict[str, bytearray] = {}
        self._durable: dict[str, bytes] = {}
        self.broken = False
        """Set by a test: nothing can be read until it is cleared."""

    def lose_power(self) -> None:
        """Forget everything that was not synced."""
        self._files = {name: bytearray(data) for name, data in self._durable.items()}

    def size(self, name: str) -> int | None:
        """Return the bytes of a file, None if there is no such file."""
        return len(self._files[name]) if name in self._files else None

    def write(self, name: str, offset: int, data: bytes) -> None:
        """Write at an offset; makes the file if there is none."""
        held = self._files.setdefault(name, bytearray())
        held.extend(bytes(max(0, offset - len(held))))
        held[offset : offset + len(data)] = data

    def sync(self, name: str) -> None:
        """Make what was written durable."""
        self._durable[name] = bytes(self._files[name])

    def cut(self, name: str, size: int) -> None:
        """Shorten a file."""
        del self._files[name][size:]

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Return bytes of a file; fewer at its end, none if there is no such file.

        Raises:
            UnavailableError: The test said so.
        """
        if self.broken:
            raise UnavailableError("the disk is broken")
        return bytes(self._files.get(name, b"")[offset : offset + length])

    def remove(self, name: str) -> None:
        """Remove a file for good; harmless if there is none."""
        self._files.pop(name, None)
        self._durable.pop(name, None)

    def names(self) -> list[str]:
        """Return the names of all files."""
        return sorted(self._files)
