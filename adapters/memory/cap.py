"""CAP documents that were taken, answers of foreign systems, and feeds, over the memory store's containers."""

from dataclasses import replace
from datetime import datetime

from adapters.memory.state import State
from schemas.cap_records import CapAnswerRow, CapDocument, CapFigures, CapState, Seen
from schemas.errors import InvariantError
from schemas.records import AlertFacts

_EVENTS_MOST = 16


class MemoryCapShown:
    """Satisfies ``services.cap_ports.CapShown``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def document(self, number: int) -> CapDocument | None:
        """Return one document with its bytes, or None."""
        return self._state.cap_documents.get(number)

    def by_key(self, key: str) -> CapDocument | None:
        """Return the document of this sender, identifier and time, with its bytes, or None."""
        return next((one for one in self._state.cap_documents.values() if one.key == key), None)

    def by_alert(self, alert_id: str) -> CapDocument | None:
        """Return the newest document whose event bears this alert id, with its bytes, or None."""
        rows = (one for _, one in sorted(self._state.cap_documents.items(), reverse=True))
        return next((one for one in rows if one.alert_id == alert_id and one.event_id is not None), None)

    def documents(self, *, held_only: bool, limit: int) -> list[CapDocument]:
        """Return documents without their bytes, the newest first."""
        rows = (one for _, one in sorted(self._state.cap_documents.items(), reverse=True))
        wanted = [one for one in rows if not held_only or one.state is CapState.HELD]
        return [replace(one, draft=None, original=None) for one in wanted[:limit]]

    def answers(self, event_id: str, limit: int) -> list[CapAnswerRow]:
        """Return what foreign systems answered to an event, oldest first."""
        return sorted(self._state.cap_answers.get(event_id, ()), key=lambda one: (one.recorded_at, one.key))[:limit]

    def events_of(self, alert_id: str) -> list[str]:
        """Return the envelope ids of the alerts of this id, oldest first, at most 16."""
        links = (link for _, link in sorted(self._state.links.items()) if not link.refused)
        alerts = [link for link in links if isinstance(link.about, AlertFacts) and link.about.alert_id == alert_id]
        return [link.event.envelope.envelope_id for link in alerts[:_EVENTS_MOST]]

    def feed(self, name: str, url: str) -> Seen:
        """Return what is known of a feed at this address; nothing if it was never asked."""
        at, seen = self._state.cap_feeds.get(name, ("", Seen()))
        return seen if at == url else Seen()

    def figures(self) -> CapFigures:
        """Return figures for metrics."""
        states = [one.state for one in self._state.cap_documents.values()]
        answers = sum(map(len, self._state.cap_answers.values()))
        return CapFigures(states.count(CapState.SENT), states.count(CapState.HELD), answers)


class MemoryCap(MemoryCapShown):
    """Satisfies ``services.cap_ports.CapBook``."""

    def add(self, row: CapDocument) -> CapDocument:
        """Keep a document and return it with its number.

        Raises:
            InvariantError: There is one of this key already.
        """
        if self.by_key(row.key) is not None:
            raise InvariantError("a CAP document is taken once")
        kept = replace(row, number=len(self._state.cap_documents) + 1)
        self._state.cap_documents[kept.number] = kept
        return kept

    def close(self, number: int, *, event_id: str | None, alert_id: str, by: str, at: datetime) -> None:
        """An officer has dealt with a held document: draft and bytes are destroyed."""
        held = self._state.cap_documents.get(number)
        if held is None or held.state is not CapState.HELD:
            return
        self._state.cap_documents[number] = replace(
            held,
            state=CapState.CLOSED,
            event_id=event_id,
            alert_id=alert_id,
            settled_by=by,
            settled_at=at,
            draft=None,
            original=None,
        )

    def forget_originals(self, event_id: str) -> None:
        """The event of a document was erased."""
        for number, one in self._state.cap_documents.items():
            if one.event_id == event_id:
                self._state.cap_documents[number] = replace(one, draft=None, original=None)

    def add_answer(self, event_id: str, row: CapAnswerRow) -> bool:
        """Keep an answer; False, and nothing changes, if its key is known for this event."""
        rows = self._state.cap_answers.get(event_id, ())
        if any(one.key == row.key for one in rows):
            return False
        self._state.cap_answers[event_id] = (*rows, row)
        return True

    def keep_feed(self, name: str, url: str, seen: Seen) -> None:
        """Keep what is known of a feed, instead of what was before."""
        self._state.cap_feeds[name] = (url, seen)
