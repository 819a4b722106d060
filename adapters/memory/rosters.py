"""A roster's files in memory, the reference for tests."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

from schemas.base import BEIJING
from schemas.errors import Fault, RequestError
from schemas.rosters import PlanText, RosterTexts

T = TypeVar("T")


class MemoryRosters(Generic[T]):
    """Satisfies ``services.roster_ports.Rosters`` when what is built is a ``RosterHistory``."""

    def __init__(
        self,
        plan: bytes,
        build: Callable[[RosterTexts], T | tuple[Fault, ...]],
        *,
        since: datetime,
        calendars: tuple[tuple[str, bytes], ...] = (),
    ) -> None:
        """Take the text of the plan and since when it is in force, aware."""
        self._plans, self._build, self._calendars = [PlanText(since, plan)], build, calendars
        self._kept = 0
        self._records: dict[str, bytes] = {}
        self._value: T | None = None
        self._writing = threading.Lock()
        self.faults: tuple[Fault, ...] = ()
        self._read()

    def exists(self) -> bool:
        """There is one."""
        return True

    def current(self) -> T:
        """Return what is in force.

        Raises:
            RequestError: It was never good.
        """
        if self._value is None:
            raise RequestError(*self.faults)
        return self._value

    def change(self, decide: Callable[[T], bytes], recorded_at: datetime) -> T:
        """Append records, one writer at a time."""
        with self._writing:
            lines = decide(self.current())
            name = f"{recorded_at.astimezone(BEIJING).year}.jsonl"
            self._records[name] = self._records.get(name, b"") + lines
            self._read()
            return self.current()

    def keep_plan(self, now: datetime) -> bool:  # noqa: ARG002 - the port's signature
        """Keep the newest text; whether it was kept already."""
        is_new, self._kept = self._kept < len(self._plans), len(self._plans)
        return is_new

    def edit(self, plan: bytes, since: datetime) -> None:
        """Stand for a person who edits the plan."""
        self._plans.append(PlanText(since, plan))
        self._read()

    def _read(self) -> None:
        texts = RosterTexts(tuple(self._plans), tuple(sorted(self._records.items())), self._calendars)
        built = self._build(texts)
        if isinstance(built, tuple):
            self.faults = built
        else:
            self.faults, self._value = (), built
