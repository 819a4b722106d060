"""W8: alerts whose second step falls due at one moment, told once at rest and once with a kill -9 in the middle."""

import contextlib
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from tests.bench.members import county_codes
from tests.bench.pages import judge
from tests.bench.processes import Actor, cpu_seconds, spawn, until
from tests.bench.samples import Faults, Sample, latencies
from tests.people import Person, roster_text

_LEAD_SECONDS: Final = 1.5
_PATIENCE_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.01
_CREW: Final = (
    Person("duty-a", "值班员甲", "primary", "13900000001", ("sms",)),
    Person("duty-b", "值班员乙", "secondary", "13900000002", ("sms",)),
    Person("leader-a", "带班领导", "leader", "13900000003", ("sms",)),
)


@dataclass(frozen=True, slots=True)
class Program:
    """A program that pages.

    Attributes:
        module: Of the child.
        database: Name of its database in its folder.
        out: How many pages it holds to be out, as SQL.
        unproved: How many of these have no durable answer of the gateway, as SQL.
        opening: What else it is opened with.
    """

    module: str
    database: str
    out: str
    unproved: str
    opening: Mapping[str, Any] = field(default_factory=dict)


SIHU: Final = Program(
    "tests.bench.paging_county",
    "sihu.db",
    "select count(*) from pages where step = 1 and state = 'submitted'",
    "select count(*) from pages as p where step = 1 and state = 'submitted' and not exists"
    " (select 1 from page_tries as t where t.page_id = p.page_id and t.retry is null)",
)
_OUT: Final = "select count(*) from due where sent_ns is not null"
FLOOR: Final = Program("tests.bench.paging_floor", "due.db", _OUT, _OUT + " and reference is null", {"at_once": 256})
SINGLY: Final = replace(FLOOR, opening={"at_once": 1})


@dataclass(slots=True)
class Pages:
    """One side; every trial begins with an empty database, for a code that is open makes the next one longer."""

    folder: Path
    program: Program
    peer: Actor
    port: int
    plant: bool = False
    _trials: int = 0

    async def run(self, count: int) -> Sample:
        """Tell of ``count`` overdue alerts twice: at rest, which is measured, and with a kill."""
        calm, killed = await self._trial(count, kill=False), await self._trial(count, kill=True)
        values = {
            **calm.values,
            "killed_seconds": killed.seconds,
            "killed_doubled": killed.values["doubled"],
            "killed_at": killed.values["killed_at"],
        }
        del values["doubled"], values["killed_at"]
        return replace(calm, faults=calm.faults + killed.faults, values=values)

    async def _trial(self, count: int, *, kill: bool) -> Sample:
        self._trials += 1
        home = self.folder / str(self._trials)
        home.mkdir(parents=True)
        make_home(home)
        await self.peer.ask("clear")
        sender = await self._start(home)
        killed_at = 0
        try:
            await sender.ask("stage", first=0, count=count, skip=count // 2 if self.plant else -1)
            before = self._cpu(sender)
            begun = await sender.ask("run", lead_seconds=_LEAD_SECONDS)
            if kill:
                killed_at = await self._taken(count // 2)
                await sender.kill()
                sender = await self._start(home)
                await sender.ask("run", ahead_us=begun["ahead_us"])
            await until(
                lambda: self._says(home, self.program.out) >= count - self.plant, _PATIENCE_SECONDS, _LOOK_SECONDS
            )
            ended, spent = time.monotonic_ns(), 0.0 if kill else self._cpu(sender) - before
        finally:
            await sender.stop()
        return await self._sample(home, count, begun["due_ns"], ended, spent, killed_at)

    async def _sample(self, home: Path, count: int, due_ns: int, ended_ns: int, cpu: float, killed_at: int) -> Sample:
        taken: Sequence[tuple[str, int]] = (await self.peer.ask("report"))["taken"]
        faults, twice = judge(range(count), [text for text, _ in taken], killed=killed_at > 0)
        faults += Faults(receipts_missing=self._says(home, self.program.unproved))
        late = latencies([(at - due_ns) / 1e6 for _, at in taken], "late_")
        values = {**late, "doubled": float(twice), "killed_at": float(killed_at)}
        return Sample(count, (ended_ns - due_ns) / 1e9, cpu, faults, values)

    async def _start(self, home: Path) -> Actor:
        sender = await spawn(self.program.module, self.folder / "sender.log")
        await sender.ask("open", folder=str(home), port=self.port, **self.program.opening)
        return sender

    async def _taken(self, least: int) -> int:
        """Wait until the gateway was given so many pages."""
        limit = time.monotonic() + _PATIENCE_SECONDS
        while (count := int((await self.peer.ask("count"))["count"])) < least and time.monotonic() < limit:
            pass  # asking is the pause
        return max(1, count)

    def _says(self, home: Path, sql: str) -> int:
        with contextlib.closing(sqlite3.connect(home / self.program.database)) as database:
            return int(database.execute(sql).fetchone()[0])

    def _cpu(self, sender: Actor) -> float:
        return cpu_seconds([sender.pid, self.peer.pid])


def make_home(home: Path) -> None:
    """Write a county's directory: settings and a roster, in which the same three officers are on duty for ever."""
    county = county_codes(2)[1]
    settings = f'county = "{county}"\noffice = "{county}联络办"\nduty_phone = "0778-8821110"\n'
    (home / "county.toml").write_text(settings, encoding="utf-8")
    (home / "roster.toml").write_text(roster_text(county, _CREW), encoding="utf-8")
