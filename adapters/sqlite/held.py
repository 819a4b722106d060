# ruff: noqa: S608 - only names of columns are put into statements; every value is bound
"""Verified links that wait for the links before them, or for a registry."""

from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.counters import Counters
from adapters.sqlite.values import Row, first, micros, moment
from schemas.records import HeldBack

_COLUMNS: Final = "number, channel, epoch, seq, envelope_id, source, subject, message, held_at"
_INSERT: Final = """
    INSERT INTO held_back (channel, epoch, seq, envelope_id, source, subject, message, held_at, size)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_SELECT_SAME: Final = "SELECT 1 FROM held_back WHERE channel = ? AND epoch = ? AND seq = ? AND envelope_id = ?"
_SELECT_USAGE: Final = "SELECT count(*), coalesce(sum(size), 0) FROM held_back WHERE channel = ?"
_SELECT_OLDEST: Final = f"""
    SELECT {_COLUMNS} FROM held_back WHERE channel = ? AND epoch = ? AND seq = ? ORDER BY number LIMIT 1"""
_DELETE: Final = "DELETE FROM held_back WHERE number = ?"
_SELECT_WAITING_FOR_NO_LINK: Final = f"""
    SELECT {", ".join("h." + name for name in _COLUMNS.split(", "))} FROM held_back AS h
    LEFT JOIN chains AS c ON c.channel = h.channel AND c.epoch = h.epoch
    WHERE c.number IS NULL OR h.seq <= c.head_seq + 1 ORDER BY h.number LIMIT ?"""


class HeldLinks:
    """Held links of one writer, bounded per channel."""

    def __init__(self, batch: Batch, counters: Counters, *, links: int, size: int) -> None:
        """Hold at most ``links`` and ``size`` bytes of messages per channel."""
        self._batch, self._counters = batch, counters
        self._links, self._size = links, size

    def hold(self, held: HeldBack) -> bool:
        """Keep a link until those before it come; False if the bound per channel is reached."""
        envelope_id, size = bytes.fromhex(held.envelope_id), len(held.message)
        if first(self._batch.peek(_SELECT_SAME, (held.channel, held.epoch, held.seq, envelope_id))) is not None:
            return True
        count, used = self._batch.peek(_SELECT_USAGE, (held.channel,)).get
        if count >= self._links or used + size > self._size:
            return False
        place = (held.channel, held.epoch, held.seq, envelope_id)
        self._batch.run(_INSERT, (*place, held.source, held.subject, held.message, micros(held.held_at), size))
        self._counters.add("held_back", 1)
        return True

    def take_held(self, channel: str, epoch: str, seq: int) -> HeldBack | None:
        """Remove and return the oldest held link at ``seq``, or None."""
        row = first(self._batch.peek(_SELECT_OLDEST, (channel, epoch, seq)))
        if row is None:
            return None
        self._batch.run(_DELETE, (row[0],))
        self._counters.add("held_back", -1)
        return _held_of(row)

    def held_epochs(self, limit: int) -> list[HeldBack]:
        """Return held links that wait for no link before them but for an epoch or a registry, oldest first."""
        return [_held_of(row) for row in self._batch.ask(_SELECT_WAITING_FOR_NO_LINK, (limit,))]


def _held_of(row: Row) -> HeldBack:
    _, channel, epoch, seq, envelope_id, source, subject, message, held_at = row
    return HeldBack(channel, epoch, seq, envelope_id.hex(), source, subject, message, moment(held_at))
