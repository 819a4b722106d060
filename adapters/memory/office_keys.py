"""Public encryption keys that members published, and where ours were published."""

from typing import Final

from adapters.memory.state import State
from schemas.registry import KeyRecord

_KEPT_A_COUNTY: Final = 12


class MemoryOfficeKeys:
    """Satisfies ``services.key_ports.OfficeKeys``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def of(self, county: str) -> tuple[KeyRecord, ...]:
        """Return the kept keys of a county, the newest first."""
        mine = [key for (owner, _), key in self._state.office_keys.items() if owner == county]
        return tuple(sorted(mine, key=lambda one: (-one.valid_from.timestamp(), one.kid)))

    def keep(self, county: str, key: KeyRecord) -> None:
        """Keep a published key; beyond twelve the oldest go."""
        self._state.office_keys[county, key.kid] = key
        for old in self.of(county)[_KEPT_A_COUNTY:]:
            del self._state.office_keys[county, old.kid]

    def note_published(self, kid: str, channel: str, envelope_id: str) -> None:
        """A key of ours was published on a channel, by this envelope."""
        self._state.published_keys.setdefault((kid, channel), envelope_id)
