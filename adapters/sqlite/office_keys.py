"""Public encryption keys that members published, and where ours were published."""

from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.values import micros
from schemas.registry import KeyRecord

KEPT_A_COUNTY: Final = 12
"""A year of monthly keys: whoever publishes more pushes out the oldest."""

SELECT_OF_COUNTY: Final = "SELECT record FROM office_keys WHERE county = ? ORDER BY valid_from DESC, kid"
_INSERT: Final = "INSERT OR REPLACE INTO office_keys (kid, county, record, valid_from) VALUES (?, ?, ?, ?)"
_PRUNE: Final = """
    DELETE FROM office_keys WHERE county = ?1 AND kid IN (
        SELECT kid FROM office_keys WHERE county = ?1 ORDER BY valid_from DESC, kid LIMIT -1 OFFSET ?2
    )"""
_INSERT_PUBLISHED: Final = "INSERT OR IGNORE INTO office_keys_published (kid, channel, envelope_id) VALUES (?, ?, ?)"
SELECT_PUBLISHED: Final = "SELECT 1 FROM office_keys_published WHERE kid = ? AND channel = ?"


class SqliteOfficeKeys:
    """Satisfies ``services.key_ports.OfficeKeys``; what a county has is asked once and then known."""

    def __init__(self, batch: Batch) -> None:
        """Write through ``batch``."""
        self._batch = batch
        self._by_county = batch.cache(str, tuple[KeyRecord, ...])

    def of(self, county: str) -> tuple[KeyRecord, ...]:
        """Return the kept keys of a county, the newest first."""
        found = self._by_county.get(county)
        if found is not None:
            return found
        rows = self._batch.peek(SELECT_OF_COUNTY, (county,))
        return self._by_county.learn(county, tuple(KeyRecord.model_validate_json(row[0]) for row in rows))

    def keep(self, county: str, key: KeyRecord) -> None:
        """Keep a published key; beyond twelve the oldest go."""
        held = tuple(one for one in self.of(county) if one.kid != key.kid)
        self._batch.run(_INSERT, (key.kid, county, key.model_dump_json(), micros(key.valid_from)))
        self._batch.run(_PRUNE, (county, KEPT_A_COUNTY))
        ordered = sorted((*held, key), key=lambda one: (-micros(one.valid_from), one.kid))
        self._by_county.put(county, tuple(ordered[:KEPT_A_COUNTY]))

    def note_published(self, kid: str, channel: str, envelope_id: str) -> None:
        """A key of ours was published on a channel, by this envelope."""
        self._batch.run(_INSERT_PUBLISHED, (kid, channel, bytes.fromhex(envelope_id)))
