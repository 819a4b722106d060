"""What counts towards quotas: one row for each source, agreement and hour in which something was counted."""

from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.values import Row, first
from schemas.records import QuotaUse

_SELECT: Final = "SELECT events, size FROM quota_uses WHERE source = ? AND agreement_id = ? AND hour = ?"
_UPSERT: Final = """
    INSERT INTO quota_uses (source, agreement_id, hour, events, size) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (source, agreement_id, hour) DO UPDATE SET events = excluded.events, size = excluded.size"""

_Key = tuple[str, str, int]


class SqliteQuotas:
    """Satisfies ``services.quota_ports.Quotas``; asked once in a group, written once in a group."""

    def __init__(self, batch: Batch) -> None:
        """Write through ``batch``."""
        self._batch = batch
        self._uses = batch.values(_UPSERT, _rows, of_group=True)

    def used(self, source: str, agreement_id: str, hour: int) -> QuotaUse:
        """Return what was counted."""
        key = (source, agreement_id, hour)
        found = self._uses.get(key)
        if found is not None:
            return found
        row = first(self._batch.peek(_SELECT, key))
        return self._uses.learn(key, QuotaUse() if row is None else QuotaUse(*row))

    def use(self, source: str, agreement_id: str, hour: int, size: int) -> None:
        """Count one event."""
        before = self.used(source, agreement_id, hour)
        self._uses.put((source, agreement_id, hour), QuotaUse(before.events + 1, before.size + size))


def _rows(key: _Key, use: QuotaUse) -> tuple[Row, ...]:
    return ((*key, use.events, use.size),)
