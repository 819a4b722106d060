"""What counts towards quotas, over the memory store's containers."""

from adapters.memory.state import State
from schemas.records import QuotaUse


class MemoryQuotas:
    """Satisfies ``services.quota_ports.Quotas``."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def used(self, source: str, agreement_id: str, hour: int) -> QuotaUse:
        """Return what was counted."""
        return self._state.quota_uses.get((source, agreement_id, hour), QuotaUse())

    def use(self, source: str, agreement_id: str, hour: int, size: int) -> None:
        """Count one event."""
        before = self.used(source, agreement_id, hour)
        after = QuotaUse(before.events + 1, before.size + size)
        self._state.quota_uses[source, agreement_id, hour] = after
