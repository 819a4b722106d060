"""Changing a roster: a record is built, judged by what the roster knows, and appended; commands and the API alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from schemas.errors import Fault, RequestError
from schemas.faults import faults_of
from schemas.rosters import Change
from services.domain.roster_files import change_line, judge_change
from services.ports import Ids
from services.roster_ports import Rosters

C = TypeVar("C", bound=Change)

_ID_BYTES: Final = 16
_SHORTEST_PREFIX: Final = 6


@dataclass(frozen=True, slots=True)
class Rostering:
    """What records changes of one county's roster."""

    files: Rosters
    ids: Ids

    def record(self, kind: Callable[..., C], fields: Mapping[str, Any], *, by: str, now: datetime) -> C:
        """Build one record, judge it, and append it; once it returns, it is durable and counts.

        Args:
            kind: The model, e.g. ``Override``.
            fields: What it says, without the fields of every record.
            by: Officer who gave the command.
            now: Aware UTC.

        Raises:
            RequestError: It does not fit, with every fault.
            UnavailableError: The disk is full or failing.
        """
        change = self.built(kind, fields, by=by, now=now)
        if faults := judge_change(change, self.files.current()):
            raise RequestError(*faults)
        self.files.keep_plan(now)  # who was on duty until now is asked of the plan that this record changed
        self.files.append(change_line(change), now)
        return change

    def built(self, kind: Callable[..., C], fields: Mapping[str, Any], *, by: str, now: datetime) -> C:
        """Build one record and append nothing.

        Raises:
            RequestError: It does not fit, with every fault.
        """
        try:
            return kind(**fields, id=self.ids.hex(_ID_BYTES), recorded_at=now, recorded_by=by)
        except ValidationError as exc:
            raise RequestError(*faults_of(exc, "record")) from exc

    def found(self, prefix: str) -> str:
        """Return the id of the one record that begins with ``prefix``, at least six digits of it.

        Raises:
            RequestError: There is none, or more than one.
        """
        ids = [one.id for one in self.files.current().changes if one.id.startswith(prefix)]
        if len(prefix) < _SHORTEST_PREFIX or len(ids) != 1:
            mend = "give six digits or more of one record's id; `sihu roster records` lists them"
            raise RequestError(Fault("roster.unknown_record", "record", mend))
        return ids[0]
