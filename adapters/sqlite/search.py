# ruff: noqa: S608 - only names of columns are put into statements; every value is bound
"""Words of events: the index in rows, and the events that it names."""

import json
from collections.abc import Iterator
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.counters import POSITION
from adapters.sqlite.reached import Ask
from adapters.sqlite.values import STORED_COLUMNS, Row, first, micros, stored_event
from schemas.records import StoredEvent
from schemas.searches import BUCKETS, PLACES, BlockLook, BlockWords, SearchFigures, Wanted

_SELECT_LAST: Final = "SELECT value FROM counters WHERE name = ?"
_SELECT_LOOKS: Final = """
    SELECT b.block, b.dense, w.postings FROM search_blocks AS b
    LEFT JOIN search_words AS w ON w.number = (b.block << 8) | ?1
    WHERE b.stale = 0 AND b.block <= ?2 ORDER BY b.block DESC"""
_SELECT_POSTINGS: Final = "SELECT postings FROM search_words WHERE number = ?"
_SELECT_UNACKNOWLEDGED: Final = """
    SELECT position FROM unacknowledged WHERE position >= ? AND position < ? ORDER BY position"""
_COUNT_ERASURES: Final = "SELECT count(*) FROM erasures WHERE position >= ? AND position < ?"
_SELECT_STALE: Final = "SELECT min(block) FROM search_blocks WHERE stale = 1"
_SELECT_NEWEST: Final = "SELECT max(block) FROM search_blocks"
_COUNT_INDEXED: Final = """
    SELECT coalesce((SELECT max(block) + 1 FROM search_blocks), 0)
        - (SELECT count(*) FROM search_blocks WHERE stale = 1)"""
_SELECT_AT: Final = f"""
    SELECT {STORED_COLUMNS} FROM envelopes
    WHERE position IN (SELECT value FROM json_each(?)) AND listed = 1{{where}} ORDER BY position DESC"""
_SELECT_ALL: Final = f"""
    SELECT {STORED_COLUMNS} FROM envelopes
    WHERE position >= ? AND position < ? AND listed = 1{{where}} ORDER BY position DESC"""

_SELECT_HELD: Final = "SELECT held FROM search_blocks WHERE block = ? AND stale = 0"
_PUT_BLOCK: Final = "INSERT OR REPLACE INTO search_blocks (block, stale, held, dense) VALUES (?, 0, ?, ?)"
_PUT_WORDS: Final = "INSERT INTO search_words (number, postings) VALUES (?, ?)"
_DROP_WORDS: Final = "DELETE FROM search_words WHERE number >= ? AND number < ?"
_MAKE_STALE: Final = "UPDATE search_blocks SET stale = 1, held = x'', dense = x'' WHERE block = ?"
_CLEAR: Final = ("DELETE FROM search_words", "DELETE FROM search_blocks")


class SqliteSearchShown:
    """Satisfies ``services.search_ports.SearchShown``."""

    def __init__(self, ask: Ask) -> None:
        """Read by ``ask``: a statement and its bindings."""
        self._ask = ask

    def last_position(self) -> int:
        """Return the newest position, 0 if nothing is recorded."""
        row = first(self._ask(_SELECT_LAST, (POSITION,)))
        return row[0] if row else 0

    def looks(self, bucket: int, top: int) -> Iterator[BlockLook]:
        """Return one bucket of every indexed block up to ``top``, the newest first."""
        for block, dense, postings in self._ask(_SELECT_LOOKS, (bucket, top)):
            yield BlockLook(block, dense, postings or b"")

    def postings(self, block: int, bucket: int) -> bytes:
        """Return one bucket of a block; empty if there is none."""
        row = first(self._ask(_SELECT_POSTINGS, (block * BUCKETS + bucket,)))
        return row[0] if row else b""

    def events_in(self, block: int, places: bytes | None, wanted: Wanted, below: int) -> Iterator[StoredEvent]:
        """Return events of a block, the newest first."""
        begin = block * PLACES
        conditions, bindings = _narrowed(wanted)
        if places is None:
            rows = self._ask(_SELECT_ALL.format(where=conditions), (begin, min(begin + PLACES, below), *bindings))
        else:
            positions = [begin + place for place in places if begin + place < below]
            rows = self._ask(_SELECT_AT.format(where=conditions), (json.dumps(positions), *bindings))
        return map(stored_event, rows)

    def unacknowledged_in(self, block: int) -> bytes:
        """Return the places, ascending, at which events ask for this county's acknowledgement and have none."""
        begin = block * PLACES
        return bytes(row[0] - begin for row in self._ask(_SELECT_UNACKNOWLEDGED, (begin, begin + PLACES)))

    def erasures_in(self, block: int) -> int:
        """Return how many erasures are on record of events in a block."""
        return int(self._ask(_COUNT_ERASURES, (block * PLACES, (block + 1) * PLACES)).get)

    def next_block(self) -> int | None:
        """Return a whole block that is not in the index, those that fell out of it first; None if there is none."""
        stale = self._ask(_SELECT_STALE, ()).get
        if stale is not None:
            return int(stale)
        newest = self._ask(_SELECT_NEWEST, ()).get
        following = 0 if newest is None else newest + 1
        return following if following < self._whole() else None

    def figures(self) -> SearchFigures:
        """Return how far the index has come."""
        return SearchFigures(self._whole(), int(self._ask(_COUNT_INDEXED, ()).get))

    def _whole(self) -> int:
        return (self.last_position() + 1) // PLACES


class SqliteSearch(SqliteSearchShown):
    """Satisfies ``services.search_ports.SearchBook``."""

    def __init__(self, batch: Batch) -> None:
        """Write through ``batch``."""
        super().__init__(batch.ask)
        self._batch = batch

    def last_position(self) -> int:
        """Return the newest position, that of this transaction too."""
        return self._batch.counters.value(POSITION)

    def put(self, block: int, words: BlockWords) -> None:
        """Keep the index of a block, in place of what there was."""
        self._drop_words(block)
        self._batch.run(_PUT_BLOCK, (block, words.held, words.dense))
        rows = [(block * BUCKETS + bucket, postings) for bucket, postings in words.words.items()]
        self._batch.connection.executemany(_PUT_WORDS, rows)

    def forget(self, position: int) -> None:
        """Take the block of an event out, if any word of it is in there: what is left of it is indexed again."""
        block, place = divmod(position, PLACES)
        row = first(self._batch.ask(_SELECT_HELD, (block,)))
        if row is not None and place in row[0]:
            self._drop_words(block)
            self._batch.run(_MAKE_STALE, (block,))

    def clear(self) -> None:
        """Take everything out."""
        for statement in _CLEAR:
            self._batch.run(statement)

    def _drop_words(self, block: int) -> None:
        self._batch.run(_DROP_WORDS, (block * BUCKETS, (block + 1) * BUCKETS))


def _narrowed(wanted: Wanted) -> tuple[str, Row]:
    conditions = {
        "direction = ?": wanted.direction and wanted.direction.value,
        "wire_type = ?": wanted.wire_type,
        "wire_type GLOB ?": wanted.mutual and f"cn.sihu.{wanted.mutual}.*",
        "level = ?": wanted.level,
        "recorded_at >= ?": wanted.since and micros(wanted.since),
        "recorded_at < ?": wanted.until and micros(wanted.until),
    }
    asked = {condition: value for condition, value in conditions.items() if value is not None}
    return "".join(f" AND {one}" for one in asked), tuple(asked.values())
