"""The documents that a county trusts, in memory: for tests."""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from schemas.documents import SignedDocument
from schemas.errors import Fault


class _Filed(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def document(self) -> SignedDocument: ...


F = TypeVar("F", bound=_Filed)


class MemoryTrustFolder:
    """Satisfies ``services.signing_ports.TrustFolder``."""

    def __init__(self, files: Mapping[str, bytes], changed: Callable[[], None] = lambda: None) -> None:
        """Start with these documents by name; ``changed`` is called after each that was put there."""
        self.files, self._changed = dict(files), changed

    def read(self) -> Mapping[str, bytes]:
        """Return every document."""
        return dict(self.files)

    def put(self, judge: Callable[[Mapping[str, bytes]], F | Fault]) -> F | Fault:
        """Put a document there if it passes."""
        found = judge(self.read())
        if isinstance(found, Fault):
            return found
        self.files[found.name] = found.document.model_dump_json(indent=1).encode() + b"\n"
        self._changed()
        return found
