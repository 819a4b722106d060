# ruff: noqa: S608 - only names of columns are put into statements; every value is bound
"""Receipts issued and received."""

from typing import Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.counters import RECEIPT, Counters
from adapters.sqlite.journal import Journal
from adapters.sqlite.values import Row, first, micros, moment
from schemas.control import TAKING_STAGES, ReceiptStage
from schemas.records import Direction, JournalKind, ReceiptRow

_COLUMNS: Final = """
    envelope_id, direction, receiver, stage, target_chain, first_seq, seq, received_at, recorded_at,
    officer, answer, means, code, text"""
_INSERT: Final = f"INSERT INTO receipts (number, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SELECT_WIDEST: Final = "SELECT widest FROM receipt_widths WHERE target_chain = ?"
_UPSERT_WIDEST: Final = """
    INSERT INTO receipt_widths (target_chain, widest) VALUES (?, ?)
    ON CONFLICT (target_chain) DO UPDATE SET widest = excluded.widest"""
_COVERING: Final = """
    FROM receipts WHERE target_chain = ?1 AND first_seq <= ?2
    AND seq BETWEEN ?2 AND ?2 + coalesce((SELECT widest FROM receipt_widths WHERE target_chain = ?1), 0)"""
SELECT_COVERING: Final = f"SELECT {_COLUMNS} {_COVERING} ORDER BY number"
_SELECT_FIRST_ISSUED: Final = f"SELECT envelope_id {_COVERING} AND direction = 'out' ORDER BY number LIMIT 1"
# Through the index of places: a receipt's range ends at the one event that a person answered.
_TAKEN: Final = """
    DELETE FROM unacknowledged
    WHERE position = (SELECT position FROM envelopes WHERE chain_number = ? AND seq = ?)"""
_TAKING: Final = ", ".join(f"'{stage.value}'" for stage in sorted(TAKING_STAGES))
SELECT_ANSWERED: Final = f"""
    SELECT {_COLUMNS} FROM receipts
    WHERE target_chain = ? AND seq = ? AND direction = 'out' AND stage IN ({_TAKING}) ORDER BY number LIMIT 1"""

_GAUGE: Final = {Direction.OUTGOING: "receipts_out", Direction.INCOMING: "receipts_in"}


class SqliteReceipts:
    """Satisfies ``services.ports.Receipts``."""

    def __init__(self, batch: Batch, counters: Counters, journal: Journal) -> None:
        """Append through ``batch``."""
        self._batch, self._counters, self._journal = batch, counters, journal
        self._append = batch.rows(_INSERT)
        self._take = batch.rows(_TAKEN)
        self._widths = batch.values(_UPSERT_WIDEST, _width_rows)

    def record(self, row: ReceiptRow) -> None:
        """Keep one receipt's facts and journal it."""
        envelope_id = bytes.fromhex(row.envelope_id)
        self._append(_row(self._counters.add(RECEIPT, 1), envelope_id, row))
        width = row.seq - row.first_seq
        if width > self._widest(row.target_chain):
            self._widths.put(row.target_chain, width)
        if row.direction is Direction.OUTGOING and row.stage in TAKING_STAGES:
            self._take((row.target_chain, row.seq))
        self._counters.add(_GAUGE[row.direction], 1)
        self._journal.note(JournalKind.RECEIPT, envelope_id, row.recorded_at)

    def covering(self, target_chain: int, seq: int) -> str | None:
        """Return the envelope id of the first receipt that we issued covering an event, or None."""
        row = first(self._batch.ask(_SELECT_FIRST_ISSUED, (target_chain, seq)))
        return None if row is None else row[0].hex()

    def answered(self, target_chain: int, seq: int) -> ReceiptRow | None:
        """Return the first receipt of ours that takes an event, or None."""
        row = first(self._batch.ask(SELECT_ANSWERED, (target_chain, seq)))
        return None if row is None else receipt_of(row)

    def _widest(self, target_chain: int) -> int:
        found = self._widths.get(target_chain)
        if found is not None:
            return found
        row = first(self._batch.peek(_SELECT_WIDEST, (target_chain,)))
        return self._widths.learn(target_chain, row[0] if row else 0)


def receipt_of(row: Row) -> ReceiptRow:
    """Read a row of the columns of ``SELECT_COVERING``."""
    envelope_id, direction, receiver, stage, target_chain, first_seq, seq, received_at, recorded_at, *facts = row
    officer, answer, means, code, text = facts
    return ReceiptRow(
        envelope_id.hex(),
        Direction(direction),
        receiver,
        ReceiptStage(stage),
        target_chain,
        first_seq,
        seq,
        moment(received_at),
        moment(recorded_at),
        officer,
        answer,
        means,
        code,
        text,
    )


def _row(number: int, envelope_id: bytes, row: ReceiptRow) -> Row:
    return (
        number,
        envelope_id,
        row.direction,
        row.receiver,
        row.stage,
        row.target_chain,
        row.first_seq,
        row.seq,
        micros(row.received_at),
        micros(row.recorded_at),
        row.officer,
        row.answer,
        row.means,
        row.code,
        row.text,
    )


def _width_rows(target_chain: int, widest: int) -> tuple[Row, ...]:
    return ((target_chain, widest),)
