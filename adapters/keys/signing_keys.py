"""The signing keys of a county's directory: those in force, and the next ones, made beforehand.

``keys/event.pem`` is the one that `sihu init` made; every other one is named by its key id, ``keys/event-<kid>.pem``.
Which of them signs follows from what is trusted, never from a name. An order to change a key is a file beside them,
``keys/event.order``, which names the key to be changed: an order that comes twice changes nothing twice.
"""

import contextlib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from adapters.keys.durable import PUBLIC, write_whole
from adapters.keys.file_signer import FileSigner
from adapters.keys.key_file import generate, load, new_salt, save
from schemas.errors import NotFoundError
from schemas.registry import KeyUse

_USES: Final = (KeyUse.EVENT, KeyUse.RECEIPT)
_ORDER: Final = re.compile(r"[0-9a-f]{32}")


class SigningKeyFiles:
    """Satisfies ``services.signing_ports.SigningKeys``."""

    def __init__(self, root: Path, passphrase: str, kid_of: Callable[[str, bytes], str]) -> None:
        """Take a county's directory; open nothing yet.

        Args:
            root: The county's directory.
            passphrase: Opens the key files, also those that are made while the node runs.
            kid_of: The domain's rule: algorithm and public key to key id.
        """
        self._folder, self._passphrase, self._kid_of = root / "keys", passphrase, kid_of
        self._open: dict[Path, FileSigner] = {}

    def signers(self) -> Mapping[str, FileSigner]:
        """Return every one by kid, also those that another program put there meanwhile."""
        paths = self._paths()
        for path in paths:
            with contextlib.suppress(NotFoundError):  # it ended just now, and its file was destroyed
                if path not in self._open:
                    key = load(path, self._passphrase)
                    self._open[path] = FileSigner(key, self._kid_of(key.algorithm, key.public))
        return {self._open[path].kid: self._open[path] for path in paths if path in self._open}

    def make(self, use: KeyUse) -> bytes:
        """Make the key after the next one, durable before its public half is returned."""
        key = generate("ed25519")
        save(self._folder / key_name(use, self._kid_of("ed25519", key.public)), key, self._passphrase, new_salt())
        return key.public

    def order(self, use: KeyUse, kid: str) -> None:
        """Order that this key be changed; whoever runs the node does it."""
        write_whole(self._order(use), kid.encode() + b"\n", mode=PUBLIC)

    def ordered(self, use: KeyUse) -> str | None:
        """Return the kid of the key that a person has ordered to be changed, or None."""
        try:
            text = self._order(use).read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError:
            return None
        return text if _ORDER.fullmatch(text) else ""

    def done(self, use: KeyUse, kid: str) -> None:
        """The order was carried out or is void; the private half that ``kid`` names is destroyed."""
        for path, signer in list(self._open.items()):
            if kid and signer.kid == kid:
                del self._open[path]
                _destroy(path)
        self._order(use).unlink(missing_ok=True)

    def _paths(self) -> list[Path]:
        found = (path for use in _USES for path in (self._folder / f"{use}.pem", *self._folder.glob(f"{use}-*.pem")))
        return sorted(path for path in found if path.exists())

    def _order(self, use: KeyUse) -> Path:
        return self._folder / f"{use}.order"


def key_name(use: KeyUse, kid: str) -> str:
    """Return the name of the file of a key that follows another."""
    return f"{use}-{kid}.pem"


def _destroy(path: Path) -> None:
    # A file system that copies on write, or a flash disk, may keep the old bytes somewhere: they are still encrypted.
    with contextlib.suppress(FileNotFoundError):
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.write(os.urandom(size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
