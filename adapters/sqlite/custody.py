"""Contents that end, office keys that must go, and the log of openings. A few rows a day: written at once."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import apsw

from adapters.sqlite.batch import Batch
from adapters.sqlite.office_keys import SELECT_PUBLISHED
from adapters.sqlite.outbox import SELECT_POSITION
from adapters.sqlite.values import Row, first, micros, moment
from schemas.custody import KeyPublication, Opening, OpeningReason

_CONDEMN: Final = "INSERT OR IGNORE INTO office_keys_condemned (kid, since) VALUES (?, ?)"
_FORGET_KEY: Final = "DELETE FROM office_keys_condemned WHERE kid = ?"
_POSTPONE: Final = "UPDATE content_ends SET ends_at = ? WHERE position = ?"
_LOG: Final = """
    INSERT INTO openings (number, envelope_id, opened_at, access, officer, reason, digest)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
_OPENING: Final = "SELECT number, envelope_id, opened_at, access, officer, reason, digest FROM openings"

_SELECT_CONDEMNED: Final = "SELECT kid, since FROM office_keys_condemned ORDER BY kid"
_SELECT_PUBLICATIONS: Final = """
    SELECT channel, envelope_id FROM office_keys_published
    WHERE kid = ? AND envelope_id IS NOT NULL ORDER BY channel"""
_SELECT_ENDED: Final = """
    SELECT e.envelope_id FROM content_ends AS c CROSS JOIN envelopes AS e ON e.position = c.position
    WHERE c.ends_at <= ? ORDER BY c.ends_at, c.position LIMIT ?"""


class SqliteCustody:
    """Satisfies ``services.custody_ports.Custody``."""

    def __init__(self, batch: Batch) -> None:
        """Write through ``batch``."""
        self._batch = batch

    def condemn(self, kid: str, at: datetime) -> None:
        """The private half of this office key of ours is to go; the first time stays."""
        self._batch.run(_CONDEMN, (kid, micros(at)))

    def forget_key(self, kid: str) -> None:
        """It is gone."""
        self._batch.run(_FORGET_KEY, (kid,))

    def postpone(self, envelope_id: str, until: datetime) -> None:
        """The content of an envelope cannot go before then."""
        found = first(self._batch.ask(SELECT_POSITION, (bytes.fromhex(envelope_id),)))
        if found is not None:
            self._batch.run(_POSTPONE, (micros(until), found[0]))

    def log_opening(self, opening: Opening) -> None:
        """Append to the log of openings."""
        who = opening.access, opening.officer, opening.reason.value
        event = bytes.fromhex(opening.envelope_id), micros(opening.opened_at)
        self._batch.run(_LOG, (opening.number, *event, *who, bytes.fromhex(opening.digest)))


class CustodyReading:
    """Satisfies ``services.custody_ports.ShownCustody``; what a snapshot is asked by is its own."""

    def _ask(self, sql: str, bindings: Row = ()) -> apsw.Cursor:
        raise NotImplementedError

    def is_published(self, kid: str, channel: str) -> bool:
        """Tell whether an office key of ours was published on a channel."""
        return first(self._ask(SELECT_PUBLISHED, (kid, channel))) is not None

    def publications_of(self, kid: str) -> list[KeyPublication]:
        """Return where an office key of ours was published, by channel."""
        return [KeyPublication(channel, one.hex()) for channel, one in self._ask(_SELECT_PUBLICATIONS, (kid,))]

    def condemned(self) -> dict[str, datetime]:
        """Return the office keys of ours whose private halves are to go, and since when."""
        return {kid: moment(since) for kid, since in self._ask(_SELECT_CONDEMNED)}

    def ended(self, now: datetime, limit: int) -> list[str]:
        """Return the envelopes whose contents have come to their end, those that ended first before the others."""
        return [row[0].hex() for row in self._ask(_SELECT_ENDED, (micros(now), limit))]

    def openings(self, after: int, limit: int) -> list[Opening]:
        """Return the log of openings behind a number, in order."""
        return _openings_in(self._ask(f"{_OPENING} WHERE number > ? ORDER BY number LIMIT ?", (after, limit)))

    def openings_of(self, envelope_id: str, limit: int) -> list[Opening]:
        """Return who was shown the content of an event, the newest first."""
        where = "WHERE envelope_id = ? ORDER BY number DESC LIMIT ?"
        return _openings_in(self._ask(f"{_OPENING} {where}", (bytes.fromhex(envelope_id), limit)))

    def last_opening(self) -> Opening | None:
        """Return the newest opening, or None."""
        return next(iter(_openings_in(self._ask(f"{_OPENING} ORDER BY number DESC LIMIT 1"))), None)


def _openings_in(rows: Iterable[Row]) -> list[Opening]:
    return [
        Opening(number, event.hex(), moment(at), access, officer, OpeningReason(reason), digest.hex())
        for number, event, at, access, officer, reason, digest in rows
    ]
