"""Contents that were taken out of their envelopes for good, and who said that it did the same."""

from dataclasses import replace

from adapters.memory.cap import MemoryCap
from adapters.memory.files import MemoryFileBook
from adapters.memory.search import MemorySearch
from adapters.memory.state import State
from schemas.files import FileState
from schemas.records import ErasureRow


class MemoryErasures:
    """Satisfies ``services.key_ports.Erasures``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def erase(self, envelope_id: str, row: ErasureRow) -> bool:
        """Take keys part, content, content key, words and CAP document out; False if no such envelope is here."""
        position = self._state.positions_by_id.get(envelope_id)
        if position is None:
            return False
        link = self._state.links[position]
        emptied = replace(link.event.envelope, keys_bytes=b"", content=b"")
        event = replace(link.event, envelope=emptied, content_key=b"")
        self._state.links[position] = replace(link, event=event)
        MemorySearch(self._state).forget(position)
        MemoryCap(self._state).forget_originals(envelope_id)
        MemoryFileBook(self._state).settle(envelope_id, FileState.ERASED, row.erased_at)
        self._state.content_ends.pop(envelope_id, None)
        self.note(envelope_id, row)
        return True

    def note(self, envelope_id: str, row: ErasureRow) -> None:
        """Keep that another county erased its copy."""
        rows = self._state.erasures.get(envelope_id, ())
        if envelope_id in self._state.positions_by_id and all(one.county != row.county for one in rows):
            self._state.erasures[envelope_id] = tuple(sorted((*rows, row), key=lambda one: (one.erased_at, one.county)))
