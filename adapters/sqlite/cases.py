"""Cases of joint mediation. A few rows a day: written at once."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from adapters.sqlite.batch import Batch
from adapters.sqlite.values import Row, first, joined, micros, moment, moment_or_none, parted
from schemas.cases import ENDED_STAGES, CaseEntry, CaseFacts, CaseRow, CaseStage, Confirmation

Ask = Callable[..., Any]

_ID_BYTES: Final = 32
_CASE: Final = """
    SELECT case_id, agreement_id, counties, lead, stage, confirmation, due_on, entries, changed_at,
        kind, outcome, opened_at
    FROM cases"""
_SELECT_ENTRIES: Final = """
    SELECT envelope_id, case_id, county, wire_type, said_at, seen, facts FROM case_entries
    WHERE case_id = ? ORDER BY envelope_id"""
_ADD: Final = """
    INSERT OR IGNORE INTO case_entries (envelope_id, case_id, county, wire_type, said_at, seen, facts)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
_KEEP: Final = """
    INSERT OR REPLACE INTO cases
        (case_id, agreement_id, counties, lead, stage, confirmation, due_on, entries, is_open, changed_at,
        kind, outcome, opened_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


class SqliteCases:
    """Satisfies ``services.case_ports.CasesShown``."""

    def __init__(self, ask: Ask) -> None:
        """Read by ``ask``: a statement and its bindings."""
        self._ask = ask

    def case(self, case_id: str) -> CaseRow | None:
        """Return one case, or None."""
        row = first(self._ask(f"{_CASE} WHERE case_id = ?", (bytes.fromhex(case_id),)))
        return None if row is None else _case_of(row)

    def newest(self, *, open_only: bool, limit: int) -> list[CaseRow]:
        """Return cases, the one that changed last first."""
        where = "WHERE is_open = 1" if open_only else ""
        rows = self._ask(f"{_CASE} {where} ORDER BY changed_at DESC, case_id DESC LIMIT ?", (limit,))
        return [_case_of(row) for row in rows]

    def entries(self, case_id: str) -> list[CaseEntry]:
        """Return every entry of a case that is here, by envelope id."""
        return [_entry_of(row) for row in self._ask(_SELECT_ENTRIES, (bytes.fromhex(case_id),))]


class SqliteCaseBook(SqliteCases):
    """Satisfies ``services.case_ports.CaseBook``."""

    def __init__(self, batch: Batch) -> None:
        """Write through ``batch``."""
        super().__init__(batch.ask)
        self._batch = batch

    def add(self, entry: CaseEntry) -> None:
        """Keep an entry; the same one again changes nothing."""
        ids = bytes.fromhex(entry.envelope_id), bytes.fromhex(entry.case_id)
        seen, facts = bytes.fromhex("".join(entry.seen)), entry.facts.model_dump_json(exclude_defaults=True)
        self._batch.run(_ADD, (*ids, entry.county, entry.wire_type, micros(entry.time), seen, facts))

    def keep(self, row: CaseRow) -> None:
        """Keep a case in place of what was kept of it."""
        where = bytes.fromhex(row.case_id), row.agreement_id, joined(row.counties), row.lead
        stands = row.stage.value, row.confirmation.value, row.due_on.isoformat() if row.due_on else None
        is_open = int(row.stage not in ENDED_STAGES)
        counted = row.kind, row.outcome, None if row.opened_at is None else micros(row.opened_at)
        self._batch.run(_KEEP, (*where, *stands, row.entries, is_open, micros(row.changed_at), *counted))


def _case_of(row: Row) -> CaseRow:
    case_id, agreement_id, counties, lead, stage, confirmation, due_on, entries, changed_at, *counted = row
    kind, outcome, opened_at = counted
    return CaseRow(
        case_id=case_id.hex(),
        agreement_id=agreement_id,
        counties=parted(counties),
        lead=lead,
        stage=CaseStage(stage),
        confirmation=Confirmation(confirmation),
        due_on=date.fromisoformat(due_on) if due_on else None,
        entries=entries,
        changed_at=moment(changed_at),
        kind=kind,
        outcome=outcome,
        opened_at=moment_or_none(opened_at),
    )


def _entry_of(row: Row) -> CaseEntry:
    envelope_id, case_id, county, wire_type, said_at, seen, facts = row
    names = tuple(seen[at : at + _ID_BYTES].hex() for at in range(0, len(seen), _ID_BYTES))
    said = CaseFacts.model_validate_json(facts)
    return CaseEntry(envelope_id.hex(), case_id.hex(), county, wire_type, moment(said_at), names, said)
