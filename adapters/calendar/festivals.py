"""The dated table of festivals as bytes: the one that comes with this program, or a county's own in its place."""

from importlib.resources import files
from pathlib import Path
from typing import Final

from schemas.festivals import FESTIVALS_MAX_BYTES

NAME: Final = "festivals.toml"


def festival_bytes(own: Path | None = None) -> bytes:
    """Return the file; of a county's own at most one byte more than may be read.

    Args:
        own: Where the county's own may lie; the one that comes with this program is read if there is none.
    """
    if own is not None and own.is_file():
        with own.open("rb") as file:
            return file.read(FESTIVALS_MAX_BYTES + 1)
    return files("adapters.calendar").joinpath(NAME).read_bytes()
