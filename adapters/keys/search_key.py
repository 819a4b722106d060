"""The key of the search index: a file beside the database, encrypted at rest as every key here is.

It is needed for nothing else, it is in no backup, and if it is lost the index is made anew. So a file that does not
open is replaced.
"""

import hashlib
from pathlib import Path
from typing import Final

from adapters.keys.key_file import generate, load, new_salt, save
from schemas.errors import RequestError

SEARCH_KEY: Final = "search.key"
_PERSON: Final = b"sihu-search-key"


def open_search_key(folder: Path, passphrase: str) -> bytes:
    """Return the 32 bytes that the index is keyed by, made if they are not there.

    Args:
        folder: Of the keys that the node makes and destroys itself.
        passphrase: Of the county's key files.

    Raises:
        UnavailableError: The disk is full or failing.
    """
    path = folder / SEARCH_KEY
    try:
        key = load(path, passphrase)
        seed = key.seed
    except RequestError:
        path.unlink(missing_ok=True)
        key = generate("ed25519")  # its 32 secret bytes; nothing is ever signed by it
        save(path, key, passphrase, new_salt())
        seed = key.seed
    return hashlib.blake2b(seed, digest_size=32, person=_PERSON).digest()
