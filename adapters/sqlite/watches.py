# ruff: noqa: S608 - only names of columns are put into statements; every value is bound
"""Deadlines of the source's own watch."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.reached import ACKNOWLEDGED, FACTS, reached_at
from adapters.sqlite.values import Row, micros, moment
from schemas.control import TAKING_STAGES, ReceiptStage
from schemas.records import ReceiptRow, Watch

_COLUMNS: Final = "chain_number, seq, recipient, stage, envelope_id, due_at, level"
_UPSERT: Final = f"""
    INSERT INTO watches ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (chain_number, seq, recipient, stage)
    DO UPDATE SET envelope_id = excluded.envelope_id, due_at = excluded.due_at, level = excluded.level"""
_SELECT_TOP: Final = "SELECT coalesce(max(seq), -1) FROM watches WHERE chain_number = ?"
_SELECT_DUE: Final = f"""
    SELECT {_COLUMNS} FROM watches WHERE due_at <= ? ORDER BY due_at, chain_number, seq, recipient, stage LIMIT ?"""
_DELETE: Final = "DELETE FROM watches WHERE chain_number = ? AND seq = ? AND recipient = ? AND stage = ?"
_DROP: Final = """
    DELETE FROM watches
    WHERE chain_number = ? AND seq BETWEEN ? AND ? AND recipient = ? AND (stage = 'stored' OR ?)"""


class Watches:
    """Watches of one writer."""

    def __init__(self, batch: Batch) -> None:
        """Append through ``batch``."""
        self._batch = batch
        self._append = batch.rows(_UPSERT)
        self._tops = batch.cache(int, int)

    def watch(self, watches: Iterable[Watch]) -> None:
        """Remember deadlines; the same watch again takes the later word."""
        for one in watches:
            self._append(_row(one))
            if one.seq > self._top(one.chain_number):
                self._tops.put(one.chain_number, one.seq)

    def drop(self, receipt: ReceiptRow) -> None:
        """A receipt has come: *stored* is watched no more, and once the event is taken, nothing is."""
        if receipt.first_seq <= self._top(receipt.target_chain):
            taken = receipt.stage in TAKING_STAGES
            covered = (receipt.target_chain, receipt.first_seq, receipt.seq, receipt.receiver)
            self._batch.run(_DROP, (*covered, taken))

    def due(self, now: datetime, limit: int) -> list[Watch]:
        """Return and remove the watches whose deadline has passed and whose stage is still missing, earliest first."""
        found: list[Watch] = []
        while len(found) < limit:
            passed = [watch_of(row) for row in self._batch.ask(_SELECT_DUE, (micros(now), limit - len(found)))]
            if not passed:
                break
            for one in passed:
                self._batch.run(_DELETE, (one.chain_number, one.seq, one.recipient, one.stage))
            found += [one for one in passed if self._is_missing(one)]
        return found

    def _is_missing(self, watch: Watch) -> bool:
        facts = FACTS if watch.stage is ReceiptStage.STORED else (ACKNOWLEDGED,)
        place = (watch.chain_number, watch.recipient)
        return all(reached_at(self._batch.ask, *place, fact, watch.seq) is None for fact in facts)

    def _top(self, chain: int) -> int:
        """Return at least the highest sequence watched: most receipts are for events that nobody watches."""
        found = self._tops.get(chain)
        if found is not None:
            return found
        return self._tops.learn(chain, self._batch.peek(_SELECT_TOP, (chain,)).get)


def _row(watch: Watch) -> Row:
    envelope_id, due_at = bytes.fromhex(watch.envelope_id), micros(watch.due_at)
    return (watch.chain_number, watch.seq, watch.recipient, watch.stage, envelope_id, due_at, watch.level)


def watch_of(row: Row) -> Watch:
    """Read a row of ``_COLUMNS``."""
    chain_number, seq, recipient, stage, envelope_id, due_at, level = row
    return Watch(envelope_id.hex(), chain_number, seq, recipient, ReceiptStage(stage), moment(due_at), level)
