"""Drafts, and who stands behind what was sent."""

from collections.abc import Collection
from datetime import datetime

from adapters.memory.state import State
from schemas.releases import ENDED, Countersigning, Draft, DraftState, ReleaseRow


class MemoryReleases:
    """Satisfies ``services.release_ports.Releases``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def draft(self, draft_id: str) -> Draft | None:
        """Return one draft, or None."""
        return self._state.drafts.get(draft_id)

    def drafts(self, states: Collection[DraftState], limit: int) -> list[Draft]:
        """Return drafts in these states, the one that changed last first."""
        found = sorted(
            (one for one in self._state.drafts.values() if one.state in states), key=lambda one: one.draft_id
        )
        return sorted(found, key=lambda one: one.changed_at, reverse=True)[:limit]

    def open_count(self) -> int:
        """Return how many drafts are neither sent nor withdrawn."""
        return sum(one.state not in ENDED for one in self._state.drafts.values())

    def of_event(self, envelope_id: str) -> list[ReleaseRow]:
        """Return what was put on record about an event, in the order of its time."""
        return list(self._state.releases.get(envelope_id, ()))

    def released_under(self, source: str, terms: str) -> str | None:
        """Return the event of a source that was released under terms that an officer signed, or None."""
        found = (
            (row.released_at, row.record_id, event)
            for event, rows in self._state.releases.items()
            for row in rows
            if (row.source, row.terms) == (source, terms)
        )
        return min(found, default=(None, None, None))[2]

    def countersigning(self, envelope_id: str) -> Countersigning | None:
        """Return what still waits for a second officer's name, or None."""
        return self._state.countersigning.get(envelope_id)

    def overdue(self, now: datetime, limit: int) -> list[Countersigning]:
        """Return those whose time has passed and of which nobody was told, the longest overdue first."""
        waiting = self._state.countersigning.values()
        late = [one for one in waiting if one.due_at <= now and one.envelope_id not in self._state.countersigning_told]
        return sorted(late, key=lambda one: (one.due_at, one.envelope_id))[:limit]

    def put(self, draft: Draft) -> None:
        """Keep a draft, in place of what there was of it."""
        self._state.drafts[draft.draft_id] = draft

    def note(self, envelope_id: str, row: ReleaseRow) -> None:
        """Keep a record about an event; the same record again changes nothing."""
        if any(row.record_id == one.record_id for rows in self._state.releases.values() for one in rows):
            return
        rows = (*self._state.releases.get(envelope_id, ()), row)
        self._state.releases[envelope_id] = tuple(sorted(rows, key=lambda one: (one.released_at, one.record_id)))

    def expect(self, row: Countersigning) -> None:
        """From now on a second officer's name is missing."""
        self._state.countersigning.setdefault(row.envelope_id, row)

    def mark_told(self, envelope_id: str) -> None:
        """The own duty officer was told that it is overdue."""
        self._state.countersigning_told.add(envelope_id)

    def countersigned(self, envelope_id: str) -> None:
        """It is missing no more."""
        self._state.countersigning.pop(envelope_id, None)
        self._state.countersigning_told.discard(envelope_id)
