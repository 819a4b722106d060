"""Contents that end, office keys that must go, and the log of openings, over the memory store's containers."""

from datetime import datetime

from adapters.memory.state import State
from schemas.custody import KeyPublication, Opening


class MemoryCustody:
    """Satisfies ``services.custody_ports.Custody``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def condemn(self, kid: str, at: datetime) -> None:
        """The private half of this office key of ours is to go; the first time stays."""
        self._state.condemned_keys.setdefault(kid, at)

    def forget_key(self, kid: str) -> None:
        """It is gone."""
        self._state.condemned_keys.pop(kid, None)

    def postpone(self, envelope_id: str, until: datetime) -> None:
        """The content of an envelope cannot go before then."""
        if envelope_id in self._state.content_ends:
            self._state.content_ends[envelope_id] = until

    def log_opening(self, opening: Opening) -> None:
        """Append to the log of openings."""
        self._state.openings.append(opening)


class CustodyReading:
    """Satisfies ``services.custody_ports.ShownCustody``."""

    def __init__(self, state: State) -> None:
        """Read ``state``."""
        self._held = state

    @property
    def _state(self) -> State:
        """The rows; whoever reads sees nothing unsigned."""
        self._held.sign()
        return self._held

    def is_published(self, kid: str, channel: str) -> bool:
        """Tell whether an office key of ours was published on a channel."""
        return (kid, channel) in self._state.published_keys

    def publications_of(self, kid: str) -> list[KeyPublication]:
        """Return where an office key of ours was published, by channel."""
        mine = sorted((channel, one) for (key, channel), one in self._state.published_keys.items() if key == kid)
        return [KeyPublication(*one) for one in mine]

    def condemned(self) -> dict[str, datetime]:
        """Return the office keys of ours whose private halves are to go, and since when."""
        return dict(sorted(self._state.condemned_keys.items()))

    def ended(self, now: datetime, limit: int) -> list[str]:
        """Return the envelopes whose contents have come to their end, those that ended first before the others."""
        due = [(at, self._state.positions_by_id[one], one) for one, at in self._state.content_ends.items() if at <= now]
        return [one for _, _, one in sorted(due)[:limit]]

    def openings(self, after: int, limit: int) -> list[Opening]:
        """Return the log of openings behind a number, in order."""
        return [one for one in self._state.openings if one.number > after][:limit]

    def openings_of(self, envelope_id: str, limit: int) -> list[Opening]:
        """Return who was shown the content of an event, the newest first."""
        return [one for one in reversed(self._state.openings) if one.envelope_id == envelope_id][:limit]

    def last_opening(self) -> Opening | None:
        """Return the newest opening, or None."""
        return self._state.openings[-1] if self._state.openings else None
