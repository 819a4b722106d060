"""A county of the small world that tells its partners who is on duty, by a roster in memory."""

from datetime import timedelta
from typing import Any

from adapters.memory.ids import SequentialIds
from adapters.memory.rosters import MemoryRosters
from schemas.rosters import Override, Withdrawal
from services.domain.roster_files import RosterHistory, read_history
from services.duty import RosterDuty
from services.notifier.duty_telling import DutyTeller
from services.rostering import Rostering
from tests.papers import LIBO
from tests.rosters import COUNTY, PLAN, at
from tests.world import County, World

OFFICE = "荔波县联络办"


class Telling:
    """荔波 with a roster, and what tells of it."""

    def __init__(self, world: World, *, plan: str = PLAN, is_on: bool = True) -> None:
        """Take the county of ``world``; nothing is told yet."""
        self.world, self.county = world, world[LIBO]
        text = plan.replace(COUNTY, LIBO).encode()
        self.files: MemoryRosters[RosterHistory] = MemoryRosters(
            text, lambda texts: read_history(texts, LIBO), since=at("2026-01-01 00:00")
        )
        self.rostering = Rostering(self.files, SequentialIds("records"))
        self.teller = self.started(is_on=is_on)

    def started(self, *, is_on: bool = True) -> DutyTeller:
        """Return what a process that was just started would tell by."""
        return DutyTeller(
            store=self.county.store,
            posting=self.county.posting,
            trust=self.county.directory.trust,
            duty=RosterDuty(self.rostering),
            clock=self.county.clock,
            office=OFFICE,
            is_on=is_on,
        )

    def break_files(self) -> None:
        """Stand for a roster that does not hold when the node starts."""
        bad: MemoryRosters[RosterHistory] = MemoryRosters(
            b"county = 1", lambda texts: read_history(texts, LIBO), since=at("2026-01-01 00:00")
        )
        self.rostering = Rostering(bad, SequentialIds("records"))

    async def tell(self) -> int:
        """Let a round go by, and carry what it told; return how many partners were told."""
        told = await self.teller.run_once()
        await self.world.carry()
        return told

    def override(self, officer: str, hours: float = 4, tier: str | None = "primary") -> str:
        """Put an officer in a tier from now on; return the id of the record."""
        now = self.county.clock.now()
        span: dict[str, Any] = {"starts_at": now - timedelta(minutes=1), "ends_at": now + timedelta(hours=hours)}
        fields = {"officer": officer, "tier": tier, "reason": "调班"} | span
        return self.rostering.record(Override, fields, by="duty-a", now=now).changes[0].id

    def withdraw(self, record: str) -> None:
        """Take a record back."""
        self.rostering.record(
            Withdrawal, {"record": record, "reason": "记错"}, by="duty-a", now=self.county.clock.now()
        )


async def shown_at(county: County, source: str = LIBO) -> list[str]:
    """Return the names that a county keeps as on duty at another."""
    held = await county.store.read(lambda snapshot: snapshot.duties.neighbour(source))
    return [one.display for one in held.people] if held else []
