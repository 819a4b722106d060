"""Searching: what is asked for, and how the words of events are indexed.

Source: docs/decisions/0037-search-by-a-keyed-index.md
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schemas.base import Status
from schemas.records import Direction

PLACES: Final = 256
"""Positions in one block of the index, so that one byte tells a place in it."""
BUCKETS: Final = 256
"""Rows of words that a block has at most, so that one byte of a token tells its row."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events, by what stands outside their content. None: whichever.

    Attributes:
        mutual: information, outreach, development, governance.
        county: Source or one of the audience.
        since: Recorded here then or later.
        until: Recorded here before then.
    """

    direction: Direction | None = None
    mutual: str | None = None
    wire_type: str | None = None
    county: str | None = None
    level: int | None = None
    status: Status | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class BlockWords:
    """The index of one block of positions. Nobody can read a word in it.

    Attributes:
        held: Places whose words are in it, ascending.
        dense: Those of them that have too many words to list: each search looks at them.
        words: Bucket to postings; a bucket without any is left out.
    """

    held: bytes
    dense: bytes
    words: Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class BlockLook:
    """What one bucket of an indexed block says; ``postings`` is empty if it has none."""

    block: int
    dense: bytes
    postings: bytes


@dataclass(frozen=True, slots=True)
class SearchFigures:
    """How far the index has come: whole blocks of positions, and those of them that are in it."""

    blocks: int
    indexed: int
