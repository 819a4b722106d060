"""Calls by telephone about events."""

from adapters.memory.state import State
from schemas.records import CallRow


class MemoryCalls:
    """Satisfies ``services.paging_ports.Calls``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def note(self, envelope_id: str, row: CallRow) -> None:
        """Keep one; the same record again changes nothing."""
        rows = self._state.calls.get(envelope_id, ())
        if all(one.record_id != row.record_id for one in rows):
            self._state.calls[envelope_id] = tuple(sorted((*rows, row), key=lambda one: (one.called_at, one.record_id)))
