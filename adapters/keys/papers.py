"""Signed documents that come while the node runs: written into its folder of trust, where they count at once."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeVar

from adapters.keys.county_files import CountyFiles
from adapters.keys.durable import PUBLIC, one_at_a_time, write_whole
from schemas.documents import SignedDocument
from schemas.errors import Fault

_FOLDER: Final = "trust"


class _Filed(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def document(self) -> SignedDocument: ...


F = TypeVar("F", bound=_Filed)


class PaperFolder:
    """Satisfies ``services.signing_ports.Papers``."""

    def __init__(self, root: Path, *, name_of: Callable[[SignedDocument], str], kept: Callable[[], None]) -> None:
        """Write nothing yet.

        Args:
            root: The county's directory.
            name_of: The domain's rule: where a document lies below it.
            kept: Called after each, so that whoever reads the folder looks again.
        """
        self._root, self._name_of, self._kept = root, name_of, kept

    def keep(self, document: SignedDocument) -> None:
        """Keep a document, durable before this returns; one that is there already is left as it is."""
        path = self._root / self._name_of(document)
        if not path.exists():
            write_whole(path, _spelt(document), mode=PUBLIC)
        self._kept()


class TrustFolder:
    """Satisfies ``services.signing_ports.TrustFolder``: a county's documents of trust on its disk."""

    def __init__(self, files: CountyFiles, patterns: Sequence[str], *, changed: Callable[[], None]) -> None:
        """Read nothing yet.

        Args:
            files: Of the county.
            patterns: Globs of the documents of trust.
            changed: Called after each that was put there, so that whoever reads the folder looks again.
        """
        self._files, self._patterns, self._changed = files, patterns, changed

    def read(self) -> Mapping[str, bytes]:
        """Return every document, by the name of its file."""
        return self._files.read_all(self._patterns)

    def put(self, judge: Callable[[Mapping[str, bytes]], F | Fault]) -> F | Fault:
        """Put a document there if it passes; node and commands come one after the other."""
        with one_at_a_time(self._files.root / _FOLDER):
            found = judge(self.read())
            if isinstance(found, Fault):
                return found
            self._files.write(found.name, _spelt(found.document))
        self._changed()
        return found


def _spelt(document: SignedDocument) -> bytes:
    return document.model_dump_json(indent=1).encode() + b"\n"
