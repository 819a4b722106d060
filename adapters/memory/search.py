"""Words of events, over the memory store's containers."""

from collections.abc import Iterator

from adapters.memory.state import Link, State, is_unacknowledged
from schemas.records import StoredEvent
from schemas.searches import PLACES, BlockLook, BlockWords, SearchFigures, Wanted


class MemorySearch:
    """Satisfies ``services.search_ports.SearchBook``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def last_position(self) -> int:
        """Return the newest position, 0 if nothing is recorded."""
        return max(self._state.links, default=0)

    def looks(self, bucket: int, top: int) -> Iterator[BlockLook]:
        """Return one bucket of every indexed block up to ``top``, the newest first."""
        for block, words in sorted(self._state.search_blocks.items(), reverse=True):
            if words is not None and block <= top:
                yield BlockLook(block, words.dense, words.words.get(bucket, b""))

    def postings(self, block: int, bucket: int) -> bytes:
        """Return one bucket of a block; empty if there is none."""
        words = self._state.search_blocks.get(block)
        return b"" if words is None else words.words.get(bucket, b"")

    def events_in(self, block: int, places: bytes | None, wanted: Wanted, below: int) -> Iterator[StoredEvent]:
        """Return events of a block, the newest first."""
        for place in sorted(range(PLACES) if places is None else places, reverse=True):
            position = block * PLACES + place
            link = self._state.links.get(position) if position < below else None
            if link is not None and link.listed and _is_wanted(link, wanted):
                yield link.event

    def unacknowledged_in(self, block: int) -> bytes:
        """Return the places, ascending, at which events ask for this county's acknowledgement and have none."""
        links = self._state.links
        found = (links.get(block * PLACES + place) for place in range(PLACES))
        waiting = (link for link in found if link is not None and is_unacknowledged(self._state, link))
        return bytes(link.event.position % PLACES for link in waiting)

    def erasures_in(self, block: int) -> int:
        """Return how many erasures are on record of events in a block."""
        positions = self._state.positions_by_id
        return sum(len(rows) for one, rows in self._state.erasures.items() if positions[one] // PLACES == block)

    def next_block(self) -> int | None:
        """Return a whole block that is not in the index, those that fell out of it first; None if there is none."""
        blocks = self._state.search_blocks
        stale = min((block for block, words in blocks.items() if words is None), default=None)
        following = max(blocks, default=-1) + 1
        return stale if stale is not None else following if following < self._whole() else None

    def figures(self) -> SearchFigures:
        """Return how far the index has come."""
        blocks = self._state.search_blocks
        stale = sum(words is None for words in blocks.values())
        return SearchFigures(self._whole(), max(blocks, default=-1) + 1 - stale)

    def put(self, block: int, words: BlockWords) -> None:
        """Keep the index of a block, in place of what there was."""
        self._state.search_blocks[block] = words

    def forget(self, position: int) -> None:
        """Take the block of an event out, if any word of it is in there."""
        block, place = divmod(position, PLACES)
        words = self._state.search_blocks.get(block)
        if words is not None and place in words.held:
            self._state.search_blocks[block] = None

    def clear(self) -> None:
        """Take everything out."""
        self._state.search_blocks.clear()

    def _whole(self) -> int:
        return (self.last_position() + 1) // PLACES


def _is_wanted(link: Link, wanted: Wanted) -> bool:
    event = link.event
    wire_type = event.envelope.header.type
    return (
        wanted.direction in {None, event.direction}
        and wanted.wire_type in {None, wire_type}
        and (wanted.mutual is None or wire_type.startswith(f"cn.sihu.{wanted.mutual}."))
        and wanted.level in {None, event.level}
        and (wanted.since is None or event.recorded_at >= wanted.since)
        and (wanted.until is None or event.recorded_at < wanted.until)
    )
