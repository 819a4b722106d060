"""Signed documents that come while the node runs: written into its folder of trust, where they count at once."""

from collections.abc import Callable
from pathlib import Path

from adapters.keys.durable import PUBLIC, write_whole
from schemas.documents import SignedDocument


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
            write_whole(path, document.model_dump_json(indent=1).encode() + b"\n", mode=PUBLIC)
        self._kept()
