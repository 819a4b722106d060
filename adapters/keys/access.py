"""The file of bearer tokens: digests only, changed whole, by one process at a time."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from adapters.keys.durable import one_at_a_time, write_whole
from schemas.access import Access, AccessList
from schemas.errors import Fault, RequestError

TOKENS_FILE: Final = "tokens.json"
_PREFIX: Final = "sihu_"  # so that a token that strays into a log or a repository is found
_SECRET_BYTES: Final = 32


def new_token() -> str:
    """Return a fresh bearer token: 256 random bits behind ``sihu_``."""
    return _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def read_access(data: bytes) -> AccessList:
    """Parse the file.

    Raises:
        RequestError: It is damaged.
    """
    try:
        return AccessList.model_validate_json(data)
    except ValidationError as exc:
        where = ".".join(str(step) for step in exc.errors()[0]["loc"])
        raise RequestError(
            Fault("access.malformed", f"{TOKENS_FILE} {where}", "the list of tokens is damaged")
        ) from exc


class AccessFile:
    """Read and change ``tokens.json`` of one county. Satisfies ``services.console_ports.TokenFile``."""

    def __init__(self, root: Path, *, changed: Callable[[], None] = lambda: None) -> None:
        """Take the county's directory; read nothing yet.

        Args:
            root: The county's directory.
            changed: Told after a change, so that it counts at once.
        """
        self._root, self._changed = root, changed
        self._path = root / TOKENS_FILE

    def fresh(self) -> str:
        """Return a new token."""
        return new_token()

    def read(self) -> tuple[Access, ...]:
        """Return every token, revoked and expired ones too."""
        try:
            return read_access(self._path.read_bytes()).tokens
        except FileNotFoundError:
            return ()

    def change(self, edit: Callable[[tuple[Access, ...]], tuple[Access, ...]]) -> tuple[Access, ...]:
        """Replace the list by what ``edit`` makes of it, in one durable step; return the new list."""
        with one_at_a_time(self._root):
            tokens = edit(self.read())
            data = AccessList(tokens=tokens).model_dump_json(indent=1, exclude_none=True)
            write_whole(self._path, data.encode() + b"\n")
        self._changed()
        return tokens
