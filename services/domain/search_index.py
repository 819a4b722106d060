"""The index of a search: which pairs of characters stand in which event, of 256 positions at a time, unreadable.

A pair is told by five bytes of BLAKE2b under a key that lies outside the database: the first names a row of its block,
the other four tell it from the other pairs in that row. Two pairs that share all five cost a look at an event that does
not have the word, and nothing else: whoever searches reads the texts of what the index names.

Source: docs/decisions/0037-search-by-a-keyed-index.md
"""

import hashlib
import struct
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from schemas.searches import BlockWords
from services.domain.search_text import normalised, pairs_of

VERSION: Final = 1
"""Of the rules by which texts become pairs: another one makes every index anew."""
EVENT_PAIRS_MOST: Final = 8192
"""Different pairs of one event; one with more is looked at by every search."""
BLOCK_PAIRS_MOST: Final = 262_144
"""Different pairs of every event of a block, added up: some 40 MiB while it is made."""

_TOKEN_BYTES: Final = 5
_COUNT: Final = struct.Struct("<I")
_PERSON: Final = b"sihu-search-v1"


def identity_of(key: bytes) -> str:
    """Return what an index says it was made by; it tells nothing of the key."""
    return hashlib.blake2b(b"identity", key=key, digest_size=16, person=_PERSON).hexdigest() + f"/{VERSION}"


@lru_cache(maxsize=1 << 16)
def token_of(pair: str, key: bytes) -> tuple[int, int]:
    """Return bucket and mark of a pair of characters."""
    token = hashlib.blake2b(pair.encode("utf-8", "surrogatepass"), key=key, digest_size=_TOKEN_BYTES, person=_PERSON)
    digest = token.digest()
    return digest[0], int.from_bytes(digest[1:], "big")


def index_block(events: Iterable[tuple[int, Sequence[str]]], key: bytes) -> BlockWords:
    """Make the index of a block.

    Args:
        events: Place in the block and texts of each event, places ascending; those without texts are left out.
        key: 32 bytes.
    """
    places: dict[str, bytearray] = defaultdict(bytearray)
    held, dense, left = bytearray(), bytearray(), BLOCK_PAIRS_MOST
    for place, texts in events:
        pairs = {pair for text in texts for pair in pairs_of(normalised(text))}
        if not texts:
            continue
        held.append(place)
        if len(pairs) > min(EVENT_PAIRS_MOST, left):
            dense.append(place)
            continue
        left -= len(pairs)
        for pair in pairs:
            places[pair].append(place)
    return BlockWords(bytes(held), bytes(dense), _packed(places, key))


def places_in(postings: bytes, mark: int) -> bytes:
    """Return the places at which a pair stands, ascending; none if it does not.

    Args:
        postings: A row of a block, as ``index_block`` made it; empty if it has none.
        mark: The pair's.
    """
    if not postings:
        return b""
    (count,) = _COUNT.unpack_from(postings)
    marks = struct.unpack_from(f"<{count}I", postings, _COUNT.size)
    at = bisect_left(marks, mark)
    if at == count or marks[at] != mark:
        return b""
    sizes_at = _COUNT.size * (1 + count)
    begin = sizes_at + count + sum(postings[sizes_at : sizes_at + at]) + at
    return postings[begin : begin + postings[sizes_at + at] + 1]


def _packed(places: dict[str, bytearray], key: bytes) -> dict[int, bytes]:
    """Pack a row: how many marks, the marks ascending, how many places each has less one, and the places."""
    rows: dict[int, dict[int, bytes]] = defaultdict(dict)
    for pair, found in places.items():
        bucket, mark = token_of(pair, key)
        row = rows[bucket]
        row[mark] = bytes(sorted({*row[mark], *found})) if mark in row else bytes(found)
    return {bucket: _row(sorted(rows[bucket].items())) for bucket in sorted(rows)}


def _row(marked: list[tuple[int, bytes]]) -> bytes:
    return b"".join(
        (
            _COUNT.pack(len(marked)),
            struct.pack(f"<{len(marked)}I", *(mark for mark, _ in marked)),
            bytes(len(found) - 1 for _, found in marked),
            *(found for _, found in marked),
        )
    )
