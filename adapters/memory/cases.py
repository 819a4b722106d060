"""Cases of joint mediation, over the memory store's containers."""

from adapters.memory.state import State
from schemas.cases import ENDED_STAGES, CaseEntry, CaseRow


class MemoryCases:
    """Satisfies ``services.case_ports.CaseBook``; what reads a snapshot uses the reading half alone."""

    def __init__(self, state: State) -> None:
        """Work on ``state``."""
        self._state = state

    def case(self, case_id: str) -> CaseRow | None:
        """Return one case, or None."""
        return self._state.cases.get(case_id)

    def newest(self, *, open_only: bool, limit: int) -> list[CaseRow]:
        """Return cases, the one that changed last first."""
        rows = (one for one in self._state.cases.values() if not open_only or one.stage not in ENDED_STAGES)
        return sorted(rows, key=lambda one: (one.changed_at, one.case_id), reverse=True)[:limit]

    def entries(self, case_id: str) -> list[CaseEntry]:
        """Return every entry of a case that is here, by envelope id."""
        rows = (one for one in self._state.case_entries.values() if one.case_id == case_id)
        return sorted(rows, key=lambda one: one.envelope_id)

    def add(self, entry: CaseEntry) -> None:
        """Keep an entry; the same one again changes nothing."""
        self._state.case_entries.setdefault(entry.envelope_id, entry)

    def keep(self, row: CaseRow) -> None:
        """Keep a case in place of what was kept of it."""
        self._state.cases[row.case_id] = row
